"""What is missing on this workstation, why it matters, and how to mend it.

The checks read files alone and change nothing. The root directory, the user and what the user may
open are handed in.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.host import media, udev
from keyvault_kit.host.hidraw import SYSFS, HidDevice, fido_devices

RULE: Final = "70-keyvault-kit.rules"

_PACKAGE: Final = Path(__file__).parents[1]
_ROOT_USER: Final = 0
_HID_CLASS: Final = "03"
_USB: Final = "sys/bus/usb/devices"


class Finding(msgspec.Struct, frozen=True):
    """Something that is missing.

    Attributes:
        what: What does not work.
        why: What that comes from, as far as files tell.
        mend: What to do.
    """

    what: str
    why: str
    mend: str


class KeyAccess(msgspec.Struct, frozen=True):
    """A FIDO key that is plugged in.

    Attributes:
        product: What it calls itself.
        node: The node that it is opened by.
        openable: Whether this user may.
    """

    product: str
    node: str
    openable: bool


class Checkup(msgspec.Struct, frozen=True):
    """What a check of the keys found.

    Attributes:
        keys: The keys that are plugged in.
        findings: What is missing.
    """

    keys: tuple[KeyAccess, ...]
    findings: tuple[Finding, ...]


class Machine(msgspec.Struct, frozen=True):
    """The workstation as the checks see it.

    Attributes:
        user: The user id of whoever is to work with keys.
        may_open: Whether that user can open a device node, to read and to write.
        root: The root directory.
    """

    user: int
    may_open: Callable[[Path], bool]
    root: Path = Path("/")


def this_machine() -> Machine:
    """The machine and the user that the program runs on and as (Linux)."""
    return Machine(os.getuid(), can_open)


def can_open(node: Path) -> bool:
    """Whether this process can open a device node: tried, as rights are not all that it takes."""
    try:
        os.close(os.open(node, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def shipped_rule() -> Path:
    """Where the kit's udev rule lies: in the installed package, or in the checkout."""
    installed = _PACKAGE / "share" / "udev" / RULE
    return installed if installed.exists() else _PACKAGE.parent / "udev" / RULE


def check_keys(machine: Machine) -> Checkup:
    """Whether every key that is plugged in can be opened; and with none, whether one could be."""
    devices = fido_devices(machine.root)
    keys = tuple(_access(machine, device) for device in devices)
    findings = [*_kernel(machine), *_held_back(machine)]
    if not devices:
        findings += _driverless(machine)
    for device, key in zip(devices, keys, strict=True):
        if not key.openable:
            findings.append(_closed(machine, device))
    if not devices and machine.user != _ROOT_USER:
        findings += filter(None, (_no_rule(machine, None), _not_at(machine, udev.DEFAULT_SEAT)))
    return Checkup(keys, tuple(dict.fromkeys(findings)))


def check_media(machine: Machine) -> tuple[Finding, ...]:
    """Whether the machine tells which media are plugged in: else people alone look after that."""
    why = media.blind(machine.root)
    what = "which media are plugged in is not told: no secret waits until one is taken out"
    mend = "Mount sysfs on /sys and proc on /proc; in a container, share /sys with it."
    return (Finding(what, why, mend),) if why else ()


def _access(machine: Machine, device: HidDevice) -> KeyAccess:
    node = _node(machine, device)
    return KeyAccess(device.product, f"/dev/{device.name}", machine.may_open(node))


def _node(machine: Machine, device: HidDevice) -> Path:
    return machine.root / "dev" / device.name


# --- The kernel


def _kernel(machine: Machine) -> Iterator[Finding]:
    if not (machine.root / SYSFS).is_dir():
        yield Finding(
            "this system gives no raw access to HID devices",
            "/sys/class/hidraw is missing: the kernel's module hid is not loaded, or a container"
            " hides it",
            "As root: 'modprobe --all hid usbhid'. In a container, share /sys and /dev with it.",
        )


def _held_back(machine: Machine) -> Iterator[Finding]:
    """USB devices that the system does not let in."""
    for path in sorted((machine.root / _USB).glob("*")):
        if _read(path / "authorized") == "0" and ":" not in path.name:
            yield Finding(
                f"the USB device {_usb_name(path)} is not let in",
                f"USBGuard or the kernel holds it back: /{_USB}/{path.name}/authorized is 0",
                "If it is a security key of yours: 'usbguard allow-device', or as root write 1"
                " there.",
            )


def _driverless(machine: Machine) -> Iterator[Finding]:
    """HID interfaces of USB devices that no HID device has come of; one may be a key's."""
    for path in sorted((machine.root / _USB).glob("*:*")):
        if _read(path / "bInterfaceClass") == _HID_CLASS and not (path / "driver").exists():
            yield Finding(
                f"the USB device {_usb_name(path.with_name(path.name.split(':')[0]))} has a HID"
                " interface without a driver",
                f"nothing is bound to /{_USB}/{path.name}",
                "As root: 'modprobe usbhid'. If a virtual machine has the device, take it back.",
            )


def _usb_name(path: Path) -> str:
    """What the device calls itself, or its ids."""
    name = "".join(filter(str.isprintable, _read(path / "product")))
    return name or f"{_read(path / 'idVendor')}:{_read(path / 'idProduct')}"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


# --- The node


def _closed(machine: Machine, device: HidDevice) -> Finding:
    """Why a key cannot be opened: the first link of the chain that is broken."""
    what = f"{device.product} at /dev/{device.name} cannot be opened by user {machine.user}"
    if not _node(machine, device).exists():
        return Finding(
            what,
            "the kernel knows it, and the node is missing",
            "Mount devtmpfs on /dev; in a container, share /dev with it.",
        )
    if machine.user == _ROOT_USER:
        return Finding(
            what,
            "root has the right to: this is a container, or a service, that is kept from devices",
            f"Let it use the device, as 'docker run --device=/dev/{device.name}' does.",
        )
    if not udev.runs(machine.root):
        return Finding(
            what,
            "udev does not run here, which gives keys to the person at the console",
            "Start systemd-udevd, then plug the key in again; in a container, start it outside.",
        )
    record = udev.record_of(machine.root, device.number)
    if not record.tagged:
        return _explained(what, _no_rule(machine, device.vendor_id) or _rule_came_late())
    return _explained(what, _not_at(machine, record.seat) or _no_list())


def _explained(what: str, cause: Finding) -> Finding:
    """A key that cannot be opened, by what is missing for it."""
    return Finding(what, f"{cause.what}: {cause.why}", cause.mend)


def _no_rule(machine: Machine, vendor_id: int | None) -> Finding | None:
    rules = udev.rules_for_keys(machine.root, vendor_id)
    if not rules.acted_upon:
        return Finding(
            "udev does not act upon the tag 'uaccess'",
            f"{udev.ACTS_ON_TAGS} is missing or masked",
            "Install systemd-logind or elogind with its udev rules.",
        )
    if rules.early:
        return None
    if rules.late:
        return Finding(
            f"the udev rule in {rules.late[0]} comes too late",
            f"tags are acted upon by {udev.ACTS_ON_TAGS}, which comes before it",
            f"As root: give the file a name that sorts before that, such as {RULE}, then plug the"
            " key in again.",
        )
    return Finding(
        "no udev rule gives security keys to the person at the console",
        f"no rule in {', '.join(f'/{folder}' for folder in udev.RULE_FOLDERS)} tags them 'uaccess'",
        f"As root: 'cp {shipped_rule()} /etc/udev/rules.d/' and 'udevadm control --reload', then"
        " plug the key in again.",
    )


def _rule_came_late() -> Finding:
    return Finding(
        "its node is not tagged 'uaccess'",
        "there is a udev rule for it, which was not there yet when the key was plugged in",
        "As root: 'udevadm control --reload'. Then plug the key in again.",
    )


def _not_at(machine: Machine, seat: str) -> Finding | None:
    users = udev.active_users(machine.root)
    if users is None:
        return Finding(
            "nothing here knows who sits at the console",
            "neither systemd-logind nor elogind runs",
            "Install and start one of them, then sign in again.",
        )
    user = users.get(seat)
    if user == machine.user:
        return None
    return Finding(
        f"user {machine.user} does not sit at {seat}",
        "nobody does" if user is None else f"user {user} does",
        "Sign in at this computer's own screen and keyboard, not by ssh or su, and stay in front.",
    )


def _no_list() -> Finding:
    return Finding(
        "its node has no access control list for this user",
        "its udev rule and the session are as they should be",
        "Plug the key in again. If it stays so, sign out and in again.",
    )

"""The security keys that Linux knows of, whether or not this user may open them: from /sys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

SYSFS: Final = Path("sys/class/hidraw")

_FIDO_PAGE, _FIDO_USAGE = 0xF1D0, 0x01
_USAGE_PAGE, _USAGE = 0x04, 0x08
_LONG_ITEM = 0xFE
_SIZES = (0, 1, 2, 4)


class HidDevice(msgspec.Struct, frozen=True):
    """A FIDO interface as the kernel knows it.

    Attributes:
        name: The kernel's name, 'hidraw3'; its node has the same.
        product: What the device calls itself, printable characters only.
        vendor_id: USB vendor id; 0 where the kernel does not tell.
        number: Major and minor number of its node, '241:3'; empty where the kernel does not tell.
    """

    name: str
    product: str
    vendor_id: int
    number: str


def fido_devices(root: Path) -> tuple[HidDevice, ...]:
    """All FIDO interfaces of a machine, in the order of their numbers.

    Args:
        root: Its root directory.
    """
    found = (root / SYSFS).glob("hidraw*")
    return tuple(
        _device(path)
        for path in sorted(found, key=lambda path: (len(path.name), path.name))
        if is_fido(_bytes(path / "device" / "report_descriptor"))
    )


def is_fido(descriptor: bytes) -> bool:
    """Whether a HID report descriptor is that of a FIDO key (CTAP 2.1, 11.2.8.1).

    Args:
        descriptor: Items as USB HID 1.11, 6.2.2 has them; what is cut short is looked at as far as
            it goes.
    """
    page = 0
    for head, value in _items(descriptor):
        if head == _USAGE_PAGE:
            page = value
        elif head == _USAGE and (page, value) == (_FIDO_PAGE, _FIDO_USAGE):
            return True
    return False


def _items(descriptor: bytes) -> Iterator[tuple[int, int]]:
    """Tag and type of each short item, and its value."""
    at = 0
    while at < len(descriptor):
        head = descriptor[at]
        if head == _LONG_ITEM:
            at += 3 + int.from_bytes(descriptor[at + 1 : at + 2])
            continue
        size = _SIZES[head & 0b11]
        yield head & ~0b11, int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        at += 1 + size


def _device(path: Path) -> HidDevice:
    lines = _text(path / "device" / "uevent").splitlines()
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    return HidDevice(
        name=path.name,
        product="".join(filter(str.isprintable, told.get("HID_NAME", ""))) or "a security key",
        vendor_id=_vendor(told.get("HID_ID", "")),
        number=_text(path / "dev").strip(),
    )


def _vendor(hid_id: str) -> int:
    """From bus, vendor and product, '0003:00001050:00000407'."""
    try:
        return int(hid_id.split(":")[1], 16)
    except (IndexError, ValueError):
        return 0


def _bytes(path: Path) -> bytes:
    """What a file of /sys holds; nothing where the device has just gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _text(path: Path) -> str:
    return _bytes(path).decode(errors="replace")

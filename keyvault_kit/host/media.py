"""Which media are plugged in that could carry files away: from /sys and the table of mounts.

What the machine started from, and the volume on which the ledger lies, are not among them: the
work itself needs those. Files alone are read. What they do not tell is not held against anybody:
then nothing is found, and `blind` says why.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from keyvault_kit.host.memory import read_mounts

_BLOCK: Final = Path("sys/block")
_BY_NUMBER: Final = Path("sys/dev/block")
_BY_NAME: Final = Path("sys/class/block")
_MOUNTS: Final = Path("proc/self/mountinfo")

_WORKING: Final = (
    "/",
    "/usr",
    "/boot",
    "/boot/efi",
    "/efi",
    "/cdrom",
    "/lib/live/mount/medium",
    "/run/archiso/bootmnt",
    "/run/initramfs/live",
    "/run/live/medium",
)
"""Where what the machine started from is mounted, on live systems too."""

_LINE: Final = re.compile(
    r"[^ ]+ [^ ]+ (?P<number>[^ ]+) [^ ]+ (?P<point>[^ ]+) .*?- "
    r"(?P<kind>[^ ]+) (?P<source>[^ ]*) (?P<options>.*)"
)
"""A line of the table of mounts (proc_pid_mountinfo(5)); it may end with any other blank."""

_ESCAPE: Final = re.compile(r"\\([0-7]{3})")
_LAYERS: Final = ("lowerdir=", "upperdir=")
"""What an overlay is laid over (Documentation/filesystems/overlayfs)."""


class _Mount(NamedTuple):
    """Something that is mounted.

    Attributes:
        number: Major and minor of the device, '8:17'; '0:N' where it is none, or btrfs has it.
        options: Those of the file system itself.
    """

    number: str
    point: Path
    kind: str
    source: str
    options: str


def plugged_in(ledger: Path, root: Path = Path("/")) -> tuple[str, ...]:
    """The removable media that can be written, by the kernel's names: 'sdb (SanDisk Ultra)'.

    Args:
        ledger: The ledger file, absolute, without links; what it lies on is needed, and left out.
        root: The root directory of the machine.

    Returns:
        Nothing where the system does not tell; see `blind`.
    """
    if blind(root):
        return ()
    needed = _needed(ledger, root)
    return tuple(
        _name(disk)
        for disk in sorted((root / _BLOCK).iterdir())
        if disk.name not in needed and _carries(disk)
    )


def blind(root: Path = Path("/")) -> str:
    """Why this system does not tell which media are plugged in; empty where it does."""
    if not (root / _BLOCK).is_dir():
        return f"/{_BLOCK} is missing"
    try:
        read_mounts(root / _MOUNTS)
    except OSError as error:
        return f"/{_MOUNTS} cannot be read: {error.strerror}"
    return ""


# --- What a medium is


def _carries(disk: Path) -> bool:
    """Whether a disk can be taken away, has something in it, and can be written."""
    device = disk.resolve()
    if "virtual" in device.parts or _read(disk / "size") in ("", "0") or _read(disk / "ro") == "1":
        return False
    usb = any(re.fullmatch(r"usb[0-9]+", part) for part in device.parts)
    card = _read(disk / "device/type") == "SD"
    return usb or card or _read(disk / "removable") == "1"


def _name(disk: Path) -> str:
    told = (_read(disk / "device" / it) for it in ("vendor", "model", "name"))
    product = " ".join(" ".join(filter(None, told)).split())
    shown = "".join(filter(str.isprintable, product))
    return f"{disk.name} ({shown})" if shown else disk.name


def _read(path: Path) -> str:
    """What a file of /sys says; nothing where there is none, or the disk has just gone."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


# --- What the work needs


def _needed(ledger: Path, root: Path) -> frozenset[str]:
    """The names of the disks that the machine runs from, and of that with the ledger."""
    mounts = tuple(_mounts(read_mounts(root / _MOUNTS)))
    found: set[str] = set()
    seen: set[Path] = set()
    for path in (*map(Path, _WORKING), ledger):
        found |= set(_disks_under(path, mounts, root, seen))
    return frozenset(found)


def _mounts(table: str) -> Iterator[_Mount]:
    for line in table.split("\n"):
        if found := _LINE.fullmatch(line):
            its = {name: _plain(text) for name, text in found.groupdict().items()}
            yield _Mount(
                its["number"], Path(its["point"]), its["kind"], its["source"], its["options"]
            )


def _plain(name: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), name)


def _disks_under(
    path: Path, mounts: Collection[_Mount], root: Path, seen: set[Path]
) -> Iterator[str]:
    """The disks that a path lies on, through all that is between.

    Args:
        seen: Mount points that were looked at already; no circle is gone round twice.
    """
    above = [it for it in mounts if path.is_relative_to(it.point)]
    if not above:
        return
    deepest = max(len(it.point.parts) for it in above)
    mount = [it for it in above if len(it.point.parts) == deepest][-1]  # the last mount counts
    if mount.point in seen:
        return
    seen.add(mount.point)
    if mount.kind == "overlay":
        for layer in _layers(mount.options):
            yield from _disks_under(layer, mounts, root, seen)
    device = root / _BY_NUMBER / mount.number
    if not device.exists():  # btrfs has a number of its own
        device = root / _BY_NAME / (root / mount.source.lstrip("/")).resolve().name
    if device.exists():
        yield from _disks_of(device.resolve(), mounts, root, seen)


def _layers(options: str) -> Iterator[Path]:
    for option in options.split(","):
        for kind in _LAYERS:
            if option.startswith(kind):
                layers = option.removeprefix(kind).split(":")
                yield from (Path(it) for it in layers if it.startswith("/"))


def _disks_of(
    device: Path, mounts: Collection[_Mount], root: Path, seen: set[Path]
) -> Iterator[str]:
    """The disks below a block device: it itself, or what a mapped or looped one stands on."""
    disk = device.parent if (device / "partition").exists() else device
    below = sorted((disk / "slaves").glob("*"))
    for slave in below:
        yield from _disks_of(slave.resolve(), mounts, root, seen)
    file = _read(disk / "loop/backing_file")
    if file:
        yield from _disks_under(Path(file), mounts, root, seen)
    if not below and not file:
        yield disk.name

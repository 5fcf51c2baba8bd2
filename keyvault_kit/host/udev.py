"""How udev and logind give a key's node to the person at the console, as far as files tell it.

A rule tags the node `uaccess`; 73-seat-late.rules has the tag acted upon, which gives the node an
access control list with the user of the seat's active session (systemd, rules.d and sd-login(3)).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

RULE_FOLDERS: Final = tuple(
    map(
        Path,
        (
            "etc/udev/rules.d",
            "run/udev/rules.d",
            "usr/local/lib/udev/rules.d",
            "usr/lib/udev/rules.d",
            "lib/udev/rules.d",
        ),
    )
)
"""The first file of a name counts, those behind it do not (udev(7))."""

ACTS_ON_TAGS: Final = "73-seat-late.rules"
DEFAULT_SEAT: Final = "seat0"

_TAG: Final = re.compile(r'TAG\s*\+?=\s*"uaccess"')
_SUBSYSTEM: Final = re.compile(r'\bSUBSYSTEM\s*==\s*"(?P<names>[^"]*)"')
_TOKEN: Final = re.compile(r"ID_(FIDO|SECURITY)_TOKEN\}\s*==")
_VENDORS: Final = re.compile(r'ATTRS\{idVendor\}\s*==\s*"(?P<ids>[^"]*)"')
_READS_DESCRIPTORS: Final = re.compile(r"IMPORT\{(program|builtin)\}\s*=\s*\"[^\"]*fido_id")


class Rules(msgspec.Struct, frozen=True):
    """Which rules give keys to the person at the console.

    Attributes:
        early: Files that tag keys in time.
        late: Files that tag them too late to be acted upon.
        acted_upon: Whether there is a rule that acts upon tags.
    """

    early: tuple[str, ...]
    late: tuple[str, ...]
    acted_upon: bool


class Record(msgspec.Struct, frozen=True):
    """What udev remembers of a device.

    Attributes:
        tagged: Whether it was tagged to be given to the person at the console.
        seat: The seat that it belongs to.
    """

    tagged: bool
    seat: str


def rules_for_keys(root: Path, vendor_id: int | None) -> Rules:
    """The rules of a machine that speak of security keys.

    Args:
        root: Its root directory.
        vendor_id: USB vendor id of the key; None for keys as such.
    """
    rules = _rules(root)
    tokens_known = any(_READS_DESCRIPTORS.search(text) for text in rules.values())
    speaking = [
        name
        for name, text in sorted(rules.items())
        if any(_tags(line, vendor_id, tokens_known=tokens_known) for line in _lines(text))
    ]
    return Rules(
        early=tuple(name for name in speaking if name < ACTS_ON_TAGS),
        late=tuple(name for name in speaking if name > ACTS_ON_TAGS),
        acted_upon="uaccess" in rules.get(ACTS_ON_TAGS, ""),
    )


def runs(root: Path) -> bool:
    """Whether udev runs on the machine."""
    return (root / "run/udev/control").exists()


def record_of(root: Path, number: str) -> Record:
    """What udev remembers of a character device, by its major and minor number, '241:3'."""
    lines = _text(root / "run/udev/data" / f"c{number}").splitlines()
    seats = [line.removeprefix("E:ID_SEAT=") for line in lines if line.startswith("E:ID_SEAT=")]
    return Record(tagged="G:uaccess" in lines, seat=seats[0] if seats else DEFAULT_SEAT)


def active_users(root: Path) -> Mapping[str, int | None] | None:
    """Who sits at each seat, by user id, and None where nobody does.

    Returns:
        None where neither systemd-logind nor elogind runs.
    """
    folder = root / "run/systemd/seats"
    if not folder.is_dir():
        return None
    return {seat.name: _active_user(_text(seat)) for seat in sorted(folder.iterdir())}


def _active_user(text: str) -> int | None:
    found = re.search(r"^ACTIVE_UID=([0-9]+)$", text, re.MULTILINE)
    return int(found[1]) if found else None


def _rules(root: Path) -> dict[str, str]:
    """The text of each rules file by its name; empty for one that is masked."""
    texts: dict[str, str] = {}
    for folder in reversed(RULE_FOLDERS):
        for path in sorted((root / folder).glob("*.rules")):
            texts[path.name] = _text(path) if path.is_file() else ""
    return texts


def _lines(text: str) -> Iterator[str]:
    """The rules of a file, those on several lines joined."""
    for line in text.replace("\\\n", "").splitlines():
        if not line.lstrip().startswith("#"):
            yield line


def _tags(line: str, vendor_id: int | None, *, tokens_known: bool) -> bool:
    """Whether a rule tags keys: all of them, or those of the vendor."""
    subsystem = _SUBSYSTEM.search(line)
    if not _TAG.search(line) or (subsystem and "hidraw" not in subsystem["names"]):
        return False
    if tokens_known and _TOKEN.search(line):
        return True
    vendors = _VENDORS.search(line)
    return vendors is not None and (
        vendor_id is None or f"{vendor_id:04x}" in vendors["ids"].lower().split("|")
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""

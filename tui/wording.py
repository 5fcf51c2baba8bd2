"""What a row, a dialog and the details panel say of a key; the words are those of `keys`."""

from collections.abc import Iterator, Mapping
from typing import Final

from keyvault_kit.keys.reading import Reading
from keyvault_kit.keys.wording import Line, PinWord, described, pin_word, product
from tui.state import KeyRow

__all__ = ["PIN_OBSTACLES", "details", "number", "pin_word", "product", "which"]

PIN_OBSTACLES: Final[Mapping[PinWord, str]] = {
    PinWord.UNSUPPORTED: "It knows no PIN.",
    PinWord.NOT_SET: "It has no PIN yet. Set one first: 'keyvault keys set-pin'.",
    PinWord.BLOCKED: (
        "Its PIN is blocked for good.\n"
        "Only a reset helps, which wipes the key: treat it as lost, and use the other key."
    ),
    PinWord.REPLUG: "It takes no PIN now.\nUnplug the key, and plug it in again.",
    PinWord.CHANGE: (
        "Its PIN must be changed before it is good for anything: until then even the right one is"
        " refused. No attempt was spent.\nChange it: 'keyvault keys change-pin'."
    ),
}
"""Why no PIN would be sent to the key now, and the mend."""


def number(value: int | str | None) -> str:
    """A number as it is, or a dash where the key gives none."""
    return "-" if value is None else str(value)


def which(row: KeyRow, tag: str = "") -> str:
    """Which key it is, for people: by what it is called, what is on its label, where it is."""
    it = row.result
    if not isinstance(it, Reading):
        return row.plugged.name
    serial = f"serial number {it.serial}" if it.serial else f"no serial number, at {it.path}"
    return f"{product(it)}, {serial}{f', tag {tag}' if tag else ''}"


def details(it: Reading, tag: str) -> Iterator[Line]:
    """Everything that is known of a key, line by line; each section under its title."""
    for title, lines in described(it, tag).items():
        yield "", ""
        yield title, ""
        yield from ((f"  {label}", text) for label, text in lines)

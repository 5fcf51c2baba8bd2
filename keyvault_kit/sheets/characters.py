"""A secret to be read and typed: rows of groups of four characters, with check letters."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.blocks import GROUP
from keyvault_kit.sheets.drawing import CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import MM, Box
from keyvault_kit.sheets.text import baseline

_SIDE: Final = 17.0
"""Room before a secret's row for its number, and behind it for its check letter."""

_ROW_LEADING: Final = 1.55
_LEAST: Final = 9.0
"""Points below which similar glyphs cannot be told apart."""

_LOOK_ALIKES: Final = (
    ("0", "digit zero"),
    ("O", "capital o"),
    ("o", "small o"),
    ("1", "digit one"),
    ("l", "small L"),
    ("I", "capital i"),
    ("i", "small i"),
    ("2", "digit two"),
    ("Z", "capital z"),
    ("5", "digit five"),
    ("S", "capital s"),
    ("8", "digit eight"),
    ("B", "capital b"),
    ("6", "digit six"),
    ("G", "capital g"),
    ("g", "small G"),
    ("9", "digit nine"),
    ("q", "small Q"),
)


class Row(msgspec.Struct, frozen=True):
    """A row of a secret, in groups, with its check letter; it shows none of them."""

    groups: tuple[str, ...]
    check: str

    def __repr__(self) -> str:
        return "Row(...)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []  # msgspec's own shows every field


def secret_rows(secret: Secret, what: str, *, groups: int) -> tuple[Row, ...]:
    """Break a secret into rows of groups of four characters.

    Args:
        what: What it is, for an error: 'the password'.
        groups: Groups in a row.

    Raises:
        InputError: A character cannot be printed; only its position is told.
    """
    text = fonts.require_secret(secret.expose_text(), what)
    size = GROUP * groups
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    return tuple(
        Row(
            tuple(part[at : at + GROUP] for at in range(0, len(part), GROUP)),
            check_letter(number, part),
        )
        for number, part in enumerate(parts, start=1)
    )


def draw_rows(drawing: Drawing, box: Box, rows: Sequence[Row], *, largest: float) -> float:
    """Draw a secret's rows, each with its number before it and its check letter behind it.

    Args:
        largest: The largest size of a character, in points; less where the box is too small.

    Returns:
        The lower edge of the last row.

    Raises:
        InputError: There are so many rows that nobody could read them.
    """
    columns = max(len(row.groups) for row in rows)
    room = box.width - 2 * _SIDE
    size = min(largest, _fill(rows, room), box.height / len(rows) * MM / _ROW_LEADING)
    if size < _LEAST:
        raise InputError(
            f"a secret of {len(rows)} rows is too long for a sheet", mend="Choose a shorter one."
        )
    advance, height = _advance(size), size * _ROW_LEADING / MM
    indent = box.x + _SIDE + (room - (columns * (GROUP + 1) - 1) * advance) / 2
    y = box.y
    for number, row in enumerate(rows, start=1):
        line = baseline(y, height, size)
        drawing.text(box.x, line, f"Row {number}", size=8, grey=CAPTION)
        for at, group in enumerate(row.groups):
            x = indent + at * (GROUP + 1) * advance
            drawing.text(x, line, group, size=size, face=Face.MONO)
            _mark_spaces(drawing, x, line, group, advance)
        drawing.text(box.right, line, row.check, size=12, face=Face.BOLD, align="right")
        drawing.text(box.right - 5, line, "check", size=7, align="right", grey=CAPTION)
        y += height
    return y


def _advance(size: float) -> float:
    """The width of a character of the monospaced face, in millimetres."""
    return fonts.width("0", Face.MONO, size)


def _fill(rows: Sequence[Row], room: float) -> float:
    """The size at which the widest row fills the room."""
    characters = max(len(row.groups) for row in rows) * (GROUP + 1) - 1
    return room / (characters * _advance(1))


def _mark_spaces(drawing: Drawing, x: float, y: float, group: str, advance: float) -> None:
    """Draw an open box below each space, so that nobody misses it."""
    for at, char in enumerate(group):
        if char == " ":
            left, right = x + (at + 0.15) * advance, x + (at + 0.85) * advance
            drawing.line((left, y), (right, y), weight=0.8)
            drawing.line((left, y - 1), (left, y), weight=0.8)
            drawing.line((right, y - 1), (right, y), weight=0.8)


def look_alikes(drawing: Drawing, box: Box) -> float:
    """Draw the key to glyphs that are taken for one another; its lower edge."""
    columns, height = 6, 6.5
    drawing.text(box.x, box.y + 4, "Glyphs that look alike", size=10, face=Face.BOLD)
    y = box.y + 6
    for at, (glyph, meaning) in enumerate(_LOOK_ALIKES):
        x = box.x + at % columns * box.width / columns
        line = y + at // columns * height + 4.6
        drawing.text(x, line, glyph, size=13, face=Face.MONO)
        drawing.text(x + 5, line, meaning, size=7.5)
    return y + 3 * height

"""A secret to be read and typed: rows of groups of four characters, with check letters."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.secret import Secret
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.blocks import GROUP
from keyvault_kit.sheets.drawing import CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import MM, Box
from keyvault_kit.sheets.look_alikes import height as key_height
from keyvault_kit.sheets.look_alikes import look_alikes
from keyvault_kit.sheets.text import RoomError, baseline

GROUPS_IN_ROW: Final = 4
"""Groups of four characters that share a check letter, on every sheet."""

_SIDE: Final = 14.0
"""Room before a secret's row for its number, and behind it for its check letter."""

_GAP: Final = 6.0
"""Between two blocks of rows that stand side by side."""

_ROW_LEADING: Final = 1.55
_LEAST: Final = 9.0
"""Points below which similar glyphs cannot be told apart."""


class Row(msgspec.Struct, frozen=True):
    """A row of a secret: its number from 1, groups and a check letter, none of which it shows."""

    number: int
    groups: tuple[str, ...]
    check: str

    def __repr__(self) -> str:
        return "Row(...)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []  # msgspec's own shows every field


def secret_rows(secret: Secret, what: str) -> tuple[Row, ...]:
    """Break a secret into rows of groups of four characters.

    Args:
        what: What it is, for an error: 'the password'.

    Raises:
        InputError: A character cannot be printed; only its position is told.
    """
    text = fonts.require_secret(secret.expose_text(), what)
    size = GROUP * GROUPS_IN_ROW
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    return tuple(
        Row(
            number,
            tuple(part[at : at + GROUP] for at in range(0, len(part), GROUP)),
            check_letter(number, part),
        )
        for number, part in enumerate(parts, start=1)
    )


def draw_secret(
    drawing: Drawing, panel: Box, secret: Secret, what: str, *, largest: float = 36
) -> None:
    """Draw a secret's rows over a panel, and below them the key to glyphs that look alike.

    A secret of digits alone has no such glyphs and no key.

    Args:
        largest: The largest size of a character, in points.

    Raises:
        InputError: A character cannot be printed; only its position is told.
        RoomError: There are so many rows that nobody could read them.
    """
    rows = secret_rows(secret, what)
    text = secret.expose_text()
    key = 0.0 if text.isdecimal() else key_height(text)
    draw_rows(
        drawing, Box(panel.x, panel.y + 4, panel.width, panel.height - 8 - key), rows, largest
    )
    if key:
        look_alikes(drawing, Box(panel.x, panel.bottom - key - 1, panel.width, key), text)


def draw_rows(drawing: Drawing, box: Box, rows: Sequence[Row], largest: float) -> None:
    """Draw a secret's rows in the middle of a box, in one block or in two side by side.

    Each has its number before it and its check letter behind it.

    Args:
        largest: The largest size of a character, in points; less where the box is too small.

    Raises:
        RoomError: There are so many rows that nobody could read them.
    """
    size, blocks = max((_size(box, rows, blocks), -blocks) for blocks in (1, 2))
    size, blocks = min(size, largest), -blocks
    if size < _LEAST:
        raise RoomError(
            f"a secret of {len(rows)} rows is too long for it", mend="Choose a shorter one."
        )
    in_block = -(-len(rows) // blocks)
    height = size * _ROW_LEADING / MM
    top = box.y + (box.height - in_block * height) / 2
    room = _block_width(box, blocks)
    indent = (room - _characters(rows) * _advance(size)) / 2
    for row in rows:
        block, at = divmod(row.number - 1, in_block)
        line = Box(box.x + block * (room + _GAP), top + at * height, room, height)
        _row(drawing, line, row, size, indent)


def _characters(rows: Sequence[Row]) -> int:
    """Characters in the longest row, with a space between two groups."""
    return max(len(row.groups) for row in rows) * (GROUP + 1) - 1


def _block_width(box: Box, blocks: int) -> float:
    return (box.width - _GAP * (blocks - 1)) / blocks


def _size(box: Box, rows: Sequence[Row], blocks: int) -> float:
    """The largest size, in points, at which so many blocks of rows fit a box."""
    in_block = -(-len(rows) // blocks)
    wide = (_block_width(box, blocks) - 2 * _SIDE) / (_characters(rows) * _advance(1))
    high = box.height / in_block * MM / _ROW_LEADING
    return min(wide, high)


def _row(drawing: Drawing, box: Box, row: Row, size: float, indent: float) -> None:
    advance = _advance(size)
    line = baseline(box.y, box.height, size)
    drawing.text(box.x, line, f"Row {row.number}", size=8, grey=CAPTION)
    for at, group in enumerate(row.groups):
        x = box.x + indent + at * (GROUP + 1) * advance
        drawing.text(x, line, group, size=size, face=Face.MONO)
        for place, char in enumerate(group):
            if char == " ":
                drawing.open_box(x + place * advance, line, advance)
    drawing.text(box.right, line, row.check, size=min(12, size), face=Face.BOLD, align="right")
    drawing.text(box.right - 5, line, "check", size=7, align="right", grey=CAPTION)


def _advance(size: float) -> float:
    """The width of a character of the monospaced face, in millimetres."""
    return fonts.width("0", Face.MONO, size)

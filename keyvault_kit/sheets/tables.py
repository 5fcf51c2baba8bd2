"""Tables that break cells into lines and go on over as many pages as they need."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.drawing import BAND, CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box
from keyvault_kit.sheets.text import line_height, wrap

_SIZE: Final = 8.5
_CAPTIONS: Final = 5.5
"""Height of the row of captions."""

_CAPTION_SIZE: Final = 7.0
_PADDING: Final = 1.3
_HEADING: Final = 8.0


class Column(msgspec.Struct, frozen=True):
    """A column: its caption, and its part of the table's width."""

    caption: str
    part: float
    face: Face = Face.REGULAR


def heading(drawing: Drawing, y: float, text: str, *, room: float = 20) -> float:
    """Draw the heading of a section, on a new page where less than `room` is left below it.

    Returns:
        Where the section begins.
    """
    if y + _HEADING + room > drawing.body.bottom:
        y = drawing.new_page().y
    drawing.text(drawing.body.x, y + 6, text, size=12, face=Face.BOLD)
    return y + _HEADING


def table(
    drawing: Drawing,
    y: float,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    least: float = 0,
    banded: bool = True,
) -> float:
    """Draw a table from `y` down; a row is never broken over two pages.

    Args:
        rows: A text for each column; an empty one is a field to write in.
        least: The least height of a row in millimetres, for rows that are written in by hand.
        banded: Whether every other row is grey; rows that are written in stay white.

    Returns:
        The lower edge of the table.

    Raises:
        InputError: A row is higher than a page, or the fonts cannot print it.
    """
    if rows and y + _CAPTIONS + _height(drawing, columns, rows[0], least) > drawing.body.bottom:
        y = drawing.new_page().y  # captions without a row below them say nothing
    y = _captions(drawing, y, columns)
    for number, row in enumerate(rows):
        cells = _cells(drawing, columns, row)
        height = _height(drawing, columns, row, least)
        if y + height > drawing.body.bottom:
            y = _captions(drawing, drawing.new_page().y, columns)
            if y + height > drawing.body.bottom:
                raise InputError(
                    f"row {number + 1} of a table is higher than a page", mend="Shorten its text."
                )
        box = Box(drawing.body.x, y, drawing.body.width, height)
        _row(drawing, box, columns, cells, banded=banded and number % 2 == 1)
        y += height
    return y


def _height(drawing: Drawing, columns: Sequence[Column], row: Sequence[str], least: float) -> float:
    lines = max(map(len, _cells(drawing, columns, row)))
    return max(least, lines * line_height(_SIZE) + 2 * _PADDING)


def _cells(
    drawing: Drawing, columns: Sequence[Column], row: Sequence[str]
) -> list[tuple[str, ...]]:
    """Each cell's lines."""
    return [
        wrap(
            fonts.require(text), column.part * drawing.body.width - 2 * _PADDING, column.face, _SIZE
        )
        for column, text in zip(columns, row, strict=True)
    ]


def _captions(drawing: Drawing, y: float, columns: Sequence[Column]) -> float:
    x, height = drawing.body.x, _CAPTIONS
    for column in columns:
        drawing.text(x + _PADDING, y + 3.8, column.caption, size=_CAPTION_SIZE, grey=CAPTION)
        x += column.part * drawing.body.width
    drawing.rule(y + height, weight=1)
    return y + height


def _row(
    drawing: Drawing,
    box: Box,
    columns: Sequence[Column],
    cells: Sequence[tuple[str, ...]],
    *,
    banded: bool,
) -> None:
    if banded:
        drawing.fill_box(box, BAND)
    x = box.x
    for column, lines in zip(columns, cells, strict=True):
        cell = Box(x + _PADDING, box.y + _PADDING, column.part * box.width, box.height)
        drawing.lines(cell, lines, size=_SIZE, face=column.face)
        x += column.part * box.width
        if x < box.right - 1:
            drawing.line((x, box.y), (x, box.bottom), weight=0.2)
    drawing.rule(box.bottom, weight=0.2)

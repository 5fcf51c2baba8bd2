"""Tables that break cells into lines and go on over as many pages as they need."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.sheets import fonts, ticks
from keyvault_kit.sheets.drawing import BAND, CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box
from keyvault_kit.sheets.text import RoomError, line_height, wrap
from keyvault_kit.sheets.ticks import Ticks

Cell = str | Ticks
"""A text, which is empty where a field is to be written in; or boxes to tick."""

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
    rows: Sequence[Sequence[Cell]],
    *,
    least: float = 0,
    banded: bool = True,
) -> float:
    """Draw a table from `y` down; a row is never broken over two pages.

    Args:
        rows: A cell for each column.
        least: The least height of a row in millimetres, for rows that are written in by hand.
        banded: Whether every other row is grey; a row that is written in stays white.

    Returns:
        The lower edge of the table.

    Raises:
        RoomError: A row is higher than a page.
        InputError: The fonts cannot print a text.
    """
    if rows and y + _CAPTIONS + _height(drawing, columns, rows[0], least) > drawing.body.bottom:
        y = drawing.new_page().y  # captions without a row below them say nothing
    y = _captions(drawing, y, columns)
    for number, row in enumerate(rows):
        height = _height(drawing, columns, row, least)
        if y + height > drawing.body.bottom:
            y = _captions(drawing, drawing.new_page().y, columns)
            if y + height > drawing.body.bottom:
                raise RoomError(
                    f"row {number + 1} of a table is higher than a page", mend="Shorten its text."
                )
        box = Box(drawing.body.x, y, drawing.body.width, height)
        if banded and number % 2 == 1 and not _is_written_in(row):
            drawing.fill_box(box, BAND)
            drawing.rule(y, weight=0.2)  # the band covers half of the one above it
        _row(drawing, box, columns, row)
        y += height
    return y


def _is_written_in(row: Sequence[Cell]) -> bool:
    return any(cell == "" or isinstance(cell, Ticks) for cell in row)


def _height(
    drawing: Drawing, columns: Sequence[Column], row: Sequence[Cell], least: float
) -> float:
    highest = max(
        _cell_height(column, cell, _room(drawing, column))
        for column, cell in zip(columns, row, strict=True)
    )
    return max(least, highest + 2 * _PADDING)


def _room(drawing: Drawing, column: Column) -> float:
    """The width of a cell's text."""
    return column.part * drawing.body.width - 2 * _PADDING


def _cell_height(column: Column, cell: Cell, room: float) -> float:
    if isinstance(cell, Ticks):
        return ticks.height(cell, room, _SIZE)
    return len(_lines(column, cell, room)) * line_height(_SIZE)


def _lines(column: Column, text: str, room: float) -> tuple[str, ...]:
    return wrap(fonts.require(text), room, column.face, _SIZE)


def _captions(drawing: Drawing, y: float, columns: Sequence[Column]) -> float:
    x, height = drawing.body.x, _CAPTIONS
    for column in columns:
        drawing.text(x + _PADDING, y + 3.8, column.caption, size=_CAPTION_SIZE, grey=CAPTION)
        x += column.part * drawing.body.width
    drawing.rule(y + height, weight=1)
    return y + height


def _row(drawing: Drawing, box: Box, columns: Sequence[Column], row: Sequence[Cell]) -> None:
    x = box.x
    for column, content in zip(columns, row, strict=True):
        room = _room(drawing, column)
        cell = Box(x + _PADDING, box.y + _PADDING, room, box.height - 2 * _PADDING)
        if isinstance(content, Ticks):
            ticks.draw(drawing, cell, content, size=_SIZE)
        else:
            drawing.lines(cell, _lines(column, content, room), size=_SIZE, face=column.face)
        x += column.part * box.width
        if x < box.right - 1:
            drawing.line((x, box.y), (x, box.bottom), weight=0.2)
    drawing.rule(box.bottom, weight=0.2)

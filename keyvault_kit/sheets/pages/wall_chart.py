"""The wall chart: what falls due in twelve months, a band a month.

It shows every duty of the schedule with its next day: reviews (S54), drills (S57), passwords, PINs
and combinations to be changed (S32, S42), training and the process document (S59), decisions to be
looked at again, and the metadata of makers.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import BLACK, CAPTION, WHITE, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import code_text, opening
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.text import RoomError, baseline, line_height, wrap
from keyvault_kit.sheets.ticks import SIDE

MONTHS: Final = 12

_NAMES: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_USE: Final = (
    "Hang it where those who are named see it, away from visitors.",
    "Do what is due, enter it in the ledger, then tick the box.",
    "! = overdue when the chart was printed. Print a new chart after each review.",
)

_SIZE: Final = 8.5
_PADDING: Final = 1.8
_LEAST: Final = 12.5
"""The least height of a month's band: it leaves room to write something in."""

_COLUMNS: Final = (5.5, 5.5, 20.0, 68.0, 34.0)
"""Widths of box, sign, day, what and who; the requirement has the rest."""

_NAME: Final = 31.0
_GAP: Final = 1.0
"""Between two items, and between an item's columns."""

_CLOSING: Final = 5.0
"""Room below the last band for what is not on the chart."""

_EARLIER: Final = "Earlier"


class DueItem(msgspec.Struct, frozen=True):
    """Something that falls due.

    Attributes:
        day: When (UTC); overdue where it lies before the chart's own date.
        who: Who does it.
        requirement: The requirement that asks for it: `S32`.
    """

    day: date
    what: str
    who: str
    requirement: str


class WallChart(msgspec.Struct, frozen=True, kw_only=True):
    """Due dates of twelve months; nothing on it is secret.

    Attributes:
        heading: Its `date` parts what is overdue from what is still to come.
        first: A day of the first month.
        items: In any order. What fell due before the first month stands before it; what falls due
            after the last one is counted.
    """

    heading: Heading
    first: date
    items: tuple[DueItem, ...]


class _Band(msgspec.Struct, frozen=True):
    """A part of the chart: a month, or what fell due before the first."""

    name: str
    year: str
    items: tuple[DueItem, ...]


def payload(sheet: WallChart) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.CHART, sheet.heading)


def render(sheet: WallChart, paper: Paper) -> bytes:
    """The finished PDF: a page, or as many as the items take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Due dates", paper, lambda drawing: _draw(drawing, sheet))


def _month(day: date) -> int:
    """Months since the year 0."""
    return day.year * MONTHS + day.month - 1


def _bands(sheet: WallChart) -> Iterator[_Band]:
    """The months, and before them what fell due earlier, if there is something."""
    first = _month(sheet.first)
    items = sorted(sheet.items, key=lambda it: (it.day, it.what, it.who))
    if early := tuple(it for it in items if _month(it.day) < first):
        yield _Band(_EARLIER, "", early)
    for month in range(first, first + MONTHS):
        year, at = divmod(month, MONTHS)
        here = tuple(it for it in items if _month(it.day) == month)
        yield _Band(_NAMES[at], str(year), here)


def _draw(drawing: Drawing, sheet: WallChart) -> None:
    bands = tuple(_bands(sheet))
    start, end = (f"{band.name} {band.year}" for band in (bands[-MONTHS], bands[-1]))
    overdue = sum(it.day < sheet.heading.date for it in sheet.items)
    under = f"{len(sheet.items)} due, {overdue} of them overdue"
    y = opening(drawing, payload(sheet), f"{start} to {end}", under, _USE)
    heights = [_height(drawing, band) for band in bands]
    spare = (drawing.body.bottom - _CLOSING - y - sum(heights)) / len(bands)
    for band, height in zip(bands, heights, strict=True):
        y = _band(drawing, y, band, height + max(0.0, spare), sheet.heading.date)
    drawing.rule(y, weight=0.8)
    later = len(sheet.items) - sum(len(band.items) for band in bands)
    if later:
        drawing.text(drawing.body.x, y + 4, f"{later} more fall due after {end}.", size=8)


def _band(drawing: Drawing, y: float, band: _Band, height: float, today: date) -> float:
    """Draw a band, over as many pages as its items take; its lower edge."""
    least = _row_height(drawing, band.items[0]) if band.items else 0.0
    if y + max(_LEAST, least + 2 * _PADDING) > drawing.body.bottom:
        y = drawing.new_page().y
    bottom, y = y + height, _begin(drawing, y, band.name, band.year)
    for it in band.items:
        row = _row_height(drawing, it)
        if y + row > drawing.body.bottom:
            y = bottom = _begin(drawing, drawing.new_page().y, band.name, "continued")
            if y + row > drawing.body.bottom:
                raise RoomError(
                    f"what falls due on {it.day} is higher than a page", mend="Shorten its text."
                )
        day = it.day.isoformat() if band.name == _EARLIER else str(it.day.day)
        _item(drawing, y, it, day, overdue=it.day < today)
        y += row
    return max(bottom, y + _PADDING)


def _begin(drawing: Drawing, y: float, name: str, year: str) -> float:
    """Draw the rule above a band, and its name; where its first item stands."""
    x = drawing.body.x
    drawing.rule(y, weight=0.8)
    drawing.text(x, y + 5.5, name, size=12, face=Face.BOLD)
    drawing.text(x, y + 9.5, year, size=8, grey=CAPTION)
    return y + _PADDING


def _item(drawing: Drawing, y: float, it: DueItem, day: str, *, overdue: bool) -> None:
    """Draw a box to tick, the sign of what is overdue, and the texts."""
    box, sign, *texts = _edges(drawing)
    leading = line_height(_SIZE)
    drawing.frame_box(Box(box.x, y + (leading - SIDE) / 2, SIDE, SIDE), weight=0.7)
    stands = baseline(y, leading, _SIZE)
    if overdue:
        mark = Box(sign.x, y + (leading - SIDE) / 2, SIDE, SIDE)
        drawing.fill_box(mark, BLACK)
        drawing.centred(mark, "!", largest=9, grey=WHITE)
    drawing.text(texts[0].x, stands, day, size=_SIZE, face=Face.BOLD)
    for column, lines in zip(texts[1:], _lines(drawing, it), strict=True):
        drawing.lines(Box(column.x, y, 0, 0), lines, size=_SIZE)


def _edges(drawing: Drawing) -> list[Box]:
    """The columns of an item: box, sign, day, what, who, requirement."""
    x, edges = drawing.body.x + _NAME, []
    for width in (*_COLUMNS, drawing.body.width - _NAME - sum(_COLUMNS)):
        edges.append(Box(x, 0, width, 0))
        x += width
    return edges


def _lines(drawing: Drawing, it: DueItem) -> list[tuple[str, ...]]:
    """The lines of an item's what, who and requirement."""
    columns = _edges(drawing)[-3:]
    return [
        wrap(fonts.require(text), column.width - _GAP, Face.REGULAR, _SIZE)
        for column, text in zip(columns, (it.what, it.who, it.requirement), strict=True)
    ]


def _row_height(drawing: Drawing, it: DueItem) -> float:
    return max(map(len, _lines(drawing, it))) * line_height(_SIZE) + _GAP


def _height(drawing: Drawing, band: _Band) -> float:
    rows = sum(_row_height(drawing, it) for it in band.items)
    return max(_LEAST, rows + 2 * _PADDING)

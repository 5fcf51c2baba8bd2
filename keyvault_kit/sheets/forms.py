"""What forms are put together from: their opening, fields and lines to write in, boxes, signatures.

Every piece is drawn from `y` down over the whole width of the page, on a new page where it does
not fit, and returns its lower edge.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.sheets import ticks
from keyvault_kit.sheets.blocks import small_code, steps
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.tables import Cell, Column, heading, table
from keyvault_kit.sheets.ticks import YES_NO, Ticks

WHY: Final = Ticks(("drill", "emergency", "misuse found, or not known"))
"""Why an account is opened."""

USED: Final = Ticks(("key and PIN", "whole password", "password from parts or shares", "nothing"))
"""What of an account was used."""

_SIDE: Final = 24.0
"""Side of a form's code, its quiet zone included."""

_UNDER: Final = 13.0
"""Room at the top for what the form is about."""

_USE: Final = 40.0
"""The most room that there is for what to do with the form."""

_FIELD: Final = 12.0
_LINE: Final = 7.2
"""Distance of two lines to write on."""

_GAP: Final = 4.0
_ASIDE: Final = 42.0
"""Room for a question, at the left of the boxes that answer it."""

_CHECK: Final = 8.0
_SIGN: Final = 11.0
_FOLLOW_UP: Final = 9.0
_BAG: Final = 8.5

_CHECKS: Final = (
    Column("DONE", 0.06),
    Column("WHAT", 0.57),
    Column("TIME (UTC)", 0.11),
    Column("INITIALS", 0.10),
    Column("NOTE", 0.16),
)
_BAGS: Final = (
    Column("ENVELOPE", 0.15, Face.BOLD),
    Column("HOLDS", 0.18),
    Column("BAG NUMBER EXPECTED", 0.17, Face.MONO),
    Column("NUMBER FOUND", 0.14),
    Column("INTACT?", 0.14),
    Column("TAKEN BY", 0.12),
    Column("TIME (UTC)", 0.10),
)
_SIGNATURES: Final = (
    Column("ROLE", 0.20),
    Column("NAME", 0.28),
    Column("DATE, TIME (UTC)", 0.17),
    Column("SIGNATURE", 0.35),
)


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who takes part, and attests it with a signature in ink.

    Attributes:
        id: By which steps and entries name the person.
    """

    role: str
    name: str
    id: str


class ListedBag(msgspec.Struct, frozen=True):
    """An envelope in its bag, as the register has it.

    Attributes:
        holds: What is inside, in public words.
        bag: Number of its bag.
    """

    envelope: str
    holds: str
    bag: str


class Field(msgspec.Struct, frozen=True):
    """A captioned field.

    Attributes:
        part: Its part of the row's width.
        value: Empty where it is to be written in.
    """

    caption: str
    part: float
    value: str = ""


def code_text(kind: Kind, of: Heading) -> str:
    """The text of a form's QR code: it names the document, with neither salt nor content."""
    return SheetCode(
        kind=kind, register8=of.register8, set_id=of.sheet_id, number=of.number
    ).encode()


def opening(
    drawing: Drawing, payload: str, about: str, under: str, instructions: Sequence[str]
) -> float:
    """Draw the top of a form: what it is about, what to do with it, and its code.

    Args:
        about: One line, large.
        under: One line below it.
        instructions: What to do with the sheet, a step each.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    box = drawing.body
    room = box.width - _SIDE - 6
    drawing.fitted(Box(box.x, box.y + 1, room, 7), about, largest=14, least=7)
    drawing.fitted(Box(box.x, box.y + 8, room, 5), under, largest=10)
    y = steps(drawing, Box(box.x, box.y + _UNDER, room, _USE), instructions)
    small_code(drawing, Box(box.right - _SIDE, box.y, _SIDE, _SIDE), payload)
    return max(y, box.y + _SIDE) + 1


def _room(drawing: Drawing, y: float, height: float) -> float:
    """Where something of that height begins: at `y`, or at the top of a new page."""
    return y if y + height <= drawing.body.bottom else drawing.new_page().y


def fields(drawing: Drawing, y: float, row: Sequence[Field]) -> float:
    """Draw a row of fields side by side, each with a line to write on below it.

    Raises:
        InputError: A value does not fit its field, or cannot be printed.
    """
    y = _room(drawing, y, _FIELD)
    x, room = drawing.body.x, drawing.body.width - _GAP * (len(row) - 1)
    for field in row:
        box = Box(x, y, field.part * room, _FIELD - 1)
        drawing.text(box.x, box.y + 3.5, field.caption, size=6.5, grey=CAPTION)
        if field.value:
            inner = Box(box.x, box.y + 4.2, box.width, box.height - 4.4)
            drawing.fitted(inner, field.value, largest=10.5, least=5.5)
        drawing.line((box.x, box.bottom), (box.right, box.bottom), weight=0.4)
        x = box.right + _GAP
    return y + _FIELD


def lines(drawing: Drawing, y: float, caption: str, count: int) -> float:
    """Draw a caption and below it as many lines to write on."""
    y = _room(drawing, y, 5 + count * _LINE)
    drawing.text(drawing.body.x, y + 4, caption, size=9, face=Face.BOLD)
    for number in range(1, count + 1):
        drawing.rule(y + 4 + number * _LINE, weight=0.3)
    return y + 5 + count * _LINE


def choice(drawing: Drawing, y: float, question: str, answers: Ticks) -> float:
    """Draw a question and, at its right, the boxes that answer it.

    Raises:
        InputError: The fonts cannot print an answer.
    """
    room = drawing.body.width - _ASIDE
    height = ticks.height(answers, room, 9)
    y = _room(drawing, y, height)
    drawing.lines(Box(drawing.body.x, y, 0, 0), (question,), size=9, face=Face.BOLD)
    ticks.draw(drawing, Box(drawing.body.x + _ASIDE, y, room, height), answers, size=9)
    return y + height + 1.8


def checklist(drawing: Drawing, y: float, items: Sequence[str]) -> float:
    """Draw what is to be done, a row each: a box, and room for time, initials and a note.

    Raises:
        InputError: An item cannot be printed.
    """
    rows = [(ticks.BOX, item, "", "", "") for item in items]
    return table(drawing, y, _CHECKS, rows, least=_CHECK)


def follow_ups(drawing: Drawing, y: float, caption: str, count: int) -> float:
    """Draw rows to write in what is still to be done, by whom and by when."""
    columns = (
        Column(caption, 0.52),
        Column("WHO", 0.22),
        Column("BY WHEN", 0.17),
        Column("DONE", 0.09),
    )
    return table(drawing, y, columns, [("", "", "", ticks.BOX)] * count, least=_FOLLOW_UP)


def bags_taken(drawing: Drawing, y: float, bags: Sequence[ListedBag], *, spare: int) -> float:
    """Draw the bags that an opening takes: each compared with what the register expects.

    Args:
        spare: Rows for bags that are not listed.

    Raises:
        InputError: What an envelope holds cannot be printed.
    """
    rows = [(it.envelope, it.holds, it.bag, "", YES_NO, "", "") for it in bags]
    blanks = [("", "", "", "", YES_NO, "", "")] * spare
    return table(drawing, y, _BAGS, [*rows, *blanks], least=_BAG)


def listing(
    drawing: Drawing,
    y: float,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    least: float = 0,
) -> float:
    """Draw a table, or 'None.' where there are no rows.

    Args:
        least: The least height of a row in millimetres, for rows that are written in by hand.

    Raises:
        RoomError: A row is higher than a page.
        InputError: The fonts cannot print a text.
    """
    if rows:
        return table(drawing, y, columns, rows, least=least)
    drawing.text(drawing.body.x, y + 3, "None.")
    return y + 5


def blank(columns: Sequence[Column], count: int) -> list[tuple[str, ...]]:
    """As many rows to write in."""
    return [("",) * len(columns)] * count


def signatures(
    drawing: Drawing, y: float, people: Sequence[tuple[str, str]], *, spare: int = 0
) -> float:
    """Draw the section in which people sign in ink.

    Args:
        people: Role and name of each; an empty name is to be written in.
        spare: Rows for others.

    Raises:
        InputError: A name cannot be printed.
    """
    rows = [*((role, name, "", "") for role, name in people), *blank(_SIGNATURES, spare)]
    y = heading(drawing, y + _GAP, "Signatures", room=6 + _SIGN * min(3, len(rows)))
    return table(drawing, y, _SIGNATURES, rows, least=_SIGN)

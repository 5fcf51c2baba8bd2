"""The work orders for somebody who leaves: what they could reach, and what is done by when.

Each order has its box, its date and the initials of two people; two officers sign when all of them
are done (S39, S42, S55).
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from keyvault_kit.sheets.blocks import boxed
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import choice, code_text, lines, listing, opening, signatures
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Cell, Column, heading
from keyvault_kit.sheets.ticks import BOX, Ticks

_REACHED: Final = (Column("COULD REACH, ALONE OR WITH WHOM", 1.0),)
_REMEMBERS: Final = (Column("SAW, OR COULD HAVE SEEN", 1.0),)
_ORDERS: Final = (
    Column("DONE", 0.07),
    Column("WHAT", 0.29, Face.BOLD),
    Column("WHY", 0.24),
    Column("BY WHEN", 0.12),
    Column("DATE DONE", 0.12),
    Column("INITIALS", 0.08),
    Column("INITIALS", 0.08),
)
_RESULT: Final = Ticks(("all orders are done", "not all: see below"))
_USE: Final = (
    "Do each order by its day. Two people do it: tick its box, write the date, put your initials.",
    "Enter in the ledger what was done: the register counts nothing that is on paper alone.",
    "Two officers sign when all is done, and not before.",
)
_SIGNERS: Final = (("Officer", ""), ("Officer", ""))
_ROW: Final = 10.0
_STATE: Final = 9.0
_STATED: Final = 66.0
"""Height of what two officers state with their signatures, which stand on one page."""


class OrderLine(msgspec.Struct, frozen=True):
    """Something to be done because somebody leaves.

    Attributes:
        by: The day by which it is done.
        why: What it is against.
        done: Whether the register has it as done.
    """

    what: str
    by: date
    why: str
    done: bool


class WorkOrders(msgspec.Struct, frozen=True, kw_only=True):
    """The work orders for one person; nothing on it is secret.

    Attributes:
        heading: Its `date` is that of the print: an order whose day lies before it is late.
        person: The name of who leaves.
        on: The last day of the authority.
        reached: What the person could reach, in sentences.
        remembers: What the person saw or could have seen, in sentences.
    """

    heading: Heading
    person: str
    on: date
    reached: tuple[str, ...]
    remembers: tuple[str, ...]
    orders: tuple[OrderLine, ...]


def payload(sheet: WorkOrders) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.WORK, sheet.heading)


def render(sheet: WorkOrders, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the orders take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Work orders", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: WorkOrders) -> None:
    about, under = f"{sheet.person} leaves", f"The authority ends with {sheet.on.isoformat()}"
    y = opening(drawing, payload(sheet), about, under, _USE)
    boxed(drawing, Box(drawing.body.x, y, drawing.body.width, _STATE), _state(sheet))
    y = heading(drawing, y + _STATE + 2, "Within reach")
    y = listing(drawing, y, _REACHED, _rows(sheet.reached))
    y = heading(drawing, y + 3, "Remembered")
    y = listing(drawing, y, _REMEMBERS, _rows(sheet.remembers))
    y = heading(drawing, y + 3, "Orders", room=6 + 2 * _ROW)
    today = sheet.heading.date
    y = listing(drawing, y, _ORDERS, [_order(it, today) for it in sheet.orders], least=_ROW)
    y = heading(drawing, y + 3, "When all is done", room=_STATED)
    y = choice(drawing, y, "What was found", _RESULT)
    y = lines(drawing, y, "What is left, by whom and by when", 2)
    signatures(drawing, y, _SIGNERS)


def _state(sheet: WorkOrders) -> str:
    """How many orders are open, and how many of these are late."""
    still = [it for it in sheet.orders if not it.done]
    if not still:
        return "ALL ORDERS ARE DONE" if sheet.orders else "NOTHING IS TO BE DONE"
    late = sum(it.by < sheet.heading.date for it in still)
    count = f"{len(still)} of {len(sheet.orders)} NOT DONE"
    return f"{count}, {late} LATE" if late else count


def _rows(sentences: Sequence[str]) -> list[tuple[str]]:
    return [(it,) for it in sentences]


def _order(it: OrderLine, today: date) -> tuple[Cell, ...]:
    if it.done:
        return "done", it.what, it.why, it.by.isoformat(), "in the ledger", "-", "-"
    late = " LATE" if it.by < today else ""
    return BOX, it.what, it.why, f"{it.by.isoformat()}{late}", "", "", ""

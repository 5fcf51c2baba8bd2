"""The inventory of a safe for the bag walk: each bag compared with the register (S34, S36, S54)."""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import (
    Field,
    ListedBag,
    blank,
    choice,
    code_text,
    fields,
    listing,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import YES_NO, Ticks

_BAGS: Final = (
    Column("ENVELOPE", 0.19, Face.BOLD),
    Column("HOLDS", 0.23),
    Column("BAG NUMBER EXPECTED", 0.19, Face.MONO),
    Column("NUMBER FOUND", 0.15),
    Column("INTACT?", 0.14),
    Column("INITIALS", 0.10),
)
_EXTRA: Final = (
    Column("WHAT LIES HERE TOO", 0.33),
    Column("BAG NUMBER, IF ANY", 0.20),
    Column("WHAT WAS DONE WITH IT", 0.37),
    Column("INITIALS", 0.10),
)
_RESULT: Final = Ticks(("all as listed", "not all: see above", "not finished"))

_USE: Final = (
    "Two people open the safe. One reads each bag's number from the bag, the other writes it.",
    (
        "Tick 'intact' only after looking at all seams and edges. No bag is opened on this walk; a"
        " key's serial number is compared where the bag lets it be read."
    ),
    "What is missing, damaged or unknown is reported at once, and stays where it is.",
    "Enter what was found in the ledger. The sheet is kept with the audit's report.",
)

_ROW: Final = 9.0
_EXTRAS: Final = 3


class SafeInventory(msgspec.Struct, frozen=True, kw_only=True):
    """The inventory of one safe; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` is the walk's or the audit's id.
        safe: The safe's id or name.
        site: Where it stands.
        openers: Names of those who open it; where there are none, two are to be written in.
    """

    heading: Heading
    safe: str
    site: str
    bags: tuple[ListedBag, ...] = ()
    openers: tuple[str, ...] = ()


def payload(sheet: SafeInventory) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.INVENTORY, sheet.heading)


def render(sheet: SafeInventory, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the bags take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Safe inventory", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: SafeInventory) -> None:
    y = opening(drawing, payload(sheet), f"Safe {sheet.safe}", f"At {sheet.site}", _USE)
    counted = (
        Field("OPENED AT (UTC)", 0.30),
        Field("CLOSED AT (UTC)", 0.30),
        Field("BAGS EXPECTED", 0.20, str(len(sheet.bags))),
        Field("BAGS FOUND", 0.20),
    )
    y = fields(drawing, y, counted)
    y = heading(drawing, y, "Bags")
    rows = [(it.envelope, it.holds, it.bag, "", YES_NO, "") for it in sheet.bags]
    y = listing(drawing, y, _BAGS, rows, least=_ROW)
    y = heading(drawing, y + 3, "Not listed", room=10 + _EXTRAS * _ROW)
    y = table(drawing, y, _EXTRA, blank(_EXTRA, _EXTRAS), least=_ROW)
    y = choice(drawing, y + 3, "What was found", _RESULT)
    openers = [("Opened the safe", name) for name in sheet.openers or ("", "")]
    signatures(drawing, y, openers)

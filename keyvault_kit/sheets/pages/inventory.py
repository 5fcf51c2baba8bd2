"""The inventory of a safe for the bag walk: each bag compared with the register (S34, S36, S54)."""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import (
    Field,
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
    Column("ENVELOPE", 0.20, Face.BOLD),
    Column("HOLDS", 0.20),
    Column("BAG NUMBER EXPECTED", 0.19, Face.MONO),
    Column("NUMBER FOUND", 0.17),
    Column("INTACT?", 0.14),
    Column("INITIALS", 0.10),
)
_KEYS: Final = (
    Column("KEY", 0.20, Face.BOLD),
    Column("MODEL", 0.20),
    Column("SERIAL EXPECTED", 0.19, Face.MONO),
    Column("SERIAL FOUND", 0.17),
    Column("AGREES?", 0.14),
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
    "Tick 'intact' only after looking at all seams and edges. No bag is opened on this walk.",
    "What is missing, damaged or unknown is reported at once, and stays where it is.",
    "Enter what was found in the ledger. The sheet is kept with the audit's report.",
)

_ROW: Final = 9.0
_EXTRAS: Final = 3


class InventoryBag(msgspec.Struct, frozen=True):
    """An envelope that should lie in the safe.

    Attributes:
        holds: What is inside, in public words.
        bag: Number of its bag, as the register has it.
    """

    envelope: str
    holds: str
    bag: str


class InventoryKey(msgspec.Struct, frozen=True):
    """A security key that should lie in the safe in the open, its serial number readable.

    Attributes:
        tag: The asset tag.
        serial: As the register has it; None where it has none.
    """

    tag: str
    product: str
    serial: int | None


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
    bags: tuple[InventoryBag, ...] = ()
    keys: tuple[InventoryKey, ...] = ()
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
    bags, keys = len(sheet.bags), len(sheet.keys)
    y = opening(drawing, payload(sheet), f"Safe {sheet.safe}", f"At {sheet.site}", _USE)
    counted = (
        Field("OPENED AT (UTC)", 0.22),
        Field("CLOSED AT (UTC)", 0.22),
        Field("BAGS EXPECTED", 0.14, str(bags)),
        Field("BAGS FOUND", 0.14),
        Field("KEYS EXPECTED", 0.14, str(keys)),
        Field("KEYS FOUND", 0.14),
    )
    y = fields(drawing, y, counted)
    y = heading(drawing, y, "Bags")
    rows = [(it.envelope, it.holds, it.bag, "", YES_NO, "") for it in sheet.bags]
    y = listing(drawing, y, _BAGS, rows, least=_ROW)
    if sheet.keys:
        y = heading(drawing, y + 3, "Keys")
        y = table(drawing, y, _KEYS, [_key(it) for it in sheet.keys], least=_ROW)
    y = heading(drawing, y + 3, "Not listed", room=10 + _EXTRAS * _ROW)
    y = table(drawing, y, _EXTRA, blank(_EXTRA, _EXTRAS), least=_ROW)
    y = choice(drawing, y + 3, "What was found", _RESULT)
    openers = [("Opened the safe", name) for name in sheet.openers or ("", "")]
    signatures(drawing, y, openers)


def _key(it: InventoryKey) -> tuple[str | Ticks, ...]:
    serial = "none" if it.serial is None else str(it.serial)
    return (it.tag, it.product, serial, "", YES_NO, "")

"""The custody transfer: what passes from whom to whom, and in what state (S34, S36).

The number of each bag is compared twice, on giving and on receipt; the sheet goes along with the
bags and is continued where they pass on.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import Field, code_text, fields, lines, opening, signatures
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import YES_NO, Ticks

_ITEMS: Final = (
    Column("ITEM", 0.18, Face.BOLD),
    Column("WHAT IT HOLDS", 0.21),
    Column("BAG NUMBER", 0.17, Face.MONO),
    Column("ON GIVING", 0.22),
    Column("ON RECEIPT", 0.22),
)
_CHAIN: Final = (
    Column("DATE, TIME (UTC)", 0.16),
    Column("GIVEN BY (NAME, SIGNATURE)", 0.25),
    Column("RECEIVED BY (NAME, SIGNATURE)", 0.25),
    Column("WHERE TO", 0.18),
    Column("ALL INTACT?", 0.16),
)
_CONDITION: Final = Ticks(("number agrees", "intact", "damaged"))

_USE: Final = (
    "Giver and receiver read each bag's number aloud and look for signs of opening, both times.",
    "A bag that is damaged, or has another number, is not received: report it at once.",
    "Enter it in the ledger the same day. The sheet stays with the bags while they pass on.",
)

_SPARE: Final = 2
_LINKS: Final = 6
"""Rows for the chain to go on."""

_ITEM: Final = 13.0
_LINK: Final = 13.0


class TransferItem(msgspec.Struct, frozen=True):
    """Something that passes on.

    Attributes:
        what: An envelope's id, a key's tag.
        holds: What is inside, in public words.
        bag: Number of its bag; empty where it is to be written in.
    """

    what: str
    holds: str
    bag: str = ""


class CustodyTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """A custody transfer; nothing on it is secret. What is empty is to be written in.

    Attributes:
        heading: Its `sheet_id` is the transfer's id.
        why: The reason.
        giver: Name of who gives.
        origin: Where from: safe and site.
        receiver: Name of who receives.
        destination: Where to: safe and site.
        witness: Name of who looks on.
    """

    heading: Heading
    items: tuple[TransferItem, ...] = ()
    why: str = ""
    giver: str = ""
    origin: str = ""
    receiver: str = ""
    destination: str = ""
    witness: str = ""


def payload(sheet: CustodyTransfer) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.TRANSFER, sheet.heading)


def render(sheet: CustodyTransfer, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the items take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Custody transfer", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: CustodyTransfer) -> None:
    count = len(sheet.items)
    under = f"{count} {'item' if count == 1 else 'items'} listed"
    y = opening(drawing, payload(sheet), "From hand to hand", under, _USE)
    given = (
        Field("FROM (NAME)", 0.35, sheet.giver),
        Field("FROM (SAFE, SITE)", 0.40, sheet.origin),
        Field("GIVEN ON, AT (UTC)", 0.25),
    )
    received = (
        Field("TO (NAME)", 0.35, sheet.receiver),
        Field("TO (SAFE, SITE)", 0.40, sheet.destination),
        Field("RECEIVED ON, AT (UTC)", 0.25),
    )
    for row in (given, received, (Field("WHY", 1.0, sheet.why),)):
        y = fields(drawing, y, row)
    y = heading(drawing, y, "Items")
    items = [(it.what, it.holds, it.bag, _CONDITION, _CONDITION) for it in sheet.items]
    spare = [("", "", "", _CONDITION, _CONDITION)] * _SPARE
    y = table(drawing, y, _ITEMS, [*items, *spare], least=_ITEM)
    y = lines(drawing, y + 2, "What is not as it should be", 1)
    people = (("Giver", sheet.giver), ("Receiver", sheet.receiver), ("Witness", sheet.witness))
    y = signatures(drawing, y, people)
    y = heading(drawing, y + 4, "Passed on", room=6 + _LINKS * _LINK)
    table(drawing, y, _CHAIN, [("", "", "", "", YES_NO)] * _LINKS, least=_LINK)

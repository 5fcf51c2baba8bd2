"""The outer label of a sealed envelope and the log of its bag; nothing on it is secret (S29)."""

from typing import Final

import msgspec

from keyvault_kit.sheets.blocks import captioned, small_code, steps
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import MARGIN, Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table

_LOG: Final = (
    Column("DATE, TIME (UTC)", 0.16),
    Column("BAG NUMBER", 0.16),
    Column("SEALED, MOVED OR OPENED, AND WHY", 0.32),
    Column("INTACT?", 0.10),
    Column("BY", 0.13),
    Column("WITNESS", 0.13),
)

_ROW: Final = 9.0
_CODE: Final = 32.0


class EnvelopeLabel(msgspec.Struct, frozen=True, kw_only=True):
    """What stands outside on an envelope.

    Attributes:
        heading: Its `sheet_id` is the envelope's id, which the code names.
        contents: What is inside, in public words, and how many such are needed: 'Share 2 of 3 of
            bg1, any 2 needed', 'Key KEY-01'.
        set_id: The secret set of the sheet inside, or the tag of the key inside.
        site: Where its safe stands.
    """

    heading: Heading
    contents: str
    set_id: str
    safe: str
    site: str


def payload(sheet: EnvelopeLabel) -> str:
    """The text of the label's QR code: the envelope's own id, neither salt nor content."""
    return SheetCode(
        kind=Kind.ENVELOPE,
        register8=sheet.heading.register8,
        set_id=sheet.heading.sheet_id,
        number=sheet.heading.number,
    ).encode()


def render(sheet: EnvelopeLabel, paper: Paper) -> bytes:
    """The finished PDF: the label down to the cut at the first fold, the bag's log below.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Envelope label", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: EnvelopeLabel) -> None:
    cut = drawing.paper.panel_edges[0]
    _label(
        drawing,
        Box(drawing.body.x, drawing.body.y, drawing.body.width, cut - drawing.body.y),
        sheet,
    )
    drawing.cut((MARGIN, cut), (drawing.paper.width - MARGIN, cut))
    use = Box(drawing.body.x, cut + 4, drawing.body.width, 34)
    texts = (
        "Cut along the line. The upper part goes on the envelope, this part into the safe's file.",
        (
            "Whoever handles the envelope compares the bag's number with the last line below, looks"
            " for signs of opening, and writes a line."
        ),
        "Open only with a reason. In an emergency open at once: the entry in the ledger follows.",
        "Report a damaged bag, or one with another number, at once. Only an emergency opens it.",
    )
    y = heading(drawing, steps(drawing, use, texts) + 3, "Log")
    rows = int((drawing.body.bottom - y - 6) // _ROW)
    table(drawing, y, _LOG, [("",) * len(_LOG)] * rows, least=_ROW, banded=False)


def _label(drawing: Drawing, box: Box, sheet: EnvelopeLabel) -> None:
    room = box.width - _CODE - 4
    half = room / 2
    captioned(drawing, Box(box.x, box.y, room, 13), "CONTENTS", sheet.contents, size=20)
    fields = (("SAFE", sheet.safe), ("SITE", sheet.site))
    for at, (caption, value) in enumerate(fields):
        cell = Box(box.x + at * half, box.y + 13.5, half - 3, 9)
        captioned(drawing, cell, caption, value, size=12)
    captioned(drawing, Box(box.x, box.y + 23, half - 3, 9), "SET OR KEY", sheet.set_id, size=12)
    bag = Box(box.x + half, box.y + 23, half - 3, 9)
    captioned(drawing, bag, "BAG NUMBER", " ", size=6)
    drawing.line((bag.x, bag.bottom), (bag.right, bag.bottom), weight=0.6)
    small_code(drawing, Box(box.right - _CODE, box.y, _CODE, _CODE), payload(sheet))

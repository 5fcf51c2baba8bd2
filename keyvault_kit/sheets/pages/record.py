"""The record of a ceremony: its steps, its exceptions and who attests them (S57, S60).

The columns are those that key ceremonies of the root zone and of key-splitting services use:
step, activity, initials, time; exceptions; what became of each page and bag; and at the end an
attestation of each participant, who may disagree.
"""

from datetime import datetime
from typing import Final

import msgspec

from keyvault_kit.custody.ceremonies import PageCount
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import Field, Participant, code_text, fields, listing, opening
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import Ticks

__all__ = [
    "CeremonyRecord",
    "Participant",
    "RecordException",
    "RecordStep",
    "UsedBag",
    "payload",
    "render",
]

_STEPS: Final = (
    Column("STEP", 0.06, Face.BOLD),
    Column("ACTIVITY", 0.56),
    Column("BY (ID)", 0.17),
    Column("DATE, TIME (UTC)", 0.21, Face.MONO),
)
_EXCEPTIONS: Final = (
    Column("STEP", 0.07, Face.BOLD),
    Column("DATE, TIME (UTC)", 0.15, Face.MONO),
    Column("EXPECTED", 0.24),
    Column("HAPPENED", 0.24),
    Column("ACTIONS AND DECISIONS", 0.30),
)
_PAGES: Final = (
    Column("PRINTED", 0.14),
    Column("SEALED", 0.14),
    Column("SPOILED", 0.14),
    Column("DESTROYED", 0.14),
    Column("PRINTED = SEALED + SPOILED + DESTROYED", 0.44, Face.BOLD),
)
_BAGS: Final = (
    Column("ENVELOPE", 0.24, Face.BOLD),
    Column("HOLDS", 0.30),
    Column("BAG NUMBER", 0.22, Face.MONO),
    Column("COMPARED WITH THE BAG BY", 0.24),
)
_ATTESTATION: Final = (
    Column("ROLE", 0.11),
    Column("NAME", 0.18),
    Column("ID", 0.11, Face.BOLD),
    Column("INITIALS", 0.09),
    Column("DO YOU AGREE? IF NOT, WHY", 0.23),
    Column("SIGNATURE", 0.17),
    Column("DATE", 0.11),
)
_AGREE: Final = Ticks(("I agree", "I do not agree, because"))

_USE: Final = (
    "Each participant ticks, signs and dates at the end, in ink; who does not agree says why.",
    "The record is kept with its script, its exception sheets and that day's checkpoint.",
)

_BAG: Final = 8.0
_ATTEST: Final = 19.0
"""Height of an attestation: room for a reason below its boxes."""


class RecordStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the ceremony.

    Attributes:
        number: From 1.
        by: Ids of those who did it; the attestation says whose they are.
        time: When it was done, aware, UTC.
    """

    number: int
    activity: str
    by: str
    time: datetime


class RecordException(msgspec.Struct, frozen=True, kw_only=True):
    """Something that did not go as the script says.

    Attributes:
        step: The step's number.
        time: When it began, aware, UTC.
    """

    step: int
    time: datetime
    expected: str
    happened: str
    decided: str


class UsedBag(msgspec.Struct, frozen=True):
    """A bag that was sealed in the ceremony.

    Attributes:
        holds: What is inside, in public words.
        bag: Its number.
    """

    envelope: str
    holds: str
    bag: str


class CeremonyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a ceremony.

    Attributes:
        heading: Its `sheet_id` is the ceremony's id.
        title: What the ceremony does.
        under: What else is to be known of it before the steps are read.
        pages: What became of the pages with a secret; None where none were printed.
        bags: The bags that were sealed.
        said: What each participant said of it in the ledger, a sentence each.
    """

    heading: Heading
    title: str
    under: str
    steps: tuple[RecordStep, ...]
    exceptions: tuple[RecordException, ...] = ()
    participants: tuple[Participant, ...] = ()
    pages: PageCount | None = None
    bags: tuple[UsedBag, ...] = ()
    said: tuple[str, ...] = ()


def payload(sheet: CeremonyRecord) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.RECORD, sheet.heading)


def render(sheet: CeremonyRecord, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the steps take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Ceremony record", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: CeremonyRecord) -> None:
    y = opening(drawing, payload(sheet), sheet.title, sheet.under, _USE)
    y = heading(drawing, y, "Steps")
    rows = [(str(step.number), step.activity, step.by, _clock(step.time)) for step in sheet.steps]
    y = listing(drawing, y, _STEPS, rows, least=7)
    y = heading(drawing, y + 4, "Exceptions")
    y = listing(drawing, y, _EXCEPTIONS, [_exception(it) for it in sheet.exceptions])
    attached = (Field("EXCEPTION SHEETS ATTACHED (HOW MANY)", 0.37), Field("PLACE", 0.63))
    y = fields(drawing, y + 1, attached)
    y = _paper(drawing, y, sheet)
    y = _said(drawing, y, sheet.said)
    _attestation(drawing, y + 2, sheet.participants)


def _paper(drawing: Drawing, y: float, sheet: CeremonyRecord) -> float:
    """What became of the pages, and which bags were used, where there were any."""
    if sheet.pages:
        y = heading(drawing, y + 2, "Pages with a secret")
        counts = [str(getattr(sheet.pages, name)) for name in sheet.pages.__struct_fields__]
        y = table(drawing, y, _PAGES, [(*counts, _balance(sheet.pages))])
    if sheet.bags:
        y = heading(drawing, y + 2, "Bags")
        rows = [(it.envelope, it.holds, it.bag, "") for it in sheet.bags]
        y = table(drawing, y, _BAGS, rows, least=_BAG)
    return y


def _balance(pages: PageCount) -> str:
    missing = pages.printed - pages.sealed - pages.spoiled - pages.destroyed
    if not missing:
        return "agrees"
    what = "missing" if missing > 0 else "too many"
    return f"DOES NOT AGREE: {abs(missing)} {what}; the ceremony is not closed"


def _said(drawing: Drawing, y: float, said: tuple[str, ...]) -> float:
    """What the participants said when the ceremony closed, where they were asked."""
    if not said:
        return y
    y = heading(drawing, y + 2, "Said at the end, in the ledger")
    return listing(drawing, y, (Column("WHO, AND WHAT", 1.0),), [(it,) for it in said])


def _attestation(drawing: Drawing, y: float, people: tuple[Participant, ...]) -> None:
    y = heading(drawing, y, "Attestation", room=16 + _ATTEST * min(2, len(people)))
    said = "I took part in this ceremony. It went as the steps above say, but for the exceptions."
    y = drawing.paragraph(Box(drawing.body.x, y, drawing.body.width, 0), said) + 1
    rows = [(it.role, it.name, it.id, "", _AGREE, "", "") for it in people]
    table(drawing, y, _ATTESTATION, rows, least=_ATTEST)


def _exception(it: RecordException) -> tuple[str, ...]:
    return (str(it.step), _clock(it.time), it.expected, it.happened, it.decided)


def _clock(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"

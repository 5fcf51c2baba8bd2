"""The record of a ceremony: its steps, its exceptions and who attests them (S57, S60).

The columns are those that key ceremonies of the root zone and of key-splitting services use:
step, activity, initials, time; exceptions; an attestation of each participant at the end.
"""

from datetime import datetime
from typing import Final

import msgspec

from keyvault_kit.sheets.blocks import small_code, steps
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table

_STEPS: Final = (
    Column("STEP", 0.07, Face.BOLD),
    Column("ACTIVITY", 0.63),
    Column("INITIALS", 0.15),
    Column("TIME (UTC)", 0.15, Face.MONO),
)
_EXCEPTIONS: Final = (
    Column("STEP", 0.07, Face.BOLD),
    Column("TIME (UTC)", 0.15, Face.MONO),
    Column("EXPECTED", 0.24),
    Column("HAPPENED", 0.24),
    Column("ACTIONS AND DECISIONS", 0.30),
)
_ATTESTATION: Final = (
    Column("ROLE", 0.18),
    Column("NAME", 0.24),
    Column("AFFILIATION", 0.18),
    Column("INITIALS", 0.10),
    Column("SIGNATURE, OR 'DO NOT AGREE' AND WHY", 0.30),
)

_CODE: Final = 24.0


class RecordStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the ceremony.

    Attributes:
        number: From 1.
        initials: Of those who did it; empty where it is to be written in.
        time: When it was done, aware, UTC; None where it is to be written in.
    """

    number: int
    activity: str
    initials: str = ""
    time: datetime | None = None


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


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who attests the record with a signature in ink."""

    role: str
    name: str
    affiliation: str = ""
    initials: str = ""


class CeremonyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a ceremony.

    Attributes:
        heading: Its `sheet_id` is the ceremony's id.
        title: What the ceremony does.
        site: Where it took place; empty where at several.
    """

    heading: Heading
    title: str
    site: str
    steps: tuple[RecordStep, ...]
    exceptions: tuple[RecordException, ...] = ()
    participants: tuple[Participant, ...] = ()


def payload(sheet: CeremonyRecord) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.RECORD,
        register8=sheet.heading.register8,
        set_id=sheet.heading.sheet_id,
        number=sheet.heading.number,
    ).encode()


def render(sheet: CeremonyRecord, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the steps take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Ceremony record", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: CeremonyRecord) -> None:
    y = _opening(drawing, sheet)
    y = heading(drawing, y, "Steps")
    rows = [
        (str(step.number), step.activity, step.initials, _clock(step.time)) for step in sheet.steps
    ]
    y = table(drawing, y, _STEPS, rows, least=7)
    y = heading(drawing, y + 4, "Exceptions")
    if sheet.exceptions:
        y = table(drawing, y, _EXCEPTIONS, [_exception(it) for it in sheet.exceptions])
    else:
        drawing.text(drawing.body.x, y + 3, "None.")
        y += 5
    room = 22.0 + 12.0 * min(3, len(sheet.participants))
    y = heading(drawing, y + 4, "Attestation", room=room)
    said = (
        "We took part in this ceremony. It went as the steps above say, but for the exceptions."
        " Whoever does not agree writes so, and why."
    )
    width = Box(drawing.body.x, y, drawing.body.width, 0)
    y = drawing.paragraph(width, said) + 1
    people = [(p.role, p.name, p.affiliation, p.initials, "") for p in sheet.participants]
    table(drawing, y, _ATTESTATION, people, least=12, banded=False)


def _opening(drawing: Drawing, sheet: CeremonyRecord) -> float:
    """Title, place, what to do and the code, at the top of the first page."""
    box = drawing.body
    room = box.width - _CODE - 6
    drawing.fitted(Box(box.x, box.y + 1, room, 7), sheet.title, largest=14, least=7)
    place = f"At {sheet.site}" if sheet.site else "At several sites"
    drawing.fitted(Box(box.x, box.y + 8, room, 5), place, largest=10)
    texts = (
        (
            "Each participant signs at the end, in ink. The signed record is kept with the ledger's"
            " checkpoint of that day."
        ),
    )
    steps(drawing, Box(box.x, box.y + 13, room, 15), texts)
    small_code(drawing, Box(box.right - _CODE, box.y, _CODE, _CODE), payload(sheet))
    return box.y + 29


def _exception(it: RecordException) -> tuple[str, ...]:
    return (str(it.step), _clock(it.time), it.expected, it.happened, it.decided)


def _clock(time: datetime | None) -> str:
    return "" if time is None else f"{time:%H:%M:%S}"

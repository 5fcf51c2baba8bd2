"""The script of a ceremony, printed before it begins (S57, S60).

The columns are those that key ceremonies of the root zone use: step, activity, initials, time; who
signs in, what lies ready, and an exception sheet for whatever does not go as it stands here.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import (
    Field,
    Participant,
    blank,
    code_text,
    fields,
    listing,
    opening,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import YES_NO

__all__ = ["CeremonyScript", "Participant", "payload", "render"]

_PEOPLE: Final = (
    Column("ROLE", 0.15),
    Column("NAME", 0.25),
    Column("ID", 0.13, Face.BOLD),
    Column("INITIALS", 0.10),
    Column("IN (UTC)", 0.09),
    Column("OUT (UTC)", 0.09),
    Column("SIGNATURE", 0.19),
)
_MATERIALS: Final = (
    Column("ITEM", 0.48),
    Column("SERIAL OR BAG NUMBER", 0.20, Face.MONO),
    Column("THERE?", 0.18),
    Column("INITIALS", 0.14),
)
_STEPS: Final = (
    Column("STEP", 0.06, Face.BOLD),
    Column("ACTIVITY", 0.40),
    Column("WHO", 0.13),
    Column("INITIALS", 0.10),
    Column("TIME (UTC)", 0.12),
    Column("NOTE, EXCEPTION NO.", 0.19),
)

_USE: Final = (
    "Everybody signs in below before step 1. The materials are compared and ticked.",
    "Read each step aloud before it is done. Who did it writes initials and UTC time at once.",
    (
        "An exception? Stop, take an exception sheet, and write its number beside the step. Nothing"
        " on this script is changed or crossed out."
    ),
    "At the end the script goes with the ceremony's record, which everybody signs.",
)

_ROW: Final = 10.5
_PERSON: Final = 11.0
_GUESTS: Final = 2
"""Rows for people, and for materials, that nobody knew of when the script was printed."""


class CeremonyScript(msgspec.Struct, frozen=True, kw_only=True):
    """The script of a ceremony; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` is the ceremony's id.
        title: What the ceremony does.
        steps: Number, activity and people of each, by id.
        materials: What must lie ready.
    """

    heading: Heading
    title: str
    steps: tuple[tuple[int, str, str], ...]
    participants: tuple[Participant, ...] = ()
    materials: tuple[str, ...] = ()


def payload(sheet: CeremonyScript) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.SCRIPT, sheet.heading)


def render(sheet: CeremonyScript, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the steps take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Ceremony script", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: CeremonyScript) -> None:
    under = f"{len(sheet.steps)} steps" if len(sheet.steps) != 1 else "1 step"
    y = opening(drawing, payload(sheet), sheet.title, under, _USE)
    y = fields(
        drawing,
        y,
        (
            Field("PLACE", 0.40),
            Field("BEGAN (UTC)", 0.20),
            Field("ENDED (UTC)", 0.20),
            Field("EXCEPTION SHEETS TAKEN", 0.20),
        ),
    )
    y = heading(drawing, y, "Who takes part")
    people = [(p.role, p.name, p.id, "", "", "", "") for p in sheet.participants]
    y = table(drawing, y, _PEOPLE, [*people, *blank(_PEOPLE, _GUESTS)], least=_PERSON)
    y = heading(drawing, y + 3, "What must lie ready")
    materials = [(it, "", YES_NO, "") for it in (*sheet.materials, *[""] * _GUESTS)]
    y = table(drawing, y, _MATERIALS, materials, least=8)
    y = heading(drawing, y + 3, "Steps")
    steps = [(str(number), activity, who, "", "", "") for number, activity, who in sheet.steps]
    listing(drawing, y, _STEPS, steps, least=_ROW)

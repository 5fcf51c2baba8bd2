"""The exception sheet: what did not go as the ceremony's script says, and who decided what (S57).

Printed blank before a ceremony, a few of them; the fields are those of published key ceremonies:
step, time, expected, happened, actions and decisions.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.forms import (
    Field,
    Participant,
    choice,
    code_text,
    fields,
    lines,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.ticks import Ticks

_USE: Final = (
    "Stop, and write it down before anything else is done. One sheet an exception.",
    "Decide together how to go on. An opening in an emergency never waits for this sheet.",
    "Write its number beside the step in the script. All sign; it goes with the record.",
)
_IMPACT: Final = Ticks(
    (
        "none",
        "a sheet is spoiled",
        "somebody saw or could see a secret",
        "a bag or a seal is damaged",
        "a key does not work",
        "something is missing",
    )
)
_FOLLOWS: Final = Ticks(
    ("go on", "do the step again", "go back to step ____", "end the ceremony here")
)

_PRESENT: Final = 3
"""The least number of rows to sign in."""


class ExceptionSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A blank exception sheet; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` is the ceremony's id, its `number` that of the exception sheet.
        ceremony: What the ceremony does; empty where it is to be written in.
        participants: Who is known to be present.
    """

    heading: Heading
    ceremony: str = ""
    participants: tuple[Participant, ...] = ()


def payload(sheet: ExceptionSheet) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.EXCEPTION, sheet.heading)


def render(sheet: ExceptionSheet, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the participants take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Exception sheet", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: ExceptionSheet) -> None:
    number = f"Exception sheet {sheet.heading.number}"
    y = opening(drawing, payload(sheet), number, "Something did not go as the script says", _USE)
    y = fields(
        drawing,
        y,
        (
            Field("CEREMONY", 0.52, sheet.ceremony),
            Field("STEP", 0.10),
            Field("BEGAN (UTC)", 0.19),
            Field("ENDED (UTC)", 0.19),
        ),
    )
    y = lines(drawing, y, "Expected", 2)
    y = lines(drawing, y, "Happened", 3)
    y = lines(drawing, y, "Actions and decisions", 3)
    y = choice(drawing, y + 2, "Impact", _IMPACT)
    y = choice(drawing, y, "What follows", _FOLLOWS)
    decided = (Field("DECIDED BY (NAME)", 0.4), Field("SIGNATURE", 0.4), Field("TIME (UTC)", 0.2))
    y = fields(drawing, y, decided)
    present = [(it.role, it.name) for it in sheet.participants]
    signatures(drawing, y, present, spare=max(0, _PRESENT - len(present)))

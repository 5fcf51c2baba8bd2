"""The checklist of a drill: a practised use of an emergency account (S50, S56, S57, S58, S60)."""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.forms import (
    USED,
    Field,
    checklist,
    choice,
    code_text,
    fields,
    follow_ups,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import YES_NO, Ticks

_BEFORE: Final = (
    "Monitoring is told: who, which account, from when to when (S56)",
    "If alerts are suppressed then, that window is recorded (S50)",
    "Those who need the process documents reached them (S60)",
    "Those who hold keys, PINs or shares reached them (S60)",
    "The bags are intact, their numbers agree; they are written below",
)
_ACCESS: Final = (
    "A private browser window, on the workstation for it (S15, S57)",
    "Signed in; asked for no more than the account needs (S57)",
    "The role works: something was looked at, nothing changed (S57)",
    "The account has no personal MFA or SSPR methods (S58)",
    "Signed out, and closed the window (S57)",
)
_ALERT: Final = (
    "The alert fired within 15 minutes of the sign-in (S44, S57)",
    "It opened an incident and reached the people on call (S60)",
)
_AFTER: Final = (
    "Who saw a secret is an exposure; a used password changes (S32)",
    "All is in new bags and back in its safe, as it was (S32)",
    "Monitoring is told that the drill is over (S56)",
    "The drill and its date are entered in the ledger (S57)",
)
_OUTCOME: Final = Ticks(("passed", "passed, with follow-ups", "failed"))

_BAGS: Final = (
    Column("WHAT", 0.24),
    Column("BAG OPENED", 0.20),
    Column("INTACT?", 0.16),
    Column("NEW BAG", 0.20),
    Column("SEALED BY, WITNESS", 0.20),
)
_USE: Final = (
    "Tick from top to bottom, with time and initials. What does not go as it says is a follow-up.",
    "Real trouble ends the drill: say so to monitoring, and take an opening form.",
    "The filled-in sheet is kept with the records of the account.",
)

_ROW: Final = 9.0
_ROWS: Final = 3
_SIGNERS: Final = 3


class DrillChecklist(msgspec.Struct, frozen=True, kw_only=True):
    """The checklist of a drill; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` is the drill's id.
        account: The account's sign-in name.
    """

    heading: Heading
    account: str


def payload(sheet: DrillChecklist) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.DRILL, sheet.heading)


def render(sheet: DrillChecklist, paper: Paper) -> bytes:
    """The finished PDF: the drill, and on a second page its outcome.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Drill checklist", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: DrillChecklist) -> None:
    y = opening(drawing, payload(sheet), f"Drill with {sheet.account}", "Not an emergency", _USE)
    told = (
        Field("WINDOW (UTC)", 0.40),
        Field("WHO IN MONITORING WAS TOLD", 0.40),
        Field("WHEN (UTC)", 0.20),
    )
    y = fields(drawing, y, told)
    for title, items in (("Before", _BEFORE), ("Access", _ACCESS)):
        y = checklist(drawing, heading(drawing, y + 1, title), items)
    y = _alert(drawing, y + 1)
    y = checklist(drawing, heading(drawing, y + 1, "After"), _AFTER)
    y = choice(drawing, y + 3, "What was used", USED)
    y = heading(drawing, y + 1, "Bags", room=10 + _ROWS * _ROW)
    y = table(drawing, y, _BAGS, [("", "", YES_NO, "", "")] * _ROWS, least=_ROW)
    y = heading(drawing, y + 3, "Outcome", room=20 + _ROWS * _ROW)
    y = choice(drawing, y, "The drill", _OUTCOME)
    y = follow_ups(drawing, y + 1, "FOLLOW-UP", _ROWS)
    signatures(drawing, y, (), spare=_SIGNERS)


def _alert(drawing: Drawing, y: float) -> float:
    y = heading(drawing, y, "Alert", room=36)
    y = checklist(drawing, y, _ALERT)
    times = (
        Field("SIGNED IN AT (UTC)", 0.22),
        Field("ALERT AT (UTC)", 0.22),
        Field("MINUTES BETWEEN", 0.18),
        Field("WHO WAS REACHED", 0.38),
    )
    return fields(drawing, y + 1, times)

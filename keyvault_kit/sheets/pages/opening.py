"""The form of an opening: a real use of an emergency account, and its post-mortem (S62, S65).

It works without the workstation: whatever is asked here is entered in the ledger afterwards.
"""

from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.forms import (
    USED,
    WHY,
    Field,
    ListedBag,
    bags_taken,
    blank,
    checklist,
    choice,
    code_text,
    fields,
    follow_ups,
    lines,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import Ticks

_SCENARIO: Final = Ticks(
    (
        "federation is down",
        "MFA is down",
        "an administrator left",
        "disaster",
        "nobody can approve a role",
        "accounts are taken over",
        "a Conditional Access mistake",
        "another",
    )
)
_LOGS: Final = (
    "Sign-in logs, interactive and not, a day before to a day after",
    "Audit logs of the same time",
    "The alert, its incident, and who was reached",
    "All of it lies where the account's users cannot change it",
)
_DUE: Final = (
    "The password is changed, split and sealed anew (S32)",
    "The PIN of each opened key is changed and sealed anew",
    "Keys lie in new bags; the safes are as they were (S32)",
    "Combinations that became known are changed (S42)",
    "The opening and its exposures are entered in the ledger",
)
_CLASS: Final = Ticks(("drill", "emergency", "misuse"))
_RECORDED: Final = Ticks(("yes", "no: it was an emergency or a compromise (S65)"))
_AUTHORITY: Final = Ticks(("all were allowed", "not all"))

_ACTIONS: Final = (
    Column("TIME (UTC)", 0.12),
    Column("WHAT WAS DONE", 0.42),
    Column("ALLOWED BY WHOM OR WHAT", 0.30),
    Column("INITIALS", 0.16),
)
_EXPOSURES: Final = (
    Column("WHO", 0.25),
    Column("SAW OR COULD SEE WHAT", 0.49),
    Column("DATE, TIME (UTC)", 0.26),
)
_TIMELINE: Final = (Column("DATE, TIME (UTC)", 0.22), Column("WHAT HAPPENED", 0.78))
_USE: Final = (
    "In an emergency open first. Write as you go; what was left out is written in afterwards.",
    "Write every action and its time. What nobody allowed is written down like the rest.",
    "As soon as the emergency is over, enter all of it in the ledger.",
    "Within days hold the post-mortem below. The sheet is kept with the records of the account.",
)

_ROW: Final = 8.5


class OpeningForm(msgspec.Struct, frozen=True, kw_only=True):
    """The form of an opening; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` is the opening's id, or the form's own where it is printed ahead.
        account: The account's sign-in name; empty where it is to be written in.
        bags: What would be opened.
    """

    heading: Heading
    account: str = ""
    bags: tuple[ListedBag, ...] = ()


def payload(sheet: OpeningForm) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.OPENING, sheet.heading)


def render(sheet: OpeningForm, paper: Paper) -> bytes:
    """The finished PDF: decision and use, what is due after it, the post-mortem.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Opening form", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: OpeningForm) -> None:
    y = opening(
        drawing, payload(sheet), "Opening of an emergency account", "With its post-mortem", _USE
    )
    y = _decision(drawing, y, sheet.account)
    y = _taken(drawing, y + 1, sheet.bags)
    y = heading(drawing, y + 3, "Actions", room=10 + _ROW)
    y = table(drawing, y, _ACTIONS, blank(_ACTIONS, 8), least=_ROW)
    y = _afterwards(drawing, y + 3)
    _post_mortem(drawing, drawing.new_page().y)


def _decision(drawing: Drawing, y: float, account: str) -> float:
    decided = (
        Field("DECIDED BY (NAME)", 0.32),
        Field("AND BY (NAME)", 0.32),
        Field("DATE, TIME (UTC)", 0.36),
    )
    used = (Field("ACCOUNT", 0.55, account), Field("WORKSTATION", 0.45))
    y = heading(drawing, y, "Decision")
    y = fields(drawing, fields(drawing, y, decided), used)
    y = choice(drawing, y + 1, "Why", WHY)
    y = choice(drawing, y, "What is the matter", _SCENARIO)
    return lines(drawing, y, "In words", 1)


def _taken(drawing: Drawing, y: float, bags: tuple[ListedBag, ...]) -> float:
    y = heading(drawing, y, "Bags compared and taken", room=10 + 3 * _ROW)
    y = bags_taken(drawing, y, bags, spare=max(2, 4 - len(bags)))
    return choice(drawing, y + 2, "What was used", USED)


def _afterwards(drawing: Drawing, y: float) -> float:
    y = checklist(drawing, heading(drawing, y, "Logs preserved", room=50), _LOGS)
    y = heading(drawing, y + 2, "Exposures", room=10 + 3 * _ROW)
    y = table(drawing, y, _EXPOSURES, blank(_EXPOSURES, 3), least=_ROW)
    return checklist(drawing, heading(drawing, y + 2, "Due now", room=46), _DUE)


def _post_mortem(drawing: Drawing, y: float) -> None:
    y = heading(drawing, y, "Post-mortem")
    held = (Field("HELD ON", 0.25), Field("LED BY (NAME; NOT WHO USED THE ACCOUNT)", 0.75))
    y = fields(drawing, y, held)
    y = choice(drawing, y + 1, "Class", _CLASS)
    y = choice(drawing, y, "Drill on record?", _RECORDED)
    y = table(drawing, y + 2, _TIMELINE, blank(_TIMELINE, 4), least=_ROW)
    y = choice(drawing, y + 3, "Actions and authority", _AUTHORITY)
    y = lines(drawing, y, "Which were not, and who decides about them", 1)
    y = lines(drawing, y, "Cause", 2)
    y = follow_ups(drawing, y + 3, "WHAT TO CHANGE", 3)
    signatures(drawing, y, (("Led the post-mortem", ""), ("Used the account", ""), ("Witness", "")))

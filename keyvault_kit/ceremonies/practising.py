"""What is asked in a drill, and what it is when the answer is no (S50, S56 to S58, S60)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.paperwork import heading, sheet_name, today, usual_paper
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.recovering import SIGN_IN_REFUSED
from keyvault_kit.custody import events as ev
from keyvault_kit.sheets.pages import drill as page


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a checklist.

    Attributes:
        rule: Of the finding where the answer is no.
        asked: The question; `{}` is the account.
        what: What is found then, `{}` as well.
        mend: What is to be done about it.
    """

    rule: str
    asked: str
    what: str
    mend: str


REACHED: Final = (
    Question(
        rule="drill-documents",
        asked="Did those who need the process documents of {} reach them (S60)?",
        what="the process documents of {} could not be reached",
        mend="Lay them where they are reached without the tenant.",
    ),
    Question(
        rule="drill-holders",
        asked="Was everybody reached who holds keys, PINs or shares of {} (S60)?",
        what="not everybody who holds keys, PINs or shares of {} was reached",
        mend="Bring the list of those who are authorised up to date ('people').",
    ),
)
TOLD: Final = (
    Question(
        rule="drill-untold",
        asked="Was monitoring told: who, which account ({}), from when to when (S56)?",
        what="monitoring was not told of the drill of {}",
        mend="Tell them now, before anybody signs in.",
    ),
    Question(
        rule="drill-suppression",
        asked="Do the alerts of {} go out as always, or is the window of their suppression"
        " recorded (S50)?",
        what="alerts of {} are suppressed, and no window is recorded",
        mend="Record the window, and end it with the drill.",
    ),
)
BEFORE_ACCESS: Final = (
    Question(
        rule="drill-browser",
        asked="Is a private browser window open, on the workstation for {} (S15, S57)?",
        what="{} was practised with elsewhere than in a private window on its workstation",
        mend="Close that window; use the designated workstation, and a private window.",
    ),
)
ACCESS: Final = (
    Question(
        rule="drill-methods",
        asked="Was {} asked for nothing but what it needs, and has it no personal methods (S58)?",
        what="{} was asked for more than it needs, or has methods of somebody's own",
        mend="Look at its methods and at the policies: 'entra check'.",
    ),
    Question(
        rule="drill-role",
        asked="Does the role of {} work: something was looked at, and nothing changed (S57)?",
        what="the role of {} did not work",
        mend="Assign it permanently, and practise again.",
    ),
    Question(
        rule="drill-signed-in",
        asked="Was {} signed out, and the window closed (S57)?",
        what="{} was not signed out after the drill",
        mend="Revoke its sessions at the tenant.",
    ),
)
ALERT: Final = (
    Question(
        rule="drill-alert",
        asked="Did the alert on {} fire within 15 minutes of the sign-in (S44, S57)?",
        what="the alert on {} did not fire within 15 minutes",
        mend="Look at the diagnostic setting, the rule and the action group; practise again.",
    ),
    Question(
        rule="drill-incident",
        asked="Did the alert on {} open an incident, and reach the people on call (S60)?",
        what="the alert on {} opened no incident, or reached nobody on call",
        mend="Look at the action group and at the people on call.",
    ),
)
OVER: Final = (
    Question(
        rule="drill-over",
        asked="Was monitoring told that the drill of {} is over (S56)?",
        what="monitoring was not told that the drill of {} is over",
        mend="Tell them: the next sign-in is none of the drill.",
    ),
)

NEEDED: Final = frozenset({SIGN_IN_REFUSED, "drill-role", "drill-alert"})
"""Findings with which an account was not practised with: the drill is owed still (S57)."""


def ask_all(work: Work, account: str, questions: Sequence[Question]) -> list[ev.Fact]:
    """Go through a checklist; each no is a finding."""
    return [fact for it in questions for fact in _ask(work, account, it)]


def _ask(work: Work, account: str, it: Question) -> list[ev.Fact]:
    prompt = Prompt(topic=Topic.CHECK, text=it.asked.format(account), subject=account)
    if work.interaction.confirm(prompt):
        return []
    what = it.what.format(account)
    return [ev.FindingMade(rule=it.rule, subject=account, what=what, mend=it.mend)]


def print_checklist(work: Work, account: str) -> None:
    """Print the checklist of the drill that this ceremony is.

    Raises:
        DeviceError, RefusedError: It cannot be printed.
    """
    book, register = work.station.book, work.register
    its = register.accounts[account]
    sheet = page.DrillChecklist(
        heading=heading(book, label=f"Drill of {its.id}", sheet_id=work.ceremony, day=today(work)),
        account=its.upn,
    )
    pdf = page.render(sheet, usual_paper(register))
    work.station.paper.put(sheet_name("checklist", work.ceremony), pdf)

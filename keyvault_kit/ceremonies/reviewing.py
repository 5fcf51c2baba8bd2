"""The checklist of the 90-day review: what the register says of each point, and what is asked."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import Final

import msgspec

from keyvault_kit.ceremonies import review_facts as facts
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.duties import PROCESS
from keyvault_kit.custody.history import Duty

RULE: Final = "review-"
"""How the rules begin by which a review finds something."""


class How(StrEnum):
    """How a point of the review is decided."""

    ASKED = "asked"
    """People answer, after they were told what the register says."""
    ASKED_IF_TOLD = "asked if told"
    """As that; nobody is asked where the register has nothing to say."""
    ASKED_OF_EACH = "asked of each"
    """Of each thing that the register names, people answer."""
    FOUND = "found"
    """Whatever the register says is a finding, and nobody is asked."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the review.

    Attributes:
        name: Its finding is `review-NAME`.
        requirement: The requirement that asks for it, `S40`.
        statement: What is so where all is well, in a sentence without a full stop.
        otherwise: What is so where it is not, in the same way; `{}` is what was named.
        mend: What to do then, in whole sentences.
        told: What the register says, each with the id of what it is about.
        about: The account; or the process that there is one of.
        duty: What is done by a yes, so that two sign it; none for most.
    """

    name: str
    requirement: str
    statement: str
    otherwise: str
    mend: str
    told: Callable[[Work], Iterable[facts.Told]] = facts.nothing
    how: How = How.ASKED
    about: str = PROCESS
    duty: Duty | None = None

    @property
    def step(self) -> str:
        """The id of its step."""
        return self.name if self.about == PROCESS else f"{self.name}-{self.about}"

    @property
    def each(self) -> bool:
        """Whether its findings are about what the register names, each for itself."""
        return self.how is How.ASKED_OF_EACH

    @property
    def rule(self) -> str:
        """The rule of its findings."""
        return f"{RULE}{self.name}"


def of_organisation(accounts: Sequence[str]) -> tuple[Check, ...]:
    """The points that are about all accounts together.

    Args:
        accounts: Those that are reviewed.
    """
    return (
        Check(
            name="authorised",
            requirement="S40",
            statement="Everybody on this list is still to be authorised, and nobody is missing",
            otherwise="the list of who is authorised is not as it should be",
            mend="Change it: 'people add', 'people change', 'leaver', 'safes change'.",
            told=facts.authorised,
        ),
        Check(
            name="changes",
            requirement="S55",
            statement="No other change of staff, subscriptions, places or authority happened since",
            otherwise="something that sets off a review happened, and is not on record",
            mend="Enter it: 'due note', or the change itself. Review again what it touches.",
            told=partial(facts.changes, accounts),
        ),
        Check(
            name="custody",
            requirement="S34 to S39",
            statement="What the analysis of custody finds is being mended, or decided upon",
            otherwise="what the analysis of custody finds is neither mended nor decided upon",
            mend="'custody analyse' says what to do; or two decide to live with it: 'decide make'.",
            told=facts.custody,
            how=How.ASKED_IF_TOLD,
        ),
        Check(
            name="findings",
            requirement="S54",
            statement="Somebody is at work on each open finding",
            otherwise="nobody is at work on an open finding",
            mend="Name somebody for each, and settle what is mended: 'decide settle'.",
            told=facts.open_findings,
            how=How.ASKED_IF_TOLD,
        ),
        Check(
            name="evidence",
            requirement="S54",
            statement="Evidence from the tenant is at most 90 days old",
            otherwise="{}",
            mend="Export it, and read it here: 'entra check'.",
            told=facts.stale_evidence,
            how=How.FOUND,
        ),
        Check(
            name="rules",
            requirement="S1 to S65",
            statement="What the rules find, or cannot judge, is being mended, or decided upon",
            otherwise="what the rules find, or cannot judge, is neither mended nor decided upon",
            mend="'rules --all' says what to do; or two decide to live with it: 'decide make'.",
            told=facts.rules,
            how=How.ASKED_IF_TOLD,
        ),
        Check(
            name="bags",
            requirement="S54",
            statement="The bags in each safe were compared with the register, or its inventory",
            otherwise="the bags in safe {} were not compared with the register since the last"
            " review",
            mend="Walk through it: 'audit'.",
            told=partial(facts.unwalked, accounts),
            how=How.ASKED_OF_EACH,
        ),
        Check(
            name="documents",
            requirement="S60",
            statement="Those who need the process documents reach them without the tenant",
            otherwise="not everybody who needs the process documents reaches them",
            mend="Lay them where they are reached without the tenant, and try it again.",
        ),
        Check(
            name="document",
            requirement="S59",
            statement="The process document was read for this review, and is up to date",
            otherwise="the process document is not up to date, or was not read",
            mend="Bring it up to date, and enter that: 'due done document'.",
            duty=Duty.DOCUMENT,
        ),
        Check(
            name="training",
            requirement="S59",
            statement="Everybody with authority was trained within a year",
            otherwise="{} was not trained within a year",
            mend="Train them, and enter that: 'due done training'.",
            told=facts.untrained,
            how=How.ASKED_OF_EACH,
            duty=Duty.TRAINING,
        ),
    )


def of_account(account: str) -> tuple[Check, ...]:
    """The points that are about one account."""
    return (
        Check(
            name="methods",
            requirement="S58",
            statement=f"{account} has no method of somebody's own at the tenant",
            otherwise=f"{account} has a method of somebody's own at the tenant, or nobody looked",
            mend="Remove it there, and find out who registered it; bring evidence: 'entra check'.",
            told=partial(facts.methods, account),
            about=account,
        ),
        Check(
            name="drill",
            requirement="S57",
            statement=f"The use of {account} was practised within a year",
            otherwise="{}",
            mend=f"Practise it: 'drill {account}'.",
            told=partial(facts.overdue_drill, account),
            how=How.FOUND,
            about=account,
        ),
        Check(
            name="access",
            requirement="S60",
            statement=f"A sign-in to {account} was tested, and it still works",
            otherwise=f"nobody has tested a sign-in to {account}, or it did not work",
            mend=f"Test it in a drill: 'drill {account}'.",
            told=partial(facts.uses, account),
            about=account,
        ),
        Check(
            name="alert",
            requirement="S60",
            statement=f"The alert on {account} was tested, and opens an incident",
            otherwise=f"nobody has tested the alert on {account}, or it opened no incident",
            mend="Look at the diagnostic setting, the rule and the action group; test it again.",
            told=partial(facts.uses, account),
            about=account,
        ),
        Check(
            name="reach",
            requirement="S60",
            statement=f"Those who open these safes were reached, and come to what opens {account}",
            otherwise=f"not everybody was reached who comes to what opens {account}",
            mend="Bring the openers of the safes up to date: 'safes change', 'people change'.",
            told=partial(facts.places, account),
            about=account,
        ),
    )


def at_the_end(accounts: Sequence[str]) -> Check:
    """What is due from now to the next review."""
    return Check(
        name="due",
        requirement="S32, S42, S54 to S59",
        statement="Each of these duties is done by its day, and what is overdue at once",
        otherwise="nobody does what is overdue, or will be",
        mend="Name somebody for each: 'due' lists them.",
        told=partial(facts.duties, accounts),
        how=How.ASKED_IF_TOLD,
    )


# --- Asking


def act(check: Check, work: Work) -> Sequence[ev.Fact]:
    """Tell what the register says of a point, and have it answered; a no is a finding."""
    told = tuple(check.told(work))
    if check.how is How.FOUND:
        return [_finding(check, it.about or check.about, it.text) for it in told]
    if check.how is How.ASKED_OF_EACH:
        return [fact for it in told for fact in _ask(check, work, it.about, it.text)]
    for it in told:
        work.interaction.show(Prompt(topic=Topic.NOTE, text=it.text, subject=it.about))
    if check.how is How.ASKED_IF_TOLD and not told:
        return []
    return _ask(check, work, check.about, f"{check.statement}.")


def _ask(check: Check, work: Work, about: str, text: str) -> list[ev.Fact]:
    asked = f"{text} Is that so ({check.requirement})?"
    prompt = Prompt(topic=Topic.CHECK, text=asked, subject=about)
    if work.interaction.confirm(prompt):
        return [ev.DutyDone(duty=check.duty, subject=about)] if check.duty else []
    return [_finding(check, about, about), *_remark(check, work, about)]


def _finding(check: Check, about: str, named: str) -> ev.FindingMade:
    what = check.otherwise.format(named)
    return ev.FindingMade(rule=check.rule, subject=about, what=what, mend=check.mend)


def _remark(check: Check, work: Work, about: str) -> list[ev.Fact]:
    """What people say of a no, in an erasable row: a record prints it with its exceptions."""
    text = "What is not so, in your words? Nothing if that says it all"
    prompt = Prompt(topic=Topic.REMARK, text=text, subject=about)
    said = work.ask_words(prompt)
    if not said:
        return []
    row = {
        "step": work.step.id,
        "expected": check.statement,
        "happened": said,
        "decided": check.mend,
    }
    details = work.write_down(row)
    return [ev.ExceptionNoted(ceremony=work.ceremony, step=work.step.id, details=details)]

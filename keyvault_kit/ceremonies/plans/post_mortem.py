"""The post-mortem of a use: logs kept, deeds held against authority, the use classed (S62, S65)."""

import functools
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from keyvault_kit.ceremonies import handling, looking_back, practising
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.practising import Question
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import has_authority
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import RefusedError

MISUSE: Final = "misuse"
UNAUTHORISED: Final = "use-unauthorised"
OWN_USE: Final = "use-own"
"""Rules of the findings: a use was misuse; somebody did what they had no authority for; nobody but
those who took part looked into it."""

_EXPORT: Final = "Export it at once, to where it cannot be changed: the tenant deletes its logs."
_LOGS: Final = (
    Question(
        rule="logs-sign-in",
        asked="Are the sign-in logs of {} kept, interactive and not, from a day before to a day"
        " after (S62)?",
        what="the sign-in logs of the use of {} were not kept",
        mend=_EXPORT,
    ),
    Question(
        rule="logs-audit",
        asked="Are the audit logs of the use of {} kept, of the same time (S62)?",
        what="the audit logs of the use of {} were not kept",
        mend=_EXPORT,
    ),
    Question(
        rule="logs-alert",
        asked="Are the alert on {}, its incident, and who was reached written down (S62)?",
        what="of the alert on {} and its incident nothing was kept",
        mend=_EXPORT,
    ),
    Question(
        rule="logs-safe",
        asked="Does all of it lie where no user of {} can change it (S62)?",
        what="the logs of the use of {} lie where they can be changed",
        mend=_EXPORT,
    ),
)
_ALLOWED: Final = Question(
    rule=UNAUTHORISED,
    asked="Is that all that was done with {}, and was all of it allowed (S62)?",
    what="something was done with {} that nobody allowed, or that is not on record",
    mend="Enter late what is missing; the officers decide about what was not allowed.",
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Whose use is looked into.

    Attributes:
        officers: Two, who class it and sign.
        number: Which post-mortem of the ledger it is.
    """

    account: str
    officers: tuple[str, str]
    number: int


def check(register: Register, it: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        RefusedError: There is no such account; or both took part in what they would class, and
            there is an officer who did not (S62).
    """
    known(register.accounts, it.account, "account")
    part = looking_back.took_part(register, it.account)
    others = sorted(set(_officers(register)) - part)
    if set(it.officers) <= part and others:
        raise RefusedError(
            f"{listed(it.officers)} both took part in the use of {it.account}, and would class it"
            " themselves",
            mend=f"One of the two is somebody who did not: {' or '.join(others)}.",
        )


def _officers(register: Register) -> Iterator[str]:
    """Officers with authority as of the newest entry."""
    for it in register.people.values():
        day = register.time and register.time.date()
        if Role.OFFICER in it.roles and day and has_authority(it, day):
            yield it.id


def ceremony(request: Request) -> Ceremony:
    """The post-mortem of that number."""
    return Ceremony(
        id=f"post-mortem-{request.account}-{request.number}",
        plan=PLAN,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The post-mortem of this request that was cut short, or else the next one."""
    number = handling.number_for(register, PLAN.name, msgspec.to_builtins(request))
    return ceremony(msgspec.structs.replace(request, number=number))


def steps(_: Register, request: ev.Request) -> tuple[Step, ...]:
    """Three steps: the logs, the deeds, the class."""
    it = msgspec.convert(request, Request)
    return (
        Step(
            id="logs",
            activity=f"See that the logs of the use of {it.account} are preserved",
            by=it.officers,
            act=functools.partial(_logs, it),
        ),
        Step(
            id="compare",
            activity=f"Hold what was done with {it.account} against who was allowed what",
            by=it.officers,
            act=functools.partial(_compare, it),
        ),
        Step(
            id="class",
            activity=f"Class the use of {it.account}: drill, emergency or misuse; both sign it",
            by=it.officers,
            act=functools.partial(_class, it),
            acts=(ev.UseClassed,),
            signed=True,
        ),
    )


PLAN = Plan("post-mortem", steps)


def _logs(it: Request, work: Work) -> Sequence[ev.Fact]:
    return practising.ask_all(work, it.account, _LOGS)


def _compare(it: Request, work: Work) -> Sequence[ev.Fact]:
    done = looking_back.deeds(work.station.book, it.account)
    for deed in done:
        _show(work, it.account, str(deed))
    if not done:
        _show(work, it.account, f"The ledger has no use of {it.account} since the last time.")
    doubts = dict.fromkeys(doubt for deed in done for doubt in deed.doubts)
    found: list[ev.Fact] = [_unauthorised(it.account, doubt) for doubt in doubts]
    own = {person for deed in done for person in deed.who} & set(it.officers)
    if own == set(it.officers):
        found.append(_own(it.account, sorted(own)))
    elif own:
        _show(work, it.account, f"{listed(own)} took part in it, and classes it now.")
    return [*found, *practising.ask_all(work, it.account, (_ALLOWED,))]


def _unauthorised(account: str, doubt: str) -> ev.FindingMade:
    return ev.FindingMade(
        rule=UNAUTHORISED,
        subject=account,
        what=f"{account} was handled without authority: {doubt}",
        mend="Find out who allowed it; the officers decide what follows.",
    )


def _own(account: str, officers: list[str]) -> ev.FindingMade:
    return ev.FindingMade(
        rule=OWN_USE,
        subject=account,
        what=f"{listed(officers)} both took part in the use of {account}, and class it themselves",
        mend="Let somebody who took no part look into it again: make one more person an officer.",
    )


def _show(work: Work, account: str, text: str) -> None:
    work.interaction.show(Prompt(topic=Topic.NOTE, text=text, subject=account))


def _class(it: Request, work: Work) -> Sequence[ev.Fact]:
    verdicts = tuple(UseClass)
    text = f"What was the use of {it.account}? Of several, the worst."
    prompt = Prompt(topic=Topic.CLASS, text=text, subject=it.account)
    verdict = verdicts[work.interaction.choose(prompt, tuple(str(each) for each in verdicts))]
    row = {"account": it.account, "class": str(verdict), "words": _in_words(it.account, work)}
    classed = ev.UseClassed(account=it.account, verdict=verdict, details=work.write_down(row))
    if verdict is not UseClass.MISUSE:
        return [classed]
    misused = ev.FindingMade(
        rule=MISUSE,
        subject=it.account,
        what=f"the use of {it.account} was misuse",
        mend=f"Change whatever opens {it.account}, revoke its sessions, and decide about those who"
        " had access.",
    )
    return [classed, misused]


def _in_words(account: str, work: Work) -> str:
    text = f"In words: what happened with {account}, why, and what is changed by it?"
    prompt = Prompt(topic=Topic.REMARK, text=text, subject=account)
    while not (words := work.ask_words(prompt)):
        pass
    return words

"""Rules about custody (S34 to S42): who could act, and who always can.

What follows from who can lay hands on what is judged by :mod:`keyvault_kit.custody.judging`, for
plans and registers alike; here stands what the register knows beside that.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final

from keyvault_kit.custody import judging
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.decisions import counting
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.leaving.leaver import leaver
from keyvault_kit.custody.leaving.orders import OrderKind
from keyvault_kit.custody.model import Safe
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import MET, Findings, Rule, for_people
from keyvault_kit.custody.survival import Survival
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.custody.thin_days import Absence, ThinDays, thin_days, validity
from keyvault_kit.custody.triggers import combination_known_to, day_of, year_after
from keyvault_kit.custody.wording import count_of, listed

FIREPROOF: Final = "fireproof"
"""The decision by which two officers say that the safes are: the register cannot know (S34)."""

_OF_OTHER_RULES: Final = (OrderKind.SUCCESSOR, OrderKind.REVIEW)
"""Orders that are no matter of what a leaver has: S37 and S55 ask for them."""

_NAMED: Final = 3
"""So many runs of thin days, or open orders, are told in a finding."""


# --- Places


def s34(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Fireproof safes, at two separate sites at least (S34)."""
    yield from judging.s34(holdings_of(register, day_of(now)))
    said = counting(register, FIREPROOF, now)
    if said is None or said.choice != MET:
        yield RuleFinding(
            rule="S34",
            severity=Severity.UNKNOWN,
            what="it is not known whether all safes are fireproof",
            why="Paper chars long before steel melts, and the register cannot see the safes.",
            mend="Read their plates, and let two officers say so: "
            f"'decide make {FIREPROOF} {MET} --why ... --review ...'.",
        )


def s35(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """One fire or thief cannot take both keys of an account, nor both their PINs (S35)."""
    holdings = holdings_of(register, day_of(now))
    return judging.s35(holdings, Survival(holdings))


def s36(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Keys and PINs lie in separate places (S36; C6 can be decided otherwise)."""
    return judging.s36(holdings_of(register, day_of(now)))


# --- People


def s37(
    register: Register,
    _tenant: TenantFacts | None,
    now: datetime,
    absences: Sequence[Absence] = (),
    untold: Collection[str] = (),
) -> Findings:
    """Two people have access at all times, holidays included (S37).

    Args:
        absences: Who is away when; who has no authority yet, or no more, counts as away by itself.
        untold: Of whom an absence was noted whose days are not known any more.
    """
    holdings = holdings_of(register, day_of(now))
    yield from judging.s37(holdings, Survival(holdings))
    thin = thin_days(holdings, (*absences, *validity(register)), day_of(now))
    by_need = sorted(thin, key=lambda it: (it.account, it.what, it.first))
    for (account, what), runs in groupby(by_need, key=lambda it: (it.account, it.what)):
        yield _thin(account, what, tuple(runs))
    if untold:
        yield _untold(listed(untold))


def _untold(people: str) -> RuleFinding:
    return RuleFinding(
        rule="S37",
        severity=Severity.UNKNOWN,
        what=f"it is not known on which days {people} will be away: a row of it is gone",
        why="On those days too few people may be there.",
        mend="Where it was erased, note again what is still to come ('people absent'); a row that"
        " nobody erased, as 'ledger verify' tells, comes back with a backup.",
    )


def _thin(account: str, what: str, runs: tuple[ThinDays, ...]) -> RuleFinding:
    told = "; ".join(map(_run, runs[:_NAMED]))
    more = _more(len(runs), "time")
    return RuleFinding(
        rule="S37",
        severity=Severity.MEDIUM,
        what=f"fewer than two people can reach {what} of {account} {told}{more}",
        why="People are ill and travel: two must be able to at all times, holidays included.",
        mend="Name one opener more, or move an absence.",
        subject=account,
    )


def _run(it: ThinDays) -> str:
    when = f"on {it.first}" if it.first == it.last else f"from {it.first} to {it.last}"
    left = f"{listed(it.people) or 'nobody'} is left"
    away = f", {listed(it.away)} away" if it.away else ""
    return f"{when} ({left}{away})"


def _more(there_are: int, noun: str) -> str:
    """How many are not told."""
    return f"; and {count_of(there_are - _NAMED, f'more {noun}')}" if there_are > _NAMED else ""


def s38(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Nobody suffices alone: two people for the keys, and two others for the PINs (S38)."""
    return judging.s38(holdings_of(register, day_of(now)))


def s39(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Nobody has ever had everything, and a leaver has nothing left (S39)."""
    today = day_of(now)
    yield from judging.s39(holdings_of(register, today))
    for person in register.people.values():
        if person.until and person.until < today:
            yield from _has_still(register, person.id, person.until, now)


def _has_still(
    register: Register, person: str, until: date, now: datetime
) -> Iterator[RuleFinding]:
    """The orders about a leaver that are open, but for those that other rules ask for."""
    its = leaver(register, person, until, now)
    still = [it.what for it in its.open_orders if it.kind not in _OF_OTHER_RULES]
    if still:
        more = _more(len(still), "order")
        yield RuleFinding(
            rule="S39",
            severity=Severity.MEDIUM,
            what=f"{person} left on {until}, and this is still to do:"
            f" {'; '.join(still[:_NAMED])}{more}",
            why="A leaver keeps what nobody took from them.",
            mend=f"Do what 'leaver {person}' lists.",
            subject=person,
        )


# --- Devices and combinations


def s41(_register: Register, _tenant: TenantFacts | None, _now: datetime) -> Findings:
    """A registered device is in reach of all administrators, over two network paths (S41).

    Neither register nor tenant can tell: it is unknown until two people say so by name.
    """
    yield for_people(
        "S41",
        "whether all administrators reach a registered device, over two independent network paths",
        "Where no device or no network is in reach, nobody can sign in.",
    )


def s42(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Each safe's combination was changed since an opener left, and within the last year (S42)."""
    for safe in register.safes.values():
        terms = register.safe_terms[safe.id]
        changed = register.done.get(f"{Duty.COMBINATION}:{safe.id}", terms[0].since)
        for cause in combination_known_to(register, terms, changed):
            if cause.since <= now:
                yield _combination(
                    safe,
                    Severity.MEDIUM,
                    f"the combination of safe {safe.id} is to be changed: {cause.words}"
                    f" ({cause.since.date()})",
                    "Whoever knows it can still open the safe.",
                )
        if year_after(changed, "").day < day_of(now):
            yield _combination(
                safe,
                Severity.LOW,
                f"the combination of safe {safe.id} is as it was on {changed.date()}",
                "Who watched or guessed it can open the safe: it is changed once a year at least.",
            )


def _combination(safe: Safe, severity: Severity, what: str, why: str) -> RuleFinding:
    mend = (
        "Take whoever left off its list ('safes change'), change the combination, and enter that"
        f" with 'due done combination {safe.id}'."
    )
    return RuleFinding(
        rule="S42", severity=severity, what=what, why=why, mend=mend, subject=safe.id
    )


RULES: Final[dict[str, Rule]] = {
    "S34": s34,
    "S35": s35,
    "S36": s36,
    "S37": s37,
    "S38": s38,
    "S39": s39,
    "S41": s41,
    "S42": s42,
}

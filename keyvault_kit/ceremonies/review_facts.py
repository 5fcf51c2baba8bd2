"""What the register says of each point of a review, in sentences."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.tenant_evidence import facts_on_record, newest_evidence
from keyvault_kit.ceremonies.walking import last_walk
from keyvault_kit.custody.access import has_authority, holdings_of
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.judging import judge_holdings
from keyvault_kit.custody.model import EnvelopeState, Person
from keyvault_kit.custody.opening import may_open
from keyvault_kit.custody.pending import pending
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import EVIDENCE_LASTS, Outcome, judge
from keyvault_kit.custody.schedule import (
    REVIEW_DAYS,
    Task,
    days_left,
    due,
    overdue,
    review_period,
)
from keyvault_kit.custody.tenant import PERSONAL
from keyvault_kit.custody.triggers import day_of, reviews_set_off
from keyvault_kit.custody.wording import listed

_TOLD_ELSEWHERE: Final = frozenset({*(f"S{n}" for n in range(34, 40)), "S54", "S55"})
"""Rules whose findings the analysis of custody tells, or that this very review answers."""

_YEAR: Final = timedelta(days=366)


class Told(NamedTuple):
    """Something that the register says.

    Attributes:
        text: A sentence, with its full stop.
        about: Id of what it is about; empty where it is about the whole.
    """

    text: str
    about: str = ""


Tellings = Iterator[Told]


def nothing(_: Work) -> Tellings:
    """Nothing: the register does not know."""
    yield from ()


def _now(work: Work) -> datetime:
    return work.station.clock()


def since(register: Register, accounts: Collection[str]) -> datetime:
    """When the accounts were last reviewed; of several the longest ago."""
    return min(review_period(register, register.accounts[it]).since for it in accounts)


# --- People


def authorised(work: Work) -> Tellings:
    """Everybody with authority: roles, safes, and what they saw that still opens something."""
    register, today = work.register, day_of(_now(work))
    for it in register.people.values():
        if has_authority(it, today):
            yield Told(_person(register, it), it.id)


def _person(register: Register, it: Person) -> str:
    until = f" until {it.until}" if it.until else ""
    safes = opened_by(register, it.id)
    opens = f" opens {listed(safes)}" if safes else " opens no safe"
    secrets = seen_by(register, it.id)
    saw = f", and saw something of {listed(secrets)}" if secrets else ""
    return f"{it.id} ({', '.join(it.roles)}{until}){opens}{saw}."


def opened_by(register: Register, person: str) -> tuple[str, ...]:
    """The safes on whose list somebody stands (S40)."""
    return tuple(it.id for it in register.safes.values() if person in it.openers)


def seen_by(register: Register, person: str) -> tuple[str, ...]:
    """The sets that still may open something, and of which somebody saw or could see a sheet."""
    seen = {it.set for it in register.exposures if it.person == person}
    return tuple(sorted(it for it in seen & set(register.sets) if _opens(register, it)))


def _opens(register: Register, name: str) -> bool:
    return may_open(register, register.sets[name])


def untrained(work: Work) -> Tellings:
    """Who has authority, and was not trained within a year (S59)."""
    register, now = work.register, _now(work)
    for it in register.people.values():
        last = register.done.get(f"{Duty.TRAINING}:{it.id}")
        if has_authority(it, day_of(now)) and (last is None or now - last > _YEAR):
            known = (
                f"last on {last:%Y-%m-%d}, by the register" if last else "never, by the register"
            )
            yield Told(f"{it.id} was trained within a year ({known}).", it.id)


def changes(accounts: Collection[str], work: Work) -> Tellings:
    """What set off a review since the last one (S55)."""
    begun = since(work.register, accounts)
    happened = [it for it in reviews_set_off(work.register) if begun < it.since <= _now(work)]
    for it in happened:
        yield Told(f"{it.words[0].upper()}{it.words[1:]} ({it.day}).")
    if not happened:
        yield Told(f"Since {begun:%Y-%m-%d} nothing is on record that sets off a review.")


# --- What is wrong


def custody(work: Work) -> Tellings:
    """What the analysis of custody finds (S34 to S39)."""
    for it in judge_holdings(holdings_of(work.register, day_of(_now(work)))):
        yield _told(it)


def _told(it: RuleFinding) -> Told:
    return Told(f"{it.severity.capitalize()}, {it.rule}: {it.what}.", it.subject)


def open_findings(work: Work) -> Tellings:
    """The findings that nobody settled, but for those of this very review."""
    started = work.register.ceremonies[work.ceremony].started
    for it in (it for it in work.register.open_findings() if it.seq < started):
        yield Told(f"{it.rule}, {it.subject}: {it.what}.", it.subject)


def stale_evidence(work: Work) -> Tellings:
    """That evidence from the tenant is missing, or past its time (S54)."""
    newest = newest_evidence(work.register)
    if newest is None:
        yield Told("there is no evidence from the tenant on record")
    elif _now(work) - newest.taken > EVIDENCE_LASTS:
        day, days = f"{newest.taken:%Y-%m-%d}", EVIDENCE_LASTS.days
        yield Told(f"the newest evidence from the tenant, of {day}, is over {days} days old")


def rules(work: Work) -> Tellings:
    """What the rules find in register and evidence; of what is unknown, which they are."""
    book, now = work.station.book, _now(work)
    untold = untold_absences(book, day_of(now))
    judged = judge(work.register, facts_on_record(book), now, absences_in(book), untold)
    mine = [it for it in judged if it.rule not in _TOLD_ELSEWHERE]
    for judgement in mine:
        if judgement.outcome is Outcome.FAILED:
            found = (it for it in judgement.findings if it.severity is not Severity.UNKNOWN)
            yield from map(_told, found)
    unknown = [it.rule for it in mine if it.outcome is Outcome.UNKNOWN]
    if unknown:
        yield Told(f"It is not known whether these are met: {listed(unknown)}.")


# --- Safes


def unwalked(accounts: Collection[str], work: Work) -> Tellings:
    """The safes with something in them that no audit walked through since the last review."""
    register = work.register
    begun = since(register, accounts)
    full = {it.safe for it in register.envelopes.values() if it.state is EnvelopeState.DEPOSITED}
    for safe in register.safes:
        last = last_walk(register, safe)
        if safe in full and (last is None or last < begun):
            when = f"last on {last:%Y-%m-%d}" if last else "never"
            text = f"The bags in safe {safe} were compared with its inventory (audited: {when})."
            yield Told(text, safe)


# --- An account


def methods(account: str, work: Work) -> Tellings:
    """Which methods the newest evidence has of an account (S58)."""
    tenant = facts_on_record(work.station.book)
    seen = tenant.account(work.register.accounts[account]) if tenant else None
    if tenant is None or seen is None or seen.methods is None:
        yield Told(f"No evidence tells which methods {account} has.", account)
        return
    personal = sorted({it.kind for it in seen.methods} & PERSONAL)
    said = f"{account} has {listed(personal) or 'none'} of somebody's own"
    yield Told(f"By the evidence of {tenant.taken:%Y-%m-%d}, {said}.", account)


def overdue_drill(account: str, work: Work) -> Tellings:
    """That the use of an account should have been practised by now (S57)."""
    now = _now(work)
    for it in due(work.register, now):
        if (it.task, it.subject) == (Task.DRILL, account) and overdue(it, now):
            yield Told(
                f"the use of {account} was to be practised by {it.day}: {it.trigger}", account
            )


def uses(account: str, work: Work) -> Tellings:
    """When an account was last practised with and used, and what its password still lacks."""
    register = work.register
    drilled = register.done.get(f"{Duty.DRILL}:{account}")
    yield Told(f"The last drill of {account}: {_day(drilled)}.", account)
    used = max(register.uses.get(account, ()), default=None)
    yield Told(f"The last use of {account} on record: {_day(used)}.", account)
    its = register.sets.get(register.accounts[account].password_set or "")
    for lacking in pending(register, its) if its else ():
        yield Told(f"{lacking[0].upper()}{lacking[1:]}.", account)


def _day(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d}" if time else "none"


def places(account: str, work: Work) -> Tellings:
    """The safes with what opens an account, and who opens them."""
    register = work.register
    tags = [it.id for it in register.keys.values() if it.account == account and not it.retired]
    mine = {f"{kind}:{tag}" for tag in tags for kind in ("key", "pin")}
    password = register.accounts[account].password_set
    lying: dict[str, list[str]] = {}
    for it in register.envelopes.values():
        opens = it.holds in mine or (it.set and it.set == password)
        if opens and it.safe and it.state is EnvelopeState.DEPOSITED:
            lying.setdefault(it.safe, []).append(it.id)
    for safe, envelopes in lying.items():
        openers = listed(register.safes[safe].openers)
        yield Told(f"Safe {safe} (openers {openers}): {listed(envelopes)}.", safe)
    if not lying:
        yield Told(f"Nothing that opens {account} lies in a safe, by the register.", account)


# --- What is due


def duties(accounts: Collection[str], work: Work) -> Tellings:
    """What is overdue, or due before the next review; but for this review itself."""
    now = _now(work)
    for it in due(work.register, now):
        this = it.task is Task.REVIEW and it.subject in accounts
        if days_left(it, now) <= REVIEW_DAYS and not this:
            late = "OVERDUE since" if overdue(it, now) else "Due by"
            yield Told(f"{late} {it.day}: {it.what} ({it.trigger}).", it.subject)

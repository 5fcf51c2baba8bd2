"""What is due: duties that follow from the register alone, each with what set it off (S54, S55).

A duty is due on a day (UTC). Its period counts from when it was last done, and before the first
time from when its subject came to be; something that happened since pulls it forward to that day.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from keyvault_kit.custody.changes.duties import PROCESS
from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import Account, Person, Purpose, SecretSet, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.triggers import (
    Cause,
    at_once,
    beginning,
    combination_known_to,
    day_of,
    days_after,
    known_time,
    later,
    reviews_set_off,
    seen,
    soonest,
    year_after,
)
from keyvault_kit.custody.wording import listed, pin_anew

HORIZON: Final = timedelta(days=366)
"""How far ahead the schedule looks: a year, leap years too."""

REVIEW_DAYS: Final = 90
"""From one review of an account to the next (S54)."""

TRAINING_DAYS: Final = 30
"""How soon somebody is trained who was never (S59; the period is the kit's own)."""

POST_MORTEM_DAYS: Final = 7
"""How soon the use of an account in an emergency is looked into (S62; the kit's own period)."""

DECISIONS: Final = "C1 to C8"
"""What asks for a decision to be looked at again."""

METADATA: Final = "metadata"
"""The subject of the makers' metadata."""

NOT_KEPT: Final = "not-kept"
"""The decision on C7 by which there is no password on paper."""


class Task(StrEnum):
    """The kinds of duties."""

    REVIEW = "review"
    DRILL = "drill"
    POST_MORTEM = "post-mortem"
    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    PIN = "pin"
    COMBINATION = "combination"
    TRAINING = "training"
    DOCUMENT = "document"
    DECISION = "decision"
    METADATA = "metadata"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A duty. There is at most one of a kind for a subject.

    Attributes:
        subject: Id of what it is about.
        since: What set it off happened then, or its period began then.
        day: By when (UTC).
        who: Ids of those who do it; nobody stands for two officers.
        requirement: The requirement that asks for it.
        trigger: What set it off, in words.
    """

    task: Task
    subject: str
    what: str
    since: datetime
    day: date
    who: tuple[str, ...]
    requirement: str
    trigger: str


def due(register: Register, now: datetime) -> tuple[Due, ...]:
    """All duties that are overdue or fall due within :data:`HORIZON`, soonest first.

    Args:
        now: Aware.
    """
    today = day_of(now)
    last = later(today, HORIZON)
    duties = (
        *_reviews(register),
        *_drills(register),
        *_post_mortems(register),
        *_passwords(register, now),
        *_pins(register),
        *_combinations(register, today),
        *_trainings(register, today),
        *_document(register),
        *_decisions(register, today),
        *_metadata(register),
    )
    known = (it for it in duties if it.day <= last)
    return tuple(sorted(known, key=lambda it: (it.day, it.task, it.subject)))


def days_left(it: Due, now: datetime) -> int:
    """Days from now until a duty is due; below 0 when it is overdue."""
    return (it.day - day_of(now)).days


def overdue(it: Due, now: datetime) -> bool:
    """Whether the day of a duty is over."""
    return days_left(it, now) < 0


def _due(
    task: Task,
    subject: str,
    what: str,
    causes: Iterable[Cause],
    requirement: str,
    *,
    who: tuple[str, ...] = (),
) -> Due:
    cause = soonest(causes)
    return Due(
        task=task,
        subject=subject,
        what=what,
        since=cause.since,
        day=cause.day,
        who=who,
        requirement=requirement,
        trigger=cause.words,
    )


# --- Accounts


def _reviews(register: Register) -> Iterator[Due]:
    """Of every account (S54, S55), also of one that nothing opens yet: it stands at the tenant."""
    pulls = reviews_set_off(register)
    for it in register.accounts.values():
        period = review_period(register, it)
        causes = [period, *(p for p in pulls if p.since > period.since)]
        yield _due(Task.REVIEW, it.id, f"review account {it.id}", causes, "S54")


def review_period(register: Register, it: Account) -> Cause:
    """The days since an account was last validated (S54), which what happens may cut short."""
    begun, since = known_time(it.added), "it was entered"
    if first := _first_opened(register, it):
        begun, since = first, "it could first be used"
    if last := register.done.get(f"{Duty.REVIEW}:{it.id}"):
        begun, since = last, "the last review"
    return days_after(begun, REVIEW_DAYS, since)


def _drills(register: Register) -> Iterator[Due]:
    """Yearly, of what can be used (S57).

    Not every 90 days: after each use the password is changed, and a review (S54) is no use.
    """
    for it in register.accounts.values():
        if first := _first_opened(register, it):
            last = register.done.get(f"{Duty.DRILL}:{it.id}")
            since = "the last drill" if last else "it could first be used"
            cause = year_after(last or first, since)
            yield _due(Task.DRILL, it.id, f"practise the use of account {it.id}", [cause], "S57")


def _post_mortems(register: Register) -> Iterator[Due]:
    """Of every use that was no practice, until one was held later than it (S62)."""
    for it in register.accounts.values():
        held = max((each.time for each in register.classed.get(it.id, ())), default=None)
        uses = register.emergencies.get(it.id, ())
        causes = [
            days_after(time, POST_MORTEM_DAYS, "it was used")
            for time in uses
            if held is None or time > held
        ]
        if causes:
            what = f"hold the post-mortem of the use of account {it.id}"
            yield _due(Task.POST_MORTEM, it.id, what, causes, "S62")


def _first_opened(register: Register, its: Account) -> datetime | None:
    """From when on an account could be used by what opens it still; None if nothing does."""
    sets = list(register.sets_of(its.id, Purpose.PASSWORD))
    for key in register.keys.values():
        if key.account == its.id and key.pin_set and not key.retired:
            sets += register.sets_of(key.id, Purpose.PIN)
    return min((it.since for it in sets if it.since), default=None)


# --- Secrets


def _passwords(register: Register, now: datetime) -> Iterator[Due]:
    """Of each account whose password is in force (S32), or that was used although none is."""
    kept = position(register, "C7", now) != NOT_KEPT
    for it in register.accounts.values():
        its = _in_force(register, Purpose.PASSWORD, it.id)
        used = _used_since(it, its) and (its or kept)
        causes = [at_once(it.used, "it was used")] if used else []
        causes += _since_in_force(register, its) if its else []
        causes += _living_on(register, it)
        if causes:
            what = f"change and seal the password of {it.id} anew"
            yield _due(Task.PASSWORD, it.id, what, causes, "S32")


def _used_since(it: Account, its: SecretSet | None) -> bool:
    """Whether an account was used since its password came into force: before, it had another."""
    since = its.since if its else None
    return it.used is not None and it.used >= known_time(since)


def _since_in_force(register: Register, its: SecretSet) -> list[Cause]:
    """What sets off the change of a password in force, but for its use."""
    year = year_after(known_time(its.since), "it came into force")
    return [year, *seen(register, its)]


def _living_on(register: Register, it: Account) -> list[Cause]:
    """What sets off the change of a password that the tenant takes beside, or for, the one it has.

    Of the one in force nobody knows then whether it signs in.
    """
    beside = [
        at_once(its.lives, f"the tenant took the password of {its.id}, which is not in force")
        for its in register.sets_of(it.id, Purpose.PASSWORD)
        if its.lives
    ]
    if it.taken:
        words = f"the tenant took the password of {it.taken}, which is another account's"
        beside.append(at_once(it.taken_at, words))
    return beside


def _pins(register: Register) -> Iterator[Due]:
    """Of each key in service whose PIN somebody saw, or set and put on no paper (S32).

    A PIN has no period.
    """
    for key in register.keys.values():
        its = _in_force(register, Purpose.PIN, key.id)
        causes = list(seen(register, its)) if its else []
        causes += _without_paper(key)
        if causes and not key.retired:
            what = f"change and seal the PIN of {key.id} anew: {pin_anew(key.id)}"
            yield _due(Task.PIN, key.id, what, causes, "S32")


def _without_paper(key: SecurityKey) -> list[Cause]:
    """A PIN of a passkey that whoever set it alone knows."""
    its = key.unrecorded if key.credential else None
    return [at_once(its.since, f"{listed(its.by)} changed it, and sealed none")] if its else []


def _in_force(register: Register, purpose: Purpose, subject: str) -> SecretSet | None:
    return register.sets.get(register.in_force.get(f"{purpose}:{subject}", ""))


# --- Safes


def _combinations(register: Register, today: date) -> Iterator[Due]:
    """Yearly, and once somebody knows one who should not any more (S42)."""
    for it in register.safes.values():
        terms = register.safe_terms[it.id]
        last = register.done.get(f"{Duty.COMBINATION}:{it.id}")
        begun = last or terms[0].since
        year = year_after(begun, "the last change" if last else "it was entered")
        causes = [year, *combination_known_to(register, terms, begun)]
        who = _still_there(register, it.openers, today)
        what = f"change the combination of safe {it.id}"
        yield _due(Task.COMBINATION, it.id, what, causes, "S42", who=who)


def _still_there(register: Register, people: Iterable[str], today: date) -> tuple[str, ...]:
    """Those of them whose authority is not over."""
    return tuple(it for it in people if not _is_over(register.people.get(it), today))


def _is_over(its: Person | None, day: date) -> bool:
    return its is not None and its.until is not None and its.until < day


# --- People and process


def _trainings(register: Register, today: date) -> Iterator[Due]:
    """Of everybody who has authority still when it is due (S59): all of them have a role."""
    for it in register.people.values():
        if last := register.done.get(f"{Duty.TRAINING}:{it.id}"):
            cause = year_after(last, "the last training")
        else:
            begun = max(known_time(it.added), beginning(it.since or date.min))
            cause = days_after(begun, TRAINING_DAYS, "the authority began")
        if not _is_over(it, max(today, cause.day)):
            yield _due(Task.TRAINING, it.id, f"train {it.id}", [cause], "S59", who=(it.id,))


def _document(register: Register) -> Iterator[Due]:
    """One document for all accounts (S59): it came to be with the first of them."""
    last = register.done.get(f"{Duty.DOCUMENT}:{PROCESS}")
    first = min((known_time(it.added) for it in register.accounts.values()), default=None)
    if begun := last or first:
        since = "the last time" if last else "the first account was entered"
        what = "read the process document, and bring it up to date"
        yield _due(Task.DOCUMENT, PROCESS, what, [year_after(begun, since)], "S59")


# --- Decisions and metadata


def _decisions(register: Register, today: date) -> Iterator[Due]:
    for it in register.decisions.values():
        cause = Cause(beginning(it.review), it.review, "its day of review")
        who = _still_there(register, it.by, today)
        what = f"look at decision {it.id} ({it.choice}) again"
        yield _due(Task.DECISION, it.id, what, [cause], DECISIONS, who=who)


def _metadata(register: Register) -> Iterator[Due]:
    """Where it was imported and there are keys to be judged by it."""
    its = register.metadata
    if its and any(not key.retired for key in register.keys.values()):
        cause = Cause(its.time, its.next_update, f"no. {its.number} was to be replaced by then")
        what = f"import newer metadata of makers than no. {its.number}"
        yield _due(Task.METADATA, METADATA, what, [cause], "S54")

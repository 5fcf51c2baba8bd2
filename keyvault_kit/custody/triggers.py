"""What sets a duty off: a period that ran out, or something that happened (S32, S42, S55)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

import msgspec

from keyvault_kit.custody.history import Exposure, SafeTerm, Trigger, taken_off
from keyvault_kit.custody.model import Form, Person, SecretSet
from keyvault_kit.custody.register import Register

NOTED: Final = {
    Trigger.STAFF: "the IT staff changed",
    Trigger.SUBSCRIPTION: "the subscriptions changed",
    Trigger.RELOCATION: "a safe or a site moved",
}
"""What was noted, in words (S55)."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
"""When that was which nobody knows the time of: so its duty is done rather too early."""


class Cause(msgspec.Struct, frozen=True):
    """What sets a duty off.

    Attributes:
        since: When it happened, or when the period began; aware.
        day: By when the duty is to be done (UTC).
        words: What it was.
    """

    since: datetime
    day: date
    words: str


def soonest(causes: Iterable[Cause]) -> Cause:
    """The cause by which a duty is due first, and of several for one day the one named first."""
    return min(causes, key=lambda it: it.day)


def later(day: date, by: timedelta) -> date:
    """A day so much later; the last day that there is where that would lie beyond it."""
    return day + by if by <= date.max - day else date.max


def at_once(time: datetime | None, words: str) -> Cause:
    """Something that happened; what it sets off is due on that very day."""
    time = known_time(time)
    return Cause(time, time.date(), words)


def known_time(time: datetime | None) -> datetime:
    """A time of the register, and one long ago where it has none."""
    return time or _LONG_AGO


def days_after(time: datetime, days: int, since: str) -> Cause:
    """A period of days that began at a time."""
    return Cause(time, later(time.date(), timedelta(days=days)), f"{days} days since {since}")


def year_after(time: datetime, since: str) -> Cause:
    """A year that began at a time; one that began on 29 February ends on the 28th."""
    return Cause(time, _same_day_next_year(time.date()), f"a year since {since}")


def _same_day_next_year(day: date) -> date:
    if day.year == date.max.year:
        return date.max
    leaps = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leaps else day.day)


def day_of(time: datetime) -> date:
    """The day of a time (UTC)."""
    return time.astimezone(UTC).date()


def beginning(day: date) -> datetime:
    """The first moment of a day (UTC)."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# --- A review of every account


def reviews_set_off(register: Register) -> tuple[Cause, ...]:
    """All that ever set off a review (S55), or will on a day that is known, oldest first."""
    causes = [
        *(at_once(it.time, NOTED[it.trigger]) for it in register.triggers),
        *(cause for it in register.people.values() for cause in _of_person(it)),
        *(cause for safe, terms in register.safe_terms.items() for cause in _of_safe(safe, terms)),
    ]
    return tuple(sorted(causes, key=lambda it: it.since))


def _of_person(it: Person) -> Iterator[Cause]:
    """A new authorised person; other roles; a leaver, whose end counts from when it is known."""
    yield at_once(it.added, f"{it.id} was added")
    ended = authority_ended(it)
    if ended:
        yield at_once(ended, _ended(it.id))
    for time in it.changed:
        yield at_once(time, f"the roles or the authority of {it.id} changed")


def _of_safe(safe: str, terms: tuple[SafeTerm, ...]) -> Iterator[Cause]:
    for n, term in enumerate(terms):
        yield at_once(term.since, f"safe {safe} was {'changed' if n else 'added'}")


def authority_ended(it: Person) -> datetime | None:
    """When somebody's authority ends or ended; where it was entered later, only then.

    Returns:
        None where it has no end.
    """
    if it.until is None or it.until == date.max:
        return None
    end = beginning(it.until + timedelta(days=1))
    return max(end, it.until_known) if it.until_known else end


def _ended(person: str) -> str:
    return f"the authority of {person} ended"


# --- A change of a safe's combination


def combination_known_to(
    register: Register, terms: tuple[SafeTerm, ...], changed: datetime
) -> Iterator[Cause]:
    """Those who know a combination and should not any more (S42).

    Args:
        terms: Who opened the safe when, oldest first; at least one.
        changed: When the combination was last changed. Whoever was on the list then knows it, also
            if their authority was over: so the list is changed first.
    """
    now, left = set(terms[-1].openers), taken_off(terms)
    for person in sorted(now | {it for it in left if left[it] > changed}):
        its = register.people.get(person)
        ended = authority_ended(its) if its else None
        gone = [] if person in now else [at_once(left[person], f"{person} opens it no more")]
        gone += [at_once(ended, _ended(person))] if ended else []
        since = [it for it in gone if it.since > changed]
        if since:
            yield soonest(since)
        elif ended and person in now:  # and was told the combination when it was changed
            yield at_once(ended, f"{_ended(person)}, and {person} is still on its list")
    for before, after in pairwise(terms):  # ADR 15: who opened it with fewer does so still
        if after.need > before.need and after.since > changed:
            yield at_once(after.since, f"it takes {after.need} from then on, not {before.need}")


# --- A change of a secret


def seen(register: Register, its: SecretSet) -> Iterator[Cause]:
    """Who saw something of a set after it came into force (S32): its paper lies sealed since.

    Fewer different shares than open it tell nothing, whoever saw them: that is no use (ADR 18).
    """
    shares: set[int] = set()
    for it in register.exposures:
        if it.set != its.id or its.since_seq is None or it.seq <= its.since_seq:
            continue
        if its.form is Form.SHARES and it.number:
            shares.add(it.number)
            if len(shares) < its.threshold:
                continue
        yield at_once(it.time, f"{it.person} {_saw(it)}")


def _saw(it: Exposure) -> str:
    what = f"half {it.half} of it" if it.half else f"sheet {it.number}" if it.number else "it"
    return f"was there when {what} lay open" if it.present else f"saw {what}"

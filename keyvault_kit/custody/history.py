"""What was so before, and what was done when: the register's memory of places, people and duties.

Who could once have read a secret counts until that secret is changed, so the register keeps where
each envelope lay and who opened that safe at the time; and what falls due again counts from the
last time that it was done (S54, S55).
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from keyvault_kit.custody.model import Id, Value


class Duty(StrEnum):
    """Work that comes again; of each the register knows when it was last done."""

    REVIEW = "review"
    """An account was validated: who is authorised, what lies where, whether it opens (S54)."""
    DRILL = "drill"
    """An account was signed in to as a practice, and the alert fired (S57)."""
    COMBINATION = "combination"
    """A safe's combination was changed (S42)."""
    TRAINING = "training"
    """A person was trained (S59)."""
    DOCUMENT = "document"
    """The process document was read and found current (S59)."""


class Why(StrEnum):
    """Why an account is opened."""

    EMERGENCY = "emergency"
    DRILL = "drill"
    REVIEW = "review"


PRACTICE: Final = frozenset({Why.DRILL, Why.REVIEW})
"""Uses that are no emergency: they are on record as what they are (S57, S65)."""


class Trigger(StrEnum):
    """What sets off a review of all accounts, and which the ledger does not see by itself (S55)."""

    STAFF = "staff"
    """The IT staff changed."""
    SUBSCRIPTION = "subscription"
    """The tenant's subscriptions changed."""
    RELOCATION = "relocation"
    """A safe, or a site, moved."""


class Stay(Value, frozen=True):
    """An envelope lay in a safe.

    Attributes:
        since: From when on it lay there.
        until: When it was taken out; absent while it lies there.
    """

    safe: Id
    since: datetime
    until: datetime | None = None


class SafeTerm(Value, frozen=True):
    """Who opened a safe, and how many of them it took, for a time.

    Attributes:
        since: When it was made so.
        until: When that ended; absent while it is so.
    """

    openers: tuple[Id, ...]
    need: int
    since: datetime
    until: datetime | None = None

    def lasted(self, first: datetime, last: datetime | None) -> bool:
        """Whether it was so at some time from the first to before the last, which may be now."""
        begun = last is None or self.since < last
        return begun and (self.until is None or self.until > first)


def taken_off(terms: tuple[SafeTerm, ...]) -> dict[str, datetime]:
    """Person who opened a safe once, and does no more -> when they were last taken off its list.

    Args:
        terms: Oldest first; at least one.
    """
    left: dict[str, datetime] = {}
    for term in terms:
        if term.until is not None:
            left |= dict.fromkeys(term.openers, term.until)
    return {person: time for person, time in left.items() if person not in terms[-1].openers}


class Era(Value, frozen=True):
    """A safe had one combination for a time: the one theory of who knows it.

    Whoever was told a combination keeps knowing it until it is changed, on the list or off it. And
    whoever could open the safe alone with it can do so until then, also if it takes two by now: the
    safe does not know how many there are to be (ADR 15).

    Attributes:
        since: When that was set; absent where it is the one that the safe came with.
        until: When it was changed; absent while it is the safe's.
    """

    since: datetime | None
    until: datetime | None

    def told(self, term: SafeTerm) -> bool:
        """Whether those of a term were told this combination."""
        return (self.until is None or term.since < self.until) and (
            term.until is None or self.since is None or term.until > self.since
        )

    def needs(self, terms: tuple[SafeTerm, ...], by: datetime | None = None) -> dict[str, int]:
        """Person who knew the combination -> how many of those who did they needed, with them.

        Args:
            terms: Of that safe.
            by: Who was told it only then, or later, is left out; absent for now.
        """
        needs: dict[str, int] = {}
        for term in terms:
            if self.told(term) and (by is None or term.since < by):
                for person in term.openers:
                    needs[person] = min(term.need, needs.get(person, term.need))
        return needs


def eras(changes: tuple[datetime, ...]) -> tuple[Era, ...]:
    """The combinations of a safe, oldest first, from when each was changed."""
    ends = [None, *sorted(changes), None]
    return tuple(Era(since=since, until=until) for since, until in pairwise(ends))


def end(since: datetime, occurred: datetime, entered: datetime) -> datetime:
    """When something ended that the register had as begun, never before it began.

    What is said late to have ended before it began was so in the register until that was said: who
    was in reach meanwhile is not forgotten.
    """
    return occurred if occurred > since else max(since, entered)


# --- What people saw


class Exposure(Value, frozen=True):
    """A person saw or could see a secret; it counts until the secret was changed.

    Attributes:
        number: The sheet seen; absent where it was the whole secret or a half of a password.
        half: The half of the password seen, 1 or 2.
        present: The person stood by while it lay open, and may or may not have read it.
        beside: Who else was named in that entry; whether they stood by as well, their own exposure
            says (:class:`Witnesses`).
        seq: The entry that it stands in.
        time: When it was seen.
    """

    person: Id
    set: Id
    number: int | None = None
    half: int | None = None
    present: bool = False
    beside: tuple[Id, ...] = ()
    seq: int = 0
    time: datetime | None = None

    @property
    def thing(self) -> tuple[str, int | None, int | None]:
        """What was seen: a set, or the sheet or half of one."""
        return self.set, self.number, self.half


class Witnesses:
    """Who stood by together while something lay open, each under the eyes of the others (ADR 13).

    Being named in the entry about somebody else is not enough: each has an exposure of their own,
    of the same thing at the same time, that names the other.
    """

    def __init__(self, exposures: Iterable[Exposure]) -> None:
        self._named = {
            (it.thing, it.time, it.person, other)
            for it in exposures
            if it.present
            for other in it.beside
        }

    def beside(self, it: Exposure) -> tuple[str, ...]:
        """Who stood by together with somebody who did."""
        seen_by = (
            other for other in it.beside if (it.thing, it.time, other, it.person) in self._named
        )
        return tuple(seen_by)


class Noted(Value, frozen=True):
    """A trigger, when it was pulled, and the `seq` of its entry."""

    trigger: Trigger
    time: datetime
    seq: int

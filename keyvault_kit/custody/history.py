"""What was so before, and what was done when: the register's memory of places, people and duties.

Who could once have read a secret counts until that secret is changed, so the register keeps where
each envelope lay and who opened that safe at the time; and what falls due again counts from the
last time that it was done (S54, S55).
"""

from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import msgspec

from keyvault_kit.custody.model import Id


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


class Trigger(StrEnum):
    """What sets off a review of all accounts, and which the ledger does not see by itself (S55)."""

    STAFF = "staff"
    """The IT staff changed."""
    SUBSCRIPTION = "subscription"
    """The tenant's subscriptions changed."""
    RELOCATION = "relocation"
    """A safe, or a site, moved."""


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value of the register."""


class Stay(_Value, frozen=True):
    """An envelope lay in a safe.

    Attributes:
        since: From when on it lay there.
        until: When it was taken out; absent while it lies there.
    """

    safe: Id
    since: datetime
    until: datetime | None = None


class SafeTerm(_Value, frozen=True):
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


class Era(_Value, frozen=True):
    """A safe had one combination for a time.

    Attributes:
        since: When that was set; absent where it is the one that the safe came with.
        until: When it was changed; absent while it is the safe's.
    """

    since: datetime | None
    until: datetime | None

    def knew(self, terms: tuple[SafeTerm, ...], by: datetime | None) -> frozenset[str]:
        """Who knew the combination at some time before `by`; whoever was told keeps knowing it.

        Args:
            terms: Of that safe.
            by: Absent for now.
        """
        return frozenset(
            person
            for term in terms
            if (by is None or term.since < by)
            and (term.until is None or self.since is None or term.until > self.since)
            for person in term.openers
        )


def eras(changes: tuple[datetime, ...]) -> tuple[Era, ...]:
    """The combinations of a safe, oldest first, from when each was changed."""
    ends = [None, *sorted(changes), None]
    return tuple(Era(since=since, until=until) for since, until in pairwise(ends))


class Noted(_Value, frozen=True):
    """A trigger, when it was pulled, and the `seq` of its entry."""

    trigger: Trigger
    time: datetime
    seq: int

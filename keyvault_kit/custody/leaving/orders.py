"""Work orders for somebody who leaves: what they are made of, and what they call things."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from keyvault_kit.custody.access import has_authority
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import Envelope, SecretSet, SecurityKey, SetState
from keyvault_kit.custody.opening import may_open
from keyvault_kit.custody.reach import Access, Reach
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.triggers import later
from keyvault_kit.custody.wording import listed

AT_ONCE: Final = timedelta(0)
NEXT_DAY: Final = timedelta(days=1)
"""For the reviews, which the end of an authority sets off at once (S55), as the schedule has it."""
A_WEEK: Final = timedelta(days=7)
"""For what they could have had, and could not use alone."""
A_MONTH: Final = timedelta(days=30)
"""For sets of which they know a piece that is of no use by itself."""


class OrderKind(StrEnum):
    """What a work order is about, in the order in which orders of one day are done."""

    SUCCESSOR = "successor"
    """Before they go: nothing may become impossible without them."""
    AUTHORITY = "authority"
    SIGNING = "signing"
    OPENERS = "openers"
    COMBINATION = "combination"
    RETURN = "return"
    CHANGE = "change"
    """A secret that they could have had is changed."""
    REMAKE = "remake"
    """A set of which they know a piece is made anew."""
    BAGS = "bags"
    """Bags that they could come to are looked at."""
    REVIEW = "review"


class WorkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done because somebody leaves.

    Attributes:
        what: In a sentence without a full stop.
        subject: Id of what it is about.
        by: The last day for it.
        why: What it is against, with the requirement.
        done: Whether the register has it as done.
    """

    what: str
    subject: str
    kind: OrderKind
    by: date
    why: str
    done: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Who leaves, and when.

    Attributes:
        after: The first day without them.
    """

    register: Register
    person: str
    on: date
    after: date
    reach: Reach

    def order(
        self, kind: OrderKind, subject: str, what: str, why: str, *, done: bool, within: timedelta
    ) -> WorkOrder:
        """An order within so much time of the last day."""
        by = later(self.on, within)
        return WorkOrder(what=what, subject=subject, kind=kind, by=by, why=why, done=done)

    def last_access(self, safe: str) -> Access | None:
        """How they opened a safe last."""
        mine = [it for it in self.reach.accesses if it.safe == safe]
        return mine[-1] if mine else None

    def able(self, people: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these people who have authority when this one is gone."""
        others = (self.register.people.get(it) for it in people if it != self.person)
        return tuple(it.id for it in others if it and has_authority(it, self.after))

    def reviewed(self, account: str) -> bool:
        """Whether an account was reviewed after their last day; the bags are looked at then."""
        last = self.register.done.get(f"{Duty.REVIEW}:{account}")
        return last is not None and last.date() > self.on


def has_in_hand(case: Case, key: SecurityKey) -> bool:
    """Whether they were among the last to handle a key in service that lies in no envelope."""
    return key.retired is None and case.person in key.hands


def is_used(register: Register, its: SecretSet) -> bool:
    """Whether a set's secret opens something, or may."""
    return its.state is SetState.IN_FORCE or may_open(register, its)


# --- In words


_CONTENTS: Final = {
    "key": "key {}",
    "pin": "the PIN of {}",
    "identity": "the identity of the {}",
    "password": "the password of {}",
    "card": "the card of {}",
}


def content(it: Envelope) -> str:
    """What an envelope holds: 'share 2 of bg1', 'the PIN of K1'."""
    kind, what, *number = it.holds.split(":")
    if number:
        return f"{kind} {number[0]} of {what}"
    return _CONTENTS.get(kind, f"{kind} {{}}").format(what)


def secret_of(its: SecretSet) -> str:
    """What a set is of: 'the password of bg1', 'the identity of the station'."""
    return _CONTENTS[str(its.purpose)].format(its.subject)


def sheets(numbers: Collection[int]) -> str:
    """'sheet 2', 'sheets 1 and 3'; at least one."""
    return f"sheet{'s' if len(numbers) > 1 else ''} {listed(map(str, sorted(numbers)))}"

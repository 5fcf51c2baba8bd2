"""What is due: duties that follow from the register, each with what set it off."""

from datetime import UTC, date, datetime
from typing import Final

import msgspec

from keyvault_kit.custody.register import Register

DECISIONS: Final = "C1 to C8"
"""What asks for a decision to be looked at again."""


class Due(msgspec.Struct, frozen=True):
    """A duty.

    Attributes:
        subject: Id of what it is about.
        since: When it fell due.
        requirement: The requirement that asks for it.
    """

    subject: str
    what: str
    since: datetime
    requirement: str


def due(register: Register, now: datetime) -> tuple[Due, ...]:
    """What is due, oldest first: rotations that a use has set off (S32), decisions to look at.

    Args:
        now: Aware; what falls due later is left out.
    """
    looked_at = [
        Due(it.id, f"look at decision {it.id} ({it.choice}) again", _begin(it.review), DECISIONS)
        for it in register.decisions.values()
        if _begin(it.review) <= now
    ]
    used = [
        Due(account.id, f"change and seal the password of {account.id} anew", account.used, "S32")
        for account in register.accounts.values()
        if account.used is not None
    ]
    return tuple(sorted([*used, *looked_at], key=lambda it: it.since))


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)

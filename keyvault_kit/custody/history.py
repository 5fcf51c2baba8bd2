"""What was so before, and what was done when: the register's memory of places, people and duties.

Who could once have read a secret counts until that secret is changed, so the register keeps where
each envelope lay and who opened that safe at the time; and what falls due again counts from the
last time that it was done (S54, S55).
"""

from datetime import datetime
from enum import StrEnum

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
        since: `seq` of the entry from which on it lay there.
        until: `seq` of the entry that took it out; absent while it lies there.
    """

    safe: Id
    since: int
    until: int | None = None


class SafeTerm(_Value, frozen=True):
    """Who opened a safe, and how many of them it took, for a time.

    Attributes:
        since: `seq` of the entry that made it so.
        until: `seq` of the entry that ended it; absent while it is so.
        time: When it was made so.
    """

    openers: tuple[Id, ...]
    need: int
    since: int
    time: datetime
    until: int | None = None


class Noted(_Value, frozen=True):
    """A trigger, when it was pulled, and the `seq` of its entry."""

    trigger: Trigger
    time: datetime
    seq: int

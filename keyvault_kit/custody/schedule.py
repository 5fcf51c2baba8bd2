"""What is due: duties that follow from the register, each with what set it off."""

from datetime import datetime

import msgspec

from keyvault_kit.custody.register import Register


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


def due(register: Register) -> tuple[Due, ...]:
    """The rotations that a use has set off (S32), oldest first."""
    used = [
        Due(account.id, f"change and seal the password of {account.id} anew", account.used, "S32")
        for account in register.accounts.values()
        if account.used is not None
    ]
    return tuple(sorted(used, key=lambda it: it.since))

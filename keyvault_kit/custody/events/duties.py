"""Work that comes again, and what sets it off."""

from keyvault_kit.custody.events.base import Fact
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.model import Hex256, Id


class DutyDone(Fact, frozen=True, tag="duty.done"):
    """A duty was done (S40, S42, S54, S57, S59); words about it lie in the erasable row.

    Attributes:
        subject: The account, the safe or the person; the ledger's own `process` for its document.
    """

    duty: Duty
    subject: Id
    details: Hex256 | None = None


class TriggerNoted(Fact, frozen=True, tag="trigger.noted"):
    """Something sets off a review of all accounts (S55); what, lies in the erasable row."""

    trigger: Trigger
    details: Hex256

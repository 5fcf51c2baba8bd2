"""What evidence from the tenant left in the register: it outlives the tenant's own logs."""

from datetime import datetime
from enum import StrEnum

from keyvault_kit.custody.model import Hex256, Id, Value


class Evidence(Value, frozen=True):
    """Files from the tenant that were read here.

    Attributes:
        sha256: Over all of its files, by which it is known again.
        taken: When it was exported.
        entered: When it was read here.
        facts: Commitment to the erasable row with what it said (`TenantFacts` as JSON); absent
            where it is the record of the kit's own scripts.
    """

    sha256: Hex256
    taken: datetime
    entered: datetime
    facts: Hex256 | None = None


class SeenSignIn(Value, frozen=True):
    """A sign-in to an account that the tenant's log has, or had.

    Attributes:
        time: When, by the tenant's clock.
        succeeded: Whether it let them in.
        key: The key by which, where the log says so.
        evidence: In which evidence it was seen first.
    """

    time: datetime
    succeeded: bool
    interactive: bool
    evidence: Hex256
    key: Id | None = None


class UseClass(StrEnum):
    """What a use turned out to be (S62)."""

    DRILL = "drill"
    EMERGENCY = "emergency"
    MISUSE = "misuse"


class Classed(Value, frozen=True):
    """A post-mortem was held: all uses of an account up to then were looked into.

    Attributes:
        time: When.
        verdict: What they were; the worst of them where there were several.
    """

    time: datetime
    verdict: UseClass
    details: Hex256

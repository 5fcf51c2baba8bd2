"""What the tenant says, as evidence brought it."""

from keyvault_kit.custody.events.base import Fact, Observation
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.model import Hex256, Id


class EvidenceTaken(Observation, frozen=True, tag="evidence.taken"):
    """Files from the tenant were read; when they were exported is when it `occurred`.

    Attributes:
        evidence: SHA-256 over them.
        details: Commitment to the erasable row with what they said.
    """

    evidence: Hex256
    details: Hex256 | None = None


class SignInSeen(Observation, frozen=True, tag="sign-in.seen"):
    """The tenant's log has a sign-in to an account; when it was is when it `occurred` (S65)."""

    account: Id
    evidence: Hex256
    succeeded: bool
    interactive: bool
    key: Id | None = None


class PasskeyAnswered(Observation, frozen=True, tag="passkey.answered"):
    """The tenant took, or refused, the passkey of a key.

    Attributes:
        method: Graph's id of the method, where it was taken.
    """

    key: Id
    taken: bool
    evidence: Hex256
    method: str | None = None


class PasswordAnswered(Fact, frozen=True, tag="password.answered"):
    """Evidence that the tenant took the password of a set, or refused it.

    A set that was refused is void, and the one before it in force as it was.
    """

    account: Id
    set: Id
    taken: bool
    evidence: Hex256


class UseClassed(Fact, frozen=True, tag="use.classed"):
    """A post-mortem was held over all uses of an account until now (S62)."""

    account: Id
    verdict: UseClass
    details: Hex256

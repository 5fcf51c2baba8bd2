"""Whose signing credential counts, and which signatures the next entries stand under."""

from keyvault_kit.custody.model import Id, Signer, Value


class SignerTerm(Value, frozen=True):
    """From which entry to which a signing credential counted.

    Attributes:
        since: `seq` of the entry that made it count.
        until: `seq` of the entry that ended it; absent while it counts.
    """

    signer: Signer
    since: int
    until: int | None = None


class Warrant(Value, frozen=True):
    """The signatures that the next entries stand under.

    Attributes:
        signers: Who signed them.
        left: How many of the entries are still to come.
        proposed: Whether they came in a proposal from another site.
    """

    signers: tuple[Id, ...]
    left: int
    proposed: bool = False

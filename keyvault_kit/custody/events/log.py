"""The log itself: founders and signers, signatures, proposals, checkpoints, the clock."""

from keyvault_kit.custody.events.base import Fact, Natural, Observation, Positive
from keyvault_kit.custody.model import Hex256, Id, Mode, Signature, Signer


class LedgerFounded(Fact, frozen=True, tag="ledger.founded"):
    """Entry 0: who vouches for this ledger, and 32 random bytes that make it one of a kind."""

    founders: tuple[Signer, ...]
    nonce: Hex256
    mode: Mode


class LedgerRefounded(Fact, frozen=True, tag="ledger.refounded"):
    """New founders, where fewer than two signers are left: the trust begins anew, here.

    `size` and `root` are those of the last checkpoint on paper, which the ledger still extends.
    """

    founders: tuple[Signer, ...]
    nonce: Hex256
    size: Positive
    root: Hex256


class SignerAdded(Fact, frozen=True, tag="signer.added"):
    """One more person whose signature counts."""

    signer: Signer


class SignerReplaced(Fact, frozen=True, tag="signer.replaced"):
    """A person's new signing credential in the place of one that was `lost`, `broken` and so on."""

    signer: Signer
    why: Id


class SignerRevoked(Fact, frozen=True, tag="signer.revoked"):
    """A person's signature counts no more: `left`, `lost`, `stolen`."""

    person: Id
    why: Id


class ActsSigned(Fact, frozen=True, tag="acts.signed"):
    """The next `count` entries stand under these signatures over their exact bytes."""

    count: Positive
    signatures: tuple[Signature, ...]


class ProposalAccepted(Fact, frozen=True, tag="proposal.accepted"):
    """The next `count` entries come from another site, under these signatures.

    Attributes:
        proposal: SHA-256 of the signed message.
        size: Entries of the ledger as its authors knew it.
        root: Root hash of those entries.
        nonce: Random; no proposal is accepted twice.
    """

    proposal: Hex256
    count: Positive
    size: Positive
    root: Hex256
    nonce: Hex256
    signatures: tuple[Signature, ...]


class ProposalRefused(Observation, frozen=True, tag="proposal.refused"):
    """A proposal of people who may propose was refused, and why."""

    proposal: Hex256
    people: tuple[Id, ...]
    why: str


class RecipientSet(Fact, frozen=True, tag="recipient.set"):
    """To this age recipient other sites encrypt; its identity is the secret of the set."""

    recipient: str
    set: Id


class CheckpointSigned(Fact, frozen=True, tag="checkpoint.signed"):
    """These people signed the checkpoint of the first `size` entries."""

    size: int
    root: Hex256
    signers: tuple[Id, ...]


class ClockChecked(Fact, frozen=True, tag="clock.checked"):
    """Two people read the time elsewhere; the workstation's clock agrees with them.

    Attributes:
        readers: Who read it.
        offset: Seconds to add to the workstation's clock to have theirs.
        back: Seconds by which the clock lies before the entry before this.
    """

    ceremony: Id
    readers: tuple[Id, ...]
    offset: int
    back: Natural = 0


class ClockOverruled(Fact, frozen=True, tag="clock.overruled"):
    """As `clock.checked`, but beyond the tolerance: two people signed that they go on."""

    ceremony: Id
    readers: tuple[Id, ...]
    offset: int
    back: Natural = 0


class ClockUnchecked(Observation, frozen=True, tag="clock.unchecked"):
    """The clock was taken as it is: nothing waits for it in an opening, or before a founding."""

    ceremony: str = ""
    back: Natural = 0

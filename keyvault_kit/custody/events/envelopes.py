"""Envelopes."""

from keyvault_kit.custody.events.base import Fact, Observation
from keyvault_kit.custody.model import Count, EnvelopeState, Hex256, Id


class EnvelopePrinted(Fact, frozen=True, tag="envelope.printed"):
    """A sheet came out of the printer; `proof` is what its content must agree with.

    Attributes:
        ceremony: In which; its pages are counted before it closes.
    """

    envelope: Id
    holds: str
    set: Id
    number: Count
    proof: Hex256
    ceremony: Id | None = None


class EnvelopeProven(Fact, frozen=True, tag="envelope.proven"):
    """The printed sheet was read back and agrees with its proof."""

    envelope: Id


class EnvelopeBagged(Fact, frozen=True, tag="envelope.bagged"):
    """The proven sheet lies in a bag, whose number two people read from it, each on their own.

    It counts as sealed once two have signed that (`envelope.sealed`). Until a sheet is in its bag,
    no other of its set is printed.
    """

    envelope: Id
    bag: Id


class KeyPacked(Fact, frozen=True, tag="key.packed"):
    """A key was put into an envelope of its own."""

    envelope: Id
    holds: str
    key: Id


class CardPacked(Fact, frozen=True, tag="card.packed"):
    """The card of a site was printed, and put into an envelope of its own."""

    envelope: Id
    holds: str
    site: Id


class EnvelopeSealed(Fact, frozen=True, tag="envelope.sealed"):
    """Sheet or key lie in a tamper-evident bag with this number (S29)."""

    envelope: Id
    bag: Id


class EnvelopeDeposited(Fact, frozen=True, tag="envelope.deposited"):
    """The bag lies in this safe (S29)."""

    envelope: Id
    safe: Id


class EnvelopeMoved(Fact, frozen=True, tag="envelope.moved"):
    """A deposited bag, unopened, lies in another safe now."""

    envelope: Id
    safe: Id


class EnvelopeOpened(Observation, frozen=True, tag="envelope.opened"):
    """An envelope was opened; opening never waits, so this is never refused."""

    envelope: Id
    why: str
    intact: bool


class EnvelopeResealed(Fact, frozen=True, tag="envelope.resealed"):
    """A sheet that was taken out, and is still in force, lies in a new bag."""

    envelope: Id
    bag: Id


class EnvelopeSpoiled(Fact, frozen=True, tag="envelope.spoiled"):
    """The sheet is void: it was never in force and is destroyed."""

    envelope: Id
    why: str


class EnvelopeDestroyed(Fact, frozen=True, tag="envelope.destroyed"):
    """A sheet that opens nothing any more was destroyed before two people."""

    envelope: Id
    why: Id


class EnvelopeCorrected(Fact, frozen=True, tag="envelope.corrected"):
    """What the register says of an envelope was wrong; this is right. Why lies in the erasable row.

    The proof of its content is never corrected: another content is another envelope.
    """

    envelope: Id
    state: EnvelopeState
    details: Hex256
    bag: Id | None = None
    safe: Id | None = None

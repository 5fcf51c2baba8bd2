"""Security keys."""

from datetime import date

from keyvault_kit.custody.events.base import Fact, Natural, Observation
from keyvault_kit.custody.model import Hex256, Id, Retirement, Use


class KeyRegistered(Fact, frozen=True, tag="key.registered"):
    """A key under its asset tag, with what it said about itself."""

    key: Id
    account: Id
    use: Use
    product: str
    aaguid: str
    firmware: str | None = None
    serial: int | None = None


class KeyBound(Fact, frozen=True, tag="key.bound"):
    """A custody credential was made on a key: its public key is what the key is known by."""

    key: Id
    credential: str
    public_key: str


class KeyRetired(Fact, frozen=True, tag="key.retired"):
    """A key went out of service for good; words about it lie in the erasable row."""

    key: Id
    why: Retirement
    details: Hex256 | None = None


class KeyProven(Observation, frozen=True, tag="key.proven"):
    """The verdict on a fresh attestation, with the fingerprints that carried it (S19).

    `metadata` is the number of the FIDO metadata BLOB that was asked, where there was one.
    """

    key: Id
    verdict: str
    reasons: tuple[str, ...] = ()
    leaf: Hex256 | None = None
    root: Hex256 | None = None
    metadata: Natural | None = None
    aaguid: str | None = None


class KeyReset(Observation, frozen=True, tag="key.reset"):
    """A key was set back to its factory state; PIN and credentials are gone."""

    key: Id
    why: str


class PinSet(Fact, frozen=True, tag="pin.set"):
    """The key took the PIN of this set (S19)."""

    key: Id
    set: Id


class PinChecked(Observation, frozen=True, tag="pin.checked"):
    """A PIN was sent, right or wrong, and the attempts left; neither where the key told nothing."""

    key: Id
    right: bool | None = None
    retries: int | None = None


class PinChanged(Observation, frozen=True, tag="pin.changed"):
    """A key got another PIN, of which no sheet is known here."""

    key: Id


class PinPolicyRaised(Observation, frozen=True, tag="pin-policy.raised"):
    """A key wants more of its PIN from now on: that many code points, or that it be changed."""

    key: Id
    min_length: Natural | None = None
    forced: bool = False


class CredentialDeleted(Observation, frozen=True, tag="credential.deleted"):
    """A discoverable credential was deleted from a key."""

    key: Id
    credential: str
    rp_id: str


class PasskeyEnrolled(Fact, frozen=True, tag="passkey.enrolled"):
    """A passkey made for an account, with a touch (S17, S19).

    Attributes:
        answer: SHA-256 of the registration answer, as it goes to the tenant.
        user: SHA-256 of the user handle that the key keeps with it: all keys of an account hold
            a credential of the same user.
    """

    key: Id
    rp_id: str
    credential: str
    public_key: str
    answer: Hex256
    user: Hex256 | None = None


class KeyAsserted(Observation, frozen=True, tag="key.asserted"):
    """The key answered a fresh challenge (`nonce`) with its registered passkey.

    `custody`: with its custody credential instead.
    """

    key: Id
    nonce: Hex256
    custody: bool = False


class KeySeen(Observation, frozen=True, tag="key.seen"):
    """A key was there that claims to be this one, and was asked for no signature; `why` not."""

    key: Id
    why: str


class KeyCorrected(Fact, frozen=True, tag="key.corrected"):
    """What the register says of a key was wrong; this is right. Why lies in the erasable row."""

    key: Id
    product: str
    details: Hex256
    firmware: str | None = None
    serial: int | None = None


class MetadataImported(Fact, frozen=True, tag="metadata.imported"):
    """A FIDO metadata BLOB was verified and is judged by from now on; `left_out` was unreadable."""

    number: Natural
    next_update: date
    sha256: Hex256
    left_out: Natural = 0

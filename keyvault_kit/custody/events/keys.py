"""Security keys."""

from keyvault_kit.custody.events.base import Fact, Observation
from keyvault_kit.custody.model import Hex256, Id, Use


class KeyRegistered(Fact, frozen=True, tag="key.registered"):
    """A key under its asset tag, with what it said about itself."""

    key: Id
    account: Id
    use: Use
    product: str
    aaguid: str
    firmware: str | None = None
    serial: int | None = None


class KeyProven(Observation, frozen=True, tag="key.proven"):
    """The verdict on a fresh attestation, with the fingerprints that carried it."""

    key: Id
    verdict: str
    reasons: tuple[str, ...] = ()
    leaf: Hex256 | None = None
    root: Hex256 | None = None


class KeyReset(Observation, frozen=True, tag="key.reset"):
    """A key was set back to its factory state; PIN and credentials are gone."""

    key: Id
    why: str


class PinSet(Fact, frozen=True, tag="pin.set"):
    """The key took the PIN of this set."""

    key: Id
    set: Id


class PinChecked(Observation, frozen=True, tag="pin.checked"):
    """A PIN was tried, right or wrong, and the attempts left after it."""

    key: Id
    right: bool
    retries: int | None = None


class PasskeyEnrolled(Fact, frozen=True, tag="passkey.enrolled"):
    """A passkey made for an account; `answer` is the SHA-256 of the registration file."""

    key: Id
    rp_id: str
    credential: str
    public_key: str
    answer: Hex256


class KeyAsserted(Observation, frozen=True, tag="key.asserted"):
    """The key answered a fresh challenge (`nonce`) with its registered passkey."""

    key: Id
    nonce: Hex256


class KeyCorrected(Fact, frozen=True, tag="key.corrected"):
    """What the register says of a key was wrong; this is right. Why lies in the erasable row."""

    key: Id
    product: str
    details: Hex256
    firmware: str | None = None
    serial: int | None = None

"""Is it the very key that was registered? Its private keys tell; its serial number is a claim.

The passkey is asked first, then the custody credential; a key that answers neither without its PIN
(always-UV) leaves but its serial number, and that is said.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.errors import MismatchError
from keyvault_kit.keys.audit import NONCE_SIZE, fresh_assertion
from keyvault_kit.keys.failures import NoCredentialError, PinRequiredError
from keyvault_kit.keys.reading import Reading
from keyvault_kit.keys.relying_party import RP_ID
from keyvault_kit.keys.session import KeySession

SERIAL_ONLY: Final = "serial only"
"""The verdict where no credential could be asked: the number is a claim."""


SAME_KEY: Final = frozenset({"key-passkey"})
"""Findings about a key that is the registered one all the same."""


class Credential(NamedTuple):
    """A credential of a key: relying party, id, and public key (COSE in CBOR)."""

    rp_id: str
    id: bytes
    public_key: bytes


def recognise(
    session: KeySession, key: SecurityKey, reading: Reading, random: Callable[[int], bytes]
) -> ev.Fact:
    """What a fresh challenge shows, as the fact to be recorded.

    Args:
        session: The key at hand.
        key: What the register has of it.
        reading: What the key at hand says of itself.
        random: For the nonce.

    Returns:
        `KeyAsserted`; `KeySeen` where no signature could be had, which is the verdict 'serial
        only'; or the finding: a stranger, a reset key, a wrong signature, a key that answered
        before and does not now.

    Raises:
        DeviceError: The key failed.
    """
    nonce = random(NONCE_SIZE)
    missing = unasked = False
    for it in credentials_of(key):
        try:
            _challenge(session, it, nonce)
        except PinRequiredError:
            unasked = True
        except NoCredentialError:
            missing = True
        except MismatchError as error:
            return finding("key-assertion", key.id, f"key {key.id} signed wrongly: {error.what}")
        else:
            if missing:  # it is the key, and does not show its passkey
                return _passkey_gone(key)
            return ev.KeyAsserted(key=key.id, nonce=nonce.hex(), custody=it.rp_id == RP_ID)
    was_reset = bool(key.pin_set) and not reading.pin_set
    if missing or (unasked and was_reset):
        return _without_credential(key, reading)
    if unasked and key.answers:
        return finding(
            "key-assertion",
            key.id,
            f"key {key.id} signed without its PIN before, and this one wants the PIN for it",
        )
    why = "it answers with its PIN only" if unasked else "no credential of it is on record"
    return ev.KeySeen(key=key.id, why=why)


def _challenge(session: KeySession, it: Credential, nonce: bytes) -> None:
    fresh_assertion(
        session, rp_id=it.rp_id, credential_id=it.id, public_key=it.public_key, nonce=nonce
    )


def first_assertion(
    session: KeySession, tag: str, it: Credential, random: Callable[[int], bytes]
) -> tuple[ev.Fact, ...]:
    """The first signature by a credential that was just made, if the key gives it without PIN.

    Raises:
        DeviceError: The key failed, or does not know what it has made.
        MismatchError: It signed with another private key.
    """
    nonce = random(NONCE_SIZE)
    try:
        _challenge(session, it, nonce)
    except PinRequiredError:
        return ()
    return (ev.KeyAsserted(key=tag, nonce=nonce.hex(), custody=it.rp_id == RP_ID),)


def signs(session: KeySession, it: Credential, random: Callable[[int], bytes]) -> bool:
    """Whether the key at hand signs with a credential, with neither touch nor PIN.

    Raises:
        DeviceError: The key failed.
    """
    try:
        _challenge(session, it, random(NONCE_SIZE))
    except (NoCredentialError, PinRequiredError, MismatchError):
        return False
    return True


def holds(session: KeySession, key: SecurityKey, random: Callable[[int], bytes]) -> bool:
    """Whether the key at hand signs with a registered credential of that key.

    Raises:
        DeviceError: The key failed.
    """
    return any(signs(session, it, random) for it in credentials_of(key))


def credentials_of(key: SecurityKey) -> tuple[Credential, ...]:
    """What a registered key can be known by: its passkey, and its custody credential."""
    found: list[Credential] = []
    if key.rp_id and key.credential and key.public_key:
        passkey = bytes.fromhex(key.credential), bytes.fromhex(key.public_key)
        found.append(Credential(key.rp_id, *passkey))
    if key.custody_credential and key.custody_public_key:
        custody = bytes.fromhex(key.custody_credential), bytes.fromhex(key.custody_public_key)
        found.append(Credential(RP_ID, *custody))
    return tuple(found)


def _passkey_gone(key: SecurityKey) -> ev.Fact:
    # Under credProtect 3, a passkey is passed over in silence without the PIN (CTAP 2.1, 12.1).
    return finding(
        "key-passkey",
        key.id,
        f"key {key.id} is the registered one, and does not show its passkey: it was deleted, or it"
        " is shown with the PIN only",
        mend=f"Look with 'keys credentials list'. If it is gone, enrol key {key.id} again, and"
        " find out who deleted it.",
    )


def _without_credential(key: SecurityKey, reading: Reading) -> ev.Fact:
    """What the key at hand is, if it holds none of them: judged by its PIN and model."""
    if key.pin_set and not reading.pin_set:
        what = "it holds neither its passkey nor a PIN: it was reset"
        return finding("key-reset", key.id, f"key {key.id} is not as it was sealed: {what}")
    claims = f"claims the serial number {key.serial}" if key.serial else "looks like it"
    pin = "has a PIN, and" if reading.pin_set else "has no PIN, and"
    what = f"a stranger {claims}, {pin} does not hold its credentials"
    if reading.aaguid != key.aaguid or reading.firmware != key.firmware:
        what += "; its model or firmware differs too"
    return finding("key-stranger", key.id, f"in the place of key {key.id} lies another key: {what}")


def finding(rule: str, tag: str, what: str, *, mend: str = "") -> ev.FindingMade:
    """A finding about a key that is not as it should be."""
    lost = f"Treat key {tag} as lost: enrol a new one, rotate, and find out who had access."
    return ev.FindingMade(rule=rule, subject=tag, what=what, mend=mend or lost)

"""Proof that the very key is there: a fresh assertion by a credential that was registered.

A serial number is a claim; the private key is not. The hash is one that only the kit makes, so
that no sign-in can be built from it.
"""

import hashlib

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.keys.credentials import Assertion, AssertionRequest
from keyvault_kit.keys.metadata import verify_assertion
from keyvault_kit.keys.session import KeySession

NONCE_SIZE = 32
_DOMAIN = b"keyvault-kit/audit/v1"


def audit_hash(nonce: bytes) -> bytes:
    """SHA-256 of the kit's audit domain and the nonce, in the place of a client data hash.

    Args:
        nonce: 32 random bytes.

    Raises:
        InputError: The nonce has another length.
    """
    if len(nonce) != NONCE_SIZE:
        raise InputError(f"an audit nonce has {NONCE_SIZE} bytes, not {len(nonce)}")
    return hashlib.sha256(_DOMAIN + nonce).digest()


def fresh_assertion(
    session: KeySession, *, rp_id: str, credential_id: bytes, public_key: bytes, nonce: bytes
) -> Assertion:
    """Have the key sign a fresh audit hash, with neither touch nor PIN, and verify it.

    Args:
        session: The key.
        rp_id: Of the registered credential.
        credential_id: The registered credential.
        public_key: Its public key, COSE in CBOR.
        nonce: 32 fresh random bytes.

    Returns:
        The verified assertion, for the record.

    Raises:
        NoCredentialError: The key does not hold the credential, or says so without its PIN
            (credProtect 3).
        PinRequiredError: The key does this with its PIN only (always-UV).
        MismatchError: The key answered, but not with the registered private key.
        DeviceError: The key failed.
        InputError: The nonce or the public key is malformed.
    """
    client_data_hash = audit_hash(nonce)
    request = AssertionRequest(
        rp_id=rp_id,
        client_data_hash=client_data_hash,
        allow=(credential_id,),
        user_presence=False,
    )
    assertion = session.get_assertion(request, pin=None)
    if assertion.credential_id != credential_id:
        raise MismatchError(
            f"{session.name} answered with another credential than the registered one"
        )
    verify_assertion(public_key, rp_id, client_data_hash, assertion)
    return assertion

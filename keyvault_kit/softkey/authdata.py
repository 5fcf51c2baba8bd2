"""Authenticator data: what every signature of a key covers (WebAuthn level 2, 6.1)."""

import hashlib
from enum import IntFlag

from keyvault_kit.softkey import es256
from keyvault_kit.softkey.cbor import Map, encode
from keyvault_kit.softkey.state import Credential


class Flag(IntFlag):
    """The flags byte."""

    USER_PRESENT = 0x01
    USER_VERIFIED = 0x04
    ATTESTED_CREDENTIAL = 0x40
    EXTENSIONS = 0x80


def flags(*, present: bool, verified: bool) -> Flag:
    """The flags for what the person did."""
    return (Flag.USER_PRESENT if present else Flag(0)) | (
        Flag.USER_VERIFIED if verified else Flag(0)
    )


def authenticator_data(
    rp_id: str, done: Flag, count: int, *, attested: bytes = b"", extensions: Map | None = None
) -> bytes:
    """Authenticator data.

    Args:
        rp_id: The relying party.
        done: What the person did; the flags for the optional parts are added here.
        count: The signature counter.
        attested: Attested credential data, where a credential was made.
        extensions: Extension outputs, where there are any.
    """
    if attested:
        done |= Flag.ATTESTED_CREDENTIAL
    if extensions:
        done |= Flag.EXTENSIONS
    tail = encode(extensions) if extensions else b""
    rp_id_hash = hashlib.sha256(rp_id.encode()).digest()
    return rp_id_hash + bytes([done]) + count.to_bytes(4) + attested + tail


def attested_credential(aaguid: bytes, credential: Credential) -> bytes:
    """Attested credential data (6.5.1): AAGUID, length of the id, the id, the public key."""
    return aaguid + len(credential.id).to_bytes(2) + credential.id + encode(public_cose(credential))


def u2f_message(credential: Credential, client_data_hash: bytes) -> bytes:
    """What an attestation of FIDO U2F signs (WebAuthn level 2, 8.6)."""
    point = es256.uncompressed(es256.private_key(credential.private_key).public_key())
    return b"\0" + credential.rp_id_hash + client_data_hash + credential.id + point


def public_cose(credential: Credential) -> Map:
    """The credential's public key as COSE_Key."""
    key = es256.private_key(credential.private_key)
    return es256.to_cose(key.public_key(), es256.ES256)

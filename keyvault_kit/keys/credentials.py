"""Credentials and assertions: what is asked of a key, and what it answers, as plain data.

The functions here read the maps that a key returns (CTAP 2.1, 6.1, 6.2 and 6.8). They raise what
Python raises on malformed data; the session runs them where that becomes a DeviceError.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from fido2 import cbor
from fido2.ctap2.base import AttestationResponse
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.pin import PinProtocol
from fido2.webauthn import AuthenticatorData

from keyvault_kit.errors import InputError
from keyvault_kit.keys.failures import MALFORMED

ES256 = -7
_EC2, _P256 = 2, 1
_USER = 4  # a member of the answer to authenticatorGetAssertion (CTAP 2.1, 6.2)
USER_PRESENT = 0x01
USER_VERIFIED = 0x04


class CredentialRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A credential to make (CTAP 2.1, 6.1).

    Attributes:
        client_data_hash: SHA-256 of the client data, 32 bytes.
        rp_id: The relying party's id, a domain name.
        rp_name: Its name for people.
        user_id: The user handle, 1 to 64 bytes.
        user_name: The account name.
        user_display_name: The account's name for people.
        algorithms: COSE algorithm numbers, the best first.
        exclude: Credential ids that must not be on the key already.
        resident: Whether the key keeps the credential itself (a passkey).
        enterprise: Kind of enterprise attestation, 1 or 2; None for the ordinary one.
        protection: credProtect level, 1 to 3 (12.1); None to leave it to the key.
        hmac_secret: Whether the credential shall be able to make secrets of salts (12.5).
    """

    client_data_hash: bytes
    rp_id: str
    rp_name: str
    user_id: bytes
    user_name: str
    user_display_name: str
    algorithms: tuple[int, ...] = (ES256,)
    exclude: tuple[bytes, ...] = ()
    resident: bool = True
    enterprise: int | None = None
    protection: int | None = None
    hmac_secret: bool = False

    @property
    def extensions(self) -> dict[str, object]:
        """The extension inputs."""
        asked = {"credProtect": self.protection, "hmac-secret": self.hmac_secret or None}
        return {name: value for name, value in asked.items() if value is not None}


class MadeCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that a key has made.

    Attributes:
        credential_id: The key's name for it.
        public_key: The public key, COSE in CBOR.
        aaguid: The model, lower-case and hyphenated.
        sign_count: The signature counter.
        flags: The flags byte of the authenticator data.
        attestation_object: The CBOR map of fmt, authData and attStmt (WebAuthn 3, 6.5.4).
    """

    credential_id: bytes
    public_key: bytes
    aaguid: str
    sign_count: int
    flags: int
    attestation_object: bytes

    @property
    def user_verified(self) -> bool:
        """Whether the key checked its PIN or a fingerprint."""
        return bool(self.flags & USER_VERIFIED)


class AssertionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A signature to ask for (CTAP 2.1, 6.2).

    Attributes:
        rp_id: The relying party's id.
        client_data_hash: SHA-256 of the client data, 32 bytes.
        allow: The credential ids that may answer; empty for any on the key.
        user_presence: Whether the key must be touched.
    """

    rp_id: str
    client_data_hash: bytes
    allow: tuple[bytes, ...] = ()
    user_presence: bool = True


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """What a key signed.

    Attributes:
        credential_id: The credential that answered.
        auth_data: The authenticator data as signed.
        signature: Over `auth_data` and the client data hash; DER for ECDSA.
        flags: The flags byte.
        counter: The signature counter.
        user_id: The user handle that the key keeps with it; None where the key did not tell.
    """

    credential_id: bytes
    auth_data: bytes
    signature: bytes
    flags: int
    counter: int
    user_id: bytes | None = None

    @property
    def user_present(self) -> bool:
        """Whether the key was touched."""
        return bool(self.flags & USER_PRESENT)

    @property
    def user_verified(self) -> bool:
        """Whether the key checked its PIN or a fingerprint."""
        return bool(self.flags & USER_VERIFIED)


class ResidentCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that lives on the key. The texts are the relying party's, unchecked.

    Attributes:
        rp_id: The relying party's id; empty where the key keeps none.
        user_id: The user handle.
        user_name: The account name; empty where the key keeps none.
        credential_id: The key's name for it.
    """

    rp_id: str
    user_id: bytes
    user_name: str
    credential_id: bytes


class PinProof(msgspec.Struct, frozen=True):
    """The proof to a key that somebody gave its PIN (CTAP 2.1, 6.5.5.4).

    Attributes:
        param: pinUvAuthParam; None without a PIN.
        protocol: The PIN protocol's number; None without a PIN.
    """

    param: bytes | None = None
    protocol: int | None = None


def pin_proof(token: tuple[PinProtocol, bytes] | None, message: bytes) -> PinProof:
    """The proof for one message, by a token that the PIN was traded for."""
    if token is None:
        return PinProof()
    protocol, key = token
    return PinProof(protocol.authenticate(key, message), protocol.VERSION)


def making(
    request: CredentialRequest, proof: PinProof, *, known: Collection[str] = ()
) -> dict[int, object]:
    """The members of authenticatorMakeCredential.

    Args:
        known: The extensions that the key has; no other is asked for.
    """
    extensions = {name: value for name, value in request.extensions.items() if name in known}
    return _present(
        {
            1: request.client_data_hash,
            2: {"id": request.rp_id, "name": request.rp_name},
            3: {
                "id": request.user_id,
                "name": request.user_name,
                "displayName": request.user_display_name,
            },
            4: [{"type": "public-key", "alg": algorithm} for algorithm in request.algorithms],
            5: _descriptors(request.exclude),
            6: extensions or None,
            7: {"rk": True} if request.resident else None,
            8: proof.param,
            9: proof.protocol,
            10: request.enterprise,
        }
    )


def asking(request: AssertionRequest, proof: PinProof) -> dict[int, object]:
    """The members of authenticatorGetAssertion."""
    return _present(
        {
            1: request.rp_id,
            2: request.client_data_hash,
            3: _descriptors(request.allow),
            5: None if request.user_presence else {"up": False},
            6: proof.param,
            7: proof.protocol,
        }
    )


def p256_point(public_key: bytes) -> bytes:
    """The point of an ES256 key, uncompressed: 65 bytes (SEC 1, 2.3.3).

    Args:
        public_key: COSE in CBOR (RFC 9053, 7.1.1).

    Raises:
        InputError: It is no ES256 key.
    """
    try:
        key: Any = cbor.decode(public_key)
        x, y = key[-2], key[-3]
        if (key[1], key[3], key[-1], len(x), len(y)) != (_EC2, ES256, _P256, 32, 32):
            raise ValueError("another kind of key")
        return b"".join((b"\x04", x, y))
    except MALFORMED as error:
        raise InputError("the public key is no ES256 key in COSE") from error


def _present(members: dict[int, object]) -> dict[int, object]:
    return {number: value for number, value in members.items() if value is not None}


def _descriptors(credential_ids: tuple[bytes, ...]) -> list[dict[str, object]] | None:
    return [{"type": "public-key", "id": each} for each in credential_ids] or None


def read_made(answer: Mapping[int, Any]) -> MadeCredential:
    """A key's answer to authenticatorMakeCredential."""
    response = AttestationResponse.from_dict(answer)
    auth_data = response.auth_data
    made = auth_data.credential_data
    if made is None:
        raise ValueError("no credential in the authenticator data")
    attestation = {"fmt": response.fmt, "authData": bytes(auth_data), "attStmt": response.att_stmt}
    return MadeCredential(
        credential_id=made.credential_id,
        public_key=cbor.encode(made.public_key),
        aaguid=str(made.aaguid),
        sign_count=auth_data.counter,
        flags=int(auth_data.flags),
        attestation_object=cbor.encode(attestation),
    )


def read_assertion(response: Mapping[int, Any], allow: tuple[bytes, ...]) -> Assertion:
    """A key's answer to authenticatorGetAssertion.

    Args:
        response: The CBOR map.
        allow: What was allowed: with one credential alone, a key may leave out which it was.
    """
    credential_id = response[1]["id"] if 1 in response or len(allow) != 1 else allow[0]
    raw, signature = response[2], response[3]
    user = response.get(_USER)
    user_id = user.get("id") if isinstance(user, Mapping) else None
    if not all(isinstance(it, bytes) for it in (credential_id, raw, signature, user_id or b"")):
        raise TypeError("byte strings expected")
    auth_data = AuthenticatorData(raw)
    return Assertion(
        credential_id=credential_id,
        auth_data=raw,
        signature=signature,
        flags=int(auth_data.flags),
        counter=auth_data.counter,
        user_id=user_id or None,
    )


def read_resident(rp: Mapping[str, Any], entry: Mapping[int, Any]) -> ResidentCredential:
    """One entry of authenticatorCredentialManagement's enumeration."""
    user = entry[CredentialManagement.RESULT.USER]
    credential = entry[CredentialManagement.RESULT.CREDENTIAL_ID]
    read = ResidentCredential(
        rp_id=rp.get("id", ""),
        user_id=user["id"],
        user_name=user.get("name", ""),
        credential_id=credential["id"],
    )
    texts, handles = (read.rp_id, read.user_name), (read.user_id, read.credential_id)
    if not all(isinstance(x, str) for x in texts) or not all(isinstance(x, bytes) for x in handles):
        raise TypeError("text and byte strings expected")
    return read

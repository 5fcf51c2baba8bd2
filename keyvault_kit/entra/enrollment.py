"""Passkey enrolment on behalf of a user: the offline leg's two files (S17, S19, S20).

The tenant issues creation options, a key makes a credential here, and the registration answer goes
back. Shapes: Microsoft Graph beta, `fido2AuthenticationMethod: creationOptions` and `create`.
"""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from keyvault_kit.errors import InputError, RefusedError

RP_IDS: Final = ("login.microsoft.com", "login.microsoftonline.com")
"""The relying parties of Entra; a passkey is made for no other."""

DISPLAY_NAME_LIMIT: Final = 30
"""Graph keeps this many characters of a method's display name."""

ES256: Final = -7


class _RelyingParty(msgspec.Struct, frozen=True):
    id: str
    name: str


class _User(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    display_name: str


class _Parameter(msgspec.Struct, frozen=True):
    type: str
    alg: int


class _Descriptor(msgspec.Struct, frozen=True):
    id: str


class _Selection(msgspec.Struct, frozen=True, rename="camel"):
    user_verification: str = "required"
    require_resident_key: bool = True


class _PublicKey(msgspec.Struct, frozen=True, rename="camel"):
    rp: _RelyingParty
    user: _User
    challenge: Annotated[str, msgspec.Meta(min_length=22)]
    pub_key_cred_params: tuple[_Parameter, ...]
    authenticator_selection: _Selection
    attestation: str
    exclude_credentials: tuple[_Descriptor, ...] = ()


class _OptionsFile(msgspec.Struct, frozen=True):
    """The file as Graph writes it; members that we have no use for are left alone."""

    expires: str = msgspec.field(name="challengeTimeoutDateTime")
    public_key: _PublicKey = msgspec.field(name="publicKey")


class CreationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the tenant wants a key to make.

    Attributes:
        user_id: The user handle, bytes.
        upn: The account's sign-in name.
        challenge: The challenge, base64url without padding.
        algorithms: COSE algorithm numbers, preferred first.
        exclude: Credential ids that the account has already.
        expires: When the tenant stops to accept an answer, UTC.
    """

    rp_id: str
    rp_name: str
    user_id: bytes
    upn: str
    display_name: str
    challenge: str
    algorithms: tuple[int, ...]
    exclude: tuple[bytes, ...]
    expires: datetime

    @property
    def client_data(self) -> bytes:
        """The clientDataJSON of the answer (WebAuthn 5.8.1)."""
        fields = {
            "type": "webauthn.create",
            "challenge": self.challenge,
            "origin": f"https://{self.rp_id}",
            "crossOrigin": False,
        }
        return json.dumps(fields, separators=(",", ":")).encode()

    @property
    def client_data_hash(self) -> bytes:
        """What the key signs over: SHA-256 of the clientDataJSON."""
        return hashlib.sha256(self.client_data).digest()


def read_options(data: bytes, *, upn: str, now: datetime) -> CreationOptions:
    """The creation options in a file, if they are for this account and still good.

    Args:
        data: The file's bytes; UTF-8, with or without a byte order mark.
        upn: The account that the key is for.
        now: The time on the station's clock.

    Raises:
        InputError: The file is no options file.
        RefusedError: A foreign relying party, another account, or an expired challenge.
    """
    try:
        file = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_OptionsFile)
        expires = datetime.fromisoformat(file.expires)
        options = _options(file.public_key, expires)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(
            f"this is no file of creation options: {error}", mend="Fetch new options online."
        ) from error
    _check(options, file.public_key, upn=upn, now=now)
    return options


def _options(public_key: _PublicKey, expires: datetime) -> CreationOptions:
    if expires.tzinfo is None:
        raise ValueError("challengeTimeoutDateTime has no time zone")
    exclude = [it for entry in public_key.exclude_credentials for it in _credential_ids(entry.id)]
    return CreationOptions(
        rp_id=public_key.rp.id,
        rp_name=public_key.rp.name,
        user_id=_unbase64(public_key.user.id),
        upn=public_key.user.name,
        display_name=public_key.user.display_name,
        challenge=to_base64url(_unbase64(public_key.challenge)),
        algorithms=tuple(p.alg for p in public_key.pub_key_cred_params if p.type == "public-key"),
        exclude=tuple(exclude),
        expires=expires.astimezone(UTC),
    )


def _check(options: CreationOptions, public_key: _PublicKey, *, upn: str, now: datetime) -> None:
    if options.rp_id not in RP_IDS:
        raise RefusedError(
            f"the options are for {options.rp_id}, which is not Entra",
            mend=f"Only {' and '.join(RP_IDS)} are accepted.",
        )
    if options.upn.casefold() != upn.casefold():
        raise RefusedError(f"the options are for {options.upn}, not for {upn}")
    if options.expires <= now:
        raise RefusedError(
            f"the challenge for {upn} expired at {options.expires:%Y-%m-%d %H:%M} UTC",
            mend="Fetch new options online, with a longer challengeTimeoutInMinutes.",
        )
    if public_key.authenticator_selection.user_verification != "required":
        raise RefusedError("the options do not require user verification (S19)")
    if ES256 not in options.algorithms:
        raise RefusedError(f"the options do not allow ES256, only {options.algorithms}")
    if public_key.attestation != "direct":
        raise RefusedError(
            "the options do not ask for direct attestation",
            mend="Turn on attestation enforcement in the passkey policy.",
        )


def registration(
    options: CreationOptions, *, credential_id: bytes, attestation_object: bytes, name: str
) -> bytes:
    """The registration answer, exactly what Graph takes: JSON, base64url without padding.

    Args:
        name: The method's display name; the asset tag, since Graph keeps no serial number.

    Raises:
        InputError: The name is longer than Graph keeps.
    """
    if len(name) > DISPLAY_NAME_LIMIT:
        raise InputError(f"the name {name!r} is longer than {DISPLAY_NAME_LIMIT} characters")
    answer = {
        "displayName": name,
        "publicKeyCredential": {
            "id": to_base64url(credential_id),
            "response": {
                "clientDataJSON": to_base64url(options.client_data),
                "attestationObject": to_base64url(attestation_object),
            },
        },
    }
    return json.dumps(answer, indent=2).encode() + b"\n"


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    """Base64 in either alphabet, padded or not."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text[:12]}... is not base64") from error


def _credential_ids(text: str) -> list[bytes]:
    """Every reading of an excluded id.

    Graph writes some ids with the number of padding characters as a last digit; where both
    readings are possible, both are excluded.
    """
    readings: list[bytes] = []
    try:
        readings.append(_unbase64(text))
    except ValueError:
        if not text.endswith(("0", "1", "2")):
            raise
    if text[-1:] in {"0", "1", "2"}:
        stem, padding = text[:-1], int(text[-1])
        if "=" not in stem and -len(stem) % 4 == padding:
            readings.append(_unbase64(stem))
    return readings

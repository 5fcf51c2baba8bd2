"""Passkey enrolment on behalf of a user: the offline leg's two files (S17, S19, S20).

The tenant issues creation options, a key makes a credential here, and the registration answer goes
back. Shapes: Microsoft Graph beta, `fido2AuthenticationMethod: creationOptions` and `create`.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from keyvault_kit.entra.foreign import read_as
from keyvault_kit.errors import InputError, RefusedError

RP_IDS: Final = ("login.microsoft.com", "login.microsoftonline.com")
"""The relying parties of Entra; a passkey is made for no other."""

DISPLAY_NAME_LIMIT: Final = 30
"""Graph keeps this many characters of a method's display name."""

ES256: Final = -7
SHORT: Final = timedelta(minutes=30)
"""With less time left than that, an enrolment may not come to its end."""

PROTECTION: Final[Mapping[str, int]] = {
    "userVerificationOptional": 1,
    "userVerificationOptionalWithCredentialIDList": 2,
    "userVerificationRequired": 3,
}
"""WebAuthn's names of the credProtect levels (CTAP 2.1, 12.1)."""

USER_HANDLE: Final = 64
"""Bytes of a user handle at most (WebAuthn, 4); one at least."""

NAME_SIZE: Final = 64
"""Bytes of a name, as UTF-8, that every key keeps whole (WebAuthn, 6.4.1)."""

CHALLENGE: Final = range(16, 10_001)
"""Bytes of a challenge: less can be guessed (WebAuthn, 13.4.3), and of more there is no use."""

CREDENTIAL_ID: Final = 1023
"""Bytes of a credential id at most (WebAuthn, 4)."""

LISTED: Final = 64
"""So many credentials, or algorithms, at most: more are no answer of Entra, nor taken by a key."""

_POLICY: Final = "Look at the passkey policy of the tenant, and fetch new options."

_Bytes = Annotated[str, msgspec.Meta(min_length=1)]


class _RelyingParty(msgspec.Struct, frozen=True):
    id: str
    name: str


class _User(msgspec.Struct, frozen=True, rename="camel"):
    id: _Bytes
    name: str
    display_name: str


class _Parameter(msgspec.Struct, frozen=True):
    type: str
    alg: int


class _Descriptor(msgspec.Struct, frozen=True):
    id: _Bytes
    type: str = "public-key"
    transports: tuple[str, ...] = ()


class _Selection(msgspec.Struct, frozen=True, rename="camel"):
    """What is not said is what WebAuthn takes it for (5.4.4)."""

    user_verification: str = "preferred"
    require_resident_key: bool = False
    resident_key: str = ""
    authenticator_attachment: str | None = None


class _Extensions(msgspec.Struct, frozen=True, rename="camel"):
    hmac_create_secret: bool = False
    credential_protection_policy: str = ""
    enforce_credential_protection_policy: bool = False


class _PublicKey(msgspec.Struct, frozen=True, rename="camel"):
    rp: _RelyingParty
    user: _User
    challenge: Annotated[str, msgspec.Meta(min_length=22)]
    pub_key_cred_params: tuple[_Parameter, ...]
    authenticator_selection: _Selection = _Selection()
    attestation: str = "none"
    exclude_credentials: tuple[_Descriptor, ...] = ()
    extensions: _Extensions = _Extensions()
    timeout: int | None = None


class _OptionsFile(msgspec.Struct, frozen=True):
    """The file as Graph writes it; what later versions add is left alone, and counted."""

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
        protection: The credProtect level that is asked for; None for none.
        enforced: Whether a key that has no such level is not to be used.
        hmac_secret: Whether the credential shall be able to make secrets of salts.
        ignored: Members that this version does not know -> how often.
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
    protection: int | None = None
    enforced: bool = False
    hmac_secret: bool = False
    ignored: Mapping[str, int] = {}

    @property
    def user_sha256(self) -> str:
        """SHA-256 of the user handle, lower-case hex: what the register keeps of it."""
        return hashlib.sha256(self.user_id).hexdigest()

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

    def is_over(self, now: datetime) -> bool:
        """Whether the tenant takes no answer any more."""
        return self.expires <= now

    def demand_time(self, now: datetime) -> None:
        """Check that the tenant would still take an answer.

        Raises:
            RefusedError: The challenge expired.
        """
        if self.is_over(now):
            raise RefusedError(
                f"the challenge for {self.upn} expired at {self.expires:%Y-%m-%d %H:%M} UTC",
                mend="Fetch new options online, with a longer challengeTimeoutInMinutes.",
            )

    def time_left(self, now: datetime) -> str:
        """How long the tenant takes an answer, in words; a warning where that is short."""
        minutes = max(0, (self.expires - now) // timedelta(minutes=1))
        hours, rest = divmod(minutes, 60)
        left = f"{hours} h {rest} min" if hours else f"{rest} min"
        told = f"The options for {self.upn} are good until {self.expires:%Y-%m-%d %H:%M} UTC"
        if self.expires - now < SHORT:
            return f"WARNING: {told}, {left} from now. Fetch new ones if that is not enough."
        return f"{told}, {left} from now."


def read_options(data: bytes, *, upn: str, now: datetime) -> CreationOptions:
    """The creation options in a file, if they are for this account and still good.

    Args:
        data: The file's bytes: UTF-8 or UTF-16, with or without a byte order mark.
        upn: The account that the key is for.
        now: The time on the station's clock.

    Raises:
        InputError: The file is no options file, or is cut short.
        RefusedError: A foreign relying party, another account, an expired challenge, a passkey
            that would not be one of ours, or what no key would take.
    """
    try:
        file, ignored = read_as(_OptionsFile, data)
        expires = datetime.fromisoformat(file.expires)
        options = _options(file.public_key, expires, ignored)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"this is no file of creation options: {error}", mend="Fetch new options online."
        ) from error
    _check(options, file.public_key, upn=upn, now=now)
    _check_sizes(options)
    return options


def _options(
    public_key: _PublicKey, expires: datetime, ignored: Mapping[str, int]
) -> CreationOptions:
    if expires.tzinfo is None:
        raise ValueError("challengeTimeoutDateTime has no time zone")
    exclude = [it for entry in public_key.exclude_credentials for it in credential_ids(entry.id)]
    extensions = public_key.extensions
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
        protection=_protection(extensions.credential_protection_policy),
        enforced=extensions.enforce_credential_protection_policy,
        hmac_secret=extensions.hmac_create_secret,
        ignored=ignored,
    )


def _protection(policy: str) -> int | None:
    if policy and policy not in PROTECTION:
        raise ValueError(f"there is no credential protection policy {policy!r}")
    return PROTECTION.get(policy)


def _check(options: CreationOptions, public_key: _PublicKey, *, upn: str, now: datetime) -> None:
    if options.rp_id not in RP_IDS:
        raise RefusedError(
            f"the options are for {options.rp_id!r}, which is not Entra",
            mend=f"Only {' and '.join(RP_IDS)} are accepted.",
        )
    if options.upn.casefold() != upn.casefold():
        raise RefusedError(
            f"the options are for {options.upn!r}, not for {upn}", mend="Take the other file."
        )
    options.demand_time(now)
    selection = public_key.authenticator_selection
    if selection.user_verification != "required":
        raise RefusedError(
            f"the options for {upn} do not require user verification (S19)", mend=_POLICY
        )
    if not (selection.require_resident_key or selection.resident_key == "required"):
        raise RefusedError(
            f"the options for {upn} do not ask for a key that keeps the passkey (S17)", mend=_POLICY
        )
    if selection.authenticator_attachment == "platform":
        raise RefusedError(
            f"the options for {upn} ask for a passkey of a computer, not of a security key",
            mend=_POLICY,
        )
    if ES256 not in options.algorithms:
        raise RefusedError(
            f"the options for {upn} do not allow ES256, only {list(options.algorithms)}",
            mend=_POLICY,
        )
    if public_key.attestation != "direct":
        raise RefusedError(
            f"the options for {upn} do not ask for direct attestation",
            mend="Turn on attestation enforcement in the passkey policy.",
        )


def _check_sizes(options: CreationOptions) -> None:
    """Check what a key would refuse, or cut off, only once its PIN was drawn and is sealed."""
    names = {
        "relying party": options.rp_name,
        "account": options.upn,
        "account for display": options.display_name,
    }
    for whose, name in names.items():
        if not (name.isprintable() or not name) or len(name.encode()) > NAME_SIZE:
            raise RefusedError(
                f"the name of the {whose} in the options is longer than {NAME_SIZE} bytes, or"
                " cannot be shown",
                mend="Give it a shorter, plain name at the tenant, and fetch new options.",
            )
    challenge = len(_unbase64(options.challenge))
    faults = {
        f"a user handle of {len(options.user_id)} bytes": len(options.user_id) > USER_HANDLE,
        f"a challenge of {challenge} bytes": challenge not in CHALLENGE,
        f"{len(options.exclude)} credentials to exclude": len(options.exclude) > LISTED,
        f"{len(options.algorithms)} algorithms": len(options.algorithms) > LISTED,
        "a credential id that is too long": any(len(it) > CREDENTIAL_ID for it in options.exclude),
    }
    for fault, is_so in faults.items():
        if is_so:
            raise RefusedError(
                f"the options for {options.upn} have {fault}, which no key takes",
                mend="Fetch new options online.",
            )


def registration(
    options: CreationOptions,
    *,
    credential_id: bytes,
    attestation_object: bytes,
    name: str,
    hmac_secret: bool = False,
) -> bytes:
    """The registration answer, exactly what Graph takes: JSON, base64url without padding.

    Args:
        name: The method's display name; the asset tag, since Graph keeps no serial number.
        hmac_secret: Whether the key did what `hmacCreateSecret` asked (WebAuthn 10, extensions).

    Raises:
        InputError: The name is longer than Graph keeps.
    """
    if len(name) > DISPLAY_NAME_LIMIT:
        raise InputError(
            f"the name {name!r} is longer than {DISPLAY_NAME_LIMIT} characters, which Graph keeps",
            mend="Give the key a shorter tag.",
        )
    credential = {
        "id": to_base64url(credential_id),
        "response": {
            "clientDataJSON": to_base64url(options.client_data),
            "attestationObject": to_base64url(attestation_object),
        },
    }
    if hmac_secret:
        credential["clientExtensionResults"] = {"hmacCreateSecret": True}
    answer = {"displayName": name, "publicKeyCredential": credential}
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


def credential_ids(text: str) -> list[bytes]:
    """Every reading of a credential id as Graph writes it.

    Graph writes some ids with the number of padding characters as a last digit; both readings are
    possible then, and who excludes one excludes both.

    Raises:
        ValueError: It is no base64 in any reading.
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

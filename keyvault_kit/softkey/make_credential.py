"""authenticatorMakeCredential (CTAP 2.1, 6.1)."""

from enum import IntEnum

import msgspec

from keyvault_kit.softkey import es256, extensions
from keyvault_kit.softkey.attestation import Attester
from keyvault_kit.softkey.authdata import (
    attested_credential,
    authenticator_data,
    flags,
    u2f_message,
)
from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.parameters import PUBLIC_KEY, credential_ids, maps, optional, required
from keyvault_kit.softkey.pin_token import Permission
from keyvault_kit.softkey.profiles import VENDOR_RP_ID
from keyvault_kit.softkey.state import Credential
from keyvault_kit.softkey.status import CtapError, Status

CREDENTIAL_ID_SIZE = 32
HASH_SIZE = 32
USER_ID_LIMIT = 64
VENDOR_FACILITATED, PLATFORM_MANAGED = 1, 2
FIDO_U2F = "fido-u2f"
NO_AAGUID = bytes(16)
"""What stands for the AAGUID beside an attestation of FIDO U2F (WebAuthn level 2, 6.5.1)."""


class Parameter(IntEnum):
    """Parameters of the request."""

    CLIENT_DATA_HASH = 0x01
    RP = 0x02
    USER = 0x03
    PUB_KEY_CRED_PARAMS = 0x04
    EXCLUDE_LIST = 0x05
    EXTENSIONS = 0x06
    OPTIONS = 0x07
    PIN_UV_AUTH_PARAM = 0x08
    PIN_UV_AUTH_PROTOCOL = 0x09
    ENTERPRISE_ATTESTATION = 0x0A


class Answer(IntEnum):
    """Members of the answer."""

    FORMAT = 0x01
    AUTHENTICATOR_DATA = 0x02
    STATEMENT = 0x03
    ENTERPRISE_ATTESTATION = 0x04


class _Request(msgspec.Struct, frozen=True):
    """A request whose every member is of its type."""

    client_data_hash: bytes
    rp_id: str
    user_id: bytes
    user_name: str | None
    user_display_name: str | None
    excluded: list[bytes]
    extensions: Map
    discoverable: bool
    enterprise: int | None


def make_credential(core: Core, fields: Map) -> Map:
    """Make a credential and attest it.

    Raises:
        CtapError: The status that the specification gives to what is wrong.
    """
    core.answer_probe(fields, Parameter.PIN_UV_AUTH_PARAM, Parameter.PIN_UV_AUTH_PROTOCOL)
    request = _parse(core, fields)
    _check_pin_wanted(core, request, fields)
    attester = _attester(core, request)
    token = core.authorize(
        fields,
        Parameter.PIN_UV_AUTH_PARAM,
        Parameter.PIN_UV_AUTH_PROTOCOL,
        request.client_data_hash,
        Permission.MAKE_CREDENTIAL,
    )
    if token:
        token.bind(request.rp_id)
    _check_excluded(core, request, verified=token is not None)
    core.require_touch(core.profile.untouched)
    if token:
        token.spend()
    credential = _new_credential(core, request)
    _store(core, credential)
    return _attest(core, request, credential, attester, verified=token is not None)


def _parse(core: Core, fields: Map) -> _Request:
    rp = required(fields, Parameter.RP, dict)
    user = required(fields, Parameter.USER, dict)
    _check_algorithms(maps(required(fields, Parameter.PUB_KEY_CRED_PARAMS, list)))
    options = _check_options(
        optional(fields, Parameter.OPTIONS, dict) or {},
        by_pin=Parameter.PIN_UV_AUTH_PARAM in fields,
    )
    request = _Request(
        client_data_hash=required(fields, Parameter.CLIENT_DATA_HASH, bytes),
        rp_id=required(rp, "id", str),
        user_id=required(user, "id", bytes),
        user_name=optional(user, "name", str),
        user_display_name=optional(user, "displayName", str),
        excluded=credential_ids(fields, Parameter.EXCLUDE_LIST),
        extensions=extensions.at_creation(core, optional(fields, Parameter.EXTENSIONS, dict) or {}),
        discoverable=bool(options.get("rk")),
        enterprise=optional(fields, Parameter.ENTERPRISE_ATTESTATION, int),
    )
    if len(request.client_data_hash) != HASH_SIZE or len(request.user_id) > USER_ID_LIMIT:
        raise CtapError(Status.INVALID_PARAMETER)
    return request


def _check_algorithms(parameters: list[Map]) -> None:
    pairs = [(required(p, "type", str), required(p, "alg", int)) for p in parameters]
    if (PUBLIC_KEY, es256.ES256) not in pairs:
        raise CtapError(Status.UNSUPPORTED_ALGORITHM)


def _check_options(options: Map, *, by_pin: bool) -> Map:
    """The options, of which unknown ones are ignored (6.1.2 step 5)."""
    for name in ("rk", "up", "uv"):
        optional(options, name, bool)
    # There is no built-in user verification, which the option asks for where there is no
    # pinUvAuthParam, and no credential without a touch.
    if (options.get("uv") and not by_pin) or options.get("up") is False:
        raise CtapError(Status.INVALID_OPTION)
    return options


def _check_pin_wanted(core: Core, request: _Request, fields: Map) -> None:
    """A key wants its PIN always, or once it has one (steps 6 to 8).

    makeCredUvNotRqd spares it for the credentials that are not discoverable, but not if always-UV
    is on.
    """
    has_pin = core.state.pin_hash is not None
    if has_pin and Parameter.PIN_UV_AUTH_PARAM in fields:
        return
    spared = core.profile.spares_pin and not request.discoverable
    if core.state.always_uv or (has_pin and not spared):
        raise CtapError(Status.PUAT_REQUIRED)


def _attester(core: Core, request: _Request) -> Attester:
    """Who attests: the make, or the key by itself where an enterprise may ask for that (step 9)."""
    if request.enterprise is None:
        return core.attester
    if core.enterprise is None or not core.state.enterprise_attestation:
        raise CtapError(Status.INVALID_PARAMETER)
    if request.enterprise not in (VENDOR_FACILITATED, PLATFORM_MANAGED):
        raise CtapError(Status.INVALID_OPTION)
    if request.enterprise == VENDOR_FACILITATED and request.rp_id != VENDOR_RP_ID:
        return core.attester
    return core.enterprise


def _check_excluded(core: Core, request: _Request, *, verified: bool) -> None:
    for credential in core.state.credentials:
        here = credential.rp_id == request.rp_id and credential.id in request.excluded
        if here and (verified or credential.protection != extensions.REQUIRED):
            # The touch keeps a website from asking silently which keys are here; whether it
            # comes changes nothing (step 12).
            core.touched()
            raise CtapError(Status.CREDENTIAL_EXCLUDED)


def _new_credential(core: Core, request: _Request) -> Credential:
    return Credential(
        id=core.memory.random(CREDENTIAL_ID_SIZE),
        rp_id=request.rp_id,
        user_id=request.user_id,
        user_name=request.user_name,
        user_display_name=request.user_display_name,
        private_key=es256.scalar(core.memory.random(es256.MATERIAL_SIZE)),
        discoverable=request.discoverable,
        protection=extensions.protection(request.extensions),
        hmac_secret=request.extensions.get(extensions.HMAC_SECRET) is True,
    )


def _store(core: Core, new: Credential) -> None:
    """Keep it; a discoverable one takes the place of the account's former one (step 17)."""
    kept = tuple(
        old for old in core.state.credentials if not (new.discoverable and _is_former(old, new))
    )
    if new.discoverable and sum(old.discoverable for old in kept) >= core.profile.capacity:
        raise CtapError(Status.KEY_STORE_FULL)
    core.memory.change(credentials=(*kept, new))


def _is_former(old: Credential, new: Credential) -> bool:
    return old.discoverable and (old.rp_id, old.user_id) == (new.rp_id, new.user_id)


def _attest(
    core: Core, request: _Request, credential: Credential, attester: Attester, *, verified: bool
) -> Map:
    is_u2f = core.profile.attestation == FIDO_U2F
    data = authenticator_data(
        request.rp_id,
        flags(present=True, verified=verified),
        core.count_signature(),
        attested=attested_credential(NO_AAGUID if is_u2f else core.profile.aaguid, credential),
        extensions=extensions.outputs_at_creation(core, request.extensions, credential),
    )
    if is_u2f:
        signed = u2f_message(credential, request.client_data_hash)
        statement: Map = {"sig": attester.sign(signed), "x5c": [attester.certificate]}
    else:
        signature = attester.sign(data + request.client_data_hash)
        statement = {"alg": es256.ES256, "sig": signature, "x5c": [attester.certificate]}
    answer: Map = {
        Answer.FORMAT: core.profile.attestation,
        Answer.AUTHENTICATOR_DATA: data,
        Answer.STATEMENT: statement,
    }
    if attester is core.enterprise:
        answer[Answer.ENTERPRISE_ATTESTATION] = True
    return answer

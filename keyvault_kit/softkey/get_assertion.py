"""authenticatorGetAssertion and authenticatorGetNextAssertion (CTAP 2.1, 6.2 and 6.3)."""

from collections.abc import Iterator
from enum import IntEnum

import msgspec

from keyvault_kit.softkey import es256, extensions
from keyvault_kit.softkey.authdata import authenticator_data, flags
from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.core import Core, Pending, Sequel
from keyvault_kit.softkey.extensions import HmacSecret
from keyvault_kit.softkey.parameters import PUBLIC_KEY, credential_ids, optional, required
from keyvault_kit.softkey.pin_token import Permission
from keyvault_kit.softkey.state import Credential
from keyvault_kit.softkey.status import CtapError, Status

HASH_SIZE = 32


class Parameter(IntEnum):
    """Parameters of the request."""

    RP_ID = 0x01
    CLIENT_DATA_HASH = 0x02
    ALLOW_LIST = 0x03
    EXTENSIONS = 0x04
    OPTIONS = 0x05
    PIN_UV_AUTH_PARAM = 0x06
    PIN_UV_AUTH_PROTOCOL = 0x07


class Answer(IntEnum):
    """Members of the answer."""

    CREDENTIAL = 0x01
    AUTHENTICATOR_DATA = 0x02
    SIGNATURE = 0x03
    USER = 0x04
    NUMBER_OF_CREDENTIALS = 0x05


class _Request(msgspec.Struct, frozen=True):
    """A request whose every member is of its type; `present` where it wants a touch."""

    rp_id: str
    client_data_hash: bytes
    allowed: list[bytes]
    present: bool
    hmac_secret: HmacSecret | None


def get_assertion(core: Core, fields: Map) -> Map:
    """Sign with a credential of the relying party, the newest first where no list is given.

    Raises:
        CtapError: The status that the specification gives to what is wrong.
    """
    core.answer_probe(fields, Parameter.PIN_UV_AUTH_PARAM, Parameter.PIN_UV_AUTH_PROTOCOL)
    request = _parse(core, fields)
    _check_always_uv(core, fields, present=request.present)
    token = core.authorize(
        fields,
        Parameter.PIN_UV_AUTH_PARAM,
        Parameter.PIN_UV_AUTH_PROTOCOL,
        request.client_data_hash,
        Permission.GET_ASSERTION,
    )
    if token:
        token.bind(request.rp_id)
    verified = token is not None
    found = _find(core, request, verified=verified)
    if request.present:
        core.require_touch(core.profile.untouched)
        if token:
            token.spend()
    return core.begin(Sequel.ASSERTIONS, _answers(core, request, found, verified=verified))


def get_next_assertion(core: Core, pending: Pending | None) -> Map:
    """The assertion by the next older credential.

    Raises:
        CtapError: NOT_ALLOWED: there is none.
    """
    return core.fetch(pending, Sequel.ASSERTIONS)


def _parse(core: Core, fields: Map) -> _Request:
    client_data_hash = required(fields, Parameter.CLIENT_DATA_HASH, bytes)
    if len(client_data_hash) != HASH_SIZE:
        raise CtapError(Status.INVALID_PARAMETER)
    present = _wants_touch(
        optional(fields, Parameter.OPTIONS, dict) or {},
        by_pin=Parameter.PIN_UV_AUTH_PARAM in fields,
    )
    asked = extensions.known(core, optional(fields, Parameter.EXTENSIONS, dict) or {})
    salts = optional(asked, extensions.HMAC_SECRET, dict)
    if salts is not None and not present:
        raise CtapError(Status.UNSUPPORTED_OPTION)
    return _Request(
        rp_id=required(fields, Parameter.RP_ID, str),
        client_data_hash=client_data_hash,
        allowed=credential_ids(fields, Parameter.ALLOW_LIST),
        present=present,
        hmac_secret=None if salts is None else HmacSecret(core, salts),
    )


def _wants_touch(options: Map, *, by_pin: bool) -> bool:
    for name in ("rk", "up", "uv"):
        optional(options, name, bool)
    # There is no built-in user verification; with a pinUvAuthParam the option means nothing.
    if options.get("uv") and not by_pin:
        raise CtapError(Status.INVALID_OPTION)
    if "rk" in options:
        raise CtapError(Status.UNSUPPORTED_OPTION)
    return options.get("up") is not False


def _check_always_uv(core: Core, fields: Map, *, present: bool) -> None:
    """A key that always wants its PIN wants it here; without a touch some do not (step 5)."""
    wanted = core.state.always_uv and (present or core.profile.silent_needs_uv)
    given = core.state.pin_hash is not None and Parameter.PIN_UV_AUTH_PARAM in fields
    if wanted and not given:
        raise CtapError(Status.PUAT_REQUIRED)


def _find(core: Core, request: _Request, *, verified: bool) -> list[Credential]:
    """The credentials that may answer, the newest first; of a list, the first that fits."""
    here = [c for c in reversed(core.state.credentials) if c.rp_id == request.rp_id]
    if request.allowed:
        level = extensions.REQUIRED if verified else extensions.OPTIONAL_WITH_LIST
        found = [c for c in here if c.id in request.allowed and c.protection <= level][:1]
    else:
        level = extensions.REQUIRED if verified else extensions.OPTIONAL
        found = [c for c in here if c.discoverable and c.protection <= level]
    if not found:
        raise CtapError(Status.NO_CREDENTIALS)
    return found


def _answers(
    core: Core, request: _Request, found: list[Credential], *, verified: bool
) -> Iterator[Map]:
    for position, credential in enumerate(found):
        answer = _assert(core, request, credential, verified=verified)
        if position == 0 and len(found) > 1:
            answer[Answer.NUMBER_OF_CREDENTIALS] = len(found)
        yield answer


def _assert(core: Core, request: _Request, credential: Credential, *, verified: bool) -> Map:
    outputs: Map = {}
    if request.hmac_secret and credential.hmac_secret:
        outputs[extensions.HMAC_SECRET] = request.hmac_secret.output(credential, verified=verified)
    data = authenticator_data(
        request.rp_id,
        flags(present=request.present, verified=verified),
        core.count_signature(),
        extensions=outputs,
    )
    key = es256.private_key(credential.private_key)
    answer: Map = {
        Answer.CREDENTIAL: {"type": PUBLIC_KEY, "id": credential.id},
        Answer.AUTHENTICATOR_DATA: data,
        Answer.SIGNATURE: es256.sign(key, data + request.client_data_hash),
    }
    if credential.discoverable:
        answer[Answer.USER] = user_entity(credential, names=verified)
    return answer


def user_entity(credential: Credential, *, names: bool) -> Map:
    """The account; its names are told to nobody who did not give the PIN (6.2.2 step 12)."""
    user: Map = {"id": credential.user_id}
    if names and credential.user_name is not None:
        user["name"] = credential.user_name
    if names and credential.user_display_name is not None:
        user["displayName"] = credential.user_display_name
    return user

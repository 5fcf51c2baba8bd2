"""authenticatorCredentialManagement: what lies on the key (CTAP 2.1, 6.8)."""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final

import msgspec

from keyvault_kit.softkey.authdata import public_cose
from keyvault_kit.softkey.cbor import Map, encode
from keyvault_kit.softkey.core import Core, Pending, Sequel
from keyvault_kit.softkey.get_assertion import user_entity
from keyvault_kit.softkey.parameters import PUBLIC_KEY, optional, required
from keyvault_kit.softkey.pin_token import Permission, PinToken
from keyvault_kit.softkey.state import Credential
from keyvault_kit.softkey.status import CtapError, Status


class Subcommand(IntEnum):
    """Subcommands (6.8)."""

    GET_METADATA = 0x01
    ENUMERATE_RPS_BEGIN = 0x02
    ENUMERATE_RPS_NEXT = 0x03
    ENUMERATE_CREDENTIALS_BEGIN = 0x04
    ENUMERATE_CREDENTIALS_NEXT = 0x05
    DELETE = 0x06
    UPDATE_USER = 0x07


class Parameter(IntEnum):
    """Parameters of the request."""

    SUBCOMMAND = 0x01
    SUBCOMMAND_PARAMS = 0x02
    PIN_UV_AUTH_PROTOCOL = 0x03
    PIN_UV_AUTH_PARAM = 0x04


class SubcommandParameter(IntEnum):
    """Parameters of the subcommands."""

    RP_ID_HASH = 0x01
    CREDENTIAL_ID = 0x02
    USER = 0x03


class Answer(IntEnum):
    """Members of the answers."""

    EXISTING = 0x01
    MAX_REMAINING = 0x02
    RP = 0x03
    RP_ID_HASH = 0x04
    TOTAL_RPS = 0x05
    USER = 0x06
    CREDENTIAL_ID = 0x07
    PUBLIC_KEY = 0x08
    TOTAL_CREDENTIALS = 0x09
    CRED_PROTECT = 0x0A


_SEQUELS = {
    Subcommand.ENUMERATE_RPS_NEXT: Sequel.RELYING_PARTIES,
    Subcommand.ENUMERATE_CREDENTIALS_NEXT: Sequel.CREDENTIALS,
}


def preview(core: Core, fields: Map, pending: Pending | None) -> Map:
    """Run a subcommand of the draft that came before CTAP 2.1, which could rename no account.

    Raises:
        CtapError: The status that the specification gives to what is wrong.
    """
    if required(fields, Parameter.SUBCOMMAND, int) == Subcommand.UPDATE_USER:
        raise CtapError(Status.INVALID_SUBCOMMAND)
    return credential_management(core, fields, pending)


def credential_management(core: Core, fields: Map, pending: Pending | None) -> Map:
    """Run a subcommand.

    Raises:
        CtapError: The status that the specification gives to what is wrong.
    """
    subcommand = required(fields, Parameter.SUBCOMMAND, int)
    if subcommand in _SEQUELS:
        return core.fetch(pending, _SEQUELS[Subcommand(subcommand)])
    if subcommand not in _SUBCOMMANDS:
        raise CtapError(Status.INVALID_SUBCOMMAND)
    params = optional(fields, Parameter.SUBCOMMAND_PARAMS, dict)
    # Only canonical CBOR comes this far, so encoding again gives the bytes that were signed.
    message = bytes([subcommand]) + (b"" if params is None else encode(params))
    token = core.authorize(
        fields,
        Parameter.PIN_UV_AUTH_PARAM,
        Parameter.PIN_UV_AUTH_PROTOCOL,
        message,
        Permission.CREDENTIAL_MANAGEMENT,
    )
    if token is None:
        raise CtapError(Status.PUAT_REQUIRED)
    return _SUBCOMMANDS[Subcommand(subcommand)](core, token, params or {})


def _get_metadata(core: Core, token: PinToken, _: Map) -> Map:
    _require_unbound(token)
    return {Answer.EXISTING: len(core.discoverable()), Answer.MAX_REMAINING: core.room}


def _enumerate_rps(core: Core, token: PinToken, _: Map) -> Map:
    _require_unbound(token)
    by_rp = {credential.rp_id: credential for credential in core.discoverable()}
    if not by_rp:
        raise CtapError(Status.NO_CREDENTIALS)
    return core.begin(Sequel.RELYING_PARTIES, _relying_parties(list(by_rp.values())))


def _relying_parties(found: list[Credential]) -> Iterator[Map]:
    for position, credential in enumerate(found):
        answer: Map = {
            Answer.RP: {"id": credential.rp_id},
            Answer.RP_ID_HASH: credential.rp_id_hash,
        }
        if position == 0:
            answer[Answer.TOTAL_RPS] = len(found)
        yield answer


def _enumerate_credentials(core: Core, token: PinToken, params: Map) -> Map:
    rp_id_hash = required(params, SubcommandParameter.RP_ID_HASH, bytes)
    found = core.discoverable(rp_id_hash)
    if not found:
        raise CtapError(Status.NO_CREDENTIALS)
    _require_for(token, found[0].rp_id)
    return core.begin(Sequel.CREDENTIALS, _credentials(found))


def _credentials(found: list[Credential]) -> Iterator[Map]:
    for position, credential in enumerate(found):
        answer: Map = {
            Answer.USER: user_entity(credential, names=True),
            Answer.CREDENTIAL_ID: {"type": PUBLIC_KEY, "id": credential.id},
            Answer.PUBLIC_KEY: public_cose(credential),
            Answer.CRED_PROTECT: credential.protection,
        }
        if position == 0:
            answer[Answer.TOTAL_CREDENTIALS] = len(found)
        yield answer


def _delete(core: Core, token: PinToken, params: Map) -> Map:
    doomed = _named(core, token, params)
    core.memory.change(credentials=tuple(c for c in core.state.credentials if c is not doomed))
    return {}


def _update_user(core: Core, token: PinToken, params: Map) -> Map:
    old = _named(core, token, params)
    user = required(params, SubcommandParameter.USER, dict)
    if required(user, "id", bytes) != old.user_id:
        raise CtapError(Status.INVALID_PARAMETER)
    new = msgspec.structs.replace(
        old,
        user_name=optional(user, "name", str),
        user_display_name=optional(user, "displayName", str),
    )
    credentials = tuple(new if c is old else c for c in core.state.credentials)
    core.memory.change(credentials=credentials)
    return {}


def _named(core: Core, token: PinToken, params: Map) -> Credential:
    """The credential that the parameters name."""
    descriptor = required(params, SubcommandParameter.CREDENTIAL_ID, dict)
    credential_id = required(descriptor, "id", bytes)
    for credential in core.discoverable():
        if credential.id == credential_id:
            _require_for(token, credential.rp_id)
            return credential
    raise CtapError(Status.NO_CREDENTIALS)


def _require_unbound(token: PinToken) -> None:
    """What concerns all relying parties is refused to a token for one of them."""
    if token.rp_id is not None:
        raise CtapError(Status.PIN_AUTH_INVALID)


def _require_for(token: PinToken, rp_id: str) -> None:
    if token.rp_id not in (None, rp_id):
        raise CtapError(Status.PIN_AUTH_INVALID)


_SUBCOMMANDS: Final[dict[Subcommand, Callable[[Core, PinToken, Map], Map]]] = {
    Subcommand.GET_METADATA: _get_metadata,
    Subcommand.ENUMERATE_RPS_BEGIN: _enumerate_rps,
    Subcommand.ENUMERATE_CREDENTIALS_BEGIN: _enumerate_credentials,
    Subcommand.DELETE: _delete,
    Subcommand.UPDATE_USER: _update_user,
}

"""authenticatorConfig: enterprise attestation, always-UV, minimum PIN length (CTAP 2.1, 6.11)."""

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from keyvault_kit.softkey.cbor import Map, encode
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.extensions import MIN_PIN_LENGTH
from keyvault_kit.softkey.parameters import optional, required, texts
from keyvault_kit.softkey.pin_token import Permission
from keyvault_kit.softkey.profiles import AlwaysUv, ConfigCommand
from keyvault_kit.softkey.status import CtapError, Status

PIN_LENGTH_LIMIT: Final = 63
RP_IDS_LIMIT: Final = 1
"""How many relying parties may ask for the minimum PIN length."""

_COMMAND = 0x0D


class Parameter(IntEnum):
    """Parameters of the request."""

    SUBCOMMAND = 0x01
    SUBCOMMAND_PARAMS = 0x02
    PIN_UV_AUTH_PROTOCOL = 0x03
    PIN_UV_AUTH_PARAM = 0x04


class SubcommandParameter(IntEnum):
    """Parameters of setMinPINLength (6.11.4)."""

    NEW_MIN_PIN_LENGTH = 0x01
    MIN_PIN_LENGTH_RP_IDS = 0x02
    FORCE_CHANGE_PIN = 0x03


def configure(core: Core, fields: Map) -> Map:
    """Run a subcommand.

    Raises:
        CtapError: The status that the specification gives to what is wrong.
    """
    subcommand = required(fields, Parameter.SUBCOMMAND, int)
    if subcommand not in core.profile.config_commands:
        raise CtapError(Status.INVALID_SUBCOMMAND)
    params = optional(fields, Parameter.SUBCOMMAND_PARAMS, dict)
    head = b"\xff" * 32 + bytes([_COMMAND, subcommand])
    token = core.authorize(
        fields,
        Parameter.PIN_UV_AUTH_PARAM,
        Parameter.PIN_UV_AUTH_PROTOCOL,
        head + (b"" if params is None else encode(params)),
        Permission.AUTHENTICATOR_CONFIGURATION,
    )
    if token is None and not _is_open(core, subcommand):
        raise CtapError(Status.PUAT_REQUIRED)
    _SUBCOMMANDS[ConfigCommand(subcommand)](core, params or {})
    return {}


def _is_open(core: Core, subcommand: int) -> bool:
    """Whether it may be run without the PIN: where there is none, and no UV is wanted (6.11).

    A key that wants a PIN always and has none lets always-UV alone be switched off.
    """
    state = core.state
    if state.pin_hash is not None:
        return False
    return not state.always_uv or subcommand == ConfigCommand.TOGGLE_ALWAYS_UV


def _enable_enterprise_attestation(core: Core, _: Map) -> None:
    core.memory.change(enterprise_attestation=True)


def _toggle_always_uv(core: Core, _: Map) -> None:
    if core.profile.always_uv is AlwaysUv.LOCKED:
        raise CtapError(Status.OPERATION_DENIED)
    core.memory.change(always_uv=not core.state.always_uv)


def _set_min_pin_length(core: Core, params: Map) -> None:
    state = core.state
    length = optional(params, SubcommandParameter.NEW_MIN_PIN_LENGTH, int)
    force = optional(params, SubcommandParameter.FORCE_CHANGE_PIN, bool) or False
    rp_ids = _rp_ids(core, params)
    if length is None:
        length = state.min_pin_length
    if not state.min_pin_length <= length <= PIN_LENGTH_LIMIT:
        raise CtapError(Status.PIN_POLICY_VIOLATION)
    if force and state.pin_hash is None:
        raise CtapError(Status.PIN_NOT_SET)
    too_short = state.pin_hash is not None and state.pin_length < length
    core.memory.change(
        min_pin_length=length,
        min_pin_length_rp_ids=rp_ids,
        force_pin_change=state.force_pin_change or force or too_short,
    )


def _rp_ids(core: Core, params: Map) -> tuple[str, ...]:
    """Who may ask for the minimum PIN length from now on."""
    listed = optional(params, SubcommandParameter.MIN_PIN_LENGTH_RP_IDS, list)
    if listed is None:
        return core.state.min_pin_length_rp_ids
    if MIN_PIN_LENGTH not in core.profile.extensions:
        raise CtapError(Status.INVALID_PARAMETER)
    if len(listed) > RP_IDS_LIMIT:
        raise CtapError(Status.KEY_STORE_FULL)
    return tuple(texts(listed))


_SUBCOMMANDS: Final[dict[ConfigCommand, Callable[[Core, Map], None]]] = {
    ConfigCommand.ENABLE_ENTERPRISE_ATTESTATION: _enable_enterprise_attestation,
    ConfigCommand.TOGGLE_ALWAYS_UV: _toggle_always_uv,
    ConfigCommand.SET_MIN_PIN_LENGTH: _set_min_pin_length,
}

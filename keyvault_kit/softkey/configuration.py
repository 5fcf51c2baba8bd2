"""authenticatorConfig: the minimum PIN length and a forced change (CTAP 2.1, 6.11)."""

from enum import IntEnum
from typing import Final

from keyvault_kit.softkey.cbor import Map, encode
from keyvault_kit.softkey.core import Core
from keyvault_kit.softkey.parameters import optional, required
from keyvault_kit.softkey.pin_token import Permission
from keyvault_kit.softkey.status import CtapError, Status

SET_MIN_PIN_LENGTH: Final = 0x03
PIN_LENGTH_LIMIT: Final = 63

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
    """Run setMinPINLength, the one subcommand of these keys.

    Raises:
        CtapError: The status that the specification gives to what is wrong.
    """
    subcommand = required(fields, Parameter.SUBCOMMAND, int)
    if subcommand != SET_MIN_PIN_LENGTH:
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
    if token is None and core.state.pin_hash is not None:
        raise CtapError(Status.PUAT_REQUIRED)
    _set_min_pin_length(core, params or {})
    return {}


def _set_min_pin_length(core: Core, params: Map) -> None:
    state = core.state
    length = optional(params, SubcommandParameter.NEW_MIN_PIN_LENGTH, int)
    force = optional(params, SubcommandParameter.FORCE_CHANGE_PIN, bool) or False
    if SubcommandParameter.MIN_PIN_LENGTH_RP_IDS in params:
        # No relying party may ask these keys for the length: there is room for none.
        raise CtapError(Status.KEY_STORE_FULL)
    if length is None:
        length = state.min_pin_length
    if not state.min_pin_length <= length <= PIN_LENGTH_LIMIT:
        raise CtapError(Status.PIN_POLICY_VIOLATION)
    if force and state.pin_hash is None:
        raise CtapError(Status.PIN_NOT_SET)
    too_short = state.pin_hash is not None and state.pin_length < length
    core.memory.change(
        min_pin_length=length, force_pin_change=state.force_pin_change or force or too_short
    )

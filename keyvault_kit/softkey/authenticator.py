"""The CTAP2 commands of a key: a request in, an answer out (CTAP 2.1, section 6)."""

from collections.abc import Callable
from enum import IntEnum
from typing import Final

import msgspec

from keyvault_kit.softkey.cbor import Map, decode, encode
from keyvault_kit.softkey.configuration import configure
from keyvault_kit.softkey.core import Core, Pending
from keyvault_kit.softkey.credential_management import credential_management
from keyvault_kit.softkey.get_assertion import get_assertion, get_next_assertion
from keyvault_kit.softkey.information import MESSAGE_LIMIT, get_info
from keyvault_kit.softkey.make_credential import make_credential
from keyvault_kit.softkey.state import KeyState
from keyvault_kit.softkey.status import CtapError, Status

RESET_WINDOW_S: Final = 10.0


class Command(IntEnum):
    """CTAP2 commands (8.1)."""

    MAKE_CREDENTIAL = 0x01
    GET_ASSERTION = 0x02
    GET_INFO = 0x04
    CLIENT_PIN = 0x06
    RESET = 0x07
    GET_NEXT_ASSERTION = 0x08
    CREDENTIAL_MANAGEMENT = 0x0A
    SELECTION = 0x0B
    CONFIG = 0x0D


def answer(core: Core, request: bytes) -> bytes:
    """Run a command.

    Args:
        core: The powered key.
        request: The command byte and its parameters in CBOR.

    Returns:
        The status byte and, where it is OK, the members of the answer in CBOR.
    """
    try:
        members = _run(core, request)
    except CtapError as error:
        return bytes([error.status])
    return bytes([Status.OK]) + (encode(members) if members else b"")


def _run(core: Core, request: bytes) -> Map:
    if len(request) > MESSAGE_LIMIT:
        raise CtapError(Status.REQUEST_TOO_LARGE)
    # Whatever comes next, an interrupted sequel is over, unless the command takes it up again.
    pending, core.pending = core.pending, None
    command = _COMMANDS.get(request[0])
    if command is None:
        raise CtapError(Status.INVALID_COMMAND)
    fields = decode(request[1:]) if len(request) > 1 else {}
    if not isinstance(fields, dict):
        raise CtapError(Status.CBOR_UNEXPECTED_TYPE)
    return command(core, fields, pending)


def _reset(core: Core) -> Map:
    """Back to the factory, within ten seconds of power and with a touch (6.6)."""
    if core.clock() - core.powered_at > RESET_WINDOW_S:
        raise CtapError(Status.NOT_ALLOWED)
    core.require_touch()
    old = core.state
    new = KeyState.new(old.profile, label=old.label, serial=old.serial, seed=old.seed)
    # The generator goes on: what was drawn before the reset must not come again.
    core.memory.state = msgspec.structs.replace(new, drawn=old.drawn)
    core.pin.forget()
    return {}


def _select(core: Core) -> Map:
    """Let the person choose this key by touching it (6.9)."""
    core.require_touch()
    return {}


_COMMANDS: Final[dict[int, Callable[[Core, Map, Pending | None], Map]]] = {
    Command.MAKE_CREDENTIAL: lambda core, fields, _: make_credential(core, fields),
    Command.GET_ASSERTION: lambda core, fields, _: get_assertion(core, fields),
    Command.GET_INFO: lambda core, _, __: get_info(core),
    Command.CLIENT_PIN: lambda core, fields, _: core.pin.answer(fields),
    Command.RESET: lambda core, _, __: _reset(core),
    Command.GET_NEXT_ASSERTION: lambda core, _, pending: get_next_assertion(core, pending),
    Command.CREDENTIAL_MANAGEMENT: credential_management,
    Command.SELECTION: lambda core, _, __: _select(core),
    Command.CONFIG: lambda core, fields, _: configure(core, fields),
}

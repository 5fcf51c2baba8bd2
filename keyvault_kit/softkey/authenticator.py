"""The CTAP2 commands of a key: a request in, an answer out (CTAP 2.1, section 6)."""

from collections.abc import Callable
from enum import IntEnum
from typing import Final

import msgspec

from keyvault_kit.softkey.cbor import Map, decode, encode
from keyvault_kit.softkey.configuration import configure
from keyvault_kit.softkey.core import Core, Pending
from keyvault_kit.softkey.credential_management import credential_management, preview
from keyvault_kit.softkey.get_assertion import get_assertion, get_next_assertion
from keyvault_kit.softkey.information import MESSAGE_LIMIT, get_info
from keyvault_kit.softkey.make_credential import make_credential
from keyvault_kit.softkey.profiles import Profile
from keyvault_kit.softkey.state import KeyState
from keyvault_kit.softkey.status import CtapError, Status


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
    CREDENTIAL_MANAGEMENT_PREVIEW = 0x41


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
    sort = core.profile.canonical or request[0] != Command.GET_INFO
    return bytes([Status.OK]) + (encode(members, sort=sort) if members else b"")


def _run(core: Core, request: bytes) -> Map:
    if len(request) > MESSAGE_LIMIT:
        raise CtapError(Status.REQUEST_TOO_LARGE)
    # Whatever comes next, an interrupted sequel is over, unless the command takes it up again.
    pending, core.pending = core.pending, None
    command = _COMMANDS.get(request[0])
    if command is None or not _knows(core.profile, request[0]):
        raise CtapError(Status.INVALID_COMMAND)
    fields = decode(request[1:]) if len(request) > 1 else {}
    if not isinstance(fields, dict):
        raise CtapError(Status.CBOR_UNEXPECTED_TYPE)
    return command(core, fields, pending)


def _knows(profile: Profile, command: int) -> bool:
    """Whether keys of this make have a command that not all have."""
    match command:
        case Command.SELECTION:
            return profile.speaks_ctap_2_1
        case Command.CONFIG:
            return bool(profile.config_commands)
        case Command.CREDENTIAL_MANAGEMENT | Command.CREDENTIAL_MANAGEMENT_PREVIEW:
            return command in profile.management.value
        case _:
            return True


def _reset(core: Core) -> Map:
    """Back to the factory, soon after coming to power and with a touch (6.6)."""
    is_late = core.clock() - core.powered_at > core.profile.reset_window_s
    if is_late or core.state.reset_blocked:
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
    Command.CREDENTIAL_MANAGEMENT_PREVIEW: preview,
    Command.SELECTION: lambda core, _, __: _select(core),
    Command.CONFIG: lambda core, fields, _: configure(core, fields),
}

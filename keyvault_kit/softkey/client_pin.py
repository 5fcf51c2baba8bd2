"""authenticatorClientPIN: setting, changing and checking the PIN (CTAP 2.1, 6.5.5)."""

import hashlib
import hmac
from collections.abc import Callable
from enum import IntEnum
from itertools import pairwise
from typing import Final

from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.parameters import optional, required
from keyvault_kit.softkey.pin_protocol import PinProtocol, PinProtocolOne, PinProtocolTwo
from keyvault_kit.softkey.pin_token import TOKEN_SIZE, Permission, PinToken
from keyvault_kit.softkey.profiles import Profile
from keyvault_kit.softkey.state import PIN_RETRIES, Memory
from keyvault_kit.softkey.status import CtapError, Status

WRONG_IN_A_ROW_LIMIT: Final = 3
_PADDED_SIZE = 64
_HASH_SIZE = 16
_MC_GA = Permission.MAKE_CREDENTIAL | Permission.GET_ASSERTION
_BLOCKLIST = frozenset({b"password", b"passw0rd", b"qwertyui", b"qwertzui", b"abcd1234"})


class Subcommand(IntEnum):
    """Subcommands (6.5.5)."""

    GET_PIN_RETRIES = 0x01
    GET_KEY_AGREEMENT = 0x02
    SET_PIN = 0x03
    CHANGE_PIN = 0x04
    GET_PIN_TOKEN = 0x05
    GET_TOKEN_WITH_PERMISSIONS = 0x09


class Parameter(IntEnum):
    """Parameters of the request."""

    PROTOCOL = 0x01
    SUBCOMMAND = 0x02
    KEY_AGREEMENT = 0x03
    PIN_UV_AUTH_PARAM = 0x04
    NEW_PIN_ENC = 0x05
    PIN_HASH_ENC = 0x06
    PERMISSIONS = 0x09
    RP_ID = 0x0A


class Answer(IntEnum):
    """Members of the answer."""

    KEY_AGREEMENT = 0x01
    TOKEN = 0x02
    PIN_RETRIES = 0x03
    POWER_CYCLE_STATE = 0x04


class ClientPin:
    """The PIN of a powered key, and the token that it opened.

    Args:
        profile: The make.
        memory: What is kept without power.
        clock: Monotonic seconds.

    Attributes:
        token: The token in use, if there is one.
    """

    def __init__(self, profile: Profile, memory: Memory, clock: Callable[[], float]) -> None:
        self.token: PinToken | None = None
        self._profile = profile
        self._memory = memory
        self._clock = clock
        self._wrong_in_a_row = 0
        self._protocols: dict[int, PinProtocol] = {
            make.number: make(memory.random)
            for make in (PinProtocolOne, PinProtocolTwo)
            if make.number in profile.pin_protocols
        }
        self._subcommands: dict[int, Callable[[Map], Map]] = {
            Subcommand.GET_PIN_RETRIES: self._get_pin_retries,
            Subcommand.GET_KEY_AGREEMENT: self._get_key_agreement,
            Subcommand.SET_PIN: self._set_pin,
            Subcommand.CHANGE_PIN: self._change_pin,
            Subcommand.GET_PIN_TOKEN: self._get_pin_token,
        }
        if profile.scoped_tokens:
            scoped = self._get_token_with_permissions
            self._subcommands[Subcommand.GET_TOKEN_WITH_PERMISSIONS] = scoped

    def answer(self, request: Map) -> Map:
        """Run a subcommand.

        Raises:
            CtapError: It is unknown, or ends with another status than OK.
        """
        subcommand = self._subcommands.get(required(request, Parameter.SUBCOMMAND, int))
        if subcommand is None:
            raise CtapError(Status.INVALID_SUBCOMMAND)
        return subcommand(request)

    def protocol(self, number: int) -> PinProtocol:
        """The PIN protocol of that number.

        Raises:
            CtapError: INVALID_PARAMETER: there is none.
        """
        if number not in self._protocols:
            raise CtapError(Status.INVALID_PARAMETER)
        return self._protocols[number]

    def forget(self) -> None:
        """Start over, as after a reset of the key."""
        self._wrong_in_a_row = 0
        self._end_token()

    def _get_pin_retries(self, _: Map) -> Map:
        if not self._profile.tells_retries_unset:
            self._require_pin()
        answer: Map = {Answer.PIN_RETRIES: self._memory.state.pin_retries}
        if self._profile.tells_power_cycle:
            answer[Answer.POWER_CYCLE_STATE] = self._is_auth_blocked
        return answer

    def _get_key_agreement(self, request: Map) -> Map:
        return {Answer.KEY_AGREEMENT: self._protocol_of(request).public_key()}

    def _set_pin(self, request: Map) -> Map:
        protocol, shared = self._agree(request)
        new_pin = required(request, Parameter.NEW_PIN_ENC, bytes)
        mac = required(request, Parameter.PIN_UV_AUTH_PARAM, bytes)
        if self._memory.state.pin_hash is not None:
            raise CtapError(Status.PIN_AUTH_INVALID)
        protocol.verify(shared, new_pin, mac)
        self._store_pin(protocol.decrypt(shared, new_pin))
        return {}

    def _change_pin(self, request: Map) -> Map:
        self._require_pin()
        protocol, shared = self._agree(request)
        new_pin = required(request, Parameter.NEW_PIN_ENC, bytes)
        pin_hash = required(request, Parameter.PIN_HASH_ENC, bytes)
        mac = required(request, Parameter.PIN_UV_AUTH_PARAM, bytes)
        self._require_attempts()
        protocol.verify(shared, new_pin + pin_hash, mac)
        self._check_pin(protocol, shared, pin_hash)
        self._store_pin(protocol.decrypt(shared, new_pin))
        self._end_token()
        return {}

    def _get_pin_token(self, request: Map) -> Map:
        if Parameter.PERMISSIONS in request or Parameter.RP_ID in request:
            raise CtapError(Status.INVALID_PARAMETER)
        scope = _MC_GA if self._profile.scoped_tokens else None
        return self._issue_token(request, scope, None, Status.PIN_INVALID)

    def _get_token_with_permissions(self, request: Map) -> Map:
        asked = required(request, Parameter.PERMISSIONS, int)
        rp_id = optional(request, Parameter.RP_ID, str)
        if asked <= 0:
            raise CtapError(Status.INVALID_PARAMETER)
        if asked & ~int(self._grantable):  # as integers: a flag's complement knows only its members
            raise CtapError(Status.UNAUTHORIZED_PERMISSION)
        if asked & _MC_GA and rp_id is None:
            raise CtapError(Status.MISSING_PARAMETER)
        return self._issue_token(request, Permission(asked), rp_id, Status.PIN_POLICY_VIOLATION)

    @property
    def _grantable(self) -> Permission:
        managed = Permission.CREDENTIAL_MANAGEMENT if "credMgmt" in self._profile.advertises else 0
        configured = Permission.AUTHENTICATOR_CONFIGURATION if self._profile.config_commands else 0
        return _MC_GA | managed | configured

    def _issue_token(
        self, request: Map, scope: Permission | None, rp_id: str | None, when_forced: Status
    ) -> Map:
        self._require_pin()
        protocol, shared = self._agree(request)
        pin_hash = required(request, Parameter.PIN_HASH_ENC, bytes)
        self._require_attempts()
        self._check_pin(protocol, shared, pin_hash)
        if self._memory.state.force_pin_change:
            raise CtapError(when_forced)
        value = self._memory.random(TOKEN_SIZE)
        self.token = PinToken(value, protocol, scope, rp_id, self._clock)
        return {Answer.TOKEN: protocol.encrypt(shared, value)}

    def _protocol_of(self, request: Map) -> PinProtocol:
        return self.protocol(required(request, Parameter.PROTOCOL, int))

    def _agree(self, request: Map) -> tuple[PinProtocol, bytes]:
        protocol = self._protocol_of(request)
        return protocol, protocol.decapsulate(required(request, Parameter.KEY_AGREEMENT, dict))

    def _require_pin(self) -> None:
        if self._memory.state.pin_hash is None:
            raise CtapError(Status.PIN_NOT_SET)

    def _require_attempts(self) -> None:
        if self._memory.state.pin_retries == 0:
            raise CtapError(Status.PIN_BLOCKED)
        if self._is_auth_blocked:
            raise CtapError(Status.PIN_AUTH_BLOCKED)

    @property
    def _is_auth_blocked(self) -> bool:
        return self._wrong_in_a_row >= WRONG_IN_A_ROW_LIMIT

    def _check_pin(self, protocol: PinProtocol, shared: bytes, pin_hash: bytes) -> None:
        """Compare a PIN's hash; the attempt counts before the comparison (6.5.5.7.2)."""
        state = self._memory.state
        self._memory.change(pin_retries=state.pin_retries - 1)
        if not _is_match(protocol, shared, pin_hash, state.pin_hash or b""):
            protocol.regenerate()
            self._wrong_in_a_row += 1
            raise CtapError(self._status_of_wrong_pin())
        self._wrong_in_a_row = 0
        self._memory.change(pin_retries=PIN_RETRIES)

    def _status_of_wrong_pin(self) -> Status:
        if self._memory.state.pin_retries == 0:
            return Status.PIN_BLOCKED
        return Status.PIN_AUTH_BLOCKED if self._is_auth_blocked else Status.PIN_INVALID

    def _store_pin(self, padded: bytes) -> None:
        """Keep a new PIN that meets the policy (6.5.5.5 and 6.5.5.6)."""
        state = self._memory.state
        if len(padded) != _PADDED_SIZE:
            raise CtapError(Status.INVALID_PARAMETER)
        pin = padded.rstrip(b"\0")
        pin_hash = hashlib.sha256(pin).digest()[:_HASH_SIZE]
        length = _code_points(pin)
        too_short = length < state.min_pin_length
        too_simple = self._profile.pin_complexity and _is_simple(pin)
        unchanged = state.force_pin_change and pin_hash == state.pin_hash
        if too_short or too_simple or unchanged or len(pin) == _PADDED_SIZE:
            raise CtapError(Status.PIN_POLICY_VIOLATION)
        self._memory.change(
            pin_hash=pin_hash, pin_length=length, pin_retries=PIN_RETRIES, force_pin_change=False
        )

    def _end_token(self) -> None:
        self.token = None
        for protocol in self._protocols.values():
            protocol.regenerate()


def _is_match(protocol: PinProtocol, shared: bytes, encrypted: bytes, pin_hash: bytes) -> bool:
    try:
        return hmac.compare_digest(protocol.decrypt(shared, encrypted), pin_hash)
    except CtapError:
        # A ciphertext of an impossible length is a wrong PIN like any other (6.5.5.7.2).
        return False


def _code_points(pin: bytes) -> int:
    try:
        return len(pin.decode())
    except UnicodeDecodeError as error:
        raise CtapError(Status.PIN_POLICY_VIOLATION) from error


def _is_simple(pin: bytes) -> bool:
    """Whether it repeats one character, counts up or down, or is a common one."""
    steps = {second - first for first, second in pairwise(pin)}
    return steps <= {0} or steps in ({1}, {-1}) or pin.lower() in _BLOCKLIST

"""A session stays in step with its key: no answer is taken for that to another question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fido2 import cbor

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.credentials import AssertionRequest
from keyvault_kit.keys.failures import (
    GarbledReplyError,
    PinPolicyError,
    UnreachableKeyError,
    WrongPinError,
)
from keyvault_kit.keys.pin import check_pin
from keyvault_kit.keys.session import QUICK_LIMIT_S
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyvault_kit.keys.session import KeySession
    from tests.keys.conftest import FakeClock, ScriptedBus, SessionOf, Wire

INIT, WINK, CBOR, ERROR = 0x06, 0x08, 0x10, 0x3F
GET_ASSERTION, GET_INFO, CLIENT_PIN, RESET, SELECTION = 0x02, 0x04, 0x06, 0x07, 0x0B
CHANNEL = bytes.fromhex("00c0ffee")
BUSY = b"\x06"
PIN = Secret.from_text("40718295")
INFO = cbor.encode({1: ["FIDO_2_1"], 4: {"clientPin": True, "pinUvAuthToken": True}, 6: [2]})
POINT = {1: 2, 3: -25, -1: 1} | {
    -2: bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
    -3: bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
}


def asking(n: int) -> AssertionRequest:
    return AssertionRequest(rp_id=f"{n}.example.com", client_data_hash=bytes(32), allow=(b"id",))


def signed(payload: bytes) -> bytes:
    """An answer that tells to which relying party it is."""
    name = next(n for n in range(9) if b"%d.example.com" % n in payload)
    return b"\0" + cbor.encode({2: bytes(32) + b"\x01" + bytes(4), 3: bytes([name])})


class ScriptedKey:
    """An `Answer` whose answer to each CTAP2 command a test can set."""

    def __init__(self) -> None:
        self.counters = [8]
        self.token = b"\x31"
        self.pins = 0

    def __call__(self, command: int, payload: bytes) -> bytes | None:
        if command != CBOR:
            return b""
        match payload[0]:
            case 0x04:
                return b"\0" + INFO
            case 0x02:
                return signed(payload)
            case 0x06:
                return self.client_pin(payload[1:])
        return b"\0"

    def client_pin(self, request: bytes) -> bytes | None:
        members = cbor.decode(request)
        assert isinstance(members, dict)
        if 6 in members:
            self.pins += 1
            return self.token
        if members[2] == 1:
            left = self.counters.pop(0) if len(self.counters) > 1 else self.counters[0]
            return None if left < 0 else b"\0" + cbor.encode({3: left, 4: False})
        return b"\0" + cbor.encode({1: POINT})


@pytest.fixture
def key() -> ScriptedKey:
    return ScriptedKey()


def anything(_: bytes) -> bool:
    return True


def carries_pin(payload: bytes) -> bool:
    members: Any = cbor.decode(payload[1:]) if payload[0] == CLIENT_PIN else {}
    return 6 in members


def refusing(wire: Wire, times: int, when: Callable[[bytes], bool] = anything) -> list[bytes]:
    """The key says that it is busy, so many times, where it is asked for such a thing."""
    answer, refused = wire.answer, list[bytes]()

    def busy(command: int, payload: bytes) -> bytes | None:
        if when(payload) and len(refused) < times:
            refused.append(payload)
            wire.send(CHANNEL, ERROR, BUSY)
            return None
        return answer(command, payload)

    wire.answer = busy
    return refused


def test_an_answer_that_comes_too_late_is_not_taken_for_another(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        wire.answer = lambda _, __: None
        with pytest.raises(UnreachableKeyError):
            session.get_assertion(asking(1), pin=None)
        wire.send(CHANNEL, CBOR, signed(b"1.example.com"))
        wire.answer = key
        assert session.get_assertion(asking(2), pin=None).signature == b"\2"
    assert [command for command, _ in wire.asked] == [INIT, CBOR, CBOR, INIT, CBOR]


def test_a_session_that_is_in_step_greets_once(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        for n in range(5):
            assert session.get_assertion(asking(n), pin=None).signature == bytes([n])
    assert [command for command, _ in wire.asked].count(INIT) == 1


def test_what_is_left_of_a_broken_answer_is_passed_by(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        wire._outgoing = [CHANNEL + bytes([n]) + bytes(59) for n in range(3)]
        assert session.get_assertion(asking(3), pin=None).signature == b"\3"


def test_an_answer_to_another_command_is_none(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        wire.send(CHANNEL, WINK, b"")
        with pytest.raises(GarbledReplyError):
            session.get_assertion(asking(1), pin=None)


@pytest.mark.parametrize("operation", ["reset", "selection"])
def test_done_is_said_with_nothing_else(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey, operation: str
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        wire.answer = lambda _, __: b"\0" + cbor.encode({3: 8})
        with pytest.raises(GarbledReplyError):
            getattr(session, operation)()


def test_a_signature_that_is_cut_short_is_not_taken_for_whole(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    plugged, wire = bus.plug_answer(key)
    whole = b"\0" + cbor.encode({2: bytes(37), 3: bytes(70)})
    with session_of(plugged) as session:
        wire.answer = lambda _, __: whole
        assert len(session.get_assertion(asking(1), pin=None).signature) == 70
        for end in (1, 30, 69):
            wire.answer = lambda _, __, end=end: whole[:-end]  # type: ignore[misc]
            with pytest.raises(GarbledReplyError, match="cannot be read"):
                session.get_assertion(asking(1), pin=None)


# --- Busy with another program (CTAP 2.1, 11.2.9.1.6)


def test_a_busy_key_is_asked_again(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey, clock: FakeClock
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        start, refused = clock.now, refusing(wire, 3)
        assert session.get_assertion(asking(1), pin=None).signature == b"\1"
    assert len(refused) == 3
    assert clock.now - start == pytest.approx(0.3, abs=0.2)


def test_a_key_that_is_busy_for_ever_is_given_up_in_time(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey, clock: FakeClock
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        start, _ = clock.now, refusing(wire, 10**6)
        with pytest.raises(DeviceError, match="could not blink: it is busy with another"):
            session.wink()
    assert clock.now - start == pytest.approx(QUICK_LIMIT_S, abs=0.3)


def test_a_pin_is_sent_once_also_to_a_busy_key(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    plugged, wire = bus.plug_answer(key)
    with session_of(plugged) as session:
        refused = refusing(wire, 10**6, when=carries_pin)
        with pytest.raises(DeviceError, match=r"busy with another program.*Close other programs"):
            check_pin(session, PIN)
        assert len(refused) == 1
        assert session.guard.unproven(plugged) == 1


# --- What a key says after a PIN


def attempt(bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey) -> tuple[int, DeviceError]:
    plugged, _ = bus.plug_answer(key)
    with session_of(plugged) as session, pytest.raises(DeviceError) as caught:
        check_pin(session, PIN)
    return counted(session), caught.value


def counted(session: KeySession) -> int:
    return session.guard.unproven(session.plugged)


def test_that_a_pin_was_wrong_is_said_also_by_a_key_that_then_falls_silent(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey
) -> None:
    key.counters = [8, -1]
    count, error = attempt(bus, session_of, key)
    assert isinstance(error, WrongPinError)
    assert (count, error.state) == (1, None)


@pytest.mark.parametrize(
    ("counters", "count"), [([5, 8], 0), ([8, 8], 0), ([8, 7], 1), ([8, -1], 1)]
)
def test_a_refusal_by_policy_proves_the_pin_where_it_cost_no_attempt(
    bus: ScriptedBus, session_of: SessionOf, key: ScriptedKey, counters: list[int], count: int
) -> None:
    key.token, key.counters = b"\x37", counters
    found, error = attempt(bus, session_of, key)
    assert isinstance(error, PinPolicyError)
    assert (found, key.pins) == (count, 1)

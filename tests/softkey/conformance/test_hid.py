"""CTAPHID (11.2): channels, packets, order, lengths, who may speak when, keepalives, cancel."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.softkey.conformance.makes import makes
from tests.softkey.conformance.spec import (
    KEEPALIVE_PERIOD_S,
    MAX_MESSAGE,
    PROCESSING,
    UPNEEDED,
    Cmd,
    Hid,
    HidError,
    Status,
)
from tests.softkey.conformance.wire import BROADCAST, NONCE, Wire

if TYPE_CHECKING:
    from tests.softkey.conformance.conftest import Rig

GET_INFO = bytes([Cmd.GET_INFO])
RESET = bytes([Cmd.RESET])
"""The one command of all makes that waits for a touch and needs nothing before."""


@pytest.fixture
def wire(rig: Rig) -> Wire:
    return rig.wire()


class Finger:
    """A finger that comes when the test says so."""

    def __init__(self, rig: Rig) -> None:
        self.wanted = threading.Event()
        self.comes = threading.Event()
        rig.finger = self

    def __call__(self) -> bool:
        self.wanted.set()
        return self.comes.wait(5)


def test_11_2_9_1_3_init_allocates_a_channel_and_tells_what_the_key_can(rig: Rig) -> None:
    wire, other = rig.wire(), rig.wire()
    answer = wire.greeting
    assert len(answer) == 17
    assert answer[:8] == NONCE
    assert wire.channel not in (other.channel, BROADCAST, b"\0" * 4)
    assert answer[12] == 2
    assert answer[13:16] == bytes(rig.profile.version)
    wink, cbor, no_msg = 0x01, 0x04, 0x08
    assert answer[16] == wink | cbor | no_msg


@pytest.mark.parametrize("nonce", [b"", b"seven b", b"nine byte"])
def test_11_2_9_1_3_init_has_a_nonce_of_eight_bytes(wire: Wire, nonce: bytes) -> None:
    wire.begin(Hid.INIT, nonce)
    assert wire.refused() is HidError.INVALID_LEN


def test_11_2_9_1_3_init_on_a_channel_resynchronizes_it(wire: Wire) -> None:
    wire.begin(Hid.PING, b"x" * 57, size=300)
    assert wire.ask(Hid.INIT, NONCE)[:12] == NONCE + wire.channel
    wire.go_on(0, b"x" * 59)
    assert wire.is_silent()
    assert wire.ask(Hid.PING, b"again") == b"again"


def test_11_2_9_1_3_init_drops_the_command_of_its_channel(rig: Rig) -> None:
    wire, finger = rig.wire(), Finger(rig)
    wire.say(Hid.CBOR, RESET)
    assert finger.wanted.wait(5)
    assert wire.ask(Hid.INIT, NONCE)[8:12] == wire.channel
    finger.comes.set()
    assert wire.ask(Hid.PING, b"z") == b"z"
    assert wire.is_silent()


def test_11_2_5_1_init_of_another_client_is_heard_while_a_message_arrives(rig: Rig) -> None:
    one = rig.wire()
    one.begin(Hid.PING, b"a" * 57, size=58)
    two = rig.wire()
    two.go_on(0, b"not of the first one's message")
    one.go_on(0, b"a")
    assert one.hear() == (Hid.PING, b"a" * 58)
    assert two.ask(Hid.PING, b"b") == b"b"


@pytest.mark.parametrize("size", [0, 1, 57, 58, 57 + 59, 57 + 60, 2048, MAX_MESSAGE])
def test_11_2_9_1_4_ping_echoes_any_message(wire: Wire, size: int) -> None:
    data = bytes(n % 253 for n in range(size))
    assert wire.ask(Hid.PING, data) == data


def test_11_2_4_a_message_has_at_most_7609_bytes(wire: Wire) -> None:
    wire.begin(Hid.PING, b"", size=MAX_MESSAGE + 1)
    assert wire.refused() is HidError.INVALID_LEN


def test_11_2_9_1_6_a_continuation_out_of_order_ends_the_message(wire: Wire) -> None:
    for sequence in (1, 0x7F):
        wire.begin(Hid.PING, b"x" * 57, size=300)
        wire.go_on(sequence)
        assert wire.refused() is HidError.INVALID_SEQ
        wire.go_on(0)
        assert wire.is_silent()


def test_11_2_9_1_6_a_continuation_twice_is_out_of_order(wire: Wire) -> None:
    wire.begin(Hid.PING, b"x" * 57, size=300)
    wire.go_on(0)
    wire.go_on(0)
    assert wire.refused() is HidError.INVALID_SEQ


def test_11_2_9_1_6_a_message_within_a_message_is_out_of_order(wire: Wire) -> None:
    wire.begin(Hid.PING, b"x" * 57, size=300)
    wire.begin(Hid.PING, b"y")
    assert wire.refused() is HidError.INVALID_SEQ


def test_11_2_5_3_a_continuation_of_nothing_is_ignored(wire: Wire) -> None:
    wire.go_on(0, b"spurious")
    assert wire.is_silent()
    assert wire.ask(Hid.PING, b"z") == b"z"


@pytest.mark.parametrize("command", [0x80, Hid.MSG, Hid.LOCK, Hid.KEEPALIVE, Hid.ERROR, 0xFF])
def test_11_2_9_1_6_a_command_that_the_key_lacks_is_refused(wire: Wire, command: int) -> None:
    wire.begin(command, b"\0\1")
    assert wire.refused() is HidError.INVALID_CMD


@pytest.mark.parametrize("channel", [b"\0" * 4, b"\0\0\1\0", BROADCAST])
def test_11_2_9_1_6_a_channel_that_was_not_allocated_is_refused(wire: Wire, channel: bytes) -> None:
    wire.channel = channel
    wire.begin(Hid.PING, b"x")
    assert wire.refused() is HidError.INVALID_CHANNEL


def test_11_2_9_1_6_init_is_the_only_command_of_the_broadcast_channel(wire: Wire) -> None:
    wire.channel = BROADCAST
    wire.begin(Hid.CBOR, GET_INFO)
    assert wire.refused() is HidError.INVALID_CHANNEL


@pytest.mark.parametrize(("command", "data"), [(Hid.CBOR, b""), (Hid.WINK, b"x")])
def test_11_2_9_1_6_a_length_that_fits_no_such_command_is_refused(
    wire: Wire, command: int, data: bytes
) -> None:
    wire.begin(command, data)
    assert wire.refused() is HidError.INVALID_LEN


def test_11_2_9_2_1_wink_blinks(rig: Rig) -> None:
    assert rig.wire().ask(Hid.WINK) == b""
    assert rig.key.winks == 1
    rig.replug()
    assert rig.key.winks == 0


def test_11_2_5_2_a_transaction_that_stalls_is_given_up(rig: Rig) -> None:
    one, two = rig.wire(), rig.wire()
    one.begin(Hid.PING, b"x" * 57, size=300)
    two.begin(Hid.PING, b"y")
    assert two.refused() is HidError.CHANNEL_BUSY
    rig.now += 3.0
    assert one.refused() is HidError.MSG_TIMEOUT
    assert two.ask(Hid.PING, b"y") == b"y"


def test_11_2_5_2_each_packet_gives_a_message_its_time_again(rig: Rig) -> None:
    wire = rig.wire()
    wire.begin(Hid.PING, b"a" * 57, size=57 + 2 * 59)
    for sequence in (0, 1):
        rig.now += 2.9
        wire.go_on(sequence, b"a" * 59)
    assert wire.hear() == (Hid.PING, b"a" * (57 + 2 * 59))


@pytest.mark.parametrize("command", [Hid.PING, Hid.CBOR, Hid.WINK])
def test_11_2_5_1_others_are_told_that_the_channel_is_busy(rig: Rig, command: int) -> None:
    waiting, other, finger = rig.wire(), rig.wire(), Finger(rig)
    waiting.say(Hid.CBOR, RESET)
    assert finger.wanted.wait(5)
    other.begin(command, b"" if command == Hid.WINK else GET_INFO)
    assert other.refused() is HidError.CHANNEL_BUSY
    finger.comes.set()
    assert waiting.answer() == (Hid.CBOR, b"\0")


def test_11_2_9_2_2_keepalives_say_that_a_touch_is_wanted(rig: Rig) -> None:
    wire, finger = rig.wire(), Finger(rig)
    wire.say(Hid.CBOR, RESET)
    assert wire.hear() == (Hid.KEEPALIVE, bytes([UPNEEDED]))
    began = time.monotonic()
    for _ in range(3):
        assert wire.hear() == (Hid.KEEPALIVE, bytes([UPNEEDED]))
    assert time.monotonic() - began >= 3 * KEEPALIVE_PERIOD_S * 0.9
    finger.comes.set()
    assert wire.answer() == (Hid.CBOR, b"\0")


def test_11_2_9_2_2_keepalives_say_that_the_key_computes(rig: Rig) -> None:
    wire, done = rig.wire(), threading.Event()
    rig.pace = lambda: assert_soon(done)
    wire.say(Hid.CBOR, GET_INFO)
    assert [wire.hear() for _ in range(2)] == [(Hid.KEEPALIVE, bytes([PROCESSING]))] * 2
    done.set()
    command, payload = wire.answer()
    assert (command, payload[0]) == (Hid.CBOR, Status.OK)


def assert_soon(event: threading.Event) -> None:
    assert event.wait(5)


def test_11_2_9_1_5_cancel_ends_the_wait_and_leaves_the_key_as_it_was(rig: Rig) -> None:
    wire, finger = rig.wire(), Finger(rig)
    wire.say(Hid.CBOR, RESET)
    assert finger.wanted.wait(5)
    wire.begin(Hid.CANCEL)
    assert wire.answer() == (Hid.CBOR, bytes([Status.KEEPALIVE_CANCEL]))
    finger.comes.set()
    assert wire.ask(Hid.CBOR, GET_INFO)[0] == Status.OK
    assert wire.is_silent()


def test_11_2_9_1_5_cancel_of_a_command_that_computes_ends_it_before_the_touch(rig: Rig) -> None:
    wire, done = rig.wire(), threading.Event()
    rig.pace = lambda: assert_soon(done)
    wire.say(Hid.CBOR, RESET)
    wire.begin(Hid.CANCEL)
    done.set()
    assert wire.answer() == (Hid.CBOR, bytes([Status.KEEPALIVE_CANCEL]))
    assert rig.touches == 0


def test_11_2_9_1_5_cancel_without_a_command_is_ignored(wire: Wire) -> None:
    wire.begin(Hid.CANCEL)
    assert wire.is_silent()
    assert wire.ask(Hid.PING, b"z") == b"z"


def test_11_2_9_1_5_cancel_on_another_channel_is_ignored(rig: Rig) -> None:
    wire, other, finger = rig.wire(), rig.wire(), Finger(rig)
    wire.say(Hid.CBOR, RESET)
    assert finger.wanted.wait(5)
    other.begin(Hid.CANCEL)
    finger.comes.set()
    assert wire.answer() == (Hid.CBOR, b"\0")


@makes(lambda profile: profile.read_config is None)
def test_11_2_9_3_other_makers_know_no_read_config(wire: Wire) -> None:
    wire.begin(Hid.READ_CONFIG, b"\0")
    assert wire.refused() is HidError.INVALID_CMD

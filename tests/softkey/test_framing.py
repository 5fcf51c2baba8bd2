"""CTAPHID framing: channels, order, lengths, and who may speak when."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyvault_kit.softkey.framing import (
    MESSAGE_LIMIT,
    Assembler,
    Command,
    Message,
    packets,
)

if TYPE_CHECKING:
    from fido2.hid import CtapHidDevice

    from keyvault_kit.softkey.bus import SoftHandle
    from tests.softkey.conftest import Bench

BROADCAST = b"\xff" * 4
NONCE = b"12345678"
PING, MSG, INIT, WINK = 0x81, 0x83, 0x86, 0x88
CBOR, CANCEL, KEEPALIVE, ERROR = 0x90, 0x91, 0xBB, 0xBF
INVALID_CMD, INVALID_LEN, INVALID_SEQ, MSG_TIMEOUT, CHANNEL_BUSY = 1, 3, 4, 5, 6
INVALID_CHANNEL = 0x0B
GET_INFO = b"\x04"
SELECTION = b"\x0b"


class Wire:
    """Packets by hand over one handle."""

    def __init__(self, bench: Bench) -> None:
        if not bench.path:
            bench.path = bench.bus.plug(bench.key)
        self.handle: SoftHandle = bench.bus.open(bench.path)
        self.channel = BROADCAST
        self.channel = self.ask(INIT, NONCE)[8:12]

    def send(self, *parts: bytes) -> None:
        packet = b"".join(parts).ljust(64, b"\0")
        assert self.handle.write(b"\0" + packet) == 65

    def begin(self, command: int, data: bytes = b"", size: int | None = None) -> None:
        length = len(data) if size is None else size
        self.send(self.channel, bytes([command]), length.to_bytes(2), data[:57])

    def go_on(self, sequence: int, data: bytes = b"") -> None:
        self.send(self.channel, bytes([sequence]), data[:59])

    def hear(self) -> tuple[int, bytes]:
        """The command and payload of the next message on this channel."""
        packet = self.packet()
        command, size, payload = packet[4], int.from_bytes(packet[5:7]), packet[7:]
        while len(payload) < size:
            payload += self.packet()[5:]
        return command, payload[:size]

    def packet(self) -> bytes:
        """The next packet on this channel; every handle hears what the key says to any."""
        packet = b""
        while packet[:4] != self.channel:
            packet = bytes(self.handle.read(64, 3000))
            assert len(packet) == 64, "no answer"
        return packet

    def answer(self) -> tuple[int, bytes]:
        """What is said next that is no keepalive."""
        heard = self.hear()
        while heard[0] == KEEPALIVE:
            heard = self.hear()
        return heard

    def ask(self, command: int, data: bytes = b"") -> bytes:
        self.begin(command, data)
        answered, payload = self.answer()
        assert answered == command
        return payload

    def refused(self) -> int:
        """The code of the error message that comes next on this channel."""
        command, payload = self.answer()
        assert (command, len(payload)) == (ERROR, 1)
        return payload[0]

    def is_silent(self) -> bool:
        return self.handle.read(64, 20) == []


@pytest.fixture
def wire(bench: Bench) -> Wire:
    return Wire(bench)


def test_init_gives_a_channel_and_says_what_the_key_can(bench: Bench) -> None:
    wire = Wire(bench)
    first = wire.channel
    wire.channel = BROADCAST
    answer = wire.ask(INIT, NONCE)
    assert answer[:8] == NONCE
    assert answer[8:12] not in (first, BROADCAST, b"\0" * 4)
    assert answer[12:] == bytes([2, 5, 7, 4, 0x01 | 0x04 | 0x08])


@given(st.binary(max_size=MESSAGE_LIMIT))
@settings(max_examples=30)
@example(b"")
@example(b"x" * 57)
@example(b"x" * 58)
@example(b"x" * MESSAGE_LIMIT)
def test_a_message_survives_its_packets(payload: bytes) -> None:
    assembler = Assembler(frozenset({Command.PING}))
    message = Message(assembler.new_channel(), Command.PING, payload)
    *before, last = packets(message)
    assert all(assembler.feed(packet, 0.0) is None for packet in before)
    assert assembler.feed(last, 0.0) == message


@pytest.mark.parametrize("size", [0, 1, 57, 58, 116, 117, 1024, MESSAGE_LIMIT])
def test_ping_echoes_messages_of_any_length(device: CtapHidDevice, size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    assert device.ping(data) == data


def test_wink_blinks_and_is_counted_until_the_key_is_pulled(
    bench: Bench, device: CtapHidDevice
) -> None:
    device.wink()
    device.wink()
    assert bench.key.winks == 2
    bench.plug()
    assert bench.key.winks == 0


def test_a_wrong_sequence_number_ends_the_message(wire: Wire) -> None:
    wire.begin(PING, b"x" * 57, size=200)
    wire.go_on(1)
    assert wire.refused() == INVALID_SEQ
    wire.go_on(0)
    assert wire.is_silent()
    assert wire.ask(PING, b"again") == b"again"


def test_another_message_in_the_middle_ends_the_first(wire: Wire) -> None:
    wire.begin(PING, b"x" * 57, size=200)
    wire.begin(PING, b"y")
    assert wire.refused() == INVALID_SEQ


def test_a_message_that_is_too_long_is_refused(wire: Wire) -> None:
    wire.begin(PING, b"", size=MESSAGE_LIMIT + 1)
    assert wire.refused() == INVALID_LEN


@pytest.mark.parametrize("command", [MSG, 0x84, 0xC3, 0xFF, KEEPALIVE, ERROR])
def test_unknown_commands_and_u2f_are_refused(wire: Wire, command: int) -> None:
    wire.begin(command, b"\0\1\2")
    assert wire.refused() == INVALID_CMD


@pytest.mark.parametrize("channel", [b"\0" * 4, b"\0\0\0\x63", BROADCAST])
def test_a_channel_that_nobody_was_given_is_refused(wire: Wire, channel: bytes) -> None:
    wire.channel = channel
    wire.begin(PING, b"x")
    assert wire.refused() == INVALID_CHANNEL


@pytest.mark.parametrize(("command", "data"), [(INIT, b"short"), (CBOR, b""), (WINK, b"x")])
def test_a_payload_of_the_wrong_length_is_refused(wire: Wire, command: int, data: bytes) -> None:
    wire.begin(command, data)
    assert wire.refused() == INVALID_LEN


def test_while_a_message_arrives_other_channels_are_told_to_wait(bench: Bench) -> None:
    one, two = Wire(bench), Wire(bench)
    one.begin(PING, b"a" * 57, size=58)
    two.begin(PING, b"b")
    assert two.refused() == CHANNEL_BUSY
    three = Wire(bench)
    two.go_on(0, b"not for the first")
    one.go_on(0, b"a")
    assert one.hear() == (PING, b"a" * 58)
    assert three.ask(PING, b"c") == b"c"


def test_init_on_the_same_channel_brings_it_back_in_step(wire: Wire) -> None:
    wire.begin(PING, b"x" * 57, size=200)
    assert wire.ask(INIT, NONCE)[:12] == NONCE + wire.channel
    wire.go_on(0)
    assert wire.is_silent()
    assert wire.ask(PING, b"z") == b"z"


def test_a_message_that_stalls_is_given_up(bench: Bench, wire: Wire) -> None:
    wire.begin(PING, b"x" * 57, size=200)
    assert wire.is_silent()
    bench.now += 3.0
    assert wire.refused() == MSG_TIMEOUT
    assert wire.ask(PING, b"z") == b"z"


class SlowFinger:
    """A finger that comes when the test says so."""

    def __init__(self, bench: Bench) -> None:
        self.wanted = threading.Event()
        self.comes = threading.Event()
        bench.finger = self

    def __call__(self, _: str) -> bool:
        self.wanted.set()
        return self.comes.wait(5)


def test_keepalives_tell_of_the_wait_until_the_finger_comes(bench: Bench, wire: Wire) -> None:
    finger = SlowFinger(bench)
    wire.begin(CBOR, SELECTION)
    assert [wire.hear() for _ in range(3)] == [(KEEPALIVE, b"\x02")] * 3
    finger.comes.set()
    assert wire.answer() == (CBOR, b"\0")


def test_cancel_ends_the_wait_and_the_late_finger_changes_nothing(bench: Bench, wire: Wire) -> None:
    finger = SlowFinger(bench)
    wire.begin(CBOR, SELECTION)
    assert wire.hear() == (KEEPALIVE, b"\x02")
    wire.begin(CANCEL)
    assert wire.hear() == (CBOR, b"\x2d")
    assert wire.ask(CBOR, GET_INFO)[:1] == b"\0"
    finger.comes.set()
    assert wire.ask(PING, b"z") == b"z"
    assert wire.is_silent()


def test_while_a_command_waits_others_are_told_so(bench: Bench) -> None:
    finger = SlowFinger(bench)
    waiting, other = Wire(bench), Wire(bench)
    waiting.begin(CBOR, SELECTION)
    assert finger.wanted.wait(5)
    other.begin(CBOR, GET_INFO)
    assert other.refused() == CHANNEL_BUSY
    other.begin(CANCEL)  # of a command that is not its own
    finger.comes.set()
    assert waiting.answer() == (CBOR, b"\0")


def test_init_drops_the_command_of_its_channel(bench: Bench, wire: Wire) -> None:
    finger = SlowFinger(bench)
    wire.begin(CBOR, SELECTION)
    assert wire.hear() == (KEEPALIVE, b"\x02")
    assert wire.ask(INIT, NONCE)[8:12] == wire.channel
    finger.comes.set()
    assert wire.is_silent()
    assert wire.ask(PING, b"z") == b"z"


def test_a_cancel_of_nothing_is_ignored(wire: Wire) -> None:
    wire.begin(CANCEL)
    assert wire.is_silent()
    assert wire.ask(PING, b"z") == b"z"

"""CTAPHID framing as the device sees it: packets to messages and back (CTAP 2.1, 11.2.4).

No thread and no waiting here; the time comes in with each packet.
"""

from enum import IntEnum
from typing import Final

import msgspec

PACKET_SIZE: Final = 64
BROADCAST: Final = 0xFFFFFFFF
NONCE_SIZE: Final = 8
MESSAGE_LIMIT: Final = 7609
"""Bytes in one initialization and 128 continuation packets."""
TRANSACTION_LIMIT_S: Final = 3.0
"""How long a message may stall before its channel is given up."""

_INIT_BIT = 0x80
_INIT_HEAD, _CONT_HEAD = 7, 5


class Command(IntEnum):
    """CTAPHID commands (11.2.9); the wire sets the highest bit as well."""

    PING = 0x01
    MSG = 0x03
    INIT = 0x06
    WINK = 0x08
    CBOR = 0x10
    CANCEL = 0x11
    KEEPALIVE = 0x3B
    ERROR = 0x3F
    READ_CONFIG = 0x42


class HidError(IntEnum):
    """Error codes of CTAPHID_ERROR (11.2.9.1.6)."""

    INVALID_CMD = 0x01
    INVALID_PAR = 0x02
    INVALID_LEN = 0x03
    INVALID_SEQ = 0x04
    MSG_TIMEOUT = 0x05
    CHANNEL_BUSY = 0x06
    INVALID_CHANNEL = 0x0B


class FramingError(Exception):
    """A packet out of order; it becomes an error message on its channel."""

    def __init__(self, channel: int, code: HidError) -> None:
        super().__init__(code.name)
        self.channel = channel
        self.code = code


class Message(msgspec.Struct, frozen=True):
    """A whole message.

    Attributes:
        channel: Channel id.
        command: A command without the highest bit.
        payload: At most 7609 bytes.
    """

    channel: int
    command: int
    payload: bytes


def packets(message: Message) -> list[bytes]:
    """The message as packets of 64 bytes."""
    channel, payload = message.channel.to_bytes(4), message.payload
    size = PACKET_SIZE - _INIT_HEAD
    head = channel + bytes([message.command | _INIT_BIT]) + len(payload).to_bytes(2)
    whole = [head + payload[:size]]
    rest = range(size, len(payload), PACKET_SIZE - _CONT_HEAD)
    for sequence, start in enumerate(rest):
        part = payload[start : start + PACKET_SIZE - _CONT_HEAD]
        whole.append(channel + bytes([sequence]) + part)
    return [packet.ljust(PACKET_SIZE, b"\0") for packet in whole]


def error_packet(error: FramingError) -> bytes:
    """The CTAPHID_ERROR message that says so."""
    return packets(Message(error.channel, Command.ERROR, bytes([error.code])))[0]


class _Arriving:
    """A message of which packets are still to come."""

    def __init__(self, message: Message, size: int, now: float) -> None:
        self.channel = message.channel
        self.command = message.command
        self.payload = message.payload
        self.size = size
        self.sequence = 0
        self.heard = now


class Assembler:
    """Makes messages of packets, one at a time, and hands out channels.

    Args:
        commands: The commands that this key knows.
    """

    def __init__(self, commands: frozenset[int]) -> None:
        self._commands = commands
        self._channels = 0
        self._arriving: _Arriving | None = None

    def new_channel(self) -> int:
        """A channel id that nobody has yet."""
        self._channels = self._channels % (BROADCAST - 1) + 1
        return self._channels

    def feed(self, packet: bytes, now: float) -> Message | None:
        """Take a packet of 64 bytes.

        Args:
            packet: 64 bytes.
            now: Monotonic seconds.

        Returns:
            The message that it completes; None while packets are missing, and for a continuation
            that belongs to nothing, which is ignored (11.2.5.3).

        Raises:
            FramingError: The packet is out of order.
        """
        channel = int.from_bytes(packet[:4])
        if packet[4] & _INIT_BIT:
            return self._begin(channel, packet, now)
        return self._go_on(channel, packet, now)

    def give_up(self, now: float) -> FramingError | None:
        """The error for a message that stalled, once; None while nothing did."""
        arriving = self._arriving
        if arriving is None or now - arriving.heard < TRANSACTION_LIMIT_S:
            return None
        self._arriving = None
        return FramingError(arriving.channel, HidError.MSG_TIMEOUT)

    def _begin(self, channel: int, packet: bytes, now: float) -> Message | None:
        command, size = packet[4] & ~_INIT_BIT, int.from_bytes(packet[5:7])
        self._check_channel(channel, command)
        if command == Command.INIT:
            return self._init(channel, packet, size)
        self._check_free(channel, command)
        if command not in self._commands:
            raise FramingError(channel, HidError.INVALID_CMD)
        if size > MESSAGE_LIMIT:
            raise FramingError(channel, HidError.INVALID_LEN)
        message = Message(channel, command, packet[_INIT_HEAD : _INIT_HEAD + size])
        if len(message.payload) == size:
            return message
        self._arriving = _Arriving(message, size, now)
        return None

    def _check_channel(self, channel: int, command: int) -> None:
        ours = 0 < channel <= self._channels
        if not ours and (channel, command) != (BROADCAST, Command.INIT):
            raise FramingError(channel, HidError.INVALID_CHANNEL)

    def _init(self, channel: int, packet: bytes, size: int) -> Message:
        """INIT is heard at all times; on a channel of its own it ends what was arriving there."""
        if size != NONCE_SIZE:
            raise FramingError(channel, HidError.INVALID_LEN)
        if self._arriving and self._arriving.channel == channel:
            self._arriving = None
        return Message(channel, Command.INIT, packet[_INIT_HEAD : _INIT_HEAD + NONCE_SIZE])

    def _check_free(self, channel: int, command: int) -> None:
        if self._arriving is None or command == Command.CANCEL:
            return
        if self._arriving.channel != channel:
            raise FramingError(channel, HidError.CHANNEL_BUSY)
        self._arriving = None
        raise FramingError(channel, HidError.INVALID_SEQ)

    def _go_on(self, channel: int, packet: bytes, now: float) -> Message | None:
        arriving = self._arriving
        if arriving is None or arriving.channel != channel:
            return None
        if packet[4] != arriving.sequence:
            self._arriving = None
            raise FramingError(channel, HidError.INVALID_SEQ)
        missing = arriving.size - len(arriving.payload)
        arriving.payload += packet[_CONT_HEAD : _CONT_HEAD + missing]
        arriving.sequence += 1
        arriving.heard = now
        if len(arriving.payload) < arriving.size:
            return None
        self._arriving = None
        return Message(channel, arriving.command, arriving.payload)

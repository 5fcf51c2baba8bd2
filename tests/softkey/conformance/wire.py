"""A platform's end of CTAPHID, packet by packet (CTAP 2.1, 11.2.4)."""

from keyvault_kit.softkey.bus import SoftHandle
from tests.softkey.conformance.spec import PACKET, Hid, HidError

BROADCAST = b"\xff" * 4
NONCE = b"eight by"
PATIENCE_MS = 5000


class Wire:
    """An open key and a channel of ours on it."""

    def __init__(self, handle: SoftHandle) -> None:
        self.handle = handle
        self.channel = BROADCAST
        self.greeting = self.ask(Hid.INIT, NONCE)
        self.channel = self.greeting[8:12]

    def send(self, *parts: bytes) -> None:
        """One packet, filled up with zeros."""
        assert self.handle.write(b"\0" + b"".join(parts).ljust(PACKET, b"\0")) == PACKET + 1

    def begin(self, command: int, data: bytes = b"", size: int | None = None) -> None:
        """An initialization packet; `size` where it lies about the length of the data."""
        length = len(data) if size is None else size
        self.send(self.channel, bytes([command]), length.to_bytes(2), data[:57])

    def go_on(self, sequence: int, data: bytes = b"") -> None:
        """A continuation packet."""
        self.send(self.channel, bytes([sequence]), data[:59])

    def say(self, command: int, data: bytes = b"") -> None:
        """A whole message."""
        self.begin(command, data)
        for sequence, start in enumerate(range(57, len(data), 59)):
            self.go_on(sequence, data[start : start + 59])

    def packet(self) -> bytes:
        """The next packet on this channel; every handle hears what the key says to any."""
        while True:
            packet = bytes(self.handle.read(PACKET, PATIENCE_MS))
            assert len(packet) == PACKET, "no answer"
            if packet[:4] == self.channel:
                return packet

    def hear(self) -> tuple[int, bytes]:
        """Command and payload of the next message on this channel."""
        first = self.packet()
        command, size, payload = first[4], int.from_bytes(first[5:7]), first[7:]
        sequence = 0
        while len(payload) < size:
            packet = self.packet()
            assert packet[4] == sequence
            payload, sequence = payload + packet[5:], sequence + 1
        return command, payload[:size]

    def answer(self) -> tuple[int, bytes]:
        """The next message that is no keepalive."""
        heard = self.hear()
        while heard[0] == Hid.KEEPALIVE:
            heard = self.hear()
        return heard

    def ask(self, command: int, data: bytes = b"") -> bytes:
        """What is answered to a whole message."""
        self.say(command, data)
        answered, payload = self.answer()
        assert answered == command
        return payload

    def refused(self) -> HidError:
        """The code of the error that comes next."""
        command, payload = self.answer()
        assert (command, len(payload)) == (Hid.ERROR, 1)
        return HidError(payload[0])

    def is_silent(self) -> bool:
        """Whether nothing is heard for a moment."""
        return self.handle.read(PACKET, 20) == []

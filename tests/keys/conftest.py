"""Keys that answer by a script: CTAPHID framing as it should be, content as a test wants it."""

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keyvault_kit.keys.hid import HidHandle, PluggedKey, plugged
from keyvault_kit.keys.session import KeySession, open_session

INIT = 0x06
CHANNEL = bytes.fromhex("00c0ffee")

# What a key answers: to a command and its payload, a payload, None for silence, or OSError.
Answer = Callable[[int, bytes], bytes | None]


class FakeClock:
    """Seconds that pass only where somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Wire:
    """A HidHandle that frames what `answer` says (CTAP 2.1, 11.2.4)."""

    def __init__(self, answer: Answer, clock: FakeClock, capabilities: int = 0x05) -> None:
        self.answer = answer
        self.clock = clock
        self.capabilities = capabilities
        self.asked: list[tuple[int, bytes]] = []
        self.closed = False
        self._incoming = b""
        self._expected = 0
        self._command = 0
        self._outgoing: list[bytes] = []

    def write(self, data: bytes) -> int:
        assert len(data) == 65
        assert data[0] == 0
        packet = data[1:]
        if packet[4] & 0x80:
            self._command = packet[4] & 0x7F
            self._expected = int.from_bytes(packet[5:7])
            self._incoming = packet[7:]
        else:
            self._incoming += packet[5:]
        if len(self._incoming) >= self._expected:
            self._handle(packet[:4], self._incoming[: self._expected])
        return len(data)

    def _handle(self, channel: bytes, payload: bytes) -> None:
        self.asked.append((self._command, payload))
        if self._command == INIT:
            greeting = payload + CHANNEL + bytes([2, 5, 4, 3, self.capabilities])
            self.send(channel, INIT, greeting)
            return
        reply = self.answer(self._command, payload)
        if reply is not None:
            self.send(channel, self._command, reply)

    def send(self, channel: bytes, command: int, payload: bytes) -> None:
        """Queue a message, in as many packets as it needs."""
        head = channel + struct.pack(">BH", 0x80 | command, len(payload))
        chunks = [head + payload[:57]]
        rest = payload[57:]
        chunks += [
            channel + bytes([n]) + rest[n * 59 : (n + 1) * 59] for n in range(-(-len(rest) // 59))
        ]
        self._outgoing += [chunk.ljust(64, b"\0") for chunk in chunks]

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        assert max_length == 64
        assert timeout_ms > 0, "hidapi would wait for ever"
        self.clock.now += 0.001
        if self._outgoing:
            return list(self._outgoing.pop(0))
        self.clock.now += timeout_ms / 1000
        return []

    def close(self) -> None:
        self.closed = True


class ScriptedBus:
    """A HidBus of scripted keys."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.entries: list[dict[str, object]] = []
        self.wires: dict[bytes, HidHandle] = {}

    def plug(self, wire: HidHandle, **entry: object) -> PluggedKey:
        path = b"/dev/hidraw%d" % len(self.entries)
        self.wires[path] = wire
        self.entries.append(
            {
                "path": path,
                "vendor_id": 0x1D6B,
                "product_id": 0x0001,
                "usage_page": 0xF1D0,
                "usage": 1,
                "product_string": "Scripted key",
            }
            | entry
        )
        return next(key for key in plugged(self) if key.path == path)

    def plug_answer(self, answer: Answer, **entry: object) -> tuple[PluggedKey, Wire]:
        wire = Wire(answer, self.clock)
        return self.plug(wire, **entry), wire

    def enumerate(self) -> list[dict[str, object]]:
        return self.entries

    def open(self, path: bytes) -> HidHandle:
        if path not in self.wires:
            raise OSError("open failed")
        return self.wires[path]


SessionOf = Callable[[PluggedKey], AbstractContextManager[KeySession]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus(clock: FakeClock) -> ScriptedBus:
    return ScriptedBus(clock)


@pytest.fixture
def session_of(bus: ScriptedBus, clock: FakeClock) -> SessionOf:
    """Opens a scripted key on the fake clock."""

    @contextmanager
    def opened(key: PluggedKey) -> Iterator[KeySession]:
        with open_session(bus, key, clock=clock) as session:
            yield session

    return opened


@pytest.fixture(scope="session")
def key_data() -> Callable[[str], list[dict[str, Any]]]:
    """Reads one of tests/data/keys/*.json."""
    directory = Path(__file__).parents[1] / "data" / "keys"

    def load(name: str) -> list[dict[str, Any]]:
        items = json.loads((directory / name).read_text())
        return msgspec.convert(items, list[dict[str, Any]])

    return load

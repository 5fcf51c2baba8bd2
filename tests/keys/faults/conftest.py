"""A line between the kit and a software key, on which a test meddles with one packet.

Everything runs as it does with a real key but for the time, which passes only where somebody waits.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, get_type_hints

import fido2.utils
import msgspec
import pytest
from fido2 import cbor

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.hid import PluggedKey, plugged
from keyvault_kit.keys.pin import PinGuard
from keyvault_kit.keys.reading import Reading, read
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.softkey.attestation import AttestationAuthority, Attester
from keyvault_kit.softkey.bus import SoftBus, SoftHandle
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.profiles import Profile
from keyvault_kit.softkey.state import KeyState

if TYPE_CHECKING:
    from tests.keys.conftest import FakeClock

START = datetime(2026, 11, 1, tzinfo=UTC)
COMMAND, FIRST, NEXT = 4, 7, 5
INIT_BIT, CBOR = 0x80, 0x10
CLIENT_PIN, PIN_HASH_ENC = 0x06, 6

INJECTED: Counter[str] = Counter()

# What passes in the place of a packet: a fault is that, and may do something to the line.
Fault = Callable[["Line", bytes], list[bytes]]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if INJECTED:
        each = ", ".join(f"{name} {count}" for name, count in sorted(INJECTED.items()))
        terminalreporter.write_line(f"{INJECTED.total()} faults injected at keys: {each}")


class Message:
    """A message that is on its way, packet by packet (CTAP 2.1, 11.2.4)."""

    def __init__(self) -> None:
        self.command = 0
        self.payload = b""
        self.missing = 0

    def add(self, packet: bytes) -> bool:
        """Whether the message is whole now."""
        if packet[COMMAND] & INIT_BIT:
            self.command, self.payload = packet[COMMAND] & ~INIT_BIT, b""
            self.missing = int.from_bytes(packet[NEXT:FIRST])
        part = packet[FIRST if packet[COMMAND] & INIT_BIT else NEXT :][: self.missing]
        self.payload += part
        self.missing -= len(part)
        return self.missing == 0


class Line:
    """A HidHandle in front of a software key's; packets are counted in the order they pass.

    Attributes:
        clock: The kit's and the key's.
        seen: The packets that passed, each with whether it came from the key.
        at: With which packet to meddle.
        fault: How.
        happened: When it was meddled with; None while it was not.
        pins: Messages with a PIN that the kit has sent, whole or not.
    """

    def __init__(self, handle: SoftHandle, clock: FakeClock) -> None:
        self.clock = clock
        self.seen: list[tuple[bool, bytes]] = []
        self.at: int | None = None
        self.fault: Fault | None = None
        self.happened: float | None = None
        self.pins = 0
        self.dead = self.mute = False
        self.stuck: bytes | None = None
        self.takes = 65
        self.late: list[bytes] = []
        self.busy = False
        self._handle = handle
        self._ready: list[bytes] = []
        self._sent = Message()

    def write(self, data: bytes) -> int:
        packet = bytes(data[1:])
        self._count_pin(packet)
        self._ready, self.late = self._ready + self.late, []
        for each in self._pass(packet, from_key=False):
            self._require_life()
            self._handle.write(b"\0" + each)
        self._require_life()
        return self.takes

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        assert max_length == 64
        assert timeout_ms > 0, "hidapi would wait for ever"
        self._require_life()
        if not self._ready and not self.mute:
            packet = self.next_of_key()
            self._ready = self._pass(packet, from_key=True) if packet else []
            self._require_life()
        self.clock.now += 0.001
        if self.stuck:
            self.clock.now += 0.1
            return list(self.stuck)
        if self._ready:
            return list(self._ready.pop(0))
        self.clock.now += timeout_ms / 1000
        return []

    def close(self) -> None:
        self._handle.close()

    def next_of_key(self) -> bytes | None:
        """The key's next packet; None where it has nothing to say."""
        return bytes(self._handle.read(64, 50)) if self._handle._reports else None

    def rest_of_answer(self, packet: bytes) -> bytes:
        """The payload of the answer that begins with this packet; the key's packets are used up."""
        answer = Message()
        while not answer.add(packet):
            packet = self.next_of_key() or pytest.fail("the key's answer has no end")
        return answer.payload

    def _pass(self, packet: bytes, *, from_key: bool) -> list[bytes]:
        self.seen.append((from_key, packet))
        if self.busy and not from_key:
            self.busy = not packet[COMMAND] & INIT_BIT
            if self.busy:
                return []
        if len(self.seen) - 1 != self.at or not self.fault:
            return [packet]
        self.happened = self.clock.now
        return self.fault(self, packet)

    def answer(self, packet: bytes) -> None:
        """Say something in the key's place."""
        self._ready.append(packet)

    def _count_pin(self, packet: bytes) -> None:
        if not self._sent.add(packet) or self._sent.command != CBOR:
            return
        command, request = self._sent.payload[0], self._sent.payload[1:]
        if command == CLIENT_PIN:
            members: Any = cbor.decode(request)
            self.pins += PIN_HASH_ENC in members

    def _require_life(self) -> None:
        if self.dead:
            raise OSError("the key was pulled out")


class TappedBus(SoftBus):
    """Software keys behind lines."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.lines: list[Line] = []
        self.at: int | None = None
        self.fault: Fault | None = None

    def open(self, path: bytes) -> Line:  # type: ignore[override]
        line = Line(super().open(path), self.clock)
        line.at, line.fault = self.at, self.fault
        self.lines.append(line)
        return line


class Ended(msgspec.Struct, frozen=True):
    """How an operation ended: a result or an error, and what the key is then."""

    result: object
    error: DeviceError | None
    state: KeyState


class Trial:
    """One operation at one key, with a fault at one packet of it, or none."""

    def __init__(
        self, state: KeyState, maker: AttestationAuthority, clock: FakeClock, fault: Fault | None
    ) -> None:
        self.clock = clock
        self.bus = TappedBus(clock)
        self.bus.fault = fault
        self.guard = PinGuard()
        self.ended = clock.now
        self.pins = 0
        self.key = SoftKey(
            state, authority=maker, touch=lambda _: True, clock=clock, save=lambda _: None
        )
        self.bus.plug(self.key)
        (self.plugged,) = plugged(self.bus)

    @property
    def state(self) -> KeyState:
        return self.key._memory.state

    @property
    def line(self) -> Line:
        return self.bus.lines[0]

    @contextmanager
    def session(self) -> Iterator[KeySession]:
        with open_session(self.bus, self.plugged, guard=self.guard, clock=self.clock) as session:
            yield session

    def run(self, operation: Callable[[KeySession], object], at: int | None = None) -> Ended:
        """Open the key and do it; then, where a fault happened, read it in the same session.

        Whatever leaves the kit but a DeviceError is not caught.
        """
        self.bus.at = at
        result, error, state = None, None, None
        try:
            with self.session() as session:
                try:
                    result = operation(session)
                except DeviceError as caught:
                    error = caught
                self.ended, state = self.clock.now, self.state
                self.pins = self.line.pins
                self.read_again(session)
        except DeviceError as caught:
            assert state is None, "the session failed after its operation"
            error, self.ended, self.pins = caught, self.clock.now, self.line.pins
        return Ended(result, error, state or self.state)

    def read_again(self, session: KeySession) -> None:
        """What the key says after a fault is true, or an error."""
        if self.line.happened is None:
            return
        self.heal()
        try:
            session.refresh()
            self.demand_truth(read(session))
        except DeviceError:
            return

    def heal(self) -> None:
        self.line.fault = self.line.stuck = None
        self.line.mute = self.line.busy = False
        self.line.takes = 65

    def replug(self) -> PluggedKey:
        self.bus.at = None
        self.bus.unplug(self.plugged.path)
        self.bus.plug(self.key)
        (self.plugged,) = plugged(self.bus)
        return self.plugged

    def read_after_replug(self) -> None:
        self.replug()
        with self.session() as session:
            self.demand_truth(read(session))

    def demand_truth(self, reading: Reading) -> None:
        """What was read is what the key is."""
        state, kept = self.state, sum(each.discoverable for each in self.state.credentials)
        assert reading.serial == state.serial
        assert reading.pin_set is (state.pin_hash is not None)
        assert reading.pin_retries == (state.pin_retries if reading.pin_set else None)
        assert reading.remaining_credentials == self.key.profile.capacity - kept
        assert reading.aaguid.replace("-", "") == self.key.profile.aaguid.hex()


NewTrial = Callable[..., Trial]


class Maker(AttestationAuthority):
    """Makes each attestation certificate once."""

    def __init__(self) -> None:
        super().__init__(seed=bytes(32), not_before=START)
        self._made: dict[str, Attester] = {}

    def attester(self, profile: Profile) -> Attester:
        if profile.name not in self._made:
            self._made[profile.name] = super().attester(profile)
        return self._made[profile.name]

    def enterprise_attester(self, profile: Profile, serial: int) -> Attester:
        name = f"{profile.name} {serial}"
        if name not in self._made:
            self._made[name] = super().enterprise_attester(profile, serial)
        return self._made[name]


@pytest.fixture(scope="session")
def maker() -> AttestationAuthority:
    return Maker()


class AtOnce:
    """A thread that runs when it is started: the key answers before the kit looks for an answer."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], **_: object) -> None:
        self.start = partial(target, *args)


@pytest.fixture
def trial(
    maker: AttestationAuthority, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> NewTrial:
    """Begins a trial at a key in the given state."""
    monkeypatch.setattr(threading, "Thread", AtOnce)
    # The library looks through the annotations of its classes for each answer.
    monkeypatch.setattr(fido2.utils, "get_type_hints", cache(get_type_hints))
    return lambda state, fault=None: Trial(state, maker, clock, fault)


@pytest.fixture
def injected() -> Callable[[str], None]:
    """Counts a fault, for the summary at the end of the run."""

    def count(operation: str) -> None:
        INJECTED[operation] += 1

    return count

"""Many keys at once: each has its own time, and one that hangs holds up no other."""

from __future__ import annotations

from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest
from fido2 import cbor

from keyvault_kit.keys import reading as reading_module
from keyvault_kit.keys.hid import HidHandle, plugged
from keyvault_kit.keys.reading import (
    READING_LIMIT_S,
    Reading,
    Unreadable,
    read_all,
    read_each,
    read_one,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.keys.conftest import Answer, FakeClock, ScriptedBus

GET_INFO, READ_CONFIG = 0x04, 0x42
CHANNEL = bytes.fromhex("00c0ffee")
KEEPALIVE = (CHANNEL + b"\xbb\0\x01\x01").ljust(64, b"\0")
GOOD = cbor.encode({1: ["FIDO_2_0"]})


def answering(info: bytes) -> Answer:
    return lambda _, payload: b"\0" + (info if payload[0] == GET_INFO else cbor.encode({3: 8}))


class Stuck:
    """A handle whose named call never comes back, until the test lets it go."""

    def __init__(self, call: str, wire: HidHandle, release: Event) -> None:
        self.call, self.wire, self.release = call, wire, release

    def write(self, data: bytes) -> int:
        return self._stuck("write") or self.wire.write(data)

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        return self.wire.read(max_length + self._stuck("read"), timeout_ms)

    def close(self) -> None:
        self.wire.close()

    def _stuck(self, call: str) -> int:
        if call == self.call:
            self.release.wait()
            raise OSError("gone at last")
        return 0


@pytest.fixture
def release() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "READING_LIMIT_S", 0.6)
    monkeypatch.setattr(reading_module, "_GRACE_S", 0.4)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("call", ["open", "write", "read"])
def test_a_key_stuck_in_the_system_holds_up_no_other(
    bus: ScriptedBus, monkeypatch: pytest.MonkeyPatch, release: Event, call: str
) -> None:
    stuck, wire = bus.plug_answer(answering(GOOD))
    bus.wires[stuck.path] = Stuck(call, wire, release)
    goods = [bus.plug_answer(answering(GOOD))[0] for _ in range(3)]
    opened = bus.open

    def open_or_hang(path: bytes) -> HidHandle:
        if call == "open" and path == stuck.path:
            release.wait()
        return opened(path)

    monkeypatch.setattr(bus, "open", open_or_hang)
    rows = list(read_each(bus))
    assert {row.plugged for row in rows[:3] if isinstance(row, Reading)} == set(goods)
    assert isinstance(rows[3], Unreadable)
    assert rows[3].plugged == stuck
    assert "hangs" in rows[3].error
    assert stuck.name in rows[3].error


def test_sixteen_keys_are_read_at_the_same_time(
    bus: ScriptedBus, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(16):
        bus.plug_answer(answering(GOOD))
    all_are_open, opened = Barrier(16), bus.open

    def open_together(path: bytes) -> HidHandle:
        all_are_open.wait(timeout=20)
        return opened(path)

    monkeypatch.setattr(bus, "open", open_together)
    rows = read_all(bus, clock=clock)
    assert [row.plugged.path for row in rows] == [key.path for key in plugged(bus)]
    assert all(isinstance(row, Reading) for row in rows)


def test_a_key_that_is_always_busy_is_given_up_in_time(bus: ScriptedBus, clock: FakeClock) -> None:
    def busy(_: int, __: bytes) -> None:
        return None

    key, wire = bus.plug_answer(busy)

    def keepalive(max_length: int, timeout_ms: int = 0) -> list[int]:
        packet = wire_read(max_length, timeout_ms)
        return packet or list(KEEPALIVE)

    wire_read = wire.read
    wire.read = keepalive  # type: ignore[method-assign]
    start = clock.now
    row = read_one(bus, key, clock=clock)
    assert isinstance(row, Unreadable)
    assert "does not answer" in row.error
    assert clock.now - start == pytest.approx(READING_LIMIT_S, abs=0.2)


def test_the_time_is_for_the_reading_as_a_whole(bus: ScriptedBus, clock: FakeClock) -> None:
    page = b"\x06\x02\x01\x2a\x10\x01\x01"  # serial 42, and ever more pages

    def slow(command: int, payload: bytes) -> bytes | None:
        clock.now += 1.0
        return page if command == READ_CONFIG else answering(GOOD)(command, payload)

    key, _ = bus.plug_answer(slow, vendor_id=0x1050)
    start = clock.now
    assert isinstance(read_one(bus, key, clock=clock), Unreadable)
    assert clock.now - start == pytest.approx(READING_LIMIT_S, abs=1.5)


def test_our_own_fault_is_not_put_down_to_the_key(
    bus: ScriptedBus, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.plug_answer(answering(GOOD))

    def mistaken(_: object) -> Reading:
        raise ZeroDivisionError

    monkeypatch.setattr(reading_module, "read", mistaken)
    with pytest.raises(ZeroDivisionError):
        read_all(bus, clock=clock)

"""Among several keys, the one that is touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.failures import (
    CancelledAtKeyError,
    TouchTimeoutError,
    UnreachableKeyError,
)
from keyvault_kit.keys.hid import PluggedKey, plugged
from keyvault_kit.keys.reading import Reading, read_one
from keyvault_kit.keys.selection import touched
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.state import KeyState

if TYPE_CHECKING:
    from tests.keys.conftest import ScriptedBus

MAKER = AttestationAuthority(seed=bytes(32), not_before=datetime(2026, 1, 1, tzinfo=UTC))


class Table:
    """Keys on a table, and one finger.

    Attributes:
        finger: From a key's label: whether it is touched before it gives up.
    """

    def __init__(self) -> None:
        self.bus = SoftBus()
        self.waiting = Event()
        self.over = Event()
        self.finger: Callable[[str], bool] = lambda _: False

    def lay(self, label: str) -> PluggedKey:
        state = KeyState.new("five", label=label, serial=None, seed=label.encode().ljust(32))
        key = SoftKey(
            state,
            authority=MAKER,
            touch=self._touch,
            clock=lambda: 0.0,
            save=lambda _: None,
        )
        path = self.bus.plug(key)
        return next(it for it in plugged(self.bus) if it.path == path)

    def _touch(self, label: str) -> bool:
        return self.finger(label)

    def only(self, chosen: str) -> Callable[[str], bool]:
        """A finger that touches that key; the others wait until the choice is made."""

        def finger(label: str) -> bool:
            if label == chosen:
                return self.waiting.wait(5)
            return not self.over.wait(5)

        return finger

    def choose(self) -> PluggedKey:
        return touched(self.bus, plugged(self.bus), on_waiting=self.waiting.set, cancel=self.over)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.mark.parametrize("chosen", ["a", "b", "c"])
def test_the_touched_one_of_three_is_chosen(table: Table, chosen: str) -> None:
    keys = {label: table.lay(label) for label in "abc"}
    table.finger = table.only(chosen)

    assert table.choose() == keys[chosen]
    assert table.over.is_set()


def test_the_others_wait_no_longer_and_can_be_used_at_once(table: Table) -> None:
    keys = [table.lay(label) for label in "ab"]
    table.finger = table.only("a")
    table.choose()

    assert all(isinstance(read_one(table.bus, key), Reading) for key in keys)


def test_people_are_told_once_that_keys_wait(table: Table) -> None:
    told: list[str] = []
    keys = [table.lay(label) for label in "ab"]
    table.finger = lambda label: label == "b"

    assert touched(table.bus, keys, on_waiting=lambda: told.append("touch one")) == keys[1]

    assert told == ["touch one"]


def test_nobody_touches_any(table: Table) -> None:
    table.lay("a")
    table.lay("b")

    with pytest.raises(TouchTimeoutError, match="nobody touched it in time"):
        table.choose()


def test_a_key_that_is_broken_does_not_stand_in_the_way_of_another(table: Table) -> None:
    gone = table.lay("gone")
    table.bus.unplug(gone.path)
    good = table.lay("good")
    table.finger = lambda _: True

    assert touched(table.bus, [gone, good], on_waiting=lambda: None) == good


def test_that_nobody_touched_one_is_said_before_that_another_is_broken(table: Table) -> None:
    gone = table.lay("gone")
    table.bus.unplug(gone.path)
    slow = table.lay("slow")

    with pytest.raises(TouchTimeoutError):
        touched(table.bus, [gone, slow], on_waiting=lambda: None)
    with pytest.raises(UnreachableKeyError, match="could not be opened"):
        touched(table.bus, [gone], on_waiting=lambda: None)


def test_it_is_called_off_from_elsewhere(table: Table) -> None:
    keys = [table.lay(label) for label in "ab"]
    called_off = Event()
    table.finger = lambda _: not table.over.wait(5)

    with pytest.raises(CancelledAtKeyError, match="nobody chose a key: it was called off"):
        touched(table.bus, keys, on_waiting=called_off.set, cancel=called_off)
    table.over.set()


def test_no_key_at_all_is_said(table: Table) -> None:
    with pytest.raises(DeviceError, match="no security key is plugged in"):
        table.choose()


def test_a_key_of_ctap_2_0_is_asked_by_an_empty_pin(bus: ScriptedBus) -> None:
    """CTAP 2.0, 5.1: it waits for a touch, and then says that no PIN is set."""
    info = b"\x00\xa2\x01\x81\x68FIDO_2_0\x03\x50" + b"\x07" * 16
    asked: list[int] = []

    def answer(_: int, payload: bytes) -> bytes:
        asked.append(payload[0])
        return info if payload[0] == 0x04 else b"\x35"

    key, _ = bus.plug_answer(answer)

    assert touched(bus, [key], on_waiting=lambda: None) == key
    assert asked == [0x04, 0x01]

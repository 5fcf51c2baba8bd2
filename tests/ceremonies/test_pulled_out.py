"""A key that is pulled out at any packet: the register is unchanged or complete, and says it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.ceremonies.plans import registering
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Use
from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.hid import HidHandle

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN, OTHER = "48302951", "60417283"
MORE_THAN_ANY: Final = 400


class Cable:
    """Every key's cable: it breaks at a packet, and is mended afterwards.

    Attributes:
        left: Packets that still pass, out and in.
    """

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = MORE_THAN_ANY
        opened = desk.bench.bus.open
        monkeypatch.setattr(desk.bench.bus, "open", lambda path: _Handle(opened(path), self))

    def packet(self) -> None:
        """One packet passes, or the key is gone."""
        self.left -= 1
        if self.left < 0:
            raise OSError("the key was pulled out")


class _Handle:
    def __init__(self, handle: HidHandle, cable: Cable) -> None:
        self._handle = handle
        self._cable = cable

    def write(self, data: bytes) -> int:
        self._cable.packet()
        return self._handle.write(data)

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        packet = self._handle.read(max_length, timeout_ms)
        if packet:
            self._cable.packet()
        return packet

    def close(self) -> None:
        self._handle.close()


def pulled(cable: Cable) -> Iterator[int]:
    """How many packets pass before the key is gone, from none on; until it is done before that."""
    for packets in range(MORE_THAN_ANY):
        cable.left = packets
        yield packets
        if cable.left >= 0:
            return


def hashed(pin: str) -> bytes:
    return hashlib.sha256(pin.encode()).digest()[:16]


def test_a_key_is_registered_whole_or_not_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cable, times = Cable(desk, monkeypatch), 0
    desk.add_key("K5")
    number = str(desk.bench.serial("K5"))
    request = registering.Request(tag="K5", account="bg1", use=Use.BACKUP, custodian="carol")
    for packets in pulled(cable):
        size, desk.people.says[Topic.SERIAL] = desk.ledger.size, [number]
        try:
            desk.run(registering.ceremony(desk.register, request))
        except DeviceError:
            times += 1
            assert "K5" not in desk.register.keys, packets
            assert desk.ledger.size == size, packets

    key = desk.register.keys["K5"]
    assert (key.proven, key.answers, bool(key.custody_credential)) == ("genuine", True, True)
    assert times > 20


def test_a_changed_pin_is_entered_or_in_doubt_and_no_attempt_goes_unsaid(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.register_key("K1")
    desk.change_key("K1", pin_hash=hashed(PIN), pin_length=8)
    cable, old, new, times = Cable(desk, monkeypatch), PIN, OTHER, 0
    for packets in pulled(cable):
        desk.bench.plug("K1")  # anew, so that the guard counts anew
        desk.change_key("K1", pin_hash=hashed(old), pin_retries=8)
        size, desk.people.pins = desk.ledger.size, [old, new, new]
        failed = False
        try:
            key_work.change_pin(desk.at("K1"), PinPolicy())
        except DeviceError:
            failed, times = True, times + 1
        facts = [it.fact for it in desk.entries(size)]
        kept = desk.state_of("K1")
        told = ev.PinChanged(key="K1") in facts
        doubt = any(isinstance(it, ev.FindingMade) and it.rule == "key-doubt" for it in facts)
        assert told or doubt or kept.pin_hash == hashed(old), packets
        assert not told or kept.pin_hash == hashed(new), packets
        assert failed or told, packets
        sent = [it for it in facts if isinstance(it, ev.PinChecked)]
        assert len(sent) >= 8 - kept.pin_retries, packets
        assert not [it for it in sent if it.right is False], packets

    assert times > 15

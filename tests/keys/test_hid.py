"""The seam: which devices are keys, and that every wait comes to an end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys import hid
from keyvault_kit.keys.failures import UnreachableKeyError
from keyvault_kit.keys.hid import HidapiBus, KeyConnection, PluggedKey, plugged
from keyvault_kit.keys.session import QUICK_LIMIT_S, TOUCH_LIMIT_S, open_session

if TYPE_CHECKING:
    from tests.keys.conftest import FakeClock, ScriptedBus, SessionOf

INFO = b"\x00\xa1\x01\x81\x68FIDO_2_0"
KEEPALIVE = 0x3B
CHANNEL = bytes.fromhex("00c0ffee")


class Handle:
    """A HidHandle that gives what it is told to, and takes `takes` bytes."""

    def __init__(self, *reports: bytes, clock: FakeClock, takes: int = 65) -> None:
        self.reports = list(reports)
        self.written: list[bytes] = []
        self.clock = clock
        self.takes = takes

    def write(self, data: bytes) -> int:
        self.written.append(data)
        return self.takes

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        self.clock.now += timeout_ms / 1000
        return list(self.reports.pop(0)[:max_length]) if self.reports else []

    def close(self) -> None:
        self.reports.clear()


def test_only_fido_devices_are_keys_each_path_once_in_order(bus: ScriptedBus) -> None:
    fido = {"usage_page": 0xF1D0, "usage": 1}
    bus.entries = [
        {"path": b"/b", "vendor_id": 1, "product_id": 2, **fido},
        {"path": b"/keyboard", "vendor_id": 1, "product_id": 2, "usage_page": 1, "usage": 6},
        {"path": b"/other-usage", "usage_page": 0xF1D0, "usage": 2},
        {"path": b"/a", "vendor_id": 3, "product_id": 4, "release_number": 0x0543, **fido},
        {"path": b"/b", "vendor_id": 1, "product_id": 2, **fido},
    ]
    assert plugged(bus) == (
        PluggedKey(path=b"/a", vendor_id=3, product_id=4, release=0x0543),
        PluggedKey(path=b"/b", vendor_id=1, product_id=2),
    )


def test_a_device_cannot_write_to_the_terminal_by_its_name(bus: ScriptedBus) -> None:
    key, _ = bus.plug_answer(
        lambda _, __: INFO,
        product_string="Yubi\x1b[2J\x07Key\u202e",
        serial_number="7\n8",
        manufacturer_string=None,
    )
    assert (key.product, key.usb_serial, key.manufacturer) == ("Yubi[2JKey", "78", "")
    assert key.name == "Yubi[2JKey (78)"


def test_a_key_without_a_name_is_named_by_its_ids() -> None:
    assert PluggedKey(b"/dev/hidraw3", 0x1050, 0x0407).name == (
        "security key 1050:0407 (/dev/hidraw3)"
    )


def test_a_packet_goes_out_behind_the_report_id(clock: FakeClock) -> None:
    handle = Handle(clock=clock)
    KeyConnection(handle, clock).write_packet(b"\x01" * 64)
    assert handle.written == [b"\0" + b"\x01" * 64]


@pytest.mark.parametrize("taken", [-1, 0, 64])
def test_a_report_that_is_not_taken_is_an_error(clock: FakeClock, taken: int) -> None:
    with pytest.raises(OSError, match="took no report"):
        KeyConnection(Handle(clock=clock, takes=taken), clock).write_packet(bytes(64))


def test_packets_of_other_programs_are_passed_by(clock: FakeClock) -> None:
    ours, theirs = (each + b"\x88\0\0" + bytes(57) for each in (CHANNEL, b"\0\0\0\x09"))
    connection = KeyConnection(Handle(theirs, theirs, ours, clock=clock), clock)
    connection.write_packet(CHANNEL + b"\x88" + bytes(59))
    assert connection.read_packet() == ours


def test_a_short_report_is_an_error(clock: FakeClock) -> None:
    with pytest.raises(OSError, match="report of 8 bytes"):
        KeyConnection(Handle(bytes(8), clock=clock), clock).read_packet()


def test_a_silent_key_is_given_up_in_seconds(clock: FakeClock) -> None:
    start = clock.now
    with pytest.raises(OSError, match="silent"):
        KeyConnection(Handle(clock=clock), clock).read_packet()
    assert clock.now - start == pytest.approx(hid.SILENCE_LIMIT_S, abs=0.1)


def test_a_silent_key_is_named(bus: ScriptedBus, session_of: SessionOf) -> None:
    key, wire = bus.plug_answer(lambda _, __: None, serial_number="4711")
    with (
        pytest.raises(UnreachableKeyError, match=r"Scripted key \(4711\) could not be opened"),
        session_of(key),
    ):
        pass
    assert wire.closed


def test_a_key_that_is_busy_for_ever_is_given_up(
    bus: ScriptedBus, session_of: SessionOf, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keepalive(_: int, __: int = 0) -> list[int]:
        clock.now += 0.1
        return [*CHANNEL, 0x80 | KEEPALIVE, 0, 1, 2, *bytes(56)]

    key, wire = bus.plug_answer(lambda _, __: INFO)
    with session_of(key) as session:
        monkeypatch.setattr(wire, "read", keepalive)
        for operation, limit in ((session.reset, TOUCH_LIMIT_S), (session.wink, QUICK_LIMIT_S)):
            start = clock.now
            with pytest.raises(UnreachableKeyError, match="does not answer"):
                operation()
            assert clock.now - start == pytest.approx(limit, abs=0.2)


def test_a_key_that_is_gone_is_named(bus: ScriptedBus) -> None:
    key, _ = bus.plug_answer(lambda _, __: INFO)
    bus.wires.clear()
    with (
        pytest.raises(UnreachableKeyError, match=r"Scripted key.*Unplug the key"),
        open_session(bus, key),
    ):
        pass


def test_a_key_for_u2f_alone_is_told_apart(bus: ScriptedBus, session_of: SessionOf) -> None:
    key, wire = bus.plug_answer(lambda _, __: INFO)
    wire.capabilities = 0x01
    with pytest.raises(DeviceError, match="speaks U2F only"), session_of(key):
        pass


class FakeDevice(SimpleNamespace):
    """hidapi's device, which refuses."""

    def open_path(self, path: bytes) -> None:
        assert isinstance(path, bytes)
        raise OSError("open failed")


@pytest.fixture
def hidapi(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    module = SimpleNamespace(enumerate=list, device=FakeDevice)
    monkeypatch.setitem(sys.modules, "hidraw" if sys.platform == "linux" else "hid", module)
    return module


def test_missing_rights_are_mended_by_the_udev_rules(
    hidapi: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert hidapi.device is FakeDevice
    node = tmp_path / "hidraw0"
    node.touch()
    monkeypatch.setattr(hid, "_SETTLING_S", 0)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(DeviceError, match="install the udev rules"):
        HidapiBus().open(os.fsencode(node))


def test_a_busy_or_missing_node_has_its_own_mend(hidapi: SimpleNamespace, tmp_path: Path) -> None:
    assert hidapi.device is FakeDevice
    node = tmp_path / "hidraw0"
    with pytest.raises(DeviceError, match="Plug the key in again"):
        HidapiBus().open(os.fsencode(node))
    node.touch()
    with pytest.raises(DeviceError, match="Close other programs"):
        HidapiBus().open(os.fsencode(node))


def test_the_real_bus_opens_and_lists_by_hidapi(hidapi: SimpleNamespace, tmp_path: Path) -> None:
    opened: list[bytes] = []
    node = tmp_path / "hidraw0"
    node.touch()
    hidapi.device = lambda: SimpleNamespace(open_path=opened.append)
    hidapi.enumerate = lambda: [{"path": bytes(node), "usage_page": 0xF1D0, "usage": 1}]
    [key] = plugged(HidapiBus())
    HidapiBus().open(key.path)
    assert opened == [bytes(node)]


@pytest.mark.skipif(sys.platform != "linux", reason="the first open sleeps in Linux alone")
def test_a_device_is_awake_before_hidapi_opens_it_and_is_let_go_of_after(
    hidapi: SimpleNamespace, tmp_path: Path
) -> None:
    node = tmp_path / "hidraw0"
    node.touch()

    def holders() -> int:
        links = Path("/proc/self/fd").iterdir()
        return sum(os.path.realpath(link) == str(node) for link in links)

    held: list[int] = []
    hidapi.device = lambda: SimpleNamespace(open_path=lambda _: held.append(holders()))
    HidapiBus().open(bytes(node))
    assert held == [1]
    assert holders() == 0


def test_a_new_node_is_given_time_to_become_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    node = tmp_path / "hidraw0"
    node.touch()
    now = node.stat().st_ctime
    rights = iter([False, False, True])
    slept: list[float] = []
    monkeypatch.setattr(os, "access", lambda *_: next(rights))
    hid.wait_for_rights(bytes(node), clock=lambda: now + sum(slept), sleep=slept.append)
    assert sum(slept) == pytest.approx(0.1)


@pytest.mark.parametrize("age", [0.0, 60.0, -3600.0])
def test_a_node_that_never_becomes_ours_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, age: float
) -> None:
    node = tmp_path / "hidraw0"
    node.touch()
    now = node.stat().st_ctime + age
    slept: list[float] = []
    monkeypatch.setattr(os, "access", lambda *_: False)
    hid.wait_for_rights(bytes(node), clock=lambda: now + sum(slept), sleep=slept.append)
    assert sum(slept) <= (0 if age > hid._SETTLING_S else hid._SETTLING_S + 0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every plugging has its own path")
def test_a_key_replugged_at_the_same_path_is_another_plugging(
    bus: ScriptedBus, tmp_path: Path
) -> None:
    node, again = tmp_path / "hidraw0", tmp_path / "again"
    node.touch()
    again.touch()
    bus.entries = [{"path": bytes(node), "usage_page": 0xF1D0, "usage": 1}]
    (first,) = plugged(bus)
    assert first.plugging
    assert plugged(bus) == (first,)
    again.replace(node)
    (second,) = plugged(bus)
    assert (second.path, second == first) == (first.path, False)


def test_a_key_without_a_node_has_no_plugging_of_its_own(bus: ScriptedBus) -> None:
    bus.entries = [{"path": b"/dev/softkey0", "usage_page": 0xF1D0, "usage": 1}]
    (key,) = plugged(bus)
    assert key.plugging == ""


def test_a_machine_without_hidapi_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hidraw" if sys.platform == "linux" else "hid", None)
    with pytest.raises(DeviceError, match="cannot be loaded"):
        plugged(HidapiBus())


def test_importing_the_room_loads_no_hidapi() -> None:
    program = "import sys, keyvault_kit.keys.reading; print(*{'hid', 'hidraw'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert result.stdout.strip() == b""

"""The bus in hidapi's shape: what it lists, what it opens, what happens when a key is pulled."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from fido2.ctap import CtapError

from keyvault_kit.errors import DeviceError, KeyvaultError
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.profiles import AAGUID_PREFIX, PROFILES

if TYPE_CHECKING:
    from fido2.hid import CtapHidDevice

    from tests.softkey.conftest import Bench, Platform


def entry(bench: Bench) -> dict[str, object]:
    bench.plug()
    (found,) = bench.bus.enumerate()
    return found


def test_a_key_is_listed_as_hidapi_lists_it(bench: Bench) -> None:
    assert entry(bench) == {
        "path": b"/dev/softkey0",
        "vendor_id": 0x1050,
        "product_id": 0x0407,
        "serial_number": "",
        "release_number": 0x0574,
        "manufacturer_string": "keyvault-kit",
        "product_string": "Software key like a YubiKey 5 NFC",
        "usage_page": 0xF1D0,
        "usage": 1,
        "interface_number": 0,
    }


@pytest.mark.parametrize(
    ("profile", "on_label", "on_usb"),
    [("five", 12345678, ""), ("security-key", None, ""), ("other", 12345678, "12345678")],
)
def test_each_make_shows_its_serial_number_where_real_ones_do(
    make_bench: type[Bench], profile: str, on_label: int | None, on_usb: str
) -> None:
    bench = make_bench(profile)
    assert bench.key.serial == on_label
    assert entry(bench)["serial_number"] == on_usb


def test_no_two_makes_share_an_aaguid_and_all_say_whose_they_are() -> None:
    aaguids = {profile.aaguid for profile in PROFILES.values()}
    assert len(aaguids) == len(PROFILES)
    assert all(len(one) == 16 and one.startswith(AAGUID_PREFIX) for one in aaguids)


def test_each_plugging_gives_another_path(bench: Bench) -> None:
    bench.plug()
    first = bench.path
    bench.plug()
    assert bench.path != first
    assert [found["path"] for found in bench.bus.enumerate()] == [bench.path]


def test_a_key_sits_in_one_port_at_a_time(bench: Bench) -> None:
    bench.plug()
    with pytest.raises(DeviceError, match="K1 is plugged in already"):
        SoftBus().plug(bench.key)


def test_what_is_not_there_is_neither_opened_nor_pulled(bench: Bench) -> None:
    with pytest.raises(OSError, match="open failed"):
        bench.bus.open(b"/dev/softkey9")
    with pytest.raises(KeyvaultError, match="/dev/softkey9"):
        bench.bus.unplug(b"/dev/softkey9")


def test_reads_and_writes_fail_once_the_key_is_pulled(bench: Bench) -> None:
    bench.plug()
    handle = bench.bus.open(bench.path)
    threading.Timer(0.05, bench.bus.unplug, [bench.path]).start()
    with pytest.raises(OSError, match="pulled out"):
        handle.read(64)
    with pytest.raises(OSError, match="pulled out"):
        handle.write(b"\0" * 65)
    handle.close()


def test_a_closed_handle_is_not_used_again(bench: Bench) -> None:
    bench.plug()
    handle = bench.bus.open(bench.path)
    handle.close()
    handle.close()
    with pytest.raises(ValueError, match="not open"):
        handle.read(64, 10)
    with pytest.raises(ValueError, match="not open"):
        handle.write(b"\0" * 65)


def test_a_read_ends_with_its_time(bench: Bench) -> None:
    bench.plug()
    handle = bench.bus.open(bench.path)
    began = time.monotonic()
    assert handle.read(64, 30) == []
    assert 0.03 <= time.monotonic() - began < 2


@pytest.mark.parametrize("report", [b"", b"\0" * 64, b"\0" * 66, b"\x01" + b"\0" * 64])
def test_what_is_no_report_is_not_taken(bench: Bench, report: bytes) -> None:
    bench.plug()
    assert bench.bus.open(bench.path).write(report) == -1


def test_several_keys_work_at_once(make_bench: type[Bench], make_platform: type[Platform]) -> None:
    benches = [make_bench(seed=bytes([n]) * 32) for n in range(4)]

    def live(bench: Bench) -> bytes:
        platform = make_platform(bench.plug())
        platform.pin.set_pin(platform.PIN)
        made = platform.make()
        platform.verify(made, platform.sign(with_pin=True))
        return bytes(made.auth_data)

    with ThreadPoolExecutor(len(benches)) as pool:
        assert len(set(pool.map(live, benches))) == len(benches)


def tags(answer: bytes) -> dict[int, bytes]:
    assert answer[0] == len(answer) - 1
    rest, found = answer[1:], dict[int, bytes]()
    while rest:
        tag, size = rest[0], rest[1]
        found[tag], rest = rest[2 : 2 + size], rest[2 + size :]
    return found


def test_read_config_tells_the_serial_number_of_a_five(bench: Bench) -> None:
    found = tags(bench.plug().call(0x42, b"\0"))
    assert found == {
        0x01: bytes.fromhex("033b"),
        0x02: (12345678).to_bytes(4),
        0x03: bytes.fromhex("0339"),
        0x04: b"\x01",
        0x05: bytes([5, 7, 4]),
        0x0A: b"\0",
        0x0D: bytes.fromhex("0339"),
        0x0E: bytes.fromhex("0339"),
    }


def test_read_config_of_a_security_key_has_no_serial_number(make_bench: type[Bench]) -> None:
    found = tags(make_bench("security-key").plug().call(0x42, b"\0"))
    assert 0x02 not in found
    assert found[0x04] == b"\x41"


def test_other_makers_know_no_read_config_and_there_is_one_page(
    bench: Bench, make_bench: type[Bench]
) -> None:
    assert refused(make_bench("other").plug(), b"\0") == 0x01
    assert refused(bench.plug(), b"\x01") == 0x02


def refused(device: CtapHidDevice, payload: bytes) -> int:
    with pytest.raises(CtapError) as caught:
        device.call(0x42, payload)
    return int(caught.value.code)

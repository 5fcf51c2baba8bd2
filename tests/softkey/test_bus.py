"""The bus in hidapi's shape: what it lists, what it opens, what happens when a key is pulled."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest
from fido2.ctap import CtapError

from keyvault_kit.errors import DeviceError, InputError, KeyvaultError
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.profiles import AAGUID_PREFIX, PROFILES, profile_named
from keyvault_kit.softkey.read_config import read_config

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
    [
        ("five", 12345678, ""),
        ("five-54", 12345678, ""),
        ("five-fips", 12345678, ""),
        ("security-key", None, ""),
        ("other", 12345678, "12345678"),
        ("preview-only", 12345678, "12345678"),
        ("always-uv", 12345678, "12345678"),
        ("non-canonical", None, ""),
    ],
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
        0x10: b"\0",
        0x13: b"SOFTFIVENFC1",
        0x14: b"\0\0",
        0x15: b"\0\0",
        0x16: b"\0",
        0x17: b"\0",
        0x18: b"\0\0",
    }


def test_read_config_of_an_older_key_is_shorter(make_bench: type[Bench]) -> None:
    found = tags(make_bench("five-54").plug().call(0x42, b""))
    assert set(found) == {0x01, 0x02, 0x03, 0x04, 0x05, 0x0A, 0x0D, 0x0E}
    assert found[0x05] == bytes([5, 4, 3])


def test_read_config_of_a_fips_key_comes_in_pages_and_tells_when_it_is_approved(
    make_bench: type[Bench], make_platform: type[Platform]
) -> None:
    device = make_bench("five-fips").plug()
    first, second = (tags(device.call(0x42, bytes([page]))) for page in (0, 1))
    assert (first[0x10], second[0x10]) == (b"\1", b"\0")
    assert set(first) & set(second) == {0x10}
    assert first[0x04] == b"\x81"
    assert (second[0x14], second[0x15], second[0x16]) == (b"\0\x1f", b"\0\0", b"\1")
    platform = make_platform(device)
    platform.pin.set_pin(platform.PIN)
    assert tags(device.call(0x42, b"\1"))[0x15] == b"\0\1"
    assert refused(device, b"\2") == 0x02


def test_what_blocks_a_reset_is_told_and_does_so(
    make_bench: type[Bench], make_platform: type[Platform]
) -> None:
    bench = make_bench()
    bench.key = bench._make(msgspec.structs.replace(bench.state, reset_blocked=True))
    device = bench.plug()
    assert tags(device.call(0x42, b"\0"))[0x18] == b"\x02\0"
    with pytest.raises(CtapError) as caught:
        make_platform(device).ctap.reset()
    assert caught.value.code == CtapError.ERR.NOT_ALLOWED


def test_read_config_of_a_security_key_has_no_serial_number(make_bench: type[Bench]) -> None:
    found = tags(make_bench("security-key").plug().call(0x42, b"\0"))
    assert 0x02 not in found
    assert found[0x04] == b"\x41"


def test_other_makers_know_no_read_config_and_there_is_one_page(
    bench: Bench, make_bench: type[Bench]
) -> None:
    assert refused(make_bench("other").plug(), b"\0") == 0x01
    assert refused(bench.plug(), b"\x01") == 0x02
    assert refused(bench.device(), b"\0\0") == 0x03


def refused(device: CtapHidDevice, payload: bytes) -> int:
    with pytest.raises(CtapError) as caught:
        device.call(0x42, payload)
    return int(caught.value.code)


def test_only_yubicos_keys_have_a_configuration_to_read(bench: Bench) -> None:
    with pytest.raises(ValueError, match="other has no read-config"):
        read_config(PROFILES["other"], bench.state)
    with pytest.raises(ValueError, match="five has no page 1"):
        read_config(PROFILES["five"], bench.state, page=1)


def test_a_key_shows_its_label_and_make_alone(bench: Bench) -> None:
    assert repr(bench.key) == "SoftKey('K1', profile='five')"


def test_there_is_a_profile_of_each_name_and_of_no_other() -> None:
    for name, profile in PROFILES.items():
        assert profile_named(name) is profile
    with pytest.raises(InputError, match="five-54, five-fips"):
        profile_named("six")

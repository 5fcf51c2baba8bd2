"""Yubico's read-config answers against what Yubico's own tool makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import DeviceError, InputError
from keyvault_kit.keys.yubico import VENDOR_ID, YubicoConfig, parse_config, read_config

if TYPE_CHECKING:
    from tests.keys.conftest import ScriptedBus, SessionOf

KeyData = Callable[[str], list[dict[str, Any]]]

# getInfo: status 0, {1: ["FIDO_2_0"]}
INFO = b"\x00\xa1\x01\x81\x68FIDO_2_0"
FORM_FACTORS = {
    "USB_A_KEYCHAIN": "USB-A keychain",
    "USB_A_NANO": "USB-A nano",
    "USB_C_KEYCHAIN": "USB-C keychain",
    "USB_C_NANO": "USB-C nano",
    "USB_C_BIO": "USB-C bio",
}
SAME_NAME = (
    "serial",
    "version",
    "part_number",
    "pin_complexity",
    "usb_supported",
    "usb_enabled",
    "nfc_supported",
    "nfc_enabled",
    "fips_capable",
    "fips_approved",
    "reset_blocked",
)


def test_real_answers_decode_as_yubicos_own_tool_does(key_data: KeyData) -> None:
    samples = key_data("read_config.json")
    assert len(samples) == 10
    for sample in samples:
        config, decoded = parse_config(bytes.fromhex(sample["hex"])), sample["decoded"]
        for name in SAME_NAME:
            assert getattr(config, name) == decoded[name], (name, sample["source"])
        assert config.form_factor == FORM_FACTORS[decoded["form_factor"]]
        assert (config.fips, config.security_key, config.locked) == (
            decoded["is_fips"],
            decoded["is_sky"],
            decoded["is_locked"],
        )


def test_a_pre_release_says_its_true_version_in_the_qualifier(key_data: KeyData) -> None:
    [raw] = [x["hex"] for x in key_data("read_config.json") if x["decoded"]["version"] == "5.8.0"]
    config = parse_config(bytes.fromhex(raw))
    assert config.qualifier == "5.8.0.beta.3"


def test_the_length_byte_makes_no_difference(key_data: KeyData) -> None:
    for sample in key_data("read_config.json"):
        if sample["length_prefix"]:
            data = bytes.fromhex(sample["hex"])
            assert parse_config(data) == parse_config(data[1:])


def test_every_cut_is_an_error_or_ends_between_tags(key_data: KeyData) -> None:
    whole = bytes.fromhex(key_data("read_config.json")[0]["hex"])
    boundaries, at = {0}, 0
    while at < len(whole):
        at += 2 + whole[at + 1]
        boundaries.add(at)
    for end in range(len(whole)):
        if end in boundaries:
            assert isinstance(parse_config(whole[:end]), YubicoConfig)
        else:
            with pytest.raises(InputError, match="cannot be read"):
                parse_config(whole[:end])


@given(data=st.binary(max_size=80))
@settings(deadline=None)
def test_anything_else_is_a_config_or_our_error(data: bytes) -> None:
    try:
        config = parse_config(data)
    except InputError:
        return
    assert config.serial is None or config.serial > 0


def test_all_pages_are_read(bus: ScriptedBus, session_of: SessionOf) -> None:
    bodies = (b"\x02\x04\0\0\0*\x10\x01\x01", b"\x05\x03\5\7\4")
    pages = [bytes([len(body)]) + body for body in bodies]
    asked: list[int] = []

    def answer(command: int, payload: bytes) -> bytes:
        if command != 0x42:
            return INFO
        asked.append(payload[0])
        return pages[payload[0]]

    key, _ = bus.plug_answer(answer, vendor_id=VENDOR_ID)
    with session_of(key) as session:
        config = read_config(session)
    assert asked == [0, 1]
    assert config == YubicoConfig(serial=42, version="5.7.4")


def test_a_key_that_always_has_another_page_comes_to_an_end(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    key, wire = bus.plug_answer(
        lambda command, _: INFO if command != 0x42 else b"\x03\x10\x01\x01", vendor_id=VENDOR_ID
    )
    with session_of(key) as session:
        read_config(session)
    assert 1 < len(wire.asked) < 30


def test_other_makers_keys_are_not_asked(bus: ScriptedBus, session_of: SessionOf) -> None:
    key, wire = bus.plug_answer(lambda _, __: INFO, vendor_id=0x20A0)
    with session_of(key) as session:
        assert read_config(session) is None
    assert 0x42 not in [command for command, _ in wire.asked]


def test_an_old_key_that_does_not_know_the_command_has_no_config(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    def answer(command: int, _: bytes) -> bytes | None:
        if command != 0x42:
            return INFO
        wire.send(bytes.fromhex("00c0ffee"), 0x3F, b"\x01")
        return None

    key, wire = bus.plug_answer(answer, vendor_id=VENDOR_ID)
    with session_of(key) as session:
        assert read_config(session) is None


@pytest.mark.parametrize("garbage", [b"\x05", b"\x02\x05\x09", b"\x04\x05\x02\x05\x04"])
def test_a_garbled_config_is_an_error_of_the_key(
    bus: ScriptedBus, session_of: SessionOf, garbage: bytes
) -> None:
    key, _ = bus.plug_answer(
        lambda command, _: INFO if command != 0x42 else garbage, vendor_id=VENDOR_ID
    )
    with session_of(key) as session, pytest.raises(DeviceError, match="Scripted key"):
        read_config(session)

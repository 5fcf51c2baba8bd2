"""Readings of real keys' answers, and of keys that misbehave."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from fido2 import cbor

from keyvault_kit.keys.reading import Fips, Reading, Unreadable, read, read_all, read_one

if TYPE_CHECKING:
    from tests.keys.conftest import Answer, FakeClock, ScriptedBus, SessionOf

KeyData = Callable[[str], list[dict[str, Any]]]

GET_INFO, CLIENT_PIN = 0x04, 0x06
INIT, READ_CONFIG = 0x06, 0x42
YUBICO, TEST_VENDOR = 0x1050, 0x1D6B
RETRIES = b"\x00" + cbor.encode({3: 7, 4: False})


def answering(info: bytes, retries: bytes = RETRIES) -> Answer:
    def answer(_: int, payload: bytes) -> bytes:
        return b"\0" + info if payload[0] == GET_INFO else retries

    return answer


def test_every_real_answer_is_read(
    bus: ScriptedBus, session_of: SessionOf, key_data: KeyData
) -> None:
    samples = [sample for sample in key_data("getinfo.json") if sample["decodes"]]
    assert len(samples) == 17
    for sample in samples:
        key, _ = bus.plug_answer(answering(bytes.fromhex(sample["hex"])))
        with session_of(key) as session:
            reading = read(session)
        assert reading.aaguid == sample["aaguid"], sample["model"]
        assert list(reading.versions) == sample["versions"]
        expected = sample.get("firmware_version_member")
        assert reading.firmware == (str(expected) if expected else None)
        assert reading.device_version == "5.4.3"
        assert reading.pin_retries == (7 if reading.pin_set else None)


def test_what_real_keys_leave_out_is_none_or_the_standard_default(
    bus: ScriptedBus, session_of: SessionOf, key_data: KeyData
) -> None:
    [nitrokey] = [x for x in key_data("getinfo.json") if x["vendor"] == "Nitrokey"]
    key, _ = bus.plug_answer(answering(bytes.fromhex(nitrokey["hex"])))
    with session_of(key) as session:
        reading = read(session)
    assert (reading.firmware, reading.algorithms, reading.min_pin_length) == (None, (), 4)
    assert reading.transports == ("nfc", "usb")


@pytest.mark.parametrize(
    ("vendor_id", "member", "firmware"),
    [
        (0x1050, 0x050701, "5.7.1"),
        (0x1050, 0x050506, "5.5.6"),
        (0x1050, 1, "1"),
        (0x311F, 256, "256"),
        (0x20A0, 0x050701, "329473"),
    ],
)
def test_firmware_is_decoded_for_known_makers_alone(
    bus: ScriptedBus, session_of: SessionOf, vendor_id: int, member: int, firmware: str
) -> None:
    info = cbor.encode({1: ["FIDO_2_1"], 14: member})

    def answer(command: int, payload: bytes) -> bytes | None:
        if command == 0x42:
            return b"\x04\x02\x02\x00\x2a"
        return answering(info)(command, payload)

    key, _ = bus.plug_answer(answer, vendor_id=vendor_id)
    with session_of(key) as session:
        reading = read(session)
    assert reading.firmware == firmware
    assert reading.serial == (42 if vendor_id == 0x1050 else None)


@pytest.mark.parametrize(
    ("usb_serial", "serial"),
    [
        ("00031245", 31245),
        ("", None),
        ("0", None),
        ("A1B2", None),
        ("\u0661", None),
        ("1" * 40, None),
    ],
)
def test_a_usb_serial_that_is_a_number_is_the_serial_number(
    bus: ScriptedBus, session_of: SessionOf, usb_serial: str, serial: int | None
) -> None:
    info = cbor.encode({1: ["FIDO_2_0"]})
    key, _ = bus.plug_answer(answering(info), serial_number=usb_serial)
    with session_of(key) as session:
        reading = read(session)
    assert (reading.serial, reading.usb_serial) == (serial, usb_serial)
    assert reading.plugged == key


def test_a_key_without_a_pin_is_not_asked_for_retries(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    info = cbor.encode({1: ["FIDO_2_0"], 4: {"clientPin": False}, 6: [1]})
    key, wire = bus.plug_answer(answering(info))
    with session_of(key) as session:
        reading = read(session)
    assert reading.pin_set is False
    assert reading.pin_retries is None
    assert CLIENT_PIN not in {payload[0] for _, payload in wire.asked}


@pytest.mark.parametrize(
    ("answer", "retries", "power_cycle"),
    [
        ({3: -1}, None, None),
        ({3: "8"}, None, None),
        ({3: 5, 4: True}, 5, True),
        ({3: 0, 4: False}, 0, False),
    ],
)
def test_a_senseless_retry_counter_is_unknown(
    bus: ScriptedBus,
    session_of: SessionOf,
    answer: dict[int, object],
    retries: int | None,
    power_cycle: bool | None,  # noqa: FBT001 - an expected value
) -> None:
    info = cbor.encode({1: ["FIDO_2_0"], 4: {"clientPin": True}, 6: [1]})
    key, _ = bus.plug_answer(answering(info, b"\0" + cbor.encode(answer)))
    with session_of(key) as session:
        reading = read(session)
    assert (reading.pin_retries, reading.power_cycle_needed) == (retries, power_cycle)


def test_a_bad_key_spoils_its_own_row_alone(
    bus: ScriptedBus, clock: FakeClock, key_data: KeyData
) -> None:
    samples = key_data("getinfo.json")
    [cut_short] = [bytes.fromhex(x["hex"]) for x in samples if not x["decodes"]]
    good = bytes.fromhex(samples[3]["hex"])

    def unplugged(_: int, __: bytes) -> bytes:
        raise OSError("read error")

    bus.plug_answer(answering(good))
    bus.plug_answer(answering(cut_short))
    bus.plug_answer(lambda _, __: None)
    bus.plug_answer(unplugged)
    bus.plug_answer(answering(good))
    rows = read_all(bus, clock=clock)
    assert [type(row) for row in rows] == [Reading, Unreadable, Unreadable, Unreadable, Reading]
    errors = [row.error for row in rows if isinstance(row, Unreadable)]
    assert "its answer cannot be read" in errors[0]
    assert all("unplugged or does not answer" in error for error in errors[1:])
    assert all("Scripted key (/dev/hidraw" in error for error in errors)


def test_no_key_no_row(bus: ScriptedBus, clock: FakeClock) -> None:
    assert read_all(bus, clock=clock) == ()


def test_numbers_in_the_place_of_byte_strings_take_no_memory(
    bus: ScriptedBus, clock: FakeClock
) -> None:
    bus.plug_answer(answering(cbor.encode({1: ["FIDO_2_0"], 3: 1 << 40})))
    [row] = read_all(bus, clock=clock)
    assert isinstance(row, Unreadable)
    assert "cannot be read" in row.error


# --- All that a key tells


def yubico_page(*items: tuple[int, bytes]) -> bytes:
    tags = b"".join(bytes([tag, len(value)]) + value for tag, value in items)
    return bytes([len(tags)]) + tags


def yubikey(info: dict[int, object], *pages: bytes) -> Answer:
    """A YubiKey with these getInfo members and pages of configuration."""
    rest = answering(cbor.encode(info))

    def answer(command: int, payload: bytes) -> bytes | None:
        return pages[payload[0]] if command == READ_CONFIG else rest(command, payload)

    return answer


AAGUID_5_NFC = bytes.fromhex("2fc0579f811347eab116bb5a8db9202a")
CONFIG_5_NFC = yubico_page((0x02, b"\0\xbc\x61\x4e"), (0x04, b"\x01"), (0x05, b"\x05\x04\x03"))
TOLD: dict[int, object] = {
    0x01: ["FIDO_2_0", "FIDO_2_1"],
    0x02: ["credProtect"],
    0x03: AAGUID_5_NFC,
    0x04: {"clientPin": True, "alwaysUv": True, "ep": False, "uv": True},
    0x06: [2, 1],
    0x09: ["nfc", "usb"],
    0x0C: True,
    0x0D: 6,
    0x12: 0x802,
    0x13: {"FIDO": 3},
    0x14: 24,
    0x18: True,
    0x19: bytes(32),
    0x1A: ["usb"],
    0x1B: True,
    0x1D: 60,
}


def test_all_that_a_key_tells_is_in_its_reading(bus: ScriptedBus, session_of: SessionOf) -> None:
    key, _ = bus.plug_answer(yubikey(TOLD, CONFIG_5_NFC), vendor_id=YUBICO)
    with session_of(key) as session:
        reading = read(session)
    assert (reading.serial, reading.firmware) == (12345678, "5.4.3")
    assert (reading.pin_set, reading.pin_retries, reading.power_cycle_needed) == (True, 7, False)
    assert (reading.force_pin_change, reading.pin_complexity) == (True, True)
    assert (reading.min_pin_length, reading.max_pin_length) == (6, 60)
    assert (reading.always_uv, reading.built_in_uv) == (True, True)
    assert reading.uv_modality == ("fingerprint", "passcode from outside")
    assert reading.enterprise_attestation is False
    assert reading.remaining_credentials == 24
    assert (reading.long_touch_for_reset, reading.transports_for_reset) == (True, ("usb",))
    assert reading.encrypted_identifier is True
    assert reading.certifications == {"FIDO": 3}
    assert reading.plugged == key


def test_what_a_key_does_not_tell_is_unknown_and_not_no(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    key, _ = bus.plug_answer(answering(cbor.encode({1: ["FIDO_2_0"]})))
    with session_of(key) as session:
        reading = read(session)
    assert (reading.pin_set, reading.pin_complexity, reading.built_in_uv) == (None, None, None)
    assert (reading.enterprise_attestation, reading.remaining_credentials) == (None, None)
    assert (reading.maker, reading.model, reading.fips) == (None, None, None)
    assert reading.encrypted_identifier is False


def test_model_maker_and_advisories_follow_from_our_tables(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    key, _ = bus.plug_answer(yubikey(TOLD, CONFIG_5_NFC), vendor_id=YUBICO)
    with session_of(key) as session:
        reading = read(session)
    assert reading.maker == "Yubico"
    assert reading.model
    assert reading.model.name == "YubiKey 5 NFC"
    assert "YSA-2024-03" in {advisory.id for advisory in reading.advisories}


def test_a_release_behind_the_fix_has_no_such_advisory(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    config = yubico_page((0x02, b"\0\xbc\x61\x4e"), (0x05, b"\x05\x07\x04"))
    key, _ = bus.plug_answer(yubikey(TOLD, config), vendor_id=YUBICO)
    with session_of(key) as session:
        reading = read(session)
    assert "YSA-2024-03" not in {advisory.id for advisory in reading.advisories}


@pytest.mark.parametrize(
    ("items", "certifications", "fips"),
    [
        ([(0x04, b"\x01")], {}, None),
        ([(0x04, b"\x81")], {}, Fips.UNTOLD),
        ([(0x04, b"\x81"), (0x14, b"\x01"), (0x15, b"\x00")], {}, Fips.NOT_APPROVED),
        ([(0x04, b"\x81"), (0x14, b"\x01"), (0x15, b"\x01")], {}, Fips.APPROVED),
        ([(0x04, b"\x81"), (0x14, b"\x02"), (0x15, b"\x02")], {}, Fips.UNTOLD),
        ([(0x04, b"\x01")], {"FIPS-CMVP-2": 2}, Fips.UNTOLD),
    ],
)
def test_the_fips_state_is_that_of_fido2(
    bus: ScriptedBus,
    session_of: SessionOf,
    items: list[tuple[int, bytes]],
    certifications: dict[str, int],
    fips: Fips | None,
) -> None:
    info: dict[int, object] = {1: ["FIDO_2_1"], 0x13: certifications}
    key, _ = bus.plug_answer(yubikey(info, yubico_page(*items)), vendor_id=YUBICO)
    with session_of(key) as session:
        assert read(session).fips == fips


def test_names_that_a_key_chooses_cannot_take_hold_of_a_terminal(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    evil = "\x1b[2J\u202e"
    info = {1: ["FIDO_2_0", evil], 2: [f"x{evil}"], 4: {f"rk{evil}": True}, 9: [evil + "usb"]}
    key, _ = bus.plug_answer(answering(cbor.encode(info | {0x13: {f"A{evil}": 1}})))
    with session_of(key) as session:
        reading = read(session)
    said = f"{reading.versions} {reading.extensions} {reading.options} {reading.transports}"
    assert (said + str(reading.certifications)).isprintable()


# --- No more than needed, and nothing that costs


@pytest.mark.parametrize(
    ("vendor_id", "pin_set", "asked"),
    [
        (TEST_VENDOR, False, ["init", "getInfo"]),
        (TEST_VENDOR, True, ["init", "getInfo", "getPINRetries"]),
        (YUBICO, False, ["init", "getInfo", "page 0", "page 1"]),
        (YUBICO, True, ["init", "getInfo", "getPINRetries", "page 0", "page 1"]),
    ],
)
def test_a_reading_asks_for_nothing_that_it_does_not_need(
    bus: ScriptedBus,
    clock: FakeClock,
    vendor_id: int,
    pin_set: bool,  # noqa: FBT001 - a case
    asked: list[str],
) -> None:
    info: dict[int, object] = {1: ["FIDO_2_1"], 4: {"clientPin": pin_set}, 6: [1]}
    pages = yubico_page((0x05, b"\x05\x07\x04"), (0x10, b"\x01")), yubico_page((0x02, b"\x2a"))
    key, wire = bus.plug_answer(yubikey(info, *pages), vendor_id=vendor_id)
    reading = read_one(bus, key, clock=clock)
    assert isinstance(reading, Reading)
    assert list(map(named, wire.asked)) == asked


def named(message: tuple[int, bytes]) -> str:
    command, payload = message
    if command == INIT:
        return "init"
    if command == READ_CONFIG:
        return f"page {payload[0]}"
    if payload == bytes([GET_INFO]):
        return "getInfo"
    if payload == bytes([CLIENT_PIN]) + cbor.encode({1: 1, 2: 1}):
        return "getPINRetries"
    return f"{command:02x} {payload.hex()}"

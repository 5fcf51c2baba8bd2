"""Readings of real keys' answers, and of keys that misbehave."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from fido2 import cbor

from keyvault_kit.keys.reading import Reading, Unreadable, read, read_all

if TYPE_CHECKING:
    from tests.keys.conftest import Answer, FakeClock, ScriptedBus, SessionOf

KeyData = Callable[[str], list[dict[str, Any]]]

GET_INFO, CLIENT_PIN = 0x04, 0x06
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

"""Oddities of keys in the field, each through the whole stack."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from fido2 import cbor

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.credentials import AssertionRequest
from keyvault_kit.keys.failures import NoCredentialError, UnreachableKeyError
from keyvault_kit.keys.hid import plugged
from keyvault_kit.keys.reading import Reading, read, read_one
from keyvault_kit.keys.yubico import VENDOR_ID
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.state import KeyState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.keys.conftest import Answer, ScriptedBus, SessionOf, Wire

GET_ASSERTION, GET_INFO, CLIENT_PIN, INIT, CBOR = 0x02, 0x04, 0x06, 0x06, 0x10
BROADCAST, OURS, THEIRS = b"\xff" * 4, bytes.fromhex("00c0ffee"), b"\0\0\0\x09"
RETRIES: dict[int, object] = {3: 8, 4: False}


def saying(info: dict[int, object], retries: dict[int, object] = RETRIES) -> Answer:
    def answer(_: int, payload: bytes) -> bytes:
        said = {GET_INFO: info, CLIENT_PIN: retries}.get(payload[0])
        return b"\0" + cbor.encode(said) if said else b"\x2e"

    return answer


def packet(channel: bytes, command: int, payload: bytes) -> bytes:
    return (channel + struct.pack(">BH", 0x80 | command, len(payload)) + payload).ljust(64, b"\0")


@pytest.fixture
def reading_of(bus: ScriptedBus, session_of: SessionOf) -> Callable[..., Reading]:
    def reading(answer: Answer, **entry: object) -> Reading:
        key, _ = bus.plug_answer(answer, **entry)
        with session_of(key) as session:
            return read(session)

    return reading


def test_a_key_that_crashes_when_asked_for_attempts_before_it_has_a_pin_is_read(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    crashed = False

    def answer(_: int, payload: bytes) -> bytes | None:
        nonlocal crashed
        crashed = crashed or payload[0] == CLIENT_PIN
        return None if crashed else b"\0" + cbor.encode({1: ["FIDO_2_0"], 4: options, 6: [1]})

    for options in ({"clientPin": False}, {}, {"rk": True}):
        key, _ = bus.plug_answer(answer)
        with session_of(key) as session:
            reading = read(session)
        assert reading.pin_set is options.get("clientPin")
        assert (reading.pin_retries, crashed) == (None, False)


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({3: 5}, (5, None)),
        ({3: 5, 4: False}, (5, False)),
        ({3: -1, 4: False}, (None, False)),
        ({3: -(2**63)}, (None, None)),
        ({3: 0}, (0, None)),
    ],
)
def test_a_counter_is_told_as_far_as_it_makes_sense(
    reading_of: Callable[..., Reading],
    said: dict[int, object],
    known: tuple[int | None, bool | None],
) -> None:
    info: dict[int, object] = {1: ["FIDO_2_0"], 4: {"clientPin": True}, 6: [1]}
    reading = reading_of(saying(info, said))
    assert (reading.pin_retries, reading.power_cycle_needed) == known


def test_integers_of_64_bits_reach_the_json(reading_of: Callable[..., Reading]) -> None:
    info: dict[int, object] = {
        1: ["FIDO_2_1"],
        5: 2**64 - 1,
        14: 2**63,
        19: {"FIDO": 2**40},
        20: 2**63 - 1,
        21: [0x03E43F56B34285E2, 0x1831A40F04A25ED9],
    }
    reading = reading_of(saying(info))
    assert reading.firmware == str(2**63)
    assert reading.remaining_credentials == 2**63 - 1
    again = msgspec.json.decode(msgspec.json.encode(reading.certifications))
    assert again == {"FIDO": 2**40}


@pytest.mark.parametrize(
    ("algorithms", "read_as"), [([-48], (-48,)), ([-7, -48, -257], (-7, -48, -257))]
)
def test_an_algorithm_of_two_meanings_stays_a_number(
    reading_of: Callable[..., Reading], algorithms: list[int], read_as: tuple[int, ...]
) -> None:
    declared = [{"alg": number, "type": "public-key"} for number in algorithms]
    assert reading_of(saying({1: ["FIDO_2_1"], 10: declared})).algorithms == read_as


@pytest.mark.parametrize(
    ("raw", "aaguid"),
    [
        (b"B82ED73C8FB4E5A2", "42383245-4437-3343-3846-423445354132"),
        (bytes.fromhex("cdbdaea2c415507350f7c04e968640b6"), "cdbdaea2-c415-5073-50f7-c04e968640b6"),
        (bytes(16), "00000000-0000-0000-0000-000000000000"),
        (b"\xff" * 16, "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ],
)
def test_an_aaguid_is_sixteen_bytes_and_need_be_no_uuid(
    reading_of: Callable[..., Reading], raw: bytes, aaguid: str
) -> None:
    assert reading_of(saying({1: ["FIDO_2_0"], 3: raw})).aaguid == aaguid


@pytest.mark.parametrize("raw", [b"", b"B82ED73C8FB4E5A", b"B82ED73C8FB4E5A2!"])
def test_an_aaguid_of_another_length_is_an_error_of_the_key(
    reading_of: Callable[..., Reading], raw: bytes
) -> None:
    with pytest.raises(DeviceError, match="cannot be read"):
        reading_of(saying({1: ["FIDO_2_0"], 3: raw}))


def test_nothing_but_versions_is_needed(reading_of: Callable[..., Reading]) -> None:
    reading = reading_of(saying({1: ["U2F_V2", "FIDO_2_0"]}))
    assert (reading.firmware, reading.algorithms, reading.transports) == (None, (), ())
    assert (reading.min_pin_length, reading.max_message_size) == (4, 1024)


def test_the_longest_answer_is_read(reading_of: Callable[..., Reading]) -> None:
    names = ["x" * 62] * 116
    longest: dict[int, object] = {1: ["FIDO_2_1"], 2: names, 5: 7609, 14: 1}
    longest[2] = [*names, "y" * (7609 - 1 - len(cbor.encode(longest)) - 2)]
    assert len(cbor.encode(longest)) == 7608
    reading = reading_of(saying(longest))
    assert (len(reading.extensions), reading.max_message_size) == (117, 7609)


@pytest.mark.parametrize(("limit", "is_sent"), [(7609, True), (1024, False), (None, False)])
def test_a_request_goes_out_where_the_key_can_take_it(
    bus: ScriptedBus, session_of: SessionOf, limit: int | None, *, is_sent: bool
) -> None:
    info: dict[int, object] = {1: ["FIDO_2_1"]} | ({5: limit} if limit else {})
    key, wire = bus.plug_answer(saying(info))
    ids = tuple(bytes([n]) * 64 for n in range(80))
    ask = AssertionRequest(rp_id="example.com", client_data_hash=bytes(32), allow=ids)
    expected, words = (
        (NoCredentialError, "holds none of these") if is_sent else (DeviceError, "too large for it")
    )
    with session_of(key) as session, pytest.raises(expected, match=words):
        session.get_assertion(ask, pin=None)
    sent: list[Any] = [
        cbor.decode(payload[1:])
        for command, payload in wire.asked
        if command == CBOR and payload[0] == GET_ASSERTION  # a nonce of INIT may begin like one
    ]
    assert [len(each[3]) for each in sent] == ([80] if is_sent else [])


def test_a_pre_release_key_is_of_its_true_version(reading_of: Callable[..., Reading]) -> None:
    page = bytes.fromhex("0503000001" + "0204000000ff" + "190e0103050800020101030400000003")

    def answer(command: int, payload: bytes) -> bytes:
        if command == CBOR:
            return saying({1: ["FIDO_2_1"], 14: 1})(command, payload) or b""
        return bytes([len(page)]) + page

    reading = reading_of(answer, vendor_id=VENDOR_ID)
    assert (reading.firmware, reading.serial) == ("5.8.0.beta.3", 255)


# --- Several programs at one key: hidraw hands each of them all that it says


def foreign(wire: Wire) -> None:
    """Before each packet for us, what the key says to another program comes in."""
    read_ours, news = (
        wire.read,
        [
            packet(BROADCAST, INIT, b"\x77" * 8 + THEIRS + b"\2\5\4\3\5"),
            packet(THEIRS, CBOR, b"\0\xa1\x01\x81\x64" + b"U2F!"),
            packet(THEIRS, 0x3B, b"\2"),
            packet(THEIRS, 0x3F, b"\6"),
            THEIRS + b"\0" + b"\xee" * 59,
        ],
    )
    turn = [0]

    def read_all(max_length: int, timeout_ms: int = 0) -> list[int]:
        turn[0] += 1
        if turn[0] % 4:
            return list(news[turn[0] % len(news)])
        return read_ours(max_length, timeout_ms)

    wire.read = read_all  # type: ignore[method-assign]


def test_what_a_key_says_to_other_programs_is_passed_by(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    info: dict[int, object] = {1: ["FIDO_2_1"], 2: ["x" * 60] * 9, 4: {"clientPin": True}, 6: [1]}
    key, wire = bus.plug_answer(saying(info))
    with session_of(key) as session:
        undisturbed = read(session)
    foreign(wire)
    with session_of(key) as session:
        assert read(session) == undisturbed


def test_a_greeting_of_another_program_is_not_taken_for_ours(
    bus: ScriptedBus, session_of: SessionOf
) -> None:
    key, wire = bus.plug_answer(saying({1: ["FIDO_2_1"]}))
    theirs = packet(BROADCAST, INIT, b"\x77" * 8 + THEIRS + b"\2\5\4\3\5")
    wire._outgoing = [theirs] * 3
    with session_of(key) as session:
        assert read(session).versions == ("FIDO_2_1",)
    wire._outgoing, wire.answer = [theirs] * 3, lambda _, __: None
    wire.capabilities = 0
    wire._handle = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(UnreachableKeyError, match="does not answer"), session_of(key):
        pass


def test_a_key_that_several_programs_read_at_once_is_read_by_all() -> None:
    bus = SoftBus()
    bus.plug(
        SoftKey(
            KeyState.new("five", label="One", serial=31245678, seed=bytes(32)),
            authority=AttestationAuthority(bytes(32), datetime(2026, 11, 1, tzinfo=UTC)),
            touch=lambda _: True,
            clock=monotonic,
            save=lambda _: None,
        )
    )
    (key,) = plugged(bus)
    with ThreadPoolExecutor(4) as programs:
        rows = list(programs.map(lambda _: read_one(bus, key), range(12)))
    assert [row.serial for row in rows if isinstance(row, Reading)] == [31245678] * 12

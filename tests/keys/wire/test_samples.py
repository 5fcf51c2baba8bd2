"""Every real answer that we have, given by a scripted key, read through the whole stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from fido2 import cbor

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.credentials import CredentialRequest
from keyvault_kit.keys.reading import Reading, read
from keyvault_kit.keys.yubico import VENDOR_ID

if TYPE_CHECKING:
    from tests.keys.conftest import Answer, ScriptedBus, SessionOf

KeyData = Callable[[str], list[dict[str, Any]]]
ReadOf = Callable[..., Reading]

GET_INFO, MAKE_CREDENTIAL = 0x04, 0x01
CBOR, READ_CONFIG = 0x10, 0x42
MORE_PAGES = 0x10
# authenticatorGetInfo (CTAP 2.1, 6.4): members that a reading hands on as they are, by number.
AS_THEY_ARE = {
    5: "max_message_size",
    12: "force_pin_change",
    13: "min_pin_length",
    20: "remaining_credentials",
    24: "long_touch_for_reset",
    27: "pin_complexity",
    29: "max_pin_length",
}
LISTS = {1: "versions", 2: "extensions", 9: "transports", 26: "transports_for_reset"}
DEFAULTS = {5: 1024, 12: False, 13: 4, 20: None, 24: False, 27: None, 29: 63}
FORM_FACTORS = {
    "USB_A_KEYCHAIN": "USB-A keychain",
    "USB_A_NANO": "USB-A nano",
    "USB_C_KEYCHAIN": "USB-C keychain",
    "USB_C_NANO": "USB-C nano",
    "USB_C_BIO": "USB-C bio",
}
SAME_NAME = (
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
# Some of the samples are the first page of two, of which the second was not written down.
EMPTY_PAGE = b"\0"
INFO = cbor.encode({1: ["FIDO_2_0"]})
MAKE = CredentialRequest(
    client_data_hash=bytes(32),
    rp_id="example.com",
    rp_name="Example",
    user_id=b"1",
    user_name="one",
    user_display_name="One",
)


def saying(info: bytes, pages: tuple[bytes, ...] = ()) -> Answer:
    """A key with this getInfo answer, and these pages of read-config."""

    def answer(command: int, payload: bytes) -> bytes:
        if command == READ_CONFIG:
            return pages[payload[0]] if payload[0] < len(pages) else EMPTY_PAGE
        return b"\0" + (info if payload[0] == GET_INFO else cbor.encode({3: 8, 4: False}))

    return answer


@pytest.fixture
def read_of(bus: ScriptedBus, session_of: SessionOf) -> ReadOf:
    """Reads a scripted key."""

    def reading(answer: Answer, **entry: object) -> Reading:
        bus.entries.clear()
        key, _ = bus.plug_answer(answer, **entry)
        with session_of(key) as session:
            return read(session)

    return reading


def test_every_member_of_every_real_answer_is_in_the_reading(
    read_of: ReadOf, key_data: KeyData
) -> None:
    samples = [each for each in key_data("getinfo.json") if each["decodes"]]
    assert len(samples) == 17
    for sample in samples:
        encoded = bytes.fromhex(sample["hex"])
        members: Any = cbor.decode(encoded)
        reading = read_of(saying(encoded))
        where = sample["model"]
        assert list(reading.versions) == sample["versions"], where
        assert reading.aaguid == sample["aaguid"] == str(UUID(bytes=members[3])), where
        for number, name in AS_THEY_ARE.items():
            expected = members.get(number, DEFAULTS[number])
            assert getattr(reading, name) == expected, (where, name)
        for number, name in LISTS.items():
            assert list(getattr(reading, name)) == members.get(number, []), (where, name)
        assert reading.options == members.get(4, {}), where
        assert list(reading.algorithms) == [each["alg"] for each in members.get(10, [])], where
        assert reading.certifications == members.get(19, {}), where
        assert reading.encrypted_identifier == (25 in members), where
        assert reading.firmware == (str(members[14]) if 14 in members else None), where
        assert reading.pin_set is members.get(4, {}).get("clientPin"), where


def test_canonical_or_not_every_real_answer_is_read_alike(
    read_of: ReadOf, key_data: KeyData
) -> None:
    odd = [each for each in key_data("getinfo.json") if not each.get("canonical", True)]
    assert len(odd) == 1
    for sample in odd:
        encoded = bytes.fromhex(sample["hex"])
        canonical = cbor.encode(cbor.decode(encoded))
        assert canonical != encoded
        first, second = read_of(saying(encoded)), read_of(saying(canonical))
        assert first.options == second.options
        assert (first.aaguid, first.versions) == (second.aaguid, second.versions)


def test_the_answer_that_is_cut_short_in_its_source_is_an_error_of_the_key(
    read_of: ReadOf, key_data: KeyData
) -> None:
    [cut] = [each for each in key_data("getinfo.json") if not each["decodes"]]
    with pytest.raises(DeviceError, match=r"Scripted key .* its answer cannot be read"):
        read_of(saying(bytes.fromhex(cut["hex"])))


def test_every_cut_of_every_real_answer_is_an_error_of_the_key(
    read_of: ReadOf, key_data: KeyData
) -> None:
    for sample in key_data("getinfo.json"):
        whole = bytes.fromhex(sample["hex"])
        for end in range(1, len(whole), 7):
            with pytest.raises(DeviceError, match="cannot be read"):
                read_of(saying(whole[:end]))


def pages_of(tags: bytes) -> tuple[bytes, bytes]:
    """The same tags on two pages, the first of which says that there is another."""
    end = 0
    while end < len(tags) // 2:
        end += 2 + tags[end + 1]
    parts = (tags[:end] + bytes([MORE_PAGES, 1, 1]), tags[end:].replace(b"\x10\x01\x01", b""))
    return parts[0], parts[1]


def test_every_real_configuration_is_read_as_yubicos_own_tool_reads_it(
    read_of: ReadOf, key_data: KeyData
) -> None:
    samples = key_data("read_config.json")
    assert len(samples) == 10
    for sample in samples:
        raw, decoded = bytes.fromhex(sample["hex"]), sample["decoded"]
        tags = raw[1:] if sample["length_prefix"] else raw
        ways = {
            "as it is": (raw,),
            "without its length": (tags,),
            "with its length": (bytes([len(tags)]) + tags,),
        }
        for way, pages in ways.items():
            reading = read_of(saying(INFO, pages), vendor_id=VENDOR_ID)
            where = (sample["source"], way)
            assert reading.yubico, where
            assert reading.serial == decoded["serial"], where
            assert reading.yubico.version == decoded["version"], where
            assert reading.yubico.form_factor == FORM_FACTORS[decoded["form_factor"]], where
            assert reading.yubico.fips is decoded["is_fips"], where
            assert reading.yubico.security_key is decoded["is_sky"], where
            assert reading.yubico.locked is decoded["is_locked"], where
            for name in SAME_NAME:
                assert getattr(reading.yubico, name) == decoded[name], (*where, name)
            release = decoded["version_qualifier"]
            final = release == f"{decoded['version']}.final.0"
            assert reading.firmware == (decoded["version"] if final else release), where


def test_a_configuration_on_two_pages_is_the_same_as_on_one(
    read_of: ReadOf, key_data: KeyData
) -> None:
    for sample in key_data("read_config.json"):
        raw = bytes.fromhex(sample["hex"])
        tags = raw[1:] if sample["length_prefix"] else raw
        one = read_of(saying(INFO, (tags,)), vendor_id=VENDOR_ID)
        two = read_of(saying(INFO, pages_of(tags)), vendor_id=VENDOR_ID)
        assert one.yubico == two.yubico, sample["source"]


def test_every_real_attestation_is_handed_on_whole(
    bus: ScriptedBus, session_of: SessionOf, key_data: KeyData
) -> None:
    samples = key_data("attestation.json")
    assert len(samples) == 33
    for sample in samples:
        encoded = bytes.fromhex(sample["attestation_object_hex"])
        given: Any = cbor.decode(encoded)
        data, where = given["authData"], sample["leaf_subject"]
        reply = b"\0" + cbor.encode({1: given["fmt"], 2: data, 3: given["attStmt"]})

        def answer(_: int, payload: bytes, reply: bytes = reply) -> bytes:
            return reply if payload[0] == MAKE_CREDENTIAL else b"\0" + INFO

        bus.entries.clear()
        key, _ = bus.plug_answer(answer)
        with session_of(key) as session:
            made = session.make_credential(MAKE, pin=None)
        size = int.from_bytes(data[53:55])
        assert made.aaguid == sample["aaguid"], where
        assert made.flags == data[32], where
        assert made.sign_count == int.from_bytes(data[33:37]), where
        assert made.credential_id == data[55 : 55 + size], where
        assert data[55 + size :].startswith(made.public_key), where
        assert cbor.decode(made.attestation_object) == given, where

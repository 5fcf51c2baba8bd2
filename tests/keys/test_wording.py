"""A reading in words: nothing that a key said is passed over, and each PIN state has its word."""

from typing import Any, Final

import pytest
from msgspec import structs

from keyvault_kit.keys.advisories import Advisory
from keyvault_kit.keys.models import Model
from keyvault_kit.keys.reading import Fips, Reading
from keyvault_kit.keys.wording import PinWord, described, pin_word, product
from keyvault_kit.keys.yubico import YubicoConfig

MODEL: Final = Model(name="Key One", maker="Maker", source="a page")
ADVISORY: Final = Advisory(
    id="A-1",
    name="a flaw",
    cve=None,
    severity="",
    affects_fido=True,
    impact="It leaks.",
    applies="affected",
    why="any firmware",
    sources=(),
)
CONFIG: Final = YubicoConfig(
    usb_supported=0x203, nfc_supported=0x203, fips_capable=0x210, reset_blocked=0x200
)
READING: Final = Reading(
    path="/dev/hidraw0",
    plugging="boot/1",
    vendor_id=0x1050,
    product_id=0x0407,
    manufacturer="Maker",
    product="Key",
    usb_serial="",
    release=0x0543,
    aaguid="00000000-0000-0000-0000-000000000001",
    device_version="5.4.3",
    versions=("FIDO_2_1",),
    options={"rk": True},
    pin_set=True,
    pin_retries=8,
    power_cycle_needed=False,
    min_pin_length=4,
    max_pin_length=63,
    certifications={"FIDO": 1},
    max_message_size=1200,
    yubico=CONFIG,
    model=MODEL,
    advisories=(ADVISORY,),
)

OTHER: Final[dict[str, object]] = {
    "path": "/dev/hidraw1",
    "vendor_id": 1,
    "product_id": 1,
    "manufacturer": "Another",
    "product": "Another",
    "usb_serial": "0001",
    "release": 0x0100,
    "aaguid": "00000000-0000-0000-0000-000000000002",
    "serial": 1,
    "firmware": "5.7.4",
    "device_version": "5.7.4",
    "versions": ("FIDO_2_0",),
    "extensions": ("credProtect",),
    "options": {"rk": False},
    "transports": ("usb",),
    "algorithms": (-7,),
    "pin_set": False,
    "pin_retries": 7,
    "power_cycle_needed": True,
    "force_pin_change": True,
    "min_pin_length": 6,
    "max_pin_length": 32,
    "pin_complexity": True,
    "always_uv": True,
    "built_in_uv": True,
    "uv_modality": ("fingerprint",),
    "enterprise_attestation": False,
    "remaining_credentials": 25,
    "long_touch_for_reset": True,
    "transports_for_reset": ("usb",),
    "encrypted_identifier": True,
    "certifications": {"FIDO": 2},
    "max_message_size": 1024,
    "yubico": None,
    "maker": "Another",
    "model": None,
    "fips": Fips.APPROVED,
    "advisories": (),
}
"""Another value for each member of a reading that people are told of."""

OTHER_CONFIG: Final[dict[str, object]] = {
    "form_factor": "USB-A nano",
    "fips": True,
    "security_key": True,
    "locked": True,
    "part_number": "5060408461426",
    "pin_complexity": True,
    "usb_supported": 0x202,
    "usb_enabled": 0x200,
    "nfc_supported": 0x200,
    "nfc_enabled": 0x200,
    "nfc_restricted": True,
    "fips_capable": 0x200,
    "fips_approved": 0x200,
    "reset_blocked": 0x010,
}
OTHER_MODEL: Final[dict[str, object]] = {
    "name": "Key Two",
    "firmware": "5.7",
    "certification": "Level 2",
    "source": "another page",
}
OTHER_ADVISORY: Final[dict[str, object]] = {
    "id": "A-2",
    "name": "another flaw",
    "cve": "CVE-1",
    "severity": "high",
    "affects_fido": False,
    "impact": "It stops.",
    "applies": "may be affected",
    "why": "firmware before 5",
    "sources": ("https://example.org",),
}


@pytest.mark.parametrize("member", OTHER)
def test_what_differs_in_a_reading_differs_in_its_words(member: str) -> None:
    other = structs.replace(READING, **{member: OTHER[member]})

    assert described(other, "") != described(READING, "")


@pytest.mark.parametrize(
    ("member", "part", "others"),
    [
        *(("yubico", CONFIG, {name: value}) for name, value in OTHER_CONFIG.items()),
        *(("model", MODEL, {name: value}) for name, value in OTHER_MODEL.items()),
    ],
)
def test_what_differs_in_a_part_of_it_does_too(
    member: str, part: Any, others: dict[str, object]
) -> None:
    other = structs.replace(READING, **{member: structs.replace(part, **others)})

    assert described(other, "") != described(READING, "")


@pytest.mark.parametrize("member", OTHER_ADVISORY)
def test_what_differs_in_an_advisory_does_too(member: str) -> None:
    advisory = structs.replace(ADVISORY, **{member: OTHER_ADVISORY[member]})

    told = described(structs.replace(READING, advisories=(advisory,)), "")["Advisories"]

    assert told != described(READING, "")["Advisories"]


def test_no_member_is_forgotten_here() -> None:
    told = {
        Reading: {*OTHER, "plugging"},  # a mark for programs, not for people
        YubicoConfig: {*OTHER_CONFIG, "serial", "version", "qualifier"},  # the reading's own
        Model: {*OTHER_MODEL, "maker", "series", "fips"},  # as the maker, advisories and FIPS
        Advisory: {*OTHER_ADVISORY},
    }

    assert all(set(kind.__struct_fields__) == names for kind, names in told.items())


def test_a_section_without_a_line_is_left_out() -> None:
    plain = structs.replace(READING, yubico=None, advisories=())

    assert [*described(READING, "")] == ["Advisories", "Key", "PIN", "FIDO2", "YubiKey"]
    assert [*described(plain, "")] == ["Key", "PIN", "FIDO2"]


def test_a_tag_by_the_number_is_said_to_be_a_claim_and_one_by_a_credential_is_not() -> None:
    numbered, silent = (structs.replace(READING, serial=it) for it in (24591656, None))

    assert described(numbered, "K1")["Key"][0] == (
        "tag",
        "K1, by the serial number alone, which is a claim",
    )
    assert described(silent, "K1")["Key"][0] == ("tag", "K1, by a registered credential")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"pin_set": None}, PinWord.UNSUPPORTED),
        ({"pin_set": False}, PinWord.NOT_SET),
        ({}, PinWord.SET),
        ({"force_pin_change": True}, PinWord.CHANGE),
        ({"force_pin_change": True, "power_cycle_needed": True}, PinWord.REPLUG),
        ({"pin_retries": 0, "power_cycle_needed": True}, PinWord.BLOCKED),
        ({"pin_retries": None}, PinWord.SET),
    ],
)
def test_where_the_pin_stands_is_said_in_a_word(changes: dict[str, object], word: PinWord) -> None:
    assert pin_word(structs.replace(READING, **changes)) is word


def test_a_key_is_called_by_its_model_its_product_string_or_its_numbers() -> None:
    unknown = structs.replace(READING, model=None)

    assert product(READING) == "Key One"
    assert product(unknown) == "Key"
    assert product(structs.replace(unknown, product="")) == "security key 1050:0407"

"""The table of models: it holds what its sources say, and claims no more than it knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from keyvault_kit.keys.models import maker_of, model_of, table
from keyvault_kit.keys.yubico import parse_config

KeyData = Callable[[str], list[dict[str, Any]]]

NFC_54 = "2fc0579f-8113-47ea-b116-bb5a8db9202a"
NFC_57 = "a25342c0-3cdc-4414-8e46-f4807fca511c"
NFC_FIPS_OR_CSPN = "c1f9a0bc-1dd2-404a-b27f-8e29047a43fd"
TWO_SERIES = "6ab56fad-881f-4a43-acb2-0be065924522"
PREVIEWS_TOO = "f8a011f3-8c0a-4d15-8006-17111f9edc7d"
UNKNOWN = "00112233-4455-6677-8899-aabbccddeeff"


def name(aaguid: str, firmware: str, product: str = "", form: str | None = None) -> str:
    model = model_of(aaguid, firmware, product, form)
    assert model
    return model.name


def test_every_row_of_the_table_is_complete_and_clean() -> None:
    forms = {
        "",
        "USB-A keychain",
        "USB-A nano",
        "USB-C keychain",
        "USB-C nano",
        "USB-C Lightning",
    }
    assert len(table()) > 300
    for aaguid, rows in table().items():
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", aaguid)
        assert len({row.maker for row in rows}) == 1
        assert len(set(rows)) == len(rows)
        assert sum(row.is_general for row in rows) == 1
        for row in rows:
            assert all((row.maker, row.name, row.source))
            assert [row.maker, row.series, row.name] == [
                text.strip() for text in (row.maker, row.series, row.name)
            ]
            assert row.form in forms
            assert re.fullmatch(r"([0-9]+\.[0-9]+( [0-9]+\.[0-9]+)*)?", row.firmware)
            assert row.certification in {"", "Level 1", "Level 2"}
            assert row.fips in {"", "yes", "no"}


def test_one_aaguid_of_several_models_has_their_common_name() -> None:
    assert name(NFC_54, "5.4.3") == "YubiKey 5 Series with NFC"


@pytest.mark.parametrize(
    ("form", "said"), [("USB-A keychain", "YubiKey 5 NFC"), ("USB-C keychain", "YubiKey 5C NFC")]
)
def test_the_form_factor_tells_them_apart(form: str, said: str) -> None:
    assert name(NFC_54, "5.4.3", form=form) == said


def test_a_form_factor_that_no_row_has_tells_nothing() -> None:
    assert name(NFC_54, "5.4.3", form="USB-A nano") == "YubiKey 5 Series with NFC"


def test_a_name_that_is_true_of_both_is_said_of_both() -> None:
    model = model_of("ee882879-721c-4913-9775-3dfcce97072a", "5.4.3", form="USB-C nano")
    assert model
    assert model.name == "YubiKey 5C Nano"
    assert model.series == ("YubiKey 5", "YubiKey 5 CSPN")


def test_where_the_table_cannot_tell_fips_from_cspn_it_says_so() -> None:
    model = model_of(NFC_FIPS_OR_CSPN, "5.4.3", form="USB-A keychain")
    assert model
    assert (model.name, model.fips) == ("YubiKey 5 Series with NFC (FIPS or CSPN)", None)
    model = model_of(NFC_FIPS_OR_CSPN, "5.4.3", form="USB-C keychain")
    assert model
    assert (model.name, model.fips) == ("YubiKey 5C NFC FIPS", True)


def test_the_product_string_tells_series_apart() -> None:
    security_key = "Security Key NFC Enterprise Edition"
    assert name(TWO_SERIES, "5.7.1", "Security Key NFC by Yubico") == security_key
    assert name(TWO_SERIES, "5.7.1", "YubiKey FIDO+CCID", "USB-C keychain") == "YubiKey 5C NFC"
    assert "or Security Key" in name(TWO_SERIES, "5.7.1", "A key")


def test_firmware_and_certification_are_said_as_the_table_has_them() -> None:
    model = model_of(NFC_57, "5.7.1", form="USB-A keychain")
    assert model
    assert (model.maker, model.firmware, model.certification, model.fips) == (
        "Yubico",
        "5.7",
        "Level 2",
        False,
    )
    assert model.source.startswith("https://support.yubico.com/")


def test_without_the_firmware_nothing_is_said_of_the_certification() -> None:
    model = model_of(NFC_57)
    assert model
    assert model.certification == ""


@pytest.mark.parametrize("firmware", ["5.8.0", "5.8.0.beta.3", "1", "nonsense", ""])
def test_firmware_that_the_table_does_not_know_gives_the_general_name(firmware: str) -> None:
    """One AAGUID stands for keys of CTAP 2.0 to 2.3, most of which the table does not hold."""
    model = model_of(PREVIEWS_TOO, firmware)
    assert model
    assert (model.name, model.firmware, model.certification) == ("Security Key by Yubico", "", "")


def test_a_prerelease_is_of_its_release() -> None:
    assert name(NFC_57, "5.7.0.beta.2", form="USB-A keychain") == "YubiKey 5 NFC"


def test_an_unknown_aaguid_has_no_model() -> None:
    assert model_of(UNKNOWN, "5.7.1", "YubiKey 5 NFC") is None


def test_the_maker_is_known_by_aaguid_then_by_usb_vendor() -> None:
    assert maker_of(0x18D1, "77010bd7-212a-4fc9-b236-d2ca5e9d4084") == "Feitian"
    assert maker_of(0x1050, UNKNOWN) == "Yubico"
    # Clay Logic's number is shared by Nitrokey and others.
    assert maker_of(0x20A0, UNKNOWN) is None


def test_real_answers_are_of_the_maker_that_their_source_names(key_data: KeyData) -> None:
    spelt = {"ExcelSecu": "Excelsecu", "KONA I": "KONA I"}
    seen = set()
    for sample in key_data("getinfo.json"):
        maker = maker_of(0, sample.get("aaguid", ""))
        if maker:
            assert maker == spelt.get(sample["vendor"], sample["vendor"])
            seen.add(maker)
    assert {"Yubico", "Nitrokey", "Token2", "Excelsecu", "GoTrust"} <= seen


def test_the_form_factors_of_real_keys_are_the_tables(key_data: KeyData) -> None:
    configs = [parse_config(bytes.fromhex(x["hex"])) for x in key_data("read_config.json")]
    forms = {row.form for rows in table().values() for row in rows}
    keychains = {each.form_factor for each in configs if each.form_factor and not each.security_key}
    assert keychains & forms >= {"USB-A keychain", "USB-C keychain"}
    assert all("bio" in form for form in keychains - forms)

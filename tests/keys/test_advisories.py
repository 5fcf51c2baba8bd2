"""Advisories: which keys they speak of, and how surely."""

from __future__ import annotations

import pytest

from keyvault_kit.keys.advisories import Version, advisories_for, published
from keyvault_kit.keys.models import Model, model_of, table


def model(*series: str, maker: str = "Yubico") -> Model:
    return Model(name="A key", maker=maker, series=series, source="a test")


def told(it: Model | None, firmware: str | None, maker: str | None = None) -> dict[str, str]:
    return {each.id: each.applies for each in advisories_for(it, firmware, maker=maker)}


def test_every_advisory_is_complete_and_its_versions_can_be_compared() -> None:
    assert len({each.id for each in published()}) == len(published()) >= 8
    for each in published():
        assert all((each.id, each.name, each.impact, each.affected, each.sources))
        assert all(source.startswith("https://") for source in each.sources)
        for affected in each.affected:
            bounds = (affected.introduced, affected.fixed, affected.surely_below, affected.last)
            assert all(Version.parse(it) for it in (*filter(None, bounds), *affected.versions))


def test_every_series_of_the_models_is_one_that_an_advisory_names() -> None:
    named = {(it.maker, it.series) for each in published() for it in each.affected}
    ours = {(row.maker, row.series) for rows in table().values() for row in rows if row.series}
    assert ours <= named


@pytest.mark.parametrize(
    ("series", "firmware", "applies"),
    [
        ("YubiKey 5", "5.4.3", "affected"),
        ("YubiKey 5", "5.6.99", "affected"),
        ("YubiKey 5", "5.7.0", None),
        ("YubiKey 5", "5.10.0", None),
        ("YubiKey 5", "5.7", None),
        ("YubiKey 5", "5.7.0.final.0", None),
        ("YubiKey 5", "5.7.0.beta.2", "may be affected"),
        ("YubiKey 5", "5.6.0.beta.2", "affected"),
        ("YubiKey 5", None, "may be affected"),
        ("YubiKey 5", "256", "may be affected"),
        ("YubiKey 5", "nonsense", "may be affected"),
        ("YubiKey 5 FIPS", "5.6.9", "affected"),
        ("YubiKey 5 FIPS", "5.7.0", "may be affected"),
        ("YubiKey 5 FIPS", "5.7.1", "may be affected"),
        ("YubiKey 5 FIPS", "5.7.2", None),
        ("YubiKey Bio", "5.7.1", "affected"),
        ("YubiKey Bio", "5.7.2", None),
        ("Security Key", "5.4.3", "affected"),
    ],
)
def test_eucleak_by_series_and_firmware(
    series: str, firmware: str | None, applies: str | None
) -> None:
    expected = {"YSA-2024-03": applies} if applies else {}
    assert told(model(series), firmware) == expected


@pytest.mark.parametrize(
    ("series", "maker", "firmware", "expected"),
    [
        ("YubiKey FIPS", "Yubico", "4.4.2", {"YSA-2019-02": "affected"}),
        ("YubiKey FIPS", "Yubico", "4.4.3", {}),
        ("YubiKey FIPS", "Yubico", "4.4.5", {}),
        ("YubiKey 4", "Yubico", "4.3.4", {"YSA-2017-01": "affected"}),
        ("YubiKey 4", "Yubico", "4.3.5", {}),
        ("iShield Key 1", "Swissbit", "3.34.9", {"SB-2024-01": "affected"}),
        ("iShield Key 1", "Swissbit", "3.35.0", {}),
        ("iShield Key 1", "Swissbit", "201", {"SB-2024-01": "may be affected"}),
        ("Solo 1", "SoloKeys", "4.0.0", {"CVE-2020-27208": "affected"}),
        ("Solo 1", "SoloKeys", "4.1.0", {"CVE-2020-27208": "may be affected"}),
        ("Somu", "SoloKeys", None, {"CVE-2020-27208": "affected"}),
        ("Nitrokey FIDO2", "Nitrokey", "2.4.1", {"CVE-2020-27208": "affected"}),
        ("Nitrokey FIDO U2F", "Nitrokey", "1.1", {"CVE-2020-12061": "affected"}),
        ("Nitrokey FIDO U2F", "Nitrokey", "1.2", {}),
        ("YubiKey 5", "Somebody else", "5.4.3", {}),
    ],
)
def test_the_other_advisories_by_series_and_firmware(
    series: str, maker: str, firmware: str | None, expected: dict[str, str]
) -> None:
    assert told(model(series, maker=maker), firmware) == expected


def test_a_key_of_one_of_two_series_is_affected_where_both_are() -> None:
    either = model("YubiKey 5", "YubiKey 5 FIPS")
    assert told(either, "5.4.3") == {"YSA-2024-03": "affected"}
    [advisory] = advisories_for(either, "5.7.1")
    assert advisory.applies == "may be affected"
    assert "not certain of which series" in advisory.why
    assert told(either, "5.7.2") == {}


def test_a_model_without_a_series_has_no_advisory() -> None:
    assert told(model(), "5.4.3") == {}


def test_an_unknown_model_may_be_affected_by_its_makers_advisories() -> None:
    assert told(None, "5.4.3", "Yubico") == {"YSA-2024-03": "may be affected"}
    assert told(None, "5.8.0", "Yubico") == {}
    assert told(None, "5.4.3", "Somebody else") == {}
    assert told(None, "5.4.3") == {}


def test_of_an_unknown_model_with_unknown_firmware_nothing_is_said() -> None:
    assert told(None, None, "Yubico") == {}
    assert told(None, "256", "Yubico") == {}


def test_an_advisory_says_why_and_where_it_is_from() -> None:
    [advisory] = advisories_for(model("YubiKey 5"), "5.4.3")
    assert advisory.cve == "CVE-2024-45678"
    assert advisory.affects_fido
    assert advisory.why == "YubiKey 5, firmware before 5.7.0"
    assert advisory.sources
    [advisory] = advisories_for(model("YubiKey 5"), None)
    assert "the firmware of this key is not known" in advisory.why


def test_a_real_model_of_two_generations_is_judged_by_its_firmware() -> None:
    old = model_of("2fc0579f-8113-47ea-b116-bb5a8db9202a", "5.4.3")
    new = model_of("a25342c0-3cdc-4414-8e46-f4807fca511c", "5.7.1")
    assert told(old, "5.4.3") == {"YSA-2024-03": "affected"}
    assert told(new, "5.7.1") == {}


def test_versions_are_in_order() -> None:
    texts = [
        "5.4",
        "5.4.3",
        "5.7.0.alpha.9",
        "5.7.0-beta2",
        "5.7.0-rc1",
        "5.7.0",
        "5.7.0.1",
        "5.10.0",
    ]
    versions = [Version.parse(text) for text in texts]
    assert all(versions)
    assert sorted(filter(None, versions)) == versions
    assert Version.parse("5.7") == Version.parse("5.7.0.final.3")


@pytest.mark.parametrize(
    "text", ["", "5", "5.", ".5", "5.7.0.gamma.1", "v5.7", "5.7.0 ", "1.2.3.4.5"]
)
def test_what_is_no_version_is_not_compared(text: str) -> None:
    assert Version.parse(text) is None

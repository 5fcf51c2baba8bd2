"""What the metadata service knows of a model, and what becomes of the verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from keyvault_kit.keys import metadata
from keyvault_kit.keys.makers import shelf
from keyvault_kit.keys.mds import read_blob
from keyvault_kit.keys.metadata import verify_attestation

if TYPE_CHECKING:
    from tests.keys.trust.conftest import Issued, Workshop

KeyData = Callable[[str], list[dict[str, Any]]]

REAL_BLOB = Path(__file__).parents[2] / "data" / "keys" / "mds3-no4-2021.jwt"
IN_2021 = datetime(2021, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def maker(shop: Workshop) -> tuple[Issued, Issued]:
    """A maker's root, and a batch of its keys."""
    root = shop.certificate("root")
    return root, shop.certificate("batch 1", root, ca=False, extension=b"\x04\x10" + shop.model)


def test_a_model_in_good_standing_is_genuine_and_the_blob_is_named(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    verdict = shop.judge(shop.packed(batch), root, blob=shop.blob(shop.entry("FIDO_CERTIFIED_L2")))
    assert (verdict.outcome, verdict.reasons, verdict.remarks) == ("genuine", (), ())
    assert verdict.metadata_number == 7


@pytest.mark.parametrize(
    "status",
    [
        "REVOKED",
        "USER_KEY_REMOTE_COMPROMISE",
        "USER_VERIFICATION_BYPASS",
        "ATTESTATION_KEY_COMPROMISE",
    ],
)
def test_a_model_that_must_not_be_trusted_is_revoked(
    status: str, shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    report = {"status": status, "effectiveDate": "2026-02-03", "url": "https://example.com/why"}
    verdict = shop.judge(shop.packed(batch), root, blob=shop.blob(shop.entry(report)))
    assert verdict.outcome == "revoked"
    [reason] = verdict.reasons
    assert f"{status} since 2026-02-03" in reason
    assert "https://example.com/why" in reason
    assert verdict.root_source == "a root of this station's own"


@pytest.mark.parametrize("status", ["USER_KEY_PHYSICAL_COMPROMISE", "UPDATE_AVAILABLE", "RETIRED"])
def test_what_a_safe_guards_against_is_told_and_revokes_nothing(
    status: str, shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    verdict = shop.judge(shop.packed(batch), root, blob=shop.blob(shop.entry(status)))
    assert (verdict.outcome, verdict.reasons) == ("genuine", ())
    assert status in verdict.remarks[0]


@pytest.mark.parametrize("later", ["UPDATE_AVAILABLE", "FIDO_CERTIFIED_L3", "NOT_FIDO_CERTIFIED"])
@pytest.mark.parametrize("order", [1, -1])
def test_nothing_that_came_later_takes_a_revocation_back(
    later: str, order: int, shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    reports = [
        {"status": "REVOKED", "effectiveDate": "2026-01-01"},
        {"status": later, "effectiveDate": "2026-06-01"},
    ][::order]
    verdict = shop.judge(shop.packed(batch), root, blob=shop.blob(shop.entry(*reports)))
    assert verdict.outcome == "revoked"


def test_a_slow_clock_does_not_put_a_revocation_off(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    report = {"status": "REVOKED", "effectiveDate": "2026-11-20"}
    assert shop.now < datetime(2026, 11, 20, tzinfo=UTC)
    verdict = shop.judge(shop.packed(batch), root, blob=shop.blob(shop.entry(report)))
    assert verdict.outcome == "revoked"


def test_reasons_stand_in_the_order_of_their_dates(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    reports = [
        {"status": "REVOKED", "effectiveDate": "2026-06-01"},
        {"status": "USER_VERIFICATION_BYPASS", "effectiveDate": "2026-01-01"},
        {"status": "USER_KEY_REMOTE_COMPROMISE"},
    ]
    reasons = shop.judge(shop.packed(batch), root, blob=shop.blob(shop.entry(*reports))).reasons
    assert [reason.split(" as ")[1].split(":")[0] for reason in reasons] == [
        "USER_KEY_REMOTE_COMPROMISE",
        "USER_VERIFICATION_BYPASS since 2026-01-01",
        "REVOKED since 2026-06-01",
    ]


@pytest.mark.parametrize("member", ["certificate", "batchCertificate"])
def test_a_compromised_batch_is_revoked_and_the_others_are_not(
    member: str, shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    other = shop.certificate("batch 2", root, ca=False, extension=b"\x04\x10" + shop.model)
    blob = shop.blob(shop.entry({"status": "ATTESTATION_KEY_COMPROMISE", member: batch.base64}))
    assert shop.judge(shop.packed(batch), root, blob=blob).outcome == "revoked"
    assert shop.judge(shop.packed(other), root, blob=blob).outcome == "genuine"


def test_a_compromised_root_takes_all_its_batches_along(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    entry = shop.entry({"status": "ATTESTATION_KEY_COMPROMISE", "certificate": root.base64})
    assert shop.judge(shop.packed(batch), root, blob=shop.blob(entry)).outcome == "revoked"


def test_a_forgery_of_a_revoked_model_is_a_forgery(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    forged = shop.packed(batch._replace(key=shop.certificate("forger").key))
    verdict = shop.judge(forged, root, blob=shop.blob(shop.entry("REVOKED")))
    assert verdict.outcome == "not genuine"


def test_a_revoked_model_without_a_known_root_is_revoked(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    _, batch = maker
    verdict = shop.judge(shop.packed(batch), blob=shop.blob(shop.entry("REVOKED")))
    assert verdict.outcome == "revoked"
    assert len(verdict.reasons) == 2


def test_another_models_revocation_is_no_matter(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    other = shop.entry("REVOKED", aaguid="00112233-4455-6677-8899-aabbccddeeff")
    assert shop.judge(shop.packed(batch), root, blob=shop.blob(other)).outcome == "genuine"


def test_an_entry_that_cannot_be_read_leaves_it_open(
    shop: Workshop, maker: tuple[Issued, Issued]
) -> None:
    root, batch = maker
    blob = shop.blob(shop.entry({"status": 5}))
    verdict = shop.judge(shop.packed(batch), root, blob=blob)
    assert verdict.outcome == "unknown maker"
    assert "cannot be read" in verdict.reasons[0]


# --- Roots of the service


def test_a_root_of_the_service_counts_for_its_model_alone(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False)
    blob = shop.blob(shop.entry(metadataStatement=shop.statement(root)))
    verdict = shop.judge(shop.packed(leaf), blob=blob)
    assert verdict.outcome == "genuine"
    assert verdict.root_source == "FIDO Metadata Service, BLOB no. 7"
    assert shop.judge(shop.packed(leaf, model=b"another model   "), blob=blob).outcome == (
        "unknown maker"
    )


def test_the_service_may_list_the_attestation_certificate_itself(shop: Workshop) -> None:
    leaf = shop.certificate("leaf", shop.certificate("root"), ca=False)
    blob = shop.blob(shop.entry(metadataStatement=shop.statement(leaf)))
    assert shop.judge(shop.packed(leaf), blob=blob).outcome == "genuine"


def test_a_root_that_is_listed_today_counts_beyond_its_own_dates(shop: Workshop) -> None:
    root = shop.certificate("root", until=shop.now - timedelta(days=1))
    leaf = shop.certificate("leaf", root, ca=False)
    entry = shop.entry(metadataStatement=shop.statement(root))
    assert shop.judge(shop.packed(leaf), blob=shop.blob(entry)).outcome == "genuine"
    assert shop.judge(shop.packed(leaf), root).outcome == "unknown maker"


def test_a_stale_blob_is_named_and_lends_no_expired_root_its_weight(shop: Workshop) -> None:
    root = shop.certificate("root", until=shop.now - timedelta(days=1))
    leaf = shop.certificate("leaf", root, ca=False)
    entry = shop.entry(metadataStatement=shop.statement(root))
    verdict = shop.judge(shop.packed(leaf), blob=shop.blob(entry, nextUpdate="2026-10-31"))
    assert verdict.outcome == "unknown maker"
    assert "no. 7 was to be renewed by 2026-10-31" in verdict.remarks[-1]


def test_an_expired_leaf_is_not_saved_by_its_listed_root(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False, until=shop.now - timedelta(days=1))
    entry = shop.entry(metadataStatement=shop.statement(root))
    assert shop.judge(shop.packed(leaf), blob=shop.blob(entry)).outcome == "unknown maker"


def test_u2f_keys_are_known_by_their_certificates(shop: Workshop) -> None:
    root = shop.certificate("root")
    known, other = (shop.certificate(name, root, ca=False) for name in ("known", "other"))
    entry = shop.entry(
        "REVOKED", aaguid=None, attestationCertificateKeyIdentifiers=[known.key_identifier.upper()]
    )
    blob = shop.blob(entry)
    assert shop.judge(shop.u2f(known), root, blob=blob).outcome == "revoked"
    assert shop.judge(shop.u2f(other), root, blob=blob).outcome == "genuine"


def test_a_real_u2f_key_is_genuine_by_the_real_blob_alone(key_data: KeyData) -> None:
    blob = read_blob(REAL_BLOB.read_bytes(), now=IN_2021)
    proven = set()
    for sample in key_data("attestation.json"):
        verdict = verify_attestation(
            bytes.fromhex(sample["attestation_object_hex"]),
            bytes.fromhex(sample.get("client_data_hash", "00" * 32)),
            roots=[],
            now=IN_2021,
            blob=blob,
        )
        if verdict.outcome == "genuine":
            proven.add((sample["fmt"], verdict.root_source))
    assert proven == {("fido-u2f", "FIDO Metadata Service, BLOB no. 4")}


# --- Shipped roots vouch for their maker's models


@pytest.mark.parametrize(
    ("maker", "outcome"), [("Yubico", "genuine"), ("Feitian", "unknown maker")]
)
def test_a_shipped_root_vouches_for_its_makers_models_alone(
    maker: str, outcome: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose key leaked could else make a YubiKey of any key."""
    root = shop.certificate("root")
    shipped, _ = next(each for each in shelf().roots if each[0].maker == maker)
    monkeypatch.setattr(metadata, "root_by_fingerprint", {root_fingerprint(root): shipped}.get)
    yubikey = UUID("2fc0579f-8113-47ea-b116-bb5a8db9202a").bytes
    leaf = shop.certificate("leaf", root, ca=False, extension=b"\x04\x10" + yubikey)
    verdict = shop.judge(shop.packed(leaf, model=yubikey), root)
    assert verdict.outcome == outcome
    assert shop.judge(shop.packed(shop.certificate("leaf", root, ca=False)), root).outcome == (
        "genuine"
    )


def root_fingerprint(root: Issued) -> str:
    return hashlib.sha256(root.der).hexdigest()

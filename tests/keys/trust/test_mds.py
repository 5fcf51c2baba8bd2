"""The metadata service's BLOB: the real one, and forged and odd ones."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fido2.mds3 import parse_blob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.keys.mds import SIGNER, SIZE_LIMIT, globalsign_r3, read_blob

if TYPE_CHECKING:
    from tests.keys.trust.conftest import Workshop

REAL = (Path(__file__).parents[2] / "data" / "keys" / "mds3-no4-2021.jwt").read_bytes()
IN_2021 = datetime(2021, 6, 1, tzinfo=UTC)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=9,
)


def refusal(shop: Workshop, data: bytes, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        shop.read(data, **more)
    assert caught.value.mend
    return str(caught.value)


# --- The real BLOB of 2021


def test_the_real_blob_is_read_as_of_its_time() -> None:
    blob = read_blob(REAL, now=IN_2021)
    assert (blob.number, blob.next_update) == (4, date(2021, 7, 1))
    assert blob.legal_header.startswith("Retrieval and use of this BLOB")
    assert blob.left_out == ()
    assert len(blob.entries) == 32
    assert blob.sha256 == hashlib.sha256(REAL).hexdigest()


def test_the_real_blob_is_read_as_python_fido2_reads_it() -> None:
    ours, theirs = read_blob(REAL, now=IN_2021), parse_blob(REAL, globalsign_r3())
    models = [entry for entry in theirs.entries if not entry.aaid]
    assert len(models) == len(ours.entries)
    for mine, other in zip(ours.entries, models, strict=True):
        assert other.metadata_statement
        assert mine.description == other.metadata_statement.description
        assert mine.aaguid == (str(other.aaguid) if other.aaguid else "")
        identifiers = other.attestation_certificate_key_identifiers or ()
        assert mine.key_identifiers == tuple(each.hex() for each in identifiers)
        assert mine.roots == tuple(other.metadata_statement.attestation_root_certificates)
        assert [(each.status, each.effective) for each in mine.reports] == [
            (each.status.value, each.effective_date) for each in other.status_reports
        ]
        assert mine.last_change == other.time_of_last_status_change


@pytest.mark.parametrize(
    "now", [datetime(2021, 4, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
)
def test_the_real_blob_is_refused_at_a_time_when_its_certificates_are_not_valid(
    now: datetime,
) -> None:
    with pytest.raises(InputError, match="valid from 2021-04-12 to 2022-05-14"):
        read_blob(REAL, now=now)


def test_a_blob_is_stale_from_the_day_after_its_next_update() -> None:
    blob = read_blob(REAL, now=IN_2021)
    assert not blob.is_stale(datetime(2021, 7, 1, 23, 59, tzinfo=UTC))
    assert blob.is_stale(datetime(2021, 7, 2, tzinfo=UTC))


def test_a_line_end_after_a_downloaded_blob_is_no_matter() -> None:
    assert read_blob(REAL + b"\r\n", now=IN_2021).entries == read_blob(REAL, now=IN_2021).entries


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_no_change_of_the_real_blob_goes_unseen(data: st.DataObject) -> None:
    raw = bytearray(REAL)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 127))
    try:
        read_blob(bytes(raw), now=IN_2021)
    except InputError:
        return
    # The last letter of a part has bits that say nothing.
    assert [_bytes(part) for part in bytes(raw).split(b".")] == [
        _bytes(part) for part in REAL.split(b".")
    ]


def _bytes(part: bytes) -> bytes:
    return urlsafe_b64decode(part + b"==")


def test_the_shipped_root_is_globalsign_r3() -> None:
    """By the fingerprint that GlobalSign and the browsers' root programmes publish."""
    assert hashlib.sha256(globalsign_r3()).hexdigest() == (
        "cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b"
    )


# --- Whose is it?


def test_a_blob_of_our_own_service_is_read(shop: Workshop) -> None:
    blob = shop.blob(shop.entry("FIDO_CERTIFIED"))
    assert (blob.number, blob.next_update, blob.left_out) == (7, date(2026, 12, 1), ())
    assert blob.signer == hashlib.sha256(shop.signer.der).hexdigest()
    [entry] = blob.entries
    assert (entry.aaguid, entry.description) == (shop.aaguid, "Our model")


def test_rsa_and_intermediates_are_read(shop: Workshop) -> None:
    middle = shop.certificate("middle", shop.root, path_length=0)
    key = rsa.generate_private_key(65537, 2048)
    signer = shop.certificate("signer", middle, ca=False, host=SIGNER, key=key)
    data = shop.jwt(shop.payload(), chain=[signer, middle])
    assert shop.read(data).number == 7
    assert shop.read(shop.jwt(shop.payload(), chain=[signer, middle, shop.root])).number == 7


def test_another_root_makes_no_blob_genuine(shop: Workshop) -> None:
    with pytest.raises(InputError, match="no root here has signed"):
        read_blob(shop.jwt(shop.payload()), now=shop.now)


def test_a_payload_that_was_changed_is_refused(shop: Workshop) -> None:
    head, _, signature = shop.jwt(shop.payload(shop.entry("REVOKED"))).split(b".")
    _, body, _ = shop.jwt(shop.payload()).split(b".")
    assert "signature is wrong" in refusal(shop, b".".join([head, body, signature]))


def test_a_signature_of_another_length_is_refused(shop: Workshop) -> None:
    assert "signature is wrong" in refusal(shop, shop.jwt(shop.payload())[:-4])


def test_a_chain_with_a_broken_link_is_refused(shop: Workshop) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    middle = shop.certificate("middle", shop.root)
    signer = shop.certificate("signer", middle, ca=False, host=SIGNER, signed_by=stranger)
    data = shop.jwt(shop.payload(), chain=[signer, middle])
    assert "not signed by the next one" in refusal(shop, data)


def test_an_intermediate_that_is_no_ca_is_refused(shop: Workshop) -> None:
    middle = shop.certificate("middle", shop.root, ca=False)
    signer = shop.certificate("signer", middle, ca=False, host=SIGNER)
    assert "may not sign" in refusal(shop, shop.jwt(shop.payload(), chain=[signer, middle]))


@pytest.mark.parametrize("host", [None, "example.com", "mds.fidoalliance.org.example.com"])
def test_another_hosts_certificate_is_refused(host: str | None, shop: Workshop) -> None:
    signer = shop.certificate("signer", shop.root, ca=False, host=host)
    assert SIGNER in refusal(shop, shop.jwt(shop.payload(), chain=[signer]))


@pytest.mark.parametrize("days", [-1, 1])
def test_a_certificate_that_is_not_valid_now_is_refused(days: int, shop: Workshop) -> None:
    around = shop.now + timedelta(days=days)
    signer = shop.certificate(
        "signer",
        shop.root,
        ca=False,
        host=SIGNER,
        since=around - timedelta(hours=1),
        until=around + timedelta(hours=1),
    )
    assert "cannot be trusted" in refusal(shop, shop.jwt(shop.payload(), chain=[signer]))


def test_an_expired_root_is_refused(shop: Workshop) -> None:
    later = shop.now + timedelta(days=2)
    signer = shop.certificate("s", shop.root, ca=False, host=SIGNER, until=later)
    data = shop.jwt(shop.payload(), chain=[signer])
    assert "cannot be trusted" in refusal(shop, data, now=later - timedelta(hours=1))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"alg": "RS256"}, "algorithm"),
        ({"crit": ["b64"]}, "extension"),
        ({"x5c": []}, "certificates"),
        ({"x5c": ["AAAA"]}, "certificates"),
        ({"x5c": ["!"]}, "certificates"),
        ({"x5c": ["AAAA"] * 9}, "certificates"),
        ({"x5c": None}, "header"),
        ({"alg": 5}, "header"),
    ],
)
def test_odd_headers_are_refused(header: dict[str, Any], said: str, shop: Workshop) -> None:
    assert said in refusal(shop, shop.jwt(shop.payload(), header=header))


# --- What is in it?


def test_an_entry_without_members_that_we_do_not_use_is_read(shop: Workshop) -> None:
    """As in the payload no. 291, on which python-fido2 fails as a whole."""
    key = rsa.generate_private_key(65537, 2048)
    signer = shop.certificate("signer", shop.root, ca=False, host=SIGNER, key=key)
    data = shop.jwt(shop.payload(shop.entry("FIDO_CERTIFIED")), chain=[signer])
    assert shop.read(data).left_out == ()
    with pytest.raises(TypeError, match="missing"):
        parse_blob(data, shop.root.der)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"statusReports": None}, "statusReports"),
        ({"statusReports": [{}]}, "status"),
        ({"statusReports": [{"status": "REVOKED", "effectiveDate": "soon"}]}, "soon"),
        ({"statusReports": [{"status": "REVOKED", "certificate": "%"}]}, "base64"),
        ({"aaguid": "not-an-aaguid"}, "AAGUID"),
        ({"aaguid": "00000000-0000-0000-0000-000000000000"}, "AAGUID"),
        ({"aaguid": None}, "which model"),
        ({"attestationCertificateKeyIdentifiers": ["12"]}, "key identifier"),
        ({"metadataStatement": {"attestationRootCertificates": ["A"]}}, "base64"),
        ({"timeOfLastStatusChange": "0"}, "0"),
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out_and_named(
    change: dict[str, Any], said: str, shop: Workshop
) -> None:
    good = shop.entry("REVOKED", aaguid="00112233-4455-6677-8899-aabbccddeeff")
    blob = shop.blob(good, shop.entry("FIDO_CERTIFIED", **change))
    assert [entry.aaguid for entry in blob.entries] == ["00112233-4455-6677-8899-aabbccddeeff"]
    [left_out] = blob.left_out
    assert re.match(r"entry 2( \(Our model\))?: ", left_out)
    assert said in left_out


def test_the_models_of_entries_that_were_left_out_are_known(shop: Workshop) -> None:
    broken = shop.entry(statusReports=5)
    blob = shop.blob(
        broken | {"aaguid": shop.aaguid.upper()},
        broken | {"aaguid": "", "attestationCertificateKeyIdentifiers": ["AB" * 20, 7]},
        "no entry",
    )
    assert len(blob.left_out) == 3
    assert blob.left_out_ids == {shop.aaguid, "ab" * 20}


def test_an_entry_with_a_member_twice_is_left_out(shop: Workshop) -> None:
    entry = json.dumps(shop.entry("REVOKED"))
    twice = entry.replace('"statusReports"', '"statusReports": [], "statusReports"')
    text = json.dumps(shop.payload("ENTRY")).replace('"ENTRY"', twice)
    blob = shop.read(shop.jwt(text.encode()))
    assert blob.entries == ()
    assert blob.left_out[0].startswith("entry 1: ")


def test_models_of_uaf_are_passed_over(shop: Workshop) -> None:
    blob = shop.blob(shop.entry("REVOKED", aaguid=None, aaid="4e4e#4005"))
    assert (blob.entries, blob.left_out) == ((), ())


def test_an_entry_may_lack_its_statement(shop: Workshop) -> None:
    [entry] = shop.blob(shop.entry("REVOKED", metadataStatement=None)).entries
    assert (entry.description, entry.roots) == ("", ())


def test_roots_are_read_over_line_breaks(shop: Workshop) -> None:
    text = shop.root.base64
    statement = {"attestationRootCertificates": [f"{text[:64]}\n {text[64:]}"]}
    [entry] = shop.blob(shop.entry(metadataStatement=statement)).entries
    assert entry.roots == (shop.root.der,)


def test_reports_carry_all_that_is_said(shop: Workshop) -> None:
    report = {
        "status": "SOMETHING_NEW",
        "effectiveDate": "2026-01-02",
        "url": "https://example.com",
        "certificationDescriptor": "All of it",
        "certificate": shop.root.base64,
        "sunsetDate": "2030-01-01",
    }
    [entry] = shop.blob(shop.entry(report)).entries
    [read] = entry.reports
    assert (read.status, read.effective, read.url) == (
        "SOMETHING_NEW",
        date(2026, 1, 2),
        "https://example.com",
    )
    assert (read.descriptor, read.certificate) == ("All of it", shop.root.der)


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b"\xff",
        b"nonsense",
        b"[" * 100_000,
        b'{"no": NaN, "nextUpdate": "2026-12-01", "entries": []}',
        b'{"no": -1, "nextUpdate": "2026-12-01", "entries": []}',
        b'{"no": 1, "no": 2, "nextUpdate": "2026-12-01", "entries": []}',
        b'{"no": 1, "nextUpdate": "December", "entries": []}',
        b'{"no": 1, "nextUpdate": "2026-12-01", "entries": {}}',
        b'{"no": ' + b"9" * 5000 + b', "nextUpdate": "2026-12-01", "entries": []}',
    ],
)
def test_a_payload_that_is_none_is_refused(payload: bytes, shop: Workshop) -> None:
    assert "payload" in refusal(shop, shop.jwt(payload))


def test_too_many_entries_are_refused(shop: Workshop) -> None:
    assert "too many" in refusal(shop, shop.jwt(shop.payload(*[0] * 20_001)))


def test_too_large_a_file_is_refused(shop: Workshop) -> None:
    assert "bytes" in refusal(shop, b"A" * (SIZE_LIMIT + 1))


# --- Hostile input


@given(data=st.binary(max_size=200) | st.from_regex(rb"[\w.-]{0,60}", fullmatch=True))
def test_what_is_no_blob_is_an_input_error(data: bytes, shop: Workshop) -> None:
    refusal(shop, data)


@given(payload=JSON, members=st.dictionaries(st.sampled_from(["alg", "x5c", "crit"]), JSON))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_but_an_input_error_comes_of_any_header_and_payload(
    payload: Any, members: dict[str, Any], shop: Workshop
) -> None:
    for header in ({}, members):
        try:
            shop.read(shop.jwt(payload, header=header))
        except InputError as error:
            assert error.mend  # noqa: PT017 - most are refused, and some may be read


@given(
    changes=st.dictionaries(
        st.sampled_from(
            [
                "aaguid",
                "aaid",
                "attestationCertificateKeyIdentifiers",
                "metadataStatement",
                "statusReports",
                "timeOfLastStatusChange",
            ]
        ),
        JSON,
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_entry_is_read_passed_over_or_named(changes: dict[str, Any], shop: Workshop) -> None:
    blob = shop.blob(shop.entry("REVOKED") | changes)
    is_uaf = not blob.entries and not blob.left_out
    assert len(blob.entries) + len(blob.left_out) + is_uaf == 1
    assert not is_uaf or changes.get("aaid")

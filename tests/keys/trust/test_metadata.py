"""Attestations: real ones, and every way to forge them that we could think of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.keys.makers import shelf, shipped_roots
from keyvault_kit.keys.metadata import Verdict, verify_attestation

if TYPE_CHECKING:
    from tests.keys.trust.conftest import Workshop

KeyData = Callable[[str], list[dict[str, Any]]]

NOW = datetime(2026, 11, 1, tzinfo=UTC)
# Of the real samples, one is of a key whose maker's root expired, one is over a lost challenge.
EXPIRED, NO_CHALLENGE = (
    "da776f39-f6c8-4a89-b252-1d86137a46ba",
    "95442b2e-f15e-4def-b270-efb106facb4e",
)


def roots_named(*fingerprints: str) -> list[bytes]:
    """The shipped roots whose fingerprints begin so."""
    return [der for root, der in shelf().roots if root.sha256.startswith(fingerprints)]


def judge(sample: dict[str, Any], roots: list[bytes] | None = None, now: datetime = NOW) -> Verdict:
    return verify_attestation(
        bytes.fromhex(sample["attestation_object_hex"]),
        bytes.fromhex(sample.get("client_data_hash", "00" * 32)),
        roots=shipped_roots() if roots is None else roots,
        now=now,
    )


# --- Real keys


def test_real_keys_are_genuine_by_the_shipped_roots(key_data: KeyData) -> None:
    genuine = [
        sample
        for sample in key_data("attestation.json")
        if sample["aaguid"] not in {EXPIRED, NO_CHALLENGE}
    ]
    assert len(genuine) == 31
    assert {sample["fmt"] for sample in genuine} == {"packed", "fido-u2f"}
    for sample in genuine:
        verdict = judge(sample)
        assert (verdict.outcome, verdict.reasons) == ("genuine", ()), sample["source"]
        assert verdict.remarks == ()
        assert verdict.aaguid == sample["aaguid"]
        assert verdict.leaf_fingerprint is not None


def test_the_verdict_names_the_root_and_where_it_is_from(key_data: KeyData) -> None:
    verdict = judge(key_data("attestation.json")[0])
    assert verdict.root_fingerprint == key_data("attestation.json")[0]["chain_anchor_sha256"]
    assert verdict.root_source == (
        "shipped: Yubico, yubico-yubico-u2f-root-ca-serial-457200631-0fa1386f.pem"
    )
    assert verdict.metadata_number is None


def test_real_chains_end_where_their_source_says(key_data: KeyData) -> None:
    for sample in key_data("attestation.json"):
        found = judge(sample).root_fingerprint
        expired = sample["aaguid"] in {EXPIRED, NO_CHALLENGE}
        assert found == (None if expired else sample["chain_anchor_sha256"]), sample["source"]


def test_a_statement_over_a_challenge_that_was_lost_is_not_genuine(key_data: KeyData) -> None:
    [sample] = [x for x in key_data("attestation.json") if x["aaguid"] == NO_CHALLENGE]
    assert judge(sample).outcome == "not genuine"


def test_a_real_key_over_another_challenge_is_not_genuine(key_data: KeyData) -> None:
    for sample in key_data("attestation.json"):
        verdict = judge(sample | {"client_data_hash": "11" * 32})
        assert verdict.outcome == "not genuine"
        assert verdict.root_fingerprint is None
        assert verdict.root_source is None


def test_a_real_key_without_its_root_has_an_unknown_maker(key_data: KeyData) -> None:
    samples = [sample for sample in key_data("attestation.json") if "client_data_hash" in sample]
    for sample in samples:
        yubico = sample["chain_anchor_sha256"].startswith("0fa1386f")
        verdict = judge(sample, roots_named("de42beaf" if yubico else "0fa1386f"))
        assert (verdict.outcome, verdict.root_fingerprint) == ("unknown maker", None)


def test_a_real_root_and_its_renewal_both_vouch(key_data: KeyData) -> None:
    [feitian] = [x for x in key_data("attestation.json") if "CN=FT" in x["leaf_subject"]]
    for root in ("2b7f7417", "925f79f4"):
        verdict = judge(feitian, roots_named(root))
        assert verdict.outcome == "genuine"
        assert (verdict.root_fingerprint or "").startswith(root)


def test_an_expired_root_proves_nothing_and_says_when(key_data: KeyData) -> None:
    [trustkey] = [x for x in key_data("attestation.json") if x["aaguid"] == EXPIRED]
    verdict = judge(trustkey, roots_named("71d01a81"))
    assert verdict.outcome == "unknown maker"
    assert "2018-07-02 to 2023-07-01" in verdict.reasons[0]
    then = datetime(2021, 1, 1, tzinfo=UTC)
    assert judge(trustkey, roots_named("71d01a81"), then).outcome == "genuine"


def test_roots_that_cannot_be_read_are_counted_and_spoil_nothing(key_data: KeyData) -> None:
    sample = key_data("attestation.json")[0]
    assert judge(sample, [b"no certificate", *shipped_roots()]).outcome == "genuine"
    verdict = judge(sample, [b"no certificate", b""])
    assert verdict.outcome == "unknown maker"
    assert verdict.reasons[-1] == "2 of the given root certificates cannot be read"


def substance(attestation_object: bytes) -> tuple[bytes, bytes]:
    """What is signed: the authenticator data, and the attestation certificate's content."""
    attestation = AttestationObject(attestation_object)
    leaf = x509.load_der_x509_certificate(attestation.att_stmt["x5c"][0])
    return bytes(attestation.auth_data), leaf.tbs_certificate_bytes


@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_no_change_of_substance_leaves_a_key_genuine(
    data: st.DataObject, key_data: KeyData
) -> None:
    sample = data.draw(st.sampled_from([key_data("attestation.json")[n] for n in (0, 2, 4)]))
    before = bytes.fromhex(sample["attestation_object_hex"])
    raw = bytearray(before)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        verdict = judge(sample | {"attestation_object_hex": raw.hex()})
    except InputError:
        return
    if verdict.outcome == "genuine":  # a length or a padding, which nobody signed
        assert substance(bytes(raw)) == substance(before)


@given(raw=st.binary(max_size=300) | st.just(b"\x81" * 3000))
@settings(deadline=None)
def test_what_is_no_attestation_is_an_input_error(raw: bytes) -> None:
    with pytest.raises(InputError, match="attestation object"):
        verify_attestation(raw, bytes(32), roots=[], now=NOW)


def test_a_certificate_of_no_known_version_is_an_input_error(key_data: KeyData) -> None:
    sample = key_data("attestation.json")[0]
    version_3, version_4 = "a003020102", "a003020103"
    assert sample["attestation_object_hex"].count(version_3) == 1
    odd = sample["attestation_object_hex"].replace(version_3, version_4)
    with pytest.raises(InputError, match="attestation object"):
        judge(sample | {"attestation_object_hex": odd})


def test_a_u2f_statement_is_no_proof_of_a_model(key_data: KeyData, shop: Workshop) -> None:
    sample = next(x for x in key_data("attestation.json") if x["fmt"] == "fido-u2f")
    attestation = cbor.decode(bytes.fromhex(sample["attestation_object_hex"]))
    assert isinstance(attestation, dict)
    data = bytearray(attestation["authData"])
    data[37:53] = shop.model
    forged = cbor.encode(attestation | {"authData": bytes(data)})
    verdict = judge(sample | {"attestation_object_hex": forged.hex()})
    assert verdict.outcome == "not genuine"
    assert "no proof" in verdict.reasons[0]


# --- Statements of our own


def test_another_models_certificate_is_not_genuine(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False, extension=b"\x04\x10" + bytes(16))
    assert shop.told(shop.packed(leaf), root)[0] == "not genuine"


def test_an_aaguid_extension_with_a_wrong_head_is_not_genuine(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False, extension=b"\x0c\x10" + shop.model)
    assert shop.told(shop.packed(leaf), root) == (
        "not genuine",
        "the attestation certificate is one of another model",
    )


def test_a_root_of_ones_own_is_named_as_given(shop: Workshop) -> None:
    root = shop.certificate("root")
    leaf = shop.certificate("leaf", root, ca=False, extension=b"\x04\x10" + shop.model)
    verdict = shop.judge(shop.packed(leaf), root)
    assert (verdict.outcome, verdict.root_source) == ("genuine", "a root of this station's own")


@pytest.mark.parametrize("fmt", ["none", "tpm", "apple", "android-key", "compound"])
def test_other_formats_prove_no_maker(fmt: str, shop: Workshop) -> None:
    auth_data, _ = shop.authenticator_data(shop.model)
    told = shop.told(shop.encode(fmt, auth_data, {}))
    assert told[0] == "unknown maker"
    assert fmt in told[1]


def test_a_key_that_vouches_for_itself_has_an_unknown_maker(shop: Workshop) -> None:
    mine = shop.certificate("the credential's own key")
    assert isinstance(mine.key, ec.EllipticCurvePrivateKey)
    public_key = shop.cose(mine.key.public_key())
    credential = AttestedCredentialData.create(Aaguid(shop.model), b"id", public_key)
    auth_data = AuthenticatorData.create(bytes(32), AuthenticatorData.FLAG.AT, 0, credential)
    statement = {"alg": -7, "sig": shop.sign(mine, auth_data + shop.hash)}
    assert shop.told(shop.encode("packed", auth_data, statement))[0] == "unknown maker"

"""Attestations: real ones, and every way to forge them that we could think of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.keys.metadata import Verdict, verify_attestation

KeyData = Callable[[str], list[dict[str, Any]]]

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HASH = hashlib.sha256(b"client data").digest()
MODEL = bytes(range(16))
AAGUID_OID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
ROOTS = Path(__file__).parents[1] / "data" / "keys" / "roots"


def cose(public_key: ec.EllipticCurvePublicKey) -> CoseKey:
    """An ES256 key in COSE (RFC 9053, 7.1.1)."""
    numbers = public_key.public_numbers()
    return CoseKey({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})


def real_roots(*fingerprints: str) -> list[bytes]:
    """The real roots of tests/data/keys whose file names end in these, or all of them."""
    return [
        x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(Encoding.DER)
        for file in sorted(ROOTS.glob("*.pem"))
        if not fingerprints or file.stem.endswith(fingerprints)
    ]


def judge(sample: dict[str, Any], roots: list[bytes], now: datetime = NOW) -> Verdict:
    return verify_attestation(
        bytes.fromhex(sample["attestation_object_hex"]),
        bytes.fromhex(sample.get("client_data_hash", "00" * 32)),
        roots=roots,
        now=now,
    )


# --- Real keys


def test_real_keys_are_genuine_by_their_makers_roots(key_data: KeyData) -> None:
    expired, unknown_challenge = "da776f39-f6c8-4a89-b252-1d86137a46ba", "95442b2e"
    genuine = [
        sample
        for sample in key_data("attestation.json")
        if sample["aaguid"] != expired and not sample["aaguid"].startswith(unknown_challenge)
    ]
    assert len(genuine) == 6
    assert {sample["fmt"] for sample in genuine} == {"packed", "fido-u2f"}
    for sample in genuine:
        verdict = judge(sample, real_roots())
        assert (verdict.outcome, verdict.reasons) == ("genuine", ()), sample["source"]
        assert verdict.root_fingerprint == sample["chain_anchor_sha256"]
        assert verdict.aaguid == sample["aaguid"]
        assert verdict.leaf_fingerprint is not None


def test_a_real_key_over_another_challenge_is_not_genuine(key_data: KeyData) -> None:
    for sample in key_data("attestation.json"):
        verdict = judge(sample | {"client_data_hash": "11" * 32}, real_roots())
        assert verdict.outcome == "not genuine"
        assert verdict.root_fingerprint is None


def test_a_real_key_without_its_root_has_an_unknown_maker(key_data: KeyData) -> None:
    samples = [sample for sample in key_data("attestation.json") if "client_data_hash" in sample]
    for sample in samples:
        yubico = sample["chain_anchor_sha256"].startswith("0fa1386f")
        verdict = judge(sample, real_roots("de42beaf") if yubico else real_roots("0fa1386f"))
        assert (verdict.outcome, verdict.root_fingerprint) == ("unknown maker", None)


def test_a_real_root_and_its_renewal_both_vouch(key_data: KeyData) -> None:
    [feitian] = [x for x in key_data("attestation.json") if "CN=FT" in x["leaf_subject"]]
    for root in ("2b7f7417", "925f79f4"):
        verdict = judge(feitian, real_roots(root))
        assert verdict.outcome == "genuine"
        assert (verdict.root_fingerprint or "").startswith(root)


def test_an_expired_root_proves_nothing_and_says_when(key_data: KeyData) -> None:
    [trustkey] = [x for x in key_data("attestation.json") if x["aaguid"].startswith("da776f39")]
    verdict = judge(trustkey, real_roots())
    assert verdict.outcome == "unknown maker"
    assert "2018-07-02 to 2023-07-01" in verdict.reasons[0]
    assert judge(trustkey, real_roots(), datetime(2021, 1, 1, tzinfo=UTC)).outcome == "genuine"


def test_roots_that_cannot_be_read_are_counted_and_spoil_nothing(key_data: KeyData) -> None:
    sample = key_data("attestation.json")[0]
    assert judge(sample, [b"no certificate", *real_roots()]).outcome == "genuine"
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
        verdict = judge(sample | {"attestation_object_hex": raw.hex()}, real_roots())
    except InputError:
        return
    if verdict.outcome == "genuine":  # a length or a padding, which nobody signed
        assert substance(bytes(raw)) == substance(before)


@given(raw=st.binary(max_size=300) | st.just(b"\x81" * 3000))
@settings(deadline=None)
def test_what_is_no_attestation_is_an_input_error(raw: bytes) -> None:
    with pytest.raises(InputError, match="attestation object"):
        verify_attestation(raw, HASH, roots=[], now=NOW)


def test_a_certificate_of_no_known_version_is_an_input_error(key_data: KeyData) -> None:
    sample = key_data("attestation.json")[0]
    version_3, version_4 = "a003020102", "a003020103"
    assert sample["attestation_object_hex"].count(version_3) == 1
    odd = sample["attestation_object_hex"].replace(version_3, version_4)
    with pytest.raises(InputError, match="attestation object"):
        judge(sample | {"attestation_object_hex": odd}, real_roots())


# --- Makers of our own


class Issued(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def certificate(
    name: str,
    issuer: Issued | None = None,
    *,
    ca: bool = True,
    path_length: int | None = None,
    model: bytes | None = None,
    until: datetime = NOW + timedelta(days=1),
    signed_by: ec.EllipticCurvePrivateKey | None = None,
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if model is not None:
        extension = x509.UnrecognizedExtension(AAGUID_OID, b"\x04\x10" + model)
        builder = builder.add_extension(extension, critical=False)
    signer = signed_by or (issuer.key if issuer else key)
    return Issued(builder.sign(signer, hashes.SHA256()), key)


def authenticator_data(model: bytes = MODEL) -> tuple[AuthenticatorData, CoseKey]:
    public_key = cose(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid(model), b"credential", public_key)
    rp_id_hash = hashlib.sha256(b"example.com").digest()
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    return AuthenticatorData.create(rp_id_hash, flags, 0, credential), public_key


def packed(leaf: Issued, *others: Issued, model: bytes = MODEL) -> bytes:
    """An attestation object by a leaf certificate and what lies above it."""
    auth_data, _ = authenticator_data(model)
    signature = leaf.key.sign(auth_data + HASH, ec.ECDSA(hashes.SHA256()))
    chain = [each.der for each in (leaf, *others)]
    statement = {"alg": -7, "sig": signature, "x5c": chain}
    return cbor.encode({"fmt": "packed", "authData": bytes(auth_data), "attStmt": statement})


def outcome(attestation: bytes, *roots: Issued) -> tuple[str, str]:
    verdict = verify_attestation(attestation, HASH, roots=[root.der for root in roots], now=NOW)
    return verdict.outcome, " ".join(verdict.reasons)


def test_a_chain_with_an_intermediate_is_genuine() -> None:
    root = certificate("root")
    middle = certificate("middle", root, path_length=0)
    leaf = certificate("leaf", middle, ca=False, model=MODEL)
    assert outcome(packed(leaf, middle), root) == ("genuine", "")


def test_a_root_that_the_key_sent_along_does_not_vouch_for_itself() -> None:
    root = certificate("root")
    leaf = certificate("leaf", root, ca=False)
    assert outcome(packed(leaf, root), root)[0] == "genuine"
    assert outcome(packed(leaf, root))[0] == "unknown maker"
    assert outcome(packed(leaf, root), certificate("root"))[0] == "unknown maker"


def test_a_root_may_lack_the_right_to_sign_as_real_ones_do() -> None:
    root = certificate("root", ca=False)
    leaf = certificate("leaf", root, ca=False)
    assert outcome(packed(leaf), root)[0] == "genuine"
    assert outcome(packed(leaf, root), root)[0] == "genuine"


def test_a_leaf_that_is_itself_a_given_root_is_genuine() -> None:
    leaf = certificate("leaf", ca=False)
    assert outcome(packed(leaf), leaf)[0] == "genuine"


@pytest.mark.parametrize(("ca", "path_length"), [(False, None), (True, 0)])
def test_an_intermediate_without_the_right_to_sign_is_not_genuine(
    ca: bool,  # noqa: FBT001 - a case
    path_length: int | None,
) -> None:
    root = certificate("root")
    upper = certificate("upper", root, ca=ca, path_length=path_length)
    lower = certificate("lower", upper)
    leaf = certificate("leaf", lower, ca=False)
    told = outcome(packed(leaf, lower, upper), root)
    assert told[0] == "not genuine"
    assert "may not sign" in told[1]


def test_a_broken_link_is_not_genuine() -> None:
    root, middle = certificate("root"), certificate("middle", certificate("root"))
    stranger = ec.generate_private_key(ec.SECP256R1())
    leaf = certificate("leaf", middle, ca=False, signed_by=stranger)
    assert outcome(packed(leaf, middle), root)[0] == "not genuine"


def test_the_name_of_a_root_without_its_signature_is_worth_nothing() -> None:
    root = certificate("root")
    stranger = ec.generate_private_key(ec.SECP256R1())
    leaf = certificate("leaf", root, ca=False, signed_by=stranger)
    assert outcome(packed(leaf), root)[0] == "unknown maker"


def test_another_models_certificate_is_not_genuine() -> None:
    root = certificate("root")
    leaf = certificate("leaf", root, ca=False, model=bytes(16))
    assert outcome(packed(leaf), root)[0] == "not genuine"


def test_an_aaguid_extension_with_a_wrong_head_is_not_genuine() -> None:
    root = certificate("root")
    leaf = certificate("leaf", root, ca=False)
    builder = x509.UnrecognizedExtension(AAGUID_OID, b"\x0c\x10" + MODEL)
    assert builder.value[2:] == MODEL
    forged = certificate_with(leaf, root, builder)
    told = outcome(packed(forged), root)
    assert told == ("not genuine", "the attestation certificate is one of another model")


def certificate_with(like: Issued, issuer: Issued, extension: x509.UnrecognizedExtension) -> Issued:
    old = like.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(like.key.public_key())
        .serial_number(old.serial_number)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(extension, critical=False)
    )
    return Issued(builder.sign(issuer.key, hashes.SHA256()), like.key)


def test_an_expired_leaf_proves_nothing() -> None:
    root = certificate("root")
    leaf = certificate("leaf", root, ca=False, until=NOW - timedelta(days=1))
    told = outcome(packed(leaf), root)
    assert told[0] == "unknown maker"
    assert "2026-10-31" in told[1]


def test_a_renewed_root_counts_by_its_longest_validity() -> None:
    old = certificate("root", until=NOW - timedelta(days=1))
    leaf = certificate("leaf", old, ca=False)
    cert = old.certificate
    renewed = (
        x509.CertificateBuilder()
        .subject_name(cert.subject)
        .issuer_name(cert.subject)
        .public_key(old.key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(old.key, hashes.SHA256())
    )
    assert outcome(packed(leaf), old)[0] == "unknown maker"
    assert outcome(packed(leaf), old, Issued(renewed, old.key))[0] == "genuine"


def test_a_u2f_statement_is_no_proof_of_a_model(key_data: KeyData) -> None:
    [sample] = [x for x in key_data("attestation.json") if x["fmt"] == "fido-u2f"]
    attestation = cbor.decode(bytes.fromhex(sample["attestation_object_hex"]))
    assert isinstance(attestation, dict)
    data = bytearray(attestation["authData"])
    data[37:53] = MODEL
    forged = cbor.encode(attestation | {"authData": bytes(data)})
    verdict = judge(sample | {"attestation_object_hex": forged.hex()}, real_roots())
    assert verdict.outcome == "not genuine"
    assert "no proof" in verdict.reasons[0]


@pytest.mark.parametrize("fmt", ["none", "tpm", "apple", "android-key", "compound"])
def test_other_formats_prove_no_maker(fmt: str) -> None:
    auth_data, _ = authenticator_data()
    raw = cbor.encode({"fmt": fmt, "authData": bytes(auth_data), "attStmt": {}})
    told = outcome(raw)
    assert told[0] == "unknown maker"
    assert fmt in told[1]


def test_a_key_that_vouches_for_itself_has_an_unknown_maker() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public_key = cose(key.public_key())
    credential = AttestedCredentialData.create(Aaguid(MODEL), b"id", public_key)
    auth_data = AuthenticatorData.create(bytes(32), AuthenticatorData.FLAG.AT, 0, credential)
    statement = {"alg": -7, "sig": key.sign(auth_data + HASH, ec.ECDSA(hashes.SHA256()))}
    raw = cbor.encode({"fmt": "packed", "authData": bytes(auth_data), "attStmt": statement})
    assert outcome(raw)[0] == "unknown maker"

"""Is this key what its maker says? Attestation statements, certificate chains and assertions.

python-fido2 verifies the statement (WebAuthn 3, 8.2 and 8.6). It compares a chain's signatures
alone, so names, dates and the right to sign are checked here (RFC 5280, 6.1).
"""

import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal, cast

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from fido2 import cbor
from fido2.attestation.base import InvalidAttestation
from fido2.attestation.packed import PackedAttestation
from fido2.attestation.u2f import FidoU2FAttestation
from fido2.cose import CoseKey
from fido2.webauthn import AttestationObject

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.keys.credentials import Assertion
from keyvault_kit.keys.failures import MALFORMED

# The two formats in which security keys attest; the others are those of phones and computers.
_FORMATS = {"packed": PackedAttestation, "fido-u2f": FidoU2FAttestation}
_OID_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
_NO_AAGUID = bytes(16)

_UNREADABLE = (*MALFORMED, UnsupportedAlgorithm)
_ODD_CERTIFICATE = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

Outcome = Literal["genuine", "unknown maker", "not genuine"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an attestation proves.

    Attributes:
        outcome: 'genuine' only where the whole chain to a given root holds; 'unknown maker' where
            it cannot be told; 'not genuine' where a signature or a claim is false.
        reasons: Why it is not genuine, in plain words; empty for a genuine key.
        aaguid: The model that the key claims, lower-case and hyphenated.
        leaf_fingerprint: SHA-256 of the attestation certificate, hex; None without one.
        root_fingerprint: SHA-256 of the root that the chain ends in, hex; None without one.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    aaguid: str
    leaf_fingerprint: str | None = None
    root_fingerprint: str | None = None


class _RejectedError(Exception):
    """The chain is broken: somebody made something up."""


class _UnprovenError(Exception):
    """Nothing speaks against the key, and no given root speaks for it."""


@contextmanager
def _odd_certificates_allowed() -> Iterator[None]:
    """Published certificates have odd serial numbers and names, of which cryptography warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@_odd_certificates_allowed()
def verify_attestation(
    attestation_object: bytes, client_data_hash: bytes, *, roots: Sequence[bytes], now: datetime
) -> Verdict:
    """Judge an attestation.

    Args:
        attestation_object: The CBOR map of fmt, authData and attStmt.
        client_data_hash: SHA-256 of the client data, 32 bytes.
        roots: Makers' root certificates, DER. Those that cannot be read are reported where the
            verdict is not 'genuine'.
        now: Aware time, for the certificates' validity.

    Raises:
        InputError: The attestation object is malformed.
    """
    try:
        attestation = AttestationObject(attestation_object)
        chain = [_load(der) for der in attestation.att_stmt.get("x5c", ())]
        credential = attestation.auth_data.credential_data
    except _UNREADABLE as error:
        raise InputError("the attestation object cannot be read") from error
    if credential is None:
        raise InputError("the attestation object names no credential")
    anchors, unread = _load_roots(roots)
    leaf = _fingerprint(chain[0]) if chain else None
    outcome, root, reasons = _judge(attestation, client_data_hash, chain, anchors, now)
    if unread and outcome != "genuine":
        reasons += (f"{unread} of the given root certificates cannot be read",)
    return Verdict(
        outcome=outcome,
        reasons=reasons,
        aaguid=str(credential.aaguid),
        leaf_fingerprint=leaf,
        root_fingerprint=root,
    )


def _judge(
    attestation: AttestationObject,
    client_data_hash: bytes,
    chain: list[x509.Certificate],
    anchors: list[x509.Certificate],
    now: datetime,
) -> tuple[Outcome, str | None, tuple[str, ...]]:
    """The outcome, the root's fingerprint and the reasons."""
    if attestation.fmt not in _FORMATS:
        return "unknown maker", None, (f"the key gave no proof of its maker ({attestation.fmt})",)
    try:
        _check_statement(attestation, client_data_hash)
        _check_aaguid(attestation, chain)
        root = _check_chain(chain, anchors, now)
    except _RejectedError as error:
        return "not genuine", None, (str(error),)
    except _UnprovenError as error:
        return "unknown maker", None, (str(error),)
    return "genuine", _fingerprint(root), ()


def _check_statement(attestation: AttestationObject, client_data_hash: bytes) -> None:
    """The statement's own signature and form."""
    try:
        verifier = _FORMATS[attestation.fmt]()
        verifier.verify(attestation.att_stmt, attestation.auth_data, client_data_hash)
    except InvalidAttestation as error:
        detail = str(error) or "its signature is wrong"
        raise _RejectedError(f"the attestation statement does not hold: {detail}") from error
    except (*_UNREADABLE, InvalidSignature) as error:
        raise _RejectedError("the attestation statement is malformed") from error


def _check_aaguid(attestation: AttestationObject, chain: Sequence[x509.Certificate]) -> None:
    """The model in the certificate is the model in the signed data (WebAuthn 3, 8.2.1)."""
    credential = attestation.auth_data.credential_data
    claimed = _NO_AAGUID if credential is None else bytes(credential.aaguid)
    if attestation.fmt == "fido-u2f":
        # Its signature covers no AAGUID; the certificate of a key that speaks both names one.
        if claimed != _NO_AAGUID:
            raise _RejectedError("a U2F statement names a model, of which it is no proof")
        return
    if not chain:
        raise _UnprovenError("the key vouches for itself alone: it gave no certificate")
    try:
        extension = chain[0].extensions.get_extension_for_oid(_OID_AAGUID).value
    except x509.ExtensionNotFound:
        return  # Some makers leave it out.
    # An OCTET STRING of 16 bytes within the extension's own.
    if extension.public_bytes() != b"\x04\x10" + claimed:
        raise _RejectedError("the attestation certificate is one of another model")


def _check_chain(
    chain: list[x509.Certificate], anchors: list[x509.Certificate], now: datetime
) -> x509.Certificate:
    """Every certificate signed by the next and valid now, up to a given root, which it returns."""
    path = _path(chain, anchors)
    for certificate in path:
        _check_dates(certificate, now)
    return path[-1]


def _path(chain: list[x509.Certificate], anchors: list[x509.Certificate]) -> list[x509.Certificate]:
    """The certificates from the leaf to the root.

    A given root is trusted for its name and key alone (RFC 5280, 6.1.1 d): real ones lack basic
    constraints, or deny that they are CAs. What the key itself sent must have the right to sign.
    """
    for depth, certificate in enumerate(chain):
        if depth and not _issued(chain[depth - 1], certificate):
            raise _RejectedError("a certificate of the chain is not signed by the next one")
        if certificate in anchors:
            return chain[: depth + 1]
        if depth:
            _check_may_sign(certificate, depth - 1)
    last = chain[-1]
    issuers = [anchor for anchor in anchors if _issued(last, anchor)]
    if not issuers:
        # No accusation: makers have several roots of one name, and we may have but one of them.
        raise _UnprovenError(f"no root here has signed for {last.issuer.rfc4514_string()}")
    # A renewed root keeps its name and key: the one that lasts longest counts.
    return [*chain, max(issuers, key=lambda issuer: issuer.not_valid_after_utc)]


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and signature are on the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _check_dates(certificate: x509.Certificate, now: datetime) -> None:
    """Valid now. Real keys outlive their makers' certificates, so this is no proof of forgery."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= now <= end:
        name = certificate.subject.rfc4514_string()
        raise _UnprovenError(
            f"the certificate {name} is valid from {start:%Y-%m-%d} "
            f"to {end:%Y-%m-%d}, and this station has {now:%Y-%m-%d}"
        )


def _check_may_sign(certificate: x509.Certificate, below: int) -> None:
    """Basic constraints (RFC 5280, 4.2.1.9): a CA, with room for `below` intermediates."""
    name = certificate.subject.rfc4514_string()
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise _RejectedError(f"the certificate {name} may not sign others") from error
    if not found.ca or (found.path_length is not None and found.path_length < below):
        raise _RejectedError(f"the certificate {name} may not sign this one")


def _load_roots(roots: Sequence[bytes]) -> tuple[list[x509.Certificate], int]:
    """The roots, and how many of them cannot be read: some published ones break X.509's rules."""
    loaded: list[x509.Certificate] = []
    for der in roots:
        try:
            loaded.append(_load(der))
        except ValueError:
            continue
    return loaded, len(roots) - len(loaded)


def _load(der: bytes) -> x509.Certificate:
    """A certificate with names and extensions that can be read; ValueError otherwise."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        # cryptography parses these late: now is the time to find that they are broken.
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except _ODD_CERTIFICATE as error:
        raise ValueError("no certificate by the rules") from error
    return certificate


def _fingerprint(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def verify_assertion(
    public_key: bytes, rp_id: str, client_data_hash: bytes, assertion: Assertion
) -> None:
    """Check that the holder of a credential's private key signed this (WebAuthn 3, 7.2).

    Whether a touch or a PIN was needed is the caller's to judge, from the flags.

    Args:
        public_key: COSE in CBOR, as registered.
        rp_id: The relying party's id, as registered.
        client_data_hash: What the key was asked to sign, 32 bytes.
        assertion: What it answered.

    Raises:
        MismatchError: It was signed for another relying party, or by another key.
        InputError: The public key cannot be read.
    """
    try:
        key = CoseKey.parse(cast("Mapping[int, object]", cbor.decode(public_key)))
    except _UNREADABLE as error:
        raise InputError("the registered public key cannot be read") from error
    if assertion.auth_data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise MismatchError(f"the assertion was made for another relying party than {rp_id}")
    try:
        key.verify(assertion.auth_data + client_data_hash, assertion.signature)
    except InvalidSignature as error:
        raise MismatchError(
            "the assertion is not signed by the registered credential",
            mend="This is another key, or one that was reset: take it out of use.",
        ) from error
    except _UNREADABLE as error:
        raise InputError("the registered public key is of no use") from error

"""Is this key what its maker says? Attestation statements and assertions.

python-fido2 verifies the statement (WebAuthn 3, 8.2 and 8.6); the chain behind it is checked in
:mod:`keyvault_kit.keys.chain`, and what became known of the model in
:mod:`keyvault_kit.keys.standing`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from fido2 import cbor
from fido2.attestation.base import InvalidAttestation
from fido2.attestation.packed import PackedAttestation
from fido2.attestation.u2f import FidoU2FAttestation
from fido2.cose import CoseKey
from fido2.webauthn import AttestationObject

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.keys.chain import (
    UNREADABLE,
    RejectedError,
    UnprovenError,
    check_dates,
    find_path,
    fingerprint,
    load_certificate,
    load_roots,
    odd_certificates_allowed,
)
from keyvault_kit.keys.credentials import Assertion
from keyvault_kit.keys.makers import root_by_fingerprint
from keyvault_kit.keys.mds import Blob
from keyvault_kit.keys.mds_entries import NO_AAGUID, Entry
from keyvault_kit.keys.models import model_of
from keyvault_kit.keys.standing import standing

# The two formats in which security keys attest; the others are those of phones and computers.
_FORMATS = {"packed": PackedAttestation, "fido-u2f": FidoU2FAttestation}
_OID_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")

Outcome = Literal["genuine", "unknown maker", "not genuine", "revoked"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an attestation proves, and the evidence for it.

    Attributes:
        outcome: 'genuine' only where the whole chain to a given root holds; 'unknown maker' where
            it cannot be told; 'not genuine' where a signature or a claim is false; 'revoked' where
            nothing is false, and the FIDO Alliance says that the model must not be trusted.
        reasons: Why it is not genuine, in plain words; empty for a genuine key.
        remarks: What its holder should know all the same; also for a genuine key.
        aaguid: The model that the key claims, lower-case and hyphenated.
        leaf_fingerprint: SHA-256 of the attestation certificate, hex; None without one.
        root_fingerprint: SHA-256 of the root that the chain ends in, hex; None without one.
        root_source: Where that root is from: the maker and file of a shipped one, the number of
            the metadata BLOB, or 'given'; None without one.
        metadata_number: The number of the metadata BLOB that was asked; None without one.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    aaguid: str
    leaf_fingerprint: str | None = None
    root_fingerprint: str | None = None
    root_source: str | None = None
    metadata_number: int | None = None


class _Known(msgspec.Struct, frozen=True):
    """What the metadata BLOB knows of the key: nothing, where there is no BLOB.

    Attributes:
        number: The BLOB's number.
        entries: Those that speak of the key's model.
        anchors: The roots of these.
        is_unread: Whether an entry of this model could not be read.
        is_current: Whether the BLOB is not stale, so that what it lists counts as of now.
        remarks: What is to be said of the BLOB.
    """

    number: int | None = None
    entries: tuple[Entry, ...] = ()
    anchors: tuple[x509.Certificate, ...] = ()
    is_unread: bool = False
    is_current: bool = False
    remarks: tuple[str, ...] = ()


@odd_certificates_allowed()
def verify_attestation(
    attestation_object: bytes,
    client_data_hash: bytes,
    *,
    roots: Sequence[bytes],
    now: datetime,
    blob: Blob | None = None,
) -> Verdict:
    """Judge an attestation.

    Args:
        attestation_object: The CBOR map of fmt, authData and attStmt.
        client_data_hash: SHA-256 of the client data, 32 bytes.
        roots: Makers' root certificates, DER. Those that cannot be read are reported where the
            verdict is not 'genuine'.
        now: Aware time, for the certificates' validity.
        blob: An imported metadata BLOB: its roots count for the models that they stand with, and
            what it knows against a model counts whichever root the chain ends in.

    Raises:
        InputError: The attestation object is malformed.
    """
    attestation, chain = _read(attestation_object)
    aaguid = _aaguid(attestation)
    known = _look_up(blob, aaguid, chain, now)
    anchors, unread = load_roots(roots)
    outcome, root, reasons = _judge(attestation, client_data_hash, chain, anchors, known, now)
    if unread and outcome != "genuine":
        reasons += (f"{unread} of the given root certificates cannot be read",)
    known_against = standing(
        known.entries, [_der(each) for each in (*chain, *filter(None, [root]))]
    )
    if known_against.revoked and outcome != "not genuine":
        outcome, reasons = "revoked", known_against.revoked + reasons
    return Verdict(
        outcome=outcome,
        reasons=reasons,
        remarks=known_against.told + known.remarks,
        aaguid=aaguid,
        leaf_fingerprint=fingerprint(chain[0]) if chain else None,
        root_fingerprint=fingerprint(root) if root else None,
        root_source=_source(root, anchors, known) if root else None,
        metadata_number=known.number,
    )


def _read(attestation_object: bytes) -> tuple[AttestationObject, list[x509.Certificate]]:
    """The attestation, which names a credential, and its certificates."""
    try:
        attestation = AttestationObject(attestation_object)
        chain = [load_certificate(der) for der in attestation.att_stmt.get("x5c", ())]
        credential = attestation.auth_data.credential_data
    except UNREADABLE as error:
        raise InputError("the attestation object cannot be read") from error
    if credential is None:
        raise InputError("the attestation object names no credential")
    return attestation, chain


def _look_up(
    blob: Blob | None, aaguid: str, chain: Sequence[x509.Certificate], now: datetime
) -> _Known:
    """By AAGUID; a U2F key has none, and is known by its certificates."""
    if blob is None:
        return _Known()
    identifiers = [_key_identifier(each) for each in chain] if aaguid == NO_AAGUID else []
    entries = blob.entries_of(aaguid, identifiers)
    anchors, _ = load_roots([root for entry in entries for root in entry.roots])
    stale = blob.is_stale(now)
    late = f"the metadata BLOB no. {blob.number} was to be renewed by {blob.next_update}"
    return _Known(
        number=blob.number,
        entries=entries,
        anchors=tuple(anchors),
        is_unread=not blob.left_out_ids.isdisjoint((aaguid, *identifiers)),
        is_current=not stale,
        remarks=(late,) if stale else (),
    )


def _key_identifier(certificate: x509.Certificate) -> str:
    """SHA-1 of the public key, hex (RFC 5280, 4.2.1.2, method 1)."""
    try:
        key = certificate.public_key()
        return x509.SubjectKeyIdentifier.from_public_key(key).digest.hex()
    except UNREADABLE:
        return ""


def _judge(
    attestation: AttestationObject,
    client_data_hash: bytes,
    chain: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    known: _Known,
    now: datetime,
) -> tuple[Outcome, x509.Certificate | None, tuple[str, ...]]:
    """The outcome as the certificates have it, the root and the reasons."""
    if attestation.fmt not in _FORMATS:
        return "unknown maker", None, (f"the key gave no proof of its maker ({attestation.fmt})",)
    try:
        _check_statement(attestation, client_data_hash)
        _check_aaguid(attestation, chain)
        root = _check_chain(attestation, chain, anchors, known, now)
    except RejectedError as error:
        return "not genuine", None, (str(error),)
    except UnprovenError as error:
        return "unknown maker", None, (str(error),)
    return "genuine", root, ()


def _check_chain(
    attestation: AttestationObject,
    chain: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    known: _Known,
    now: datetime,
) -> x509.Certificate:
    """Every certificate signed by the next and valid now, up to a root that may vouch for the key.

    A root that the Metadata Service lists today is trusted today, whatever its own dates say: it is
    trusted for its name and key (RFC 5280, 6.1.1 d), and makers leave expired ones listed for the
    keys that outlive them.
    """
    path = find_path(chain, [*anchors, *known.anchors])
    root = path[-1]
    listed = root in known.anchors
    for certificate in path[:-1] if listed and known.is_current else path:
        check_dates(certificate, now)
    if not listed:
        _check_maker(attestation, root)
    if known.is_unread:
        raise UnprovenError(
            f"the entry on this model in the metadata BLOB no. {known.number} cannot be read"
        )
    return root


def _check_maker(attestation: AttestationObject, root: x509.Certificate) -> None:
    """A shipped root vouches for the models of its maker: one that leaked would vouch for all."""
    shipped = root_by_fingerprint(fingerprint(root))
    model = model_of(_aaguid(attestation))
    if shipped and model and shipped.maker != model.maker:
        raise UnprovenError(
            f"the key says that it is a {model.name} by {model.maker}, and its root is one of "
            f"{shipped.maker}"
        )


def _aaguid(attestation: AttestationObject) -> str:
    credential = attestation.auth_data.credential_data
    return str(credential.aaguid) if credential else NO_AAGUID


def _source(root: x509.Certificate, anchors: Sequence[x509.Certificate], known: _Known) -> str:
    shipped = root_by_fingerprint(fingerprint(root))
    if root not in anchors:
        return f"FIDO Metadata Service, BLOB no. {known.number}"
    return (
        f"shipped: {shipped.maker}, {shipped.file}" if shipped else "a root of this station's own"
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _check_statement(attestation: AttestationObject, client_data_hash: bytes) -> None:
    """The statement's own signature and form."""
    try:
        verifier = _FORMATS[attestation.fmt]()
        verifier.verify(attestation.att_stmt, attestation.auth_data, client_data_hash)
    except InvalidAttestation as error:
        detail = str(error) or "its signature is wrong"
        raise RejectedError(f"the attestation statement does not hold: {detail}") from error
    except (*UNREADABLE, InvalidSignature) as error:
        raise RejectedError("the attestation statement is malformed") from error


def _check_aaguid(attestation: AttestationObject, chain: Sequence[x509.Certificate]) -> None:
    """The model in the certificate is the model in the signed data (WebAuthn 3, 8.2.1)."""
    claimed = _aaguid(attestation)
    if attestation.fmt == "fido-u2f":
        # Its signature covers no AAGUID; the certificate of a key that speaks both names one.
        if claimed != NO_AAGUID:
            raise RejectedError("a U2F statement names a model, of which it is no proof")
        return
    if not chain:
        raise UnprovenError("the key vouches for itself alone: it gave no certificate")
    try:
        extension = chain[0].extensions.get_extension_for_oid(_OID_AAGUID).value
    except x509.ExtensionNotFound:
        return  # Some makers leave it out.
    # An OCTET STRING of 16 bytes within the extension's own.
    if extension.public_bytes() != b"\x04\x10" + UUID(claimed).bytes:
        raise RejectedError("the attestation certificate is one of another model")


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
    except UNREADABLE as error:
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
    except UNREADABLE as error:
        raise InputError("the registered public key is of no use") from error

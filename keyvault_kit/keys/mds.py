"""The FIDO Metadata Service's BLOB: which models there are, their roots, and what became known.

A BLOB is a JWT (RFC 7515) whose certificates end in GlobalSign Root CA - R3 (FIDO Metadata Service
3.1, 3.1.7 and 3.2). It comes from outside on a stick, so all of it is hostile until the signature
holds; then it is parsed entry by entry, because real ones hold entries that break the rules.
"""

import hashlib
import json
import re
import ssl
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final, TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from keyvault_kit.errors import InputError
from keyvault_kit.keys.chain import (
    UNREADABLE,
    ExpiredError,
    RejectedError,
    UnprovenError,
    check_dates,
    find_path,
    fingerprint,
    load_certificate,
    odd_certificates_allowed,
)
from keyvault_kit.keys.mds_entries import Entry, from_base64, parse_entries

SIGNER: Final = "mds.fidoalliance.org"
"""The host name in the certificate that signs BLOBs."""

SIZE_LIMIT: Final = 64 << 20
"""Bytes; the real ones have a few millions."""

_CERTIFICATE_LIMIT = 8
_ENTRY_LIMIT = 20_000
_DOWNLOAD = "Download the BLOB anew from https://mds3.fidoalliance.org and import it."
_ES256_SIZE = 64


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """A BLOB whose signature held.

    Attributes:
        number: Its number; each has a higher one than the one before.
        next_update: The day by which the next one is out.
        legal_header: Under which terms it may be used.
        entries: What could be read, without models that know neither FIDO2 nor U2F.
        left_out: What could not be read: which entry, and why.
        left_out_ids: The AAGUIDs and key identifiers of those, where they say, in lower case.
        signer: SHA-256 of the certificate that signed it, hex.
        sha256: Of the whole BLOB, hex.
    """

    number: int
    next_update: date
    legal_header: str
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]
    left_out_ids: frozenset[str]
    signer: str
    sha256: str

    def is_stale(self, now: datetime) -> bool:
        """Whether a newer one must be out by now."""
        return now.date() > self.next_update

    def entries_of(self, aaguid: str, key_identifiers: Sequence[str] = ()) -> tuple[Entry, ...]:
        """The entries that speak of a key: by its AAGUID, and for U2F by its certificates.

        Args:
            aaguid: Lower-case and hyphenated; all zeros for U2F.
            key_identifiers: Of its chain's certificates, SHA-1 in lower-case hex.
        """
        return tuple(
            entry
            for entry in self.entries
            if entry.aaguid == aaguid or not set(key_identifiers).isdisjoint(entry.key_identifiers)
        )


_Decoded = TypeVar("_Decoded", "_Header", "_Payload")


class _Header(msgspec.Struct, frozen=True):
    alg: str
    x5c: tuple[str, ...]
    crit: Any = None


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    no: Annotated[int, msgspec.Meta(ge=0)]
    next_update: date
    entries: list[Any]
    legal_header: str = ""


class _Ambiguous:
    """An object with two members of one name: whoever needs it finds that it is none."""


@cache
def globalsign_r3() -> bytes:
    """GlobalSign Root CA - R3, DER, in which the service's certificates end."""
    text = resources.files(__package__).joinpath("data", "globalsign-r3.pem").read_text("ascii")
    return ssl.PEM_cert_to_DER_cert(text)


@odd_certificates_allowed()
def read_blob(data: bytes, *, now: datetime, root: bytes | None = None) -> Blob:
    """Verify and parse a BLOB.

    A stale one is read too, as long as its certificates are valid: see :meth:`Blob.is_stale`.

    Args:
        data: The file as it was downloaded.
        now: Aware time, for the certificates' validity. For a BLOB that was verified when it was
            imported, the time of its import.
        root: What its certificates must end in, DER; GlobalSign Root CA - R3 if absent.

    Raises:
        InputError: It is no BLOB, its signature is wrong, or a certificate is not valid.
    """
    if len(data) > SIZE_LIMIT:
        raise InputError(
            f"the metadata BLOB has {len(data)} bytes, more than any real one", mend=_DOWNLOAD
        )
    signed, _, signature = data.strip().rpartition(b".")
    head, _, body = signed.partition(b".")
    header = _decode(head, _Header)
    if header.crit is not None:
        raise InputError(
            "the metadata BLOB demands an extension that the kit does not have (RFC 7515, 4.1.11)",
            mend=_DOWNLOAD,
        )
    leaf = _verified_leaf(header, now, root or globalsign_r3())
    _check_signature(header.alg, leaf, signed, _unpadded(signature, "signature"))
    payload = _decode(body, _Payload)
    if len(payload.entries) > _ENTRY_LIMIT:
        raise InputError("the metadata BLOB has too many entries", mend=_DOWNLOAD)
    parsed = parse_entries(payload.entries)
    return Blob(
        number=payload.no,
        next_update=payload.next_update,
        legal_header=payload.legal_header,
        entries=parsed.entries,
        left_out=parsed.left_out,
        left_out_ids=parsed.left_out_ids,
        signer=fingerprint(leaf),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _decode(part: bytes, kind: type[_Decoded]) -> _Decoded:
    """A part of the JWT. Members that we do not read may hold what they want."""
    name = "header" if kind is _Header else "payload"
    try:
        text = _unpadded(part, name).decode("utf-8")
        members = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
        return msgspec.convert(members, kind)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"the {name} of the metadata BLOB cannot be read", mend=_DOWNLOAD
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Ambiguous:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Ambiguous()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _unpadded(part: bytes, name: str) -> bytes:
    """Base64url without padding (RFC 7515, 2)."""
    if not re.fullmatch(rb"[A-Za-z0-9_-]+", part) or len(part) % 4 == 1:
        raise InputError(
            f"this is no metadata BLOB: its {name} is not base64url",
            mend=_DOWNLOAD,
        )
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def _verified_leaf(header: _Header, now: datetime, root: bytes) -> x509.Certificate:
    """The certificate that signed, after its chain was found to be good at `now`."""
    try:
        if not 1 <= len(header.x5c) <= _CERTIFICATE_LIMIT:
            raise ValueError("too few or too many certificates")
        chain = [load_certificate(from_base64(each)) for each in header.x5c]
    except UNREADABLE as error:
        raise InputError(
            "the certificates of the metadata BLOB cannot be read", mend=_DOWNLOAD
        ) from error
    try:
        return _trusted_leaf(chain, load_certificate(root), now)
    except ExpiredError as error:
        raise InputError(
            f"the metadata BLOB cannot be trusted any more, or not yet: {error}", mend=_DOWNLOAD
        ) from error
    except (RejectedError, UnprovenError) as error:
        raise InputError(f"the metadata BLOB is not genuine: {error}", mend=_DOWNLOAD) from error


def _trusted_leaf(
    chain: Sequence[x509.Certificate], root: x509.Certificate, now: datetime
) -> x509.Certificate:
    path = find_path(chain, [root])
    if SIGNER not in _hosts(path[0]):
        raise RejectedError(f"its certificate is not one of {SIGNER}")
    for certificate in path:
        check_dates(certificate, now)
    return path[0]


def _hosts(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _check_signature(alg: str, leaf: x509.Certificate, signed: bytes, signature: bytes) -> None:
    """RS256 and ES256 (RFC 7518, 3.3 and 3.4), as the service may use them."""
    try:
        key = leaf.public_key()
        if alg == "RS256" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            return
        if alg == "ES256" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_ecdsa(signature), signed, ec.ECDSA(hashes.SHA256()))
            return
    except (InvalidSignature, *UNREADABLE) as error:
        raise InputError(
            "the metadata BLOB is not genuine: its signature is wrong", mend=_DOWNLOAD
        ) from error
    raise InputError(
        "the metadata BLOB is signed by an algorithm that its certificate or the kit does not have",
        mend=_DOWNLOAD,
    )


def _ecdsa(signature: bytes) -> bytes:
    if len(signature) != _ES256_SIZE:
        raise ValueError("two numbers of 32 bytes")
    half = _ES256_SIZE // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))

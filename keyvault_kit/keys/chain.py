"""Certificate chains: names, signatures, dates and the right to sign (RFC 5280, 6.1).

python-fido2 compares a chain's signatures alone, so the rest is checked here, for attestation
certificates as for those that sign the FIDO Metadata Service.
"""

import hashlib
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from keyvault_kit.keys.failures import MALFORMED

UNREADABLE = (*MALFORMED, UnsupportedAlgorithm)
"""What hostile bytes provoke in the libraries that read certificates, keys and signatures."""

_ODD_CERTIFICATE = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


class RejectedError(Exception):
    """The chain is broken: somebody made something up."""


class UnprovenError(Exception):
    """Nothing speaks against the chain, and no given root speaks for it."""


class ExpiredError(UnprovenError):
    """A certificate is not valid at the time in question."""


@contextmanager
def odd_certificates_allowed() -> Iterator[None]:
    """Published certificates have odd serial numbers and names, of which cryptography warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@odd_certificates_allowed()
def load_certificate(der: bytes) -> x509.Certificate:
    """A certificate with names and extensions that can be read.

    Raises:
        ValueError: It is no certificate, or breaks the rules.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        # cryptography parses these late: now is the time to find that they are broken.
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except _ODD_CERTIFICATE as error:
        raise ValueError("no certificate by the rules") from error
    return certificate


def load_roots(roots: Collection[bytes]) -> tuple[list[x509.Certificate], int]:
    """The roots, DER, and how many of them cannot be read: some published ones break the rules."""
    loaded: list[x509.Certificate] = []
    for der in roots:
        try:
            loaded.append(load_certificate(der))
        except ValueError:
            continue
    return loaded, len(roots) - len(loaded)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER, lower-case hex."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def find_path(
    chain: Sequence[x509.Certificate], anchors: Collection[x509.Certificate]
) -> list[x509.Certificate]:
    """The certificates from the leaf to the root.

    A given root is trusted for its name and key alone (RFC 5280, 6.1.1 d): real ones lack basic
    constraints, or deny that they are CAs. What came with the leaf must have the right to sign.
    A leaf may be an anchor, as the Metadata Service has it (FIDO Metadata Statement 3,
    attestationRootCertificates); such a one vouches for itself and for nothing below it.

    Args:
        chain: The leaf and what came with it, each signed by the next; not empty.
        anchors: What is trusted.

    Raises:
        RejectedError: A link is broken, or a certificate may not sign.
        UnprovenError: No anchor has signed for the chain.
    """
    for depth, certificate in enumerate(chain):
        if depth and not _issued(chain[depth - 1], certificate):
            raise RejectedError("a certificate of the chain is not signed by the next one")
        if certificate in anchors:
            return list(chain[: depth + 1])
        if depth:
            _check_may_sign(certificate, depth - 1)
    last = chain[-1]
    issuers = [anchor for anchor in anchors if _issued(last, anchor) and not _is_leaf(anchor)]
    if not issuers:
        # No accusation: makers have several roots of one name, and we may have but one of them.
        raise UnprovenError(f"no root here has signed for {common_name(last.issuer)}")
    # A renewed root keeps its name and key: the one that lasts longest counts.
    return [*chain, max(issuers, key=lambda issuer: issuer.not_valid_after_utc)]


def common_name(name: x509.Name) -> str:
    """A name for people: its common name, or all of it where there is none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def check_dates(certificate: x509.Certificate, now: datetime) -> None:
    """Valid now. Real keys outlive their makers' certificates, so this is no proof of forgery.

    Raises:
        ExpiredError: It is not, or not yet.
    """
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= now <= end:
        name = common_name(certificate.subject)
        raise ExpiredError(
            f"the certificate {name} is valid from {start:%Y-%m-%d} "
            f"to {end:%Y-%m-%d}, and this station has {now:%Y-%m-%d}"
        )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and signature are on the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _is_leaf(anchor: x509.Certificate) -> bool:
    """Whether it is no CA. A root, which may lack the extension, is its own issuer."""
    return anchor.issuer != anchor.subject and not _constraints(anchor).ca


def _constraints(certificate: x509.Certificate) -> x509.BasicConstraints:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return x509.BasicConstraints(ca=False, path_length=None)


def _check_may_sign(certificate: x509.Certificate, below: int) -> None:
    """Basic constraints and key usage (RFC 5280, 4.2.1.9 and 4.2.1.3).

    A CA, with room for `below` intermediates; where it names uses of its key, signing certificates
    is one of them.
    """
    name = common_name(certificate.subject)
    found = _constraints(certificate)
    if not found.ca or (found.path_length is not None and found.path_length < below):
        raise RejectedError(f"the certificate {name} may not sign this one")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.key_cert_sign:
        raise RejectedError(f"the certificate {name} may not sign others")

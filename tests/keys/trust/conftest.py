"""Makers and a metadata service of our own, to forge whatever a test needs."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import Aaguid, AttestedCredentialData, AuthenticatorData

from keyvault_kit.keys.mds import SIGNER, Blob, read_blob
from keyvault_kit.keys.metadata import Verdict, verify_attestation

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

AAGUID_OID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


class Issued(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def base64(self) -> str:
        return b64encode(self.der).decode()

    @property
    def key_identifier(self) -> str:
        key = self.certificate.public_key()
        return x509.SubjectKeyIdentifier.from_public_key(key).digest.hex()


class Workshop:
    """Makers, keys and BLOBs of our own, all of one moment."""

    now = datetime(2026, 11, 1, tzinfo=UTC)
    hash = hashlib.sha256(b"client data").digest()
    model = bytes(range(16))
    aaguid = str(Aaguid(model))
    aaguid_oid = AAGUID_OID

    def __init__(self) -> None:
        self.root = self.certificate("service root")
        self.signer = self.certificate("signer", self.root, ca=False, host=SIGNER)

    @staticmethod
    def cose(public_key: ec.EllipticCurvePublicKey) -> CoseKey:
        """An ES256 key in COSE (RFC 9053, 7.1.1)."""
        numbers = public_key.public_numbers()
        x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
        return CoseKey({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def certificate(  # noqa: PLR0913 - all that can be wrong with one
        self,
        name: str,
        issuer: Issued | None = None,
        *,
        ca: bool = True,
        path_length: int | None = None,
        extension: bytes | None = None,
        host: str | None = None,
        usage: x509.KeyUsage | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        key: PrivateKey | None = None,
        signed_by: PrivateKey | None = None,
    ) -> Issued:
        """One by the book, unless told otherwise; its own issuer where none is given."""
        key = key or ec.generate_private_key(ec.SECP256R1())
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
            .not_valid_before(since or self.now - timedelta(days=9))
            .not_valid_after(until or self.now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        )
        if extension is not None:
            aaguid = x509.UnrecognizedExtension(AAGUID_OID, extension)
            builder = builder.add_extension(aaguid, critical=False)
        if host is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        if usage is not None:
            builder = builder.add_extension(usage, critical=True)
        signer = signed_by or (issuer.key if issuer else key)
        return Issued(builder.sign(signer, hashes.SHA256()), key)

    def authenticator_data(self, model: bytes) -> tuple[AuthenticatorData, bytes]:
        """Signed data of a fresh credential, and its public key as an uncompressed point."""
        public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
        credential = AttestedCredentialData.create(Aaguid(model), b"id", self.cose(public_key))
        rp_id_hash = hashlib.sha256(b"example.com").digest()
        flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
        point = public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return AuthenticatorData.create(rp_id_hash, flags, 0, credential), point

    def packed(self, leaf: Issued, *others: Issued, model: bytes | None = None) -> bytes:
        """An attestation object by a leaf certificate and what lies above it."""
        auth_data, _ = self.authenticator_data(self.model if model is None else model)
        chain = [each.der for each in (leaf, *others)]
        statement = {"alg": -7, "sig": self.sign(leaf, auth_data + self.hash), "x5c": chain}
        return self.encode("packed", auth_data, statement)

    def u2f(self, leaf: Issued) -> bytes:
        """An attestation object of the old kind (WebAuthn 3, 8.6)."""
        auth_data, point = self.authenticator_data(bytes(16))
        assert auth_data.credential_data
        credential_id = auth_data.credential_data.credential_id
        signed = b"\0" + auth_data.rp_id_hash + self.hash + credential_id + point
        statement = {"sig": self.sign(leaf, signed), "x5c": [leaf.der]}
        return self.encode("fido-u2f", auth_data, statement)

    @staticmethod
    def encode(fmt: str, auth_data: AuthenticatorData, statement: Mapping[str, Any]) -> bytes:
        return cbor.encode({"fmt": fmt, "authData": bytes(auth_data), "attStmt": statement})

    @staticmethod
    def sign(by: Issued, data: bytes) -> bytes:
        if isinstance(by.key, rsa.RSAPrivateKey):
            return by.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return by.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def judge(self, attestation: bytes, *roots: Issued, blob: Blob | None = None) -> Verdict:
        return verify_attestation(
            attestation, self.hash, roots=[root.der for root in roots], now=self.now, blob=blob
        )

    def told(self, attestation: bytes, *roots: Issued) -> tuple[str, str]:
        """The outcome, and the reasons in one line."""
        verdict = self.judge(attestation, *roots)
        return verdict.outcome, " ".join(verdict.reasons)

    # --- The metadata service

    def entry(self, *statuses: str | Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """An entry on our model, with its reports; a member changed to None is left out."""
        reports = [{"status": each} if isinstance(each, str) else each for each in statuses]
        entry: dict[str, Any] = {
            "aaguid": self.aaguid,
            "statusReports": reports,
            "timeOfLastStatusChange": "2026-01-01",
            "metadataStatement": {"description": "Our model", "attestationRootCertificates": []},
        }
        return {name: value for name, value in (entry | changes).items() if value is not None}

    def statement(self, *roots: Issued) -> dict[str, Any]:
        certificates = [root.base64 for root in roots]
        return {"description": "Our model", "attestationRootCertificates": certificates}

    def payload(self, *entries: Any, **changes: Any) -> dict[str, Any]:
        standard = {"legalHeader": "Terms", "no": 7, "nextUpdate": "2026-12-01"}
        return standard | {"entries": list(entries)} | changes

    def jwt(
        self,
        payload: object,
        *,
        chain: Sequence[Issued] | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> bytes:
        """A BLOB: signed by the first of the chain. A payload of bytes is taken as it is."""
        chain = [self.signer] if chain is None else chain
        is_rsa = isinstance(chain[0].key, rsa.RSAPrivateKey)
        standard = {
            "alg": "RS256" if is_rsa else "ES256",
            "typ": "JWT",
            "x5c": [each.base64 for each in chain],
        }
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        head = json.dumps(standard | dict(header or {})).encode()
        signed = _url(head) + b"." + _url(body)
        signature = self.sign(chain[0], signed)
        if not is_rsa:
            r, s = decode_dss_signature(signature)
            signature = r.to_bytes(32) + s.to_bytes(32)
        return signed + b"." + _url(signature)

    def read(self, data: bytes, *, now: datetime | None = None) -> Blob:
        return read_blob(data, now=now or self.now, root=self.root.der)

    def blob(self, *entries: Any, **changes: Any) -> Blob:
        """What is read of a BLOB with these entries."""
        return self.read(self.jwt(self.payload(*entries, **changes)))


def _url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


@pytest.fixture(scope="session")
def shop() -> Workshop:
    return Workshop()

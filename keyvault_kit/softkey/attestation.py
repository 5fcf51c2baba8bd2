"""A test maker: a root, for each profile an attestation certificate, and one for single keys.

Everything follows from a seed and a date, so the same seed gives the same certificates, byte for
byte. The certificates meet WebAuthn level 2, section 8.2.1 (packed attestation).
"""

import hmac
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from keyvault_kit.softkey import es256
from keyvault_kit.softkey.profiles import MANUFACTURER, Profile

AAGUID_EXTENSION: Final = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
SERIAL_EXTENSION: Final = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.2")
"""What tells one key from all others (WebAuthn level 3, 8.2.2)."""
LIFETIME: Final = timedelta(days=30 * 365)

# The user-assigned code of ISO 3166-1 that stands for no country.
_NO_COUNTRY = "ZZ"
_OCTET_STRING = 0x04


class Attester:
    """The attestation key of one make, as it sits in each key of that make.

    Args:
        certificate: The attestation certificate, DER.
        key: Its private key.
    """

    def __init__(self, certificate: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """A DER signature (ES256)."""
        return es256.sign(self._key, data)


class Attesters(msgspec.Struct, frozen=True):
    """The attestation keys in one security key.

    Attributes:
        make: That of its make.
        key: Its own, for enterprise attestation (CTAP 2.1, 7.1); None where it has none.
    """

    make: Attester
    key: Attester | None = None


class AttestationAuthority:
    """The maker's certification authority.

    Args:
        seed: 32 bytes.
        not_before: When the certificates become valid; an aware UTC time.
    """

    def __init__(self, seed: bytes, not_before: datetime) -> None:
        self._seed = seed
        self._not_before = not_before.replace(microsecond=0)
        self._key = self._derive(b"root")
        self._name = _name("Software Key Root", unit="Software Keys")
        self._root = self._sign(
            self._builder(b"root", self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_cert_sign_only(), critical=True)
        )

    @property
    def root_certificate(self) -> bytes:
        """The root certificate, DER."""
        return self._root

    def attester(self, profile: Profile) -> Attester:
        """The attestation key and certificate of a make."""
        return self._attester(profile, b"")

    def enterprise_attester(self, profile: Profile, serial: int) -> Attester:
        """The attestation key and certificate of one key, which names its serial number."""
        return self._attester(profile, serial.to_bytes(4))

    def _attester(self, profile: Profile, serial: bytes) -> Attester:
        key = self._derive(b"key " + profile.aaguid + serial)
        subject = _name(profile.product, unit="Authenticator Attestation")
        aaguid = x509.UnrecognizedExtension(AAGUID_EXTENSION, _octets(profile.aaguid))
        builder = (
            self._builder(profile.aaguid + serial, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(aaguid, critical=False)
        )
        if serial:
            number = x509.UnrecognizedExtension(SERIAL_EXTENSION, _octets(serial))
            builder = builder.add_extension(number, critical=False)
        return Attester(self._sign(builder), key)

    def _derive(self, purpose: bytes) -> ec.EllipticCurvePrivateKey:
        material = hmac.digest(self._seed, b"attestation " + purpose, "sha512")
        return es256.private_key(es256.scalar(material[: es256.MATERIAL_SIZE]))

    def _builder(
        self, purpose: bytes, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        serial = hmac.digest(self._seed, b"serial " + purpose, "sha256")[:16]
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(int.from_bytes(serial) or 1)
            .not_valid_before(self._not_before)
            .not_valid_after(self._not_before + LIFETIME)
        )

    def _sign(self, builder: x509.CertificateBuilder) -> bytes:
        certificate = builder.sign(self._key, hashes.SHA256(), ecdsa_deterministic=True)
        return certificate.public_bytes(Encoding.DER)


def _octets(value: bytes) -> bytes:
    """A short octet string in DER."""
    return bytes([_OCTET_STRING, len(value)]) + value


def _name(common_name: str, *, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, _NO_COUNTRY),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MANUFACTURER),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _cert_sign_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )

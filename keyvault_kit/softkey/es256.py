"""ECDSA on P-256 with SHA-256 (ES256), and its keys as COSE (RFC 9053, 2.1 and 7.1.1)."""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.parameters import required
from keyvault_kit.softkey.status import CtapError, Status

ES256: Final = -7
ECDH_ES_HKDF_256: Final = -25
SCALAR_SIZE: Final = 32
MATERIAL_SIZE: Final = 40
"""Random bytes for a scalar: 64 bits more than needed leave no bias (FIPS 186-5, A.2.1)."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_KTY, _ALG, _CRV, _X, _Y = 1, 3, -1, -2, -3
_EC2, _P256 = 2, 1


def scalar(material: bytes) -> bytes:
    """A private key, 32 bytes big-endian, from 40 random bytes."""
    return (int.from_bytes(material) % (_ORDER - 1) + 1).to_bytes(SCALAR_SIZE)


def private_key(secret_scalar: bytes) -> ec.EllipticCurvePrivateKey:
    """The private key with this scalar."""
    return ec.derive_private_key(int.from_bytes(secret_scalar), ec.SECP256R1())


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """A DER signature; the same one each time (RFC 6979)."""
    return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def to_cose(key: ec.EllipticCurvePublicKey, algorithm: int) -> Map:
    """A public key as a COSE_Key map."""
    numbers = key.public_numbers()
    return {
        _KTY: _EC2,
        _ALG: algorithm,
        _CRV: _P256,
        _X: numbers.x.to_bytes(SCALAR_SIZE),
        _Y: numbers.y.to_bytes(SCALAR_SIZE),
    }


def uncompressed(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as an uncompressed point, 65 bytes (SEC 1, 2.3.3)."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def from_cose(cose: Map) -> ec.EllipticCurvePublicKey:
    """The peer's key for key agreement (CTAP 2.1, 6.5.6, decapsulate).

    Raises:
        CtapError: INVALID_PARAMETER, for a key of another kind or a point off the curve.
    """
    kind, curve = required(cose, _KTY, int), required(cose, _CRV, int)
    x, y = required(cose, _X, bytes), required(cose, _Y, bytes)
    if (kind, curve) != (_EC2, _P256):
        raise CtapError(Status.INVALID_PARAMETER)
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    try:
        return numbers.public_key()
    except ValueError as error:
        raise CtapError(Status.INVALID_PARAMETER) from error

"""PIN/UV auth protocols one and two, the authenticator's side (CTAP 2.1, 6.5.6 and 6.5.7)."""

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keyvault_kit.softkey import es256
from keyvault_kit.softkey.cbor import Map
from keyvault_kit.softkey.status import CtapError, Status

BLOCK_SIZE: Final = 16
_ZERO_IV = bytes(BLOCK_SIZE)
_HALF = 32


class PinProtocol(ABC):
    """One protocol with its key agreement key, which lasts until a wrong PIN or a power cycle.

    Args:
        random: Gives random bytes.
    """

    number: ClassVar[int]

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._key: ec.EllipticCurvePrivateKey | None = None

    def regenerate(self) -> None:
        """Forget the key agreement key; the next one is drawn when it is needed."""
        self._key = None

    def public_key(self) -> Map:
        """The key agreement key as COSE_Key; its algorithm is what the specification writes."""
        return es256.to_cose(self._agreement_key().public_key(), es256.ECDH_ES_HKDF_256)

    def decapsulate(self, peer: Map) -> bytes:
        """The secret shared with the platform whose COSE_Key this is.

        Raises:
            CtapError: INVALID_PARAMETER, for a key that is none.
        """
        point = es256.from_cose(peer)
        return self._kdf(self._agreement_key().exchange(ec.ECDH(), point))

    def _agreement_key(self) -> ec.EllipticCurvePrivateKey:
        if self._key is None:
            self._key = es256.private_key(es256.scalar(self._random(es256.MATERIAL_SIZE)))
        return self._key

    @abstractmethod
    def _kdf(self, z: bytes) -> bytes:
        """The shared secret from the x-coordinate of the agreed point."""

    @abstractmethod
    def encrypt(self, key: bytes, plaintext: bytes) -> bytes:
        """Encrypt whole blocks of 16 bytes under a shared secret."""

    @abstractmethod
    def decrypt(self, key: bytes, ciphertext: bytes) -> bytes:
        """Decrypt under a shared secret.

        Raises:
            CtapError: PIN_AUTH_INVALID, for a ciphertext of an impossible length.
        """

    @abstractmethod
    def authenticate(self, key: bytes, message: bytes) -> bytes:
        """The MAC of a message under a shared secret or a token."""

    def verify(self, key: bytes, message: bytes, mac: bytes) -> None:
        """Check a MAC under a shared secret or a token.

        Raises:
            CtapError: PIN_AUTH_INVALID, for a wrong MAC.
        """
        if not hmac.compare_digest(self.authenticate(key, message), mac):
            raise CtapError(Status.PIN_AUTH_INVALID)


class PinProtocolOne(PinProtocol):
    """Protocol one: SHA-256, AES-256-CBC with a zero IV, HMAC cut to 16 bytes (6.5.6)."""

    number = 1

    def _kdf(self, z: bytes) -> bytes:
        return hashlib.sha256(z).digest()

    def encrypt(self, key: bytes, plaintext: bytes) -> bytes:
        """See the base class."""
        return _encrypt(key, _ZERO_IV, plaintext)

    def decrypt(self, key: bytes, ciphertext: bytes) -> bytes:
        """See the base class."""
        return _decrypt(key, _ZERO_IV, ciphertext)

    def authenticate(self, key: bytes, message: bytes) -> bytes:
        """See the base class."""
        return hmac.digest(key, message, "sha256")[:BLOCK_SIZE]


class PinProtocolTwo(PinProtocol):
    """Protocol two: HKDF, a MAC key and an AES key, random IVs, whole MACs (6.5.7)."""

    number = 2

    def _kdf(self, z: bytes) -> bytes:
        return _hkdf(z, b"CTAP2 HMAC key") + _hkdf(z, b"CTAP2 AES key")

    def encrypt(self, key: bytes, plaintext: bytes) -> bytes:
        """See the base class; the IV stands in front."""
        iv = self._random(BLOCK_SIZE)
        return iv + _encrypt(key[_HALF:], iv, plaintext)

    def decrypt(self, key: bytes, ciphertext: bytes) -> bytes:
        """See the base class; the IV stands in front."""
        return _decrypt(key[_HALF:], ciphertext[:BLOCK_SIZE], ciphertext[BLOCK_SIZE:])

    def authenticate(self, key: bytes, message: bytes) -> bytes:
        """See the base class; a token is a MAC key as it is."""
        return hmac.digest(key[:_HALF], message, "sha256")


def _hkdf(z: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_HALF, salt=bytes(_HALF), info=info).derive(z)


def _encrypt(key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plaintext) + encryptor.finalize()


def _decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    if len(iv) != BLOCK_SIZE or not ciphertext or len(ciphertext) % BLOCK_SIZE:
        raise CtapError(Status.PIN_AUTH_INVALID)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()

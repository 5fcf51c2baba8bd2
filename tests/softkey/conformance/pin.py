"""PIN/UV auth protocols one and two, the platform's side (CTAP 2.1, 6.5.6 and 6.5.7)."""

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Shared:
    """A secret that we share with the key whose key agreement key this is."""

    IV = b"initial  vector!"

    def __init__(self, protocol: int, peer: dict[int, Any]) -> None:
        self.protocol = protocol
        own = ec.generate_private_key(ec.SECP256R1())
        point = ec.EllipticCurvePublicNumbers(
            int.from_bytes(peer[-2]), int.from_bytes(peer[-3]), ec.SECP256R1()
        )
        z = own.exchange(ec.ECDH(), point.public_key())
        if protocol == 1:
            self.mac_key = self.aes_key = hashlib.sha256(z).digest()
        else:
            self.mac_key, self.aes_key = (
                HKDF(hashes.SHA256(), 32, bytes(32), info).derive(z)
                for info in (b"CTAP2 HMAC key", b"CTAP2 AES key")
            )
        numbers = own.public_key().public_numbers()
        x, y = (number.to_bytes(32) for number in (numbers.x, numbers.y))
        self.cose: dict[int, Any] = {1: 2, 3: -25, -1: 1, -2: x, -3: y}

    def _cipher(self, iv: bytes) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self.aes_key), modes.CBC(iv))

    def encrypt(self, plain: bytes) -> bytes:
        iv = b"" if self.protocol == 1 else self.IV
        encryptor = self._cipher(iv or bytes(16)).encryptor()
        return iv + encryptor.update(plain) + encryptor.finalize()

    def decrypt(self, data: bytes) -> bytes:
        iv, data = (bytes(16), data) if self.protocol == 1 else (data[:16], data[16:])
        decryptor = self._cipher(iv).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def mac(self, message: bytes) -> bytes:
        return mac(self.protocol, self.mac_key, message)


def mac(protocol: int, key: bytes, message: bytes) -> bytes:
    """authenticate() of a protocol, by a shared secret or a token."""
    whole = hmac.digest(key, message, "sha256")
    return whole[:16] if protocol == 1 else whole


def pin_hash(pin: str) -> bytes:
    """LEFT(SHA-256(PIN), 16)."""
    return hashlib.sha256(pin.encode()).digest()[:16]

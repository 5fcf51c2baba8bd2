"""The encryption of the master secret (SLIP-0039, 'Encryption of the master secret').

A Feistel network of four rounds whose round function is PBKDF2-HMAC-SHA256. The kit's own shares
have an empty passphrase: encryption then only makes each bit depend on all of the secret.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from keyvault_kit.errors import InputError

ROUNDS: Final = 4
BASE_ITERATIONS: Final = 10_000
"""PBKDF2 iterations of all rounds together, at exponent 0."""

MAX_EXPONENT: Final = 10
"""What an input may demand: 10 million iterations, some seconds. The kit's own shares have 1."""


def check_exponent(exponent: int) -> None:
    """Check that an iteration exponent demands no more than seconds.

    Raises:
        InputError: It does, or is below 0.
    """
    if not 0 <= exponent <= MAX_EXPONENT:
        raise InputError(
            f"an iteration exponent of {exponent} is refused: 0 to {MAX_EXPONENT}",
            mend="Such shares are none of the kit's; the program that made them can read them.",
        )


def encrypt(
    master: bytes, passphrase: bytes, *, exponent: int, identifier: int, extendable: bool
) -> bytes:
    """The encrypted master secret, of the same length; 16 bytes or more, an even number.

    Raises:
        InputError: The exponent is above what is taken.
    """
    salt = _salt(identifier, extendable=extendable)
    return _feistel(master, passphrase, exponent, salt, range(ROUNDS))


def decrypt(
    encrypted: bytes, passphrase: bytes, *, exponent: int, identifier: int, extendable: bool
) -> bytes:
    """The master secret again; a wrong passphrase gives another one, without a word.

    Raises:
        InputError: The exponent is above what is taken.
    """
    salt = _salt(identifier, extendable=extendable)
    return _feistel(encrypted, passphrase, exponent, salt, reversed(range(ROUNDS)))


def _salt(identifier: int, *, extendable: bool) -> bytes:
    return b"" if extendable else b"shamir" + identifier.to_bytes(2, "big")


def _feistel(
    text: bytes, passphrase: bytes, exponent: int, salt: bytes, rounds: Iterable[int]
) -> bytes:
    check_exponent(exponent)
    half = len(text) // 2
    left, right = text[:half], text[half:]
    iterations = (BASE_ITERATIONS << exponent) // ROUNDS
    for i in rounds:
        key = hashlib.pbkdf2_hmac(
            "sha256", bytes([i]) + passphrase, salt + right, iterations, dklen=half
        )
        left, right = right, _xor(left, key)
    return right + left


def _xor(one: bytes, other: bytes) -> bytes:
    # A guard byte on both keeps the integers as wide as the text, whatever it is.
    mixed = int.from_bytes(b"\x01" + one, "big") ^ int.from_bytes(b"\x02" + other, "big")
    return mixed.to_bytes(len(one) + 1, "big")[1:]

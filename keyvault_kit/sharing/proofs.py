"""Proofs: what the ledger holds of a sheet, so that it can be verified alone (docs/formats.md)."""

import hashlib
import unicodedata
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret

SALT_SIZE: Final = 16
SHORT: Final = 8


def share_proof(mnemonic: str) -> str:
    """The proof of a share of threshold 2 or more: 64 hex digits.

    A share has so many random bits that its hash cannot be used to guess it.
    """
    words = " ".join(mnemonic.casefold().split())
    return hashlib.sha256(f"keyvault-kit/share/v1\n{words}".encode()).hexdigest()


def sheet_proof(salt: bytes, secret: Secret) -> str:
    """The proof of what can be guessed (a PIN, a part, a password): 64 hex digits.

    Args:
        salt: 16 random bytes, printed on that sheet alone.
        secret: As it is written on the sheet; the blanks between groups do not count.

    Raises:
        InputError: The salt has another length.
    """
    if len(salt) != SALT_SIZE:
        raise InputError(f"a sheet's salt has {SALT_SIZE} bytes, not {len(salt)}")
    text = unicodedata.normalize("NFC", secret.expose_text()).replace(" ", "")
    return hashlib.sha256(b"keyvault-kit/sheet/v1\n" + salt + text.encode()).hexdigest()


def short_proof(proof: str) -> str:
    """The first 8 hex digits of a proof, for people to compare."""
    return proof[:SHORT]

"""Salted commitments: the log proves a row of the erasable table without holding it."""

import hashlib
from typing import Final

from keyvault_kit.custody.entries import canonical_json

SALT_SIZE: Final = 16


def commit(salt: bytes, row: dict[str, str]) -> str:
    """What an entry says of a row: 64 hex digits (docs/formats.md, 'Erasable details').

    Args:
        salt: 16 random bytes, kept in the row and erased with it.
        row: The row's fields.
    """
    text = b"keyvault-kit/commit/v1\n" + salt + canonical_json(dict(row))
    return hashlib.sha256(text).hexdigest()

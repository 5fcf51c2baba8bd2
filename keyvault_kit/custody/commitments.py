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
    return commit_bytes(salt, canonical_json(dict(row)))


def commit_bytes(salt: bytes, row: bytes) -> str:
    """What an entry says of a row that is canonical JSON already: 64 hex digits."""
    return hashlib.sha256(b"keyvault-kit/commit/v1\n" + salt + row).hexdigest()

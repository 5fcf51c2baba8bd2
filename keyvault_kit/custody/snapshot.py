"""Snapshots: the register as bytes, so that a ledger with a long life opens without its whole fold.

A snapshot is a cache and proves nothing: it may be thrown away at any time, and whoever verifies a
ledger folds its entries. Its first 32 bytes are a SHA-256 over the version and the rest, so that
one of another version, or a damaged one, is never taken for the register. The rest is JSON: it is
as quick here as a binary form, and sets no bound to a number.
"""

import hashlib
from functools import cache
from typing import Final

import msgspec
import msgspec.inspect

from keyvault_kit.custody.register import Register
from keyvault_kit.errors import LedgerError

RULES: Final = 7
"""To be raised whenever an entry changes the register otherwise than before: the types, of which
the rest of the version is made, do not show that."""

_MEND: Final = "Fold the ledger from its start."
_DIGEST_SIZE: Final = hashlib.sha256().digest_size


def encode_register(register: Register) -> bytes:
    """The bytes to keep of a register."""
    state = msgspec.json.encode(register)
    return _digest(state) + state


def decode_register(data: bytes) -> Register:
    """The register that was kept.

    Raises:
        LedgerError: The bytes are damaged, or from another version of the program.
    """
    digest, state = data[:_DIGEST_SIZE], data[_DIGEST_SIZE:]
    if digest != _digest(state):
        raise LedgerError(
            "the snapshot of the register is damaged, or from another version of this program",
            mend=_MEND,
        )
    try:
        return _decoder().decode(state)
    except msgspec.MsgspecError as error:  # the fold had put a value where its type forbids it
        raise LedgerError(f"the snapshot is no register: {error}", mend=_MEND) from error


def _digest(state: bytes) -> bytes:
    return hashlib.sha256(_version() + state).digest()


@cache
def _version() -> bytes:
    """Stands for every field and type of the register, and for the rules of the fold."""
    types = repr(msgspec.inspect.type_info(Register))
    return hashlib.sha256(f"keyvault-kit/snapshot\n{RULES}\n{types}".encode()).digest()


@cache
def _decoder() -> msgspec.json.Decoder[Register]:
    return msgspec.json.Decoder(Register)

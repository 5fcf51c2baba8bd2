"""Checkpoints: what is signed of a ledger (C2SP tlog-checkpoint; docs/formats.md)."""

import base64
import binascii
import re
from typing import Final, Self

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.ledger.merkle import HASH_SIZE

CHECKPOINT_NAMESPACE: Final = "keyvault-checkpoint"
ORIGIN: Final = "keyvault-kit/"
LINES: Final = 3

_MEND: Final = "Scan or copy the whole checkpoint again; it is three lines, each ended by LF."


class Checkpoint(msgspec.Struct, frozen=True):
    """Size and root of a ledger at one moment.

    Attributes:
        register: The register id, 64 lower-case hex digits.
        size: Number of entries.
        root: Root hash of the Merkle tree, 32 bytes.
    """

    register: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The exact bytes that are signed and printed: three lines, each ended by LF."""
        root = base64.b64encode(self.root).decode()
        return f"{ORIGIN}{self.register}\n{self.size}\n{root}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The checkpoint whose exact text this is.

        Raises:
            InputError: It is not exactly a checkpoint's text; the line is named.
        """
        try:
            lines = data.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise InputError("a checkpoint holds ASCII text only", mend=_MEND) from error
        if len(lines) != LINES + 1 or lines[-1]:
            raise InputError("a checkpoint has exactly three lines, each ended by LF", mend=_MEND)
        origin, size, root = lines[:LINES]
        if not re.fullmatch(ORIGIN + "[0-9a-f]{64}", origin):
            raise InputError(f"line 1 is not {ORIGIN} and a register id", mend=_MEND)
        if not re.fullmatch(r"0|[1-9][0-9]{0,17}", size):
            raise InputError("line 2 is no decimal number of entries", mend=_MEND)
        checkpoint = cls(origin.removeprefix(ORIGIN), int(size), _root(root))
        if checkpoint.text() != data:
            raise InputError("line 3 is not the one way to write that root", mend=_MEND)
        return checkpoint


def _root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise InputError("line 3 is not padded base64", mend=_MEND) from error
    if len(root) != HASH_SIZE:
        raise InputError(f"line 3 holds {len(root)} bytes, not {HASH_SIZE}", mend=_MEND)
    return root

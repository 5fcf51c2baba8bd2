"""The container: how a PIN or an imported password is put into a secret that can be split.

Whoever holds one share too few can test guesses against SLIP-0039's digest. Sixteen random bytes or
more make that hopeless, and hide the length (docs/formats.md, 'Container').
"""

import hashlib
import unicodedata
from collections.abc import Callable
from typing import Final

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret

VERSION: Final = 2
HEADER: Final = 3
CHECK: Final = 4
RANDOM: Final = 16
"""Random bytes at least."""

BLOCK: Final = 16
LEAST: Final = 48
LONGEST: Final = 256
"""Bytes of text: Entra takes no longer password."""


def wrap(text: Secret, random: Callable[[int], bytes]) -> Secret:
    """The container of a text.

    Raises:
        InputError: The text is longer than 256 bytes of UTF-8.
    """
    content = unicodedata.normalize("NFC", text.expose_text()).encode()
    if len(content) > LONGEST:
        raise InputError(f"a text of {len(content)} bytes is too long to be split, over {LONGEST}")
    total = max(LEAST, -(-(len(content) + HEADER + CHECK + RANDOM) // BLOCK) * BLOCK)
    filling = random(total - len(content) - HEADER - CHECK)
    body = bytes([VERSION]) + len(content).to_bytes(2, "big") + content + filling
    return Secret(body + hashlib.sha256(body).digest()[:CHECK])


def unwrap(secret: Secret) -> Secret:
    """The text in a container.

    Raises:
        MismatchError: It is no container, or a damaged one.
    """
    data = secret.expose()
    body, check = data[:-CHECK], data[-CHECK:]
    length = int.from_bytes(body[1:HEADER], "big")
    sound = len(data) >= LEAST and len(data) % BLOCK == 0 and body[0] == VERSION
    if not sound or hashlib.sha256(body).digest()[:CHECK] != check:
        raise MismatchError("what the shares give is no container of this format")
    if HEADER + length + RANDOM > len(body):
        raise MismatchError("the container's length does not fit")
    return Secret(body[HEADER : HEADER + length])

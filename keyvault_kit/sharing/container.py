"""The container: how a PIN or an imported password is put into a secret that can be split.

Whoever holds one share too few can test guesses against SLIP-0039's digest. Sixteen random bytes or
more make that hopeless, and hide the length (docs/formats.md, 'Container').
"""

import hashlib
import hmac
import unicodedata
from typing import Final

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.randomness import Random, draw

VERSION: Final = 2
HEADER: Final = 3
CHECK: Final = 4
RANDOM: Final = 16
"""Random bytes at least."""

BLOCK: Final = 16
LEAST: Final = 48
LONGEST: Final = 256
"""Bytes of text: Entra takes no longer password."""


def wrap(text: Secret, random: Random) -> Secret:
    """The container of a text.

    Raises:
        InputError: The text is longer than 256 bytes of UTF-8, or is no text.
        InternalError: The randomness is broken.
    """
    content = unicodedata.normalize("NFC", _text(text)).encode()
    if len(content) > LONGEST:
        raise InputError(f"a text of {len(content)} bytes is too long to be split, over {LONGEST}")
    filling = draw(random, _size(len(content)) - len(content) - HEADER - CHECK)
    body = bytes([VERSION]) + len(content).to_bytes(2, "big") + content + filling
    return Secret(body + hashlib.sha256(body).digest()[:CHECK])


def unwrap(secret: Secret) -> Secret:
    """The text in a container.

    Raises:
        InputError: Its text is not UTF-8.
        MismatchError: It is no container, or a damaged one.
    """
    data = secret.expose()
    body, check = data[:-CHECK], data[-CHECK:]
    sound = hmac.compare_digest(hashlib.sha256(body).digest()[:CHECK], check)
    if not sound or body[:1] != bytes([VERSION]):
        raise MismatchError("what the shares give is no container of this format")
    length = int.from_bytes(body[1:HEADER], "big")
    if length > LONGEST or _size(length) != len(data):
        raise MismatchError("the container's length does not fit")
    content = Secret(body[HEADER : HEADER + length])
    if not unicodedata.is_normalized("NFC", _text(content)):
        raise MismatchError("the container's text is not in the form that this format asks (NFC)")
    return content


def _size(length: int) -> int:
    """The bytes of a container for so many bytes of text."""
    return max(LEAST, -(-(length + HEADER + CHECK + RANDOM) // BLOCK) * BLOCK)


def _text(secret: Secret) -> str:
    try:
        return secret.expose_text()
    except UnicodeDecodeError:
        # Not chained: that error carries the bytes.
        raise InputError("the secret is no text in UTF-8", mend="Type it again.") from None

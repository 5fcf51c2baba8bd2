"""Literal parts: a password cut in two or three, each on a paper of its own (S30).

A part tells its characters to whoever sees it. What is left to guess is said, in bits.
"""

import math
from collections.abc import Sequence
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret

COUNTS: Final = (2, 3)


def split(password: Secret, count: int) -> tuple[Secret, ...]:
    """Cut a password into two or three parts of almost one length, the longer ones first.

    Raises:
        InputError: Another count, or a password too short for it.
    """
    if count not in COUNTS:
        raise InputError(f"a password is cut into 2 or 3 parts, not {count}")
    text = password.expose_text()
    size, longer = divmod(len(text), count)
    if not size:
        raise InputError(f"a password of {len(text)} characters cannot be cut into {count}")
    parts, start = [], 0
    for i in range(count):
        end = start + size + (i < longer)
        parts.append(Secret.from_text(text[start:end]))
        start = end
    return tuple(parts)


def join(parts: Sequence[Secret]) -> Secret:
    """The password of its parts, in order.

    Raises:
        InputError: There are not two or three.
    """
    if len(parts) not in COUNTS:
        raise InputError(f"a password has 2 or 3 parts, not {len(parts)}")
    return Secret.from_text("".join(part.expose_text() for part in parts))


def bits_left(length: int, alphabet: int, count: int) -> float:
    """Bits that are left to guess for whoever has all parts but the shortest.

    Args:
        length: Characters of the password.
        alphabet: How many characters each was drawn from.
    """
    return length // count * math.log2(alphabet)

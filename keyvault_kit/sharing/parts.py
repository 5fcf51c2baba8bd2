"""Literal parts: a password cut in two or three, each on a paper of its own (S30).

A part tells its characters to whoever sees it. What is left to guess is said, in bits.
"""

import math
from collections.abc import Sequence
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.policy import Policy

COUNTS: Final = (2, 3)


def split(password: Secret, count: int) -> tuple[Secret, ...]:
    """Cut a password into two or three parts of almost one length, the longer ones first.

    Raises:
        InputError: Another count, or a password too short for it.
    """
    text = password.expose_text()
    parts, start = [], 0
    for size in _sizes(len(text), count):
        parts.append(Secret.from_text(text[start : start + size]))
        start += size
    return tuple(parts)


def _sizes(length: int, count: int) -> tuple[int, ...]:
    if count not in COUNTS:
        raise InputError(f"a password is cut into 2 or 3 parts, not {count}")
    size, longer = divmod(length, count)
    if not size:
        raise InputError(f"a password of {length} characters cannot be cut into {count}")
    return tuple(size + (i < longer) for i in range(count))


def join(parts: Sequence[Secret]) -> Secret:
    """The password of its parts, in order.

    Raises:
        InputError: There are not two or three.
    """
    if len(parts) not in COUNTS:
        raise InputError(f"a password has 2 or 3 parts, not {len(parts)}")
    return Secret.from_text("".join(part.expose_text() for part in parts))


def bits_without(policy: Policy, count: int) -> tuple[float, ...]:
    """Bits that are left to guess for whoever has all parts but one; part by part, in order.

    Characters that are drawn one by one leave the missing ones: 5 of 16, of 94 characters, leave
    33 bits. The 44 characters of base58-44 are drawn together, as 256 bits, and could hold 257.8:
    the first part cannot have all its forms, and leaves 1.8 bits less than as many characters
    elsewhere. Of two halves the first leaves 127.1 bits and the second 128.9; of three parts they
    leave 86.1, 87.9 and 82.0. (All but one of the forms that the parts before can have leave the
    whole of it; that one is as likely as to guess them.)

    That every kind of character is there helps the guesser only where the known parts lack one:
    seldom, and then by a fraction of a bit. It is not counted here.

    Raises:
        InputError: Another count than 2 or 3.
    """
    each = math.log2(len(policy.alphabet))
    unused = policy.length * each - policy.drawn_bits
    return tuple(
        size * each - (unused if part == 0 else 0)
        for part, size in enumerate(_sizes(policy.length, count))
    )


def bits_left(policy: Policy, count: int) -> float:
    """Bits that are left to guess for whoever has all parts but the one that leaves fewest.

    Raises:
        InputError: Another count than 2 or 3.
    """
    return min(bits_without(policy, count))

"""RS1024, the checksum of SLIP-0039: a Reed-Solomon code over GF(1024), three words long.

It finds any error of up to three words, and misses more with a chance below 1e-9.
"""

from collections.abc import Iterable, Sequence
from typing import Final

LENGTH: Final = 3
"""Words of the checksum."""

_GENERATOR: Final = (
    0x00E0E040,
    0x01C1C080,
    0x03838100,
    0x07070200,
    0x0E0E0009,
    0x1C0C2412,
    0x38086C24,
    0x3090FC48,
    0x21B1F890,
    0x03F3F120,
)


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        check = _shift(check) ^ value
    return check


def _shift(check: int) -> int:
    """The remainder one word further on."""
    top = check >> 20
    check = (check & 0xFFFFF) << 10
    for i, term in enumerate(_GENERATOR):
        check ^= term if top >> i & 1 else 0
    return check


def create(customization: bytes, words: Sequence[int]) -> tuple[int, ...]:
    """The three words that complete these, as numbers 0 to 1023."""
    check = _polymod((*customization, *words, *[0] * LENGTH)) ^ 1
    return tuple(check >> 10 * i & 1023 for i in reversed(range(LENGTH)))


def verify(customization: bytes, words: Sequence[int]) -> bool:
    """Whether these words, the checksum among them, are free of errors."""
    return _polymod((*customization, *words)) == 1


def locate(customization: bytes, words: Sequence[int]) -> int | None:
    """Where the one wrong word stands, from 0, if changing one word mends the checksum.

    The code is linear: an error leaves the same mark in the remainder whatever the other words are.
    Two wrong words never look like one (the distance is 4); three do with a chance of 3e-5. The
    place is told and not the word, as the specification asks (SLIP-0039, 'Checksum').
    """
    mark = _polymod((*customization, *words)) ^ 1
    for error in range(1, 1024):
        trace = error
        for place in reversed(range(len(words))):
            if trace == mark:
                return place
            trace = _shift(trace)
    return None

"""RS1024, the checksum of SLIP-0039: a Reed-Solomon code over GF(1024), three words long.

It finds any error of up to three words, and misses more with a chance below 1e-9. The code is
linear: an error leaves the same mark in the remainder whatever the other words are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

LENGTH: Final = 3
"""Words of the checksum."""

_CUSTOMIZATIONS: Final = {False: b"shamir", True: b"shamir_extendable"}
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
    return (check & 0xFFFFF) << 10 ^ _reduction(check >> 20)


def _reduction(top: int) -> int:
    """What a word that is shifted out leaves in the remainder."""
    reduction = 0
    for i, term in enumerate(_GENERATOR):
        reduction ^= term if top >> i & 1 else 0
    return reduction


@cache
def _tops() -> Mapping[int, int]:
    """The word that was shifted out, by the lowest word of what it left: each leaves another."""
    return {_reduction(top) & 1023: top for top in range(1024)}


def _unshift(check: int) -> int:
    """The remainder one word before."""
    top = _tops()[check & 1023]
    return top << 20 | (check ^ _reduction(top)) >> 10


def create(words: Sequence[int], *, extendable: bool) -> tuple[int, ...]:
    """The three words that complete these, as numbers 0 to 1023."""
    values = (*_CUSTOMIZATIONS[extendable], *words, *[0] * LENGTH)
    check = _polymod(values) ^ 1
    return tuple(check >> 10 * i & 1023 for i in reversed(range(LENGTH)))


def _mark(words: Sequence[int], *, extendable: bool) -> int:
    """What the errors in these words leave in the remainder: 0 where there are none."""
    return _polymod((*_CUSTOMIZATIONS[extendable], *words)) ^ 1


def verify(words: Sequence[int], *, extendable: bool) -> bool:
    """Whether these words, the checksum among them, are free of errors."""
    return _mark(words, extendable=extendable) == 0


def mends(words: Sequence[int], *, extendable: bool) -> Iterator[dict[int, int]]:
    """Each change of one word, or swap of two neighbours, after which the checksum holds.

    The mark is taken back word by word: at the place of a single error it is that error itself.
    There are seldom several ways, since two valid codes differ in four words or more.

    Yields:
        The right words by their places, from 0.
    """
    mark = _mark(words, extendable=extendable)
    for place in reversed(range(len(words))):
        if 0 < mark < 1 << 10:
            yield {place: words[place] ^ mark}
        before = place - 1
        difference = words[place] ^ words[before] if place else 0
        if difference and mark == difference << 10 | difference:
            yield {before: words[place], place: words[before]}
        mark = _unshift(mark)

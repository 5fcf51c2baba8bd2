"""Interpolation over GF(256), without tables or branches on secrets (SLIP-0039, 'Shamir's scheme').

A whole share is one integer: a byte a lane, and a guard bit above, so that its width in memory
does not depend on its value. Products with public coefficients are shifts, masks and XOR. The
coefficients depend on the indices of shares alone, which are public.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Final

REDUCTION: Final = 0x1B
"""x^8 = x^4 + x^3 + x + 1, the polynomial of SLIP-0039 (and of AES) without its top bit."""

INVERSE_POWER: Final = 254
"""a^254 is the inverse of a: the multiplicative group has 255 elements."""


def multiply(a: int, b: int) -> int:
    """The product of two public field elements, 0 to 255."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x100 | REDUCTION if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a: int) -> int:
    """The inverse of a public field element, 1 to 255."""
    return reduce(multiply, [a] * INVERSE_POWER)


def coefficients(xs: Sequence[int], x: int) -> tuple[int, ...]:
    """The Lagrange coefficients that take values at `xs`, all different, to the value at `x`."""
    result = []
    for own in xs:
        others = [other for other in xs if other != own]
        over = reduce(multiply, (x ^ other for other in others), 1)
        under = reduce(multiply, (own ^ other for other in others), 1)
        result.append(multiply(over, inverse(under)))
    return tuple(result)


def interpolate(points: Sequence[tuple[int, bytes]], x: int) -> bytes:
    """The value at `x` of the polynomials through `points`, a polynomial a byte.

    Args:
        points: Public index and secret value; indices differ, values are of one length.
        x: Where the value is wanted, 0 to 255.
    """
    size = len(points[0][1])
    lanes = _Lanes(size)
    total = lanes.guard
    for factor, (_, value) in zip(coefficients([p[0] for p in points], x), points, strict=True):
        # Both hold the guard: XOR takes it away, so it is put back.
        total ^= lanes.scale(lanes.pack(value), factor) ^ lanes.guard
    return lanes.unpack(total)


class _Lanes:
    """Byte lanes in one integer; above them an empty lane, and a guard bit that is always set."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.guard = 1 << 8 * (size + 1)
        ones = int.from_bytes(b"\x01" * size, "big")
        self._tops = ones << 7 | self.guard
        self._rests = ones * 0x7F | self.guard
        # Doubling moves the guard of the rests up by one and multiplies that of the tops: both
        # are known, so one XOR takes them away and puts the guard back in its place.
        self._mend = self.guard << 1 ^ (self.guard * 2 * REDUCTION >> 8) ^ self.guard

    def pack(self, value: bytes) -> int:
        return int.from_bytes(b"\x01\x00" + value, "big")

    def unpack(self, lanes: int) -> bytes:
        return lanes.to_bytes(self.size + 2, "big")[2:]

    def scale(self, lanes: int, factor: int) -> int:
        """Each lane times a public factor."""
        total = self.guard
        while factor:
            if factor & 1:
                total ^= lanes ^ self.guard
            lanes = self._double(lanes)
            factor >>= 1
        return total

    def _double(self, lanes: int) -> int:
        carries = (lanes & self._tops) * 2 * REDUCTION >> 8  # a top bit becomes REDUCTION
        return ((lanes & self._rests) << 1) ^ carries ^ self._mend

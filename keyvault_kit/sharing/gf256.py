"""Interpolation over GF(256), without tables or branches on secrets (SLIP-0039, 'Shamir's scheme').

A whole share is one integer: a byte a lane, and guard bits above, so that no intermediate value
is ever shorter in memory than another, whatever the secret. Products with public coefficients are
shifts, masks and XOR. The coefficients depend on the indices of shares alone, which are public.
"""

from collections.abc import Sequence
from functools import cache, reduce
from typing import Final

REDUCTION: Final = 0x1B
"""x^8 = x^4 + x^3 + x + 1, the polynomial of SLIP-0039 (and of AES) without its top bit."""


def multiply(a: int, b: int) -> int:
    """The product of two public field elements, 0 to 255."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x100 | REDUCTION if a & 0x80 else 0)
        b >>= 1
    return product


@cache
def inverse(a: int) -> int:
    """The inverse of a public field element, 1 to 255: its power of 254 = 2 + 4 + ... + 128."""
    power = 1
    for _ in range(7):
        a = multiply(a, a)
        power = multiply(power, a)
    return power


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

    Horner's rule over the bits of the coefficients: the sum is doubled once a bit, not once a bit
    and point.

    Args:
        points: Public index and secret value; indices differ, values are of one length.
        x: Where the value is wanted, 0 to 255.
    """
    size = len(points[0][1])
    lanes = _Lanes(size)
    factors = coefficients([index for index, _ in points], x)
    values = [int.from_bytes(b"\x01" + value, "big") for _, value in points]
    total = lanes.guard
    for bit in reversed(range(8)):
        total = lanes.double(total)
        for factor, value in zip(factors, values, strict=True):
            if factor >> bit & 1:
                total ^= value
    return total.to_bytes(size + 2, "big")[2:]


class _Lanes:
    """Byte lanes in one integer, and above them a guard of 16 set bits.

    XOR with a value, whose own guard is the lowest bit above the lanes, leaves the upper 15 alone.
    The masks keep one bit of the guard, so that each step of a doubling has a top of its own.
    """

    def __init__(self, size: int) -> None:
        ones = int.from_bytes(b"\x01" * size, "big")
        kept = 1 << 8 * (size + 1)
        self.guard = 0xFFFF << 8 * size
        self._ones = ones | kept
        self._rests = ones * 0x7F | kept

    def double(self, lanes: int) -> int:
        """Each lane times x, modulo the field's polynomial; the guard is whole again."""
        tops = lanes >> 7 & self._ones
        reduction = tops ^ tops << 1 ^ tops << 3 ^ tops << 4  # REDUCTION, where the top bit was set
        return (lanes & self._rests) << 1 ^ reduction | self.guard

"""A pattern that hides print behind it: characters of the sizes of a secret's, and noise.

Against light, a stroke of a secret is a dark line on a lighter ground, whatever fine noise lies on
both: from afar the noise is an even grey. So the pattern is of strokes that are as dark and as
broad as those of a PIN's digits, a password's and a share's words, thrown over each other, and of
noise as fine as a code's modules between them.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

_FONT: Final = bytes.fromhex(
    "0e11131519110e 040c040404040e 0e11010204081f 1f02040201110e 02060a121f0202 1f101e0101110e"
    "0608101e11110e 1f010204080808 0e11110e11110e 0e11110f01020c 0e1111111f1111 1e11111e11111e"
    "0e11101010110e 1f10101e10101f 1111111f111111 11121418141211 111b1515111111 11111915131111"
    "1e11111e141211 0f10100e01011e 1f040404040404 11110a040a1111"
)
"""22 characters, each in seven rows of five dots."""

_WIDE: Final = 5
_HIGH: Final = 7

_SCALES: Final = (3, 2, 1)
"""Cells to a dot: the strokes of a PIN's digits, of a password's characters, of words."""

Cells = tuple[tuple[bool, ...], ...]
"""Rows of cells from the top, true where dark."""


def camouflage(columns: int, rows: int, seed: str) -> Cells:
    """The pattern of so many cells: the same for the same seed; about four in five are dark."""
    stream = _bytes(seed)
    lines = [_noise(columns, stream) for _ in range(rows)]
    for scale in _SCALES:
        _scatter(lines, columns, scale, stream)
    _close(lines, columns)
    return tuple(tuple(bool(line >> x & 1) for x in range(columns)) for line in lines)


def _bytes(seed: str) -> Iterator[int]:
    """A stream of bytes that looks random: SHA-256 of the seed and a counter."""
    block = 0
    while True:
        yield from hashlib.sha256(f"keyvault-kit/liner/v1\n{seed}\n{block}".encode()).digest()
        block += 1


def _noise(columns: int, stream: Iterator[int]) -> int:
    """A row of cells as bits, of which three in eight are dark."""
    one, other, third = (
        int.from_bytes(bytes(next(stream) for _ in range(-(-columns // 8)))) for _ in range(3)
    )
    return (one | other) & third


def _scatter(lines: list[int], columns: int, scale: int, stream: Iterator[int]) -> None:
    """Throw characters of one size over the cells, close to each other but not in line."""
    wide, high = (_WIDE + 1) * scale, (_HIGH + 1) * scale
    for top in range(-high, len(lines), high):
        for left in range(-wide, columns, wide):
            x, y = left + next(stream) % wide, top + next(stream) % high
            glyph = next(stream) % (len(_FONT) // _HIGH) * _HIGH
            for row in range(max(0, -y), min(_HIGH * scale, len(lines) - y)):
                dots = _spread(_FONT[glyph + row // scale], scale)
                lines[y + row] |= dots << x if x >= 0 else dots >> -x


def _close(lines: list[int], columns: int) -> None:
    """Darken a cell of each light square of two by two: no gap is as wide as a letter."""
    whole = (1 << columns) - 1
    for y in range(1, len(lines)):
        light = ~(lines[y - 1] | lines[y]) & whole
        lines[y] |= light & light >> 1


def _spread(dots: int, scale: int) -> int:
    """A row of a character, each of its dots as wide as the scale says."""
    return sum((1 << scale) - 1 << at * scale for at in range(_WIDE) if dots >> at & 1)

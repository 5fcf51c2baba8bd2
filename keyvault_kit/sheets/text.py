"""Breaking text into lines, and finding the size at which it fits a box."""

from collections.abc import Iterator
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.fonts import CAP_HEIGHT, Face, width
from keyvault_kit.sheets.geometry import MM

LEADING: Final = 1.3
"""Distance of two baselines, as a multiple of the size."""

_STEP: Final = 0.5


class RoomError(InputError):
    """Something finds no room on its sheet."""


def line_height(size: float) -> float:
    """The height of a line in millimetres, at a size in points."""
    return size * LEADING / MM


def baseline(top: float, height: float, size: float) -> float:
    """Where text stands whose capitals are in the middle of a height, all but the size in mm."""
    return top + (height + CAP_HEIGHT * size / MM) / 2


def wrap(text: str, room: float, face: Face, size: float) -> tuple[str, ...]:
    """Break text at spaces, and inside a word that alone is wider than the room.

    Args:
        room: The width of a line, in millimetres.
        size: In points.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width(longer, face, size) <= room:
            lines[-1] = longer
        else:
            first, *rest = _pieces(word, room, face, size)
            lines[-1:] = [lines[-1], first] if lines[-1] else [first]
            lines += rest
    return tuple(lines)


def _pieces(word: str, room: float, face: Face, size: float) -> Iterator[str]:
    """The word in pieces that fit, each of at least a character."""
    piece = ""
    for char in word:
        if piece and width(piece + char, face, size) > room:
            yield piece
            piece = ""
        piece += char
    yield piece


class Fitted(msgspec.Struct, frozen=True):
    """Text broken into lines at a size in points."""

    lines: tuple[str, ...]
    size: float


def fit(text: str, room: tuple[float, float], face: Face, largest: float, least: float) -> Fitted:
    """The text at the largest size, in half points, at which it fits.

    Args:
        room: Width and height in millimetres.
        largest: The size to begin with, in points.
        least: The size below which nobody can read it.

    Raises:
        RoomError: It does not fit at the least size.
    """
    size = largest
    while size >= least:
        lines = wrap(text, room[0], face, size)
        if len(lines) * line_height(size) <= room[1]:
            return Fitted(lines, size)
        size -= _STEP
    raise RoomError(
        f"a text of {len(text)} characters is too long for its place on the sheet",
        mend=f"Shorten the one that begins with '{text[:20]}'.",
    )

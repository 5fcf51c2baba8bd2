"""Boxes to tick with a pen, each before its label, side by side as far as there is room."""

from collections.abc import Iterator
from typing import Final

import msgspec

from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box
from keyvault_kit.sheets.text import line_height, wrap

SIDE: Final = 3.4
"""Side of a box, in millimetres: large enough for a cross made with a biro."""

_INDENT: Final = 5.0
"""From the left of a box to its label."""

_BETWEEN: Final = 4.0
_ROW_GAP: Final = 1.4


class Ticks(msgspec.Struct, frozen=True):
    """Boxes to tick, by their labels; an empty label is a box that stands alone."""

    labels: tuple[str, ...]


BOX: Final = Ticks(("",))
"""A box alone."""

YES_NO: Final = Ticks(("yes", "no"))


class _Placed(msgspec.Struct, frozen=True):
    """A box and its label's lines, in millimetres from the top left of the room."""

    x: float
    y: float
    lines: tuple[str, ...]

    def bottom(self, size: float) -> float:
        return self.y + len(self.lines) * line_height(size)


def _place(ticks: Ticks, room: float, size: float) -> Iterator[_Placed]:
    x = y = bottom = 0.0
    for label in ticks.labels:
        lines = wrap(fonts.require(label), room - _INDENT, Face.REGULAR, size)
        width = _INDENT + max(fonts.width(line, Face.REGULAR, size) for line in lines)
        if x and x + width > room:
            x, y = 0.0, bottom + _ROW_GAP
        placed = _Placed(x, y, lines)
        bottom = max(bottom, placed.bottom(size))
        x += width + _BETWEEN
        yield placed


def height(ticks: Ticks, room: float, size: float) -> float:
    """How high the boxes and labels are, in millimetres.

    Args:
        room: The width that there is for them, in millimetres.
        size: Of the labels, in points.

    Raises:
        InputError: The fonts cannot print a label.
    """
    return max(placed.bottom(size) for placed in _place(ticks, room, size))


def draw(drawing: Drawing, box: Box, ticks: Ticks, *, size: float) -> float:
    """Draw boxes and labels from the top left of a box.

    Returns:
        The lower edge of the last row.

    Raises:
        InputError: The fonts cannot print a label.
    """
    leading = line_height(size)
    for placed in _place(ticks, box.width, size):
        x, y = box.x + placed.x, box.y + placed.y
        drawing.frame_box(Box(x, y + (leading - SIDE) / 2, SIDE, SIDE), weight=0.7)
        drawing.lines(Box(x + _INDENT, y, 0, 0), placed.lines, size=size)
    return box.y + height(ticks, box.width, size)

"""What was drawn where on a page, and that nothing of it lies on anything else.

The layout of a sheet is worked out for the papers of `geometry`; on a smaller one, or with names
that are longer than anybody thought, it is this that keeps a spoiled sheet from being printed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.text import RoomError

_EDGE: Final = 4.0
"""Millimetres along the edges of the paper that common printers leave white."""

_FOLD: Final = 1.0
"""How far a code stays off a fold, which is not exact."""

_TOUCH: Final = 0.15
"""Millimetres that two texts may share: a glyph seldom fills its whole box."""


class Placed:
    """The boxes of a page: texts, codes with their quiet zones, and all other marks."""

    def __init__(self) -> None:
        self._texts: list[Box] = []
        self._codes: list[tuple[Box, Box]] = []
        self._marks: list[Box] = []

    def text(self, box: Box) -> None:
        """Note a text, from the height of its capitals down to its baseline."""
        self._texts.append(box)

    def code(self, box: Box, rim: Box) -> None:
        """Note a code, and it with its quiet zone."""
        self._codes.append((box, rim))

    def mark(self, box: Box) -> None:
        """Note a line, an outline's side or a filled box."""
        self._marks.append(box)

    def check(self, paper: Paper) -> None:
        """Check that all lies on the paper and apart.

        Raises:
            RoomError: Something leaves the paper, lies on a text or in the quiet zone of a code,
                or a code lies on a fold.
        """
        modules = [box for box, _ in self._codes]
        room = Box(0, 0, paper.width, paper.height).grown(-_EDGE)
        for box in (*self._texts, *self._marks, *modules):
            if not _lies_in(box, room):
                raise RoomError("something would be printed off its edge")
        if any(True for _ in _overlapping([box.grown(-_TOUCH) for box in self._texts])):
            raise RoomError("two texts would be printed on each other")
        for at, (box, rim) in enumerate(self._codes):
            others = (*self._texts, *self._marks, *modules[:at], *modules[at + 1 :])
            if any(rim.grown(-_TOUCH).overlaps(other) for other in others):
                raise RoomError("something would be printed on a code or too near to it")
            if crossing(box, paper.folds):
                raise RoomError("a code would be folded")


def crossing(box: Box, folds: Iterable[float]) -> tuple[float, ...]:
    """The folds that cross a box, or pass too near to it."""
    return tuple(fold for fold in folds if box.y - _FOLD < fold < box.bottom + _FOLD)


def _lies_in(box: Box, room: Box) -> bool:
    return (
        room.x <= box.x
        and box.right <= room.right
        and room.y <= box.y
        and box.bottom <= room.bottom
    )


def _overlapping(boxes: Sequence[Box]) -> Iterator[tuple[Box, Box]]:
    """The pairs that share some area; each box is held only against those that begin beside it."""
    ordered = sorted(boxes, key=lambda box: box.y)
    for at, box in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if other.y >= box.bottom:
                break
            if box.overlaps(other):
                yield box, other

"""Paper sizes, folds and boxes; everything in millimetres from the top left of the page."""

from typing import Final

import msgspec


class Box(msgspec.Struct, frozen=True):
    """A rectangle, in millimetres from the top left of the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    def grown(self, by: float) -> "Box":
        """The box with a rim of that width added all round; a negative rim is taken off."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share some area."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


class Paper(msgspec.Struct, frozen=True):
    """A sheet of paper and how it is folded into its envelope.

    Attributes:
        folds: Where it is folded, down from the top edge.
        window: What may show through a window envelope when the paper slides about in it; nothing
            secret is printed there.
    """

    name: str
    width: float
    height: float
    folds: tuple[float, float]
    window: Box


MM: Final = 72 / 25.4
"""A millimetre in points, PDF's unit."""

MARGIN: Final = 15.0
"""Left and right margin of every sheet."""

A4: Final = Paper("A4", 210.0, 297.0, (105.0, 210.0), Box(10.0, 45.0, 100.0, 50.0))
"""ISO A4 in a DL envelope, folded as DIN 5008 form B."""

LETTER: Final = Paper("Letter", 215.9, 279.4, (93.1, 186.3), Box(0.0, 52.0, 136.5, 40.0))
"""US Letter in a #10 envelope, folded in thirds."""

PAPERS: Final = {paper.name: paper for paper in (A4, LETTER)}

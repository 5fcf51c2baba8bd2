"""Paper sizes, envelopes, folds and boxes; all in millimetres from the top left of the page.

Envelopes and their windows: DIN 680:2008-02 for DL (110 x 220), C5 (162 x 229) and C4 (229 x 324,
upright); the usual North American number 10 (4 1/8 x 9 1/2 inches) with its 1 1/8 x 4 1/2 inch
window. Folds: DIN 5008, forms A and B; A4 in the middle for C5; Letter in thirds for number 10.
"""

from typing import Final

import msgspec

from keyvault_kit.errors import InputError


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
        folds: Where it is folded, down from the top edge; none where it lies flat.
        window: What may show through a window envelope when the paper slides about in it; nothing
            secret is printed there.
        panel_edges: Where the layout divides a page in three: heading and use above the first,
            what is secret below it. No fold lies in the last part.
        envelope: The envelope's format.
    """

    name: str
    width: float
    height: float
    folds: tuple[float, ...]
    window: Box
    panel_edges: tuple[float, float]
    envelope: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    """An envelope, and its window as its makers give it: from the left and from the bottom."""

    width: float
    height: float
    left: float
    bottom: float
    window_width: float
    window_height: float

    def shows(self, width: float, top: float, height: float) -> Box:
        """What of a sheet its window may show, wherever the folded sheet lies in the envelope.

        Args:
            width: The sheet's.
            top: Where on the sheet the upper edge of the folded packet lies; above the sheet's own
                (negative) where the front panel is the shorter one.
            height: The packet's.
        """
        right = min(self.left + self.window_width, width)
        left = max(0.0, self.left - (self.width - width))
        lower = top + self.height - self.bottom
        upper = top + height - self.bottom - self.window_height
        upper, lower = max(0.0, upper), min(lower, top + height)
        return Box(left, upper, right - left, lower - upper)


MM: Final = 72 / 25.4
"""A millimetre in points, PDF's unit."""

MARGIN: Final = 15.0
"""Left and right margin of every sheet."""

_DL: Final = _Envelope(220.0, 110.0, 20.0, 15.0, 90.0, 45.0)
_C5: Final = _Envelope(229.0, 162.0, 20.0, 60.0, 90.0, 45.0)
_C4: Final = _Envelope(229.0, 324.0, 20.0, 212.0, 90.0, 55.0)
_TEN: Final = _Envelope(241.3, 104.8, 22.2, 12.7, 114.3, 28.6)


A4: Final = Paper(
    "A4", 210.0, 297.0, (105.0, 210.0), _DL.shows(210.0, 0.0, 105.0), (105.0, 210.0), "DL"
)
"""ISO A4 in a DL envelope, folded as DIN 5008 form B."""

# Form A: the front panel is 87 high in a packet of 105, which so begins above the sheet.
_A4_FORM_A: Final = Paper(
    "A4", 210.0, 297.0, (87.0, 192.0), _DL.shows(210.0, -18.0, 105.0), (105.0, 192.0), "DL-A"
)
_A4_C5: Final = Paper(
    "A4", 210.0, 297.0, (148.5,), _C5.shows(210.0, 0.0, 148.5), (105.0, 210.0), "C5"
)
_A4_C4: Final = Paper("A4", 210.0, 297.0, (), _C4.shows(210.0, 0.0, 297.0), (117.0, 212.0), "C4")

LETTER: Final = Paper(
    "Letter", 215.9, 279.4, (93.1, 186.3), _TEN.shows(215.9, 0.0, 93.1), (93.1, 186.3), "#10"
)
"""US Letter in a #10 envelope, folded in thirds."""

PAPERS: Final = {paper.name: paper for paper in (A4, LETTER)}
"""Each size in the envelope that goes with it where nothing else is said."""

FORMATS: Final = {
    (paper.name, paper.envelope): paper for paper in (A4, _A4_FORM_A, _A4_C5, _A4_C4, LETTER)
}
"""Every size of paper in every envelope that it is folded for."""


def paper_for(size: str, envelope: str = "") -> Paper:
    """The paper of a site.

    Args:
        size: 'A4' or 'Letter'.
        envelope: 'DL' (DIN 5008 form B), 'DL-A' (form A), 'C5', 'C4' or '#10'; empty for the one
            that goes with the size.

    Raises:
        InputError: There is no such size, or it is not folded for that envelope.
    """
    if size not in PAPERS:
        raise InputError(f"there is no paper {size!r}", mend=f"Choose one of {', '.join(PAPERS)}.")
    if not envelope:
        return PAPERS[size]
    if (size, envelope) not in FORMATS:
        fitting = [name for its_size, name in FORMATS if its_size == size]
        raise InputError(
            f"{size} paper is not folded for an envelope {envelope}",
            mend=f"Choose one of {', '.join(fitting)}.",
        )
    return FORMATS[size, envelope]

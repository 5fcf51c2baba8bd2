"""What every sheet says about itself, and the frame round every page that says it."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.drawing import CAPTION, WHITE, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import FORMATS, MARGIN, PAPERS, Box, Paper
from keyvault_kit.sheets.text import RoomError

FORMAT: Final = "keyvault-kit sheet v1"

BODY_TOP: Final = 59.0
"""Where the body of a page begins, below the heading."""

FOOT_HEIGHT: Final = 18.0
"""Between the body of a page and the lower edge of the paper."""

_BANNER: Final = "REHEARSAL · NOTHING ON THIS SHEET IS REAL · REHEARSAL"
_SHORTEN: Final = "Shorten the names and ids on it, or what it holds."
_OTHER_PAPER: Final = f"Print it on {' or '.join(PAPERS)} paper."
_REGISTER: Final = re.compile(r"[0-9a-f]{64}")


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What every sheet says about itself.

    Attributes:
        organisation: Whose sheet it is.
        register: The register id, 64 hex digits.
        label: What it is about: an account, a key.
        date: When it was made (UTC).
        sheet_id: Id of its envelope or of the document.
        number: Which sheet of `count` it is, from 1.
        rehearsal: Whether it comes from a rehearsal, and says so with a heavy banner.

    Raises:
        InputError: The register id or the numbers cannot be.
    """

    organisation: str
    register: str
    label: str
    date: date
    sheet_id: str
    number: int = 1
    count: int = 1
    rehearsal: bool = False

    def __post_init__(self) -> None:
        if not _REGISTER.fullmatch(self.register):
            raise InputError("a sheet's register id is not 64 hex digits in lower case")
        if not 1 <= self.number <= self.count:
            raise InputError(f"there is no sheet {self.number} of {self.count}")

    @property
    def said(self) -> tuple[str, ...]:
        """All that the frame of a page says: a piece of it may look like a secret's by chance."""
        return (
            self.organisation,
            self.label,
            self.sheet_id,
            self.register,
            f"{self.register8[:4]} {self.register8[4:]}",
            self.date.isoformat(),
            f"{self.number} of {self.count}",
            FORMAT,
            _BANNER,
        )

    @property
    def register8(self) -> str:
        """The first 8 hex digits of the register id."""
        return self.register[:8]


def compose(heading: Heading, title: str, paper: Paper, body: Callable[[Drawing], None]) -> bytes:
    """Draw a sheet: the body on as many pages as it takes, each in its frame.

    Args:
        title: What the sheet is; it also becomes the PDF's title, so it holds no id and no name.
        body: Draws into `Drawing.body`, and begins new pages as it needs.

    Returns:
        The finished PDF; the same arguments give the same bytes.

    Raises:
        InputError: The sheet cannot be laid out on that paper, which is named, or the fonts cannot
            print a text.
    """
    try:
        return _compose(heading, title, paper, body)
    except RoomError as error:
        usual = paper in FORMATS.values()
        raise InputError(
            f"the sheet '{title}' cannot be laid out on {paper.name} paper of {paper.width:g} x"
            f" {paper.height:g} mm: {error.what}",
            mend=(error.mend or _SHORTEN) if usual else _OTHER_PAPER,
        ) from error


def _compose(heading: Heading, title: str, paper: Paper, body: Callable[[Drawing], None]) -> bytes:
    pages = 1
    while True:
        drawing = Drawing(
            paper,
            f"keyvault-kit: {title}",
            frame=lambda drawing: _frame(drawing, heading, title),
            pages=pages,
        )
        body(drawing)
        if drawing.page == pages:
            return drawing.finish()
        pages = drawing.page  # drawn once more, now that 'page 1 of n' is known


def _frame(drawing: Drawing, heading: Heading, title: str) -> Box:
    if heading.rehearsal:
        _banners(drawing)
    _fold_marks(drawing)
    _head(drawing, heading, title)
    bottom = _foot(drawing, heading)
    return Box(MARGIN, BODY_TOP, drawing.paper.width - 2 * MARGIN, bottom - BODY_TOP)


def _banners(drawing: Drawing) -> None:
    for top in (5.0, drawing.paper.height - 12.0):
        bar = Box(MARGIN, top, drawing.paper.width - 2 * MARGIN, 7.5)
        drawing.fill_box(bar, 0.0)
        drawing.centred(bar, _BANNER, largest=14, grey=WHITE)


def _fold_marks(drawing: Drawing) -> None:
    right = drawing.paper.width
    for y in drawing.paper.folds:
        drawing.line((5.0, y), (10.0, y), weight=0.4)
        drawing.line((right - 10.0, y), (right - 5.0, y), weight=0.4)


def _head(drawing: Drawing, heading: Heading, title: str) -> None:
    right = drawing.paper.width - MARGIN
    width = right - MARGIN
    drawing.fitted(Box(MARGIN, 15.5, width - 50, 7), heading.organisation, largest=12)
    drawing.text(right, 19.8, FORMAT, size=8, align="right", grey=CAPTION)
    drawing.rule(24, weight=1.6)
    drawing.fitted(Box(MARGIN, 26.5, width - 50, 13), title, largest=24, least=14)
    drawing.text(right, 29.5, "REGISTER", size=6.5, align="right", grey=CAPTION)
    number = f"{heading.register8[:4]} {heading.register8[4:]}"
    drawing.text(right, 37.5, number, size=19, face=Face.MONO, align="right")
    drawing.rule(42)
    _fields(drawing, heading, width)
    drawing.rule(56)


def _fields(drawing: Drawing, heading: Heading, width: float) -> None:
    """The row of captioned fields: each wraps or shrinks inside its own column."""
    fields = (
        ("FOR", heading.label, 0.40),
        ("SHEET ID", heading.sheet_id, 0.29),
        ("SHEET", f"{heading.number} of {heading.count}", 0.13),
        ("DATE (UTC)", heading.date.isoformat(), 0.18),
    )
    x = MARGIN
    for caption, value, part in fields:
        drawing.text(x, 46, caption, size=6.5, grey=CAPTION)
        drawing.fitted(Box(x, 47, width * part - 3, 8.2), value, largest=11, least=5.5)
        x += width * part


def _foot(drawing: Drawing, heading: Heading) -> float:
    """The footer; returns its upper edge."""
    y = drawing.paper.height - FOOT_HEIGHT
    right = drawing.paper.width - MARGIN
    drawing.rule(y)
    drawing.text(MARGIN, y + 3.8, f"Register {heading.register}", size=6.5, face=Face.MONO)
    page = f"Page {drawing.page} of {drawing.pages}"
    drawing.text(right, y + 3.8, page, size=7.5, align="right")
    return y

"""What stands on a finished PDF: its texts, paths and images, each with its box."""

from enum import StrEnum
from typing import Any, Final

import msgspec
from pypdfium2 import raw

from keyvault_kit.sheets.geometry import MM, Box
from keyvault_kit.sheets.raster import opened

_HYPHEN: Final = "\x02"
"""What pdfium makes of a hyphen at the end of a line."""


class Sort(StrEnum):
    """What an object on a page is."""

    TEXT = "text"
    PATH = "path"
    OTHER = "other"
    """An image, or what sheets of this kit never hold."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """An object on a page; its text may be a secret and is not shown.

    Attributes:
        page: From 1.
        box: Where its marks are, in millimetres from the top left of the page.
        text: What a text says, without blanks around it.
        baseline: Where a text stands, in millimetres from the top of the page.
        segments: How many lines and curves a path is of.
    """

    sort: Sort
    page: int
    box: Box
    text: str = ""
    baseline: float = 0.0
    segments: int = 0

    def __repr__(self) -> str:
        return f"Piece({self.sort}, page={self.page}, box={self.box})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("sort", str(self.sort)), ("page", self.page), ("box", self.box)]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A finished PDF's objects, and the sizes of its pages, width and height in millimetres."""

    pieces: tuple[Piece, ...]
    pages: tuple[tuple[float, float], ...]


def read(pdf: bytes) -> Content:
    """Everything that stands on a PDF's pages.

    Raises:
        InputError: The PDF cannot be read.
    """
    pieces: list[Piece] = []
    sizes = []
    with opened(pdf) as document:
        for number, page in enumerate(document, start=1):
            width, height = page.get_size()
            sizes.append((width / MM, height / MM))
            texts = page.get_textpage()
            pieces += [
                _piece(item, number, height)
                for item in page.get_objects(max_depth=1, textpage=texts)
            ]
    return Content(pieces=tuple(pieces), pages=tuple(sizes))


def _piece(item: Any, page: int, height: float) -> Piece:  # noqa: ANN401 - pdfium has no types
    left, bottom, right, top = item.get_bounds()
    box = Box(left / MM, (height - top) / MM, (right - left) / MM, (top - bottom) / MM)
    if item.type == raw.FPDF_PAGEOBJ_TEXT:
        text = item.extract().replace(_HYPHEN, "-").strip()
        baseline = (height - item.get_matrix().f) / MM
        return Piece(sort=Sort.TEXT, page=page, box=box, text=text, baseline=baseline)
    if item.type == raw.FPDF_PAGEOBJ_PATH:
        segments = raw.FPDFPath_CountSegments(item)
        return Piece(sort=Sort.PATH, page=page, box=box, segments=segments)
    return Piece(sort=Sort.OTHER, page=page, box=box)

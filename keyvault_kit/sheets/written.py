"""What is written on a finished sheet, without its codes: rows of text, as a person reads them."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from pypdfium2 import raw

from keyvault_kit.sheets.geometry import MM
from keyvault_kit.sheets.raster import opened


class Piece(NamedTuple):
    """Text that was drawn at once.

    Attributes:
        left: Distance of its first glyph from the left edge of the page, mm.
        width: Of its glyphs, mm.
    """

    text: str
    left: float
    width: float


Row = tuple[Piece, ...]
"""Pieces on one line, from left to right."""


def read_rows(pdf: bytes) -> tuple[Row, ...]:
    """All rows of a sheet, from the top of its first page to the end of its last.

    Raises:
        InputError: The PDF is broken, encrypted or too large.
    """
    with opened(pdf) as document:
        return tuple(row for page in document for row in _rows(page))


def _rows(page: Any) -> Iterator[Row]:  # noqa: ANN401 - pdfium has no types
    textpage = page.get_textpage()
    found: list[tuple[float, Piece]] = []
    for it in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=textpage):
        left, _, right, _ = it.get_bounds()
        # pdfium reports a hyphen at the end of a line as U+0002, and may add a blank.
        text = it.extract().replace("\x02", "-").strip()
        found.append((-round(it.get_matrix().f, 1), Piece(text, left / MM, (right - left) / MM)))
    found.sort(key=lambda it: (it[0], it[1].left))
    for _, row in groupby(found, key=lambda it: it[0]):
        yield tuple(piece for _, piece in row)

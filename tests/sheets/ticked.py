"""Boxes to tick, as they are drawn on a finished PDF: outlines, not characters."""

import ctypes
from typing import NamedTuple

import pypdfium2
from pypdfium2 import raw

from keyvault_kit.sheets.geometry import Box

MM = 25.4 / 72
SMALLEST, LARGEST = 3.0, 4.2
BAND = 240
"""The grey of a banded row, of 255."""


class Drawn(NamedTuple):
    """A path of a page: its box in millimetres from the top left, and how it is painted."""

    page: int
    box: Box
    stroked: bool
    grey: int | None


def paths(pdf: bytes) -> list[Drawn]:
    """The paths of a PDF; `grey` is that of the filling, None where there is none."""
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for number, page in enumerate(document, start=1):
        height = page.get_height()
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
            left, bottom, right, top = item.get_bounds()
            box = Box(left * MM, (height - top) * MM, (right - left) * MM, (top - bottom) * MM)
            fill, stroke = ctypes.c_int(), ctypes.c_int()
            assert raw.FPDFPath_GetDrawMode(item.raw, fill, stroke)
            red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
            assert raw.FPDFPageObj_GetFillColor(item.raw, red, green, blue, alpha)
            grey = red.value if fill.value else None
            found.append(Drawn(number, box, bool(stroke.value), grey))
    document.close()
    return found


def boxes(pdf: bytes) -> list[Drawn]:
    """The boxes to tick: small squares, outlined and empty."""
    return [
        path
        for path in paths(pdf)
        if path.stroked
        and path.grey is None
        and SMALLEST < path.box.width < LARGEST
        and abs(path.box.width - path.box.height) < 0.05
    ]


def stands_before(drawn: Drawn, page: int, text: Box) -> bool:
    """Whether a box is that of a label: at its left, on its line."""
    middle = drawn.box.y + drawn.box.height / 2
    return (
        drawn.page == page
        and 0.5 < text.x - drawn.box.right < 2.5
        and text.y - 1 < middle < text.bottom + 1
    )

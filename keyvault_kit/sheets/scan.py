"""Reading sheets back: pixels to the texts of QR codes, from paper that has suffered.

The decoder forgives much by itself. Where it finds nothing on a page, the page is made easier for
it in a few ways, each of which has been seen to bring back codes that all others did not
(benchmarks/sheets.py); the first that finds something ends it.
"""

import math
from collections.abc import Iterator
from typing import Final

import msgspec
import zxingcpp
from PIL import Image, ImageFilter, ImageOps, ImageStat

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.sheets.geometry import Box
from keyvault_kit.sheets.raster import (
    DPI,
    MAX_BYTES,
    MAX_PAGES,
    MAX_PIXELS,
    Page,
    each_page,
    rasterise,
    to_png,
)

__all__ = [
    "DPI",
    "MAX_BYTES",
    "MAX_PAGES",
    "MAX_PIXELS",
    "FoundCode",
    "find_codes",
    "rasterise",
    "read_codes",
    "read_one",
    "to_png",
]

_INCH: Final = 25.4
# Of the family, the kind that is on our sheets: random modules of one can pass for a Micro QR Code.
_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)

_LEAST: Final = 2_000_000
_MOST: Final = 5_000_000
"""Pixels between which a page is brought before it is mended: A4 at 145 to 230 dpi. It bounds the
time, which grows with the square for a page full of what looks like codes; and radii in pixels
mean about the same on each page."""
_ENLARGED: Final = 2.0
"""At most, each side: more adds nothing to see."""

_BLANK: Final = 16
"""Pixels of a side over which a page is averaged to see whether there is anything on it."""
_FAINT: Final = 3
"""Grey levels within which an averaged page is blank."""


class FoundCode(msgspec.Struct, frozen=True, kw_only=True):
    """A QR code on a page; its text may be a secret and is not shown.

    Attributes:
        page: From 1.
        box: Where it is, without the quiet zone, in millimetres at the resolution of the read.
    """

    text: str
    page: int
    box: Box

    def __repr__(self) -> str:
        return f"FoundCode(page={self.page}, box={self.box})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("page", self.page), ("box", self.box)]


def find_codes(data: bytes, *, dpi: int = DPI) -> tuple[FoundCode, ...]:
    """Every QR code that any decoder should find, page by page, with its place.

    Nothing is done to make codes easier to read: what is proven by this is easy to read.

    Raises:
        InputError: As `read_codes`.
    """
    pages = each_page(data, dpi, lambda page: tuple(_decode(page, dpi)))
    return tuple(code for codes in pages for code in codes)


def read_codes(data: bytes, *, dpi: int = DPI) -> tuple[str, ...]:
    """The texts of the QR codes in a file, each once, in the order found; damaged ones too.

    Args:
        data: A PDF, or an image: PNG, JPEG, BMP, PGM, or TIFF of several pages.
        dpi: Resolution at which a PDF's pages are drawn.

    Returns:
        The texts; none where there is no code that can be read.

    Raises:
        InputError: It is none of these, is broken, encrypted or too large.
    """
    pages = each_page(data, dpi, _texts)
    return tuple(dict.fromkeys(text for texts in pages for text in texts))


def read_one(data: bytes, *, dpi: int = DPI) -> str:
    """The text of the one sheet that a file shows, whose codes all say the same.

    Raises:
        InputError: As `read_codes`; or there is no code, or there are sheets of several kinds.
        MismatchError: The codes of one page disagree.
    """
    pages = [page for page in each_page(data, dpi, _texts) if page]
    if not pages:
        raise InputError(
            "no code can be read on the sheet",
            mend="Scan it again, flat and in grey, at 300 dpi; or type what is printed.",
        )
    if any(len(texts) > 1 for texts in pages):
        raise MismatchError(
            "the codes of one sheet say different things",
            mend="Scan it alone. If it was alone, trust what is printed, not the codes.",
        )
    if len(set(pages)) > 1:
        raise InputError(
            f"there are {len(set(pages))} different sheets in the file, not one",
            mend="Scan them one at a time.",
        )
    return pages[0][0]


def _texts(page: Page) -> tuple[str, ...]:
    """The texts on a page, each once, after as little mending as brings any to light."""
    for seen in _views(page):
        found = tuple(dict.fromkeys(map(_text, _barcodes(seen))))
        if found:
            return found
    return ()


def _views(page: Page) -> Iterator[Image.Image]:
    """The page as it is, then made easier to read; but no more pixels than help."""
    sized = _sized(page.image)
    yield min(page.image, sized, key=lambda view: view.width)
    if not page.scanned or _is_blank(sized):
        return
    for mend in _MENDS:
        yield mend(sized)


def _is_blank(page: Image.Image) -> bool:
    shades = ImageStat.Stat(page.reduce(_BLANK)).extrema[0]
    return shades[1] - shades[0] < _FAINT


def _sized(page: Image.Image) -> Image.Image:
    pixels = page.width * page.height
    scale = min(_ENLARGED, math.sqrt(min(max(pixels, _LEAST), _MOST) / pixels))
    width, height = (math.ceil(side * scale) for side in page.size)
    return page.resize((width, height), Image.Resampling.BICUBIC)


def _without_grain(page: Image.Image) -> Image.Image:
    """Noise, faint print, low contrast: averaged, and the edges brought back."""
    return _sharpened(_softened(page, 2), 6)


def _in_focus(page: Image.Image) -> Image.Image:
    """Blur, and ink that has run: edges brought out twice, when noise is gone."""
    return _sharpened(_sharpened(_softened(page, 1), 4), 4)


def _without_gaps(page: Image.Image) -> Image.Image:
    """Light streaks, and toner that has come off: dark grows over them."""
    return page.filter(ImageFilter.MinFilter(3))


def _averaged(page: Image.Image) -> Image.Image:
    """Noise on fine modules, which more would wash away."""
    return _softened(page, 1.5)


def _without_specks(page: Image.Image) -> Image.Image:
    """Dust, and noise on the finest modules."""
    return page.filter(ImageFilter.MedianFilter(3))


def _softened(page: Image.Image, radius: float) -> Image.Image:
    return page.filter(ImageFilter.GaussianBlur(radius))


def _sharpened(page: Image.Image, radius: float) -> Image.Image:
    """Stretched over all greys, and the edges exaggerated."""
    stretched = ImageOps.autocontrast(page, cutoff=1)
    return stretched.filter(ImageFilter.UnsharpMask(radius, percent=300, threshold=0))


_MENDS: Final = (_without_grain, _in_focus, _without_gaps, _averaged, _without_specks)


def _decode(page: Page, dpi: int) -> Iterator[FoundCode]:
    for barcode in _barcodes(page.image):
        corners = barcode.position
        points = (
            corners.top_left,
            corners.top_right,
            corners.bottom_left,
            corners.bottom_right,
        )
        left, top = min(p.x for p in points), min(p.y for p in points)
        right, bottom = max(p.x for p in points), max(p.y for p in points)
        mm = _INCH / dpi
        box = Box(left * mm, top * mm, (right - left) * mm, (bottom - top) * mm)
        yield FoundCode(text=_text(barcode), page=page.number, box=box)


def _barcodes(page: Image.Image) -> list[zxingcpp.Barcode]:
    return list(zxingcpp.read_barcodes(page, formats=_QR, text_mode=zxingcpp.TextMode.Plain))


def _text(barcode: zxingcpp.Barcode) -> str:
    """Our codes are UTF-8 without saying so; the decoder would have to guess."""
    try:
        return barcode.bytes.decode()
    except UnicodeDecodeError:
        return str(barcode.text)

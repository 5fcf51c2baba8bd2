"""Files to pixels: the pages of PDFs and of what scanners write, as grey images.

What is read was made elsewhere, so its pages, pixels and bytes are capped before they are used.
That does not bound the time: a PDF of a thousand bytes can keep pdfium busy for ever, and pdfium
heeds no signal. So files from outside are read in a process of its own (sheets/apart.py).
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any, Final, NamedTuple, TypeVar, cast

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import MM, PAPERS, Paper

MAX_BYTES: Final = 64 << 20
"""A grey page of A4 at 600 dpi, or one in colour at 300, that is not compressed; twice over."""
MAX_PAGES: Final = 50
MAX_PIXELS: Final = 70_000_000
"""Pixels of a page: an A4 page at 800 dpi."""
MAX_COLOURED: Final = 45_000_000
"""The same where it is not grey, and takes four times the memory: A4 at 680 dpi."""

MAX_SIDE: Final = 30_000
"""Pixels; the decoder takes twice as many."""

DPI: Final = 200
"""Resolution that gives a module of our finest codes more than three pixels."""

_POINTS: Final = 72
_PDF: Final = b"%PDF-"
_PDF_WITHIN: Final = 1024
"""PDF readers accept the header anywhere in the first kibibyte (ISO 32000-1, annex H)."""
_IMAGES: Final = ("PNG", "JPEG", "TIFF", "BMP", "PPM")
"""What scanners write; PPM stands for PBM and PGM too."""
_GREY: Final = ("1", "L", "P")
"""Pillow's modes of a byte a pixel; most others take four."""
_BYTE: Final = 255
_ENCRYPTED: Final = 4
"""FPDF_ERR_PASSWORD of pdfium."""

# pdfium keeps global state and is not safe to be called from two threads.
_pdfium = Lock()

T = TypeVar("T")


class Page(NamedTuple):
    """A page as pixels.

    Attributes:
        image: Grey.
        number: From 1.
        scanned: Whether it is a picture of something, or has one on it; else a program drew it.
    """

    image: Image.Image
    number: int
    scanned: bool


def rasterise(pdf: bytes, dpi: int = DPI) -> tuple[Image.Image, ...]:
    """A PDF's pages as grey images.

    Raises:
        InputError: The PDF is broken, encrypted or too large.
    """
    return tuple(_each_pdf_page(pdf, dpi, lambda page: page.image))


def paper_of(pdf: bytes) -> Paper:
    """The paper that a finished sheet is made for, by the size of its first page.

    Raises:
        InputError: It is a size that no sheet has, or the PDF cannot be read.
    """
    with opened(pdf) as document:
        width, height = (length / MM for length in document[0].get_size())
    for paper in PAPERS.values():
        if abs(paper.width - width) < 1 and abs(paper.height - height) < 1:
            return paper
    raise InputError(f"no sheet has pages of {width:.0f} x {height:.0f} mm")


@contextmanager
def opened(pdf: bytes) -> Iterator[Any]:
    """A PDF as pdfium's document, for one thread at a time and until the block ends.

    Raises:
        InputError: The PDF is broken, encrypted or too large.
    """
    _cap_bytes(pdf)
    with _pdfium, _opened(pdf) as document:
        _cap_pages(len(document))
        yield document


def to_png(pdf: bytes, dpi: int = DPI) -> bytes:
    """A PDF's first page as a PNG file.

    Raises:
        InputError: As `rasterise`.
    """
    out = BytesIO()
    rasterise(pdf, dpi)[0].save(out, "PNG", optimize=False)
    return out.getvalue()


def each_page(data: bytes, dpi: int, work: Callable[[Page], T]) -> list[T]:
    """What some work makes of each page of a file, one page in memory at a time.

    Args:
        data: A PDF, or an image: PNG, JPEG, BMP, PGM, or TIFF of several pages.
        dpi: Resolution at which a PDF's pages are drawn; an image's pixels are taken as they are.

    Raises:
        InputError: It is none of these, is broken, encrypted or too large.
    """
    if _PDF in data[:_PDF_WITHIN]:
        return _each_pdf_page(data, dpi, work)
    frames = enumerate(_frames(data), start=1)
    return [work(Page(image, number, scanned=True)) for number, image in frames]


def _each_pdf_page(pdf: bytes, dpi: int, work: Callable[[Page], T]) -> list[T]:
    with opened(pdf) as document:
        return [work(_raster(document, at, dpi)) for at in range(len(document))]


@contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:
    """The document, closed again."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _ENCRYPTED:
            raise InputError("the PDF is encrypted", mend="Save it without a password.") from None
        raise InputError("the PDF cannot be read", mend="Scan the sheet again.") from error
    try:
        yield document
    finally:
        document.close()


def _raster(document: Any, at: int, dpi: int) -> Page:  # noqa: ANN401 - pdfium has no types
    try:
        page = document[at]
    except pypdfium2.PdfiumError as error:
        raise InputError(f"page {at + 1} of the PDF cannot be read") from error
    width, height = page.get_size()
    # A page larger than paper is a scan whose pixels were taken for points: one each is enough.
    scale = min(dpi / _POINTS, max(1.0, math.sqrt(MAX_PIXELS / 2 / max(1.0, width * height))))
    _cap_pixels(math.ceil(width * scale), math.ceil(height * scale))
    bitmap = page.render(scale=scale, grayscale=True)
    image: Image.Image = bitmap.to_pil().copy()  # what to_pil returns shares pdfium's memory
    scanned = any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))
    bitmap.close()
    page.close()
    return Page(image, at + 1, scanned)


def _frames(data: bytes) -> Iterator[Image.Image]:
    """The pages of an image file, decoded one by one; only TIFF has more than one."""
    _cap_bytes(data)
    with _parsing():
        image = Image.open(BytesIO(data), formats=_IMAGES)
    at = 0
    while True:
        _cap_pages(at + 1)
        _cap_pixels(*image.size, MAX_PIXELS if image.mode in _GREY else MAX_COLOURED)
        with _parsing():
            page = _grey(image)
        yield page
        if image.format != "TIFF":  # others are animated, if anything, and no scans
            return
        at += 1
        with _parsing():
            try:
                image.seek(at)
            except EOFError:
                return


@contextmanager
def _parsing() -> Iterator[None]:
    """Turn whatever Pillow's decoders stumble over into our error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of doubtful metadata; the cap on pixels is ours
            yield
    except (Image.DecompressionBombError, MemoryError) as error:
        raise InputError(
            "a page has too many pixels to be read", mend="Scan the sheet at 300 dpi."
        ) from error
    except Exception as error:  # no list of what a dozen parsers of foreign bytes raise is complete
        raise InputError(
            "this is no PDF and no image that can be read",
            mend="Scan the sheet again, to a PDF, PNG, JPEG, TIFF, BMP or PGM file.",
        ) from error


def _grey(image: Image.Image) -> Image.Image:
    """Grey of 8 bits: what is transparent is paper, and 16 bits are not cut off at 8."""
    if image.mode.startswith(("I", "F")):
        return _stretched(image)
    if image.has_transparency_data:
        layer = image.convert("LA")
        paper = Image.new("L", layer.size, _BYTE)
        paper.paste(layer.getchannel("L"), mask=layer.getchannel("A"))
        return paper
    return image.convert("L")


def _stretched(image: Image.Image) -> Image.Image:
    """Numbers of any range as grey, from the least to the largest."""
    numbers = image.convert("F")
    least, most = cast("tuple[float, float]", numbers.getextrema())
    scale = _BYTE / (most - least) if most > least else 0.0
    return numbers.point(lambda number: number * scale - least * scale).convert("L")


def _cap_bytes(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the scan has {len(data)} bytes, more than {MAX_BYTES}",
            mend="Scan the sheet at 300 dpi.",
        )


def _cap_pages(count: int) -> None:
    if count > MAX_PAGES:
        raise InputError(
            f"the file has more than {MAX_PAGES} pages", mend="Scan fewer sheets at a time."
        )


def _cap_pixels(width: int, height: int, most: int = MAX_PIXELS) -> None:
    if not 0 < width * height <= most or max(width, height) > MAX_SIDE:
        raise InputError(
            f"a page of {width} x {height} pixels cannot be read",
            mend="Scan the sheet at 300 dpi.",
        )

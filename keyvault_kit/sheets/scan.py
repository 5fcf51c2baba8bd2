"""Reading sheets back: PDFs and images to pixels, pixels to the texts of QR codes.

What is read was made elsewhere, so its pages, pixels and bytes are capped before they are used.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any, Final

import msgspec
import pypdfium2
import zxingcpp
from PIL import Image

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import Box

MAX_BYTES: Final = 32 << 20
MAX_PAGES: Final = 50
MAX_PIXELS: Final = 70_000_000
"""Pixels of a page: an A4 page at 800 dpi."""

DPI: Final = 200
"""Resolution that gives a module of our finest codes more than three pixels."""

_INCH: Final = 25.4
_POINTS: Final = 72
_PDF: Final = b"%PDF-"
_PDF_WITHIN: Final = 1024
"""PDF readers accept the header anywhere in the first kibibyte (ISO 32000-1, annex H)."""
_IMAGES: Final = ("PNG", "JPEG")
# Of the family, the kind that is on our sheets: random modules of one can pass for a Micro QR Code.
_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
_ENCRYPTED: Final = 4
"""FPDF_ERR_PASSWORD of pdfium."""

# pdfium keeps global state and is not safe to be called from two threads.
_pdfium = Lock()


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


def read_codes(data: bytes, *, dpi: int = DPI) -> tuple[str, ...]:
    """The texts of the QR codes on a sheet, each once, in the order found.

    Args:
        data: A PDF, PNG or JPEG file.
        dpi: Resolution at which a PDF's pages are drawn.

    Returns:
        The texts; none where there is no code that can be read.

    Raises:
        InputError: It is none of these, is broken, encrypted or too large.
    """
    return tuple(dict.fromkeys(code.text for code in find_codes(data, dpi=dpi)))


def find_codes(data: bytes, *, dpi: int = DPI) -> tuple[FoundCode, ...]:
    """Every QR code on a sheet, page by page, with its place.

    Raises:
        InputError: As `read_codes`.
    """
    pages = rasterise(data, dpi) if _PDF in data[:_PDF_WITHIN] else (_image(data),)
    return tuple(
        code for number, page in enumerate(pages, 1) for code in _decode(page, number, dpi)
    )


def rasterise(pdf: bytes, dpi: int = DPI) -> tuple[Image.Image, ...]:
    """A PDF's pages as grey images.

    Raises:
        InputError: The PDF is broken, encrypted or too large.
    """
    _cap_bytes(pdf)
    with _pdfium, _opened(pdf) as document:
        if len(document) > MAX_PAGES:
            raise InputError(f"the PDF has {len(document)} pages, more than {MAX_PAGES}")
        return tuple(_raster(document, number, dpi) for number in range(len(document)))


def to_png(pdf: bytes, dpi: int = DPI) -> bytes:
    """A PDF's first page as a PNG file.

    Raises:
        InputError: As `rasterise`.
    """
    out = BytesIO()
    rasterise(pdf, dpi)[0].save(out, "PNG", optimize=False)
    return out.getvalue()


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


def _raster(document: Any, number: int, dpi: int) -> Image.Image:  # noqa: ANN401 - pdfium has no types
    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise InputError(f"page {number + 1} of the PDF cannot be read") from error
    scale = dpi / _POINTS
    width, height = page.get_size()
    _cap_pixels(int(width * scale), int(height * scale))
    bitmap = page.render(scale=scale, grayscale=True)
    image: Image.Image = bitmap.to_pil().copy()  # what to_pil returns shares pdfium's memory
    bitmap.close()
    page.close()
    return image


def _image(data: bytes) -> Image.Image:
    """A PNG or JPEG file as a grey image."""
    _cap_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the cap is ours
            image = Image.open(BytesIO(data), formats=_IMAGES)
        _cap_pixels(*image.size)
        return image.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            "this is no PDF, PNG or JPEG that can be read", mend="Scan the sheet again."
        ) from error


def _cap_bytes(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the scan has {len(data)} bytes, more than {MAX_BYTES}",
            mend="Scan at a lower resolution.",
        )


def _cap_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise InputError(
            f"a page of {width} x {height} pixels is too large to be read",
            mend="Scan at a lower resolution.",
        )


def _decode(image: Image.Image, page: int, dpi: int) -> Iterator[FoundCode]:
    for barcode in zxingcpp.read_barcodes(image, formats=_QR, text_mode=zxingcpp.TextMode.Plain):
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
        yield FoundCode(text=_text(barcode), page=page, box=box)


def _text(barcode: zxingcpp.Barcode) -> str:
    """Our codes are UTF-8 without saying so; the decoder would have to guess."""
    try:
        return barcode.bytes.decode()
    except UnicodeDecodeError:
        return str(barcode.text)

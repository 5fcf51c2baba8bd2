"""Reading sheets back: from PDFs and images, and refusing what cannot or must not be read."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol
from zlib import crc32

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import scan
from keyvault_kit.sheets.geometry import A4, LETTER, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.scan import find_codes, rasterise, read_codes, to_png


class Example(Protocol):
    payload: str

    def render(self, paper: Paper, /) -> bytes: ...


@pytest.fixture(params=["share", "checkpoint"])
def page_name(request: pytest.FixtureRequest) -> str:
    """The finest code and one with line ends; how others look does not matter here."""
    return str(request.param)


def blank(pages: int = 1, size: tuple[float, float] = (595, 842), password: str = "") -> bytes:
    out = BytesIO()
    encryption = StandardEncryption(password, strength=128) if password else None
    canvas = Canvas(out, pagesize=size, encrypt=encryption)
    for _ in range(pages):
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture(image: Image.Image, kind: str) -> bytes:
    out = BytesIO()
    image.save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270, 3])
def test_a_scan_is_read_at_any_turn(kind: str, turn: int, example: Example) -> None:
    (page,) = rasterise(example.render(A4), 200)

    scanned = picture(page.rotate(turn, expand=True, fillcolor=255), kind)

    assert read_codes(scanned) == (example.payload,)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "1", "P"])
def test_a_scan_in_other_colours_is_read(mode: str, example: Example) -> None:
    (page,) = rasterise(example.render(LETTER), 200)

    assert read_codes(picture(page.convert(mode), "PNG")) == (example.payload,)


def test_texts_come_once_each_page_by_page(
    example: Example, make_example: Callable[..., Example], make_heading: Callable[..., Heading]
) -> None:
    other = make_example("key_tag", make_heading(register="77" * 32))
    document = pypdfium2.PdfDocument.new()
    for sheet in (other, example, other):
        source = pypdfium2.PdfDocument(sheet.render(A4))
        document.import_pages(source)
        source.close()
    out = BytesIO()
    document.save(out)
    document.close()

    assert read_codes(out.getvalue()) == (other.payload, example.payload)
    assert {code.page for code in find_codes(out.getvalue())} == {1, 2, 3}


def test_a_micro_qr_code_is_none_of_ours() -> None:
    """The modules of a code of ours can hold what looks like one, by chance."""
    micro = zxingcpp.create_barcode("84", zxingcpp.BarcodeFormat.MicroQRCode)
    pixels: Any = micro.to_image(scale=8)  # an array of bytes
    height, width = pixels.shape
    out = BytesIO()
    Image.frombytes("L", (width, height), bytes(pixels)).save(out, "PNG")

    assert read_codes(out.getvalue()) == ()


def test_a_page_without_a_code_has_no_texts() -> None:
    assert read_codes(blank()) == ()
    assert read_codes(picture(Image.new("L", (800, 800), 255), "PNG")) == ()


def test_what_is_found_does_not_show_its_text(example: Example) -> None:
    for code in find_codes(example.render(A4)):
        assert example.payload[:12] not in repr(code)
        assert example.payload not in str(code.__rich_repr__())


def test_the_place_of_a_code_does_not_depend_on_the_resolution(example: Example) -> None:
    pdf = example.render(A4)

    for coarse, fine in zip(find_codes(pdf, dpi=150), find_codes(pdf, dpi=400), strict=True):
        for edge in ("x", "y", "right", "bottom"):
            assert abs(getattr(coarse.box, edge) - getattr(fine.box, edge)) < 0.5


def test_an_encrypted_pdf_is_refused_as_such() -> None:
    with pytest.raises(InputError, match="encrypted"):
        read_codes(blank(password="secret"))


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    for start in (b"", b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"):
        with pytest.raises(InputError):
            read_codes(start + data)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_cut_short_is_refused(part: float, kind: str, example: Example) -> None:
    data = picture(rasterise(example.render(A4), 100)[0], kind)

    with pytest.raises(InputError, match="PDF, PNG or JPEG"):
        read_codes(data[: int(len(data) * part)])


def test_an_image_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="PDF, PNG or JPEG"):
        read_codes(picture(Image.new("L", (10, 10)), "BMP"))


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(InputError, match="51 pages"):
        read_codes(blank(scan.MAX_PAGES + 1))


def test_a_page_too_large_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(InputError, match="pixels"):
        read_codes(blank(size=(14400, 14400)))


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000])
def test_an_image_too_large_is_refused_before_it_is_decoded(side: int) -> None:
    small = picture(Image.new("1", (1, 1)), "PNG")
    # Only the header claims the size: whoever decodes it first fails on the data instead.
    header = small[:16] + side.to_bytes(4) * 2 + small[24:29]
    forged = header + crc32(header[12:29]).to_bytes(4) + small[33:]

    with pytest.raises(InputError):
        read_codes(forged)


def test_too_many_bytes_are_refused() -> None:
    for start in (b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(InputError, match="bytes"):
            read_codes(start + bytes(scan.MAX_BYTES))


def test_a_png_shows_the_first_page(example: Example) -> None:
    image = Image.open(BytesIO(to_png(example.render(LETTER), 100)))

    assert image.format == "PNG"
    assert image.size == (850, 1100)

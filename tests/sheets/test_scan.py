"""Reading sheets back: from PDFs and images, and refusing what cannot or must not be read."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol
from zlib import crc32

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.sheets import scan
from keyvault_kit.sheets.geometry import A4, LETTER, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.scan import DPI, find_codes, rasterise, read_codes, read_one, to_png


class Example(Protocol):
    payload: str

    def render(self, paper: Paper, /) -> bytes: ...


MakeExample = Callable[[str, Heading], Example]
REGISTERS = ("3f" * 32, "77" * 32)


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


DOT = Image.new("1", (1, 1))


def pages(first: Image.Image, *rest: Image.Image, kind: str = "TIFF") -> bytes:
    out = BytesIO()
    first.save(out, kind, save_all=True, append_images=rest)
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


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "1", "P", "LA", "I;16"])
def test_a_scan_in_other_colours_is_read(mode: str, example: Example) -> None:
    (page,) = rasterise(example.render(LETTER), 200)
    if mode == "I;16":
        page = page.convert("I").point(lambda grey: grey * 257)

    assert read_codes(picture(page.convert(mode), "PNG")) == (example.payload,)


def test_what_is_transparent_is_paper(example: Example) -> None:
    (page,) = rasterise(example.render(A4), 150)
    black = Image.new("RGBA", page.size)
    black.putalpha(ImageOps.invert(page))

    assert read_codes(picture(black, "PNG")) == (example.payload,)


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "PPM"])
@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_what_scanners_write_is_read(mode: str, kind: str, example: Example) -> None:
    (page,) = rasterise(example.render(A4), 150)

    assert read_codes(picture(page.convert(mode), kind)) == (example.payload,)


@pytest.mark.parametrize("packed", ["group4", "tiff_lzw", "tiff_deflate", "jpeg", "packbits"])
def test_a_tiff_is_read_however_it_is_packed(packed: str, example: Example) -> None:
    (page,) = rasterise(example.render(A4), 150)
    out = BytesIO()
    page.convert("1" if packed == "group4" else "L").save(out, "TIFF", compression=packed)

    assert read_codes(out.getvalue()) == (example.payload,)


def test_every_page_of_a_tiff_is_read(
    make_example: MakeExample, make_heading: Callable[..., Heading]
) -> None:
    sheets = [make_example(name, make_heading()) for name in ("share", "pin", "key_tag")]
    first, *rest = (rasterise(sheet.render(A4), 150)[0] for sheet in sheets)

    assert read_codes(pages(first, *rest)) == tuple(sheet.payload for sheet in sheets)


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


def test_the_codes_of_one_sheet_say_the_same(example: Example) -> None:
    assert read_one(example.render(A4)) == example.payload
    assert read_one(pages(*rasterise(example.render(A4), 150) * 2)) == example.payload


def test_a_sheet_whose_codes_disagree_is_not_trusted(
    make_example: MakeExample, make_heading: Callable[..., Heading]
) -> None:
    ours, other = (make_example("pin", make_heading(register=of)) for of in REGISTERS)
    forged = rasterise(ours.render(A4), DPI)[0]
    _, right = find_codes(ours.render(A4))
    left, top, *corner = (
        round(edge * DPI / 25.4)
        for edge in (right.box.x, right.box.y, right.box.right, right.box.bottom)
    )
    (page,) = rasterise(other.render(A4), DPI)
    forged.paste(page.crop((left, top, corner[0], corner[1])), (left, top))
    scanned = picture(forged, "PNG")

    with pytest.raises(MismatchError, match="say different things") as caught:
        read_one(scanned)
    assert ours.payload not in str(caught.value)
    assert set(read_codes(scanned)) == {ours.payload, other.payload}


def test_sheets_of_several_sets_in_a_stack_are_all_seen(
    make_example: MakeExample, make_heading: Callable[..., Heading]
) -> None:
    sheets = [make_example("pin", make_heading(register=of)) for of in REGISTERS]
    stack = pages(*(rasterise(sheet.render(A4), 150)[0] for sheet in sheets))

    assert read_codes(stack) == tuple(sheet.payload for sheet in sheets)
    with pytest.raises(InputError, match="2 different sheets"):
        read_one(stack)


@pytest.mark.parametrize("data", [blank(), pages(Image.new("L", (850, 1100), 255))])
def test_a_sheet_without_a_code_says_how_to_go_on(data: bytes) -> None:
    with pytest.raises(InputError, match="or type what is printed"):
        read_one(data)


def test_scripts_in_a_pdf_are_not_run(example: Example) -> None:
    forever = b"/OpenAction << /S /JavaScript /JS (while (true) {}) >> /Type /Catalog"
    pdf = example.render(A4)
    scripted = pdf.replace(b"/Type /Catalog", forever)

    assert scripted != pdf
    assert read_codes(scripted) == (example.payload,)


def test_of_an_animated_image_the_first_picture_counts(example: Example) -> None:
    (page,) = rasterise(example.render(A4), 100)
    empty = Image.new("L", page.size, 255)

    assert read_codes(pages(page, empty, kind="PNG")) == (example.payload,)
    assert read_codes(pages(empty, page, kind="PNG")) == ()


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1), (3, 3)])
def test_an_image_of_hardly_any_pixels_has_no_code(size: tuple[int, int]) -> None:
    assert read_codes(picture(Image.new("L", size), "PNG")) == ()


def test_a_page_as_long_as_the_decoder_cannot_take_is_refused() -> None:
    with pytest.raises(InputError, match="40000 x 1 pixels"):
        read_codes(picture(Image.new("1", (40_000, 1)), "PNG"))


SMALL = Image.linear_gradient("L").resize((40, 30))
FILES = (
    blank(2),
    pages(SMALL, kind="PDF"),
    picture(SMALL, "PNG"),
    picture(SMALL, "JPEG"),
    picture(SMALL, "BMP"),
    picture(SMALL, "PPM"),
    pages(SMALL, SMALL),
)


@given(
    data=st.sampled_from(FILES),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=9),
    kept=st.floats(0.2, 1) | st.just(1),
)
def test_a_file_changed_anywhere_is_read_or_refused(
    data: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    changed = bytearray(data)
    for part, byte in changes:
        changed[int(part * len(data))] = byte
    try:
        found = read_codes(bytes(changed[: round(kept * len(data))]))
    except InputError:
        return
    assert found == ()


@pytest.mark.parametrize(
    "box", ["0 0 0 0", "9 9 1 1", "0 0 1e38 1e38", "0 0 1 999999", "a b c d", "0 0 1e8 0.001"]
)
def test_a_pdf_page_of_any_size_is_read_or_refused(box: str) -> None:
    odd = re.sub(rb"/MediaBox \[[^]]*\]", b"/MediaBox [ %s ]" % box.encode(), blank())
    try:
        found = read_codes(odd)
    except InputError as error:
        assert "pixels" in error.what  # noqa: PT017 - some sizes are odd, and can be drawn
    else:
        assert found == ()


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    for start in (b"", b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"):
        with pytest.raises(InputError):
            read_codes(start + data)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_cut_short_is_refused(part: float, kind: str, example: Example) -> None:
    data = picture(rasterise(example.render(A4), 100)[0], kind)

    with pytest.raises(InputError, match="no PDF and no image"):
        read_codes(data[: int(len(data) * part)])


def test_an_image_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="no PDF and no image"):
        read_codes(picture(Image.new("L", (10, 10)), "GIF"))


def test_too_many_pages_are_refused() -> None:
    for data in (blank(1000), blank(scan.MAX_PAGES + 1), pages(*[DOT] * (scan.MAX_PAGES + 1))):
        with pytest.raises(InputError, match="more than 50 pages"):
            read_codes(data)


def test_a_page_too_large_is_refused_before_it_is_drawn() -> None:
    for size in ((14400, 14400), (14400, 1), (0.001, 14400)):
        with pytest.raises(InputError, match="pixels"):
            read_codes(blank(size=size))


def test_a_pdf_that_takes_pixels_for_points_is_read(example: Example) -> None:
    (page,) = rasterise(example.render(A4), 400)
    out = BytesIO()
    page.save(out, "PDF", resolution=72)

    assert read_codes(out.getvalue()) == (example.payload,)


@pytest.mark.parametrize("side", [9_000, 12_000, 20_000])
def test_an_image_too_large_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(InputError, match="pixels"):
        read_codes(claiming(picture(Image.new("1", (1, 1)), "PNG"), side))


@pytest.mark.parametrize(
    ("mode", "refused"), [("1", False), ("L", False), ("RGB", True), ("RGBA", True)]
)
def test_an_image_in_colour_takes_more_memory_and_may_have_less_pixels(
    mode: str,
    refused: bool,  # noqa: FBT001 - a parameter
) -> None:
    forged = claiming(picture(Image.new(mode, (1, 1)), "PNG"), 6_800)

    with pytest.raises(InputError) as caught:
        read_codes(forged)

    assert ("6800 x 6800 pixels" in caught.value.what) is refused


def claiming(small: bytes, side: int) -> bytes:
    """A PNG whose header alone claims a size: whoever decodes it first fails on the data."""
    header = small[:16] + side.to_bytes(4) * 2 + small[24:29]
    return header + crc32(header[12:29]).to_bytes(4) + small[33:]


def test_too_many_bytes_are_refused() -> None:
    for start in (b"%PDF-1.4\n", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(InputError, match="bytes"):
            read_codes(start + bytes(scan.MAX_BYTES))


def test_a_png_shows_the_first_page(example: Example) -> None:
    image = Image.open(BytesIO(to_png(example.render(LETTER), 100)))

    assert image.format == "PNG"
    assert image.size == (850, 1100)

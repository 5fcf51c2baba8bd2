"""The proof of a finished sheet, and the faults that it finds."""

from io import BytesIO
from typing import Protocol

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.sheets.geometry import A4, Paper
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import find_codes, rasterise


class Example(Protocol):
    payload: str
    copies: int

    def render(self, paper: Paper, /) -> bytes: ...


def as_pdf(*pages: Image.Image) -> bytes:
    out = BytesIO()
    pages[0].save(out, "PDF", resolution=200, save_all=True, append_images=pages[1:])
    return out.getvalue()


def test_a_sheet_that_says_something_else_is_found(example: Example) -> None:
    with pytest.raises(MismatchError, match="envelope bg1-pw-1-2 failed") as found:
        prove(example.render(A4), example.payload + " ", sheet="envelope bg1-pw-1-2")

    assert "says something else" in str(found.value)
    assert example.payload[:12] not in str(found.value)


def test_a_sheet_with_a_second_code_is_found(example: Example) -> None:
    stray = pypdfium2.PdfDocument.new()
    for pdf in (example.render(A4), as_pdf(code_of("stray"))):
        source = pypdfium2.PdfDocument(pdf)
        stray.import_pages(source)
        source.close()
    out = BytesIO()
    stray.save(out)
    stray.close()

    with pytest.raises(MismatchError, match="second, other code"):
        prove(out.getvalue(), example.payload)


def code_of(text: str) -> Image.Image:
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    return Image.fromarray(barcode.to_image())


def test_a_sheet_whose_code_is_smudged_is_found(example: Example) -> None:
    pdf = example.render(A4)
    first = rasterise(pdf, 200)[0]  # a code stands on the first page, on forms of several too
    for code in find_codes(pdf):
        assert code.page == 1
        middle = [round(v / 25.4 * 200) for v in (code.box.x + 5, code.box.y + 5)]
        first.paste(0, (middle[0], middle[1], middle[0] + 120, middle[1] + 120))

    with pytest.raises(MismatchError, match="no code can be read"):
        prove(as_pdf(first), example.payload)


@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize(
    "page_name", ["share", "password", "pin", "identity", "key_tag"], indirect=True
)
def test_a_sheet_that_lost_one_of_its_two_codes_is_found(lost: int, example: Example) -> None:
    pdf = example.render(A4)
    (page,) = rasterise(pdf, 200)
    box = find_codes(pdf)[lost].box
    left, top, right, bottom = (
        round(edge / 25.4 * 200) for edge in (box.x, box.y, box.right, box.bottom)
    )
    page.paste(255, (left, top, right, bottom))

    prove(as_pdf(page), example.payload)
    with pytest.raises(MismatchError, match="1 of 2 codes"):
        prove(as_pdf(page), example.payload, copies=2)


def test_what_is_no_pdf_cannot_be_proven() -> None:
    with pytest.raises(InputError):
        prove(b"not a sheet", "anything")

"""Sheets that have suffered: what must be read all the same, and by a second decoder too."""

import time
from datetime import date
from io import BytesIO
from typing import Protocol

import cv2
import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sheets import qr
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import share
from keyvault_kit.sheets.scan import find_codes, rasterise, read_codes, read_one, to_png
from tests.sheets import damage
from tests.sheets.damage import Damage, sampled

SHARE = share.ShareSheet(
    heading=Heading(
        organisation="Nordwind Energie AG",
        register="3f9c1ab2" + "5d" * 28,
        label="bg1@nordwind.onmicrosoft.com",
        date=date(2026, 3, 2),
        sheet_id="bg1-pw-1-2",
        number=2,
        count=3,
    ),
    set_id="bg1-pw-1",
    threshold=2,
    mnemonic=Secret.from_text(" ".join(WORDS[37 * at % 1024] for at in range(33))),
)
TEXT = share.payload(SHARE)
PDF = share.render(SHARE, A4)
LEFT, RIGHT = (code.box for code in find_codes(PDF))
BOTH = Box(LEFT.x, LEFT.y, RIGHT.right - LEFT.x, LEFT.height)


SECOND = 300
"""Dots an inch for the second decoder, as an office scanner gives them."""


class Example(Protocol):
    payload: str
    copies: int

    def render(self, paper: Paper, /) -> bytes: ...


@pytest.fixture(scope="module")
def printed() -> Image.Image:
    return rasterise(PDF, damage.PRINTED)[0]


def scanned(page: Image.Image, damages: list[Damage], seed: int = 1) -> bytes:
    out = BytesIO()
    damage.after(page, damages, seed).save(out, "BMP")
    return out.getvalue()


@pytest.mark.parametrize(
    "damages",
    [
        pytest.param([sampled(100)], id="100 dpi"),
        pytest.param([sampled(600)], id="600 dpi"),
        pytest.param([damage.crease(BOTH, level=True), sampled(200)], id="creased through both"),
        pytest.param([damage.crease(LEFT), damage.stain(RIGHT), sampled(200)], id="creased"),
        pytest.param([damage.torn((1, 1), (110, 95)), sampled(200)], id="torn"),
        pytest.param([damage.blur(0.4), sampled(200)], id="blurred"),
        pytest.param([damage.rotated(7), sampled(200)], id="skewed"),
        pytest.param([damage.rotated(45), sampled(200)], id="turned"),
        pytest.param([damage.rotated(180), sampled(200)], id="upside down"),
        pytest.param([damage.perspective(0.15), sampled(200)], id="slanted"),
        pytest.param([sampled(200), damage.noise(80)], id="noisy"),
        pytest.param([damage.low_contrast(), sampled(200), damage.noise(8, 0)], id="pale"),
        pytest.param([damage.uneven_light(0.1), sampled(200)], id="in the shadow"),
        pytest.param([damage.stretched(1.02), sampled(200)], id="stretched"),
        pytest.param([sampled(150), damage.jpeg(5)], id="jpeg"),
        pytest.param([damage.rotated(2), sampled(100), damage.fax()], id="faxed"),
        pytest.param([damage.mirrored, damage.inverted, sampled(200)], id="a negative"),
        pytest.param([damage.show_through, sampled(200)], id="printed on both sides"),
        pytest.param(
            [
                damage.crease(BOTH, 1.0, level=True),
                damage.torn((0, 0), (80, 40)),
                damage.rotated(-3),
                damage.perspective(0.03),
                damage.blur(0.15),
                damage.low_contrast(60, 210),
                sampled(200),
                damage.noise(20),
                damage.jpeg(30),
            ],
            id="all at once",
        ),
    ],
)
def test_a_damaged_sheet_is_read(printed: Image.Image, damages: list[Damage]) -> None:
    assert read_one(scanned(printed, damages)) == TEXT


@pytest.mark.parametrize(
    "damages",
    [
        pytest.param([damage.blur(0.55), sampled(200)], id="out of focus"),
        pytest.param([damage.low_contrast(170, 178), sampled(200)], id="faded ink"),
        pytest.param([damage.low_contrast(), sampled(100), damage.noise(20, 0)], id="pale, noisy"),
        pytest.param([damage.faded(0.7), sampled(200)], id="hardly any toner"),
        pytest.param([damage.streaks(), sampled(200)], id="streaks"),
        pytest.param([sampled(100), damage.noise(90)], id="noise"),
    ],
)
def test_what_the_decoder_alone_does_not_find_is_mended(
    printed: Image.Image, damages: list[Damage]
) -> None:
    data = scanned(printed, damages)

    assert find_codes(data) == ()
    assert read_codes(data) == (TEXT,)


@pytest.mark.parametrize(
    "damages",
    [
        pytest.param([damage.stain(LEFT), damage.stain(RIGHT), sampled(200)], id="stains"),
        pytest.param([damage.crease(BOTH, 12.0, level=True), sampled(200)], id="wide crease"),
        pytest.param([damage.blur(1.5), sampled(200)], id="blurred"),
        pytest.param([sampled(30)], id="30 dpi"),
        pytest.param([sampled(200), damage.noise(400)], id="noise"),
        pytest.param([damage.low_contrast(180, 180), sampled(200)], id="no ink"),
    ],
)
def test_what_cannot_be_read_is_said_to_be_so(printed: Image.Image, damages: list[Damage]) -> None:
    data = scanned(printed, damages)

    assert read_codes(data) == ()
    with pytest.raises(InputError, match="no code can be read"):
        read_one(data)


@pytest.mark.parametrize("destroyed", [LEFT, RIGHT], ids=["left", "right"])
def test_one_code_of_the_two_is_enough(printed: Image.Image, destroyed: Box) -> None:
    data = scanned(printed, [damage.stain(destroyed), sampled(200)])

    assert len(find_codes(data)) == 1
    assert read_one(data) == TEXT


def test_a_page_on_which_nothing_is_found_takes_no_longer_than_it_may() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (7016, 4961), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "BMP")

    begin = time.process_time()
    assert read_codes(out.getvalue()) == ()
    assert time.process_time() - begin < 5


def test_what_a_program_drew_must_be_easy_to_read() -> None:
    """Only pictures are mended: a page that is about to be printed would not pass its proof."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=(600, 600))
    canvas.setFillGray(0.97)
    for row, modules in enumerate(qr.matrix(TEXT)):
        for column, dark in enumerate(modules):
            if dark:
                canvas.rect(30 + 10 * column, 560 - 10 * row, 10, 10, stroke=0, fill=1)
    canvas.save()
    faint = out.getvalue()

    assert read_codes(faint) == ()
    assert read_codes(to_png(faint)) == (TEXT,)


def test_a_scan_in_a_pdf_is_mended_and_what_is_to_be_proven_is_not(printed: Image.Image) -> None:
    out = BytesIO()
    faint = damage.after(printed, [damage.low_contrast(170, 178), sampled(200)], 1)
    faint.save(out, "PDF", resolution=200)

    assert find_codes(out.getvalue()) == ()
    assert read_codes(out.getvalue()) == (TEXT,)


def test_a_second_decoder_reads_every_code_of_every_page(example: Example, paper: Paper) -> None:
    """OpenCV's, with the detector that print beside a code does not confuse."""
    pdf = example.render(paper)
    images = rasterise(pdf, SECOND)

    found = find_codes(pdf)

    assert len(found) >= example.copies
    for code in found:
        around = code.box.grown(5)  # the quiet zone, and some of what stands beside it
        left, top, right, bottom = (
            round(edge * SECOND / damage.INCH)
            for edge in (around.x, around.y, around.right, around.bottom)
        )
        cut = images[code.page - 1].crop((left, top, right, bottom))
        _, texts, *_ = cv2.QRCodeDetectorAruco().detectAndDecodeMulti(np.asarray(cut))
        assert texts == (example.payload,)

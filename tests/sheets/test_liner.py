"""The liner: dark all over its cover, without a gap to read through, and small as a file."""

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from typing import Protocol

import pytest
from PIL import Image, ImageChops, ImageFilter

from keyvault_kit.sheets import window
from keyvault_kit.sheets.camouflage import camouflage
from keyvault_kit.sheets.geometry import A4, FORMATS, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import liner
from keyvault_kit.sheets.scan import find_codes, rasterise

DPI = 200
SECRET = ("share", "password", "part", "pin", "identity")
INK = 0.06
"""How much light toner on office paper lets through, beside the paper alone."""


class Example(Protocol):
    payload: str

    def render(self, paper: Paper, /) -> bytes: ...


MakeExample = Callable[[str, Heading], Example]
MakeHeading = Callable[..., Heading]


@pytest.fixture(params=list(FORMATS.values()), ids=lambda paper: str(paper.envelope))
def paper(request: pytest.FixtureRequest) -> Paper:
    chosen = request.param
    assert isinstance(chosen, Paper)
    return chosen


def pixels(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = (
        round(edge * DPI / 25.4) for edge in (box.x, box.y, box.right, box.bottom)
    )
    return left, top, right, bottom


@pytest.mark.parametrize("seed", ["a", "b", "c", "d", "e", "f"])
def test_no_gap_is_as_wide_as_a_letter(seed: str) -> None:
    """No square of two by two cells, which is 1.5 mm, is light: a capital is higher."""
    cells = camouflage(250, 230, seed)

    assert len(cells) == 230
    assert {len(row) for row in cells} == {250}
    for above, below in pairwise(cells):
        for at in range(249):
            assert above[at] or above[at + 1] or below[at] or below[at + 1]
    dark = sum(map(sum, cells)) / (230 * 250)
    assert 0.7 < dark < 0.9


def test_the_pattern_follows_from_its_seed_alone() -> None:
    assert camouflage(40, 30, "a") == camouflage(40, 30, "a")
    assert camouflage(40, 30, "a") != camouflage(40, 30, "b")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_cover_is_dark_in_every_grain_and_ends_there(
    number: int, paper: Paper, make_heading: MakeHeading
) -> None:
    sheet = liner.LinerSheet(heading=make_heading(number=number), set_id="bg1-pw-1")
    (page,) = rasterise(liner.render(sheet, paper), DPI)
    cover = liner.cover(paper)

    inside = page.crop(pixels(cover.grown(-0.2)))
    grains = inside.resize((inside.width // 24, inside.height // 24), Image.Resampling.BOX)

    assert max(grains.tobytes()) < 255 * (1 - window._DARK)
    page.paste(255, pixels(cover.grown(0.2)))
    rest = page.crop(pixels(Box(0, cover.y, paper.width, cover.height)))
    assert sum(rest.histogram()[:128]) < 2000  # the fold marks
    assert cover.y < paper.panel_edges[0]
    assert cover.x <= 11
    assert paper.width - cover.right <= 11


def against_light(sheet: bytes, before_it: bytes) -> Image.Image:
    """Two pages as a lamp behind both shows them."""
    pages = [rasterise(pdf, DPI)[0] for pdf in (sheet, before_it)]
    dimmed = [it.point(lambda grey: round(255 * INK + (1 - INK) * grey)) for it in pages]
    return ImageChops.multiply(*dimmed)


@pytest.mark.parametrize("name", SECRET)
def test_no_code_is_read_through_it_against_light(
    name: str, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    example = make_example(name, make_heading())
    seen = against_light(example.render(A4), make_example("liner", make_heading()).render(A4))

    assert example.payload in {code.text for code in find_codes(example.render(A4))}
    for radius in (0, 1, 2, 4):
        blurred = seen.filter(ImageFilter.GaussianBlur(radius))
        levelled = blurred.point(lambda grey: min(255, grey * 4))
        for image in (blurred, levelled):
            assert example.payload not in decoded(image)


def decoded(image: Image.Image) -> set[str]:
    out = BytesIO()
    image.save(out, "PNG")
    return {code.text for code in find_codes(out.getvalue())}


@pytest.mark.parametrize("name", SECRET)
def test_what_a_lamp_shows_looks_little_like_the_secret(
    name: str, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    """From any distance, which blurs it, the pattern outweighs the print."""
    sheet = make_example(name, make_heading()).render(A4)
    liner_pdf = make_example("liner", make_heading()).render(A4)
    seen = against_light(sheet, liner_pdf)
    (plain,) = rasterise(sheet, DPI)

    for radius in (2, 4, 8):
        assert likeness(plain, against_light(sheet, sheet), radius) > 0.9
        assert likeness(plain, seen, radius) < 0.35


def likeness(sheet: Image.Image, seen: Image.Image, radius: int) -> float:
    """The correlation of a sheet's part below the window with what is seen of it, both blurred."""
    part = pixels(Box(15, 109, 180, 96))
    one, other = (
        list(it.crop(part).filter(ImageFilter.GaussianBlur(radius)).reduce(4).tobytes())
        for it in (sheet, seen)
    )
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    together = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    own = sum((a - mean_one) ** 2 for a in one) * sum((b - mean_other) ** 2 for b in other)
    return float(together / own**0.5)


def test_it_says_how_it_is_put_in(
    paper: Paper, make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    sheet = liner.LinerSheet(heading=make_heading(), set_id="bg1-pw-1")

    text = text_of(liner.render(sheet, paper)).replace("\n", " ")

    assert "pattern to print and edges flush" in text
    assert ("fold both together at the marks" in text) == bool(paper.folds)
    assert ("put both into the envelope together" in text) != bool(paper.folds)
    assert "Hold the envelope against a lamp" in text


def test_its_file_is_no_larger_than_a_picture_of_a_page(
    paper: Paper, make_heading: MakeHeading
) -> None:
    sheet = liner.LinerSheet(heading=make_heading(), set_id="bg1-pw-1")

    assert len(liner.render(sheet, paper)) < 120_000

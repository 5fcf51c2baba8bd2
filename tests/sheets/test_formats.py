"""The sheets with a secret in every format of paper and envelope, and on paper too small."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import qr
from keyvault_kit.sheets.geometry import A4, FORMATS, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import find_codes, rasterise

SECRET = ("share", "password", "part", "pin", "identity")
OTHERS = ("envelope", "key_tag", "liner")
SOME = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Example(Protocol):
    payload: str
    copies: int

    def render(self, paper: Paper, /) -> bytes: ...


class Piece(Protocol):
    text: str
    box: Box


MakeExample = Callable[[str, Heading], Example]
MakeHeading = Callable[..., Heading]
Pieces = Callable[[bytes], list[Piece]]


@pytest.fixture(params=list(FORMATS.values()), ids=lambda paper: str(paper.envelope))
def paper(request: pytest.FixtureRequest) -> Paper:
    chosen = request.param
    assert isinstance(chosen, Paper)
    return chosen


@pytest.fixture(params=[*SECRET, *OTHERS])
def sheet(
    request: pytest.FixtureRequest, make_example: MakeExample, make_heading: MakeHeading
) -> Example:
    return make_example(str(request.param), make_heading())


def test_a_sheet_is_tidy_and_proven_in_every_format(
    sheet: Example, paper: Paper, assert_tidy: Callable[[bytes, Paper], None]
) -> None:
    pdf = sheet.render(paper)

    assert_tidy(pdf, paper)
    prove(pdf, sheet.payload, copies=sheet.copies)


@pytest.mark.parametrize("envelope", ["DL-A", "C5", "C4"])
def test_no_kind_of_sheet_is_disturbed_by_other_folds(
    envelope: str, example: Example, assert_tidy: Callable[[bytes, Paper], None]
) -> None:
    chosen = FORMATS["A4", envelope]

    pdf = example.render(chosen)

    assert_tidy(pdf, chosen)
    prove(pdf, example.payload, copies=example.copies)


def test_codes_lie_off_the_folds_with_their_quiet_zones(sheet: Example, paper: Paper) -> None:
    pdf, dpi = sheet.render(paper), 200
    (page,) = rasterise(pdf, dpi)
    codes = find_codes(pdf, dpi=dpi)

    assert codes
    for code in codes:
        assert not any(code.box.y - 1 < fold < code.box.bottom + 1 for fold in paper.folds)
        quiet = qr.QUIET_ZONE * code.box.width / len(qr.matrix(code.text))
        page.paste(255, pixels(code.box.grown(0.3), dpi))
        assert page.crop(pixels(code.box.grown(quiet - 0.3), dpi)).getextrema() == (255, 255)


def pixels(box: Box, dpi: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (
        round(edge * dpi / 25.4) for edge in (box.x, box.y, box.right, box.bottom)
    )
    return left, top, right, bottom


@pytest.mark.parametrize("name", SECRET)
def test_a_sheet_with_a_secret_says_all_that_it_should(
    name: str,
    paper: Paper,
    make_example: MakeExample,
    make_heading: MakeHeading,
    pieces: Pieces,
) -> None:
    set_id = "station-age-1" if name == "identity" else "KEY-01-pin-1" if name == "pin" else None
    needed = {"share": "2 of 3", "part": "3 of 3"}.get(name, "1 of 1")
    pdf = make_example(name, make_heading()).render(paper)

    texts = [piece.text for piece in pieces(pdf)]

    for said in (set_id or "bg1-pw-1", f"{needed} needed", "2 of 3", "2026-03-02"):
        assert said in texts
    codes = find_codes(pdf)
    assert [round(code.box.width) for code in codes] == [50, 50]


@pytest.mark.parametrize("envelope", [key[1] for key in FORMATS])
def test_folds_are_marked_where_they_are(
    envelope: str, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    chosen = next(it for key, it in FORMATS.items() if key[1] == envelope)
    dpi = 200
    (page,) = rasterise(make_example("share", make_heading()).render(chosen), dpi)

    dark = page.crop(pixels(Box(6, 0, 3, chosen.height), dpi)).point(
        lambda grey: 255 * (grey < 200)
    )
    marked = [row * 25.4 / dpi for row in range(dark.height) if dark.getpixel((10, row))]

    starts = [marked[:1], *([row] for before, row in pairwise(marked) if row - before > 1)]
    assert [at[0] for at in starts if at] == pytest.approx(chosen.folds, abs=0.3)


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """Papers that nobody asked for: narrow, low, folded anywhere."""
    width, height = draw(st.floats(10, 230)), draw(st.floats(10, 320))
    edges = sorted((draw(st.floats(1, height)), draw(st.floats(1, height))))
    folds = tuple(sorted(draw(st.lists(st.floats(1, height), max_size=2))))
    window = Box(0, 0, 1, 1)
    return Paper("Odd", width, height, folds, window, (edges[0], edges[1]))


@SOME
@given(chosen=papers())
@pytest.mark.parametrize("name", [*SECRET, *OTHERS])
def test_on_odd_paper_a_sheet_is_tidy_or_refused_by_name(
    name: str,
    chosen: Paper,
    make_example: MakeExample,
    make_heading: MakeHeading,
    assert_tidy: Callable[[bytes, Paper], None],
) -> None:
    example = make_example(name, make_heading())
    try:
        pdf = example.render(chosen)
    except InputError as refused:
        text = str(refused)
        assert f"cannot be laid out on Odd paper of {chosen.width:g} x {chosen.height:g} mm" in text
        assert "Print it on A4 or Letter paper." in text
        return
    assert_tidy(pdf, chosen)
    prove(pdf, example.payload, copies=example.copies)


def test_odd_paper_that_is_large_enough_will_do(
    sheet: Example, assert_tidy: Callable[[bytes, Paper], None]
) -> None:
    large = Paper("SRA4", 225, 320, (110,), Box(0, 0, 1, 1), (112, 222))

    pdf = sheet.render(large)

    assert_tidy(pdf, large)
    prove(pdf, sheet.payload, copies=sheet.copies)


@pytest.mark.parametrize(
    ("width", "height"), [(148, 210), (105, 148), (210, 250), (180, 297), (60, 297)]
)
@pytest.mark.parametrize("name", SECRET)
def test_paper_that_is_too_small_is_named_with_the_sheet(
    name: str, width: float, height: float, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    small = Paper("A5", width, height, (), Box(0, 0, 1, 1), (height * 0.35, height * 0.7))

    with pytest.raises(InputError) as refused:
        make_example(name, make_heading()).render(small)

    assert "the sheet '" in str(refused.value)
    assert f"A5 paper of {width} x {height} mm" in str(refused.value)


def test_a_text_too_long_for_usual_paper_is_to_be_shortened(
    make_example: MakeExample, make_heading: MakeHeading
) -> None:
    example = make_example("share", make_heading(label="W" * 500))

    with pytest.raises(InputError, match="on A4 paper of 210 x 297 mm: a text of 500") as refused:
        example.render(A4)

    assert "Shorten" in refused.value.mend


PROGRAM = """
import hashlib
from datetime import date
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.geometry import FORMATS
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import liner, password

heading = Heading(organisation="Зоя & Söhne", register="3f" * 32, label="bg1",
                  date=date(2026, 3, 2), sheet_id="bg1-pw-1")
for paper in FORMATS.values():
    sheet = password.PasswordSheet(heading=heading, set_id="bg1-pw-1",
                                   password=Secret(b"7gBJ|2vQm"), salt=Secret(bytes(16)))
    print(hashlib.sha256(password.render(sheet, paper)).hexdigest())
    sheet = liner.LinerSheet(heading=heading, set_id="bg1-pw-1")
    print(hashlib.sha256(liner.render(sheet, paper)).hexdigest())
"""


def test_another_process_makes_the_same_bytes() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }

    assert len(digests) == 1
    (lines,) = digests
    assert len(set(lines.split())) == 2 * len(FORMATS)

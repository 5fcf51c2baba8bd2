"""Every page: what it says, where it says it, and that its codes are read back."""

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import qr
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import find_codes, rasterise

FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Example(Protocol):
    payload: str
    copies: int
    secrets: tuple[str, ...]
    data: object

    def render(self, paper: Paper, /) -> bytes: ...


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
AssertTidy = Callable[[bytes, Paper], None]
MakeHeading = Callable[..., Heading]
MakeExample = Callable[[str, Heading], Example]


def test_the_codes_say_the_payload_as_often_as_they_should(example: Example, paper: Paper) -> None:
    prove(example.render(paper), example.payload, copies=example.copies)


def test_the_same_sheet_has_the_same_bytes(example: Example, paper: Paper) -> None:
    assert example.render(paper) == example.render(paper)


def test_a_sheet_says_what_it_is(
    example: Example, paper: Paper, text_of: Callable[[bytes], str], make_heading: MakeHeading
) -> None:
    heading = make_heading()

    text = text_of(example.render(paper))

    for said in (
        heading.organisation,
        heading.label,
        heading.sheet_id,
        f"Register {heading.register}",
        f"{heading.register[:4]} {heading.register[4:8]}",
        "2 of 3",
        "2026-03-02",
        "keyvault-kit sheet v1",
        "What to do with this sheet",
        "Page 1 of ",
    ):
        assert said in text
    assert "REHEARSAL" not in text


def test_a_rehearsal_says_so_at_the_top_and_at_the_bottom(
    paper: Paper, make_sheet: Callable[..., Example], pieces: Pieces
) -> None:
    rehearsal = make_sheet(rehearsal=True)

    pdf = rehearsal.render(paper)

    for number, page in enumerate(rasterise(pdf, 100), start=1):
        here = [piece for piece in pieces(pdf) if piece.page == number]
        banners = [piece.box for piece in here if piece.text.startswith("REHEARSAL ·")]
        assert len(banners) == 2
        assert banners[0].bottom < 15
        assert banners[1].y > paper.height - 15
        for banner in banners:  # white on a black bar, not a tint
            row = int((banner.y - 0.8) / 25.4 * 100)
            middle = page.crop((int(page.width * 0.1), row, int(page.width * 0.9), row + 1))
            assert middle.getextrema() == (0, 0)
    prove(pdf, rehearsal.payload, copies=rehearsal.copies)


def test_codes_lie_off_the_folds(example: Example, paper: Paper) -> None:
    codes = find_codes(example.render(paper))

    assert codes
    for code in codes:
        for fold in paper.folds:
            assert code.box.bottom < fold - 1 or code.box.y > fold + 1


def test_nothing_is_printed_in_the_quiet_zone_of_a_code(example: Example, paper: Paper) -> None:
    pdf, dpi = example.render(paper), 200
    pages = rasterise(pdf, dpi)
    for code in find_codes(pdf, dpi=dpi):
        page = pages[code.page - 1]
        quiet = qr.QUIET_ZONE * code.box.width / len(qr.matrix(code.text))
        page.paste(255, _pixels(code.box.grown(0.3), dpi))
        rim = page.crop(_pixels(code.box.grown(quiet - 0.3), dpi))
        assert rim.getextrema() == (255, 255)


def _pixels(box: Box, dpi: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (
        round(edge * dpi / 25.4) for edge in (box.x, box.y, box.right, box.bottom)
    )
    return left, top, right, bottom


def test_no_secret_shows_through_a_window(example: Example, paper: Paper, pieces: Pieces) -> None:
    found = pieces(example.render(paper))

    for secret in example.secrets:
        places = [piece.box for piece in found if piece.text == secret]
        assert places, secret
        assert not any(place.overlaps(paper.window) for place in places)
    for code in find_codes(example.render(paper)) if example.secrets else ():
        assert not code.box.overlaps(paper.window)


def test_data_shows_no_secret(example: Example) -> None:
    shown = repr(example.data)

    for secret in example.secrets:
        assert secret not in shown
        assert secret.lower() not in shown


def test_text_stays_on_the_page_and_apart(
    example: Example, paper: Paper, assert_tidy: AssertTidy
) -> None:
    assert_tidy(example.render(paper), paper)


def names(longest: int) -> st.SearchStrategy[str]:
    letters = st.sampled_from("abMWgjÅßłŐřΑλφώЖщыЮ№-.@")
    words = st.text(letters, min_size=1, max_size=25)
    return st.lists(words, min_size=1, max_size=8).map(
        lambda some: " ".join(some)[:longest].strip()
    )


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", fullmatch=True)


@FEW
@given(organisation=names(80), label=names(100), sheet_id=ids)
def test_long_names_wrap_or_shrink(
    organisation: str,
    label: str,
    sheet_id: str,
    paper: Paper,
    make_sheet: Callable[..., Example],
    pieces: Pieces,
    assert_tidy: AssertTidy,
) -> None:
    sheet = make_sheet(organisation=organisation, label=label, sheet_id=sheet_id)

    pdf = sheet.render(paper)

    assert_tidy(pdf, paper)
    written = "".join(piece.text for piece in pieces(pdf)).replace(" ", "")
    for name in (organisation, label, sheet_id):
        assert name.replace(" ", "") in written


@pytest.mark.parametrize("field", ["organisation", "label", "sheet_id"])
def test_what_fits_at_no_size_is_refused(
    field: str, paper: Paper, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    example = make_example("envelope", make_heading(**{field: "W" * 500}))

    with pytest.raises(InputError, match="500 characters"):
        example.render(paper)


def test_a_name_that_the_fonts_lack_is_refused(
    paper: Paper, make_sheet: Callable[..., Example]
) -> None:
    sheet = make_sheet(organisation="株式会社")

    with pytest.raises(InputError, match="CJK UNIFIED IDEOGRAPH-682A"):
        sheet.render(paper)


@pytest.mark.parametrize(
    "fields",
    [
        {"register": "3f9c1ab2"},
        {"register": "3F" * 32},
        {"number": 0},
        {"number": 4, "count": 3},
        {"number": 1, "count": 0},
    ],
)
def test_a_heading_that_cannot_be_is_refused(
    fields: dict[str, Any], make_heading: MakeHeading
) -> None:
    with pytest.raises(InputError):
        make_heading(**fields)

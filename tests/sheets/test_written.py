"""What is written on a sheet is read as people read it: in rows, from left to right."""

from collections.abc import Callable

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import A4, LETTER, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.written import read_rows


def words(pdf: bytes) -> list[tuple[str, ...]]:
    return [tuple(it.text for it in row) for row in read_rows(pdf)]


@pytest.fixture
def sheet(make_heading: Callable[..., Heading]) -> Callable[[Paper], bytes]:
    """Two rows on one page and one on the next, drawn from the right to the left."""

    def draw(drawing: Drawing) -> None:
        drawing.text(120, 100, "second", size=10)
        drawing.text(40, 100, "first,", size=10)
        drawing.text(40, 90, "above-", size=8)
        drawing.new_page()
        drawing.text(60, 90, "Ωραία", size=10)

    return lambda paper: compose(make_heading(), "Form", paper, draw)


@pytest.mark.parametrize("paper", [A4, LETTER], ids=lambda paper: paper.name)
def test_rows_are_read_from_the_top_and_from_the_left(
    sheet: Callable[[Paper], bytes], paper: Paper
) -> None:
    found = words(sheet(paper))

    at = [found.index(row) for row in (("above-",), ("first,", "second"), ("Ωραία",))]
    assert at == sorted(at)


def test_each_piece_says_where_it_stands(sheet: Callable[[Paper], bytes]) -> None:
    (row,) = (row for row in read_rows(sheet(A4)) if row[0].text == "first,")

    assert [round(it.left) for it in row] == [40, 120]
    assert 5 < row[0].width < 20


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(b"%PDF-1.7 and nothing else")

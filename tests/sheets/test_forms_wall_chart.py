"""The wall chart: each due date in its month, what is overdue marked by a sign."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Protocol

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import wall_chart
from keyvault_kit.sheets.pages.wall_chart import DueItem
from tests.sheets.ticked import paths

MONTHS = "January February March April May June July August September October November December"


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]


def chart(heading: Heading, *items: DueItem, first: date = date(2026, 3, 1)) -> bytes:
    return wall_chart.render(wall_chart.WallChart(heading=heading, first=first, items=items), A4)


def bands(found: list[Piece]) -> dict[str, list[str]]:
    """What stands beside the name of each band, in the order of the page."""
    names = [*MONTHS.split(), "Earlier"]
    left = [it for it in found if it.text in names and it.box.x < 16]
    tops = [(it.page, it.box.y - 2, it.text) for it in left]
    last = (max(it.page for it in found) + 1, 0.0, "")
    ends = [*tops[1:], last]
    return {
        name: [
            it.text
            for it in found
            if (page, top) <= (it.page, it.box.y) < end[:2]
            and it.box.x > 30
            and it.box.bottom < A4.height - 18
        ]
        for (page, top, name), end in zip(tops, ends, strict=True)
    }


def test_each_due_date_stands_in_its_month(make_heading: MakeHeading, pieces: Pieces) -> None:
    found = pieces(
        chart(
            make_heading(),
            DueItem(date(2027, 2, 28), "Last day", "Boris Novák", "S54"),
            DueItem(date(2026, 3, 31), "Later in March", "", "S54"),
            DueItem(date(2026, 3, 2), "Sooner in March", "Anna Berg", "S32"),
            DueItem(date(2026, 12, 1), "December", "Зоя Иванова", "S42"),
        )
    )

    told = bands(found)

    months = MONTHS.split()
    assert list(told) == [*months[2:], *months[:2]]
    sooner = ["2", "Sooner in March", "Anna Berg", "S32"]
    assert told["March"] == [*sooner, "31", "Later in March", "S54"]
    assert told["December"] == ["1", "December", "Зоя Иванова", "S42"]
    assert told["February"] == ["28", "Last day", "Boris Novák", "S54"]
    assert told["April"] == []


def test_what_is_overdue_has_a_sign_and_what_is_due_today_has_none(
    make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdf = chart(
        make_heading(date=date(2026, 3, 15)),
        DueItem(date(2026, 3, 14), "Yesterday", "", "S54"),
        DueItem(date(2026, 3, 15), "Today", "", "S54"),
        DueItem(date(2026, 2, 28), "In February", "", "S54"),
    )

    told = bands(pieces(pdf))

    assert told["Earlier"] == ["!", "2026-02-28", "In February", "S54"]
    assert told["March"] == ["!", "14", "Yesterday", "S54", "15", "Today", "S54"]
    assert "3 due, 2 of them overdue" in [piece.text for piece in pieces(pdf)]
    squares = [it.box for it in paths(pdf) if it.grey == 0 and 3 < it.box.width < 4]
    assert len(squares) == 2  # a black square, which a copier without colours keeps


def test_what_falls_due_after_the_year_is_counted(
    make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    late = [DueItem(date(2027, 3, day), f"Late {day}", "", "S54") for day in (1, 2)]

    text = text_of(chart(make_heading(), *late))

    assert "2 more fall due after February 2027." in text
    assert "Late" not in text
    assert "more fall due" not in text_of(chart(make_heading()))


@pytest.mark.parametrize(
    ("first", "start", "end"),
    [
        (date(2026, 1, 31), ("January", 2026), ("December", 2026)),
        (date(2026, 12, 1), ("December", 2026), ("November", 2027)),
        (date(2028, 2, 29), ("February", 2028), ("January", 2029)),
    ],
)
def test_the_year_begins_with_the_month_it_is_given(
    first: date,
    start: tuple[str, int],
    end: tuple[str, int],
    make_heading: MakeHeading,
    pieces: Pieces,
) -> None:
    found = pieces(chart(make_heading(), first=first))

    first_month, *_, last_month = bands(found)
    assert (first_month, last_month) == (start[0], end[0])
    said = f"{start[0]} {start[1]} to {end[0]} {end[1]}"
    assert said in [piece.text for piece in found]


def test_an_empty_year_fills_one_page_with_twelve_equal_bands(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    sheet = wall_chart.WallChart(heading=make_heading(), first=date(2026, 1, 1), items=())

    found = pieces(wall_chart.render(sheet, paper))

    tops = [piece.box.y for piece in found if piece.text in MONTHS.split() and piece.box.x < 16]
    steps = [below - above for above, below in pairwise(tops)]
    assert len(tops) == 12
    assert max(steps) - min(steps) < 1.5
    assert tops[-1] > paper.height - 45


def test_a_month_that_goes_on_over_the_page_says_so(
    make_heading: MakeHeading, pieces: Pieces
) -> None:
    items = [DueItem(date(2026, 4, 1 + at % 28), f"Duty {at:03}", "", "S54") for at in range(60)]

    found = pieces(chart(make_heading(), *items))

    april = [(it.page, it.box.y) for it in found if it.text == "April" and it.box.x < 16]
    assert [page for page, _ in april] == [1, 2]
    assert [it.page for it in found if it.text == "continued"] == [2]
    duties = [it for it in found if it.text.startswith("Duty")]
    assert len({it.text for it in duties}) == len(duties) == 60
    assert all(it.box.bottom < A4.height - 18 for it in duties)
    assert {it.page for it in found if it.text == "February"} == {max(it.page for it in found)}


def test_a_duty_higher_than_a_page_is_refused(make_heading: MakeHeading) -> None:
    item = DueItem(date(2026, 4, 1), "again and again " * 500, "", "S54")

    with pytest.raises(InputError, match="what falls due on 2026-04-01 is higher than a page"):
        chart(make_heading(), item)

"""The custody map in the terminal: who could use what, why, now and ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.theme import Theme
from textual.widgets import DataTable, Footer

from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.matrix import Explained, Matrix, MatrixRow, matrix_of
from keyvault_kit.custody.plan import parse
from tui.widgets.custody_map import CustodyMap

PLAN: Final = Path(__file__).parents[2] / "docs" / "plan.toml"
SMALL: Final = Matrix(
    accounts=("bg1", "bg2"),
    rows=(
        MatrixRow(people=("bob",), cells=("alone", "2"), ever=("alone", "2")),
        MatrixRow(people=("alice", "carol"), cells=("-", "2"), ever=("3", "2")),
        MatrixRow(people=("dave",), cells=("-", "-"), ever=("-", "-")),
    ),
)
CONTRAST: Final = Theme(
    name="contrast",
    primary="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
)


def large() -> Matrix:
    """60 people, each a class of its own, and 10 accounts."""
    accounts = tuple(f"emergency-account-{at:02}" for at in range(10))
    rows = tuple(
        MatrixRow(people=(f"person-{at:02}",), cells=(str(2 + at % 4),) * 10, ever=("alone",) * 10)
        for at in range(60)
    )
    return Matrix(accounts=accounts, rows=rows)


class Wall(App[None]):
    """The map alone, and the keys that it knows."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        self.matrix = matrix
        self.asked: list[tuple[str, str, bool]] = []

    def compose(self) -> ComposeResult:
        yield CustodyMap(id="map")
        yield Footer()

    def on_mount(self) -> None:
        self.register_theme(CONTRAST)
        self.show(self.matrix)
        self.table.focus()

    def show(self, matrix: Matrix) -> None:
        self.query_one(CustodyMap).show(matrix, self.reason)

    def reason(self, person: str, account: str, ever: bool) -> str:  # noqa: FBT001 - the widget's
        self.asked.append((person, account, ever))
        return f"[b]{person}[/b] has key and PIN of {account}"

    @property
    def table(self) -> DataTable[Text]:
        return self.query_one(DataTable)

    @property
    def words(self) -> str:
        lines = self.screen._compositor.render_strips()
        return " ".join(" ".join(line.text for line in lines).split())


Work = Callable[[Wall, Pilot[None]], Awaitable[None]]


def sit(work: Work, matrix: Matrix = SMALL, size: tuple[int, int] = (80, 24)) -> None:
    async def run() -> None:
        app = Wall(matrix)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await work(app, pilot)

    asyncio.run(run())


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def test_each_person_has_a_row_and_each_account_a_column() -> None:
    async def work(app: Wall, _: Pilot[None]) -> None:
        shown = [str(cell) for row in range(4) for cell in app.table.get_row_at(row)]
        assert shown == ["-*", "2", "alone", "2", "-*", "2", "-", "-"]
        labels = [str(row.label) for row in app.table.ordered_rows]
        assert labels == ["alice", "bob", "carol", "dave"]
        for said in ("bg1", "bg2", "alice", "dave", "NOW", "alone: needs nobody else"):
            assert said in app.words

    sit(work)


def test_the_reason_follows_the_cursor_and_is_plain_text() -> None:
    async def work(app: Wall, pilot: Pilot[None]) -> None:
        assert "alice, bg1, now: not needed" in app.words
        assert "Whoever can use bg1 can do so without alice." in app.words
        assert "The same holds for carol." in app.words
        assert app.asked == []
        await press(pilot, "down")
        assert "bob, bg1, now: alone [b]bob[/b] has key and PIN of bg1" in app.words
        assert "The same holds" not in app.words
        await press(pilot, "right", "down")
        assert "carol, bg2, now: in a group of 2" in app.words
        assert "The same holds for alice." in app.words
        assert set(app.asked) == {
            ("bob", "bg1", False),
            ("bob", "bg2", False),
            ("carol", "bg2", False),
        }

    sit(work)


def test_of_what_was_not_counted_no_reason_is_asked() -> None:
    row = MatrixRow(people=("bob",), cells=("?",), ever=("alone",))

    async def work(app: Wall, pilot: Pilot[None]) -> None:
        assert "bob, bg1, now: not alone, not counted Too many safes" in app.words
        assert app.asked == []
        await press(pilot, "e")
        assert app.asked[-1] == ("bob", "bg1", True)

    sit(work, Matrix(accounts=("bg1",), rows=(row,)))


def test_the_reasons_of_real_holdings_are_shown() -> None:
    holdings = parse(PLAN.read_text(encoding="utf-8"), PLAN.name)
    now, ever = (minimal_coalitions(holdings, ever=it) for it in (False, True))

    async def work(app: Wall, pilot: Pilot[None]) -> None:
        app.query_one(CustodyMap).show(
            matrix_of(holdings, now, ever), Explained(holdings, now, ever)
        )
        await press(pilot, "down", "down", "down", "e")
        assert "dave, bg1, ever: alone dave alone could use bg1: its key K2 lies in" in app.words
        assert "was there when it was set." in app.words

    sit(work)


def test_a_key_adds_what_people_remember_and_takes_it_away_again() -> None:
    async def work(app: Wall, pilot: Pilot[None]) -> None:
        await press(pilot, "e")
        assert app.query_one(CustodyMap).ever
        assert str(app.table.get_cell("alice", "bg1")) == "3*"
        assert "EVER" in app.words
        assert "alice, bg1, ever: in a group of 3 [b]alice[/b] has key" in app.words
        assert app.asked[-1] == ("alice", "bg1", True)
        await press(pilot, "e")
        assert str(app.table.get_cell("alice", "bg1")) == "-*"
        assert "EVER, with" not in app.words

    sit(work)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "contrast"])
def test_no_theme_takes_the_meaning_away(theme: str) -> None:
    async def work(app: Wall, pilot: Pilot[None]) -> None:
        plain = app.words
        app.theme = theme
        await pilot.pause()
        assert app.words == plain
        alone = app.table.get_cell("bob", "bg1")
        assert [str(span.style) for span in alone.spans] == ["bold reverse"]
        assert app.table.get_cell("bob", "bg2").spans == []

    sit(work)


def test_sixty_people_and_ten_accounts_scroll_in_a_small_terminal() -> None:
    async def work(app: Wall, pilot: Pilot[None]) -> None:
        assert app.table.size.height >= 6
        assert "person-00" in app.words
        assert "Now or ever" in app.words
        await press(pilot, "ctrl+end")
        await press(pilot, *["right"] * 9)
        assert "person-59, emergency-account-09, now: in a group of 5" in app.words
        assert "has key and PIN of emergency-account-09" in app.words
        table = " ".join(app.words.split("person-59, ")[0].split())
        assert "person-59" in table
        assert "emergenc…ccount-09" in table

    sit(work, large())


def test_a_long_name_is_cut_in_the_table_and_whole_below_it() -> None:
    long = "an-account-with-a-name-that-goes-on-and-on"
    matrix = Matrix(accounts=(long,), rows=(MatrixRow(people=("bob",), cells=("2",), ever=("2",)),))

    async def work(app: Wall, _: Pilot[None]) -> None:
        assert "an-accou…on-and-on" in app.words
        assert f"bob, {long}, now" in app.words

    sit(work, matrix)


def test_a_class_that_is_larger_than_the_screen_can_be_read_to_its_end() -> None:
    people = tuple(f"person-{at:02}" for at in range(60))
    matrix = Matrix(accounts=("bg1",), rows=(MatrixRow(people=people, cells=("2",), ever=("2",)),))

    async def work(app: Wall, pilot: Pilot[None]) -> None:
        assert "The same holds for person-01" in app.words
        await press(pilot, "tab", "end")
        assert "person-59." in app.words

    sit(work, matrix)


def test_the_cursor_stays_where_it_was_when_the_map_is_shown_anew() -> None:
    async def work(app: Wall, pilot: Pilot[None]) -> None:
        await press(pilot, "down", "down", "right")
        app.show(SMALL)
        await pilot.pause()
        assert "carol, bg2, now" in app.words
        app.show(Matrix(accounts=("bg1",), rows=SMALL.rows[:0]))
        await pilot.pause()
        assert "There are no people" in app.words

    sit(work)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
def test_every_size_of_terminal_shows_map_and_reason(size: tuple[int, int]) -> None:
    async def work(app: Wall, _: Pilot[None]) -> None:
        assert "alice" in app.words
        assert "not needed" in app.words

    sit(work, SMALL, size)

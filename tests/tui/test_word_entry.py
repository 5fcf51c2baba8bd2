"""The field for a share: typed, scanned and mended; nothing of it is copied or left behind."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from rich.pretty import pretty_repr
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import slip39
from keyvault_kit.sharing.entry_lines import HIDDEN
from keyvault_kit.sharing.proofs import share_proof
from keyvault_kit.sharing.words import WORDS
from tui.widgets.word_entry import WordEntry


def stream(size: int) -> bytes:
    """Always the same shares, of which no word is one of the interface's."""
    return hashlib.shake_256(b"shares").digest(size)


SHARES: Final = [
    it.mnemonic().split()
    for it in slip39.split(Secret(bytes(32)), threshold=2, count=2, random=stream, exponent=0)
]
SHARE: Final = SHARES[0]
LONG: Final = [word for word in SHARE if len(word) > 6]


class Desk(App[None]):
    """The field, and one behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[str] = []

    def compose(self) -> ComposeResult:
        yield WordEntry([share_proof(" ".join(SHARE))], id="share")
        yield Input(id="next")

    def on_word_entry_completed(self, message: WordEntry.Completed) -> None:
        assert message.control is self.query_one(WordEntry)
        assert not any(word in pretty_repr(message) + repr(message) for word in LONG)
        with message.text as text:
            self.came.append(text.expose_text())

    @property
    def shown(self) -> str:
        return str(self.query_one(WordEntry).render())


Work = Callable[[Desk, Pilot[None]], Awaitable[None]]


def sit(work: Work, size: tuple[int, int] = (80, 24)) -> None:
    async def run() -> None:
        app = Desk()
        async with app.run_test(size=size) as pilot:
            await work(app, pilot)

    asyncio.run(run())


async def type_words(pilot: Pilot[None], text: str) -> None:
    """Each character as a key of its own, as fast as a scanner sends them."""
    for it in text:
        pilot.app.post_message(events.Key("space" if it == " " else it, it))
    await pilot.pause()


def test_a_share_that_is_typed_comes_as_a_message_and_the_field_is_empty() -> None:
    async def work(app: Desk, pilot: Pilot[None]) -> None:
        await type_words(pilot, " ".join(word[:4] for word in SHARE) + " ")
        assert "it looks complete" in app.shown
        assert app.came == []
        await pilot.press("enter")
        await pilot.pause()
        assert app.came == [" ".join(SHARE)]
        assert "0 words so far" in app.shown

        await type_words(pilot, " ".join(SHARES[1]).upper())
        await pilot.press("enter")
        await pilot.pause()
        assert app.came[1:] == [" ".join(SHARES[1])]

    sit(work)


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
def test_rows_that_are_done_are_dots_also_on_a_picture_of_the_screen(size: tuple[int, int]) -> None:
    async def work(app: Desk, pilot: Pilot[None]) -> None:
        await type_words(pilot, " ".join(SHARE[:32]) + " ")
        picture = app.export_screenshot()
        assert HIDDEN in picture
        assert not any(word in picture for word in LONG)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert SHARE[31] in app.shown
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert SHARE[31] not in app.shown

    sit(work, size)


def test_numbers_go_into_the_field_and_tab_takes_a_word_but_leaves_an_empty_place() -> None:
    async def work(app: Desk, pilot: Pilot[None]) -> None:
        await type_words(pilot, "173")
        await pilot.press("tab")
        await pilot.pause()
        assert "1 word so far" in app.shown
        assert WORDS[173] in app.shown
        assert app.focused is app.query_one(WordEntry)
        await pilot.press("tab")
        await pilot.pause()
        assert app.focused is app.query_one("#next")

    sit(work)


def test_a_wrong_word_is_told_and_mended_at_the_keyboard() -> None:
    wrong = [*SHARE[:8], WORDS[(WORDS.index(SHARE[8]) + 1) % 1024], *SHARE[9:]]

    async def work(app: Desk, pilot: Pilot[None]) -> None:
        await type_words(pilot, "acadenic ")
        assert "Did you mean academic" in app.shown
        await pilot.press("ctrl+u")
        await type_words(pilot, " ".join(wrong) + " ")
        await pilot.press("enter")
        await pilot.pause()
        assert f"row 5: word 9 is {SHARE[8]}" in app.shown
        assert "the ledger confirms it" in app.shown
        await pilot.press("up", "backspace")
        await type_words(pilot, "x")
        await pilot.press("ctrl+u", "end", "enter", "1")
        await pilot.pause()
        assert app.came == [" ".join(SHARE)]

    sit(work)


def test_what_is_pasted_is_taken_like_what_is_typed() -> None:
    async def work(app: Desk, pilot: Pilot[None]) -> None:
        app.query_one(WordEntry).post_message(events.Paste(" ".join(SHARE) + "\n"))
        await pilot.pause()
        assert app.came == [" ".join(SHARE)]

    sit(work)


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+x", "super+c"])
def test_nothing_is_copied(key: str) -> None:
    async def work(app: Desk, pilot: Pilot[None]) -> None:
        await type_words(pilot, " ".join(SHARE[:3]))
        await pilot.mouse_down(WordEntry, offset=(0, 0))
        await pilot.hover(WordEntry, offset=(30, 3))
        await pilot.mouse_up(WordEntry, offset=(30, 3))
        await pilot.press("ctrl+a", key)
        assert app.clipboard == ""
        assert app.screen.get_selected_text() in (None, "")

    sit(work)


def test_forgetting_takes_two_and_leaving_forgets_at_once() -> None:
    async def work(app: Desk, pilot: Pilot[None]) -> None:
        field = app.query_one(WordEntry)
        await type_words(pilot, " ".join(SHARE[:5]) + " ")
        await pilot.press("ctrl+k")
        await pilot.pause()
        assert "again forgets the 5 words" in app.shown
        await pilot.press("ctrl+k")
        await pilot.pause()
        assert "0 words so far" in app.shown
        await type_words(pilot, " ".join(SHARE[:5]) + " aca")
        await field.remove()
        assert (len(field._entry), field._entry.text) == (0, "")

    sit(work)

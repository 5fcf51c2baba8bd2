"""The keyboard does everything, and a small terminal is enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tui.app import ENTRANCES, Entrance
from tui.prompts import Help

if TYPE_CHECKING:
    from tests.tui.conftest import Room, Seat


@pytest.mark.parametrize("entrance", ENTRANCES, ids=lambda it: it.mode)
def test_every_place_fits_a_small_terminal_with_its_keys_and_has_help(
    room: Room, entrance: Entrance
) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.press(entrance.key)
        await seat.until(lambda: entrance.title == seat.app.screen.TITLE)
        await seat.pilot.pause(0.5)
        lines = seat.text.splitlines()
        assert f"keyvault-kit  {entrance.title}" in lines[0]
        assert lines[0].endswith("live")
        for binding in seat.app.screen.active_bindings.values():
            if binding.binding.show:
                assert binding.binding.description in lines[-1]
        await seat.press("question_mark")
        assert isinstance(seat.app.screen, Help)
        await seat.sees("Light or dark")
        await seat.press("enter")
        assert not isinstance(seat.app.screen, Help)

    room.sit(work)


def test_light_and_dark_change_at_a_key(room: Room) -> None:
    async def work(seat: Seat) -> None:
        assert seat.app.current_theme.dark
        await seat.press("ctrl+t")
        assert not seat.app.current_theme.dark
        await seat.press("ctrl+t")
        assert seat.app.current_theme.dark

    room.sit(work)


def test_the_command_palette_leads_everywhere_and_takes_no_picture(room: Room) -> None:
    async def work(seat: Seat) -> None:
        titles = [it.title for it in seat.app.get_system_commands(seat.app.screen)]
        assert [f"Go to {it.title}" for it in ENTRANCES] == titles[: len(ENTRANCES)]
        assert "Screenshot" not in titles
        await seat.press("ctrl+p")
        await seat.type("go to keys")
        await seat.pilot.pause(0.5)
        await seat.press("enter")
        await seat.until(lambda: seat.app.screen.TITLE == "Keys")

    room.sit(work)


def test_a_picture_of_the_screen_is_refused(room: Room, tmp_path: Path) -> None:
    async def work(seat: Seat) -> None:
        seat.app.action_screenshot("picture.svg", str(tmp_path))
        await seat.hears("No picture of a screen is written")

    room.sit(work)
    assert not list(tmp_path.iterdir())

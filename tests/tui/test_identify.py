"""Which key is it? It blinks, or it is the one that is touched."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tui.prompts import TouchPrompt
from tui.widgets.key_table import KeyTable
from tui.wording import which

if TYPE_CHECKING:
    from tests.tui.conftest import Room, Seat


def waiting(room: Room) -> int:
    """How many keys wait for a finger."""
    return sum(
        port is not None and port._job is not None and port._job.waiting
        for port in (key._port for key in room.ports.keys.values())
    )


def test_the_key_under_the_cursor_blinks_and_no_other(room: Room) -> None:
    room.ports.add("A")
    room.ports.add("B")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(2)
        await seat.press("down", "b")
        await seat.hears(f"serial number {room.ports.serial('B')}: blinks now")
        assert (room.ports.keys["A"].winks, room.ports.keys["B"].winks) == (0, 1)

    room.sit(work, size=(120, 40))


def test_the_cursor_goes_to_the_key_that_is_touched(room: Room) -> None:
    for label in "ABC":
        room.ports.add(label)

    async def work(seat: Seat) -> None:
        screen = await seat.go_to_keys(3)
        await seat.press("t")
        await seat.sees("3 keys blink. Touch the one you mean.")
        await seat.until(lambda: waiting(room) == 3)
        room.ports.fingers["C"].set()
        await seat.until(lambda: screen.query_one(KeyTable).selected == seat.app.keys[2].id)
        await seat.hears(f"It is {which(seat.app.keys[2])}")
        await seat.until(lambda: waiting(room) == 0, "the other keys still wait")

    room.sit(work, size=(120, 40))


def test_escape_ends_the_wait_at_every_key(room: Room) -> None:
    room.ports.add("A")
    room.ports.add("B", "other")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(2)
        await seat.press("t")
        await seat.until(lambda: waiting(room) == 2)
        await seat.press("escape")
        await seat.until(lambda: waiting(room) == 0, "the keys still wait")
        assert not isinstance(seat.app.screen, TouchPrompt)
        await seat.press("p")
        await seat.sees("Check a PIN")

    room.sit(work)


def test_keys_that_are_pulled_out_while_they_wait_end_the_wait(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("t")
        await seat.until(lambda: waiting(room) == 1)
        room.ports.unplug("A")
        await seat.until(lambda: not isinstance(seat.app.screen, TouchPrompt))
        await seat.hears("it was unplugged or does not answer")

    room.sit(work)


def test_without_a_key_nobody_is_asked_to_touch_one(room: Room) -> None:
    async def work(seat: Seat) -> None:
        await seat.go_to_keys(0)
        await seat.press("t", "b", "p", "r")
        await seat.hears("There is no key to be touched")

    room.sit(work)


def test_the_end_of_the_application_ends_every_wait(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("t")
        await seat.until(lambda: waiting(room) == 1)
        await seat.press("ctrl+q")

    room.sit(work)
    room.ports.fingers["A"].set()
    assert waiting(room) == 0
    assert not [it for it in threading.enumerate() if it.name.startswith("device")]

"""The Keys screen: a row for each key, as long as it is plugged in."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from textual.widgets import DataTable

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.reading import Reading, Unreadable
from keyvault_kit.keys.wording import described
from keyvault_kit.softkey.bus import SoftBus, SoftHandle

if TYPE_CHECKING:
    import pytest

    from tests.tui.conftest import Room, Seat


def rows(seat: Seat) -> list[list[str]]:
    table = seat.app.screen.query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(i)] for i in range(table.row_count)]


def test_each_key_has_a_row_with_what_matters_of_it(room: Room) -> None:
    room.ports.add("A", "five")
    room.ports.add("B", "security-key", pin="")
    room.ports.add("C", "other", pin_retries=2)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(3)
        await seat.until(lambda: len(rows(seat)) == 3)
        five, plain, other = rows(seat)
        assert five[2:] == [room.ports.serial("A"), "5.7.4", "set", "8", "100"]
        assert plain[2:] == ["-", "5.7.4", "not set", "-", "100"]
        assert other[2] == room.ports.serial("C")
        assert other[4:] == ["set", "2", "25"]

    room.sit(work)


def test_the_details_hold_every_line_that_is_told_of_a_reading(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.sees("AAGUID 6b657976-6175-6c74-2d6b-697400000001", "form USB-A keychain")
        reading = seat.app.keys[0].result
        assert isinstance(reading, Reading)
        for title, lines in described(reading, "").items():
            assert title in seat.words
            for label, text in lines:
                assert f"{label} {text}" in seat.words

    room.sit(work, size=(100, 140))


def test_a_key_that_is_plugged_in_or_pulled_out_comes_and_goes_within_a_second(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        began = time.monotonic()
        room.ports.add("B", "other")
        await seat.until(lambda: [it[2] for it in rows(seat)].count(room.ports.serial("B")) == 1)
        assert time.monotonic() - began < 5  # generous: machines are slow, the poll is not
        room.ports.unplug("A")
        await seat.until(lambda: [it[2] for it in rows(seat)] == [room.ports.serial("B")])
        room.ports.unplug("B")
        await seat.sees("No FIDO2 security key is plugged in")

    room.sit(work)


def test_the_cursor_stays_on_its_key_while_others_come_and_go(room: Room) -> None:
    for label in "ABC":
        room.ports.add(label)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(3)
        await seat.press("down", "down")
        await seat.sees(f"serial number {room.ports.serial('C')}")
        room.ports.unplug("A")
        await seat.until(lambda: len(rows(seat)) == 2)
        await seat.sees(f"serial number {room.ports.serial('C')}")

    room.sit(work, size=(100, 60))


def test_a_replugged_key_is_read_again(room: Room) -> None:
    room.ports.add("A", pin="")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        before = seat.app.keys[0].plugged
        room.ports.unplug("A")
        room.ports.plug("A")
        await seat.until(lambda: [it.plugged for it in seat.app.keys] not in ([before], []))
        await seat.go_to_keys(1)
        assert rows(seat)[0][4] == "not set"

    room.sit(work)


class BrokenBus(SoftBus):
    """A bus on which some keys cannot be opened."""

    def __init__(self, *broken: bytes) -> None:
        super().__init__()
        self.broken = broken

    def open(self, path: bytes) -> SoftHandle:
        if path in self.broken:
            raise DeviceError("it may not be opened", mend="Install the udev rules.")
        return super().open(path)


def test_a_key_that_fails_says_so_in_its_own_row_and_spoils_no_other(room: Room) -> None:
    room.ports.bus = BrokenBus(b"/dev/softkey0")
    room.ports.add("A")
    room.ports.add("B", "other")

    async def work(seat: Seat) -> None:
        await seat.press("2")
        await seat.until(lambda: isinstance(seat.app.keys[0].result, Unreadable))
        await seat.until(lambda: len(rows(seat)) == 2 and rows(seat)[1][4] == "set")
        assert "FAILED: it may not be opened. Install the udev rules." in rows(seat)[0][1]
        assert rows(seat)[1][2] == room.ports.serial("B")
        await seat.sees("This key could not be read.", "Install the udev rules.")
        await seat.press("p")
        await seat.sees("cannot be read")

    room.sit(work)


class DeadBus(SoftBus):
    """A bus that cannot be listed until it is mended."""

    dead = True

    def enumerate(self) -> list[dict[str, object]]:
        if self.dead:
            raise DeviceError("the HID devices cannot be listed", mend="Load hidraw.")
        return super().enumerate()


def test_a_bus_that_cannot_be_listed_is_told_and_looked_at_again(room: Room) -> None:
    bus = room.ports.bus = DeadBus()
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.sees("the HID devices cannot be listed. Load hidraw.")
        await seat.press("2")
        await seat.sees("the HID devices cannot be listed. Load hidraw.")
        bus.dead = False
        await seat.until(lambda: len(rows(seat)) == 1)

    room.sit(work)


class OddNames(SoftBus):
    """A bus of keys whose names look like markup."""

    def enumerate(self) -> list[dict[str, object]]:
        return [
            it | {"product_string": "[bold red]Odd[/] key [/oops]"} for it in super().enumerate()
        ]


def test_what_a_key_calls_itself_is_never_taken_for_markup(room: Room) -> None:
    room.ports.bus = OddNames()
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.sees("[bold red]Odd[/] key [/oops]")
        await seat.go_to_keys(1)
        await seat.sees("[bold red]Odd[/]")
        await seat.press("b")
        await seat.hears("blinks now")
        await seat.press("p")
        await seat.sees("Check a PIN", "[bold red]Odd[/] key [/oops]")

    room.sit(work, size=(120, 40))


def test_read_again_shows_what_changed_on_the_key(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        memory = room.ports.keys["A"]._memory
        memory.change(pin_retries=4)
        memory.commit()
        await seat.press("r")
        await seat.until(lambda: rows(seat)[0][5] == "4")

    room.sit(work)


def test_sixteen_keys_are_read_while_the_screen_answers(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(16):
        room.ports.add(f"K{number}", serial=20_000_000 + number)

    async def work(seat: Seat) -> None:
        began = time.monotonic()
        await seat.go_to_keys(16)
        with capsys.disabled():
            sys.stdout.write(f" 16 keys read in {time.monotonic() - began:.2f} s")

    room.sit(work)

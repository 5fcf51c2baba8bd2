"""Home: how things stand, with a ledger and without."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from keyvault_kit.ledger.store import Ledger
from tui.app import KeyvaultApp
from tui.desk import open_desk
from tui.screens.home import _due
from tui.standing import read_standing
from tui.widgets.section import Section

if TYPE_CHECKING:
    from tests.tui.conftest import Room, Seat

WIDE = (120, 60)


def section(seat: Seat, name: str) -> str:
    return str(seat.app.screen.query_one(f"#{name}", Section).content)


def test_without_a_ledger_home_says_so_and_what_to_do(room: Room) -> None:
    async def work(seat: Seat) -> None:
        await seat.sees("There is no ledger here.", "keyvault init", "keyvault-tui --rehearsal")
        await seat.sees("Keys plugged in now")
        assert "REHEARSAL" not in seat.text

    room.sit(work)


def test_keys_come_and_go_on_home(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.sees(f"serial number {room.ports.serial('A')}")
        room.ports.unplug("A")
        await seat.until(lambda: section(seat, "keys") == "None.")

    room.sit(work)


def test_home_tells_what_the_ledger_says(room: Room, finished_rehearsal: Path) -> None:
    path = finished_rehearsal / "ledger.db"
    with Ledger.open(path, read_only=True) as ledger:
        size, root = ledger.size, ledger.root().hex()[:16]

    async def work(seat: Seat) -> None:
        await seat.sees(f"{size} entries, root {root}")
        await seat.sees("signed by alice, bob", f"It verifies by itself: {size} entries")
        assert "rehearsal" in section(seat, "ledger")
        assert "change and seal the password of bg1 anew (S32)" in section(seat, "due")
        assert section(seat, "findings").count("(key-") == 2
        assert "Who signs: alice (Alice" in section(seat, "ledger")

    room.sit(work, ledger=path, size=WIDE)


def test_a_rehearsals_ledger_opens_on_its_own_software_keys_and_says_so_everywhere(
    room: Room, finished_rehearsal: Path
) -> None:
    path = finished_rehearsal / "ledger.db"

    async def work(seat: Seat) -> None:
        await seat.sees("REHEARSAL: nothing here is real", "Real keys are not looked at")
        await seat.until(lambda: len(seat.app.keys) == 4)
        await seat.go_to_keys(4)
        await seat.sees("REHEARSAL: nothing here is real", "K1")
        await seat.press("question_mark")
        await seat.sees("Every FIDO2 key that is plugged in", "REHEARSAL ━┛")

    room.sit_at(KeyvaultApp(partial(open_desk, path)), work, size=WIDE)


def test_a_key_is_known_by_the_serial_number_in_the_register(
    room: Room, finished_rehearsal: Path
) -> None:
    path = finished_rehearsal / "ledger.db"

    async def work(seat: Seat) -> None:
        await seat.sees("tag K1")
        await seat.go_to_keys(4)
        await seat.sees("K1, by the serial number alone, which is a claim")

    room.sit_at(KeyvaultApp(partial(open_desk, path)), work, size=WIDE)


def test_a_file_that_is_no_ledger_is_told_and_keeps_nobody_from_the_keys(
    room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no ledger at all" * 100)
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.until(lambda: str(path) in section(seat, "ledger").replace("\n", ""))
        assert not seat.app.screen.query_one("#due").display
        await seat.go_to_keys(1)

    room.sit(work, ledger=path)


def test_a_ledger_that_does_not_verify_is_called_so(
    room: Room, finished_rehearsal: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(finished_rehearsal / "ledger.db", path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM detail")
        database.commit()

    async def work(seat: Seat) -> None:
        await seat.until(lambda: "It does NOT verify" in section(seat, "ledger"))
        await seat.hears("It does NOT verify")

    room.sit(work, ledger=path, size=WIDE)


def test_what_was_written_meanwhile_is_seen_when_one_comes_back(
    room: Room, finished_rehearsal: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"

    async def work(seat: Seat) -> None:
        await seat.sees("there is no ledger")
        shutil.copy(finished_rehearsal / "ledger.db", path)
        await seat.press("2", "1")
        await seat.sees("It verifies by itself")
        path.unlink()
        await seat.press("r")
        await seat.sees("there is no ledger")

    room.sit(work, ledger=path, size=WIDE)


def duties(ledger: Path, days: int) -> list[str]:
    """What Home shows of duties that many days after the rehearsal, in which bg1 was used."""
    now = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=days)
    return list(_due(read_standing(ledger, now)))


def test_home_shows_what_is_due_within_30_days_soonest_first_and_counts_the_rest(
    finished_rehearsal: Path,
) -> None:
    ledger = finished_rehearsal / "ledger.db"
    password = "change and seal the password of bg1 anew (S32)"
    looked_into = "hold the post-mortem of the use of account bg1 (S62)"

    assert duties(ledger, -1) == [f"in 1 day: {password}", f"in 8 days: {looked_into}"]
    today = duties(ledger, 0)
    assert today[:3] == [
        f"today: {password}",
        f"in 7 days: {looked_into}",
        "in 30 days: train alice (S59)",
    ]
    assert (len(today), today[-1]) == (11, "And 3 more; all of them: keyvault due")
    assert duties(ledger, 1)[0] == f"OVERDUE by 1 day: {password}"
    assert duties(ledger, 32)[:3] == [
        f"OVERDUE by 32 days: {password}",
        f"OVERDUE by 25 days: {looked_into}",
        "OVERDUE by 2 days: train alice (S59)",
    ]


def test_home_says_where_nothing_is_due_soon(finished_rehearsal: Path) -> None:
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    standing = read_standing(finished_rehearsal / "ledger.db", now)
    later = tuple(it for it in standing.due if it.requirement == "S54")

    shown = list(_due(msgspec.structs.replace(standing, due=later)))

    assert shown == ["Nothing within 30 days; what comes later: keyvault due"]

"""Checking a PIN: what the dialog asks, what it tells, and that nothing typed stays behind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from keyvault_kit.assembly import open_book
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.events import FindingMade, PinChecked
from keyvault_kit.keys.guard import OVERRIDE_WORDS
from keyvault_kit.keys.wording import PinWord
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.state import KeyState
from tui.prompts import PinPrompt
from tui.widgets.secret_input import SecretInput
from tui.wording import PIN_OBSTACLES

if TYPE_CHECKING:
    from tests.tui.conftest import Room, Seat

WRONG = "99999999"


async def enter(seat: Seat, pin: str) -> None:
    """Type a PIN into the dialog that `p` opens, and send it."""
    await seat.press("p")
    await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
    await seat.type(pin)
    await seat.press("enter")


def test_the_right_pin_is_told_to_be_right_and_what_is_left(room: Room) -> None:
    room.ports.add("A", pin_retries=5)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.sees("5 attempts left", f"serial number {room.ports.serial('A')}")
        await seat.type(room.pin)
        assert room.pin not in seat.text
        assert "••••••••" in seat.text
        await seat.press("enter")
        await seat.sees("The PIN is right: 8 attempts left")
        await seat.press("enter")
        await seat.until(lambda: seat.app.screen.TITLE == "Keys")

    room.sit(work)


def test_a_wrong_pin_costs_an_attempt_and_a_third_in_a_row_is_not_sent(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        for left in (7, 6):
            await enter(seat, WRONG)
            await seat.sees("The PIN was NOT accepted", f"the PIN is wrong ({left} attempts left)")
            await seat.press("enter")
        await enter(seat, WRONG)
        await seat.sees("A third wrong PIN in a row is not sent", "6 attempts left")
        assert room.ports.keys["A"]._memory.state.pin_retries == 6
        await seat.press("enter")

        room.ports.unplug("A")
        await seat.until(lambda: not seat.app.keys)
        room.ports.plug("A")
        await seat.go_to_keys(1)
        await enter(seat, room.pin)
        await seat.sees("The PIN is right: 8 attempts left")

    room.sit(work)


def test_the_last_attempts_want_the_exact_words(room: Room) -> None:
    room.ports.add("A", pin_retries=3)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.sees("3 attempts left", OVERRIDE_WORDS)
        await seat.type("go on")
        await seat.press("tab")
        await seat.type(room.pin)
        await seat.press("enter")
        await seat.hears("These are not the exact words")
        assert isinstance(seat.app.screen, PinPrompt)
        seat.app.screen.query_one("#words", Input).value = ""
        await seat.type(OVERRIDE_WORDS.replace(" ", "_"))
        seat.app.screen.query_one("#words", Input).value = OVERRIDE_WORDS
        await seat.press("enter")
        await seat.sees("The PIN is right: 8 attempts left")

    room.sit(work)


def test_a_pin_is_asked_for_only_where_one_is_set_and_good() -> None:
    assert set(PIN_OBSTACLES) == set(PinWord) - {PinWord.SET}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"force_pin_change": True}, "must be changed before it is good for anything"),
        ({"pin_retries": 0}, "blocked for good"),
    ],
    ids=["forced change", "blocked"],
)
def test_where_no_pin_is_of_use_none_is_asked_for(
    room: Room, state: dict[str, object], told: str
) -> None:
    room.ports.add("A", **state)  # type: ignore[arg-type]

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.sees("No PIN can be checked", told)
        await seat.press("escape")
        assert seat.app.screen.TITLE == "Keys"

    room.sit(work)


def test_a_key_without_a_pin_is_asked_for_none(room: Room) -> None:
    room.ports.add("A", pin="")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.sees("It has no PIN yet")

    room.sit(work)


def test_after_three_wrong_pins_from_elsewhere_the_key_wants_to_be_replugged(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        for _ in range(3):
            room.guard.replugged(seat.app.keys[0].plugged)  # as if another program had sent them
            await enter(seat, WRONG)
            await seat.sees("The PIN was NOT accepted")
            await seat.press("enter")
        await seat.until(lambda: getattr(seat.app.keys[0].result, "power_cycle_needed", False))
        await seat.press("p")
        await seat.sees("It takes no PIN now. Unplug the key")

    room.sit(work)


def test_a_key_that_is_pulled_out_takes_its_dialog_with_it(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        field = seat.app.screen.query_one(SecretInput)
        await seat.type(room.pin[:4])
        room.ports.unplug("A")
        await seat.hears("The key was unplugged: no PIN was sent")
        await seat.sees("No FIDO2 security key")
        assert field.value == ""
        assert room.ports.keys["A"]._memory.state.pin_retries == 8

    room.sit(work)


def test_escape_sends_nothing_and_empties_the_field(room: Room) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        field = seat.app.screen.query_one(SecretInput)
        await seat.type(WRONG)
        await seat.press("escape")
        await seat.until(lambda: not isinstance(seat.app.screen, PinPrompt))
        assert field.value == ""
        assert room.ports.keys["A"]._memory.state.pin_retries == 8

    room.sit(work)


def test_the_pin_is_wiped_when_the_key_has_judged_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.ports.add("A")
    made: list[Secret] = []
    make = Secret.from_text

    def remember(text: str) -> Secret:
        made.append(make(text))
        return made[-1]

    monkeypatch.setattr(Secret, "from_text", remember)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        field = seat.app.screen.query_one(SecretInput)
        await seat.type(room.pin)
        await seat.press("enter")
        await seat.sees("The PIN is right")
        assert field.value == ""
        assert len(made) == 1
        with pytest.raises(ValueError, match="wiped"):
            made[0].expose()

    room.sit(work)


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+x", "super+c"])
def test_a_pin_is_never_copied(room: Room, key: str) -> None:
    room.ports.add("A")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        await seat.type(WRONG)
        await seat.press("ctrl+a", key)
        assert seat.app.clipboard == ""
        assert seat.app.screen.query_one(SecretInput).value == WRONG

    room.sit(work)


def take_over(room: Room, rehearsal: Path, ledger: Path) -> str:
    """Plug in a key of a rehearsal with all that it keeps, and this PIN; its tag."""
    shutil.copy(rehearsal / "ledger.db", ledger)
    kept = KeyState.from_json((rehearsal / "softkeys" / "K1.json").read_bytes())
    room.ports.add("K1", kept.profile, serial=kept.serial, credentials=kept.credentials)
    return "K1"


def test_no_pin_is_sent_to_a_stranger_that_claims_a_serial_number(
    room: Room, finished_rehearsal: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.db"
    shutil.copy(finished_rehearsal / "ledger.db", ledger)
    serial = open_book(ledger).register.keys["K1"].serial
    room.ports.add("A", serial=serial)
    size = open_book(ledger).ledger.size

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.sees("K1")
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        await seat.type("carol")
        await seat.press("enter")
        await seat.type(WRONG)
        await seat.press("enter")
        await seat.sees("Nothing was sent to this key", "a stranger claims the serial number")

    room.sit(work, ledger=ledger, size=(110, 30))

    (entry,) = [decode(body) for body in open_book(ledger).ledger.bodies(size)]
    assert isinstance(entry.fact, FindingMade)
    assert (entry.by, entry.fact.rule) == (("carol",), "key-stranger")
    assert room.ports.keys["A"]._memory.state.pin_retries == 8


def test_a_registered_key_without_a_serial_number_is_known_by_its_credential(
    room: Room, finished_rehearsal: Path
) -> None:
    kept = KeyState.from_json((finished_rehearsal / "softkeys" / "K3.json").read_bytes())
    assert kept.serial is None
    room.ports.add("other", kept.profile)
    room.ports.add("mine", kept.profile, credentials=kept.credentials)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(2)
        await seat.until(lambda: sorted(seat.app.tags().values()) == ["", "K3"])

    room.sit(work, ledger=finished_rehearsal / "ledger.db", size=(110, 30))


def test_each_attempt_on_a_registered_key_is_entered_under_who_typed_it(
    room: Room, finished_rehearsal: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.db"
    tag = take_over(room, finished_rehearsal, ledger)

    async def attempt(seat: Seat, pin: str, verdict: str) -> None:
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        await seat.type("nobody")
        await seat.press("enter")
        await seat.hears("type who you are, one of alice, bob")
        await seat.press("ctrl+u")
        await seat.type("carol")
        await seat.press("enter")
        await seat.type(pin)
        await seat.press("enter")
        await seat.sees(verdict)
        await seat.press("enter")

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.sees(tag)
        await attempt(seat, WRONG, "the PIN is wrong (7 attempts left)")
        await attempt(seat, room.pin, "The PIN is right: 8 attempts left")

    room.sit(work, ledger=ledger, size=(110, 30))

    book = open_book(ledger)
    entries = [decode(body) for body in book.ledger.bodies()][-2:]
    assert [(it.by, it.fact) for it in entries] == [
        (("carol",), PinChecked(key=tag, right=False, retries=7)),
        (("carol",), PinChecked(key=tag, right=True, retries=8)),
    ]


def test_an_attempt_that_cannot_be_entered_is_said_so(
    room: Room, finished_rehearsal: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.db"
    tag = take_over(room, finished_rehearsal, ledger)

    async def work(seat: Seat) -> None:
        await seat.go_to_keys(1)
        await seat.sees(tag)
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PinPrompt))
        ledger.unlink()
        await seat.type("carol")
        await seat.press("enter")
        await seat.type(room.pin)
        await seat.press("enter")
        await seat.hears("What was seen at a key was not entered")
        await seat.sees("The PIN is right")

    room.sit(work, ledger=ledger, size=(110, 30))

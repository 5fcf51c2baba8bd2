"""What is done to a key: PINs with every attempt in the ledger, credentials, reset."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.at_keys import AtKey
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import DeclinedError, DeviceError, RefusedError
from keyvault_kit.keys.failures import (
    PinBlockedError,
    PinChangeRequiredError,
    PinReplugError,
    UnreachableKeyError,
    WrongPinError,
)
from keyvault_kit.keys.guard import OVERRIDE_WORDS
from keyvault_kit.keys.hid import HidBus, HidHandle
from keyvault_kit.keys.session import PERMISSION, open_session
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN, OTHER, WRONG = "40718295", "83940261", "40718296"
NO_POLICY = PinPolicy()


def facts(desk: Desk, start: int) -> list[ev.Fact]:
    return [entry.fact for entry in desk.entries(start)]


def checked(*, right: bool | None, retries: int | None) -> ev.PinChecked:
    return ev.PinChecked(key="K1", right=right, retries=retries)


class Deaf:
    """A bus whose keys are heard no more once they were sent a command that begins like that."""

    def __init__(self, bus: HidBus, command: re.Pattern[bytes]) -> None:
        self._bus = bus
        self._command = command

    def enumerate(self) -> list[dict[str, object]]:
        return self._bus.enumerate()

    def open(self, path: bytes) -> HidHandle:
        return _DeafHandle(self._bus.open(path), self._command)


class _DeafHandle:
    def __init__(self, handle: HidHandle, command: re.Pattern[bytes]) -> None:
        self._handle = handle
        self._command = command
        self._is_over = False

    def write(self, data: bytes) -> int:
        self._is_over = self._is_over or bool(self._command.match(data[8:]))
        return self._handle.write(data)

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        report = self._handle.read(max_length, timeout_ms)
        if self._is_over and report:  # it did what it was told, and was pulled out then
            raise OSError("gone")
        return report

    def close(self) -> None:
        self._handle.close()


GET_RETRIES, SET_PIN, CHANGE_PIN, GET_TOKEN = (
    re.compile(rb"\x06.\x01\x02\x02" + bytes([subcommand]), re.DOTALL)
    for subcommand in (0x01, 0x03, 0x04, 0x09)
)
DELETE, RESET = re.compile(rb"\x0a.\x01\x06", re.DOTALL), re.compile(rb"\x07")


def deaf(desk: Desk, command: re.Pattern[bytes]) -> AtKey:
    """At K1, which is heard no more after that command."""
    at = desk.at("K1")
    return replace(at, desk=replace(at.desk, bus=Deaf(desk.bench.bus, command)))


@pytest.fixture
def fresh(desk: Desk) -> Desk:
    """K1 is registered, and has no PIN."""
    desk.register_key("K1")
    return desk


@pytest.fixture
def keyed(fresh: Desk) -> Desk:
    """K1 is registered, and has a PIN."""
    fresh.people.pins = [PIN, PIN]
    key_work.set_pin(fresh.at("K1"), NO_POLICY)
    return fresh


# --- Every attempt is in the ledger, and none that was not sent


def test_a_right_pin_is_entered_with_what_is_left(keyed: Desk) -> None:
    size, keyed.people.pins = keyed.ledger.size, [WRONG, PIN]
    with pytest.raises(WrongPinError):
        key_work.check_pin(keyed.at("K1"))

    assert key_work.check_pin(keyed.at("K1")).retries == 8

    assert facts(keyed, size) == [
        checked(right=False, retries=7),
        checked(right=True, retries=8),
    ]


WORK: dict[str, Callable[[Desk], object]] = {
    "check": lambda desk: key_work.check_pin(desk.at("K1")),
    "change": lambda desk: key_work.change_pin(desk.at("K1"), NO_POLICY),
    "list": lambda desk: key_work.credentials(desk.at("K1")),
    "delete": lambda desk: key_work.delete_credential(desk.at("K1"), b"x"),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_a_wrong_pin_is_entered_although_the_command_failed(
    keyed: Desk, work: Callable[[Desk], object]
) -> None:
    size, keyed.people.pins = keyed.ledger.size, [WRONG, OTHER, OTHER]

    with pytest.raises(WrongPinError, match=r"key K1 could not .* the PIN is wrong") as caught:
        work(keyed)

    assert caught.value.retries == 7
    assert facts(keyed, size) == [checked(right=False, retries=7)]


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_a_third_wrong_pin_in_a_row_is_not_asked_for_nor_sent_nor_entered(
    keyed: Desk, work: Callable[[Desk], object]
) -> None:
    keyed.people.pins = [WRONG, WRONG]
    for _ in range(2):
        with pytest.raises(WrongPinError):
            key_work.check_pin(keyed.at("K1"))
    size, asked = keyed.ledger.size, len(keyed.people.texts(Topic.KEY_PIN))

    with pytest.raises(RefusedError, match="a third wrong PIN in a row is not sent"):
        work(keyed)

    assert len(keyed.people.texts(Topic.KEY_PIN)) == asked
    assert keyed.state_of("K1").pin_retries == 6
    assert keyed.ledger.size == size


def test_after_a_replug_two_more_are_sent(keyed: Desk) -> None:
    keyed.people.pins = [WRONG] * 4
    for _ in range(2):
        keyed.bench.plug("K1")
        for _ in range(2):
            with pytest.raises(WrongPinError):
                key_work.check_pin(keyed.at("K1"))

    assert keyed.state_of("K1").pin_retries == 4


def test_at_the_floor_exact_words_are_needed_before_the_pin_is_asked_for(keyed: Desk) -> None:
    keyed.change_key("K1", pin_retries=3)
    size, keyed.people.says[Topic.OVERRULE] = keyed.ledger.size, ["yes", OVERRIDE_WORDS]

    with pytest.raises(DeclinedError, match=r"one of the last for key K1 \(3 attempts left\)"):
        key_work.check_pin(keyed.at("K1"))
    assert keyed.people.texts(Topic.KEY_PIN) == []
    assert keyed.ledger.size == size

    keyed.people.pins = [PIN]
    assert key_work.check_pin(keyed.at("K1")).retries == 8
    assert facts(keyed, size) == [checked(right=True, retries=8)]


def test_the_words_are_asked_for_anew_each_time(keyed: Desk) -> None:
    keyed.change_key("K1", pin_retries=3)
    keyed.people.says[Topic.OVERRULE], keyed.people.pins = [OVERRIDE_WORDS, ""], [WRONG]
    with pytest.raises(WrongPinError, match="2 attempts left"):
        key_work.check_pin(keyed.at("K1"))

    with pytest.raises(DeclinedError):
        key_work.check_pin(keyed.at("K1"))

    assert keyed.state_of("K1").pin_retries == 2


def test_a_blocked_pin_and_one_that_waits_for_a_replug_are_not_asked_for(keyed: Desk) -> None:
    size = keyed.ledger.size
    for _ in range(3):  # by another program
        with (
            pytest.raises(DeviceError),
            open_session(keyed.bench.bus, keyed.at("K1").reading.plugged) as session,
        ):
            session.pin_token(Secret.from_text(WRONG), PERMISSION.GET_ASSERTION, "other.invalid")
    with pytest.raises(PinReplugError, match="takes no PIN until it is replugged"):
        key_work.check_pin(keyed.at("K1"))
    keyed.bench.plug("K1")
    keyed.change_key("K1", pin_retries=0)
    with pytest.raises(PinBlockedError, match="blocked for good"):
        key_work.check_pin(keyed.at("K1"))

    assert keyed.people.texts(Topic.KEY_PIN) == []
    assert keyed.ledger.size == size


def test_a_key_that_falls_silent_counts_as_an_attempt_that_may_have_been_spent(
    keyed: Desk,
) -> None:
    size, keyed.people.pins = keyed.ledger.size, [PIN]

    with pytest.raises(UnreachableKeyError, match="key K1 could not accept the PIN"):
        key_work.check_pin(deaf(keyed, GET_TOKEN))

    assert facts(keyed, size) == [checked(right=None, retries=None)]


def test_a_key_that_falls_silent_before_its_pin_was_sent_counts_as_none(keyed: Desk) -> None:
    size, keyed.people.pins = keyed.ledger.size, [PIN]

    with pytest.raises(UnreachableKeyError):
        key_work.check_pin(deaf(keyed, GET_RETRIES))

    assert keyed.ledger.size == size


def test_a_pin_that_must_be_changed_is_not_sent_for_anything_else_either(keyed: Desk) -> None:
    keyed.change_key("K1", force_pin_change=True)
    size, keyed.people.pins = keyed.ledger.size, [PIN]

    with pytest.raises(PinChangeRequiredError, match="the PIN of key K1 must be changed"):
        key_work.credentials(keyed.at("K1"))

    assert keyed.state_of("K1").pin_retries == 8
    assert keyed.ledger.size == size


def test_a_forced_change_is_said_before_the_pin_is_asked_for(keyed: Desk) -> None:
    keyed.change_key("K1", force_pin_change=True)
    size = keyed.ledger.size

    with pytest.raises(PinChangeRequiredError, match="the PIN of key K1 must be changed") as caught:
        key_work.check_pin(keyed.at("K1"))

    assert "keys change-pin" in caught.value.mend
    assert keyed.people.texts(Topic.KEY_PIN) == []
    assert keyed.ledger.size == size
    keyed.people.pins = [PIN, OTHER, OTHER, OTHER]
    key_work.change_pin(keyed.at("K1"), NO_POLICY)
    assert key_work.check_pin(keyed.at("K1")).retries == 8


# --- A key that falls silent in the middle of a change


def test_a_change_whose_end_nobody_knows_is_a_finding(keyed: Desk) -> None:
    size, keyed.people.pins = keyed.ledger.size, [PIN, OTHER, OTHER]

    with pytest.raises(UnreachableKeyError):
        key_work.change_pin(deaf(keyed, CHANGE_PIN), NO_POLICY)

    attempt, doubt = facts(keyed, size)
    assert attempt == checked(right=None, retries=None)
    assert isinstance(doubt, ev.FindingMade)
    assert doubt.what == (
        "key K1 did not answer to the end: it got another PIN, or it did not come to that"
    )
    assert doubt.mend == "Try both PINs: 'keys check-pin'."


def test_a_first_pin_and_a_reset_whose_end_nobody_knows_are_findings(fresh: Desk) -> None:
    size, fresh.people.pins = fresh.ledger.size, [PIN, PIN]
    with pytest.raises(UnreachableKeyError):
        key_work.set_pin(deaf(fresh, SET_PIN), NO_POLICY)
    fresh.people.says[Topic.RESET] = ["reset K1"]
    with pytest.raises(UnreachableKeyError):
        key_work.reset(deaf(fresh, RESET))

    whats = [it.what for it in facts(fresh, size) if isinstance(it, ev.FindingMade)]
    assert [what.partition(": ")[2] for what in whats] == [
        "it got its PIN, or it did not come to that",
        "it was reset, or it did not come to that",
    ]

"""Ceremonies of keys that nobody will end: what was only made goes, what a key may have stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import destroying
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import giving_up, pin, rotate
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Purpose, Retirement, SetState
from keyvault_kit.errors import RefusedError
from tests.ceremonies import test_pins_anew as pins
from tests.ceremonies.enrolling import Online, enrolling, request
from tests.ceremonies.practised import enter
from tests.ceremonies.sealing import OFFICERS, evidence_of, sealing
from tests.ceremonies.sealing import request as sealed_as

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


def give_up(desk: Desk, ceremony: str) -> None:
    wanted = giving_up.Request(ceremony=ceremony, officers=("alice", "bob"))
    desk.run(giving_up.ceremony(desk.register, wanted))


def pins_of(desk: Desk) -> list[SetState]:
    return [it.state for it in desk.register.sets_of("K1", Purpose.PIN)]


@pytest.fixture
def new_key(desk: Desk) -> Desk:
    """K1 is on the table, and is to be enrolled; somebody fetches options for it."""
    desk.enrol("carol")
    desk.add_key("K1")
    Online(desk)
    return desk


@pytest.fixture
def keyed(desk: Desk) -> Desk:
    """K1 has a PIN on paper; key and mailer lie in their safes."""
    desk.enrol("carol")
    desk.register_key("K1")
    desk.people.bags = lambda envelope: desk.register.envelopes[envelope].bag or ""
    pins.change(desk)
    return desk


def test_an_enrolment_is_given_up_before_the_pin_is_in_force_and_begun_anew(new_key: Desk) -> None:
    with pytest.raises(pins.KilledError):
        enrolling(new_key, request(), pins.kill_at("seal-pin", "begins"))

    give_up(new_key, "enrol-K1")

    assert new_key.register.ceremonies["enrol-K1"].closed
    assert pins_of(new_key) == [SetState.VOID]
    assert new_key.register.envelopes["K1-pin1-1"].state is EnvelopeState.SPOILED
    assert "pin-K1-pin1-1.pdf" not in {it.name for it in (new_key.folder / "sheets").iterdir()}
    other = request(witness="alice", pin_people=("bob", "alice"))
    assert enrolling(new_key, other).keys["K1"].credential
    assert pins_of(new_key) == [SetState.VOID, SetState.IN_FORCE]


@pytest.mark.parametrize("moment", ["begins", "acted"])
def test_an_enrolment_whose_key_may_have_the_pin_is_not_given_up(
    new_key: Desk, moment: str
) -> None:
    with pytest.raises(pins.KilledError):
        enrolling(new_key, request(), pins.kill_at("set-pin", moment))

    with pytest.raises(RefusedError, match="key K1 may have the PIN of set K1-pin1"):
        give_up(new_key, "enrol-K1")

    new_key.people.says[Topic.RESET] = ["reset K1"]
    assert enrolling(new_key, request()).keys["K1"].credential


def test_an_enrolment_whose_pin_is_in_force_is_ended_and_not_given_up(new_key: Desk) -> None:
    with pytest.raises(pins.KilledError):
        enrolling(new_key, request(), pins.kill_at("hand-over", "begins"))

    with pytest.raises(RefusedError, match="the pin of set K1-pin1 is in force") as caught:
        give_up(new_key, "enrol-K1")

    assert "keys reset" in caught.value.mend
    assert enrolling(new_key, request()).keys["K1"].credential


def test_a_new_pin_is_given_up_while_the_key_has_the_old_one(keyed: Desk) -> None:
    with pytest.raises(pins.KilledError):
        pins.change(keyed, pins.kill_at("seal-pin", "begins"))

    give_up(keyed, "pin-K1-2")

    assert pins_of(keyed) == [SetState.IN_FORCE, SetState.VOID]
    assert not keyed.people.texts(Topic.CHECK)
    assert pin.begun(keyed.register, "K1") is None
    pins.change(keyed)
    assert pins.has(keyed, pins.on_paper(keyed))


@pytest.mark.parametrize("moment", ["begins", "acted"])
def test_a_sealed_pin_that_the_key_may_have_stays_whatever_people_say(
    keyed: Desk, moment: str
) -> None:
    with pytest.raises(pins.KilledError):
        pins.change(keyed, pins.kill_at("change-pin", moment))
    keyed.people.says[Topic.CHECK] = [True]

    with pytest.raises(RefusedError, match="key K1 may have the PIN of set K1-pin2") as caught:
        give_up(keyed, "pin-K1-2")

    assert "keys reset" in caught.value.mend
    assert not keyed.people.texts(Topic.CHECK)
    assert keyed.register.envelopes["K1-pin2-1"].state is EnvelopeState.SEALED
    pins.change(keyed)
    assert pins.whole(keyed)


def test_once_the_key_is_reset_its_sealed_pin_is_given_up(keyed: Desk) -> None:
    with pytest.raises(pins.KilledError):
        pins.change(keyed, pins.kill_at("change-pin", "acted"))
    keyed.book.record([ev.KeyReset(key="K1", why="its people left")], ("carol",))

    give_up(keyed, "pin-K1-2")

    assert pins_of(keyed) == [SetState.DEAD, SetState.VOID]


def test_an_old_pin_that_nobody_knows_is_no_reason_to_keep_a_ceremony_open(keyed: Desk) -> None:
    with pytest.raises(pins.KilledError):
        pins.change(keyed, pins.kill_at("read-pin", "begins"))

    give_up(keyed, "pin-K1-2")

    assert pins_of(keyed) == [SetState.IN_FORCE, SetState.VOID]


# --- What is in force, and lacks something


def test_two_others_close_what_misses_its_evidence_and_that_is_a_finding(desk: Desk) -> None:
    """Bob leaves after the password is set, before the evidence is there."""
    sealing(desk, sealed_as())
    desk.people.evidence = lambda it: evidence_of(desk, it, action="register")
    wanted = rotate.as_before(desk.register, "bg1", OFFICERS)
    with pytest.raises(RefusedError, match="says nothing of a password"):
        desk.run(rotate.next_ceremony(desk.register, wanted))

    give_up(desk, "rotate-bg1-1")

    assert desk.register.ceremonies["rotate-bg1-1"].closed
    assert [it.state for it in desk.register.sets_of("bg1", Purpose.PASSWORD)] == [
        SetState.DEAD,
        SetState.IN_FORCE,
    ]
    (finding,) = desk.register.open_findings()
    assert (finding.rule, finding.subject) == ("left-unfinished", "bg1")
    assert "no evidence says that the tenant took the password of set bg1-pw2" in finding.what
    assert destroying.doomed(desk.register) == ()
    desk.people.evidence = lambda it: evidence_of(desk, it)
    again = rotate.as_before(desk.register, "bg1", OFFICERS)
    desk.run(rotate.next_ceremony(desk.register, again))
    assert {it.set for it in destroying.doomed(desk.register)} == {"bg1-pw1"}


def test_what_was_not_deposited_is_named(desk: Desk) -> None:
    desk.people.says[Topic.DEPOSIT] = [True, False]
    with pytest.raises(RefusedError, match="does not lie in safe"):
        sealing(desk, sealed_as())

    give_up(desk, "seal-bg1-1")

    said = [it.what for it in desk.register.open_findings()]
    assert said[0] == "envelope bg1-pw1-2 is sealed, and lies in no safe"
    assert len(said) == 2


def test_of_a_new_pin_the_key_that_lies_nowhere_is_named(keyed: Desk) -> None:
    with pytest.raises(pins.KilledError):
        pins.change(keyed, pins.kill_at("deposit-key", "begins"))

    give_up(keyed, "pin-K1-2")

    said = [it.what for it in keyed.register.open_findings()]
    assert said == [
        "envelope K1-pin2-1 is sealed, and lies in no safe",
        "envelope K1-key2 is sealed, and lies in no safe",
    ]
    assert pins_of(keyed) == [SetState.DEAD, SetState.IN_FORCE]


def test_of_a_key_that_is_lost_nobody_needs_to_be_sure(keyed: Desk) -> None:
    with pytest.raises(pins.KilledError):
        pins.change(keyed, pins.kill_at("change-pin", "begins"))
    enter(keyed, "retire", ("alice", "bob"), ev.KeyRetired(key="K1", why=Retirement.LOST))

    give_up(keyed, "pin-K1-2")

    assert not keyed.people.texts(Topic.CHECK)
    assert pins_of(keyed)[-1] is SetState.VOID

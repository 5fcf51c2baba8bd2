"""Drills: one share alone, never the threshold; or a key, whose PIN is then to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import practising
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import drill
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Form
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.errors import InputError, RefusedError
from tests.ceremonies.practised import (
    copied,
    found,
    off_script_once,
    prepared,
    with_key,
    with_password,
)
from tests.ceremonies.sealing import Printer
from tests.ceremonies.walking import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ceremonies.conftest import Desk

ONE, TWO = "bg1-pw1-1", "bg1-pw1-2"


def practise(
    desk: Desk, *, envelope: str = "", key: str = "", people: tuple[str, str] | None = None
) -> str:
    """Practise, by two of whom nobody has more than that by themselves."""
    people = people or (("alice", "bob") if key else ("alice", "carol"))
    wanted = drill.Request(account="bg1", envelope=envelope, key=key, people=people, number=0)
    ceremony = drill.next_ceremony(desk.register, wanted)
    desk.run(ceremony)
    return ceremony.id


def yes(desk: Desk, times: int = 20) -> None:
    """All that is on the checklist is as it should be."""
    desk.people.says[Topic.CHECK] = [True] * times


def due_now(desk: Desk) -> dict[tuple[Task, str], str]:
    now = desk.time.true
    every = due(desk.register, now)
    return {(it.task, it.subject): it.trigger for it in every if it.day <= now.date()}


# --- One envelope


@pytest.fixture(scope="module")
def in_safes(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both of two shares give the password of bg1. To be copied."""

    def seal(desk: Desk) -> None:
        with_password(desk, count=2)

    return prepared(founded, tmp_path_factory.mktemp("sealed") / "desk", seal)


@pytest.fixture
def sealed(in_safes: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that, a week later."""
    with copied(in_safes, tmp_path / "sealed") as desk:
        yes(desk)
        yield desk


def test_one_share_is_verified_alone_and_goes_back_in_a_new_bag(sealed: Desk) -> None:
    old = sealed.register.envelopes[ONE]

    assert practise(sealed, envelope=ONE) == "drill-bg1-1"

    new = sealed.register.envelopes[ONE]
    assert (new.state, new.safe) == (EnvelopeState.DEPOSITED, old.safe)
    assert new.bag not in (None, old.bag)
    assert ev.ShareVerified in sealed.kinds()
    assert found(sealed) == []
    assert (sealed.folder / "sheets" / "checklist-drill-bg1-1.pdf").exists()
    assert sealed.register.ceremonies["drill-bg1-1"].closed


def test_a_share_that_was_seen_is_no_use_and_counts_in_who_could_collude(sealed: Desk) -> None:
    practise(sealed, envelope=ONE)

    assert sealed.register.accounts["bg1"].used is None
    assert (Task.PASSWORD, "bg1") not in due_now(sealed)
    seen = [(it.person, it.number) for it in sealed.register.exposures if not it.present]
    assert seen[-2:] == [("alice", 1), ("carol", 1)]


def test_those_who_would_have_enough_with_it_do_not_open_it(sealed: Desk) -> None:
    with pytest.raises(RefusedError, match="with sheet 1 bob alone would have, or could take"):
        practise(sealed, envelope=ONE, people=("alice", "bob"))

    assert sealed.register.envelopes[ONE].state is EnvelopeState.DEPOSITED


def test_those_who_saw_one_before_do_not_open_another(sealed: Desk) -> None:
    practise(sealed, envelope=ONE)

    with pytest.raises(RefusedError, match=r"would have seen 2 of the sheets of bg1-pw1, and 2"):
        practise(sealed, envelope=TWO, people=("bob", "carol"))
    practise(sealed, envelope=ONE)


def test_the_whole_password_is_no_envelope_for_a_drill(desk: Desk) -> None:
    with_password(desk, Form.WHOLE, 1)

    with pytest.raises(RefusedError, match="1 of the sheets of bg1-pw1, and 1 give the password"):
        practise(desk, envelope=ONE)


def test_a_literal_part_is_a_piece_of_the_password_which_is_changed_then(desk: Desk) -> None:
    with_password(desk, Form.PARTS, 2)
    yes(desk)
    desk.book.record([ev.SecretExposed(person="carol", set="bg1-pw1", number=1)], ("carol",))

    assert due_now(desk)[Task.PASSWORD, "bg1"] == "carol saw sheet 1"


def test_a_wrong_sheet_is_a_finding_and_does_not_go_back_as_the_right_one(sealed: Desk) -> None:
    printer = Printer(sealed.folder / "sheets")
    object.__setattr__(sealed.station, "paper", printer)
    sealed.people.sheets = lambda _: printer.code(f"share-{TWO}")

    practise(sealed, envelope=ONE)

    assert found(sealed) == [("sheet-unusable", ONE)]
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED
    assert ev.EnvelopeResealed not in sealed.kinds()


def test_an_empty_bag_is_a_finding_and_nobody_saw_anything(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_INTACT] = [False]
    sealed.people.says[Topic.CHECK] = [True, True, False]
    before = len(sealed.register.exposures)

    practise(sealed, envelope=ONE)

    assert ("bag-content", ONE) in found(sealed)
    assert len(sealed.register.exposures) == before
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED


def test_what_was_cut_short_goes_on_with_the_envelope_that_is_open(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        practise(sealed, envelope=ONE)
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED

    assert practise(sealed, envelope=ONE) == "drill-bg1-1"

    assert sealed.register.envelopes[ONE].state is EnvelopeState.DEPOSITED


def test_what_is_not_as_planned_is_noted(sealed: Desk) -> None:
    off_script_once(sealed, Topic.DEPOSIT)

    practise(sealed, envelope=ONE)

    (noted,) = sealed.register.ceremonies["drill-bg1-1"].exceptions
    assert noted.step == f"deposit-{ONE}"


# --- A key


@pytest.fixture(scope="module")
def in_bags(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key K1 in safe hq-2, its PIN in hq-1. To be copied."""
    return prepared(founded, tmp_path_factory.mktemp("keyed") / "desk", with_key)


@pytest.fixture
def keyed(in_bags: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that, a week later."""
    with copied(in_bags, tmp_path / "keyed") as desk:
        yes(desk)
        yield desk


def test_a_key_signs_in_and_goes_back_with_its_pin_each_in_a_new_bag(keyed: Desk) -> None:
    asked = len(keyed.people.texts(Topic.CHECK))

    practise(keyed, key="K1")

    bag = keyed.register.bag_of("K1")
    assert bag
    assert (bag.id, bag.state, bag.safe) == ("K1-key2", EnvelopeState.DEPOSITED, "hq-2")
    pin = keyed.register.envelopes["K1-pin1-1"]
    assert (pin.state, pin.safe) == (EnvelopeState.DEPOSITED, "hq-1")
    assert pin.bag != "PIN-1"
    assert ev.KeyAsserted in keyed.kinds()
    assert keyed.register.done["drill:bg1"] == keyed.time.true
    assert "bg1" not in keyed.register.emergencies
    assert found(keyed) == []
    every = (
        *practising.TOLD,
        *practising.REACHED,
        *practising.BEFORE_ACCESS,
        *practising.ACCESS,
        *practising.ALERT,
        *practising.OVER,
    )
    asked_now = keyed.people.texts(Topic.CHECK)[asked:]
    assert asked_now == [it.asked.format("bg1") for it in every]


def test_its_pin_was_seen_and_is_to_be_changed_at_once_which_is_told(keyed: Desk) -> None:
    practise(keyed, key="K1")

    assert due_now(keyed)[Task.PIN, "K1"] == "alice saw sheet 1"
    told = keyed.people.texts(Topic.NOTE)
    assert any(text.startswith("Due now: change and seal the PIN of K1") for text in told)


EVERY = {
    question.rule: number
    for number, question in enumerate(
        (
            *practising.TOLD,
            *practising.REACHED,
            *practising.BEFORE_ACCESS,
            *practising.ACCESS,
            *practising.ALERT,
            *practising.OVER,
        )
    )
}


@pytest.mark.parametrize("rule", EVERY)
def test_each_no_is_a_finding_and_without_role_or_alert_the_drill_is_owed_still(
    keyed: Desk, rule: str
) -> None:
    keyed.people.says[Topic.CHECK] = [number != EVERY[rule] for number in range(len(EVERY))]

    practise(keyed, key="K1")

    assert found(keyed) == [(rule, "bg1")]
    assert ("drill:bg1" in keyed.register.done) is (rule not in {"drill-role", "drill-alert"})


def test_a_refused_sign_in_is_a_finding_and_the_drill_is_owed_still(keyed: Desk) -> None:
    keyed.people.says[Topic.SIGN_IN] = [False]

    practise(keyed, key="K1")

    assert found(keyed) == [("sign-in-refused", "K1")]
    assert "drill:bg1" not in keyed.register.done
    assert any("owed still" in text for text in keyed.people.texts(Topic.NOTE))
    assert keyed.register.ceremonies["drill-bg1-1"].closed


def test_a_key_that_was_exchanged_meanwhile_goes_back_as_evidence(keyed: Desk) -> None:
    replace(keyed, "K1")

    practise(keyed, key="K1")

    assert [rule for rule, _ in found(keyed)] == ["key-stranger"]
    assert keyed.register.bag_of("K1") is None
    assert keyed.register.envelopes["K1-evidence1"].safe == "hq-2"


def test_a_key_that_was_pulled_out_is_asked_for_again(keyed: Desk) -> None:
    keyed.people.at_plug = lambda _: None
    confirm = keyed.people.confirm

    def plug_in(prompt: Prompt) -> bool:
        if prompt.topic is Topic.RETRY and "Plug in key K1" in prompt.text:
            keyed.bench.fetch("K1")
            return True
        return confirm(prompt)

    keyed.people.confirm = plug_in  # type: ignore[method-assign]

    practise(keyed, key="K1")

    assert found(keyed) == []
    assert ev.KeyAsserted in keyed.kinds()


def test_a_key_that_stays_away_is_a_finding_and_its_bag_holds_evidence(keyed: Desk) -> None:
    keyed.people.at_plug = lambda _: None

    practise(keyed, key="K1")

    assert found(keyed) == [("key-present", "K1")]
    assert keyed.register.bag_of("K1") is None


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({}, InputError, "of one envelope, or of one key"),
        ({"envelope": ONE, "key": "K1"}, InputError, "of one envelope, or of one key"),
        ({"key": "K9"}, RefusedError, "no key 'K9'"),
        ({"envelope": "moon"}, RefusedError, "no envelope 'moon'"),
        ({"envelope": "K1-pin1-1"}, InputError, "holds no sheet of the password of bg1"),
    ],
)
def test_what_cannot_be_practised_is_said_before(
    keyed: Desk, fields: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        practise(keyed, **fields)  # type: ignore[arg-type]


def test_who_opens_the_safe_of_the_key_alone_does_not_learn_its_pin(keyed: Desk) -> None:
    with pytest.raises(RefusedError, match="carol would know the PIN of key K1, and can open safe"):
        practise(keyed, key="K1", people=("alice", "carol"))

    assert keyed.register.envelopes["K1-pin1-1"].state is EnvelopeState.DEPOSITED


def test_a_key_in_no_safe_is_not_practised_with(keyed: Desk) -> None:
    opened = ev.EnvelopeOpened(envelope="K1-key1", why="review", intact=True)
    keyed.book.record([opened], ("carol",))

    with pytest.raises(RefusedError, match="key K1 lies in no bag"):
        practise(keyed, key="K1")

"""Opening and recovering: never blocked, whatever is found, and entered late where it must be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from keyvault_kit.ceremonies import engine
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import opening, recovery
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import EnvelopeState, Form
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.errors import InputError, RefusedError
from tests.ceremonies.practised import (
    copied,
    found,
    off_script_once,
    open_,
    opened,
    prepared,
    with_key,
    with_password,
)
from tests.ceremonies.sealing import Printer, Typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ceremonies.conftest import Desk

ONE, TWO, THREE = "bg1-pw1-1", "bg1-pw1-2", "bg1-pw1-3"


class Sealed(NamedTuple):
    """The folder of a ledger with a password in its safes, and that password."""

    folder: Path
    password: str


@pytest.fixture(scope="module")
def in_safes(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """Two of three shares give the password of bg1. To be copied."""
    halves: list[str] = []

    def seal(desk: Desk) -> None:
        typed = Typed(desk)
        with_password(desk)
        halves.extend(typed.texts)

    folder = prepared(founded, tmp_path_factory.mktemp("sealed") / "desk", seal)
    return Sealed(folder, "".join(halves))


@pytest.fixture
def sealed(in_safes: Sealed, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that, a week later."""
    with copied(in_safes.folder, tmp_path / "sealed") as desk:
        yield desk


@pytest.fixture
def shown(sealed: Desk) -> Typed:
    """What people are shown."""
    return Typed(sealed)


@pytest.fixture
def password(in_safes: Sealed) -> str:
    """What was typed at the tenant."""
    return in_safes.password


def duties(desk: Desk) -> dict[Task, str]:
    """What is due about bg1 today, and why."""
    now = desk.time.true
    return {
        it.task: it.trigger
        for it in due(desk.register, now)
        if it.subject in ("bg1", "K1") and it.day <= now.date()
    }


def exposed(desk: Desk, since: int) -> list[tuple[str, int | None]]:
    return [(it.person, it.number) for it in desk.register.exposures if it.seq >= since]


# --- The password


def test_two_of_three_shares_give_the_password_that_was_typed_at_the_tenant(
    sealed: Desk, shown: Typed, password: str
) -> None:
    before, clock = sealed.ledger.size, len(sealed.people.texts(Topic.CLOCK))

    name = open_(sealed, opened(ONE, THREE))

    assert name == "open-bg1-1"
    assert shown.texts == [password]
    account = sealed.register.accounts["bg1"]
    assert (account.recovered, account.used, account.signed_in) == (
        True,
        sealed.time.true,
        sealed.time.true,
    )
    assert sealed.register.emergencies["bg1"] == (sealed.time.true,)
    assert ev.ActsSigned not in sealed.kinds(before)
    assert len(sealed.people.texts(Topic.CLOCK)) == clock
    assert found(sealed) == []
    assert duties(sealed) == {Task.PASSWORD: "it was used"}


@pytest.mark.parametrize(("form", "count"), [(Form.PARTS, 2), (Form.WHOLE, 1)])
def test_parts_and_a_whole_give_the_password_as_well(desk: Desk, form: Form, count: int) -> None:
    typed = Typed(desk)
    with_password(desk, form, count)

    open_(desk, opened(*(ONE, TWO)[:count]))

    assert typed.texts[-1] == "".join(typed.texts[:2])


def test_whoever_opened_saw_each_sheet_and_the_first_of_them_the_whole(sealed: Desk) -> None:
    before = sealed.ledger.size

    open_(sealed, opened(ONE, TWO))

    assert exposed(sealed, before) == [
        ("alice", 1),
        ("bob", 1),
        ("alice", 2),
        ("bob", 2),
        ("alice", None),
    ]


def test_one_person_alone_is_enough_and_no_key_to_sign_with_is_needed(sealed: Desk) -> None:
    open_(sealed, opened(ONE, TWO, officers=("erin",)))

    assert sealed.register.ceremonies["open-bg1-1"].closed
    assert sealed.register.accounts["bg1"].recovered


def test_a_medium_that_is_plugged_in_is_warned_of_and_no_obstacle(sealed: Desk) -> None:
    object.__setattr__(sealed.station, "media", lambda: ("STICK",))

    open_(sealed, opened(ONE, TWO))

    assert any("WARNING: STICK" in text for text in sealed.people.texts(Topic.NOTE))
    assert sealed.register.accounts["bg1"].recovered


def test_fewer_sheets_than_it_takes_are_opened_and_nothing_is_used(sealed: Desk) -> None:
    open_(sealed, opened(TWO, why="review"))

    assert sealed.register.envelopes[TWO].state is EnvelopeState.OPENED
    assert sealed.register.accounts["bg1"].used is None
    assert duties(sealed) == {}


def test_as_many_different_shares_as_open_it_set_off_its_change_whoever_saw_them(
    sealed: Desk,
) -> None:
    for officers in (("alice", "bob"), ("bob", "carol")):
        open_(sealed, opened(TWO, why="review", officers=officers))
    assert duties(sealed) == {}

    open_(sealed, opened(ONE, why="review", officers=("carol", "alice")))

    assert duties(sealed) == {Task.PASSWORD: "carol saw sheet 1"}


# --- Who opens


@pytest.mark.parametrize("why", ["drill", "review"])
@pytest.mark.parametrize(
    ("officers", "said"),
    [
        (("alice",), "alice is alone with it"),
        (("alice", "alice"), "alice is alone with it"),
        (("alice", "erin"), "erin is none of those who handle envelopes"),
    ],
)
def test_to_practise_takes_two_who_handle_envelopes(
    sealed: Desk, why: str, officers: tuple[str, ...], said: str
) -> None:
    with pytest.raises(RefusedError, match=f"bg1 is not opened to practise: {said}"):
        open_(sealed, opened(ONE, TWO, why=why, officers=officers))

    assert sealed.register.envelopes[ONE].state is EnvelopeState.DEPOSITED
    assert found(sealed) == []


def test_an_emergency_waits_for_nobody_and_an_auditor_who_opens_is_one_finding(
    sealed: Desk, shown: Typed, password: str
) -> None:
    open_(sealed, opened(ONE, TWO, officers=("erin",)))

    assert shown.texts == [password]
    assert found(sealed) == [("opened-by", "bg1")]
    assert sealed.register.findings[0].what == (
        "bg1 was opened in open-bg1-1 (emergency) although erin is none of those who handle"
        " envelopes"
    )


def test_an_officer_alone_in_an_emergency_is_no_finding(sealed: Desk) -> None:
    open_(sealed, opened(ONE, TWO, officers=("alice",)))

    assert found(sealed) == []


def test_what_was_practised_alone_is_entered_late_with_a_finding(sealed: Desk) -> None:
    sealed.people.says[Topic.CHECK] = [True] * 3
    wanted = opened(ONE, why="review", officers=("alice",))
    ceremony = opening.next_ceremony(sealed.register, wanted)

    sealed.run(msgspec.structs.replace(ceremony, occurred=sealed.time.true - timedelta(days=1)))

    assert found(sealed) == [("opened-by", "bg1")]
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED


# --- Bags


def test_a_damaged_bag_is_recorded_and_no_obstacle(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_INTACT] = [False]
    sealed.people.says[Topic.CHECK] = [True]

    open_(sealed, opened(ONE, TWO))

    assert found(sealed) == [("contradiction", ONE)]
    assert "not intact" in sealed.register.findings[0].what
    assert sealed.register.accounts["bg1"].recovered


def test_in_practice_the_number_is_typed_and_another_one_is_a_finding(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_SHOWN] = ["BAG-9", "BAG-9"]
    sealed.people.says[Topic.CHECK] = [True]

    open_(sealed, opened(ONE, TWO, why="review"))

    assert found(sealed) == [("contradiction", ONE), ("bag-another", ONE)]
    bag = sealed.register.envelopes[ONE].bag
    assert sealed.register.findings[1].what == (
        f"a bag with another number, or none, was found in the place of bag {bag} of envelope {ONE}"
    )
    assert b"BAG-9" not in sealed.raw()  # what is typed there might be anything
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED


def test_a_number_that_was_mistyped_once_is_no_finding(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_SHOWN] = ["BAG-9"]

    open_(sealed, opened(ONE, why="drill"))

    assert found(sealed) == []


def test_the_bag_of_another_envelope_is_named(sealed: Desk) -> None:
    other = sealed.register.envelopes[THREE].bag or ""
    sealed.people.says[Topic.BAG_INTACT] = [False]
    sealed.people.says[Topic.BAG_SHOWN] = [other]
    sealed.people.says[Topic.CHECK] = [True]

    open_(sealed, opened(ONE))

    assert f"bag {other}, which is that of envelope {THREE}," in sealed.register.findings[-1].what


def test_what_is_no_number_is_not_repeated(sealed: Desk) -> None:
    words = "academic acid acrobat"
    sealed.people.says[Topic.BAG_SHOWN] = [words, words]
    sealed.people.says[Topic.CHECK] = [True]

    open_(sealed, opened(ONE, why="drill"))

    assert found(sealed)[-1] == ("bag-another", ONE)
    assert words.encode() not in sealed.raw()


def test_a_sheet_that_is_gone_was_seen_by_nobody_and_another_one_does(
    sealed: Desk, shown: Typed, password: str
) -> None:
    before = sealed.ledger.size
    sealed.station.paper.shred(f"share-{ONE}")
    sealed.people.says[Topic.BAG_INTACT] = [False]
    sealed.people.says[Topic.BAG_SHOWN] = [""]
    sealed.people.says[Topic.CHECK] = [False]

    open_(sealed, opened(ONE, TWO))

    assert {rule for rule, subject in found(sealed) if subject == ONE} == {
        "contradiction",
        "bag-another",
        "bag-content",
        "sheet-unusable",
    }
    assert {number for _, number in exposed(sealed, before)} == {2, 3, None}
    assert shown.texts == [password]


# --- Sheets


@pytest.fixture
def scanned(sealed: Desk) -> Printer:
    """People who scan each sheet from paper."""
    printer = Printer(sealed.folder / "sheets")
    object.__setattr__(sealed.station, "paper", printer)
    sealed.people.sheets = printer.share_of
    return printer


def test_a_wrong_sheet_is_a_finding_and_another_envelope_is_opened(
    sealed: Desk, scanned: Printer, shown: Typed, password: str
) -> None:
    sealed.people.sheets = lambda prompt: scanned.code(
        f"share-{THREE if prompt.subject == ONE else prompt.subject}"
    )

    open_(sealed, opened(ONE, TWO))

    assert found(sealed) == [("sheet-unusable", ONE)]
    assert sealed.register.envelopes[THREE].state is EnvelopeState.OPENED
    assert shown.texts == [password]


def test_an_envelope_that_was_opened_in_place_of_a_useless_one_is_used_after_a_kill(
    sealed: Desk, scanned: Printer, shown: Typed, password: str
) -> None:
    class KilledError(Exception):
        pass

    def kill(prompt: Prompt) -> bool:
        if prompt.topic is Topic.SIGN_IN:
            raise KilledError
        return confirm(prompt)

    sealed.people.sheets = lambda prompt: (
        "nonsense" if prompt.subject == ONE else scanned.share_of(prompt)
    )
    confirm, sealed.people.confirm = sealed.people.confirm, kill  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        open_(sealed, opened(ONE, TWO))
    sealed.people.confirm = confirm  # type: ignore[method-assign]

    assert open_(sealed, opened(ONE, TWO)) == "open-bg1-1"

    assert shown.texts == [password, password]
    openings = [it.fact for it in sealed.entries() if isinstance(it.fact, ev.EnvelopeOpened)]
    assert sorted(it.envelope for it in openings) == [ONE, TWO, THREE]


def test_too_few_sheets_that_can_be_read_end_it_and_it_can_go_on(
    sealed: Desk, scanned: Printer
) -> None:
    sealed.people.sheets = lambda _: "nonsense"
    with pytest.raises(InputError, match="not enough shares"):
        open_(sealed, opened(ONE, TWO))
    sealed.people.sheets = scanned.share_of

    assert open_(sealed, opened(ONE, TWO)) == "open-bg1-1"

    assert sealed.register.accounts["bg1"].recovered


# --- Keys


@pytest.fixture(scope="module")
def in_bags(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key K1 in its bag, and its PIN in another. To be copied."""
    return prepared(founded, tmp_path_factory.mktemp("keyed") / "desk", with_key)


@pytest.fixture
def keyed(in_bags: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that, a week later."""
    with copied(in_bags, tmp_path / "keyed") as desk:
        yield desk


def test_a_key_is_taken_out_with_its_pin_and_signs_in(keyed: Desk) -> None:
    before = keyed.ledger.size

    open_(keyed, opened(keys=("K1",)))

    record = keyed.register.ceremonies["open-bg1-1"]
    assert record.done == ("open-K1-key1", "open-K1-pin1-1", "sign-in-K1")
    assert keyed.register.envelopes["K1-key1"].hands == ("alice", "bob")
    assert exposed(keyed, before) == [("alice", 1), ("bob", 1)]
    assert keyed.register.emergencies["bg1"] == (keyed.time.true,)
    assert found(keyed) == []
    assert duties(keyed) == {Task.PIN: "alice saw sheet 1"}


def test_a_sign_in_with_a_key_that_is_refused_is_a_finding(keyed: Desk) -> None:
    keyed.people.says[Topic.SIGN_IN] = [False]

    open_(keyed, opened(keys=("K1",)))

    assert found(keyed) == [("sign-in-refused", "K1")]
    assert keyed.register.emergencies["bg1"] == (keyed.time.true,)


def test_a_key_that_is_out_already_is_used_without_its_bag(keyed: Desk) -> None:
    open_(keyed, opened(keys=("K1",)))
    open_(keyed, opened(keys=("K1",)))

    assert keyed.register.ceremonies["open-bg1-2"].done == ("sign-in-K1",)


def test_password_and_key_are_opened_together(sealed: Desk, shown: Typed, password: str) -> None:
    with_key(sealed)

    open_(sealed, opened(ONE, TWO, keys=("K1",)))

    assert len(sealed.register.emergencies["bg1"]) == 2
    assert shown.texts == [password]


# --- What the tenant says


def test_a_refused_password_is_on_record(sealed: Desk) -> None:
    sealed.people.says[Topic.SIGN_IN] = [False]

    open_(sealed, opened(ONE, TWO))

    assert sealed.register.accounts["bg1"].recovered is False
    assert "refused the password of set bg1-pw1" in sealed.register.findings[-1].what


# --- Late


def late(desk: Desk, wanted: opening.Request) -> None:
    """Enter an opening a day after it happened."""
    ceremony = opening.next_ceremony(desk.register, wanted)
    happened = desk.time.true
    desk.time.true += timedelta(days=1)
    desk.run(msgspec.structs.replace(ceremony, occurred=happened))


def test_what_is_entered_late_is_asked_as_what_had_been_done(sealed: Desk, shown: Typed) -> None:
    happened, before = sealed.time.true, sealed.ledger.size
    for number in (1, 2, 3):
        sealed.station.paper.shred(f"share-bg1-pw1-{number}")
    sealed.people.says[Topic.CHECK] = [True]

    late(sealed, opened(ONE, TWO))

    assert shown.texts == []
    assert sealed.register.accounts["bg1"].used == happened
    assert sealed.register.accounts["bg1"].recovered
    entered = [decode(body) for body in sealed.ledger.bodies(before)]
    times = {it.when for it in entered if not isinstance(it.fact, ev.ClockUnchecked)}
    assert times == {happened}
    assert sealed.people.texts(Topic.BAG_INTACT)[0].startswith("Was bag ")
    seen = [it.person for it in sealed.register.exposures if it.seq >= before and not it.number]
    assert seen == ["alice", "bob"]


def test_sheets_that_were_opened_and_not_used_are_entered_late_as_that(sealed: Desk) -> None:
    late(sealed, opened(ONE, TWO))

    assert sealed.register.accounts["bg1"].used is None
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED
    assert duties(sealed)[Task.PASSWORD] == "alice saw sheet 2"


@pytest.mark.parametrize("used", [True, False])
def test_a_key_that_was_used_is_entered_late(keyed: Desk, *, used: bool) -> None:
    happened = keyed.time.true
    keyed.people.says[Topic.CHECK] = [used]

    late(keyed, opened(keys=("K1",)))

    assert keyed.register.emergencies.get("bg1", ()) == ((happened,) if used else ())
    assert keyed.register.envelopes["K1-key1"].state is EnvelopeState.OPENED


# --- Not as planned


def test_what_is_not_as_planned_is_noted_and_the_step_begun_again(sealed: Desk) -> None:
    off_script_once(sealed, Topic.SIGN_IN)

    open_(sealed, opened(ONE, TWO))

    (noted,) = sealed.register.ceremonies["open-bg1-1"].exceptions
    row = sealed.book.row_behind(noted.details)
    assert (noted.step, row["happened"]) == ("recover", "the lock is stuck")
    assert sealed.register.accounts["bg1"].recovered


def test_another_opening_that_was_cut_short_does_not_stand_in_its_way(sealed: Desk) -> None:
    def stop(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("recover", "begins"):
            raise RefusedError("cut short")

    cut = opening.next_ceremony(sealed.register, opened(ONE, TWO))
    with pytest.raises(RefusedError):
        engine.run(cut, sealed.station, sealed.people, stop)

    assert open_(sealed, opened(THREE, why="review")) == "open-bg1-2"
    assert open_(sealed, opened(ONE, TWO)) == "open-bg1-1"


@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        (opened("moon"), RefusedError, "no envelope 'moon'"),
        (opened(), InputError, "no password of bg1 is in force"),
        (opened(keys=("K9",)), RefusedError, "no key 'K9'"),
        (opened("station-id1-1"), InputError, "holds no sheet of set bg1-pw1"),
    ],
)
def test_what_was_mistyped_is_said(
    sealed: Desk, wanted: opening.Request, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        open_(sealed, wanted)


# --- Recovering from what is open


def recovering(desk: Desk, *envelopes: str) -> None:
    wanted = recovery.Request(
        account="bg1",
        set="bg1-pw1",
        envelopes=envelopes or recovery.open_of(desk.register, "bg1-pw1"),
        officers=("bob", "alice"),
        why="emergency",
        number=1,
    )
    recovery.check(desk.register, wanted)
    desk.run(recovery.ceremony(wanted))


def test_envelopes_that_are_open_already_give_the_password(
    sealed: Desk, shown: Typed, password: str
) -> None:
    facts = [
        ev.EnvelopeOpened(envelope=envelope, why="emergency", intact=True)
        for envelope in (ONE, THREE)
    ]
    sealed.book.record(facts, ("erin",))

    recovering(sealed)

    assert shown.texts == [password]
    assert sealed.register.ceremonies["recover-bg1-1"].closed
    assert sealed.register.accounts["bg1"].recovered
    openings = [it.fact for it in sealed.entries() if isinstance(it.fact, ev.EnvelopeOpened)]
    assert openings == facts
    assert {("alice", 1), ("bob", 3)} < {*exposed(sealed, 0)}


def test_too_few_open_envelopes_are_said_with_the_two_ways_out(sealed: Desk) -> None:
    open_(sealed, opened(ONE, why="review"))

    with pytest.raises(RefusedError, match=r"it takes 2, and 1 envelope") as refused:
        recovering(sealed)

    assert "'keyvault open bg1'" in refused.value.mend
    assert "'keyvault recover'" in refused.value.mend

"""Faults that once were: each test shows that they are not."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import pytest

from keyvault_kit.ceremonies import book, clock, signing
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.plans import change, checkpoint, identity, signers
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, PaperSize, SetState
from keyvault_kit.errors import DeviceError, InputError, LedgerError, RefusedError
from keyvault_kit.keys.hid import HidBus, HidHandle
from keyvault_kit.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Act, Desk, Trial

ANNEXE = ev.SiteAdded(site="annexe", paper=PaperSize.A4)


def step(name: str, *by: str, act: "Act" = lambda _: [], signed: bool = False) -> Step:
    return Step(id=name, activity=name, by=by, act=act, signed=signed)


def ceremony(name: str, people: tuple[str, ...], *steps: Step) -> Ceremony:
    plan = Plan("trial", lambda _register, _request: steps)
    return Ceremony(id=name, plan=plan, request={}, people=people)


def cut_at(wanted: str) -> Watcher:
    """The run ends when that step begins."""

    def watch(_: str, step: str, moment: str) -> None:
        if (step, moment) == (wanted, "begins"):
            raise KeyboardInterrupt

    return watch


# --- Signers and their keys


def replace_key(desk: "Desk", person: str, by: tuple[str, ...]) -> None:
    """A person's key is lost, and two others sign for the next one."""
    desk.bench.add(f"second-{person}", "five")
    desk.bench.unplug_personal()
    desk.bench.put_in_place_of(f"personal-{person}", f"second-{person}")
    number = len(desk.register.ceremonies)
    request = signers.Request(enrol=(person,), why="lost", signers=by, number=number)
    desk.run(signers.ceremony(request))


def half_signed(desk: "Desk") -> Ceremony:
    """A checkpoint of alice and bob that was cut short before it was printed."""
    desk.enrol("carol")
    size = desk.register.size
    request = checkpoint.Request(signers=("alice", "bob"), paper=PaperSize.A4, number=1, size=size)
    begun = checkpoint.ceremony(request)
    with pytest.raises(KeyboardInterrupt):
        desk.run(begun, cut_at("print"))
    verify(desk.ledger)
    return begun


def test_two_people_enrolled_together_do_not_share_one_key(desk: "Desk") -> None:
    desk.people.plugs = ["carol", "carol"]
    desk.people.pins = [desk.pin("carol")] * 3
    with pytest.raises(DeviceError):
        desk.enrol("carol", "erin")
    assert "erin" not in desk.register.signers


def test_a_checkpoint_cut_short_and_then_a_lost_key_leave_a_good_ledger(desk: "Desk") -> None:
    half_signed(desk)
    replace_key(desk, "alice", ("bob", "carol"))
    assert verify(desk.ledger).signed == {}


def test_a_checkpoint_cut_short_goes_on_with_the_next_key(desk: "Desk") -> None:
    begun = half_signed(desk)
    replace_key(desk, "alice", ("bob", "carol"))
    desk.run(begun)
    assert list(verify(desk.ledger).signed.values()) == [("alice", "bob")]


def test_a_thiefs_signature_does_not_count_and_does_not_break_the_ledger(desk: "Desk") -> None:
    desk.enrol("carol")
    old = desk.register.signers["alice"]
    replace_key(desk, "alice", ("bob", "carol"))
    desk.bench.unplug_personal()
    desk.bench._in_place_of.pop("personal-alice")
    size = desk.register.size
    copy = book.Book(desk.ledger, desk.time.at_the_workstation)
    copy.register.signers["alice"] = old
    station = dataclasses.replace(desk.station, book=copy)
    thief = dataclasses.replace(desk.work("alice"), station=station)

    desk.ledger.add_signature(size, "alice", signing.sign_checkpoint(thief, "alice", size))

    assert verify(desk.ledger).signed == {size: ()}


def test_a_missing_signing_key_is_said_before_anything_secret_is_printed(desk: "Desk") -> None:
    people = ("alice", "carol")
    size = desk.register.size
    trial = ceremony("trial-1", people, step("print", *people), step("seal", *people, signed=True))
    with pytest.raises(RefusedError, match="no signing key"):
        desk.run(trial)
    assert desk.register.size == size


class OnePort:
    """A bus as Linux numbers it: whatever is plugged in gets the lowest free hidraw."""

    def __init__(self, bus: HidBus) -> None:
        self._bus = bus

    def _named(self) -> dict[bytes, dict[str, object]]:
        found = self._bus.enumerate()
        return {b"/dev/hidraw%d" % number: it for number, it in enumerate(found)}

    def enumerate(self) -> list[dict[str, object]]:
        return [it | {"path": name} for name, it in self._named().items()]

    def open(self, path: bytes) -> HidHandle:
        real = self._named()[path]["path"]
        assert isinstance(real, bytes)
        return self._bus.open(real)


@pytest.fixture
def one_port(desk: "Desk") -> "Desk":
    """The desk, where each key that is plugged in has the name of the one before."""
    desk.station = dataclasses.replace(desk.station, bus=OnePort(desk.bench.bus))
    return desk


def test_a_key_that_is_in_already_is_pulled_and_plugged_in_again(one_port: "Desk") -> None:
    one_port.bench.plug_personal("alice")
    assert signing.sign_act(one_port.work("alice"), "alice", b"x")


def test_a_key_that_was_replugged_takes_a_pin_again(one_port: "Desk") -> None:
    one_port.people.pins = ["87654321", "87654321"]
    for _ in range(2):
        with pytest.raises(DeviceError, match="the PIN is wrong"):
            signing.sign_act(one_port.work("alice"), "alice", b"x")
        one_port.bench.unplug_personal()
    assert signing.sign_act(one_port.work("alice"), "alice", b"x")


def test_a_key_of_the_last_signer_is_swapped_for_the_next(
    one_port: "Desk", signed_trial: "Trial"
) -> None:
    """Alice's key comes out and bob's goes into the same port."""
    one_port.run(signed_trial())
    assert "annexe" in one_port.register.sites


# --- The clock


def test_a_clock_set_back_while_a_step_is_done_is_read_again_before_the_next(desk: "Desk") -> None:
    def act(_: Work) -> Sequence[ev.Fact]:
        desk.time.ahead = -timedelta(hours=1)
        return []

    desk.people.says[Topic.OVERRULE] = [True]
    steps = step("one", "alice", act=act), step("two", "alice")
    desk.run(ceremony("trial-1", ("alice", "bob"), *steps))
    assert len(desk.people.texts(Topic.CLOCK)) == 4


def test_a_person_named_twice_reads_the_time_once(desk: "Desk") -> None:
    by = ("alice", "alice", "bob")
    desk.run(change.ceremony(desk.register, "x", by, lambda _: [ANNEXE]))
    read = [prompt.person for prompt in desk.people.asked if prompt.topic is Topic.CLOCK]
    assert read == ["alice", "bob"]


def test_the_refusal_names_how_far_the_clock_went_back(desk: "Desk") -> None:
    people, one = ("alice", "bob"), step("one", "alice")
    desk.time.ahead = timedelta(hours=1)
    desk.people.says[Topic.OVERRULE] = [True]
    desk.run(ceremony("a", people, one))
    desk.time.ahead = timedelta(0)  # set right, as the kit had asked for

    with pytest.raises(RefusedError, match="3600 s before the last entry of the ledger"):
        desk.run(ceremony("b", people, one))


@pytest.mark.parametrize("typed", ["2026-03-02", "20260302", "2026-W10-1"])
def test_a_date_alone_is_no_time(desk: "Desk", typed: str) -> None:
    with pytest.raises(InputError):
        clock.parse(typed, desk.station.zone)


# --- What is kept beside the entries


def run_again(desk: "Desk", signed_trial: "Trial", act: "Act") -> None:
    """Run a step whose act is refused once it has acted, and is tried again."""
    fails = iter([True, False])

    def failing(work: Work) -> Sequence[ev.Fact]:
        facts = act(work)
        if next(fails):
            raise RefusedError("not now")
        return facts

    desk.people.says[Topic.RETRY] = [True]
    desk.run(signed_trial(failing))
    assert next(fails, None) is None
    verify(desk.ledger)


def test_a_row_written_down_by_an_act_that_is_tried_again_is_kept_once(
    desk: "Desk", signed_trial: "Trial"
) -> None:
    rows = len(desk.ledger.details())

    def act(work: Work) -> Sequence[ev.Fact]:
        details = work.write_down({"decision": "x", "why": "y"})
        day = desk.time.true.date()
        return [ev.DecisionMade(decision="C1", choice="none", review=day, details=details)]

    run_again(desk, signed_trial, act)
    assert len(desk.ledger.details()) == rows + 1


def test_a_row_erased_by_an_act_that_is_tried_again_is_erased_once(
    desk: "Desk", signed_trial: "Trial"
) -> None:
    kept = desk.register.people["carol"].details

    def act(work: Work) -> Sequence[ev.Fact]:
        work.erase.append(kept)
        return [ev.DetailsErased(commitments=(kept,), person="carol")]

    run_again(desk, signed_trial, act)
    assert desk.ledger.detail(kept) is None


def test_a_cache_that_cannot_be_written_does_not_fail_what_was_entered(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def full(size: int, _: bytes) -> NoReturn:
        asked.append(size)
        raise LedgerError("the disk is full")

    monkeypatch.setattr(book, "SNAPSHOT_EVERY", 1)
    monkeypatch.setattr(book, "SNAPSHOT_SHARE", 10**6)
    monkeypatch.setattr(desk.ledger, "keep_snapshot", full)
    size = desk.ledger.size

    desk.book.record([ev.FindingMade(rule="r", subject="hq", what="w", mend="")], ("erin",))

    assert asked == [desk.ledger.size] == [size + 1]


def test_an_identity_that_was_given_up_leaves_no_sheet_that_seems_good(desk: "Desk") -> None:
    def made() -> Ceremony:
        return identity.ceremony(desk.register, ("alice", "bob"), "vault-1")

    with pytest.raises(KeyboardInterrupt):
        desk.run(made(), cut_at("prove-identity"))
    desk.run(made())

    assert desk.register.sets["station-id2"].state is SetState.VOID
    assert desk.register.envelopes["station-id2-1"].state is EnvelopeState.SPOILED
    assert not list((desk.folder / "sheets").glob("*station-id2*"))
    assert all(it.closed for it in desk.register.ceremonies.values())

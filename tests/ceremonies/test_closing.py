"""The end of a ceremony, exceptions in its middle, media, dry runs and late entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keyvault_kit.ceremonies import engine, exceptions
from keyvault_kit.ceremonies.closing import AGREES, DISAGREES, NOT_HERE
from keyvault_kit.ceremonies.interaction import OffScript, Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.errors import RefusedError
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.ceremonies.conftest import Desk

BY = ("alice", "bob")


def noted(work: Work) -> Sequence[ev.Fact]:
    return [ev.FindingMade(rule="note", subject="trial", what=work.step.id, mend="")]


def ceremony(
    *acts: Callable[[Work], Sequence[ev.Fact]], clock: bool = True, **more: Any
) -> Ceremony:
    """A ceremony of two steps or more, `step-1` and so on, by alice and bob."""
    doing = acts if len(acts) > 1 else (*(acts or (noted,)), noted)
    steps = tuple(
        Step(id=f"step-{n}", activity=f"Do thing {n}", by=BY, act=act, **more)
        for n, act in enumerate(doing, 1)
    )
    plan = Plan("trial", lambda _register, _request: steps, clock=clock)
    return Ceremony(id="trial-1", plan=plan, request={}, people=BY)


# --- Agreement


def test_everybody_agrees_and_signs_the_closing(desk: Desk) -> None:
    desk.run(ceremony())

    its = desk.register.ceremonies["trial-1"]
    assert [(it.person, it.agrees) for it in its.agreements] == [("alice", True), ("bob", True)]
    *_, signed, _, _, closed = desk.entries()
    assert isinstance(signed.fact, ev.ActsSigned)
    assert [it.person for it in signed.fact.signatures] == list(BY)
    assert signed.fact.count == 3  # two agreements and the closing stand under the signatures
    assert isinstance(closed.fact, ev.CeremonyClosed)


def test_who_does_not_agree_says_why_and_does_not_sign(desk: Desk) -> None:
    desk.people.says[Topic.AGREEMENT] = [AGREES, DISAGREES]
    desk.people.says[Topic.REMARK] = ["", "  ", "the bag was torn"]

    desk.run(ceremony())

    its = desk.register.ceremonies["trial-1"]
    said = its.agreements[1]
    assert (said.person, said.agrees) == ("bob", False)
    assert desk.book.row_behind(said.details or "") == {"person": "bob", "why": "the bag was torn"}
    assert "torn" not in desk.raw().decode()
    signatures = [it.fact for it in desk.entries() if isinstance(it.fact, ev.ActsSigned)][-1]
    assert [it.person for it in signatures.signatures] == ["alice"]
    assert its.closed


def test_nobody_holds_a_ceremony_open_by_having_gone(desk: Desk) -> None:
    desk.people.says[Topic.AGREEMENT] = [NOT_HERE, NOT_HERE]
    before = desk.ledger.size

    desk.run(ceremony())

    its = desk.register.ceremonies["trial-1"]
    assert its.closed
    assert [it.agrees for it in its.agreements] == [False, False]
    assert ev.ActsSigned not in desk.kinds(before)


def test_an_opening_asks_and_waits_for_no_signature(desk: Desk) -> None:
    before = desk.ledger.size

    desk.run(ceremony(clock=False))

    assert [it.agrees for it in desk.register.ceremonies["trial-1"].agreements] == [True, True]
    assert ev.ActsSigned not in desk.kinds(before)
    assert not desk.people.texts(Topic.PERSONAL_KEY)


def test_a_ceremony_cut_short_in_its_closing_asks_anew_and_closes_once(desk: Desk) -> None:
    calm = desk.people.choose

    def gone(prompt: Prompt, choices: tuple[str, ...]) -> int:
        assert choices
        raise KeyboardInterrupt(prompt.text)

    desk.people.choose = gone  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        desk.run(ceremony())
    assert not desk.register.ceremonies["trial-1"].closed
    desk.people.choose = calm  # type: ignore[method-assign]
    desk.run(ceremony())
    desk.run(ceremony())

    assert desk.kinds().count(ev.CeremonyClosed) == 2  # the founding's, and this one


# --- Exceptions


def test_what_is_not_as_planned_is_noted_and_the_step_done_again(desk: Desk) -> None:
    tries: list[str] = []

    def surprised(work: Work) -> Sequence[ev.Fact]:
        tries.append(work.step.id)
        if len(tries) == 1:
            raise OffScript
        return noted(work)

    words = ["a sealed bag", "it was torn", "we take another"]
    desk.people.says[Topic.EXCEPTION] = [*words]

    desk.run(ceremony(noted, surprised))

    its = desk.register.ceremonies["trial-1"]
    assert len(tries) == 2
    assert its.done == ("step-1", "step-2")
    (only,) = its.exceptions
    row = desk.book.row_behind(only.details)
    assert [row[it] for it in ("expected", "happened", "decided")] == words
    assert row["step"] == only.step == "step-2"
    assert "torn" not in desk.raw().decode()


def test_an_exception_in_the_middle_of_an_exception_notes_nothing_half(desk: Desk) -> None:
    raised = [OffScript(), OffScript()]

    def ask(prompt: Prompt) -> str:
        if prompt.topic is Topic.EXCEPTION:
            raise raised.pop()
        return calm(prompt)

    def surprised(work: Work) -> Sequence[ev.Fact]:
        if len(raised) == 2:
            raise raised.pop()
        return noted(work)

    calm = desk.people.ask
    desk.people.ask = ask  # type: ignore[method-assign]

    desk.run(ceremony(noted, surprised))

    its = desk.register.ceremonies["trial-1"]
    assert its.closed
    assert its.exceptions == ()


# --- Media


def hold(work: Work) -> Sequence[ev.Fact]:
    work.hands.take("password", Secret.from_text("x"))
    return noted(work)


@pytest.mark.parametrize("moment", ["before it is made", "while it is held"])
def test_no_medium_is_plugged_in_while_a_secret_is_in_memory(desk: Desk, moment: str) -> None:
    made: list[str] = []

    def make(work: Work) -> Sequence[ev.Fact]:
        made.append(work.step.id)
        return hold(work)

    plugged = moment == "before it is made"

    def media() -> tuple[str, ...]:
        return ("sdb (a stick)",) if plugged or made else ()

    desk.station = replace(desk.station, media=media)
    with pytest.raises(
        RefusedError, match=r"sdb \(a stick\): plugged in while a secret"
    ) as refused:
        desk.run(ceremony(make, noted, secret=plugged))

    assert "log it out" in (refused.value.mend or "")
    assert made == ([] if plugged else ["step-1"])


def test_an_opening_is_warned_of_a_medium_and_goes_on(desk: Desk) -> None:
    desk.station = replace(desk.station, media=lambda: ("sdb",))

    desk.run(ceremony(hold, noted, clock=False, secret=True))

    assert desk.register.ceremonies["trial-1"].closed
    assert [it for it in desk.people.texts(Topic.NOTE) if "WARNING: sdb" in it]


def test_a_medium_bothers_nobody_where_there_is_no_secret(desk: Desk) -> None:
    desk.station = replace(desk.station, media=lambda: ("sdb",))

    desk.run(ceremony())

    assert desk.register.ceremonies["trial-1"].closed


# --- Dry


def test_a_dry_run_tells_every_step_and_leaves_no_trace(desk: Desk) -> None:
    before, told = desk.raw(), []
    desk.people.progress = lambda *it: told.append(it)  # type: ignore[method-assign]

    troubles = engine.walk_through(ceremony(), desk.station, desk.people)

    assert troubles == ()
    assert told == [("trial-1", 1, 2, "Do thing 1"), ("trial-1", 2, 2, "Do thing 2")]
    assert desk.raw() == before


def test_a_dry_run_says_what_stands_in_the_way(desk: Desk) -> None:
    last_day = desk.time.true.date() - timedelta(days=1)
    bob = desk.register.people["bob"]
    ended = ev.PersonChanged(
        person="carol",
        roles=desk.register.people["carol"].roles,
        details=bob.details,
        until=last_day,
    )
    signed = Step(id="end", activity="End", by=BY, act=lambda _: [ended], signed=True)
    plan = Plan("change", lambda _r, _q: (signed,), clock=False)
    desk.run(Ceremony(id="change-1", plan=plan, request={}, people=BY))
    steps = (
        Step(id="a", activity="A", by=("olga",), act=noted),
        Step(id="b", activity="B", by=("carol",), act=noted, signed=True),
    )
    trial = Ceremony(
        id="t", plan=Plan("trial", lambda _r, _q: steps), request={}, people=("carol",)
    )

    troubles = engine.walk_through(trial, desk.station, desk.people)

    assert set(troubles) == {
        f"carol has no authority on {desk.time.true.date()}",
        "olga is not in the register",
        "carol has no signing key on record",
    }


# --- Late


def test_what_is_entered_late_says_when_it_was(desk: Desk) -> None:
    occurred = desk.time.true - timedelta(hours=3)

    def used(work: Work) -> Sequence[ev.Fact]:
        work.observe(ev.AccountUsed(account="bg1", why="emergency"))
        return noted(work)

    late = ceremony(used, noted, clock=False)
    desk.run(Ceremony(id=late.id, plan=late.plan, request={}, people=BY, occurred=occurred))

    assert desk.register.uses["bg1"] == (occurred,)
    assert desk.register.emergencies["bg1"] == (occurred,)
    entered = [it for it in desk.entries() if isinstance(it.fact, ev.FindingMade)]
    assert {it.occurred for it in entered} == {occurred}
    assert all(it.time > occurred for it in entered)


def test_a_site_is_there_to_be_signed_for(desk: Desk) -> None:
    """The helper's steps are real: an act that needs two is signed by both."""
    fact = ev.SiteAdded(site="annexe", paper=PaperSize.A4)

    desk.run(ceremony(lambda _: [fact], noted, signed=True))

    assert "annexe" in desk.register.sites


# --- Who may


def test_who_has_no_role_for_a_later_step_is_told_before_anything_is_begun(desk: Desk) -> None:
    last = Step(
        id="last", activity="Move a safe", by=("alice", "carol"), act=noted, acts=(ev.SafeMoved,)
    )
    plan = Plan("trial", lambda _r, _q: (Step(id="a", activity="A", by=BY, act=noted), last))
    trial = Ceremony(id="trial-1", plan=plan, request={}, people=BY)
    before = desk.raw()

    troubles = engine.walk_through(trial, desk.station, desk.people)
    with pytest.raises(RefusedError, match=r"carol is custodian: to move a safe .* takes officer"):
        desk.run(trial)

    assert troubles == ("carol has no role that may move a safe to another site",)
    assert desk.raw() == before


# --- How to say that something is not as planned


def test_each_sitting_begins_with_how_to_say_that_something_is_not_as_planned(desk: Desk) -> None:
    desk.run(ceremony(clock=False))
    desk.run(ceremony(clock=False))  # it is closed, and nobody is asked anything

    assert desk.people.texts(Topic.NOTE) == [exceptions.HOW]
    assert "Type ! at any question" in exceptions.HOW

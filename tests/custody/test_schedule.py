"""The schedule as a whole: what a year holds, and when; properties over what may happen."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.schedule import Task, days_left, due, overdue
from tests.custody.duties import at, done, on, only
from tests.custody.life import DIGEST, Life
from tests.custody.sample import sample

# --- The whole


def test_the_sample_organisation_owes_each_of_its_duties_once_a_year(done_all: Life) -> None:
    found = due(done_all.register, at(0))

    assert Counter(it.task for it in found) == {
        Task.REVIEW: 2,
        Task.DRILL: 2,
        Task.PASSWORD: 2,
        Task.COMBINATION: 7,
        Task.TRAINING: 11,
        Task.DOCUMENT: 1,
    }
    periods = {it.task: {each.day for each in found if each.task is it.task} for it in found}
    assert periods.pop(Task.REVIEW) == {on(90)}
    assert set().union(*periods.values()) == {on(365)}
    assert {it.requirement for it in found} == {"S32", "S42", "S54", "S57", "S59"}
    assert not any(overdue(it, at(0)) for it in found)


def test_an_organisation_without_anything_owes_nothing(empty: Life, founded: Life) -> None:
    assert due(empty.register, at(0)) == ()
    assert due(founded.register, at(0)) == ()


def test_the_soonest_comes_first_and_what_is_a_year_away_comes_last(done_all: Life) -> None:
    decided = [
        ev.DecisionMade(decision=name, choice="allowed", review=on(days), details=DIGEST)
        for name, days in (("far", 367), ("near", 366), ("next", 3))
    ]

    found = due(done_all.enter(*decided).register, at(0))

    assert [it.day for it in found] == sorted(it.day for it in found)
    assert (found[0].subject, found[-1].subject) == ("next", "near")


def test_a_duty_is_overdue_from_the_day_after_its_own(done_all: Life) -> None:
    review = only(done_all.register, Task.REVIEW, "bg1", at(0))

    assert (days_left(review, at(0)), overdue(review, at(0))) == (90, False)
    assert (days_left(review, at(90)), overdue(review, at(90))) == (0, False)
    assert (days_left(review, at(91)), overdue(review, at(91))) == (-1, True)


def test_days_are_those_of_utc_wherever_somebody_asks(done_all: Life) -> None:
    review = only(done_all.register, Task.REVIEW, "bg1", at(0))
    midnight = datetime(2026, 4, 6, 0, 30, tzinfo=UTC).astimezone()

    assert review.day == date(2026, 4, 5)
    assert days_left(review, midnight) == -1
    elsewhere = datetime(2026, 4, 6, 1, tzinfo=UTC).astimezone(_zone(-5))
    assert (elsewhere.day, days_left(review, elsewhere)) == (5, -1)


def _zone(hours: int) -> Any:
    return datetime.strptime(f"{hours:+03}00", "%z").tzinfo


# --- Properties, over what may happen in a life


def _used(life: Life, _: int) -> Life:
    return life.enter(ev.AccountUsed(account="bg1", why="drill"))


def _seen(life: Life, turn: int) -> Life:
    name = ("bg2-pw2", "K1-pin1")[turn % 2]
    return life.enter(ev.SecretExposed(person="dave", set=name, number=1))


def _noted(life: Life, turn: int) -> Life:
    return life.enter(ev.TriggerNoted(trigger=list(Trigger)[turn % 3], details=DIGEST))


def _did(life: Life, turn: int) -> Life:
    subjects = {
        Duty.REVIEW: "bg1",
        Duty.DRILL: "bg2",
        Duty.COMBINATION: "hq-keys",
        Duty.TRAINING: "carol",
        Duty.DOCUMENT: "process",
    }
    duty = list(Duty)[turn % 5]
    return life.enter(done(duty, subjects[duty]))


def _joined(life: Life, turn: int) -> Life:
    who = f"new{life.register.size}"
    since = on(turn) if turn % 2 else None
    return life.enter(
        ev.PersonAdded(person=who, roles=(Role.WITNESS,), details=DIGEST, since=since)
    )


def _changed(life: Life, turn: int) -> Life:
    openers = (("carol", "dave"), ("carol",), ("dave", "frank"))[turn % 3]
    if life.register.safes["hq-keys"].openers == openers:
        return life
    return life.enter(ev.SafeChanged(safe="hq-keys", openers=openers, need=1))


def _decided(life: Life, turn: int) -> Life:
    review = (life.next_time + timedelta(days=turn)).date()
    fact = ev.DecisionMade(decision="late", choice="allowed", review=review, details=DIGEST)
    return life.enter(fact)


HAPPENINGS: list[Callable[[Life, int], Life]] = [
    _used,
    _seen,
    _noted,
    _did,
    _joined,
    _changed,
    _decided,
]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """The sample organisation, and what happened to it afterwards."""
    life = sample()
    for _ in range(draw(st.integers(0, 8))):
        happens = draw(st.sampled_from(HAPPENINGS))
        happens(life, draw(st.integers(0, 400)))
    return life


@given(lives(), st.integers(0, 700))
def test_nothing_is_due_twice_and_all_of_it_in_order(life: Life, days: int) -> None:
    found = due(life.register, at(days))

    names = [(it.task, it.subject) for it in found]
    assert len(set(names)) == len(names)
    assert [it.day for it in found] == sorted(it.day for it in found)
    assert all(it.what and it.trigger and it.requirement for it in found)
    assert all(it.day <= on(days) + timedelta(days=366) for it in found)


@given(lives(), st.integers(0, 300), st.integers(0, 300))
def test_the_time_of_asking_changes_only_what_is_overdue_and_how_far_one_sees(
    life: Life, days: int, later: int
) -> None:
    before, after = due(life.register, at(days)), due(life.register, at(days + later))

    assert tuple(it for it in after if days_left(it, at(days)) <= 366) == before
    for it in before:
        assert days_left(it, at(days + later)) == days_left(it, at(days)) - later
        assert not overdue(it, at(days)) or overdue(it, at(days + later))


@given(lives(), st.sampled_from(list(Duty)))
def test_what_was_done_today_is_not_due_today(life: Life, duty: Duty) -> None:
    subjects = {
        Duty.REVIEW: tuple(life.register.accounts),
        Duty.DRILL: tuple(life.register.accounts),
        Duty.COMBINATION: tuple(life.register.safes),
        Duty.TRAINING: tuple(life.register.people),
        Duty.DOCUMENT: ("process",),
    }[duty]
    life.enter(*(done(duty, subject) for subject in subjects), at=at(900))

    found = [it for it in due(life.register, at(900)) if str(it.task) == str(duty)]

    assert {it.subject for it in found} == set(subjects)
    assert all(it.since == at(900) and days_left(it, at(900)) >= 90 for it in found)


# --- Leap days


@pytest.mark.parametrize(
    ("begun", "ends"),
    [
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2027, 3, 1), date(2028, 3, 1)),
        (date(2028, 2, 28), date(2029, 2, 28)),
    ],
)
def test_a_year_ends_on_the_same_day_of_the_next_and_never_later(
    begun: date, ends: date, done_all: Life
) -> None:
    time = datetime(begun.year, begun.month, begun.day, 23, 59, tzinfo=UTC)

    done_all.enter(done(Duty.DOCUMENT, "process"), at=time)

    assert only(done_all.register, Task.DOCUMENT, "process", time).day == ends


def test_90_days_count_a_leap_day_like_any_other(done_all: Life) -> None:
    done_all.enter(done(Duty.REVIEW, "bg1"), at=datetime(2028, 1, 1, 9, tzinfo=UTC))

    review = only(done_all.register, Task.REVIEW, "bg1", datetime(2028, 1, 2, tzinfo=UTC))

    assert review.day == date(2028, 3, 31)

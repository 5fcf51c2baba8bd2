"""The schedule of safes, people, the process document, decisions and metadata."""

from datetime import date

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import Retirement, Role
from keyvault_kit.custody.schedule import Task, overdue
from tests.custody.duties import at, done, none, on, only, until
from tests.custody.life import DIGEST, Life
from tests.custody.sample import both, safe_changed, sample


@pytest.fixture
def keys_of_two() -> Life:
    """The sample organisation where carol and dave alone open the two safes of keys."""
    two = ("carol", "dave")
    return sample(
        both(safe_changed("hq-keys", openers=two), safe_changed("branch-keys", openers=two))
    )


# --- Combinations


def test_a_combination_is_changed_yearly_by_the_openers(keys_of_two: Life) -> None:
    keys_of_two.enter(done(Duty.COMBINATION, "hq-keys"), at=at(100))

    yearly = only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(100))

    assert (yearly.day, yearly.requirement) == (on(465), "S42")
    assert yearly.who == ("carol", "dave")
    other = only(keys_of_two.register, Task.COMBINATION, "hq-pins", at(100))
    assert (other.day, other.trigger) == (on(365), "a year since the last change")


def test_a_combination_that_was_never_changed_counts_from_when_the_safe_was_entered(
    life: Life,
) -> None:
    first = only(life.register, Task.COMBINATION, "hq-1", at(0))

    assert (first.day, first.trigger) == (on(365), "a year since it was entered")


def test_an_opener_who_left_the_list_sets_off_a_change_at_once(keys_of_two: Life) -> None:
    keys_of_two.enter(ev.SafeChanged(safe="hq-keys", openers=("carol",), need=1), at=at(20))

    pulled = only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(22))
    assert (pulled.day, pulled.trigger) == (on(20), "dave opens it no more")
    assert pulled.who == ("carol",)
    assert only(keys_of_two.register, Task.COMBINATION, "branch-keys", at(22)).day == on(365)

    keys_of_two.enter(done(Duty.COMBINATION, "hq-keys"), at=at(23))
    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(23)).day == on(388)


def test_a_safe_that_is_to_take_two_needs_a_new_combination_for_that(keys_of_two: Life) -> None:
    two = ev.SafeChanged(safe="hq-keys", openers=("carol", "dave"), need=2)
    keys_of_two.enter(two, at=at(20))

    pulled = only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(22))
    assert (pulled.day, pulled.trigger) == (on(20), "it takes 2 from then on, not 1")

    keys_of_two.enter(done(Duty.COMBINATION, "hq-keys"), at=at(23))
    one = ev.SafeChanged(safe="hq-keys", openers=("carol", "dave"), need=1)
    keys_of_two.enter(one, at=at(24))
    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(25)).day == on(388)


def test_an_opener_who_joined_or_came_back_sets_off_no_change(keys_of_two: Life) -> None:
    for days, openers in ((1, ("carol", "dave", "frank")), (2, ("carol", "frank"))):
        keys_of_two.enter(ev.SafeChanged(safe="hq-keys", openers=openers, need=1), at=at(days))
    back = ("carol", "dave", "frank")
    keys_of_two.enter(ev.SafeChanged(safe="hq-keys", openers=back, need=1), at=at(3))

    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(4)).day == on(365)


def test_an_opener_whose_authority_ends_sets_off_a_change_of_each_of_their_safes(
    keys_of_two: Life,
) -> None:
    keys_of_two.enter(until("dave", on(30), Role.CUSTODIAN), at=at(10))

    for safe in ("hq-keys", "branch-keys"):
        pulled = only(keys_of_two.register, Task.COMBINATION, safe, at(40))
        assert (pulled.day, pulled.trigger) == (on(31), "the authority of dave ended")
        assert pulled.who == ("carol",)
    assert only(keys_of_two.register, Task.COMBINATION, "hq-pins", at(40)).day == on(365)


def test_a_leaver_who_is_on_the_list_when_the_combination_is_changed_was_told_it(
    keys_of_two: Life,
) -> None:
    keys_of_two.enter(until("dave", on(30), Role.CUSTODIAN), at=at(10))
    keys_of_two.enter(done(Duty.COMBINATION, "hq-keys"), at=at(35))

    told = only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(36))

    assert (told.day, overdue(told, at(36))) == (on(31), True)
    assert told.trigger == "the authority of dave ended, and dave is still on its list"


@pytest.mark.parametrize(("list_first", "day"), [(True, 401), (False, 36)])
def test_after_a_leaver_the_list_is_changed_first_else_the_combination_is_due_once_more(
    keys_of_two: Life, day: int, *, list_first: bool
) -> None:
    keys_of_two.enter(until("dave", on(30), Role.CUSTODIAN), at=at(10))
    facts: list[ev.Fact] = [
        ev.SafeChanged(safe="hq-keys", openers=("carol", "frank"), need=1),
        done(Duty.COMBINATION, "hq-keys"),
    ]
    for days, fact in enumerate(facts if list_first else reversed(facts), 35):
        keys_of_two.enter(fact, at=at(days))

    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(40)).day == on(day)


def test_whoever_had_left_the_list_before_the_change_may_lose_their_authority_later(
    keys_of_two: Life,
) -> None:
    off = ev.SafeChanged(safe="hq-keys", openers=("carol",), need=1)
    keys_of_two.enter(off, at=at(5)).enter(done(Duty.COMBINATION, "hq-keys"), at=at(6))

    keys_of_two.enter(until("dave", on(30), Role.CUSTODIAN), at=at(10))

    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(40)).day == on(371)


def test_a_combination_changed_before_the_opener_left_is_changed_again(keys_of_two: Life) -> None:
    keys_of_two.enter(done(Duty.COMBINATION, "hq-keys"), at=at(19))
    keys_of_two.enter(ev.SafeChanged(safe="hq-keys", openers=("carol",), need=1), at=at(20))

    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(21)).day == on(20)


def test_a_change_of_the_combination_counts_by_when_it_was_done_not_entered(
    keys_of_two: Life,
) -> None:
    keys_of_two.enter(ev.SafeChanged(safe="hq-keys", openers=("carol",), need=1), at=at(20))
    late = done(Duty.COMBINATION, "hq-keys")

    keys_of_two.enter(late, at=at(25), occurred=at(15))

    assert only(keys_of_two.register, Task.COMBINATION, "hq-keys", at(25)).day == on(20)


# --- People and process


def test_a_new_person_is_trained_within_30_days_and_then_yearly(done_all: Life) -> None:
    added = ev.PersonAdded(person="liz", roles=(Role.WITNESS,), details=DIGEST)
    done_all.enter(added, at=at(10))

    first = only(done_all.register, Task.TRAINING, "liz", at(10))
    assert (first.day, first.who, first.requirement) == (on(40), ("liz",), "S59")

    done_all.enter(done(Duty.TRAINING, "liz"), at=at(12))
    assert only(done_all.register, Task.TRAINING, "liz", at(12)).day == on(377)


def test_training_before_the_authority_begins_counts_from_its_first_day(done_all: Life) -> None:
    added = ev.PersonAdded(person="liz", roles=(Role.WITNESS,), details=DIGEST, since=on(60))

    done_all.enter(added, at=at(10))

    assert only(done_all.register, Task.TRAINING, "liz", at(10)).day == on(90)


def test_whose_authority_begins_on_the_last_day_that_there_is_is_not_trained_this_year(
    done_all: Life,
) -> None:
    added = ev.PersonAdded(person="liz", roles=(Role.WITNESS,), details=DIGEST, since=date.max)
    done_all.enter(added, at=at(10))

    assert none(done_all.register, Task.TRAINING, "liz", at(10))


def test_nobody_is_trained_whose_authority_is_over_or_ends_before(done_all: Life) -> None:
    done_all.enter(until("kate", on(364), Role.WITNESS), at=at(1))
    done_all.enter(until("judy", on(366), Role.WITNESS), at=at(1))

    assert none(done_all.register, Task.TRAINING, "kate", at(2))
    assert only(done_all.register, Task.TRAINING, "judy", at(2)).day == on(365)
    assert none(done_all.register, Task.TRAINING, "judy", at(367))


def test_the_process_document_is_read_yearly_once_there_is_an_account(
    life: Life, founded: Life
) -> None:
    assert none(founded.register, Task.DOCUMENT, "process", at(0))
    first = only(life.register, Task.DOCUMENT, "process", at(0))
    assert (first.day, first.requirement) == (on(365), "S59")

    life.enter(done(Duty.DOCUMENT, "process"), at=at(30))

    assert only(life.register, Task.DOCUMENT, "process", at(30)).day == on(395)


# --- Decisions and metadata


def test_a_decision_is_looked_at_again_by_those_who_decided_and_are_still_there(
    done_all: Life,
) -> None:
    review = on(100)
    made = ev.DecisionMade(decision="C6", choice="with-key", review=review, details=DIGEST)
    done_all.enter(made, at=at(1))
    look = only(done_all.register, Task.DECISION, "C6", at(2))
    assert (look.day, look.who, look.requirement) == (review, ("alice", "bob"), "C1 to C8")
    assert look.what == "look at decision C6 (with-key) again"

    grace = ("alice", "grace")
    done_all.enter(until("bob", on(50), Role.OFFICER), by=grace, signed=grace, at=at(3))

    assert only(done_all.register, Task.DECISION, "C6", at(51)).who == ("alice",)


def test_metadata_is_due_when_its_successor_is_and_keys_are_in_service(life: Life) -> None:
    blob = ev.MetadataImported(number=12, next_update=on(20), sha256=DIGEST, left_out=0)

    life.enter(blob, at=at(1))

    newer = only(life.register, Task.METADATA, "metadata", at(1))
    assert (newer.day, newer.what) == (on(20), "import newer metadata of makers than no. 12")
    life.enter(ev.KeyRetired(key="K1", why=Retirement.BROKEN), at=at(2))
    assert none(life.register, Task.METADATA, "metadata", at(2))

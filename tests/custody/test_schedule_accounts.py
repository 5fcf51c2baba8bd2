"""The schedule of accounts: reviews, drills, passwords and PINs, and what pulls them forward."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.model import Form, Purpose, Retirement, Role
from keyvault_kit.custody.schedule import Task, overdue
from keyvault_kit.custody.wording import pin_anew
from tests.custody.duties import at, done, none, on, only, until
from tests.custody.life import DIGEST, TWO, Life
from tests.custody.sample import person_changed, sample

# --- Reviews


def test_a_review_is_due_after_90_days_and_counts_from_the_last(done_all: Life) -> None:
    done_all.enter(done(Duty.REVIEW, "bg1"), at=at(40))

    again = only(done_all.register, Task.REVIEW, "bg1", at(50))

    assert (again.day, again.who, again.requirement) == (on(130), (), "S54")
    assert again.trigger == "90 days since the last review"
    assert only(done_all.register, Task.REVIEW, "bg2", at(50)).day == on(90)


def test_an_account_that_was_never_reviewed_counts_from_what_opens_it(life: Life) -> None:
    entered = only(life.register, Task.REVIEW, "bg1", at(0))
    assert (entered.day, entered.trigger) == (on(90), "90 days since it was entered")

    life.seal("P1").enter(ev.PasswordSet(account="bg1", set="P1"), at=at(21))

    usable = only(life.register, Task.REVIEW, "bg1", at(22))
    assert (usable.day, usable.trigger) == (on(111), "90 days since it could first be used")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            [ev.TriggerNoted(trigger=Trigger.STAFF, details=DIGEST)],
            "the IT staff changed",
        ),
        (
            [ev.TriggerNoted(trigger=Trigger.SUBSCRIPTION, details=DIGEST)],
            "the subscriptions changed",
        ),
        (
            [ev.TriggerNoted(trigger=Trigger.RELOCATION, details=DIGEST)],
            "a safe or a site moved",
        ),
        (
            [ev.PersonAdded(person="liz", roles=(Role.WITNESS,), details=DIGEST)],
            "liz was added",
        ),
        (
            [until("kate", None, Role.WITNESS, Role.OFFICER)],
            "the roles or the authority of kate changed",
        ),
        (
            [until("kate", on(9), Role.WITNESS)],
            "the authority of kate ended",
        ),
        (
            [ev.SafeAdded(safe="new", site="hq", openers=TWO, need=1)],
            "safe new was added",
        ),
        (
            [ev.SafeChanged(safe="hq-keys", openers=("carol",), need=1)],
            "safe hq-keys was changed",
        ),
    ],
    ids=lambda it: it.replace(" ", "-") if isinstance(it, str) else "",
)
def test_a_trigger_pulls_the_review_of_every_account_forward(
    facts: list[ev.Fact], words: str, done_all: Life
) -> None:
    done_all.enter(*facts, at=at(10))

    for account in ("bg1", "bg2"):
        pulled = only(done_all.register, Task.REVIEW, account, at(11))
        assert (pulled.day, pulled.trigger) == (on(10), words)
        assert overdue(pulled, at(11))

    done_all.enter(done(Duty.REVIEW, "bg1"), at=at(12))
    assert only(done_all.register, Task.REVIEW, "bg1", at(12)).day == on(102)
    assert only(done_all.register, Task.REVIEW, "bg2", at(12)).day == on(10)


def test_of_several_triggers_the_first_counts(done_all: Life) -> None:
    done_all.enter(ev.TriggerNoted(trigger=Trigger.STAFF, details=DIGEST), at=at(5))
    done_all.enter(ev.TriggerNoted(trigger=Trigger.RELOCATION, details=DIGEST), at=at(7))

    pulled = only(done_all.register, Task.REVIEW, "bg1", at(8))

    assert (pulled.day, pulled.trigger) == (on(5), "the IT staff changed")


def test_a_leaver_who_is_known_beforehand_sets_off_a_review_on_the_day_after_the_last() -> None:
    life = sample(person_changed("kate", until=on(30)))

    pulled = only(life.register, Task.REVIEW, "bg1", at(0))

    assert (pulled.day, pulled.trigger) == (on(31), "the authority of kate ended")
    assert pulled.since == datetime(2026, 2, 5, tzinfo=UTC)


def test_an_announced_end_is_no_trigger_before_it(done_all: Life) -> None:
    done_all.enter(until("kate", on(60), Role.WITNESS), at=at(10))

    assert only(done_all.register, Task.REVIEW, "bg1", at(11)).day == on(61)


def test_an_end_that_was_entered_after_the_review_sets_off_another(done_all: Life) -> None:
    done_all.enter(done(Duty.REVIEW, "bg1"), at=at(20))
    done_all.enter(until("kate", on(10), Role.WITNESS), at=at(25))

    assert only(done_all.register, Task.REVIEW, "bg1", at(25)).day == on(25)


def test_other_roles_of_somebody_with_a_last_day_set_off_a_review(done_all: Life) -> None:
    done_all.enter(until("kate", on(400), Role.WITNESS), at=at(10))
    assert only(done_all.register, Task.REVIEW, "bg1", at(11)).day == on(90)

    done_all.enter(until("kate", on(400), Role.WITNESS, Role.OFFICER), at=at(20))

    pulled = only(done_all.register, Task.REVIEW, "bg1", at(21))
    assert (pulled.day, pulled.trigger) == (on(20), "the roles or the authority of kate changed")


@pytest.mark.parametrize("last", [None, on(500)])
def test_an_authority_that_lasts_longer_sets_off_a_review(
    last: date | None, done_all: Life
) -> None:
    done_all.enter(until("kate", on(400), Role.WITNESS), at=at(10))
    done_all.enter(until("kate", last, Role.WITNESS), at=at(20))

    assert only(done_all.register, Task.REVIEW, "bg1", at(21)).day == on(20)


def test_of_several_changes_of_a_person_the_first_that_no_review_answered_counts(
    done_all: Life,
) -> None:
    for days, roles in ((5, (Role.OFFICER,)), (20, (Role.WITNESS,)), (30, (Role.OFFICER,))):
        done_all.enter(until("kate", None, *roles), at=at(days))

    assert only(done_all.register, Task.REVIEW, "bg1", at(31)).day == on(5)
    done_all.enter(done(Duty.REVIEW, "bg1"), at=at(31), occurred=at(10))
    assert only(done_all.register, Task.REVIEW, "bg1", at(31)).day == on(20)


def test_another_name_of_a_person_sets_off_nothing(done_all: Life) -> None:
    renamed = ev.PersonChanged(person="kate", roles=(Role.WITNESS,), details="cd" * 32)

    done_all.enter(renamed, at=at(10))

    assert only(done_all.register, Task.REVIEW, "bg1", at(11)).day == on(90)


def test_authority_to_the_end_of_time_ends_never(done_all: Life) -> None:
    done_all.enter(until("kate", date.max, Role.WITNESS), at=at(1))
    done_all.enter(done(Duty.REVIEW, "bg1"), at=at(2))

    assert only(done_all.register, Task.REVIEW, "bg1", at(3)).day == on(92)


# --- Drills


def test_a_drill_is_due_yearly_of_what_can_be_used(life: Life) -> None:
    assert none(life.register, Task.DRILL, "bg1", at(0))

    life.seal("P1").enter(ev.PasswordSet(account="bg1", set="P1"), at=at(3))
    first = only(life.register, Task.DRILL, "bg1", at(4))
    assert (first.day, first.requirement) == (on(368), "S57")
    assert first.trigger == "a year since it could first be used"

    life.enter(done(Duty.DRILL, "bg1"), at=at(100))
    again = only(life.register, Task.DRILL, "bg1", at(101))
    assert (again.day, again.trigger) == (on(465), "a year since the last drill")


def test_an_account_that_retired_keys_alone_opened_is_not_practised(life: Life) -> None:
    life.seal("PIN1", sheets=1, subject="K1").enter(ev.PinSet(key="K1", set="PIN1"), at=at(1))
    assert only(life.register, Task.DRILL, "bg1", at(2)).day == on(366)

    life.enter(ev.KeyRetired(key="K1", why=Retirement.LOST), at=at(3))

    assert none(life.register, Task.DRILL, "bg1", at(4))


# --- Passwords and PINs


def test_a_password_in_force_is_changed_yearly(living: Life) -> None:
    yearly = only(living.register, Task.PASSWORD, "bg1", at(0))
    assert (yearly.day, yearly.who, yearly.requirement) == (on(365), (), "S32")
    assert yearly.what == "change and seal the password of bg1 anew"

    living.seal("P2").enter(ev.PasswordSet(account="bg1", set="P2"), at=at(50))

    assert only(living.register, Task.PASSWORD, "bg1", at(50)).day == on(415)


def test_a_password_that_is_not_in_force_is_not_changed(made: Life) -> None:
    assert none(made.register, Task.PASSWORD, "bg1", at(0))


def test_after_a_use_the_password_is_changed_at_once(living: Life) -> None:
    living.enter(ev.AccountUsed(account="bg1", why="drill"), at=at(30))

    used = only(living.register, Task.PASSWORD, "bg1", at(30))
    assert (used.day, used.since, used.trigger) == (on(30), at(30), "it was used")

    living.seal("P2").enter(ev.PasswordSet(account="bg1", set="P2"), at=at(31))
    assert only(living.register, Task.PASSWORD, "bg1", at(31)).day == on(396)


def test_a_use_that_is_entered_late_was_with_the_password_before(living: Life) -> None:
    living.seal("P2").enter(ev.PasswordSet(account="bg1", set="P2"), at=at(30))

    living.enter(ev.AccountUsed(account="bg1", why="emergency"), at=at(31), occurred=at(29))
    assert only(living.register, Task.PASSWORD, "bg1", at(31)).day == on(395)

    living.enter(ev.AccountUsed(account="bg1", why="emergency"), at=at(33), occurred=at(30))
    assert only(living.register, Task.PASSWORD, "bg1", at(33)).day == on(30)


@pytest.mark.parametrize("of_the_new_one", [True, False])
def test_a_password_that_should_be_dead_and_signs_in_is_changed_at_once(
    living: Life, *, of_the_new_one: bool
) -> None:
    living.seal("P2").enter(ev.PasswordSet(account="bg1", set="P2"), at=at(30))
    if of_the_new_one:
        living.seal("P3")
    took = "P3" if of_the_new_one else "P1"
    living.enter(ev.PasswordRecovered(account="bg1", set=took, accepted=True), at=at(40))

    again = only(living.register, Task.PASSWORD, "bg1", at(41))
    told = f"the tenant took the password of {took}, which is not in force"
    assert (again.day, again.trigger) == (on(40), told)

    living.seal("P4").enter(ev.PasswordSet(account="bg1", set="P4"), at=at(42))
    assert only(living.register, Task.PASSWORD, "bg1", at(42)).day == on(407)


def test_what_was_used_without_a_password_on_paper_gets_one_unless_that_was_decided(
    life: Life,
) -> None:
    life.enter(ev.AccountUsed(account="bg1", why="set-up"), at=at(1))
    assert only(life.register, Task.PASSWORD, "bg1", at(1)).day == on(1)

    decided = ev.DecisionMade(decision="C7", choice="not-kept", review=on(300), details=DIGEST)
    life.enter(decided, at=at(2))

    assert none(life.register, Task.PASSWORD, "bg1", at(2))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"present": True}, "ivan was there when it lay open"),
        ({"half": 2}, "ivan saw half 2 of it"),
        ({}, "ivan saw it"),
    ],
)
def test_a_password_that_somebody_saw_after_it_came_into_force_is_changed_at_once(
    fields: dict[str, Any], words: str, living: Life
) -> None:
    living.enter(ev.SecretExposed(person="ivan", set="P1", **fields), at=at(7))

    seen = only(living.register, Task.PASSWORD, "bg1", at(9))

    assert (seen.day, seen.since, seen.trigger) == (on(7), at(7), words)
    living.bring_into_force("P2")
    assert only(living.register, Task.PASSWORD, "bg1", at(9)).day > on(300)


def test_one_share_of_several_tells_nothing_and_as_many_as_open_it_tell_all(
    living: Life,
) -> None:
    for day, person in enumerate(("ivan", "judy", "ivan"), 5):
        living.enter(ev.SecretExposed(person=person, set="P1", number=1), at=at(day))
    assert only(living.register, Task.PASSWORD, "bg1", at(9)).day > on(300)

    living.enter(
        ev.SecretExposed(person="kate", set="P1", number=2, present=True), at=at(12), occurred=at(9)
    )

    seen = only(living.register, Task.PASSWORD, "bg1", at(12))
    assert (seen.day, seen.trigger) == (on(9), "kate was there when sheet 2 lay open")


def test_a_literal_part_is_a_piece_of_the_password(life: Life) -> None:
    made = ev.SetMade(
        set="P1", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2, form=Form.PARTS
    )
    life.enter(made)
    for n in (1, 2):
        envelope = f"P1-{n}"
        life.enter(life.printed("P1", n), ev.EnvelopeProven(envelope=envelope))
        life.enter(ev.EnvelopeSealed(envelope=envelope, bag=f"B-{n}"))
    life.enter(ev.PasswordSet(account="bg1", set="P1"), at=at(5))
    life.enter(ev.SecretExposed(person="ivan", set="P1", number=1), at=at(6))

    assert only(life.register, Task.PASSWORD, "bg1", at(6)).trigger == "ivan saw sheet 1"


def test_whoever_made_a_password_saw_it_before_it_was_in_force(made: Life) -> None:
    halves = [ev.SecretExposed(person=who, set="P1", half=n) for n, who in enumerate(TWO, 1)]

    made.enter(*halves, ev.PasswordSet(account="bg1", set="P1"), at=at(5))

    assert only(made.register, Task.PASSWORD, "bg1", at(5)).day == on(370)


def test_a_pin_has_no_period_and_is_changed_once_somebody_saw_it(done_all: Life) -> None:
    assert none(done_all.register, Task.PIN, "K1", at(400))

    done_all.enter(ev.SecretExposed(person="ivan", set="K1-pin1", number=1), at=at(6))

    seen = only(done_all.register, Task.PIN, "K1", at(8))
    assert (seen.day, seen.requirement, seen.trigger) == (on(6), "S32", "ivan saw sheet 1")
    assert seen.what == "change and seal the PIN of K1 anew: 'rotate K1'"
    assert none(done_all.register, Task.PIN, "K2", at(8))


def test_a_pin_that_was_set_and_put_on_no_paper_is_changed_at_once(done_all: Life) -> None:
    done_all.enter(ev.PinChanged(key="K1"), by=("carol",), signed=(), at=at(6))

    unknown = only(done_all.register, Task.PIN, "K1", at(8))
    assert (unknown.day, unknown.trigger) == (on(6), "carol changed it, and sealed none")

    done_all.seal("K1-pin2", sheets=1, subject="K1")
    done_all.enter(ev.PinSet(key="K1", set="K1-pin2"), by=("carol",), at=at(9))
    assert none(done_all.register, Task.PIN, "K1", at(9))


def test_a_pin_that_is_changed_by_hand_stays_due_until_its_key_is_reset(done_all: Life) -> None:
    done_all.enter(ev.SecretExposed(person="ivan", set="K1-pin1", number=1), at=at(6))

    done_all.enter(ev.PinChanged(key="K1"), by=("carol",), signed=(), at=at(7))
    assert only(done_all.register, Task.PIN, "K1", at(8)).what.endswith(pin_anew("K1"))

    done_all.enter(ev.KeyReset(key="K1", why="its PIN"), by=("carol",), signed=(), at=at(8))
    assert none(done_all.register, Task.PIN, "K1", at(8))


def test_the_pin_of_a_key_without_a_passkey_opens_nothing(life: Life) -> None:
    life.enter(ev.PinChanged(key="K1"), by=("carol",), signed=(), at=at(6))

    assert none(life.register, Task.PIN, "K1", at(8))


def test_a_key_that_is_retired_or_reset_owes_no_pin(done_all: Life) -> None:
    for key in ("K1", "K2"):
        done_all.enter(ev.SecretExposed(person="ivan", set=f"{key}-pin1", number=1), at=at(6))

    done_all.enter(ev.KeyRetired(key="K1", why=Retirement.LOST), at=at(7))
    done_all.enter(ev.KeyReset(key="K2", why="seen"), at=at(7))

    assert none(done_all.register, Task.PIN, "K1", at(8))
    assert none(done_all.register, Task.PIN, "K2", at(8))

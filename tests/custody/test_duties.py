"""Duties that were done, and what sets off reviews: what the ledger takes of them, and keeps."""

from datetime import date, datetime, timedelta

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Noted, Trigger
from keyvault_kit.custody.model import Role
from tests.custody.life import DIGEST, START, Life

SUBJECTS = {
    Duty.REVIEW: "bg1",
    Duty.DRILL: "bg1",
    Duty.COMBINATION: "hq-1",
    Duty.TRAINING: "erin",
    Duty.DOCUMENT: "process",
}

LATER = START + timedelta(days=30)


def done(duty: Duty, subject: str = "") -> ev.DutyDone:
    return ev.DutyDone(duty=duty, subject=subject or SUBJECTS[duty])


@pytest.mark.parametrize("duty", list(Duty))
def test_the_register_keeps_when_a_duty_was_last_done(duty: Duty, life: Life) -> None:
    life.enter(done(duty))
    assert life.register.done == {f"{duty}:{SUBJECTS[duty]}": life.register.time}

    life.enter(done(duty), at=LATER)
    assert life.register.done == {f"{duty}:{SUBJECTS[duty]}": LATER}


def test_what_was_done_before_and_is_entered_late_counts_only_where_nothing_was_done_since(
    life: Life,
) -> None:
    early, late = LATER - timedelta(days=20), LATER + timedelta(days=1)

    life.enter(done(Duty.DRILL), at=LATER, occurred=early)
    assert life.register.done["drill:bg1"] == early
    life.enter(done(Duty.DRILL), at=LATER)
    life.enter(done(Duty.DRILL), at=late, occurred=early)

    assert life.register.done["drill:bg1"] == LATER


def test_a_late_entry_forgets_nobody_who_left_after_the_combination_was_changed(
    life: Life,
) -> None:
    """What counts is when it was changed, not when that was entered."""
    changed = done(Duty.COMBINATION)
    life.enter(ev.SafeChanged(safe="hq-1", openers=("alice",), need=1), at=LATER)
    before, after = LATER - timedelta(hours=1), LATER + timedelta(hours=1)

    life.enter(changed, at=LATER + timedelta(days=1), occurred=before)
    assert life.register.knowing("hq-1") == {"alice": 1, "bob": 1}

    life.enter(changed, at=LATER + timedelta(days=2), occurred=after)
    assert life.register.knowing("hq-1") == {"alice": 1}


@pytest.mark.parametrize(
    ("duty", "subject", "because"),
    [
        (Duty.REVIEW, "bg9", "no account 'bg9'"),
        (Duty.REVIEW, "hq-1", "no account 'hq-1'"),
        (Duty.DRILL, "K1", "no account 'K1'"),
        (Duty.COMBINATION, "hq", "no safe 'hq'"),
        (Duty.TRAINING, "nobody", "no person 'nobody'"),
        (Duty.DOCUMENT, "bg1", "there is one process document, 'process', and no 'bg1'"),
    ],
)
def test_a_duty_is_about_something_of_the_register(
    duty: Duty, subject: str, because: str, life: Life
) -> None:
    life.refuses(done(duty, subject), because=because)


@pytest.mark.parametrize(
    ("by", "signed", "because"),
    [
        (("alice",), ("alice",), "takes the signatures of two people"),
        (("alice", "bob"), ("alice",), "takes the signatures of two people"),
        (("alice", "bob"), (), "takes the signatures of two people"),
        (("alice", "erin"), ("alice", "bob"), "erin is auditor"),
        (("alice", "bob", "carol"), ("alice", "bob"), "carol did not sign"),
    ],
)
def test_two_who_may_act_sign_that_a_duty_was_done(
    by: tuple[str, ...], signed: tuple[str, ...], because: str, life: Life
) -> None:
    life.refuses(done(Duty.REVIEW), because=because, by=by, signed=signed)


def test_a_duty_is_not_done_in_the_future(life: Life) -> None:
    tomorrow = life.next_time + timedelta(days=1)

    life.refuses(done(Duty.REVIEW), because="after it was entered", occurred=tomorrow)


def test_triggers_are_kept_in_the_order_in_which_they_were_entered(life: Life) -> None:
    for n, trigger in enumerate(Trigger):
        time = LATER + timedelta(days=n)
        life.enter(ev.TriggerNoted(trigger=trigger, details=DIGEST), at=time)

    seqs = [it.seq for it in life.entries if isinstance(it.fact, ev.TriggerNoted)]
    assert life.register.triggers == [
        Noted(trigger=trigger, time=LATER + timedelta(days=n), seq=seq)
        for (n, trigger), seq in zip(enumerate(Trigger), seqs, strict=True)
    ]


def test_one_officer_notes_a_trigger_and_nobody_else_does(life: Life) -> None:
    noted = ev.TriggerNoted(trigger=Trigger.STAFF, details=DIGEST)

    for person, role in (("carol", "custodian"), ("erin", "auditor"), ("ivan", "witness")):
        because = f"{person} is {role}: to note what sets off a review takes officer"
        life.refuses(noted, because=because, by=(person,), signed=())
    life.enter(noted, by=("olga",), signed=())

    assert [it.trigger for it in life.register.triggers] == [Trigger.STAFF]


def test_other_roles_and_another_validity_are_dated_and_another_name_is_not(life: Life) -> None:
    def dated(details: str, *roles: Role, at_days: int) -> list[int]:
        """The days of all changes, after one more."""
        fact = ev.PersonChanged(person="olga", roles=roles, details=details)
        life.enter(fact, at=START + timedelta(days=at_days))
        return [(it - START).days for it in life.register.people["olga"].changed]

    assert dated("cd" * 32, Role.OFFICER, at_days=1) == []
    assert dated("cd" * 32, Role.OFFICER, Role.WITNESS, at_days=2) == [2]
    assert dated("ef" * 32, Role.WITNESS, Role.OFFICER, at_days=3) == [2]
    assert dated("ef" * 32, Role.OFFICER, at_days=4) == [2, 4]


def test_it_is_kept_when_the_last_day_of_an_authority_became_known(life: Life) -> None:
    def change(*roles: Role, until: date | None, at_days: int) -> datetime | None:
        fact = ev.PersonChanged(person="olga", roles=roles, details=DIGEST, until=until)
        life.enter(fact, at=START + timedelta(days=at_days))
        return life.register.people["olga"].until_known

    assert life.register.people["olga"].until_known is None
    entered = START + timedelta(days=1)
    assert change(Role.OFFICER, until=date(2026, 6, 30), at_days=1) == entered
    assert change(Role.OFFICER, Role.WITNESS, until=date(2026, 6, 30), at_days=2) == entered
    assert change(Role.OFFICER, Role.WITNESS, until=None, at_days=3) is None


def test_an_exposure_is_dated(living: Life) -> None:
    living.enter(ev.SecretExposed(person="ivan", set="P1", number=1), at=LATER)

    assert [it.time for it in living.register.exposures] == [LATER]

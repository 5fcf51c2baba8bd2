"""The 90-day review: what people are told, what they answer, and what stands on the report."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plans import audit, review
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.custody.tenant import Method, TenantAccount, TenantFacts
from keyvault_kit.errors import InputError, RefusedError
from tests.ceremonies.walking import Shelves, found, stored, text_of
from tests.ceremonies.walking import request as of_safes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ceremonies.conftest import Desk

QUARTER = timedelta(days=90)
DAY = timedelta(days=1)
DIGEST = "ab" * 32


@pytest.fixture
def reviewers(desk: Desk) -> Desk:
    """Officers who find everything as it should be, a quarter after the founding."""
    desk.time.true += QUARTER
    answer(desk, lambda _: True)
    return desk


def answer(desk: Desk, check: Callable[[Prompt], bool]) -> None:
    """Let people answer the points of a checklist in that way."""
    confirm = type(desk.people).confirm

    def confirmed(prompt: Prompt) -> bool:
        careful = confirm(desk.people, prompt)
        return check(prompt) if prompt.topic is Topic.CHECK else careful

    desk.people.confirm = confirmed  # type: ignore[method-assign]


def request(**fields: object) -> review.Request:
    usual = {"accounts": ("bg1",), "officers": ("alice", "bob"), "number": 1}
    return review.Request(**(usual | fields))  # type: ignore[arg-type]


def hold(desk: Desk, **fields: object) -> None:
    wanted = request(**fields)
    review.check(desk.register, wanted)
    desk.run(review.next_ceremony(desk.register, wanted))


def with_evidence(desk: Desk, facts: TenantFacts | None = None) -> None:
    """Evidence from the tenant that was read today."""
    work = desk.work("alice")
    said = facts or TenantFacts(taken=desk.time.true)
    row = work.write_down({"facts": msgspec.json.encode(said).decode()})
    desk.book.record([ev.EvidenceTaken(evidence=DIGEST, details=row)], ("alice",), work.details)


def notes(desk: Desk) -> str:
    return "\n".join(desk.people.texts(Topic.NOTE))


# --- What it comes to


def test_an_account_that_was_reviewed_is_due_again_after_90_days(reviewers: Desk) -> None:
    with_evidence(reviewers)
    today = reviewers.time.true.date()

    hold(reviewers)

    assert found(reviewers) == []
    (next_one,) = (
        it
        for it in due(reviewers.register, reviewers.time.true)
        if (it.task, it.subject) == (Task.REVIEW, "bg1")
    )
    assert next_one.day == today + QUARTER


def test_two_sign_that_it_was_done(reviewers: Desk) -> None:
    began = reviewers.ledger.size

    hold(reviewers)

    done = [
        (it.fact.duty, it.fact.subject, it.by)
        for it in reviewers.entries(began)
        if isinstance(it.fact, ev.DutyDone)
    ]
    both = ("alice", "bob")
    assert done == [
        (Duty.DOCUMENT, "process", both),
        *((Duty.TRAINING, person, both) for person in ("alice", "bob", "carol", "erin")),
        (Duty.REVIEW, "bg1", both),
    ]


def test_a_no_is_a_finding_with_what_people_said_of_it(reviewers: Desk) -> None:
    with_evidence(reviewers)
    answer(reviewers, lambda prompt: "process document was read" not in prompt.text)
    reviewers.people.says[Topic.REMARK] = ["The telephone list is old"]

    hold(reviewers)

    (finding,) = reviewers.register.findings
    assert (finding.rule, finding.subject) == ("review-document", "process")
    assert finding.what == "the process document is not up to date, or was not read"
    assert f"{Duty.DOCUMENT}:process" not in reviewers.register.done
    assert f"{Duty.REVIEW}:bg1" in reviewers.register.done
    assert b"telephone list" not in reviewers.raw()
    assert "FINDING The telephone list is old" in text_of(reviewers, "review-report-1")
    assert "The telephone list is old" in text_of(reviewers, "record-review-1")


def test_everything_can_be_wrong_and_the_review_still_ends(reviewers: Desk) -> None:
    answer(reviewers, lambda _: False)
    reviewers.people.says[Topic.REMARK] = [""] * 30

    hold(reviewers)

    rules = {rule for rule, _ in found(reviewers)}
    assert rules == {
        "review-access",
        "review-alert",
        "review-authorised",
        "review-bags",
        "review-changes",
        "review-custody",
        "review-document",
        "review-documents",
        "review-due",
        "review-evidence",
        "review-methods",
        "review-reach",
        "review-rules",
        "review-training",
    }
    trained = [subject for rule, subject in found(reviewers) if rule == "review-training"]
    assert trained == ["alice", "bob", "carol", "erin"]
    assert reviewers.register.ceremonies["review-1"].closed


# --- What people are told


def test_who_is_authorised_is_told_with_what_they_open_and_saw(reviewers: Desk) -> None:
    made = ev.SetMade(set="bg1-x", purpose="password", subject="bg1", threshold=1, count=1)  # type: ignore[arg-type]
    offered = ev.PasswordOffered(account="bg1", set="bg1-x")
    seen = ev.SecretExposed(person="bob", set="bg1-x")
    reviewers.book.record([made, offered, seen], ("alice", "bob"))

    hold(reviewers)

    told = notes(reviewers)
    assert "alice (officer) opens hq-1." in told
    assert "bob (officer) opens vault-1, and saw something of bg1-x." in told
    assert "erin (auditor) opens no safe." in told
    text = text_of(reviewers, "review-report-1")
    assert "Bob Baker bob officer no end vault-1 bg1-x" in text


def test_what_set_off_a_review_since_the_last_one_is_told(reviewers: Desk) -> None:
    hold(reviewers)
    reviewers.time.true += DAY
    reviewers.book.record([ev.TriggerNoted(trigger=Trigger.STAFF, details=DIGEST)], ("alice",))
    reviewers.people.asked.clear()

    hold(reviewers, number=2)

    assert f"The IT staff changed ({reviewers.time.true.date()})." in notes(reviewers)
    assert "alice was added" not in notes(reviewers)


def test_where_nothing_happened_that_is_told_too(reviewers: Desk) -> None:
    hold(reviewers)
    reviewers.time.true += DAY
    reviewers.people.asked.clear()

    hold(reviewers, number=2)

    assert "nothing is on record that sets off a review" in notes(reviewers)


def test_open_findings_are_told_and_settled_ones_are_not(reviewers: Desk) -> None:
    trouble = ev.FindingMade(rule="bag-missing", subject="x", what="bag B-7 is gone", mend="")
    reviewers.book.record([trouble], ("erin",))

    hold(reviewers)

    assert "bag-missing, x: bag B-7 is gone." in notes(reviewers)


def test_a_password_that_is_pending_is_told(reviewers: Desk) -> None:
    reviewers.seal()
    reviewers.people.asked.clear()

    hold(reviewers)

    assert "The last use of bg1 on record: none." in notes(reviewers)
    assert "Safe hq-1 (openers alice): bg1-pw1-1." in notes(reviewers)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (None, "there is no evidence from the tenant on record"),
        (90, ""),
        (91, "the newest evidence from the tenant, of 2026-06-01, is over 90 days old"),
    ],
)
def test_evidence_counts_for_90_days(reviewers: Desk, days: int | None, said: str) -> None:
    if days is not None:
        with_evidence(reviewers)
        reviewers.time.true += timedelta(days=days)

    hold(reviewers)

    assert [it.what for it in reviewers.register.findings] == ([said] if said else [])


@pytest.mark.parametrize(("kind", "said"), [("phone", "has phone"), ("fido2", "has none")])
def test_what_evidence_says_of_methods_and_rules_is_told(
    reviewers: Desk, kind: str, said: str
) -> None:
    account = reviewers.register.accounts["bg1"]
    seen = TenantAccount(
        id=account.object_id or DIGEST,
        user_principal_name=account.upn,
        methods=(Method(kind=kind),),
    )
    with_evidence(reviewers, TenantFacts(taken=reviewers.time.true, accounts=(seen,)))

    hold(reviewers)

    day = f"{reviewers.time.true:%Y-%m-%d}"
    assert f"By the evidence of {day}, bg1 {said} of somebody's own." in notes(reviewers)
    assert ("High, S58: account bg1 has a method phone" in notes(reviewers)) is (kind == "phone")


def test_a_drill_that_is_overdue_is_a_finding_that_nobody_is_asked_about(reviewers: Desk) -> None:
    reviewers.seal()
    reviewers.time.true += timedelta(days=366)

    hold(reviewers)

    assert ("review-drill", "bg1") in found(reviewers)
    assert not [it for it in reviewers.people.texts(Topic.CHECK) if "was practised within" in it]


def test_what_is_overdue_is_told_but_for_the_review_itself(reviewers: Desk) -> None:
    hold(reviewers)

    told = notes(reviewers)
    assert "review account bg1" not in told
    assert "OVERDUE since" not in told  # everybody was just trained
    reviewers.time.true += timedelta(days=300)
    reviewers.people.asked.clear()
    hold(reviewers, number=2)
    assert "OVERDUE since 2027-03-02: change the combination of safe hq-1" in notes(reviewers)


# --- Bags


def test_safes_that_an_audit_walked_through_are_not_asked_about(desk: Desk) -> None:
    stored(desk)
    hold_with_yes(desk)
    desk.time.true += DAY
    _audit(desk, "hq-1", "hq-2")
    desk.time.true += DAY
    desk.people.asked.clear()

    hold(desk, number=2)

    asked = [it for it in desk.people.texts(Topic.CHECK) if "compared with its inventory" in it]
    assert len(asked) == 1
    assert "safe vault-1" in asked[0]
    assert "(audited: never)" in asked[0]


def test_a_walk_before_the_last_review_counts_no_more(desk: Desk) -> None:
    stored(desk)
    _audit(desk, "hq-1")
    walked = desk.time.true.date()
    desk.time.true += DAY
    hold_with_yes(desk)
    desk.time.true += DAY
    answer(desk, lambda prompt: "compared with its inventory" not in prompt.text)
    desk.people.says[Topic.REMARK] = [""] * 3

    hold(desk, number=2)

    assert [it for it in found(desk) if it[0] == "review-bags"] == [
        ("review-bags", safe) for safe in ("hq-1", "hq-2", "vault-1")
    ]
    assert any(f"audited: last on {walked}" in it for it in desk.people.texts(Topic.CHECK))


def hold_with_yes(desk: Desk) -> None:
    answer(desk, lambda _: True)
    hold(desk)


def _audit(desk: Desk, *safes: str) -> None:
    Shelves(desk)
    for tag in ("K1", "K2"):
        desk.bench.plug(tag)
    desk.run(audit.next_ceremony(desk.register, of_safes(safes=safes)))


# --- Cut short, and what cannot be


class StopError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("moment", ["begins", "acted", "recorded"])
@pytest.mark.parametrize(
    "step", ["authorised", "document", "training", "access-bg1", "due", "reviewed-bg1", "report"]
)
def test_a_review_that_is_cut_short_goes_on_to_the_same_end(
    reviewers: Desk, step: str, moment: str
) -> None:
    def stop(_: str, at: str, now: str) -> None:
        if (at, now) == (step, moment):
            raise StopError

    answer(reviewers, lambda prompt: "A sign-in to bg1" not in prompt.text)
    reviewers.people.says[Topic.REMARK] = [""] * 2
    with pytest.raises(StopError):
        reviewers.run(review.next_ceremony(reviewers.register, request()), stop)

    hold(reviewers)

    assert found(reviewers) == [("review-access", "bg1"), ("review-evidence", "process")]
    assert sum(kind is ev.DutyDone for kind in reviewers.kinds()) == 1 + 4 + 1
    assert "review-2" not in reviewers.register.ceremonies


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"accounts": ()}, InputError, "no account to review"),
        ({"accounts": ("bg9",)}, RefusedError, "bg9"),
        ({"officers": ("alice", "erin")}, RefusedError, "erin is auditor: to enter that a duty"),
    ],
)
def test_what_cannot_be_reviewed_is_said_before_anything_begins(
    desk: Desk, fields: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        review.check(desk.register, request(**fields))

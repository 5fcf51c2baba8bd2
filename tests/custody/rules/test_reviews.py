"""Reviews, what sets them off, and personal methods."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.rules import Judgement, Outcome, judge
from keyvault_kit.custody.schedule import Task, due, overdue
from keyvault_kit.custody.tenant import PERSONAL, Method, TenantAccount, TenantFacts
from tests.custody.life import DIGEST, START, Life
from tests.custody.sample import person_changed, sample

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
NOW: Final = START + DAY


def judged(
    rule: str, life: Life, now: datetime = NOW, tenant: TenantFacts | None = None
) -> Judgement:
    return next(it for it in judge(life.register, tenant, now) if it.rule == rule)


def outcome(
    rule: str, life: Life, now: datetime = NOW, tenant: TenantFacts | None = None
) -> Outcome:
    return judged(rule, life, now, tenant).outcome


def review(*accounts: str) -> tuple[ev.DutyDone, ...]:
    return tuple(ev.DutyDone(duty=Duty.REVIEW, subject=it) for it in accounts)


@pytest.mark.parametrize("rule", ["S54", "S55", "S57", "S58", "S65"])
def test_where_there_is_no_account_nothing_passes(rule: str, founded: Life) -> None:
    assert outcome(rule, founded) is Outcome.UNKNOWN


# --- S54


def test_an_account_is_reviewed_every_ninety_days() -> None:
    life = sample()
    assert outcome("S54", life, START + 90 * DAY) is Outcome.PASSED
    its = judged("S54", life, START + 91 * DAY)
    assert its.outcome is Outcome.FAILED
    assert [it.subject for it in its.findings] == ["bg1", "bg2"]
    assert its.findings[0].what == (
        "account bg1 was to be reviewed by 2026-04-05: 90 days since the last review"
    )
    assert its.findings[0].mend == "Review it: 'review bg1'."


def test_a_review_of_one_account_is_none_of_another() -> None:
    life = sample().enter(*review("bg1"), at=START + 100 * DAY)
    assert [it.subject for it in judged("S54", life, START + 100 * DAY).findings] == ["bg2"]


def test_an_account_that_was_never_reviewed_counts_from_its_first_day() -> None:
    added = ev.AccountAdded(account="bg3", upn="bg3@example.onmicrosoft.com")
    life = sample().enter(added, at=START + 10 * DAY).enter(*review("bg1", "bg2"))
    assert "bg3" not in {it.subject for it in judged("S54", life, START + 100 * DAY).findings}
    assert "bg3" in {it.subject for it in judged("S54", life, START + 101 * DAY).findings}


# --- S55


def person(name: str, **changes: Any) -> ev.PersonChanged:
    return ev.PersonChanged(person=name, roles=(Role.WITNESS,), details=DIGEST, **changes)


SET_OFF: Final = {
    "the IT staff changed": ev.TriggerNoted(trigger=Trigger.STAFF, details=DIGEST),
    "the subscriptions changed": ev.TriggerNoted(trigger=Trigger.SUBSCRIPTION, details=DIGEST),
    "a safe or a site moved": ev.TriggerNoted(trigger=Trigger.RELOCATION, details=DIGEST),
    "laura was added": ev.PersonAdded(person="laura", roles=(Role.WITNESS,), details=DIGEST),
    "the authority of kate ended": person("kate", until=NOW.date()),
    "safe vault-shares was changed": ev.SafeChanged(
        safe="vault-shares", openers=("frank", "erin"), need=1
    ),
}


@pytest.mark.parametrize("words", SET_OFF)
def test_what_sets_off_a_review_is_named_until_every_account_was_reviewed(words: str) -> None:
    life = sample().enter(SET_OFF[words], at=NOW)
    later = NOW + DAY
    its = judged("S55", life, later)
    assert [(it.subject, words in it.what) for it in its.findings] == [("bg1", True), ("bg2", True)]
    life.enter(*review("bg1"), at=later)
    assert [it.subject for it in judged("S55", life, later).findings] == ["bg2"]
    life.enter(*review("bg2"))
    assert outcome("S55", life, later) is Outcome.PASSED


def test_a_leaver_sets_off_no_review_before_the_last_day_is_over() -> None:
    life = sample(person_changed("kate", until=NOW.date()))
    assert outcome("S55", life, NOW) is Outcome.PASSED
    assert outcome("S55", life, NOW + DAY) is Outcome.FAILED


@pytest.mark.parametrize("days", [1, 89, 90, 91, 92, 200])
@pytest.mark.parametrize("words", [None, *SET_OFF])
def test_the_rules_are_red_wherever_a_review_is_overdue(words: str | None, days: int) -> None:
    life = sample()
    if words:
        life.enter(SET_OFF[words], at=NOW)
    now = START + days * DAY
    late = {
        it.subject for it in due(life.register, now) if overdue(it, now) if it.task is Task.REVIEW
    }
    red = {it.subject for rule in ("S54", "S55") for it in judged(rule, life, now).findings}
    assert late <= red
    assert red <= {it.subject for it in due(life.register, now) if it.day <= now.date()}


# --- What the tenant says


def tenant(*, taken: datetime = NOW, **seen: Any) -> TenantFacts:
    """Evidence of both accounts, of which the first has what is named."""
    accounts = tuple(
        TenantAccount(
            id=it.object_id or "",
            user_principal_name=it.upn,
            **(seen if it.id == "bg1" else dict.fromkeys(seen, ())),
        )
        for it in sample().register.accounts.values()
    )
    return TenantFacts(taken=taken, accounts=accounts)


OWN: Final = (
    Method(kind="password"),
    Method(kind="fido2", credential_ids=(b"passkey K1".hex(),)),
)


def test_passkeys_and_a_password_are_nobodys_own() -> None:
    assert outcome("S58", sample(), tenant=tenant(methods=OWN)) is Outcome.PASSED


@pytest.mark.parametrize("kind", [*sorted(PERSONAL), "temporaryAccessPass", "ofTheFuture"])
def test_a_method_that_is_somebodys_own_is_found(kind: str) -> None:
    seen = tenant(methods=(*OWN, Method(kind=kind)))
    its = judged("S58", sample(), tenant=seen)
    assert its.outcome is Outcome.FAILED
    assert [(it.subject, kind in it.what) for it in its.findings] == [("bg1", True)]


NOTHING_SEEN: Final = {
    "no evidence": None,
    "too old": tenant(taken=NOW - 91 * DAY, methods=OWN, sign_ins=()),
    "nothing of the accounts": TenantFacts(taken=NOW),
    "no methods and no log": tenant(),
}


@pytest.mark.parametrize("evidence", NOTHING_SEEN)
def test_without_evidence_it_is_unknown(evidence: str) -> None:
    its = judged("S58", sample(), tenant=NOTHING_SEEN[evidence])
    assert its.outcome is Outcome.UNKNOWN

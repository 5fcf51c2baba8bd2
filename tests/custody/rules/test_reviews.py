"""Reviews, what sets them off, personal methods, and sign-ins that nobody accounts for."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.rules import Judgement, Outcome, judge
from keyvault_kit.custody.schedule import Task, due, overdue
from keyvault_kit.custody.tenant import PERSONAL, Method, SignIn, TenantAccount, TenantFacts
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


@pytest.mark.parametrize("rule", ["S54", "S55", "S58", "S65"])
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
            id=f"00000000-0000-4000-8000-{n:012d}",
            user_principal_name=f"bg{n}@example.onmicrosoft.com",
            **(seen if n == 1 else dict.fromkeys(seen, ())),
        )
        for n in (1, 2)
    )
    return TenantFacts(taken=taken, accounts=accounts)


OWN: Final = (
    Method(kind="password"),
    Method(kind="fido2", credential_ids=(b"passkey K1".hex(),)),
)


def test_passkeys_and_a_password_are_nobodys_own() -> None:
    assert outcome("S58", sample(), tenant=tenant(methods=OWN)) is Outcome.PASSED


@pytest.mark.parametrize("kind", sorted(PERSONAL))
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


@pytest.mark.parametrize("rule", ["S58", "S65"])
@pytest.mark.parametrize("evidence", NOTHING_SEEN)
def test_without_evidence_it_is_unknown(evidence: str, rule: str) -> None:
    its = judged(rule, sample(), tenant=NOTHING_SEEN[evidence])
    assert its.outcome is Outcome.UNKNOWN


# --- S65


def signed_in(time: datetime, *, succeeded: bool = True, **how: Any) -> SignIn:
    return SignIn(created_date_time=time, succeeded=succeeded, **how)


def of_sign_ins(life: Life, *sign_ins: SignIn) -> tuple[RuleFinding, ...]:
    return judged("S65", life, NOW + 30 * DAY, tenant(sign_ins=sign_ins)).findings


def test_a_sign_in_at_a_drill_is_accounted_for() -> None:
    life = sample()
    drilled = life.register.done["drill:bg1"]
    assert not of_sign_ins(life, signed_in(drilled), signed_in(drilled + HOUR))


def test_a_sign_in_with_nothing_on_record_is_an_emergency_or_a_compromise() -> None:
    attack = signed_in(START + 5 * DAY, ip_address="192.0.2.7", device="laptop")
    (found,) = of_sign_ins(sample(), signed_in(START), attack)
    assert (found.severity, found.subject) == (Severity.HIGH, "bg1")
    assert found.what == (
        "somebody signed in to bg1 with no drill or opening on record: 1 time, at"
        " 2026-01-10 09:00 UTC from 192.0.2.7 on laptop"
    )


def test_of_several_sign_ins_the_last_is_told() -> None:
    attacks = [signed_in(START + days * DAY) for days in (5, 6)]
    (found,) = of_sign_ins(sample(), *attacks)
    assert found.what.endswith("2 times, the last at 2026-01-11 09:00 UTC")


def test_a_drill_of_another_account_accounts_for_nothing() -> None:
    life = sample()
    drill = ev.DutyDone(duty=Duty.DRILL, subject="bg2")
    life.enter(drill, at=START + 5 * DAY)
    assert of_sign_ins(life, signed_in(START + 5 * DAY))
    assert not of_sign_ins(
        life.enter(ev.DutyDone(duty=Duty.DRILL, subject="bg1")), signed_in(START + 5 * DAY)
    )


@pytest.mark.parametrize(("hours", "found"), [(-5, 1), (-4, 0), (4, 0), (5, 1)])
def test_a_sign_in_belongs_to_what_happened_within_four_hours(hours: int, found: int) -> None:
    used = START + 5 * DAY
    life = sample().enter(ev.AccountUsed(account="bg1", why="emergency"), at=used)
    assert len(of_sign_ins(life, signed_in(used + hours * HOUR))) == found


def test_an_opening_that_was_entered_late_counts_from_when_it_happened() -> None:
    used = START + 5 * DAY
    emergency = ev.AccountUsed(account="bg1", why="emergency")
    life = sample().enter(emergency, at=used + 2 * DAY, occurred=used)
    assert not of_sign_ins(life, signed_in(used))


def test_a_sign_in_at_a_step_of_a_ceremony_about_the_account_is_accounted_for() -> None:
    began = START + 5 * DAY
    started = ev.CeremonyStarted(
        ceremony="open-bg1-1", plan="open", request={"account": "bg1"}, people=("alice", "bob")
    )
    life = sample().enter(started, at=began, signed=())
    for day in (0, 2):
        stepped = ev.CeremonyStepped(ceremony="open-bg1-1", step=f"step-{day}")
        life.enter(stepped, at=began + day * DAY, signed=())
    assert not of_sign_ins(life, signed_in(began), signed_in(began + 2 * DAY))
    # A ceremony that somebody forgot to end is no licence for the time between.
    assert of_sign_ins(life, signed_in(began + DAY))


def test_an_attempt_that_was_refused_is_told_apart() -> None:
    found = of_sign_ins(sample(), signed_in(START + 5 * DAY, succeeded=False))
    assert [it.severity for it in found] == [Severity.LOW]
    assert "was refused" in found[0].what


def test_an_attempt_that_was_refused_in_a_drill_is_nothing() -> None:
    assert not of_sign_ins(sample(), signed_in(START, succeeded=False))

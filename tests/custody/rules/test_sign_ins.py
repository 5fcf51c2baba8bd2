"""Sign-ins that nobody accounts for, and drills that no sign-in shows."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.rules import Judgement, Outcome, judge
from keyvault_kit.custody.tenant import SignIn, TenantAccount, TenantFacts
from tests.custody.life import DIGEST, START, Life
from tests.custody.sample import sample

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
NOW: Final = START + DAY
OTHER: Final = "b" * 64
"""SHA-256 of evidence."""


def judged(
    rule: str, life: Life, now: datetime = NOW, tenant: TenantFacts | None = None
) -> Judgement:
    return next(it for it in judge(life.register, tenant, now) if it.rule == rule)


def tenant(
    *sign_ins: SignIn, taken: datetime = NOW, logged: bool = True, premium: bool = True
) -> TenantFacts:
    """Evidence of both accounts, of which the first has these sign-ins."""
    accounts = tuple(
        TenantAccount(
            id=it.object_id or "",
            user_principal_name=it.upn,
            sign_ins=(sign_ins if it.id == "bg1" else ()) if logged else None,
        )
        for it in sample().register.accounts.values()
    )
    plans = ("AAD_PREMIUM",) if premium else ()
    return TenantFacts(taken=taken, accounts=accounts, service_plans=plans)


# --- S65


def signed_in(time: datetime, *, succeeded: bool = True, **how: Any) -> SignIn:
    return SignIn(created_date_time=time, succeeded=succeeded, **how)


def of_sign_ins(life: Life, *sign_ins: SignIn) -> tuple[RuleFinding, ...]:
    return judged("S65", life, NOW + 30 * DAY, tenant(*sign_ins)).findings


def accused(life: Life, *sign_ins: SignIn) -> bool:
    """Whether a sign-in has nothing on record near it; else at most nobody signed what is."""
    found = {it.severity for it in of_sign_ins(life, *sign_ins)}
    assert found <= {Severity.HIGH, Severity.LOW}
    return Severity.HIGH in found


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
    drilled = START + 5 * DAY
    life = sample().enter(ev.DutyDone(duty=Duty.DRILL, subject="bg1"), at=drilled)
    assert len(of_sign_ins(life, signed_in(drilled + hours * HOUR))) == found


@pytest.mark.parametrize("key", [None, "K1"])
@pytest.mark.parametrize("why", ["emergency", "drill", "review"])
def test_a_use_that_nobody_signed_is_told_until_it_was_looked_into(
    why: str, key: str | None
) -> None:
    used = START + 5 * DAY
    life = sample().enter(ev.AccountUsed(account="bg1", why=why, key=key), at=used, signed=())
    (found,) = of_sign_ins(life, signed_in(used))
    assert (found.severity, found.subject) == (Severity.LOW, "bg1")
    assert "a use of it is on record that no two people signed: 1 time, at" in found.what
    assert accused(life, signed_in(used + DAY))


def test_what_one_person_alone_entered_afterwards_settles_no_sign_in() -> None:
    used = START + 5 * DAY
    drill = ev.AccountUsed(account="bg1", why="drill", key="K1")
    life = sample().enter(drill, at=used + 2 * DAY, occurred=used, by=("alice",), signed=())
    assert judged("S65", life, NOW + 30 * DAY, tenant(signed_in(used))).outcome is Outcome.FAILED
    assert not accused(life, signed_in(used))


def ceremony(life: Life, plan: str, *days: int, closed: bool = False) -> Life:
    """A ceremony about the first account, with a step on each of these days after the fifth."""
    name = f"{plan}-bg1-1"
    request: ev.Request = {"account": "bg1"}
    began = START + 5 * DAY
    life.enter(
        ev.CeremonyStarted(ceremony=name, plan=plan, request=request, people=("alice", "bob")),
        at=began,
        signed=(),
    )
    for day in days:
        stepped = ev.CeremonyStepped(ceremony=name, step=f"step-{day}")
        life.enter(stepped, at=began + day * DAY, signed=())
    return life.enter(ev.CeremonyClosed(ceremony=name)) if closed else life


@pytest.mark.parametrize("plan", ["open", "recover"])
def test_a_sign_in_at_a_step_of_an_opening_belongs_to_it(plan: str) -> None:
    began = START + 5 * DAY
    life = ceremony(sample(), plan, 0, 2)
    assert not accused(life, signed_in(began), signed_in(began + 2 * DAY))
    # A ceremony that somebody forgot to end is no licence for the time between.
    assert accused(life, signed_in(began + DAY))


@pytest.mark.parametrize("plan", ["drill", "enrol"])
def test_a_sign_in_at_a_step_of_a_drill_that_both_signed_is_accounted_for(plan: str) -> None:
    sign_ins = [signed_in(START + days * DAY) for days in (5, 7)]
    assert not of_sign_ins(ceremony(sample(), plan, 0, 2, closed=True), *sign_ins)
    assert of_sign_ins(ceremony(sample(), plan, 0, 2), *sign_ins)


@pytest.mark.parametrize("plan", ["seal", "rotate", "review", "pin", "post-mortem"])
def test_a_ceremony_in_which_nobody_signs_in_accounts_for_no_sign_in(plan: str) -> None:
    life = ceremony(sample(), plan, 0, closed=True)
    assert accused(life, signed_in(START + 5 * DAY + 3 * HOUR))


def test_an_attempt_that_was_refused_is_told_apart() -> None:
    found = of_sign_ins(sample(), signed_in(START + 5 * DAY, succeeded=False))
    assert [it.severity for it in found] == [Severity.LOW]
    assert "was refused" in found[0].what


def test_an_attempt_that_was_refused_in_a_drill_is_nothing() -> None:
    assert not of_sign_ins(sample(), signed_in(START, succeeded=False))


NOTHING_SEEN: Final = {
    "no evidence": None,
    "too old": tenant(taken=NOW - 91 * DAY),
    "nothing of the accounts": TenantFacts(taken=NOW),
    "no log": tenant(logged=False),
}


@pytest.mark.parametrize("rule", ["S57", "S65"])
@pytest.mark.parametrize("evidence", NOTHING_SEEN)
def test_without_evidence_it_is_unknown(evidence: str, rule: str) -> None:
    assert judged(rule, sample(), tenant=NOTHING_SEEN[evidence]).outcome is Outcome.UNKNOWN


# --- What outlives the log


def seen_on_record(life: Life, at: datetime, evidence: str = DIGEST, **how: Any) -> Life:
    """A sign-in of the first account that evidence had, and the evidence after it."""
    seen = ev.SignInSeen(account="bg1", evidence=evidence, succeeded=True, interactive=True, **how)
    taken = ev.EvidenceTaken(evidence=evidence)
    return life.enter(seen, at=at + DAY, occurred=at).enter(taken)


ATTACK: Final = START + 5 * DAY


def test_a_sign_in_on_record_is_found_when_the_log_has_it_no_more() -> None:
    life = seen_on_record(sample(), ATTACK)
    for evidence in (None, tenant(taken=ATTACK + 60 * DAY)):
        its = judged("S65", life, ATTACK + 61 * DAY, evidence)
        assert its.outcome is Outcome.FAILED
        assert its.findings[0].subject == "bg1"


def test_a_sign_in_that_record_and_log_both_have_is_told_once() -> None:
    life = seen_on_record(sample(), ATTACK)
    (found,) = of_sign_ins(life, signed_in(ATTACK, ip_address="192.0.2.7"))
    assert "1 time, at 2026-01-10 09:00 UTC from 192.0.2.7" in found.what


def classed(life: Life, at: datetime) -> Life:
    use = ev.UseClassed(account="bg1", verdict=UseClass.MISUSE, details=DIGEST)
    return life.enter(use, at=at)


def test_what_a_post_mortem_looked_into_is_settled() -> None:
    life = classed(seen_on_record(sample(), ATTACK), ATTACK + 3 * DAY)
    assert not of_sign_ins(life, signed_in(ATTACK))
    # The first of each hour is on record of what repeats: the others were looked into with it.
    assert not of_sign_ins(life, signed_in(ATTACK + timedelta(minutes=40)))


def test_what_came_to_light_after_the_post_mortem_is_not() -> None:
    life = classed(sample(), ATTACK + 3 * DAY)
    assert of_sign_ins(life, signed_in(ATTACK))
    assert of_sign_ins(seen_on_record(life, ATTACK + 3 * DAY, OTHER))
    late = sample()
    classed(late, ATTACK + 2 * DAY)
    late.enter(
        ev.SignInSeen(account="bg1", evidence=OTHER, succeeded=True, interactive=True),
        at=ATTACK + 4 * DAY,
        occurred=ATTACK,
    ).enter(ev.EvidenceTaken(evidence=OTHER))
    assert of_sign_ins(late)


def test_an_opening_that_was_looked_into_settles_a_sign_in_that_comes_to_light_later() -> None:
    opened = START + 5 * DAY
    life = classed(ceremony(sample(), "open", 0), opened + 2 * DAY)
    assert not of_sign_ins(life, signed_in(opened))
    assert accused(life, signed_in(opened + DAY))


def test_a_use_that_is_entered_after_the_post_mortem_was_not_looked_into() -> None:
    used = ev.AccountUsed(account="bg1", why="emergency")
    life = classed(sample(), ATTACK + 2 * DAY)
    life.enter(used, at=ATTACK + 3 * DAY, occurred=ATTACK, by=("alice",), signed=())
    (found,) = of_sign_ins(life, signed_in(ATTACK))
    assert found.severity is Severity.LOW


def test_an_attempt_that_was_refused_is_told_for_ninety_days() -> None:
    tried = tenant(signed_in(ATTACK, succeeded=False), taken=ATTACK + DAY)
    assert judged("S65", sample(), ATTACK + 90 * DAY, tried).outcome is Outcome.FAILED
    life = sample().enter(
        ev.SignInSeen(account="bg1", evidence=DIGEST, succeeded=False, interactive=True),
        at=ATTACK + DAY,
        occurred=ATTACK,
    )
    assert judged("S65", life, ATTACK + 90 * DAY).outcome is Outcome.FAILED
    assert judged("S65", life, ATTACK + 91 * DAY).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("minutes", "found"), [(5, 0), (6, 1)])
def test_the_clocks_may_differ_by_as_much_as_is_tolerated(minutes: int, found: int) -> None:
    life = sample().enter(ev.DutyDone(duty=Duty.DRILL, subject="bg1"), at=ATTACK)
    late = ATTACK + 4 * HOUR + timedelta(minutes=minutes)
    assert len(of_sign_ins(life, signed_in(late))) == found


def test_a_clock_that_is_known_to_be_wrong_may_differ_by_that_more() -> None:
    life = sample().enter(ev.DutyDone(duty=Duty.DRILL, subject="bg1"), at=ATTACK)
    checked = ev.ClockChecked(ceremony="drill-1", readers=("alice", "bob"), offset=240)
    late = ATTACK + 4 * HOUR + timedelta(minutes=9)
    assert of_sign_ins(life, signed_in(late))
    assert not of_sign_ins(life.enter(checked), signed_in(late))


# --- S57


def drilled() -> datetime:
    return sample().register.done["drill:bg1"]


def drills(
    *sign_ins: SignIn, life: Life | None = None, after: timedelta = DAY, **how: Any
) -> list[tuple[Severity, str]]:
    """What the rule finds of the first account so long after its drill."""
    now = drilled() + after
    its = judged("S57", life or sample(), now, tenant(*sign_ins, taken=now, **how))
    return [(it.severity, it.what) for it in its.findings if it.subject == "bg1"]


def test_a_drill_that_the_log_shows_is_one() -> None:
    assert not drills(signed_in(drilled() + HOUR))


def test_a_drill_that_the_log_does_not_show_is_found() -> None:
    ((severity, what),) = drills()
    assert severity is Severity.MEDIUM
    assert "is on record, and the tenant's log has no sign-in near it" in what
    refused = signed_in(drilled(), succeeded=False)
    assert drills(refused)


def test_a_drill_that_evidence_showed_once_needs_no_log_any_more() -> None:
    life = seen_on_record(sample(), drilled() + HOUR)
    its = judged("S57", life, drilled() + 80 * DAY)
    assert "bg1" not in {it.subject for it in its.findings}


@pytest.mark.parametrize(
    ("after", "premium", "severity"),
    [
        (29 * DAY, True, Severity.MEDIUM),
        (31 * DAY, True, Severity.UNKNOWN),
        (6 * DAY, False, Severity.MEDIUM),
        (8 * DAY, False, Severity.UNKNOWN),
        (HOUR, True, Severity.UNKNOWN),
    ],
)
def test_what_the_log_does_not_reach_is_unknown(
    after: timedelta, *, premium: bool, severity: Severity
) -> None:
    assert [it for it, _ in drills(after=after, premium=premium)] == [severity]


def test_a_drill_before_the_days_that_were_asked_for_is_unknown() -> None:
    log = replace(tenant(taken=drilled() + 10 * DAY), log_days=7)
    its = judged("S57", sample(), drilled() + 10 * DAY, log)
    assert {it.severity for it in its.findings} == {Severity.UNKNOWN}
    longer = replace(log, log_days=90)  # the tenant keeps no more than it keeps
    its = judged("S57", sample(), drilled() + 10 * DAY, longer)
    assert {it.severity for it in its.findings} == {Severity.MEDIUM}


def test_a_drill_that_is_overdue_is_found() -> None:
    life = seen_on_record(sample(), drilled())
    its = judged("S57", life, drilled() + 366 * DAY)
    late = [it for it in its.findings if it.severity is Severity.MEDIUM]
    assert {it.subject for it in late} == {"bg1", "bg2"}
    assert "has been due since 2027-01-05" in late[0].what


def test_an_account_without_a_drill_is_unknown() -> None:
    life = sample().enter(ev.AccountAdded(account="bg3", upn="bg3@example.onmicrosoft.com"), at=NOW)
    its = judged("S57", life, NOW)
    told = [it.what for it in its.findings]
    assert "it is not known whether account bg3 works: its use was never practised" in told


def test_a_sign_in_at_an_earlier_step_of_the_drill_shows_it() -> None:
    began = START + 5 * DAY
    started = ev.CeremonyStarted(
        ceremony="drill-bg1-1", plan="drill", request={"account": "bg1"}, people=("alice", "bob")
    )
    life = sample().enter(started, at=began, signed=())
    life.enter(ev.CeremonyStepped(ceremony="drill-bg1-1", step="sign-in"), at=began, signed=())
    ended = began + DAY
    life.enter(ev.DutyDone(duty=Duty.DRILL, subject="bg1"), at=ended)
    life.enter(ev.CeremonyStepped(ceremony="drill-bg1-1", step="after"), at=ended, signed=())

    log = tenant(signed_in(began), taken=ended + DAY)
    its = judged("S57", life, ended + DAY, log)
    assert "bg1" not in {it.subject for it in its.findings}

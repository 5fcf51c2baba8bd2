"""Judging: outcomes, decisions that silence a rule and for how long, and order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import EVIDENCE_LASTS, RULES, Outcome, judge, position
from keyvault_kit.custody.thin_days import Absence
from tests.custody.rules import tenants
from tests.custody.rules.tenants import decided, entered, good, judgement, now

DAY: Final = timedelta(days=1)


def outcomes(register: Register, at: datetime) -> set[Outcome]:
    return {it.outcome for it in judge(register, None, at)}


def test_every_rule_is_judged_once_in_the_order_of_its_number() -> None:
    judged = [it.rule for it in judge(tenants.register(), good(), now())]
    assert judged == sorted(RULES, key=lambda it: int(it[1:]))


def test_a_finding_is_that_of_its_rule() -> None:
    for it in judge(tenants.register(), None, now()):
        assert {finding.rule for finding in it.findings} <= {it.rule}


def test_findings_say_what_why_and_what_to_do() -> None:
    for register in (tenants.register(), Register()):
        for it in judge(register, None, now()):
            for finding in it.findings:
                assert finding.what
                assert not finding.what.endswith(".")
                assert finding.why.endswith(".")
                assert finding.mend.endswith(".")


def test_before_there_is_an_account_nothing_passes() -> None:
    assert Outcome.PASSED not in outcomes(Register(), now())


def test_what_the_tenant_alone_knows_never_passes_without_evidence() -> None:
    with_it = {it.rule for it in judge(tenants.register(), good(), now()) if _passed(it)}
    without = {it.rule for it in judge(tenants.register(), None, now()) if _passed(it)}
    assert without < with_it
    told = {"S2", "S3", "S4", "S8", "S9", "S10", "S12", "S16", "S21", "S23", "S24", "S25"}
    assert with_it - without >= told


def _passed(it: Any) -> bool:
    return bool(it.outcome is Outcome.PASSED)


def test_evidence_counts_for_90_days_and_then_it_is_none() -> None:
    at = good().taken + EVIDENCE_LASTS
    assert judgement("S12", good(), at=at).outcome is Outcome.PASSED
    assert judgement("S12", good(), at=at + timedelta(seconds=1)).outcome is Outcome.UNKNOWN


def test_absences_reach_the_rule_of_two_people() -> None:
    day = now().date()
    both = tuple(Absence(it, day, day + 7 * DAY) for it in ("carol", "dave"))
    judged = {it.rule: it for it in judge(tenants.register(), None, now(), both)}
    assert judged["S37"].outcome is Outcome.FAILED
    assert any("carol" in it.what for it in judged["S37"].findings)


# --- Decisions


def test_a_decision_silences_its_rule_until_its_day_and_not_a_day_longer() -> None:
    said = decided(S6="met")
    last = said.decisions["S6"].review
    at = datetime.combine(last, now().timetz())
    judged = judgement("S6", None, said, at=at)
    assert judged.outcome is Outcome.DECIDED
    assert judged.findings
    assert judged.decision == f"S6 is decided (met) by alice and bob, until {last}"
    over = judgement("S6", None, said, at=at + DAY)
    assert over.outcome is Outcome.FAILED
    assert over.decision.endswith("which is over")


def test_a_decision_silences_no_other_rule() -> None:
    before = {it.rule: it.outcome for it in judge(tenants.register(), None, now())}
    after = {it.rule: it.outcome for it in judge(decided(S6="met"), None, now())}
    assert {it for it in RULES if before[it] != after[it]} == {"S6"}


def test_a_decision_of_another_name_silences_nothing() -> None:
    judged = judgement("S6", None, decided(S60="met"))
    assert (judged.outcome, judged.decision) == (Outcome.FAILED, "")


@pytest.mark.parametrize("word", ["no", "not-met", "one-site", "Met"])
def test_a_decision_that_says_another_word_silences_nothing(word: str) -> None:
    judged = judgement("S41", None, decided(S41=word))
    assert judged.outcome is Outcome.UNKNOWN
    assert judged.decision.endswith("; only 'met' or 'accepted' silences the rule")


def test_what_is_not_met_can_be_accepted() -> None:
    assert judgement("S6", None, decided(S6="accepted")).outcome is Outcome.DECIDED


def test_a_decision_by_number_that_is_over_does_not_hide_a_position_that_counts() -> None:
    its = decided(S36="accepted")
    over = datetime.combine(its.decisions["S36"].review + DAY, now().timetz())
    its.decisions["C6"] = replace(
        its.decisions["S36"], id="C6", choice="with-key", review=over.date() + 30 * DAY
    )
    judged = judgement("S36", None, its, at=over)
    assert judged.outcome is Outcome.DECIDED
    assert judged.decision.startswith("C6 is decided (with-key)")
    its.decisions["S36"] = replace(its.decisions["S36"], choice="no")
    assert judgement("S36", None, its).outcome is Outcome.DECIDED


def test_what_is_decided_is_said_even_where_all_is_well() -> None:
    judged = judgement("S1", None, decided(S1="met"))
    assert judged.outcome is Outcome.DECIDED
    assert not judged.findings


@pytest.mark.parametrize(
    ("rule", "conflict", "choice"),
    [
        ("S8", "C4", "direct"),
        ("S23", "C1", "none"),
        ("S26", "C2", "all"),
        ("S27", "C2", "all"),
        ("S36", "C6", "with-key"),
    ],
)
def test_a_position_that_gives_a_requirement_up_silences_its_rule_for_as_long(
    rule: str, conflict: str, choice: str
) -> None:
    its = decided(**{conflict: choice})
    assert judgement(rule, None, its).outcome is Outcome.DECIDED
    assert conflict in judgement(rule, None, its).decision
    later = its.decisions[conflict].review + DAY
    at = datetime.combine(later, now().timetz())
    assert judgement(rule, None, its, at=at).outcome is not Outcome.DECIDED
    default = decided(**{conflict: CONFLICTS[conflict].default})
    assert judgement(rule, None, default).outcome is not Outcome.DECIDED


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_where_nobody_decided_or_the_day_is_over_the_default_holds(conflict: str) -> None:
    default = CONFLICTS[conflict].default
    other = next(it for it in CONFLICTS[conflict].positions if it != default)
    assert position(tenants.register(), conflict, now()) == default
    its = decided(**{conflict: other})
    last = datetime.combine(its.decisions[conflict].review, now().timetz())
    assert position(its, conflict, last) == other
    assert position(its, conflict, last + DAY) == default


# --- Order


def test_the_worst_comes_first_and_equals_by_their_subject() -> None:
    several = entered(
        ev.AccountAdded(account="bg3", upn="bg3@example.com"),
        ev.AccountAdded(account="bg0", upn="bg0@example.com"),
    )
    found = judgement("S2", None, several).findings
    assert [it.subject for it in found[:2]] == ["bg0", "bg3"]
    assert [it.severity for it in found] == [Severity.HIGH, Severity.HIGH, Severity.UNKNOWN]


@given(st.permutations(["bg1", "bg2", "bg3", "bg4"]))
def test_the_order_of_findings_is_not_that_of_the_register(order: list[str]) -> None:
    its = tenants.register().copy()
    template = its.accounts["bg1"]
    its.accounts = {it: replace(template, id=it, object_id=None) for it in order}
    assert [it.subject for it in judgement("S7", None, its).findings] == sorted(order)


def test_any_fault_beside_what_is_unknown_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(*_: object) -> Iterator[RuleFinding]:
        for severity in (Severity.UNKNOWN, Severity.LOW):
            yield RuleFinding(rule="S1", severity=severity, what="x", why="X.", mend="X.")

    monkeypatch.setitem(RULES, "S1", rule)
    assert judgement("S1", None).outcome is Outcome.FAILED

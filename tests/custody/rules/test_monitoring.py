"""Rules about monitoring: for each, what passes, what fails, what it cannot know."""

from datetime import timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody.findings import Severity
from keyvault_kit.custody.rules import Outcome
from keyvault_kit.custody.tenant import ActionGroup, DiagnosticSetting, TenantFacts
from tests.custody.rules.tenants import alert, good, judgement, tenant

RULES: Final = ("S44", "S47", "S53")
WATCHED: Final = "let its = _GetWatchlist('keepers'); "


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def logs(*categories: str, workspace: str = "w") -> TenantFacts:
    its = DiagnosticSetting(name="logs", categories=categories, workspace_id=workspace)
    return tenant(diagnostic_settings=(its,))


def query(text: str, *, of: int = 0) -> TenantFacts:
    """The alert on sign-ins (0) or on changes (1) asks something else."""
    rules = list(good().alert_rules or ())
    rules[of] = replace(rules[of], query=text)
    return tenant(alert_rules=tuple(rules))


def _id(account: int) -> str:
    return (good().accounts or ())[account].id


@pytest.mark.parametrize("rule", RULES)
def test_a_tenant_in_which_all_is_well_passes(rule: str) -> None:
    assert judgement(rule, good()).outcome is Outcome.PASSED


@pytest.mark.parametrize("rule", RULES)
def test_without_evidence_it_is_unknown(rule: str) -> None:
    assert judgement(rule, None).outcome is Outcome.UNKNOWN


UNION: Final = "union SigninLogs, AADNonInteractiveUserSignInLogs"

WRONG: Final[dict[str, tuple[str, TenantFacts]]] = {
    "a free tenant": ("S44", tenant(service_plans=("EXCHANGE_S_STANDARD",))),
    "audit logs alone": ("S44", logs("AuditLogs")),
    "interactive sign-ins alone": ("S44", logs("AuditLogs", "SignInLogs")),
    "logs to a storage account": (
        "S44",
        logs("SignInLogs", "NonInteractiveUserSignInLogs", "AuditLogs", workspace=""),
    ),
    "no setting": ("S44", tenant(diagnostic_settings=())),
    "run more rarely than it reads": ("S47", alert(evaluation_frequency=minutes(15))),
    "counts by less than it is run": (
        "S47",
        alert(
            evaluation_frequency=minutes(15),
            window_size=minutes(5),
            override_query_time_range=minutes(60),
        ),
    ),
    "disabled": ("S47", alert(enabled=False)),
    "no alert": ("S47", tenant(alert_rules=())),
    "one account forgotten": ("S47", query(f"{UNION} | where UserId == '{_id(0)}'")),
    "interactive sign-ins alone read": (
        "S47",
        query(f"SigninLogs | where UserId in ('{_id(0)}', '{_id(1)}')"),
    ),
    "non-interactive sign-ins alone read": (
        "S47",
        query(f"AADNonInteractiveUserSignInLogs | where UserId in ('{_id(0)}', '{_id(1)}')"),
    ),
    "a watchlist, and one table alone": ("S47", query(f"{WATCHED} SigninLogs")),
    "changes not watched": ("S53", query("SigninLogs", of=1)),
    "changes of others watched": ("S53", query("AuditLogs | where Target == 'x'", of=1)),
    "nobody is told": ("S53", alert(action_groups=())),
    "an action group that is gone": ("S53", alert(action_groups=("gone",))),
    "an action group without receivers": (
        "S53",
        tenant(action_groups=(ActionGroup(id="admins", enabled=True),)),
    ),
    "an action group that is off": (
        "S53",
        tenant(action_groups=(ActionGroup(id="admins", enabled=False, receivers=("sms",)),)),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_tenant_that_is_wrong_fails(name: str) -> None:
    rule, evidence = WRONG[name]
    assert judgement(rule, evidence).outcome is Outcome.FAILED


LEFT_OUT: Final[dict[str, tuple[str, TenantFacts]]] = {
    "service plans": ("S44", tenant(service_plans=None)),
    "diagnostic settings": ("S44", tenant(diagnostic_settings=None)),
    "alert rules": ("S47", tenant(alert_rules=None)),
    "who is meant": ("S47", tenant(accounts=None)),
    "whom the watchlist names": ("S47", query(f"{WATCHED} {UNION}")),
    "alert rules for changes": ("S53", tenant(alert_rules=None)),
    "action groups": ("S53", tenant(action_groups=None)),
    "whom the watchlist of changes names": ("S53", query(f"{WATCHED} AuditLogs", of=1)),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_evidence_leaves_out_is_unknown(name: str) -> None:
    rule, evidence = LEFT_OUT[name]
    assert judgement(rule, evidence).outcome is Outcome.UNKNOWN


RIGHT: Final = {
    "run often, read long": alert(override_query_time_range=minutes(60)),
    "run as often as it reads": alert(evaluation_frequency=minutes(15), window_size=minutes(15)),
    "by name": query(
        f"{UNION} | where UserPrincipalName in~ ("
        + ", ".join(f"'{it.user_principal_name.upper()}'" for it in good().accounts or ())
        + ")"
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_other_alerts_are_right_too(name: str) -> None:
    assert judgement("S47", RIGHT[name]).outcome is Outcome.PASSED


def test_an_alert_of_each_table_and_account_is_as_good_as_one() -> None:
    first, changed = good().alert_rules or ()
    each = tuple(
        replace(first, name=f"{table} {n}", query=f"{table} | where UserId == '{_id(n)}'")
        for table in ("SigninLogs", "AADNonInteractiveUserSignInLogs")
        for n in (0, 1)
    )
    evidence = tenant(alert_rules=(*each, changed))
    assert judgement("S47", evidence).outcome is Outcome.PASSED


def test_a_gap_is_told_in_minutes() -> None:
    (finding,) = judgement("S47", alert(evaluation_frequency=minutes(15))).findings
    assert finding.what == "alert 'used' is run every 15 min and reads the last 5 min"


def test_an_alert_that_is_off_is_not_blamed_for_its_times() -> None:
    first, changed = good().alert_rules or ()
    slow = replace(first, name="old", enabled=False, evaluation_frequency=minutes(60))
    evidence = tenant(alert_rules=(first, changed, slow))
    assert judgement("S47", evidence).outcome is Outcome.PASSED


def test_an_alert_about_others_is_no_matter_of_ours() -> None:
    daily = (
        alert(
            query="SigninLogs | where UserId == 'x'",
            evaluation_frequency=timedelta(days=1),
            window_size=minutes(5),
            action_groups=(),
        ).alert_rules
        or ()
    )
    evidence = tenant(alert_rules=(*(good().alert_rules or ()), daily[0]))
    assert judgement("S47", evidence).outcome is Outcome.PASSED
    assert judgement("S53", evidence).outcome is Outcome.PASSED


def test_a_missing_log_is_named_and_grave() -> None:
    (finding,) = judgement("S44", logs("AuditLogs", "SignInLogs")).findings
    assert "NonInteractiveUserSignInLogs" in finding.what
    assert finding.severity is Severity.HIGH

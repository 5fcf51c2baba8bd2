"""Rules about the accounts: for each, what passes it, what fails it, what it cannot know."""

from datetime import timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.findings import Severity
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import Outcome
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR, Group, RoleAssignment, TenantFacts
from tests.custody.life import DIGEST
from tests.custody.rules import tenants
from tests.custody.rules.tenants import (
    GROUP,
    decided,
    entered,
    first_account,
    good,
    judgement,
    now,
    signed_in,
    tenant,
    with_method,
)

RULES_OF_THE_TENANT: Final = ("S2", "S3", "S4", "S8", "S9", "S10", "S12")

ITSELF: Final = (good().accounts or ())[0].id


def role(**changes: Any) -> RoleAssignment:
    mine = RoleAssignment(role_definition_id=GLOBAL_ADMINISTRATOR, principal_id=GROUP)
    return replace(mine, **changes)


def own_group(**changes: Any) -> TenantFacts:
    (group,) = good().groups or ()
    return tenant(groups=(replace(group, **changes),))


@pytest.mark.parametrize("rule", RULES_OF_THE_TENANT)
def test_a_tenant_in_which_all_is_well_passes(rule: str) -> None:
    assert judgement(rule, good()).outcome is Outcome.PASSED


@pytest.mark.parametrize("rule", RULES_OF_THE_TENANT)
@pytest.mark.parametrize("evidence", [None, tenant(accounts=None), tenant(accounts=())])
def test_without_evidence_of_the_accounts_it_is_unknown(
    rule: str, evidence: TenantFacts | None
) -> None:
    assert judgement(rule, evidence).outcome is Outcome.UNKNOWN


WRONG: Final[dict[str, tuple[str, TenantFacts]]] = {
    "synchronised": ("S2", first_account(on_premises_sync_enabled=True)),
    "federated, and nothing said of synchronisation": (
        "S2",
        first_account(on_premises_sync_enabled=None, federated=True),
    ),
    "without the role": ("S3", first_account(role_assignments=())),
    "with another role": ("S3", first_account(role_assignments=(role(role_definition_id="x"),))),
    "eligible only": ("S3", first_account(role_assignments=(role(eligible=True),))),
    "activated for a while": ("S3", first_account(role_assignments=(role(activated=True),))),
    "with a role that ends": (
        "S3",
        first_account(role_assignments=(role(end_date_time=now() + timedelta(days=900)),)),
    ),
    "with a role over a part": (
        "S3",
        first_account(role_assignments=(role(directory_scope_id="/administrativeUnits/1"),)),
    ),
    "permanent, and eligible beside it": (
        "S3",
        first_account(role_assignments=(role(), role(eligible=True))),
    ),
    "with a telephone": ("S4", with_method("phone")),
    "with an issued token": ("S4", with_method("hardwareOath")),
    "with a direct role": ("S8", first_account(role_assignments=(role(principal_id=ITSELF),))),
    "with a role by an ordinary group": ("S8", own_group(is_assignable_to_role=False)),
    "with a role by a mail group": ("S8", own_group(security_enabled=False)),
    "with a licence": ("S9", first_account(assigned_licenses=("sku",))),
    "with MFA for it alone": ("S9", first_account(per_user_mfa_state="enforced")),
    "signed in on four days": ("S10", signed_in(1, 2, 3, 4)),
    "disabled": ("S11", first_account(account_enabled=False)),
    "with a password that expires": ("S12", first_account(password_policies=())),
    "dependent on the premises": ("S14", first_account(federated=True)),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_account_that_is_wrong_fails(name: str) -> None:
    rule, evidence = WRONG[name]
    judged = judgement(rule, evidence)

    assert judged.outcome is Outcome.FAILED
    assert judged.findings[0].subject == "bg1"


LEFT_OUT: Final[dict[str, tuple[str, TenantFacts]]] = {
    "on_premises_sync_enabled": ("S2", first_account(on_premises_sync_enabled=None)),
    "federated": ("S2", first_account(federated=None)),
    "role_assignments": ("S3", first_account(role_assignments=None)),
    "methods": ("S4", first_account(methods=None)),
    "groups": ("S8", tenant(groups=None)),
    "the group of the role": ("S8", tenant(groups=())),
    "the group of one role": ("S8", first_account(role_assignments=(role(principal_id="x"),))),
    "roles": ("S8", first_account(role_assignments=None)),
    "assigned_licenses": ("S9", first_account(assigned_licenses=None)),
    "per_user_mfa_state": ("S9", first_account(per_user_mfa_state=None)),
    "sign_ins": ("S10", first_account(sign_ins=None)),
    "account_enabled": ("S11", first_account(account_enabled=None)),
    "password_policies": ("S12", first_account(password_policies=None)),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_evidence_leaves_out_is_unknown(name: str) -> None:
    rule, evidence = LEFT_OUT[name]
    assert judgement(rule, evidence).outcome is Outcome.UNKNOWN


def test_one_account_without_evidence_is_named() -> None:
    (first, _) = good().accounts or ()
    (finding,) = judgement("S12", tenant(accounts=(first,))).findings
    assert (finding.subject, finding.severity) == ("bg2", Severity.UNKNOWN)
    assert finding.what == "it is not known whether the password expires for bg2"


# --- Those that the register judges


def account(name: str, upn: str = "", object_id: str | None = None) -> ev.AccountAdded:
    upn = upn or f"{name}@example.onmicrosoft.com"
    return ev.AccountAdded(account=name, upn=upn, object_id=object_id)


def test_two_accounts_pass_and_one_or_none_fails() -> None:
    assert judgement("S1", None).outcome is Outcome.PASSED
    one = tenants.register().copy()
    del one.accounts["bg2"]
    assert judgement("S1", None, one).outcome is Outcome.FAILED
    assert judgement("S1", None, Register(time=now())).outcome is Outcome.FAILED


def test_what_a_third_account_is_for_only_people_know() -> None:
    three = entered(account("bg3"))
    assert judgement("S1", None, three).outcome is Outcome.UNKNOWN


def test_a_name_outside_the_tenants_own_domain_fails_without_evidence() -> None:
    elsewhere = entered(account("bg3", "bg3@example.com"))
    found = judgement("S2", None, elsewhere)
    assert found.outcome is Outcome.FAILED
    assert found.findings[0].subject == "bg3"
    national = entered(account("bg3", "bg3@example.onmicrosoft.us"))
    assert judgement("S2", None, national).outcome is Outcome.UNKNOWN


def test_an_object_id_that_is_missing_or_other_fails_and_is_never_unknown() -> None:
    assert judgement("S7", None).outcome is Outcome.PASSED
    assert judgement("S7", good()).outcome is Outcome.PASSED
    assert judgement("S7", None, entered(account("bg3"))).outcome is Outcome.FAILED
    judged = judgement("S7", first_account(id="00000000-0000-4000-8000-00000000abcd"))
    assert judged.outcome is Outcome.FAILED
    assert judged.findings[0].severity is Severity.HIGH


def test_an_account_is_found_by_its_object_id_before_its_name() -> None:
    renamed = first_account(user_principal_name="other@example.onmicrosoft.com")
    assert judgement("S12", renamed).outcome is Outcome.PASSED
    impostor = first_account(id="00000000-0000-4000-8000-00000000abcd")
    assert judgement("S12", impostor).outcome is Outcome.UNKNOWN


# --- Names


def test_until_names_are_decided_on_the_rule_of_names_fails() -> None:
    assert judgement("S6", good()).outcome is Outcome.FAILED
    recorded = decided(C5="recorded")
    assert judgement("S6", None, recorded).outcome is Outcome.PASSED
    later = now() + timedelta(days=40)
    assert judgement("S6", None, recorded, at=later).outcome is Outcome.FAILED


def test_names_that_are_to_begin_with_breakglass_do() -> None:
    assert judgement("S6", None, decided(C5="breakglass")).outcome is Outcome.FAILED
    named = entered(
        *(
            ev.AccountChanged(account=it, upn=f"BreakGlass{n}@example.onmicrosoft.com")
            for n, it in enumerate(("bg1", "bg2"), 1)
        ),
        ev.DecisionMade(decision="C5", choice="breakglass", review=now().date(), details=DIGEST),
    )
    assert judgement("S6", None, named, at=now()).outcome is Outcome.PASSED


def test_names_that_are_to_tell_nothing_need_a_group_that_tells_nothing() -> None:
    arbitrary = decided(C5="arbitrary")
    assert judgement("S6", None, arbitrary).outcome is Outcome.UNKNOWN
    assert judgement("S6", good(), arbitrary).outcome is Outcome.PASSED
    telling = own_group(display_name="Emergency Access")
    assert judgement("S6", telling, arbitrary).outcome is Outcome.FAILED


def test_names_that_are_to_tell_nothing_do_not() -> None:
    telling = entered(account("bg3", "EmergencyAccess@example.onmicrosoft.com"))
    telling.decisions.update(decided(C5="arbitrary").decisions)
    assert [it.subject for it in judgement("S6", good(), telling).findings] == ["bg3"]


def test_a_role_that_is_eligible_too_is_less_bad_than_one_that_is_eligible_only() -> None:
    only = judgement("S3", first_account(role_assignments=(role(eligible=True),))).findings
    too = judgement("S3", first_account(role_assignments=(role(), role(eligible=True)))).findings
    assert [it.severity for it in (*only, *too)] == [Severity.HIGH, Severity.LOW]
    assert only[0].what != too[0].what


def test_a_group_of_other_people_too_may_be_named_as_it_is() -> None:
    (group,) = good().groups or ()
    admins = Group(id="admins", display_name="All admins", members=("x", *(group.members or ())))
    both = tenant(groups=(group, admins))
    assert judgement("S6", both, decided(C5="arbitrary")).outcome is Outcome.PASSED


# --- Decided otherwise, and what nothing shows


def test_a_direct_role_that_was_decided_on_asks_for_no_group() -> None:
    direct = first_account(role_assignments=(role(principal_id=ITSELF),))
    judged = judgement("S8", direct, decided(C4="direct"))
    assert judged.outcome is Outcome.DECIDED
    assert judged.findings
    assert judgement("S8", direct, decided(C4="group")).outcome is Outcome.FAILED


def test_three_days_of_drills_in_a_month_are_no_daily_use() -> None:
    assert judgement("S10", signed_in(1, 1.1, 1.2, 9, 20)).outcome is Outcome.PASSED
    assert judgement("S10", signed_in(1, 40, 60, 70, 80)).outcome is Outcome.PASSED


@pytest.mark.parametrize("rule", ["S11", "S14"])
def test_what_no_evidence_shows_is_unknown_until_people_say_so(rule: str) -> None:
    judged = judgement(rule, good())
    assert judged.outcome is Outcome.UNKNOWN
    assert f"decide make {rule} met" in judged.findings[0].mend
    assert judgement(rule, good(), decided(**{rule: "met"})).outcome is Outcome.DECIDED

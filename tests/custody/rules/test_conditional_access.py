"""Rules about Conditional Access: for each, what passes, what fails, what it cannot know."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody.findings import Severity
from keyvault_kit.custody.rules import Outcome
from keyvault_kit.custody.tenant import (
    GLOBAL_ADMINISTRATOR,
    AuthenticationStrength,
    ConditionalAccessPolicy,
    RoleAssignment,
    TenantFacts,
)
from tests.custody.rules.tenants import (
    GROUP,
    OTHER_POLICY,
    OWN_POLICY,
    STRENGTH,
    decided,
    good,
    judgement,
    now,
    other_policy,
    own_policy,
    register,
    tenant,
)

RULES: Final = ("S25", "S26", "S27")
REPORTED: Final = "enabledForReportingButNotEnforced"


def policies(*its: ConditionalAccessPolicy) -> TenantFacts:
    return tenant(conditional_access_policies=its)


def ids() -> tuple[str, ...]:
    return tuple(it.id for it in good().accounts or ())


def weak(tenant_: TenantFacts) -> TenantFacts:
    """The strength takes more than passkeys."""
    its = AuthenticationStrength(
        id=STRENGTH, display_name="x", allowed_combinations=("fido2", "password,sms")
    )
    return replace(tenant_, authentication_strengths=(its,))


@pytest.mark.parametrize("rule", RULES)
def test_a_tenant_in_which_all_is_well_passes(rule: str) -> None:
    assert judgement(rule, good()).outcome is Outcome.PASSED


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "evidence",
    [
        None,
        tenant(conditional_access_policies=None),
        tenant(groups=None),
        tenant(accounts=None),
        tenant(groups=tuple(replace(it, members=None) for it in good().groups or ())),
    ],
)
def test_without_evidence_it_is_unknown(rule: str, evidence: TenantFacts | None) -> None:
    assert judgement(rule, evidence).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("rule", ["S26", "S27"])
def test_a_strength_that_the_evidence_lacks_is_unknown(rule: str) -> None:
    assert judgement(rule, tenant(authentication_strengths=None)).outcome is Outcome.UNKNOWN


# --- Other policies

IN_THE_WAY: Final = {
    "all users": other_policy(exclude_groups=()),
    "the account by its id, and strangers": other_policy(
        include_users=("stranger", *ids()[:1]), exclude_groups=()
    ),
    "administrators": other_policy(
        include_users=(), include_roles=(GLOBAL_ADMINISTRATOR,), exclude_groups=()
    ),
    "a group that they are in, and strangers": other_policy(
        include_users=("stranger",), include_groups=(GROUP,), exclude_groups=()
    ),
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_a_policy_that_counts_for_an_account_is_in_its_way(name: str) -> None:
    judged = judgement("S25", IN_THE_WAY[name])
    assert judged.outcome is Outcome.FAILED
    assert {it.severity for it in judged.findings} == {Severity.HIGH}


@pytest.mark.parametrize(
    ("state", "severity"),
    [(REPORTED, Severity.MEDIUM), ("disabled", Severity.LOW), ("new", Severity.HIGH)],
)
def test_one_that_is_not_on_is_less_bad(state: str, severity: Severity) -> None:
    found = judgement("S25", other_policy(exclude_groups=(), state=state)).findings
    assert {it.severity for it in found} == {severity}


OUT_OF_THE_WAY: Final = {
    "they are excluded one by one": other_policy(exclude_groups=(), exclude_users=ids()),
    "their role is excluded": other_policy(
        exclude_groups=(), exclude_roles=(GLOBAL_ADMINISTRATOR,)
    ),
    "it is for others": other_policy(include_users=("x",), exclude_groups=()),
}


PASSING: Final[dict[str, dict[str, Any]]] = {
    "activated": {"activated": True},
    "eligible": {"eligible": True},
    "ending": {"end_date_time": now()},
    "of a part of the tenant": {"directory_scope_id": "/administrativeUnits/1"},
}


@pytest.mark.parametrize("name", PASSING)
def test_a_role_that_passes_excludes_nobody(name: str) -> None:
    role = RoleAssignment(
        role_definition_id=GLOBAL_ADMINISTRATOR, principal_id=GROUP, **PASSING[name]
    )
    accounts = tuple(replace(it, role_assignments=(role,)) for it in good().accounts or ())
    its = replace(OUT_OF_THE_WAY["their role is excluded"], accounts=accounts)
    assert judgement("S25", its).outcome is Outcome.FAILED


@pytest.mark.parametrize("name", OUT_OF_THE_WAY)
def test_a_policy_that_does_not_count_for_them_is_not(name: str) -> None:
    assert judgement("S25", OUT_OF_THE_WAY[name]).outcome is Outcome.PASSED


def test_excluded_from_all_means_from_their_own_too() -> None:
    assert judgement("S25", good(), decided(C2="all")).outcome is Outcome.FAILED
    none_of_their_own = policies(OTHER_POLICY)
    assert judgement("S25", none_of_their_own, decided(C2="all")).outcome is Outcome.PASSED
    for rule in ("S26", "S27"):
        judged = judgement(rule, none_of_their_own, decided(C2="all"))
        assert judged.outcome is Outcome.DECIDED


def test_one_excluded_account_is_enough_where_that_was_decided() -> None:
    for_one = other_policy(exclude_groups=(), exclude_users=ids()[:1])
    assert judgement("S25", for_one).outcome is Outcome.FAILED
    assert judgement("S25", for_one, decided(C2="one-account")).outcome is Outcome.PASSED
    for_none = other_policy(exclude_groups=())
    assert judgement("S25", for_none, decided(C2="one-account")).outcome is Outcome.FAILED
    nobody_known = replace(for_none, accounts=())
    unknown = judgement("S25", nobody_known, decided(C2="one-account"))
    assert unknown.outcome is Outcome.UNKNOWN


def test_policies_that_ask_for_passkeys_alone_are_right_where_that_was_decided() -> None:
    strict = other_policy(exclude_groups=(), built_in_controls=(), authentication_strength=STRENGTH)
    required = decided(C2="required-by-policy")
    assert judgement("S25", strict, required).outcome is Outcome.PASSED
    assert judgement("S25", strict).outcome is Outcome.FAILED
    device = other_policy(exclude_groups=(), built_in_controls=("compliantDevice",))
    assert judgement("S25", device, required).outcome is Outcome.FAILED
    both = other_policy(
        exclude_groups=(),
        built_in_controls=("compliantDevice",),
        operator="AND",
        authentication_strength=STRENGTH,
    )
    assert judgement("S25", both, required).outcome is Outcome.FAILED
    lacking = replace(strict, authentication_strengths=None)
    assert judgement("S25", lacking, required).outcome is Outcome.UNKNOWN


def for_all(*models: str, methods: tuple[str, ...] = ("fido2",), known: bool = True) -> TenantFacts:
    """A policy of others counts for the accounts, and takes these models of keys alone."""
    its = AuthenticationStrength(
        id="theirs",
        display_name="Theirs",
        allowed_combinations=methods,
        allowed_aaguids=models if known else None,
    )
    facts = other_policy(exclude_groups=(), built_in_controls=(), authentication_strength="theirs")
    strengths = facts.authentication_strengths or ()
    return replace(facts, authentication_strengths=(*strengths, its))


def test_a_policy_that_does_not_take_our_keys_is_in_their_way_whatever_was_decided() -> None:
    models = sorted({it.aaguid for it in register().keys.values()})
    required = decided(C2="required-by-policy")
    assert judgement("S25", for_all(*map(str.upper, models)), required).outcome is Outcome.PASSED
    for its in (
        for_all("11111111-1111-1111-1111-111111111111"),
        for_all(*models[:1]),
        for_all(methods=("x509CertificateMultiFactor",)),
    ):
        assert judgement("S25", its, required).outcome is Outcome.FAILED
    assert judgement("S25", for_all(known=False), required).outcome is Outcome.UNKNOWN


# --- Their own policy

FAULTS: Final[dict[str, TenantFacts]] = {
    "it is disabled": own_policy(state="disabled"),
    "it is reported only": own_policy(state=REPORTED),
    "it has an exclusion": own_policy(exclude_users=("x",)),
    "it leaves an application out": own_policy(exclude_applications=("x",)),
    "it counts for one application": own_policy(include_applications=("x",)),
    "it requires no strength": own_policy(authentication_strength=""),
    "its strength is not in the evidence": own_policy(authentication_strength="gone"),
    "its strength takes more": weak(good()),
    "any MFA is as good": own_policy(built_in_controls=("mfa",)),
    "it asks now and then": own_policy(sign_in_frequency_interval="timeBased"),
    "browsers stay signed in": own_policy(persistent_browser_mode="always"),
    "there is none": policies(OTHER_POLICY),
    "there are none at all": policies(),
    "it is for one account": own_policy(include_users=ids()[:1], include_groups=()),
    "it excludes them all": own_policy(exclude_groups=(GROUP,)),
    "it is for others too": own_policy(include_users=("x",)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_their_own_policy_that_is_other_than_it_should_be_fails(name: str) -> None:
    assert judgement("S26", FAULTS[name]).outcome is Outcome.FAILED


@pytest.mark.parametrize("controls", [("block",), ("compliantDevice",), ("mfa", "termsOfUse")])
def test_their_own_policy_that_asks_for_what_no_key_gives_fails(controls: tuple[str, ...]) -> None:
    its = own_policy(built_in_controls=controls, operator="AND")
    (found,) = judgement("S26", its).findings
    assert found.severity is Severity.HIGH
    assert found.why == "The keys in the safes then open nothing."


@pytest.mark.parametrize("operator", ["AND", "OR"])
def test_their_own_policy_that_blocks_them_fails_however_it_is_written(operator: str) -> None:
    its = own_policy(built_in_controls=("block",), operator=operator)
    found = judgement("S26", its).findings
    assert f"policy {OWN_POLICY.display_name!r} blocks the accounts that it is for" in {
        it.what for it in found
    }


def test_a_policy_that_names_all_of_them_twice_is_their_own() -> None:
    twice = own_policy(include_users=ids())
    assert judgement("S26", twice).outcome is Outcome.PASSED


def test_a_policy_of_its_own_for_each_account_is_as_good() -> None:
    mine = (replace(OWN_POLICY, id=it, include_users=(it,), include_groups=()) for it in ids())
    assert judgement("S26", policies(*mine, OTHER_POLICY)).outcome is Outcome.PASSED


# --- Its conditions


@pytest.mark.parametrize(
    "changes",
    [
        {"other_conditions": ("signInRiskLevels",)},
        {"include_locations": ("All",), "exclude_locations": ("x",)},
        {"exclude_locations": ("x",)},
        {"device_filter": "device.trustType"},
        {"client_app_types": ("browser",)},
    ],
)
def test_a_condition_beside_passkeys_is_one_too_many(changes: dict[str, object]) -> None:
    assert judgement("S27", own_policy(**changes)).outcome is Outcome.FAILED


def test_a_policy_for_all_places_looks_at_none() -> None:
    assert judgement("S27", own_policy(include_locations=("All",))).outcome is Outcome.PASSED


def test_without_passkeys_alone_places_or_devices_are_restricted() -> None:
    assert judgement("S27", weak(good())).outcome is Outcome.FAILED
    at_home = weak(own_policy(include_locations=("All",), exclude_locations=("AllTrusted",)))
    assert judgement("S27", at_home).outcome is Outcome.PASSED
    on_paws = weak(own_policy(device_filter="device.extensionAttribute1 -eq 'PAW'"))
    assert judgement("S27", on_paws).outcome is Outcome.PASSED


def test_without_a_policy_of_their_own_its_conditions_are_unknown() -> None:
    assert judgement("S27", policies(OTHER_POLICY)).outcome is Outcome.UNKNOWN

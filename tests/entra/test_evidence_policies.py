"""What evidence says of policies, strengths and passkeys."""

from typing import Any, Final

import pytest

from keyvault_kit.custody.rules import judge
from keyvault_kit.custody.tenant import PasskeyProfile
from tests.custody.rules.tenants import now, register
from tests.entra.evidence import of, outcome, read
from tests.entra.export_folder import answer, plain, to_json
from tests.entra.tenant_objects import GROUP, STRENGTH, Object, Tenant, tenant

# --- Policies


def test_a_condition_of_the_future_is_another_condition() -> None:
    its = tenant()
    its.policies[0]["conditions"] |= {
        "moonPhases": {"include": ["full"]},
        "platforms": {"includePlatforms": ["windows"]},
        "authenticationFlows": {"transferMethods": "none"},
    }
    (own, _) = of(its).facts.conditional_access_policies or ()

    assert own.other_conditions == ("platforms", "moonPhases")
    assert outcome(its, "S27") == "failed"


def test_terms_of_use_are_another_way_past_a_strength() -> None:
    its = tenant()
    its.policies[0]["grantControls"]["termsOfUse"] = ["t1"]

    assert outcome(its, "S23") == "failed"


def test_a_control_that_is_off_is_none() -> None:
    its = tenant()
    its.policies[0]["sessionControls"]["signInFrequency"]["isEnabled"] = False
    (own, _) = of(its).facts.conditional_access_policies or ()

    assert own.sign_in_frequency_interval == ""
    assert outcome(its, "S26") == "failed"


def test_the_strengths_that_policies_hold_do_where_they_were_not_exported() -> None:
    files = plain(tenant())
    del files["strengths.json"]

    assert read(files).facts == of(tenant()).facts
    its = tenant()
    its.policies[0]["grantControls"]["authenticationStrength"] = {"id": STRENGTH}
    files = plain(its)
    del files["strengths.json"]
    assert read(files).facts.authentication_strengths is None


def test_models_of_a_strength_may_come_apart_from_it() -> None:
    its = tenant()
    configurations = its.strengths[0].pop("combinationConfigurations")
    assert outcome(its, "S26") == "unknown"
    files = plain(its)
    context = f"policies/authenticationStrengthPolicies('{STRENGTH}')/combinationConfigurations"
    files["combinations.json"] = answer(context, configurations)

    assert outcome(files, "S26") == "passed"
    (strength,) = read(files).objects["authenticationStrengthPolicies"]
    assert strength == tenant().strengths[0]


def test_models_that_come_apart_count_where_the_strength_has_but_an_empty_list() -> None:
    its = tenant()
    (configuration,) = its.strengths[0]["combinationConfigurations"]
    its.strengths[0]["combinationConfigurations"] = []
    files = plain(its)
    context = f"policies/authenticationStrengthPolicies('{STRENGTH}')/combinationConfigurations"
    files["combinations.json"] = answer(context, [configuration | {"allowedAAGUIDs": ["a"]}])

    assert outcome(plain(its), "S26") == "passed"
    assert outcome(files, "S26") == "failed"
    files["more.json"] = answer(context, [configuration | {"allowedAAGUIDs": ["b"]}])
    assert outcome(files, "S26") == "unknown"


def test_a_key_whose_model_its_own_strength_does_not_take_is_found() -> None:
    its = tenant()
    its.strengths[0]["combinationConfigurations"][0]["allowedAAGUIDs"].pop()

    judged = judge(register(), of(its).facts, now())
    (s26,) = (it for it in judged if it.rule == "S26")
    keys = {it.id for it in register().keys.values()}
    assert s26.findings
    assert {it.subject for it in s26.findings} < keys


def test_a_policy_of_another_that_counts_for_an_account_is_found() -> None:
    its = tenant()
    its.policies[1]["conditions"]["users"]["excludeGroups"] = []

    assert outcome(its, "S25") == "failed"


# --- Passkeys


def profile(**changes: Any) -> Object:
    return {
        "id": "p1",
        "name": "Keys",
        "passkeyTypes": "synced, deviceBound",
        "attestationEnforcement": "registrationOnly",
        "keyRestrictions": {"isEnforced": False, "enforcementType": "allow", "aaGuids": []},
    } | changes


def with_profiles(*profiles: Object, allowed: tuple[str, ...] = ("p1",)) -> Tenant:
    its = tenant()
    its.passkeys["passkeyProfiles"] = list(profiles)
    its.passkeys["includeTargets"][0]["allowedPasskeyProfiles"] = list(allowed)
    return its


AAGUIDS: Final = sorted({it.aaguid for it in register().keys.values()})
PROFILES: Final[dict[str, tuple[Tenant, str]]] = {
    "one that takes all": (with_profiles(profile()), "passed"),
    "one that takes synced passkeys alone": (
        with_profiles(profile(passkeyTypes="synced")),
        "failed",
    ),
    "one that allows the models": (
        with_profiles(
            profile(
                keyRestrictions={"isEnforced": True, "enforcementType": "allow"}
                | {"aaGuids": AAGUIDS}
            )
        ),
        "passed",
    ),
    "one that allows one model": (
        with_profiles(
            profile(
                keyRestrictions={"isEnforced": True, "enforcementType": "allow"}
                | {"aaGuids": AAGUIDS[:1]}
            )
        ),
        "failed",
    ),
    "one that blocks a model": (
        with_profiles(
            profile(
                keyRestrictions={"isEnforced": True, "enforcementType": "block"}
                | {"aaGuids": AAGUIDS[:1]}
            )
        ),
        "failed",
    ),
    "another that takes them": (
        with_profiles(profile(passkeyTypes="synced"), profile(id="p2"), allowed=("p1", "p2")),
        "passed",
    ),
    "another that is not for them": (
        with_profiles(profile(passkeyTypes="synced"), profile(id="p2")),
        "failed",
    ),
}


@pytest.mark.parametrize("name", PROFILES)
def test_the_profile_that_is_for_the_accounts_is_judged(name: str) -> None:
    its, expected = PROFILES[name]

    assert outcome(its, "S21") == expected


def test_a_target_without_profiles_has_the_default_one() -> None:
    its = with_profiles(profile(), allowed=())
    its.passkeys["defaultPasskeyProfile"] = "p1"

    policy = of(its).facts.passkey_policy
    assert policy
    assert policy.profiles == (
        PasskeyProfile(
            name="Keys",
            targets=(GROUP,),
            passkey_types=("synced", "deviceBound"),
            is_attestation_enforced=True,
        ),
    )


def test_the_whole_policy_of_methods_holds_that_of_passkeys() -> None:
    its = tenant()
    files = plain(its)
    files["passkeys.json"] = to_json(
        {"id": "authenticationMethodsPolicy", "authenticationMethodConfigurations": [its.passkeys]}
    )

    assert read(files).facts == of(its).facts

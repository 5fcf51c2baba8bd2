"""What evidence from the tenant says: in whatever layout and encoding it comes."""

import codecs
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.rules import Outcome, judge
from keyvault_kit.custody.tenant import PasskeyProfile, TenantAccount
from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from tests.custody.rules.tenants import good, now, register
from tests.entra.export_folder import (
    GRAPH,
    GROUP,
    OTHER,
    STRENGTH,
    TAKEN,
    Files,
    Object,
    Tenant,
    answer,
    by_key,
    entra_exporter,
    manifest,
    plain,
    sign_in,
    tenant,
    to_json,
)

ACCOUNTS: Final = tuple(register().accounts.values())


def read(files: Files, taken: datetime | None = None) -> TenantEvidence:
    return read_evidence(files, ACCOUNTS, taken=taken)


def of(its: Tenant) -> TenantEvidence:
    return read(plain(its))


def first(its: Tenant) -> TenantAccount:
    """What is known of the first account."""
    seen = of(its).facts.account(ACCOUNTS[0])
    assert seen
    return seen


# --- The whole


def test_two_layouts_of_one_tenant_say_the_same() -> None:
    by_hand, by_exporter = of(tenant()), read(entra_exporter(tenant()), TAKEN)

    assert by_hand.facts == by_exporter.facts
    assert by_hand.facts.taken == TAKEN
    assert not by_hand.remarks
    assert not by_exporter.remarks
    assert by_exporter.ignored["Applications"] == 1


def test_a_tenant_in_which_all_is_well_fails_no_rule() -> None:
    judged = judge(register(), of(tenant()).facts, now())
    by_facts = judge(register(), good(), now())

    assert [(it.rule, it.outcome) for it in judged] == [(it.rule, it.outcome) for it in by_facts]
    assert [it.rule for it in judged if it.outcome is Outcome.FAILED] == ["S6"]


def test_every_object_is_kept_with_all_its_fields() -> None:
    its = tenant()
    objects = of(its).objects

    assert objects["users"] == tuple(its.users)
    assert objects["conditionalAccessPolicies"] == tuple(its.policies)
    assert objects["authenticationStrengthPolicies"] == tuple(its.strengths)
    assert objects["roleAssignments"] == tuple(its.active)
    assert objects["groups"] == tuple(its.groups)
    assert objects["fido2Configuration"][0].items() >= its.passkeys.items()
    assert objects["authorizationPolicy"][0].items() >= its.authorization.items()
    assert objects["namedLocations"] == tuple(its.locations)
    assert objects["scheduledQueryRules"] == tuple(its.alerts)


def test_of_the_users_the_accounts_alone_are_kept() -> None:
    its = tenant()
    its.users.append(its.user() | {"id": "other", "userPrincipalName": "x@example.com"})

    assert len(of(its).objects["users"]) == len(ACCOUNTS)
    assert len(of(its).facts.accounts or ()) == len(ACCOUNTS)


def test_what_an_export_leaves_out_is_unknown_and_not_none() -> None:
    files = {
        it: data for it, data in plain(tenant()).items() if it in {"users.json", "manifest.json"}
    }
    facts = read(files).facts

    assert facts.conditional_access_policies is None
    assert facts.groups is None
    assert facts.passkey_policy is None
    assert facts.alert_rules is None
    seen = facts.account(ACCOUNTS[0])
    assert seen
    assert (seen.methods, seen.sign_ins, seen.role_assignments) == (None, None, None)


def test_one_object_alone_says_nothing_of_the_others() -> None:
    its = tenant()
    files = plain(its) | {"policies.json": to_json(its.policies[0])}

    assert read(files).facts.conditional_access_policies is None


ENCODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "UTF-8 with a mark": lambda data: codecs.BOM_UTF8 + data,
    "UTF-16, little end first, with a mark": lambda data: data.decode().encode("utf-16"),
    "UTF-16, little end first": lambda data: data.decode().encode("utf-16-le"),
    "UTF-16, big end first, with a mark": lambda data: (
        codecs.BOM_UTF16_BE + data.decode().encode("utf-16-be")
    ),
    "UTF-16, big end first": lambda data: data.decode().encode("utf-16-be"),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_files_of_powershell_are_read_in_its_encodings(encoding: str) -> None:
    files = plain(tenant())
    encoded = {name: ENCODINGS[encoding](data) for name, data in files.items()}

    assert read(encoded).facts == read(files).facts


def test_the_hash_is_that_of_the_file_or_over_all_their_hashes() -> None:
    files = plain(tenant())
    again = read(dict(reversed(files.items())))
    other = read(files | {"users.json": files["users.json"] + b"\n"})
    renamed = {f"x-{name}": data for name, data in files.items()}

    assert read(files).sha256 == again.sha256
    assert len({read(files).sha256, other.sha256, read(renamed).sha256}) == 3


# --- Accounts


def test_names_are_told_by_their_ids_in_whatever_case() -> None:
    seen = first(tenant())

    assert seen.id == ACCOUNTS[0].object_id
    assert seen.role_assignments
    assert seen.role_assignments[0].permanent


USER: Final[dict[str, tuple[Object, dict[str, Any]]]] = {
    "null is no": ({"onPremisesSyncEnabled": None}, {"on_premises_sync_enabled": False}),
    "synchronised": ({"onPremisesSyncEnabled": True}, {"on_premises_sync_enabled": True}),
    "no policies": ({"passwordPolicies": None}, {"password_policies": ()}),
    "the word None": ({"passwordPolicies": "None"}, {"password_policies": ()}),
    "federated": ({"userPrincipalName": "bg1@example.com"}, {"federated": True}),
    "another domain": ({"userPrincipalName": "bg1@example.net"}, {"federated": None}),
    "a licence": ({"assignedLicenses": [{"skuId": "s1"}]}, {"assigned_licenses": ("s1",)}),
    "disabled": ({"accountEnabled": False}, {"account_enabled": False}),
    "a certificate": (
        {"authorizationInfo": {"certificateUserIds": ["X509:<SKI>1"]}},
        {"certificate_user_ids": ("X509:<SKI>1",)},
    ),
}


@pytest.mark.parametrize("name", USER)
def test_a_property_of_a_user_is_read(name: str) -> None:
    changed, expected = USER[name]
    its = tenant()
    its.users[0] |= changed

    seen = first(its)
    assert {field: getattr(seen, field) for field in expected} == expected


ABSENT: Final = {
    "onPremisesSyncEnabled": "on_premises_sync_enabled",
    "passwordPolicies": "password_policies",
    "assignedLicenses": "assigned_licenses",
    "accountEnabled": "account_enabled",
    "authorizationInfo": "certificate_user_ids",
}


@pytest.mark.parametrize("name", ABSENT)
def test_a_property_that_was_not_asked_for_is_unknown(name: str) -> None:
    its = tenant()
    del its.users[0][name]

    assert getattr(first(its), ABSENT[name]) is None


def test_an_account_that_only_other_objects_name_is_known_by_its_id() -> None:
    files = plain(tenant())
    del files["users.json"]

    seen = read(files).facts.account(ACCOUNTS[0])
    assert seen
    assert seen.account_enabled is None
    assert seen.role_assignments
    assert seen.methods


def test_an_account_that_is_not_there_is_said() -> None:
    its = tenant()
    user = its.users.pop()
    del its.methods[user["id"].lower()]
    its.members[GROUP].pop()
    its.sign_ins.pop()

    assert "Nothing in it is about account bg2." in of(its).remarks


# --- Methods


def test_the_id_of_a_passkey_is_read_with_its_number_of_padding() -> None:
    key = next(it for it in register().keys.values() if it.account == ACCOUNTS[0].id)
    passkeys = [it for it in first(tenant()).methods or () if it.kind == "fido2"]

    assert key.credential in passkeys[0].credential_ids
    assert passkeys[0].display_name == key.id


KINDS: Final = {
    "phoneAuthenticationMethod": "phone",
    "temporaryAccessPassAuthenticationMethod": "temporaryAccessPass",
    "microsoftAuthenticatorAuthenticationMethod": "microsoftAuthenticator",
    "windowsHelloForBusinessAuthenticationMethod": "windowsHelloForBusiness",
    "externalAuthenticationMethod": "external",
    "thoughtAuthenticationMethod": "thought",
}


@pytest.mark.parametrize("name", KINDS)
def test_another_method_is_found_by_its_type(name: str) -> None:
    its = tenant()
    its.methods_of().append({"@odata.type": f"#microsoft.graph.{name}", "id": "m1"})

    kinds = {it.kind for it in first(its).methods or ()}
    assert kinds == {"password", "fido2", KINDS[name]}
    failed = {it.rule for it in judge(register(), of(its).facts, now()) if it.findings}
    assert "S58" in failed


def test_passkeys_alone_do_not_say_what_else_is_registered() -> None:
    files = plain(tenant())
    name = next(it for it in files if it.startswith("methods/"))
    user = name.removeprefix("methods/").removesuffix(".json")
    files[name] = answer(
        f"users('{user}')/authentication/fido2Methods", [{"id": "x", "aaGuid": "a"}]
    )

    seen = read(files).facts.account(ACCOUNTS[0])
    assert seen
    assert seen.methods is None


def test_methods_of_others_are_told_without_saying_whose() -> None:
    files = plain(tenant())
    method = {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
        "id": "AA",
        "aaGuid": "A1",
    }
    files["users/99999999-0000-4000-9000-000000000001/methods.json"] = to_json({"value": [method]})

    (other,) = read(files).facts.other_methods or ()
    assert (other.kind, other.aa_guid) == ("fido2", "a1")


# --- Groups and roles


def test_members_come_through_groups_of_groups() -> None:
    its = tenant()
    inner = its.groups[0] | {"id": "9d4c1f20-0000-4000-9000-00000000000a", "displayName": "Inner"}
    its.groups.append(inner)
    its.members[inner["id"]] = its.members[GROUP]
    its.members[GROUP] = [{"@odata.type": "#microsoft.graph.group", "id": inner["id"]}]

    facts = read(entra_exporter(its), TAKEN).facts
    assert facts.groups_of(ACCOUNTS[0].object_id or "") == frozenset({GROUP, inner["id"]})


def test_of_a_group_whose_members_are_not_there_nothing_is_guessed() -> None:
    files = plain(tenant())
    del files[f"groups/{GROUP}/transitiveMembers.json"]

    evidence = read(files)
    assert evidence.facts.groups is None
    assert any("Keepers" in it for it in evidence.remarks)


def test_what_graph_says_an_account_is_in_counts_without_the_members_of_all_groups() -> None:
    files = plain(tenant())
    group = {"@odata.type": "#microsoft.graph.group", **tenant().groups[0]}
    role = {"@odata.type": "#microsoft.graph.directoryRole", "id": "r1"}
    for it in ACCOUNTS:
        files[f"users/{it.object_id}/transitiveMemberOf.json"] = answer(
            "directoryObjects", [group, role]
        )
    del files["groups.json"]

    facts = read(files).facts
    assert facts.groups_of(ACCOUNTS[0].object_id or "") == frozenset({GROUP})
    assert [it.display_name for it in facts.groups or ()] == ["Keepers"]
    assert facts.groups == read(plain(tenant())).facts.groups


def test_of_a_large_group_all_accounts_and_some_of_the_others_are_kept() -> None:
    its = tenant()
    its.members[GROUP] += [{"id": f"88888888-0000-4000-9000-{n:012d}"} for n in range(5000)]

    (group,) = of(its).facts.groups or ()
    assert len(group.members or ()) == len(ACCOUNTS) + 100
    assert {it.object_id for it in ACCOUNTS} <= set(group.members or ())


ROLES: Final[dict[str, tuple[Object, str]]] = {
    "activated": ({"assignmentType": "Activated"}, "failed"),
    "ending": ({"endDateTime": "2027-01-01T00:00:00Z"}, "failed"),
    "of a part of the tenant": ({"directoryScopeId": "/administrativeUnits/1"}, "failed"),
    "another role": ({"roleDefinitionId": "f2ef992c-3afb-46b9-b7cf-a126ee74c451"}, "failed"),
    "permanent": ({}, "passed"),
}


@pytest.mark.parametrize("name", ROLES)
def test_whether_the_role_is_permanent_is_judged(name: str) -> None:
    changed, expected = ROLES[name]
    its = tenant()
    its.active[0] |= changed

    assert outcome(its, "S3") == expected


def test_a_role_that_may_be_activated_as_well_is_found() -> None:
    its = tenant()
    its.eligible[0]["principalId"] = GROUP

    assert outcome(its, "S3") == "failed"


def outcome(its: Tenant | Files, rule: str) -> str:
    evidence = of(its) if isinstance(its, Tenant) else read(its)
    judged = judge(register(), evidence.facts, now())
    return next(str(it.outcome) for it in judged if it.rule == rule)


PLAIN_ROLE: Final = ("id", "principalId", "roleDefinitionId", "directoryScopeId")


@pytest.mark.parametrize(("plans", "expected"), [("AAD_PREMIUM_P2", "unknown"), ("X", "passed")])
def test_a_plain_assignment_may_have_been_activated_where_roles_can_be(
    plans: str, expected: str
) -> None:
    its = tenant()
    its.skus[0]["servicePlans"] = [{"servicePlanName": it} for it in ("AAD_PREMIUM", plans)]
    files = plain(its)
    del files["active.json"]
    short = [{name: it[name] for name in PLAIN_ROLE} for it in its.active]
    files["roles.json"] = answer("roleManagement/directory/roleAssignments", short)

    assert outcome(files, "S3") == expected
    assert outcome(files, "S8") == "passed"
    files["roles.json"] = answer("roleManagement/directory/roleAssignments", [])
    assert outcome(files, "S3") == "failed"


def test_members_of_directory_roles_are_roles_of_which_nobody_knows_how_long() -> None:
    its = tenant()
    files = entra_exporter(its)
    files = {name: data for name, data in files.items() if not name.startswith("RoleManagement")}
    role = {"id": "d1", "displayName": "Global Administrator"} | {
        "roleTemplateId": its.active[0]["roleDefinitionId"]
    }
    files["DirectoryRoles/d1/d1.json"] = to_json(role)
    files[f"DirectoryRoles/d1/Members/{GROUP}/{GROUP}.json"] = to_json({"id": GROUP})

    (mine,) = (read(files, TAKEN).facts.accounts or ())[0].role_assignments or ()
    assert mine.principal_id == GROUP
    assert (mine.lasting, mine.permanent) == (True, False)


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
        "passkeyTypes": "deviceBound,synced",
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
            passkey_types=("deviceBound", "synced"),
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


# --- Logs


def test_sign_ins_are_told_with_what_showed_who_it_was() -> None:
    its = tenant()
    moment = TAKEN - timedelta(hours=5)
    its.sign_ins = [
        sign_in(its.user(), moment, authenticationDetails=by_key("K1 - a0")),
        sign_in(its.user(), moment + timedelta(hours=1), status={"errorCode": 50126}),
        sign_in(
            its.user(), moment, id="n", isInteractive=None, signInEventTypes=["nonInteractiveUser"]
        ),
        sign_in({"id": "somebody", "userPrincipalName": "x@example.com"}, moment),
    ]
    seen = first(its).sign_ins or ()

    assert [(it.succeeded, it.interactive) for it in seen] == [
        (True, True),
        (True, False),
        (False, True),
    ]
    assert seen[0].authentication_method == "FIDO2 security key"
    assert seen[0].authentication_method_detail == "K1 - a0"
    assert (seen[0].device, seen[0].ip_address) == ("paw-1", "192.0.2.7")


def test_an_empty_log_is_one_in_which_nobody_signed_in() -> None:
    its = tenant()
    its.sign_ins = []
    assert first(its).sign_ins == ()


def test_a_log_that_was_asked_for_one_account_says_nothing_of_the_other() -> None:
    files = plain(tenant())
    del files["signIns.json"]
    files[f"users/{ACCOUNTS[0].object_id}/signIns-interactive-1.json"] = answer(
        "auditLogs/signIns", []
    )

    seen = [read(files).facts.account(it) for it in ACCOUNTS]
    assert [it and it.sign_ins for it in seen] == [(), None]


def test_times_of_windows_powershell_are_read() -> None:
    its = tenant()
    moment = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    its.sign_ins = [
        sign_in(its.user(), moment, createdDateTime=f"/Date({int(moment.timestamp() * 1000)})/")
    ]

    (seen,) = first(its).sign_ins or ()
    assert seen.created_date_time == moment


# --- What is odd


def test_a_list_that_was_cut_short_is_unknown_and_said() -> None:
    its = tenant()
    files = plain(its)
    page = json.loads(files["policies.json"]) | {"@odata.nextLink": "https://graph.microsoft.com/x"}
    files["policies.json"] = to_json(page)

    evidence = read(files)
    assert evidence.facts.conditional_access_policies is None
    assert any("policies.json" in it and "cut short" in it for it in evidence.remarks)


def test_pages_that_follow_make_it_whole_in_one_file_or_several() -> None:
    its = tenant()
    one, two = (
        {"@odata.context": f"{GRAPH}identity/conditionalAccess/policies", "value": [it]}
        for it in its.policies
    )
    one["@odata.nextLink"] = "https://graph.microsoft.com/x"
    files = plain(its)
    del files["policies.json"]
    whole = of(its).facts

    assert read(files | {"policies.json": to_json([one, two])}).facts == whole
    pages = {"policies-9.json": to_json(one), "policies-10.json": to_json(two)}
    assert read(files | pages).facts == whole
    cut = {"policies-1.json": to_json(two), "policies-2.json": to_json(one)}
    assert read(files | cut).facts.conditional_access_policies is None


def test_a_bare_list_is_known_by_its_objects() -> None:
    its = tenant()
    files = plain(its) | {"policies.json": to_json(its.policies), "users.json": to_json(its.users)}

    assert read(files).facts == of(its).facts


def test_of_two_files_that_contradict_each_other_the_later_change_counts_and_it_is_said() -> None:
    its = tenant()
    newer = its.policies[0] | {"state": "disabled", "modifiedDateTime": "2026-02-01T00:00:00Z"}
    context = "identity/conditionalAccess/policies"
    evidence = read(plain(its) | {"a-policies.json": answer(context, [newer])})

    states = {it.display_name: it.state for it in evidence.facts.conditional_access_policies or ()}
    assert states["Grant - Emergency Access"] == "disabled"
    (remark,) = evidence.remarks
    assert "differ in modifiedDateTime, state" in remark
    assert "a-policies.json counts" in remark


def test_a_file_that_has_more_of_the_same_object_adds_to_it() -> None:
    its = tenant()
    whole = [dict(it) for it in its.users]
    for it in its.users:
        del it["passwordPolicies"]
    evidence = read(plain(its) | {"more.json": answer("users", whole)})

    assert not evidence.remarks
    assert evidence.facts == of(tenant()).facts


def test_a_field_that_has_another_type_leaves_its_kind_unknown() -> None:
    its = tenant()
    its.policies[0]["state"] = {"now": "an object"}
    evidence = of(its)

    assert evidence.facts.conditional_access_policies is None
    assert any(
        "'Grant - Emergency Access' is not as they are known here" in it for it in evidence.remarks
    )


def test_what_is_not_understood_is_counted() -> None:
    its = tenant()
    its.users[0]["favouriteColour"] = "green"
    files = plain(its) | {"notes/a.json": b"{}", "notes/b.json": b'[{"x": 1}]'}
    ignored = read(files).ignored

    assert ignored["users: favouriteColour"] == 1
    assert ignored["notes"] == 2


def test_what_the_export_itself_could_not_read_is_said() -> None:
    files = plain(tenant()) | {"manifest.json": manifest(failed=["signIns: 403 Forbidden"])}

    assert "The export could not read signIns: 403 Forbidden." in read(files).remarks
    assert read(files).tenant_id == "7e57-0000"


ELSEWHERE: Final = {
    "Directory/DeletedItems/Users": "userPrincipalName",
    "AdministrativeUnits/u1/Members": "userPrincipalName",
    "RoleManagement/Exchange/RoleAssignments": "roleDefinitionId",
}


@pytest.mark.parametrize("folder", ELSEWHERE)
def test_what_looks_alike_in_another_part_of_the_tenant_is_left_alone(folder: str) -> None:
    its = tenant()
    stranger = {"id": "s1", "userPrincipalName": ACCOUNTS[0].upn, "accountEnabled": False}
    stranger |= {"roleDefinitionId": "r", "principalId": "p", "directoryScopeId": "/"}
    files = plain(its) | {f"{folder}/s1/s1.json": to_json(stranger)}

    assert read(files).facts == of(its).facts


# --- The kit's own record


def test_the_record_of_the_kits_own_script_is_told_apart() -> None:
    event = {"time": "2026-01-05T10:00:00Z", "action": "register", "ok": True}
    event |= {"account": ACCOUNTS[0].upn, "key": "K1", "methodId": "m1", "answerSha256": "a" * 64}
    record = to_json({"format": "keyvault-kit/evidence/v1", "events": [event]})

    alone = read({"answers.json": record})
    assert alone.answers
    assert not alone.says_something
    assert alone.facts.taken == datetime(2026, 1, 5, 10, tzinfo=UTC)
    beside = read(plain(tenant()) | {"answers.json": record})
    assert beside.answers == alone.answers
    assert beside.facts == of(tenant()).facts


def test_an_account_is_found_by_its_name_where_no_object_id_is_on_record() -> None:
    bare = tuple(replace(it, object_id=None) for it in ACCOUNTS)
    evidence = read_evidence(plain(tenant()), bare)

    assert all(evidence.facts.account(it) for it in bare)
    assert isinstance(bare[0], Account)
    assert OTHER in {it.id for it in evidence.facts.conditional_access_policies or ()}

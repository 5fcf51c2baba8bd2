"""What evidence says of the accounts: users, methods, groups, roles, sign-ins."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from keyvault_kit.custody.rules import judge
from tests.custody.rules.tenants import now, register
from tests.entra.evidence import ACCOUNTS, first, of, outcome, read
from tests.entra.export_folder import (
    TAKEN,
    Files,
    answer,
    entra_exporter,
    manifest,
    plain,
    to_json,
    whole_log,
)
from tests.entra.tenant_objects import GROUP, Object, by_key, sign_in, tenant

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


ELIGIBLE: Final = "roles/roleEligibilityScheduleInstances: 403 Forbidden"


@pytest.mark.parametrize(("plans", "expected"), [("AAD_PREMIUM_P2", "unknown"), ("X", "passed")])
def test_where_roles_can_be_activated_those_that_were_not_read_are_unknown(
    plans: str, expected: str
) -> None:
    its = tenant()
    its.skus[0]["servicePlans"] = [{"servicePlanName": it} for it in ("AAD_PREMIUM", plans)]
    files = plain(its) | {"manifest.json": manifest(failed=[ELIGIBLE])}
    del files["eligible.json"]

    assert outcome(files, "S3") == expected


def test_a_role_that_may_be_activated_as_well_is_found() -> None:
    its = tenant()
    its.eligible[0]["principalId"] = GROUP

    assert outcome(its, "S3") == "failed"


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

    assert read(whole_log(its)).facts.account(ACCOUNTS[0]) == first(its)
    assert [(it.succeeded, it.interactive) for it in seen] == [
        (True, True),
        (True, False),
        (False, True),
    ]
    assert seen[0].authentication_method == "FIDO2 security key"
    assert seen[0].authentication_method_detail == "K1 - a0"
    assert (seen[0].device, seen[0].ip_address) == ("paw-1", "192.0.2.7")


HALVES: Final = ("signIns-interactive-1", "signIns-nonInteractive-1")


def logged(*names: str, failed: tuple[str, ...] = ()) -> Files:
    """The tenant, with empty logs that were asked for the first account."""
    files = whole_log(tenant()) | {"manifest.json": manifest(failed=failed)}
    del files["signIns.json"]
    user = ACCOUNTS[0].object_id
    logs = {f"users/{user}/{it}.json": answer("auditLogs/signIns", []) for it in names}
    return files | logs


def seen_by(files: Files) -> list[object]:
    """The sign-ins of each account."""
    facts = read(files).facts
    return [getattr(facts.account(it), "sign_ins", None) for it in ACCOUNTS]


def test_an_empty_log_that_was_asked_for_an_account_says_that_nobody_signed_in_to_that() -> None:
    assert seen_by(logged(*HALVES)) == [(), None]
    assert seen_by(logged("signIns-1")) == [(), None]


@pytest.mark.parametrize("half", HALVES)
def test_half_a_log_tells_nothing(half: str) -> None:
    assert seen_by(logged(half)) == [None, None]
    assert any("cut short: the" in it for it in read(logged(half)).remarks)
    assert outcome(logged(half), "S65") == "unknown"


def test_a_log_that_could_not_be_read_to_its_end_tells_nothing() -> None:
    failed = f"users/{ACCOUNTS[0].object_id}/signIns-interactive: 403 Forbidden"
    assert seen_by(logged(*HALVES, failed=(failed,))) == [None, None]


def test_a_log_that_may_have_been_asked_for_somebody_else_says_nothing_of_an_account() -> None:
    its = tenant()
    other = sign_in({"id": "somebody", "userPrincipalName": "x@example.com"}, TAKEN)
    its.sign_ins = [other]
    assert seen_by(whole_log(its)) == [None, None]
    assert any("name nobody who signed in to Bg1@" in it for it in read(whole_log(its)).remarks)
    its.sign_ins = [other, sign_in(its.user(), TAKEN)]
    mine, others = seen_by(whole_log(its))
    assert mine
    assert others is None


def test_times_of_windows_powershell_are_read() -> None:
    its = tenant()
    moment = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    its.sign_ins = [
        sign_in(its.user(), moment, createdDateTime=f"/Date({int(moment.timestamp() * 1000)})/")
    ]

    (seen,) = first(its).sign_ins or ()
    assert seen.created_date_time == moment

"""What evidence from the tenant says: in whatever layout and encoding it comes."""

import codecs
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.rules import Outcome, judge
from keyvault_kit.entra.evidence import read_evidence
from keyvault_kit.errors import InputError
from tests.custody.rules.tenants import good, now, register
from tests.entra.evidence import ACCOUNTS, of, read
from tests.entra.export_folder import (
    GRAPH,
    TAKEN,
    Files,
    answer,
    entra_exporter,
    manifest,
    plain,
    to_json,
)
from tests.entra.tenant_objects import OTHER, Object, tenant

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
    between = {it: one if it == 1 else one | {"value": []} for it in range(1, 10)}
    pages = {f"policies-{it}.json": to_json(page) for it, page in (between | {10: two}).items()}
    assert read(files | pages).facts == whole
    cut = {"policies-1.json": to_json(two), "policies-2.json": to_json(one)}
    assert read(files | cut).facts.conditional_access_policies is None


def in_pages(*pages: tuple[int, bool]) -> Files:
    """The tenant, its policies on pages of these numbers, each with or without a next one."""
    files = plain(tenant())
    whole = json.loads(files.pop("policies.json"))
    for number, more in pages:
        link = {"@odata.nextLink": "https://graph.microsoft.com/x"} if more else {}
        files[f"conditionalAccess/policies-{number}.json"] = to_json(whole | link)
    return files


MISSING: Final = {
    "one in the middle": (in_pages((1, True), (3, False)), "named in", "policies-1.json"),
    "the first": (in_pages((2, True), (3, False)), "not its first page", "policies-2.json"),
    "the last": (in_pages((1, True), (2, True)), "named in", "policies-2.json"),
    "what joins two": (in_pages((1, False), (2, True), (3, False)), "follows", "policies-1.json"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_page_that_is_missing_leaves_the_list_unknown(name: str) -> None:
    files, told, file = MISSING[name]
    evidence = read(files)
    assert evidence.facts.conditional_access_policies is None
    (remark,) = evidence.remarks
    assert "cut short" in remark
    assert told in remark
    assert file in remark


def test_several_whole_answers_are_as_good_as_one() -> None:
    assert read(in_pages((1, False), (3, False))).facts == of(tenant()).facts


@pytest.mark.parametrize(("count", "known"), [(2, True), (3, False)])
def test_a_list_of_which_the_tenant_has_more_is_unknown(count: int, *, known: bool) -> None:
    files = plain(tenant())
    page = json.loads(files["policies.json"]) | {"@odata.count": count}
    evidence = read(files | {"policies.json": to_json(page)})
    assert (evidence.facts.conditional_access_policies is not None) is known
    assert bool(evidence.remarks) is not known


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


@pytest.mark.parametrize("modified", [None, "2026-01-02T10:00:00.1234567Z"])
def test_files_of_which_neither_is_the_newer_leave_what_they_contradict_unknown(
    modified: str | None,
) -> None:
    its = tenant()
    mine = [it.object_id for it in ACCOUNTS]
    it = its.policies[0] | {"modifiedDateTime": modified}
    it["conditions"] = it["conditions"] | {"users": {"excludeUsers": mine}}
    context = "identity/conditionalAccess/policies"
    evidence = read(plain(its) | {"zz/policies.json": answer(context, [it])})

    assert evidence.facts.conditional_access_policies is None
    (remark,) = evidence.remarks
    assert "differ in conditions" in remark
    assert "neither says that it is the newer" in remark


def test_files_that_differ_in_what_no_rule_reads_are_as_good_as_one() -> None:
    its = tenant()
    it = its.policies[0] | {"description": "x"}
    its.policies[0]["description"] = "y"
    context = "identity/conditionalAccess/policies"
    evidence = read(plain(its) | {"zz/policies.json": answer(context, [it])})

    assert evidence.facts == of(tenant()).facts
    assert any("differ in description" in it for it in evidence.remarks)


def test_nothing_is_written_in_two_ways_and_annotations_tell_nothing() -> None:
    its = tenant()
    user = its.user() | {"onPremisesSyncEnabled": False, "@odata.id": "x"}
    its.user()["authorizationInfo"]["certificateUserIds@odata.context"] = "v1.0"
    user["authorizationInfo"] = {"certificateUserIds@odata.context": "beta"}
    evidence = read(plain(its) | {"zz/users.json": answer("users", [user])})

    assert not evidence.remarks
    assert evidence.facts == of(tenant()).facts


def test_answers_without_an_id_that_contradict_each_other_leave_it_unknown() -> None:
    whole = plain(tenant())
    for name, told in (("authorization.json", "SSPR"), ("passkeys.json", "state")):
        assert told in whole[name].decode()
    sspr = {"@odata.context": f"{GRAPH}policies/authorizationPolicy/$entity"}
    other = whole | {"zz.json": to_json(sspr | {"allowedToUseSSPR": True})}
    assert read(other).facts.allowed_to_use_sspr is None
    policy = {"authenticationMethodConfigurations": [tenant().passkeys | {"state": "disabled"}]}
    evidence = read(whole | {"zz.json": to_json(policy)})
    assert evidence.facts.passkey_policy is None
    assert "fido2Configuration" not in evidence.objects
    assert any("is there twice, and differs in state" in it for it in evidence.remarks)


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


FAILED: Final = {
    "conditionalAccess/policies": "conditional_access_policies",
    "azure/S1/actionGroups": "action_groups",
    "azure/S1/scheduledQueryRules": "alert_rules",
    "subscribedSkus": "service_plans",
}


@pytest.mark.parametrize("name", FAILED)
def test_what_the_export_itself_could_not_read_to_its_end_is_unknown(name: str) -> None:
    files = plain(tenant()) | {"manifest.json": manifest(failed=[f"{name}: 429 Too Many"])}

    assert getattr(read(files).facts, FAILED[name]) is None


def test_how_far_back_the_logs_were_asked_for_is_told() -> None:
    files = plain(tenant())
    assert read(files).facts.log_days is None
    evidence = read(files | {"manifest.json": manifest(days=7)})
    assert evidence.facts.log_days == 7
    assert evidence.says_something


def test_two_exports_in_one_folder_are_refused() -> None:
    files = plain(tenant()) | {"old/manifest.json": manifest(TAKEN - timedelta(days=30))}
    with pytest.raises(InputError, match="more than one export in it") as caught:
        read(files)
    assert "manifest.json and old/manifest.json" in str(caught.value)


def test_files_of_two_tenants_are_refused() -> None:
    event = {"time": "2026-01-05T10:00:00Z", "action": "register", "ok": True}
    events = [event | {"account": ACCOUNTS[0].upn}]
    record: Object = {"format": "keyvault-kit/evidence/v1", "events": events}
    files = plain(tenant())
    assert read(files | {"answers.json": to_json(record | {"tenantId": "7E57-0000"})}).tenant_id
    with pytest.raises(InputError, match="different tenants: 7e57-0000 and elsewhere"):
        read(files | {"answers.json": to_json(record | {"tenantId": "elsewhere"})})


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

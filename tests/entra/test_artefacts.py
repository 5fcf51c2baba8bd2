"""What is made for the tenant: carried out there, it is as wanted; taken back, it is as it was."""

import json
import re
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import yaml
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Mode, Retirement
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.requirements import REQUIREMENTS
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR
from keyvault_kit.entra.artefacts import tokens
from keyvault_kit.entra.artefacts.collection import collect
from keyvault_kit.entra.artefacts.graph import DIFFERENCES, changes, told
from keyvault_kit.entra.artefacts.requests import REQUESTS, ROLLBACK
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Wanted
from keyvault_kit.errors import InputError, RefusedError
from tests.custody.life import DIGEST
from tests.custody.rules.tenants import decided, entered, now, register
from tests.entra.directory import Directory, Object, everybody, fido2, guid
from tests.entra.making import carried_out, exported, used, wanted
from tests.entra.powershell import assert_sound

ACCOUNTS: Final = [it.object_id or "" for it in register().accounts.values()]


def requests(it: Wanted, index: str = REQUESTS) -> list[Object]:
    made: list[Object] = json.loads(exported(it)[index])["requests"]
    return made


def notes(it: Wanted, name: str) -> str:
    """What is told of an object."""
    return " ".join(line for its in changes(it) if its.name == name for line in told(its))


# --- Carried out, and taken back


def test_a_second_export_changes_nothing() -> None:
    again = wanted(carried_out(used()))
    assert [it.title for it in changes(again) if it.call] == []
    assert requests(again) == requests(again, ROLLBACK) == []
    assert exported(again)[DIFFERENCES].decode().count("- Nothing changes.") == len(changes(again))


def test_the_roll_back_leaves_the_tenant_as_it_was() -> None:
    directory = used()
    before = directory.state()
    files = exported(wanted(directory))
    given = directory.carry_out(files)
    assert directory.state() != before
    directory.take_back(files, given)
    assert directory.state() == before


def test_the_roll_back_deletes_nothing_that_was_found_and_not_made() -> None:
    directory = used()
    files = exported(wanted(directory))
    given = directory.carry_out(files)
    made = directory.state()
    found = {name: its for name, its in given.items() if not name.startswith("member")}
    directory.take_back(files, {tokens.GROUP: found[tokens.GROUP]})
    assert directory.state()["strengths"] == made["strengths"]
    assert directory.state()["policies"][-1] == made["policies"][-1]


def test_what_is_half_done_is_finished_by_the_next_export() -> None:
    directory = used()
    whole = exported(wanted(directory))
    index = json.loads(whole[REQUESTS])
    half = index | {"requests": index["requests"][:6]}
    directory.carry_out(whole | {REQUESTS: json.dumps(half).encode()})
    carried_out(directory)
    assert not requests(wanted(directory))


def test_the_group_carries_the_role_and_has_the_accounts_as_its_only_members() -> None:
    directory = carried_out(used())
    group = directory.groups[-1]
    assert directory.members[group["id"]] == ACCOUNTS
    assert [it["principalId"] for it in directory.roles] == [group["id"]]
    assert directory.roles[0]["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
    assert group["isAssignableToRole"] is True


def test_the_own_policy_asks_for_the_strength_that_takes_our_models_alone() -> None:
    directory = carried_out(used())
    policy, strength = directory.policies[-1], directory.strengths[-1]
    assert policy["grantControls"]["authenticationStrength"] == {"id": strength["id"]}
    assert policy["conditions"]["users"]["includeGroups"] == [directory.groups[-1]["id"]]
    models = {it.aaguid for it in register().keys.values()}
    assert set(strength["combinationConfigurations"][0]["allowedAAGUIDs"]) == models


def test_every_policy_but_the_own_one_excludes_the_group() -> None:
    directory = carried_out(used())
    group = directory.groups[-1]["id"]
    *others, own = directory.policies
    assert all(group in it["conditions"]["users"]["excludeGroups"] for it in others)
    assert own["conditions"]["users"]["excludeGroups"] == []


def test_steps_come_in_order_and_the_roll_back_reverses_it() -> None:
    it = wanted(used())
    steps = [its["step"] for its in requests(it)]
    assert steps == sorted(steps)
    assert [its["step"] for its in requests(it, ROLLBACK)] == sorted(steps, reverse=True)


def test_names_of_requests_sort_as_they_are_made_however_many_there_are() -> None:
    directory = Directory(register())
    for number in range(110):
        directory.add_policy(f"P{number}")
    for index in (REQUESTS, ROLLBACK):
        names = [its["name"] for its in requests(wanted(directory), index)]
        assert len(names) > 110
        assert names == sorted(names)


def test_a_token_stands_for_nothing_that_is_not_made_before() -> None:
    given: set[str] = set()
    for request in requests(wanted(used())):
        assert set(request.get("needs", ())) <= given
        given |= {request["gives"]} if "gives" in request else set()


# --- What the tenant has already


def test_a_policy_of_our_shape_is_mended_and_its_name_stays() -> None:
    directory = carried_out(used())
    own = directory.policies[-1]
    own["displayName"] = "Glass"
    own["conditions"]["locations"] = {"includeLocations": ["AllTrusted"]}
    own["conditions"]["users"]["excludeUsers"] = [guid(5)]
    own["sessionControls"]["persistentBrowser"] = None
    own["grantControls"]["builtInControls"] = ["mfa"]
    before = directory.state()
    files = exported(wanted(directory))
    given = directory.carry_out(files)
    assert own["displayName"] == "Glass"
    assert not own["conditions"]["locations"]
    assert own["conditions"]["users"]["excludeUsers"] == []
    assert own["grantControls"]["builtInControls"] == []
    assert not requests(wanted(directory))
    directory.take_back(files, given)
    assert directory.state() == before


def test_a_strength_whose_details_graph_tells_in_the_policy_is_still_the_same() -> None:
    directory = carried_out(used())
    grant = directory.policies[-1]["grantControls"]
    grant["authenticationStrength"] = {
        **directory.strengths[-1],
        "combinationConfigurations@odata.context": "https://graph.microsoft.com/beta/$metadata",
    }
    assert not requests(wanted(directory))


def test_a_strength_that_takes_more_than_passkeys_is_narrowed_and_can_be_widened_again() -> None:
    directory = carried_out(used())
    strength = directory.strengths[-1]
    strength["allowedCombinations"] = ["fido2", "password,sms"]
    strength["combinationConfigurations"][0]["allowedAAGUIDs"] = [guid(6)]
    before = directory.state()
    files = exported(wanted(directory))
    given = directory.carry_out(files)
    assert strength["allowedCombinations"] == ["fido2"]
    assert not requests(wanted(directory))
    directory.take_back(files, given)
    assert directory.state() == before


def test_a_strength_that_others_require_too_is_not_touched() -> None:
    directory = carried_out(used())
    strength = {"id": directory.strengths[-1]["id"]}
    directory.policies[0]["grantControls"]["authenticationStrength"] = strength
    with pytest.raises(InputError, match="required by other policies as well: Require MFA"):
        collect(wanted(directory))


def test_a_group_of_our_name_that_cannot_carry_a_role_is_refused() -> None:
    directory = used()
    directory.add_group("emergency access")
    with pytest.raises(InputError, match="'emergency access' of the tenant cannot carry a role"):
        collect(wanted(directory))
    another = exported(wanted(directory, group="Another"))["graph/01-group.json"]
    assert json.loads(another)["displayName"] == "Another"


def test_two_groups_of_our_name_are_refused() -> None:
    directory = used()
    for _ in range(2):
        directory.add_group("Emergency Access", isAssignableToRole=True)
    with pytest.raises(InputError, match="2 that might be the accounts' own group"):
        collect(wanted(directory))


def test_a_policy_of_our_name_that_counts_for_others_is_refused() -> None:
    directory = used()
    directory.add_policy("Grant - Emergency Access")
    with pytest.raises(InputError, match="counts for others as well"):
        collect(wanted(directory))


def test_strangers_in_the_group_are_told() -> None:
    directory = carried_out(used())
    directory.members[directory.groups[-1]["id"]].append(guid(66))
    assert guid(66) in notes(wanted(directory), "group")


def test_policies_that_exclude_each_account_by_name_or_count_for_nobody_are_left_alone() -> None:
    directory = Directory(register())
    directory.add_policy("By name", excludeUsers=[it.upper() for it in ACCOUNTS])
    directory.add_policy("For programs", includeUsers=["None"])
    names = [its["name"] for its in requests(wanted(directory))]
    assert not [it for it in names if "exclude" in it]


def test_a_policy_that_includes_an_account_by_name_is_told() -> None:
    directory = Directory(register())
    policy = directory.add_policy("Odd", includeUsers=[ACCOUNTS[0], guid(1)])
    assert "includes by name" in notes(wanted(directory), f"exclude-{policy['id']}")


def test_policies_of_a_password_are_kept_beside_that_it_never_expires() -> None:
    directory = Directory(register())
    directory.users[0]["passwordPolicies"] = "DisableStrongPassword"
    carried_out(directory)
    assert [it["passwordPolicies"] for it in directory.users] == [
        "DisablePasswordExpiration, DisableStrongPassword",
        "DisablePasswordExpiration",
    ]


# --- The policy of the passkey method


def test_where_everybody_may_use_any_passkey_nothing_changes_there() -> None:
    directory = Directory(register())
    assert not [it for it in changes(wanted(directory)) if it.name == "passkey-method" and it.call]


def test_where_certain_groups_may_use_passkeys_the_group_is_added() -> None:
    directory = Directory(register())
    directory.fido2 = fido2(includeTargets=[everybody(id=guid(1))])
    carried_out(directory)
    named = [it["id"] for it in directory.fido2["includeTargets"]]
    assert named == [guid(1), directory.groups[-1]["id"]]
    assert directory.fido2["keyRestrictions"]["isEnforced"] is False


def test_where_certain_groups_may_use_passkeys_it_is_told_that_joining_comes_first() -> None:
    directory = Directory(register())
    directory.fido2 = fido2(includeTargets=[everybody(id=guid(1))])
    assert "only once the accounts are in theirs" in notes(wanted(directory), "passkey-method")
    carried_out(directory)
    assert "only once" not in notes(wanted(directory), "passkey-method")


def test_models_of_keys_that_are_not_enrolled_yet_are_let_in_and_those_of_retired_ones_not() -> (
    None
):
    its = register().copy()
    first, *others = its.keys.values()
    new = replace(first, id="K9", aaguid=guid(9), credential=None)
    lost = replace(first, id="K8", aaguid=guid(8), retired=Retirement.LOST)
    its.keys = {it.id: it for it in (first, *others, new, lost)}
    assert guid(9) in wanted(None, its).aaguids()
    assert guid(8) not in wanted(None, its).aaguids()


def test_where_models_are_blocked_ours_are_let_in_and_that_is_told() -> None:
    directory = Directory(register())
    ours = next(iter(register().keys.values())).aaguid
    blocked = {"isEnforced": True, "enforcementType": "block", "aaGuids": [ours.upper(), guid(1)]}
    directory.fido2 = fido2(keyRestrictions=blocked)
    assert "were blocked here" in notes(wanted(directory), "passkey-method")
    carried_out(directory)
    assert directory.fido2["keyRestrictions"] == blocked | {"aaGuids": [guid(1)]}


def test_where_there_are_profiles_the_group_gets_its_own_and_the_default_one_stays() -> None:
    directory = Directory(register())
    default: dict[str, Any] = {
        "id": guid(1),
        "name": "Default passkey profile",
        "passkeyTypes": "deviceBound,synced",
        "attestationEnforcement": "disabled",
        "keyRestrictions": {"isEnforced": True, "enforcementType": "allow", "aaGuids": [guid(2)]},
    }
    directory.fido2 = fido2(
        defaultPasskeyProfile=guid(1),
        passkeyProfiles=[default],
        includeTargets=[everybody(allowedPasskeyProfiles=[guid(1)])],
    )
    carried_out(directory)
    first, own = directory.fido2["passkeyProfiles"]
    everyone, ours = directory.fido2["includeTargets"]
    assert first == default
    assert everyone == everybody(allowedPasskeyProfiles=[guid(1)])
    assert ours["allowedPasskeyProfiles"] == [own["id"]]
    assert set(own["keyRestrictions"]["aaGuids"]) == {it.aaguid for it in register().keys.values()}


def test_a_profile_that_the_group_has_besides_its_own_stays_its() -> None:
    directory = used()
    default = {"id": guid(1), "name": "Default", "keyRestrictions": {"isEnforced": False}}
    directory.fido2 = fido2(defaultPasskeyProfile=guid(1), passkeyProfiles=[default])
    carried_out(directory)
    ours = directory.fido2["includeTargets"][-1]
    (own,) = ours["allowedPasskeyProfiles"]
    ours["allowedPasskeyProfiles"] = [guid(1)]
    carried_out(directory)
    assert directory.fido2["includeTargets"][-1]["allowedPasskeyProfiles"] == [guid(1), own]


def test_where_there_may_be_no_further_profile_ours_are_let_in_by_the_default_one() -> None:
    directory = Directory(register())
    restrictions = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [guid(2)]}
    profiles = [
        {"id": guid(it), "name": f"Profile {it}", "keyRestrictions": dict(restrictions)}
        for it in range(3)
    ]
    directory.fido2 = fido2(defaultPasskeyProfile=guid(1), passkeyProfiles=profiles)
    assert "a tenant may have 3" in notes(wanted(directory), "passkey-method")
    carried_out(directory)
    after = directory.fido2["passkeyProfiles"]
    assert [len(it["keyRestrictions"]["aaGuids"]) for it in after] == [1, 4, 1]
    assert directory.fido2["includeTargets"][-1]["allowedPasskeyProfiles"] == [guid(1)]


def test_accounts_that_the_method_is_off_for_are_told_and_stay_so() -> None:
    directory = carried_out(Directory(register()))
    off = {"targetType": "group", "id": directory.groups[-1]["id"]}
    directory.fido2["excludeTargets"] = [off]
    assert "for whom the method is off" in notes(wanted(directory), "passkey-method")
    assert not requests(wanted(directory))


# --- When the own policy is on


TAKEN: Final = now() - timedelta(hours=5)
"""When the tenant took the passkeys."""


def seen(at: datetime, *, but: str = "", succeeded: bool = True) -> Register:
    """The register after each key but one was seen to sign in at that time."""
    its = register().keys.values()
    found = [
        ev.SignInSeen(
            account=key.account,
            evidence=DIGEST,
            succeeded=succeeded,
            interactive=True,
            key=key.id,
        )
        for key in its
        if key.id != but
    ]
    return entered(*found, at=now(), occurred=at)


def with_passkeys() -> Directory:
    directory = used()
    for key in register().keys.values():
        object_id = register().accounts[key.account].object_id or ""
        directory.add_passkey(key, object_id, TAKEN)
    return directory


def state_after(its: Register, directory: Directory | None = None) -> str:
    state: str = carried_out(directory or with_passkeys(), its).policies[-1]["state"]
    return state


def test_the_own_policy_is_on_once_each_key_was_seen_to_sign_in() -> None:
    later = TAKEN + timedelta(hours=1)
    assert state_after(seen(later)) == "enabled"
    assert state_after(register()) == "enabledForReportingButNotEnforced"
    assert state_after(seen(later, but="K3")) == "enabledForReportingButNotEnforced"
    assert state_after(seen(later, succeeded=False)) == "enabledForReportingButNotEnforced"


def test_a_sign_in_before_the_tenant_took_the_passkey_counts_for_nothing() -> None:
    earlier = TAKEN - timedelta(hours=1)
    assert state_after(seen(earlier)) == "enabledForReportingButNotEnforced"


def test_without_evidence_of_when_a_passkey_was_taken_no_sign_in_counts() -> None:
    later = TAKEN + timedelta(hours=1)
    assert state_after(seen(later), used()) == "enabledForReportingButNotEnforced"


def test_a_policy_that_only_reported_is_switched_on_and_one_that_is_on_stays_on() -> None:
    directory = with_passkeys()
    assert state_after(register(), directory) == "enabledForReportingButNotEnforced"
    assert state_after(seen(TAKEN + timedelta(hours=1)), directory) == "enabled"
    assert state_after(register(), directory) == "enabled"
    assert "stays on" in notes(wanted(directory), "own-policy")


# --- What was decided


def test_roles_are_given_directly_where_that_was_decided() -> None:
    its = decided(C4="direct")
    directory = carried_out(used(), its)
    assert [it["principalId"] for it in directory.roles] == ACCOUNTS
    assert not requests(wanted(directory, its))


def test_excluded_from_all_policies_there_is_none_of_their_own() -> None:
    its = decided(C2="all")
    directory = carried_out(carried_out(used()), its)
    group = directory.groups[-1]["id"]
    excluded = [it["conditions"]["users"]["excludeGroups"] for it in directory.policies]
    assert all(group in it for it in excluded)
    fresh = used()
    before = len(fresh.policies)
    assert len(carried_out(fresh, its).policies) == before


def test_one_account_alone_is_excluded_where_that_was_decided() -> None:
    its = decided(C2="one-account")
    directory = carried_out(used(), its)
    users = directory.policies[0]["conditions"]["users"]
    assert users["excludeUsers"] == [guid(8), ACCOUNTS[0]]
    assert users["excludeGroups"] == [guid(7)]
    assert not requests(wanted(directory, its))


def test_policies_that_ask_for_a_passkey_alone_stay_where_that_was_decided() -> None:
    its = decided(C2="required-by-policy")
    directory = Directory(register())
    strong = directory.add_policy("Passkeys for everybody")
    strong["grantControls"] |= {
        "builtInControls": [],
        "authenticationStrength": {"id": directory.strengths[0]["id"]},
    }
    weak = directory.add_policy("MFA for everybody")
    carried_out(directory, its)
    assert strong["conditions"]["users"]["excludeGroups"] == []
    assert weak["conditions"]["users"]["excludeGroups"] == [directory.groups[-1]["id"]]


def test_names_that_tell_are_refused_where_names_are_to_tell_nothing() -> None:
    its = decided(C5="arbitrary")
    with pytest.raises(RefusedError, match="the group would be named 'Emergency Access'"):
        collect(wanted(None, its))
    files = exported(wanted(None, its, group="Oak", policy="Ash", strength="Elm"))
    body = json.loads(files["graph/01-group.json"])
    assert "emergency" not in json.dumps(body).lower()


# --- What must be so first


def test_evidence_older_than_a_week_or_of_tomorrow_is_refused() -> None:
    it = wanted(used())
    assert collect(replace(it, now=it.now + timedelta(days=7)))
    with pytest.raises(RefusedError, match="older than 7 days"):
        collect(replace(it, now=it.now + timedelta(days=7, seconds=1)))
    with pytest.raises(RefusedError, match="yet to come"):
        collect(replace(it, now=it.now - timedelta(days=1, seconds=1)))


@pytest.mark.parametrize(
    ("file", "told_"),
    [
        ("groups.json", "groups"),
        ("roleManagement/directory/roleAssignments.json", "role assignments"),
        ("identity/conditionalAccess/policies.json", "Conditional Access policies"),
        ("policies/authenticationStrengthPolicies.json", "authentication strengths"),
        ("policies/authorizationPolicy.json", "the authorization policy"),
        (
            "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2.json",
            "the policy of the passkey method",
        ),
    ],
)
def test_evidence_that_lacks_what_is_merged_with_is_refused(file: str, told_: str) -> None:
    directory = used()
    whole = directory.evidence()
    directory.evidence = lambda: {name: it for name, it in whole.items() if name != file}  # type: ignore[method-assign]
    with pytest.raises(InputError, match=f"does not tell of .*{told_}"):
        collect(wanted(directory))


def test_evidence_without_one_of_the_accounts_is_refused() -> None:
    directory = used()
    directory.users.pop()
    with pytest.raises(InputError, match="has no account that is bg2"):
        collect(wanted(directory))


def test_accounts_without_an_object_id_and_registers_without_a_proven_key_are_refused() -> None:
    its = register().copy()
    its.accounts = {name: replace(it, object_id=None) for name, it in its.accounts.items()}
    with pytest.raises(RefusedError, match="no object id is recorded for bg1 and bg2"):
        collect(wanted(None, its))
    its = register().copy()
    its.keys = {name: replace(it, proven=None) for name, it in its.keys.items()}
    with pytest.raises(RefusedError, match="no key in service is proven genuine"):
        collect(wanted(None, its))
    its = register().copy()
    its.accounts = {}
    with pytest.raises(RefusedError, match="no emergency access account"):
        collect(wanted(None, its))


# --- Without evidence


def test_a_new_tenant_gets_it_all_and_nothing_is_restricted_there() -> None:
    files = exported(wanted())
    assert json.loads(files["graph/06-passkey-method.json"])["state"] == "enabled"
    assert not [name for name in files if "exclude" in name]
    assert "Nothing is known of them" in files[DIFFERENCES].decode()
    directory = Directory(register())
    directory.carry_out(files)
    assert not requests(wanted(directory))


# --- Files


def test_request_bodies_carry_no_foreign_field_and_say_beside_what_they_serve() -> None:
    for it in collect(wanted(used())):
        if it.name.startswith(("graph/", "rollback/0")) and it.name.endswith(".json"):
            assert not [key for key in json.loads(it.content) if key.startswith("_")]
            about = it.content if it.annotated else exported(wanted(used()))[f"{it.name}.md"]
            assert all(number in about.decode() for number in it.serves)


def test_each_artefact_serves_requirements_that_there_are() -> None:
    made = collect(wanted(used()))
    assert all(it.serves and set(it.serves) <= REQUIREMENTS.keys() for it in made)
    assert {"S8", "S12", "S13", "S22", "S24", "S25", "S26"} <= {n for it in made for n in it.serves}


def test_an_id_of_the_evidence_leads_out_of_no_folder_and_to_no_other_address() -> None:
    directory = used()
    directory.policies[0]["id"] = "../../users/x?y"
    made = requests(wanted(directory))
    mine = next(it for it in made if "exclude" in it["name"])
    assert re.fullmatch(r"graph/\d\d-exclude-[A-Za-z0-9-]+\.json", mine["file"])
    assert mine["url"].endswith("/policies/..%2F..%2Fusers%2Fx%3Fy")


def test_in_the_national_clouds_members_are_named_there() -> None:
    its = register().copy()
    its.accounts = {
        name: replace(it, upn=f"{name}@example.onmicrosoft.us") for name, it in its.accounts.items()
    }
    files = exported(wanted(None, its))
    assert json.loads(files[REQUESTS])["endpoint"] == "https://graph.microsoft.us"
    assert "https://graph.microsoft.us/v1.0/" in files["graph/10-member-bg1.json"].decode()


def test_assessment_tools_are_told_of_the_accounts_and_their_group() -> None:
    directory = carried_out(used())
    files = exported(wanted(directory))
    group = directory.groups[-1]["id"]
    maester = json.loads(files["assessment/maester-config.json"])["GlobalSettings"]
    assert {it["Id"] for it in maester["EmergencyAccessAccounts"]} == {*ACCOUNTS, group}
    scuba = yaml.safe_load(files["assessment/scubagear.yaml"])["Aad"]
    assert scuba["MS.AAD.3.1v1"]["CapExclusions"] == {"Users": ACCOUNTS, "Groups": [group]}
    assert list(scuba["MS.AAD.7.4v1"]) == ["RoleExclusions"]


def test_the_script_of_the_mailbox_parses_and_changes_nothing_under_what_if() -> None:
    assert_sound(exported(wanted())["exchange/shared-mailbox.ps1"].decode())


# --- In a rehearsal


def rehearsed() -> dict[str, bytes]:
    its = register().copy()
    its.mode = Mode.REHEARSAL
    return exported(wanted(used(), its))


def test_every_file_of_a_rehearsal_says_so_and_has_no_object_id_that_a_tenant_takes() -> None:
    files = rehearsed()
    for name, content in files.items():
        beside = files.get(f"{name}.md", b"").decode()
        assert REHEARSAL in content.decode() + beside, name
        assert not [it for it in ACCOUNTS if it in content.decode()], name


def test_requests_of_a_rehearsal_go_to_no_object_of_a_tenant() -> None:
    files = rehearsed()
    assert json.loads(files[REQUESTS])["rehearsal"] is True
    for request in json.loads(files[REQUESTS])["requests"]:
        ids = re.findall(r"/([^/]*[0-9a-f]{8}-[0-9a-f]{4}-[^/?]*)", request["url"])
        assert all(it.startswith(REHEARSAL) for it in ids), request["url"]


def test_the_script_of_a_rehearsal_stops_before_it_does_anything() -> None:
    script = rehearsed()["exchange/shared-mailbox.ps1"].decode()
    assert_sound(script)
    assert script.index(f"throw '{REHEARSAL}") < script.index("Get-DistributionGroup")

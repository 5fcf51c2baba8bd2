"""What somebody else changed at the tenant between evidence, export and roll-back is not lost."""

import json
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from msgspec.structs import replace

from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR
from keyvault_kit.entra.artefacts.requests import REQUESTS, ROLLBACK
from keyvault_kit.entra.artefacts.wanted import Names
from tests.custody.rules.tenants import decided, now, register
from tests.entra.directory import Directory, Object, fido2, guid, role
from tests.entra.making import asked, carried_out, exported, used, wanted
from tests.entra.reading import ChangedError, PassingError, says
from tests.entra.test_artefacts import notes, seen, with_passkeys
from tests.entra.test_artefacts_merging import objects, patched

ACCOUNTS: Final = [it.object_id or "" for it in register().accounts.values()]


def listed(files: dict[str, bytes], index: str = REQUESTS) -> list[Object]:
    made: list[Object] = json.loads(files[index])["requests"]
    return made


# --- Changed since the evidence


def test_an_exclusion_that_somebody_made_since_is_kept_and_deploy_stops_there() -> None:
    directory = used()
    files = asked(wanted(directory))
    excluded = directory.policies[0]["conditions"]["users"]["excludeGroups"]
    excluded.append(guid(77))
    with pytest.raises(ChangedError, match="Require MFA"):
        directory.carry_out(files)
    assert directory.policies[0]["conditions"]["users"]["excludeGroups"] == [guid(7), guid(77)]


def test_a_model_that_somebody_allowed_since_is_still_allowed() -> None:
    directory = used()
    models = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [guid(5)]}
    directory.fido2 = fido2(keyRestrictions=models)
    files = asked(wanted(directory))
    models["aaGuids"] = [guid(5), guid(6)]
    with pytest.raises(ChangedError, match="passkey method"):
        directory.carry_out(files)
    assert directory.fido2["keyRestrictions"]["aaGuids"] == [guid(5), guid(6)]


def test_a_setting_that_no_request_touches_may_be_changed_since() -> None:
    directory = used()
    files = asked(wanted(directory))
    directory.policies[0]["state"] = "disabled"
    directory.carry_out(files)
    assert directory.policies[0]["state"] == "disabled"
    assert not listed(asked(wanted(directory)))


def test_exclusions_in_another_order_are_the_same() -> None:
    directory = Directory(register())
    policy = directory.add_policy("Require MFA", excludeGroups=[guid(7), guid(6)])
    files = asked(wanted(directory))
    policy["conditions"]["users"]["excludeGroups"].reverse()
    directory.carry_out(files)
    assert not listed(asked(wanted(directory)))


def test_what_was_carried_out_already_is_carried_out_again_without_harm() -> None:
    directory = used()
    files = asked(wanted(directory))
    given_ = directory.carry_out(files)
    after = directory.state()
    assert directory.carry_out(files, **given_) == given_
    assert directory.state() == after


def test_every_request_that_changes_what_is_there_says_what_that_was_and_where_it_is_read() -> None:
    directory = carried_out(used())
    directory.strengths[-1]["allowedCombinations"] = ["fido2", "password,sms"]
    directory.policies[-1]["conditions"]["clientAppTypes"] = ["browser"]
    directory.fido2 = fido2(state="disabled")
    directory.users[0]["passwordPolicies"] = "DisableStrongPassword"
    directory.add_policy("New")
    files = exported(wanted(directory))
    for index in (REQUESTS, ROLLBACK):
        changing = listed(files, index)
        assert len(changing) == 5
        assert all(it["was"] in files and it["reads"] for it in changing)


# --- Rolled back


def test_a_roll_back_of_what_was_never_deployed_changes_nothing() -> None:
    directory = used()
    files = asked(wanted(directory))
    before = directory.state()
    directory.take_back(files, {})
    assert directory.state() == before


def test_what_somebody_changed_after_deploy_is_left_alone_and_the_rest_is_taken_back() -> None:
    directory = used()
    before = directory.state()
    files = asked(wanted(directory))
    tokens = directory.carry_out(files)
    users = directory.policies[0]["conditions"]["users"]
    users["excludeGroups"] = [*users["excludeGroups"], guid(77)]
    directory.take_back(files, tokens)
    assert guid(77) in users["excludeGroups"]
    users["excludeGroups"] = [guid(7)]
    assert directory.state() == before


def test_what_was_there_already_when_deploy_came_is_not_taken_back() -> None:
    directory = used()
    files = asked(wanted(directory))
    directory.authorization["allowedToUseSSPR"] = False
    tokens = directory.carry_out(files)
    directory.take_back(files, tokens)
    assert directory.authorization["allowedToUseSSPR"] is False


# --- What a body says


@given(objects, objects)
def test_an_object_says_what_a_patch_wrote_there(held: Object, body: Object) -> None:
    assert says(patched(held, body), body)


@pytest.mark.parametrize(
    ("now_", "body", "said"),
    [
        ({"a": ["x", "Y"]}, {"a": ["y", "x"]}, True),
        ({"a": ["x", "y", "z"]}, {"a": ["x", "y"]}, False),
        ({"a": None}, {"a": []}, True),
        ({"a": "None"}, {"a": None}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": {"b": 1}}, {"a": None}, False),
        ({"a": [{"id": "x", "b": 1}]}, {"a": [{"id": "x"}]}, False),
        ({"a": True}, {"a": False}, False),
        ({"a": "x"}, {"a@odata.type": "y", "a": "X"}, True),
        ({}, {"a": "x"}, False),
    ],
)
def test_what_is_the_same_and_what_is_not(now_: Object, body: Object, *, said: bool) -> None:
    assert says(now_, body) is said


# --- Until when


def test_it_is_to_be_carried_out_within_a_week_of_the_evidence_and_taken_back_at_any_time() -> None:
    it = wanted(used())
    files = exported(replace(it, now=it.now + timedelta(days=2)))
    until = (now() + timedelta(days=7)).replace(microsecond=0)
    assert json.loads(files[REQUESTS])["until"] == f"{until:%Y-%m-%dT%H:%M:%SZ}"
    assert json.loads(files[ROLLBACK])["until"] is None


def test_without_evidence_it_is_a_week_from_the_export() -> None:
    assert wanted().until == now() + timedelta(days=7)


# --- The role


def with_role(**fields: str) -> tuple[Directory, Register]:
    """A tenant whose first account was made administrator after the export that is carried out."""
    its = decided(C4="direct")
    directory = used()
    directory.roles.append(role(ACCOUNTS[0]) | fields)
    return directory, its


def permanent(directory: Directory) -> list[str]:
    return [
        it["principalId"]
        for it in directory.roles
        if it["directoryScopeId"] == "/" and it["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
    ]


def test_a_role_in_an_administrative_unit_is_not_the_one_that_is_wanted() -> None:
    directory, its = with_role(directoryScopeId="/administrativeUnits/1")
    directory.carry_out(asked(wanted(used(), its)))
    assert sorted(permanent(directory)) == sorted(ACCOUNTS)


def test_a_role_that_is_there_for_good_is_not_assigned_again() -> None:
    directory, its = with_role()
    directory.carry_out(asked(wanted(used(), its)))
    assert sorted(permanent(directory)) == sorted(ACCOUNTS)


def test_a_role_that_was_activated_for_some_hours_is_in_the_way() -> None:
    directory, its = with_role()
    directory.activated.append(directory.roles[0]["id"])
    with pytest.raises(PassingError):
        directory.carry_out(asked(wanted(used(), its)))


# --- Spare keys


def with_spare(its: Register) -> Register:
    its = its.copy()
    first = next(iter(its.keys.values()))
    its.keys = {**its.keys, "K9": replace(first, id="K9", credential=None)}
    return its


def test_a_spare_key_without_a_passkey_keeps_the_own_policy_from_nothing() -> None:
    its = with_spare(seen(now() - timedelta(hours=4)))
    assert carried_out(with_passkeys(), its).policies[-1]["state"] == "enabled"


def test_the_own_policy_only_reports_while_an_account_has_no_key_with_a_passkey() -> None:
    its = seen(now() - timedelta(hours=4)).copy()
    its.keys = {
        name: replace(key, credential=None) if key.account == "bg2" else key
        for name, key in its.keys.items()
    }
    directory = with_passkeys()
    assert "no key has a passkey for bg2 yet" in notes(wanted(directory, its), "own-policy")
    carried_out(directory, its)
    assert directory.policies[-1]["state"] == "enabledForReportingButNotEnforced"


# --- Names


def test_the_action_group_has_a_name_of_its_own_and_none_that_a_guide_uses_as_an_example() -> None:
    its = json.loads(exported(wanted())["azure/action-group.json"])["resources"][0]
    assert its["name"] == Names().action_group
    assert its["name"].startswith("emergency-access-")

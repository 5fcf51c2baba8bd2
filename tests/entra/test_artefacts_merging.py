"""Whatever a tenant has: nobody loses a passkey, a target or an exclusion by an export."""

import copy
from collections.abc import Iterator
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.entra.artefacts.merging import bare, before, over, same
from keyvault_kit.entra.artefacts.passkeys import MOST
from tests.custody.rules.tenants import register
from tests.entra.directory import Directory, Object, guid, plain
from tests.entra.making import asked, carried_out, wanted

OURS: Final = tuple(sorted({key.aaguid for key in register().keys.values()}))
MODELS: Final = (*OURS, *(guid(it) for it in range(20, 24)))
GROUPS: Final = (*(guid(it) for it in range(30, 33)), "all_users")
PROFILES: Final = tuple(guid(it) for it in range(40, 43))

models = st.lists(st.sampled_from(MODELS), unique=True)


@st.composite
def restrictions(draw: st.DrawFn) -> Object:
    return {
        "isEnforced": draw(st.booleans()),
        "enforcementType": draw(st.sampled_from(["allow", "block"])),
        "aaGuids": [it.upper() if draw(st.booleans()) else it for it in draw(models)],
    }


@st.composite
def targets(draw: st.DrawFn, profiles: tuple[str, ...] = ()) -> list[Object]:
    made = []
    for group in draw(st.lists(st.sampled_from(GROUPS), unique=True)):
        target: Object = {"targetType": "group", "id": group, "isRegistrationRequired": False}
        if profiles:
            allowed = draw(st.lists(st.sampled_from(profiles), unique=True))
            target |= {"allowedPasskeyProfiles": allowed, "aFieldOfTomorrow": draw(st.integers())}
        made.append(target)
    return made


@st.composite
def passkey_methods(draw: st.DrawFn) -> Object:
    """The policy of the passkey method, with or without profiles."""
    ids = tuple(draw(st.lists(st.sampled_from(PROFILES), unique=True)))
    profiles = [
        {
            "id": it,
            "name": f"Profile {it[-2:]}",
            "passkeyTypes": "deviceBound,synced",
            "attestationEnforcement": draw(st.sampled_from(["disabled", "registrationOnly"])),
            "keyRestrictions": draw(restrictions()),
        }
        for it in ids
    ]
    fields: Object = {"passkeyProfiles": profiles, "defaultPasskeyProfile": ids[0]} if ids else {}
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": draw(st.sampled_from(["enabled", "disabled"])),
        "isAttestationEnforced": draw(st.booleans()),
        "keyRestrictions": draw(restrictions()),
        "includeTargets": draw(targets(ids)),
        "excludeTargets": draw(targets()),
        **fields,
    }


def signs_in(method: Object, group: str, model: str) -> bool:
    """Whether somebody in that group, and in no other, may use that model."""
    if method["state"] != "enabled" or group in {it["id"] for it in method["excludeTargets"]}:
        return False
    mine = [it for it in method["includeTargets"] if it["id"] in {group, "all_users"}]
    return bool(mine) and any(_takes(it, model) for it in _restrictions_on(method, mine))


def _restrictions_on(method: Object, mine: list[Object]) -> Iterator[Object]:
    profiles = {it["id"]: it["keyRestrictions"] for it in method.get("passkeyProfiles") or ()}
    if not profiles:
        yield method["keyRestrictions"]
        return
    for target in mine:
        allowed = target["allowedPasskeyProfiles"] or [method["defaultPasskeyProfile"]]
        yield from (profiles[it] for it in allowed)


def _takes(restrictions: Object, model: str) -> bool:
    named = model in {it.lower() for it in restrictions["aaGuids"]}
    return not restrictions["isEnforced"] or named is (restrictions["enforcementType"] == "allow")


def having(method: Object) -> Directory:
    """A tenant with that policy of the passkey method, which it may change."""
    directory = Directory(register())
    directory.fido2 = copy.deepcopy(method)
    return directory


@given(passkey_methods())
def test_who_could_use_a_passkey_still_can_and_our_keys_can_as_well(present: Object) -> None:
    directory = having(present)
    could = {
        (group, model) for group in GROUPS for model in MODELS if signs_in(present, group, model)
    }
    after = carried_out(directory).fido2
    assert all(signs_in(after, group, model) for group, model in could)
    shut_out = "all_users" in {it["id"] for it in after["excludeTargets"]}
    group = directory.groups[-1]["id"]
    assert shut_out or all(signs_in(after, group, model) for model in OURS)


@given(passkey_methods())
def test_nothing_that_stood_in_the_passkey_method_is_lost(present: Object) -> None:
    directory = having(present)
    after = carried_out(directory).fido2
    assert after["excludeTargets"] == present["excludeTargets"]
    assert after["isAttestationEnforced"] == present["isAttestationEnforced"]
    assert after["includeTargets"][: len(present["includeTargets"])] == present["includeTargets"]
    for one, other in zip(_profiles(present), _profiles(after), strict=False):
        full = len(_profiles(present)) == MOST and one["id"] == present["defaultPasskeyProfile"]
        assert one == (other | {"keyRestrictions": one["keyRestrictions"]} if full else other)


@given(passkey_methods())
def test_restrictions_that_are_not_enforced_are_left_alone(present: Object) -> None:
    directory = having(present)
    after = carried_out(directory).fido2
    for one, other in zip(_all_restrictions(present), _all_restrictions(after), strict=False):
        assert one["isEnforced"] or one == other


def _all_restrictions(method: Object) -> list[Object]:
    return [method["keyRestrictions"], *(it["keyRestrictions"] for it in _profiles(method))]


def _profiles(method: Object) -> list[Object]:
    return method.get("passkeyProfiles") or []


@given(passkey_methods())
def test_a_second_export_leaves_the_passkey_method_alone(present: Object) -> None:
    directory = having(present)
    carried_out(directory)
    again = asked(wanted(directory))
    assert not [name for name in again if name.endswith("passkey-method.json")]


ids = st.lists(st.sampled_from([guid(it) for it in range(50, 56)]), unique=True)


@given(st.lists(st.tuples(ids, ids, ids), max_size=4))
def test_no_policy_loses_an_exclusion_and_none_but_exclusions_change(
    policies: list[tuple[list[str], list[str], list[str]]],
) -> None:
    directory = Directory(register())
    for users, groups, roles in policies:
        directory.add_policy("P", excludeUsers=users, excludeGroups=groups, excludeRoles=roles)
    was = directory.state()["policies"] if policies else []
    carried_out(directory)
    group = directory.groups[-1]["id"]
    now = directory.state()["policies"]
    for one, other in zip(was, now, strict=False):
        users = other["conditions"]["users"]
        had = one["conditions"]["users"].get("excludeGroups", [])
        assert users["excludeGroups"] == [*had, group]
        users["excludeGroups"] = had
        assert plain(other) == one


# --- Merging itself

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=8,
)
objects = st.dictionaries(st.text("abcd", min_size=1, max_size=1), json_values, max_size=4)


def patched(held: Object, body: Object) -> Object:
    """What Graph makes of a PATCH."""
    merged = dict(held)
    for key, value in body.items():
        nested = isinstance(value, dict) and isinstance(held.get(key), dict)
        merged[key] = patched(held[key], value) if nested else value
    return merged


@given(objects, objects)
def test_an_object_that_is_merged_over_says_what_is_wanted_and_nothing_else(
    held: Object, wanted_: Object
) -> None:
    assert bare(patched(held, over(held, wanted_))) == bare(wanted_)


@given(objects, objects)
def test_what_was_before_takes_a_patch_back(held: Object, body: Object) -> None:
    assert same(patched(patched(held, body), before(held, body)), held)

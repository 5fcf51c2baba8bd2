"""The policy of the passkey method: our keys are let in, and nobody else's are shut out (S19, S21).

What stands there stays: targets, exclusions, restrictions, attestation. Where models are allowed by
name, ours are added; where they are blocked by name, ours are taken off; where nothing is
restricted, nothing is. Where the tenant has passkey profiles, the group gets one of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.rules.policies import ENABLED
from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.artefacts import present
from keyvault_kit.entra.artefacts.change import Body, Call, Change, moves
from keyvault_kit.entra.artefacts.merging import before, changed, has, with_all, without
from keyvault_kit.entra.artefacts.wanted import Wanted

URL: Final = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"
READS: Final = URL.replace("/v1.0/", "/beta/")
"""Profiles stand there for certain."""
TYPE: Final = "#microsoft.graph.fido2AuthenticationMethodConfiguration"

ALL_USERS: Final = "all_users"

PROFILE: Final = str(uuid5(NAMESPACE_URL, "https://keyvault-kit/passkey-profile"))
"""The id of the profile that is made: whoever makes one chooses it, and it must be a GUID."""

MOST: Final = 3
"""Profiles that a tenant may have, the default one included."""


def changes(it: Wanted) -> Iterator[Change]:
    """The policy of the method (step 3)."""
    change = Change(
        name="passkey-method", title="The passkey method", step=3, serves=("S19", "S21")
    )
    if it.facts is None:
        yield _unseen(change)
        return
    held = present.the_object(it, "fido2Configuration")
    wanted = _with_profile(it, held) if _has_profiles(held) else _restricted(it, held)
    body = changed(held, wanted)
    change = replace(change, notes=tuple(_notes(it, held)))
    if not body:
        yield change
        return
    body = {"@odata.type": TYPE} | body
    yield replace(
        change,
        call=Call(method="PATCH", url=URL, body=body),
        undo=Call(method="PATCH", url=URL, body=before(held, body)),
        reads=READS,
        moves=moves(held, body),
    )


def _unseen(change: Change) -> Change:
    """The method is enabled, and all else is left as every tenant comes with it."""
    body = {"@odata.type": TYPE, "state": ENABLED}
    note = (
        "Nothing is known of who may use passkeys and of which models: a new tenant lets everybody"
        " use all. Where that was changed, export again with evidence."
    )
    return replace(
        change,
        call=Call(method="PATCH", url=URL, body=body),
        moves=moves({}, body),
        notes=(note, "It is not known what was there, so no roll-back is written for it."),
    )


def _has_profiles(held: Body) -> bool:
    return bool(held.get("passkeyProfiles") or held.get("defaultPasskeyProfile"))


def _restricted(it: Wanted, held: Body) -> dict[str, Any]:
    """The policy without profiles, as it should be."""
    wanted: dict[str, Any] = {"state": ENABLED, "includeTargets": _targets(it, held)}
    if held.get("keyRestrictions"):
        wanted["keyRestrictions"] = _letting_in(it, held["keyRestrictions"])
    return wanted


def _targets(it: Wanted, held: Body) -> list[Any]:
    """Those who may use passkeys, and the group if none of them is everybody, or is it already."""
    targets = list(held.get("includeTargets") or ())
    if has((str(its.get("id")) for its in targets), ALL_USERS) or _target_of(it, targets):
        return targets
    return [*targets, _target(it)]


def _target(it: Wanted) -> dict[str, Any]:
    return {"targetType": "group", "id": present.group_id(it), "isRegistrationRequired": False}


def _target_of(it: Wanted, targets: Sequence[Body]) -> Body | None:
    """The target that is our group, if there is one."""
    mine = present.group(it)
    return next((its for its in targets if mine and present.same_id(its, mine.id)), None)


def _letting_in(it: Wanted, restrictions: Mapping[str, Any]) -> dict[str, Any]:
    """Restrictions that take our models besides all that they took before."""
    models = list(restrictions.get("aaGuids") or ())
    if restrictions.get("isEnforced"):
        allows = restrictions.get("enforcementType") == "allow"
        models = with_all(models, it.aaguids()) if allows else without(models, it.aaguids())
    return {**restrictions, "aaGuids": models}


# --- Passkey profiles


def _with_profile(it: Wanted, held: Body) -> dict[str, Any]:
    """The policy with a profile of our own, which is the group's; the others stay as they are."""
    profiles = list(held.get("passkeyProfiles") or ())
    mine = _own_profile(it, profiles) or _default_if_full(held, profiles)
    if mine is None:
        mine = _profile(it)
        profiles.append(mine)
    else:
        restrictions = _letting_in(it, mine.get("keyRestrictions") or {})
        profiles[profiles.index(mine)] = {**mine, "keyRestrictions": restrictions}
    return {
        "state": ENABLED,
        "includeTargets": _profiled_targets(it, held, str(mine["id"])),
        "passkeyProfiles": profiles,
    }


def _own_profile(it: Wanted, profiles: Sequence[Body]) -> Body | None:
    """The profile that was made for the group: by its id, or by the group's name."""
    names = {it.names.group.casefold(), it.marked(it.names.group).casefold()}
    by_id = (its for its in profiles if present.same_id(its, PROFILE))
    by_name = (its for its in profiles if str(its.get("name")).casefold() in names)
    return next(by_id, None) or next(by_name, None)


def _default_if_full(held: Body, profiles: Sequence[Body]) -> Body | None:
    """The default profile, where there may be no further one: our models are let in there."""
    default = str(held.get("defaultPasskeyProfile"))
    found = (its for its in profiles if present.same_id(its, default))
    return next(found, None) if len(profiles) >= MOST else None


def _profile(it: Wanted) -> dict[str, Any]:
    return {
        "id": PROFILE,
        "name": it.marked(it.names.group),
        "passkeyTypes": "deviceBound",
        "attestationEnforcement": "registrationOnly",
        "keyRestrictions": {
            "isEnforced": True,
            "enforcementType": "allow",
            "aaGuids": list(it.aaguids()),
        },
    }


def _profiled_targets(it: Wanted, held: Body, profile: str) -> list[Any]:
    targets = list(held.get("includeTargets") or ())
    mine = _target_of(it, targets)
    if mine is None:
        return [*targets, _target(it) | {"allowedPasskeyProfiles": [profile]}]
    allowed = with_all(mine.get("allowedPasskeyProfiles") or (), [profile])
    targets[targets.index(mine)] = {**mine, "allowedPasskeyProfiles": allowed}
    return targets


# --- What people should know


def _notes(it: Wanted, held: Body) -> Iterator[str]:
    if held.get("state") != ENABLED:
        yield "The method was off. It is on then for everybody whom its targets name."
    restrictions = held.get("keyRestrictions") or {}
    if restrictions.get("isEnforced") and restrictions.get("enforcementType") == "block":
        ours = [its for its in restrictions.get("aaGuids") or () if has(it.aaguids(), its)]
        if ours and not _has_profiles(held):
            yield (
                f"Models that we hold were blocked here: {listed(ours)}. Find out why before they"
                " are let in for everybody."
            )
    if _is_for_groups(it, held):
        yield (
            "Passkeys are for certain groups here: the keys can be registered (step 3) only once"
            " the accounts are in theirs (step 8)."
        )
    if not _has_profiles(held) and not held.get("isAttestationEnforced"):
        yield (
            "The tenant does not ask new passkeys for attestation (S19), and that stays so, since"
            " it counts for everybody. The kit verified that of our keys."
        )
    if _has_profiles(held):
        yield from _about_profiles(it, held.get("passkeyProfiles") or ())
    yield from _left_out(it, held)


def _is_for_groups(it: Wanted, held: Body) -> bool:
    """Whether an account is in none of the groups that may use passkeys now."""
    named = [str(its.get("id")) for its in held.get("includeTargets") or ()]
    return not has(named, ALL_USERS) and any(
        not any(has(named, its) for its in _names_of(it, account, joined=False))
        for account in it.accounts()
    )


def _about_profiles(it: Wanted, profiles: Sequence[Body]) -> Iterator[str]:
    if len(profiles) >= MOST and not _own_profile(it, profiles):
        yield (
            f"There are {len(profiles)} profiles, and a tenant may have {MOST}: our models are let"
            " in by the default one, for everybody whom that is for."
        )
    else:
        yield (
            "Who is in several profiles may use what any of them allows: the group's profile takes"
            " nothing from anybody."
        )


def _left_out(it: Wanted, held: Body) -> Iterator[str]:
    """Accounts that the method is not enabled for, whatever the targets are."""
    excluded = [str(its.get("id")) for its in held.get("excludeTargets") or ()]
    for account in it.accounts():
        if any(has(excluded, its) for its in _names_of(it, account, joined=True)):
            yield (
                f"Account {account.id} is among those for whom the method is off, and that stays"
                " so: take it out of there yourself (S21)."
            )


def _names_of(it: Wanted, account: Account, *, joined: bool) -> set[str]:
    """What a target may name to mean an account: itself, or a group that it is in.

    Args:
        joined: Whether it counts as in its own group, which it will be in.
    """
    own, mine = account.object_id or "-", present.group(it)
    groups = it.facts.groups_of(own) if it.facts else None
    return {own, *(groups or ()), *([mine.id] if mine and joined else [])}

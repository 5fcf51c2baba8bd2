"""Every other Conditional Access policy, and that the accounts are excluded from it (S25; step 4).

Each PATCH names nothing but the exclusions: those that are there, and the group after them. Graph
leaves alone what a PATCH does not name. A policy in whatever state is changed, since it may be
switched on any day. What was decided on C2 counts:

- `all-but-own`, `all`: the group is excluded; from its own policy, too, where it is `all`.
- `one-account`: the first account is excluded, and no other.
- `required-by-policy`: the group is excluded where more is asked for than a passkey, or one of a
  model that we do not have.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from keyvault_kit.custody.rules.policies import opens_to_a_key
from keyvault_kit.custody.tenant import ConditionalAccessPolicy
from keyvault_kit.entra.artefacts import present
from keyvault_kit.entra.artefacts.change import Body, Call, Change, moves
from keyvault_kit.entra.artefacts.merging import has, with_all
from keyvault_kit.entra.artefacts.own_policy import POLICIES
from keyvault_kit.entra.artefacts.wanted import Wanted

NOBODY: Final = "None"
"""How Conditional Access writes that a policy counts for no user."""

_UNSEEN: Final = (
    "Nothing is known of them, so nobody is excluded from any. Where the tenant has one, security"
    " defaults included, export again with evidence."
)


def changes(it: Wanted) -> Iterator[Change]:
    """The policies, in the order of the evidence."""
    if it.facts is None:
        yield Change(
            name="exclude",
            title="The other Conditional Access policies",
            step=4,
            serves=("S25",),
            notes=(_UNSEEN,),
        )
        return
    own = {its.id for its in present.own_of(it)} if it.choice("C2") != "all" else set()
    for policy in it.facts.conditional_access_policies or ():
        if policy.id not in own and not _may_count(it, policy):
            yield _excluded(it, policy)


def _may_count(it: Wanted, policy: ConditionalAccessPolicy) -> bool:
    """Whether the accounts may be under a policy, as it was decided: any of their keys opens it."""
    strengths = (it.facts and it.facts.authentication_strengths) or ()
    required = it.choice("C2") == "required-by-policy"
    return required and bool(opens_to_a_key(policy, strengths, it.aaguids()))


def _excluded(it: Wanted, policy: ConditionalAccessPolicy) -> Change:
    held = present.the_object(it, "conditionalAccessPolicies", policy.id)
    users = (held.get("conditions") or {}).get("users") or {}
    change = Change(
        name=f"exclude-{policy.id}",
        title=f"The policy {policy.display_name!r} ({policy.state})",
        step=4,
        serves=("S25",),
        notes=tuple(_notes(it, policy, users)),
    )
    if _counts_for_nobody(users) or _is_excluded(it, users):
        return change
    kind, thing = _whom(it)
    was = {kind: list(users.get(kind) or ())}
    body = {kind: with_all(was[kind], [thing])}
    one = f"{POLICIES}/{it.address(str(held['id']))}"
    call, undo = (
        Call(method="PATCH", url=one, body={"conditions": {"users": its}}) for its in (body, was)
    )
    return replace(change, call=call, undo=undo, moves=moves(was, body, "conditions.users."))


def _whom(it: Wanted) -> tuple[str, str]:
    """What is excluded: the property that it stands in, and its id."""
    if it.choice("C2") == "one-account":
        return "excludeUsers", it.object_id(it.accounts()[0])
    return "excludeGroups", present.group_id(it)


def _is_excluded(it: Wanted, users: Body) -> bool:
    """Whether it is already: the group, or each account that it is about by its own id."""
    if it.choice("C2") == "one-account":
        return has(users.get("excludeUsers") or (), it.accounts()[0].object_id or "-")
    mine = present.group(it)
    if mine and has(users.get("excludeGroups") or (), mine.id):
        return True
    named = users.get("excludeUsers") or ()
    return all(has(named, account.object_id or "-") for account in it.accounts())


def _counts_for_nobody(users: Body) -> bool:
    """Whether it is about applications, or nobody, so that there is nobody to exclude."""
    included = users.get("includeUsers") or ()
    elsewhere = ("includeGroups", "includeRoles", "includeGuestsOrExternalUsers")
    return not any(users.get(its) for its in elsewhere) and list(included) in ([], [NOBODY])


def _notes(it: Wanted, policy: ConditionalAccessPolicy, users: Body) -> Iterator[str]:
    if _counts_for_nobody(users):
        yield "It counts for no user, so there is nobody to exclude."
        return
    mine = present.group(it)
    named = [a.id for a in it.accounts() if has(policy.include_users, a.object_id or "-")]
    if mine and has(policy.include_groups, mine.id):
        named.append(f"the group {mine.display_name!r}")
    if named:
        yield f"It includes by name what is excluded: {', '.join(named)}. Find out what it is for."

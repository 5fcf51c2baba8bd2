"""What the tenant has already: its group, strength and policy for the accounts, and their objects.

An object is ours if it has our name, or else our shape: a group of nobody but the accounts, a
policy for nobody else. Found by name with another shape, it is refused rather than bent: somebody
made it for something.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

from keyvault_kit.custody.rules.policies import own_policies
from keyvault_kit.custody.rules.rule import own_groups
from keyvault_kit.custody.tenant import AuthenticationStrength, ConditionalAccessPolicy, Group
from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.artefacts import tokens
from keyvault_kit.entra.artefacts.merging import has
from keyvault_kit.entra.artefacts.wanted import Wanted
from keyvault_kit.errors import InputError

T = TypeVar("T", Group, AuthenticationStrength, ConditionalAccessPolicy)

Object = Mapping[str, Any]

_KEPT: Final = 4
"""Exports for which it is kept what was found: each is asked for it again and again."""


def the_object(it: Wanted, kind: str, object_id: str = "") -> Object:
    """An object as the tenant gave it, by its id; the only one of its kind where none is named.

    Raises:
        InputError: The evidence does not have it.
    """
    for found in it.objects.get(kind, ()):
        if not object_id or same_id(found, object_id):
            return found
    raise InputError(
        f"the evidence tells of {kind} {object_id}, but does not hold it".replace("  ", " "),
        mend="Export the evidence again, whole.",
    )


def same_id(found: Object, object_id: str) -> bool:
    """Whether an object has that id, in whatever case."""
    return has([str(found.get("id", ""))], object_id)


@lru_cache(maxsize=_KEPT)
def group(it: Wanted) -> Group | None:
    """The group of the accounts, if the tenant has one (S8); it may be empty yet.

    Raises:
        InputError: Several might be it, or the one of that name cannot carry a role.
    """
    if it.facts is None or it.facts.groups is None:
        return None
    found = _one(it, "group", it.names.group, _groups(it, it.facts.groups), _own_groups(it))
    if found and not (found.is_assignable_to_role and found.security_enabled):
        raise InputError(
            f"the group {found.display_name!r} of the tenant cannot carry a role",
            mend="That cannot be changed any more. Rename or delete it at the tenant, or choose"
            " another name: --name group=...",
        )
    return found


def _groups(it: Wanted, known: Sequence[Group]) -> tuple[Group, ...]:
    """The groups of the accounts, and all others that the evidence has."""
    ours = {its.id for its in known}
    others = (its for its in it.objects.get("groups", ()) if str(its.get("id")).lower() not in ours)
    return (
        *known,
        *(
            Group(
                id=str(its.get("id")).lower(),
                display_name=str(its.get("displayName") or ""),
                security_enabled=bool(its.get("securityEnabled")),
                is_assignable_to_role=bool(its.get("isAssignableToRole")),
            )
            for its in others
        ),
    )


def _own_groups(it: Wanted) -> Sequence[Group]:
    """Groups of nobody but the accounts, which can carry a role."""
    ours = own_groups(it.register, it.facts) or ()
    return [its for its in ours if its.is_assignable_to_role and its.security_enabled]


@lru_cache(maxsize=_KEPT)
def strength(it: Wanted) -> AuthenticationStrength | None:
    """The authentication strength of the accounts' own policy, if the tenant has one (S22).

    Raises:
        InputError: Several might be it, or policies of others require it as well.
    """
    if it.facts is None or it.facts.authentication_strengths is None:
        return None
    mine = policy(it)
    wanted = mine.authentication_strength if mine else ""
    held = it.facts.authentication_strengths
    custom = [its for its in held if its.id == wanted and _is_custom(it, its)]
    found = _one(it, "strength", it.names.strength, held, custom)
    others = [
        its.display_name
        for its in it.facts.conditional_access_policies or ()
        if found and its.authentication_strength == found.id and (not mine or its.id != mine.id)
    ]
    if found and others:
        raise InputError(
            f"the authentication strength {found.display_name!r} is required by other policies as"
            f" well: {listed(others)}",
            mend="A strength for the accounts alone needs a name of its own: --name strength=...",
        )
    return found


def _is_custom(it: Wanted, its: AuthenticationStrength) -> bool:
    """Whether a strength is the organisation's, and not one that every tenant comes with."""
    return the_object(it, "authenticationStrengthPolicies", its.id).get("policyType") != "builtIn"


@lru_cache(maxsize=_KEPT)
def policy(it: Wanted) -> ConditionalAccessPolicy | None:
    """The accounts' own Conditional Access policy, if the tenant has one (S26).

    Raises:
        InputError: Several might be it, or the one of that name counts for others as well.
    """
    if it.facts is None or it.facts.conditional_access_policies is None:
        return None
    own = own_of(it)
    found = _one(it, "policy", it.names.policy, it.facts.conditional_access_policies, own)
    if found and found.id not in {its.id for its in own}:
        raise InputError(
            f"the policy {found.display_name!r} of the tenant counts for others as well",
            mend="Choose another name for the accounts' own: --name policy=...",
        )
    return found


@lru_cache(maxsize=_KEPT)
def own_of(it: Wanted) -> tuple[ConditionalAccessPolicy, ...]:
    """The policies that count for nobody but the accounts; their group may still be empty."""
    if it.facts is None:
        return ()
    mine = group(it)
    ours = own_policies(it.register, it.facts) or ()
    known = {its.id for its in ours}
    held = it.facts.conditional_access_policies or ()
    alone = [
        its
        for its in held
        if mine and its.include_groups == (mine.id,) and not its.include_users + its.include_roles
    ]
    return (*ours, *(its for its in alone if its.id not in known))


def _one(it: Wanted, word: str, name: str, held: Iterable[T], shaped: Sequence[T]) -> T | None:
    """The one of that name; without any, the one of that shape.

    Raises:
        InputError: There are several.
    """
    names = {name.casefold(), it.marked(name).casefold()}
    named = [its for its in held if its.display_name.casefold() in names]
    found = named or list(shaped)
    if len(found) > 1:
        raise InputError(
            f"the tenant has {len(found)} that might be the accounts' own {word}:"
            f" {listed(repr(its.display_name) for its in found)}",
            mend=f"Rename or delete what is not, or say which: --name {word}=...",
        )
    return found[0] if found else None


def group_id(it: Wanted) -> str:
    """The id of the group as it stands in files: the tenant's, or else its token."""
    found = group(it)
    return it.address(found.id) if found else tokens.token(tokens.GROUP)

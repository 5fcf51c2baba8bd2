"""Which Conditional Access policies meet an account, and what they ask of it.

Shared by the rules on authentication and on Conditional Access (S23 to S27).
"""

from collections.abc import Collection, Iterable
from typing import Final

from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import own_groups
from keyvault_kit.custody.tenant import (
    ALL,
    FIDO2,
    GLOBAL_ADMINISTRATOR,
    AuthenticationStrength,
    ConditionalAccessPolicy,
    TenantAccount,
    TenantFacts,
)

ENABLED: Final = "enabled"

PHISHING_RESISTANT: Final = frozenset(
    {FIDO2, "windowsHelloForBusiness", "x509CertificateMultiFactor"}
)
"""The combinations of a strength that cannot be phished (S23)."""

_ANY_CLIENT: Final = ((), ("all",))
"""How Conditional Access writes that it does not matter by which application somebody comes."""


def meets(policy: ConditionalAccessPolicy, seen: TenantAccount, groups: frozenset[str]) -> bool:
    """Whether a policy, if it were on, would count for an account in these groups.

    An account of which no role is known counts as the administrator that it is meant to be (S3). A
    role that passes takes it out of no policy: when the role is gone, the policy counts again.
    """
    assigned = seen.role_assignments or ()
    roles = {it.role_definition_id for it in assigned if not it.eligible}
    lasting = {it.role_definition_id for it in assigned if it.lasting}
    included = (
        ALL in policy.include_users
        or seen.id in policy.include_users
        or not groups.isdisjoint(policy.include_groups)
        or not (roles | {GLOBAL_ADMINISTRATOR}).isdisjoint(policy.include_roles)
    )
    excluded = (
        seen.id in policy.exclude_users
        or not groups.isdisjoint(policy.exclude_groups)
        or not lasting.isdisjoint(policy.exclude_roles)
    )
    return included and not excluded


def own_policies(
    register: Register, tenant: TenantFacts
) -> tuple[ConditionalAccessPolicy, ...] | None:
    """The policies for emergency access accounts alone; None where the evidence does not say."""
    policies, groups = tenant.conditional_access_policies, own_groups(register, tenant)
    if policies is None or groups is None:
        return None
    seen = (tenant.account(it) for it in register.accounts.values())
    ours = {it.id for it in seen if it} | {it.id for it in groups}
    return tuple(it for it in policies if _only(it, ours))


def _only(policy: ConditionalAccessPolicy, ours: set[str]) -> bool:
    included = {*policy.include_users, *policy.include_groups}
    return bool(included) and included <= ours and not policy.include_roles


def strength_of(
    policy: ConditionalAccessPolicy, strengths: Iterable[AuthenticationStrength]
) -> AuthenticationStrength | None:
    """The authentication strength that a policy requires, if the evidence holds it."""
    return next((it for it in strengths if it.id == policy.authentication_strength), None)


def demands(
    policy: ConditionalAccessPolicy,
    strengths: Iterable[AuthenticationStrength],
    combinations: frozenset[str],
) -> bool:
    """Whether nobody gets past a policy without one of these combinations of methods."""
    strength = strength_of(policy, strengths)
    other_ways = policy.operator == "OR" and policy.built_in_controls
    return bool(
        strength
        and strength.allowed_combinations
        and combinations.issuperset(strength.allowed_combinations)
        and not other_ways
    )


def opens_to_a_key(
    policy: ConditionalAccessPolicy,
    strengths: Iterable[AuthenticationStrength],
    models: Collection[str],
) -> bool | None:
    """Whether a security key is all that it takes to get past a policy, of whichever model it is.

    Args:
        models: The AAGUIDs that it may have.

    Returns:
        None where the evidence does not say which models the policy's strength takes.
    """
    strength = strength_of(policy, strengths)
    alone = not policy.built_in_controls and demands(policy, strengths, PHISHING_RESISTANT)
    if not alone or strength is None or FIDO2 not in strength.allowed_combinations:
        return False
    if strength.allowed_aaguids is None:
        return None
    return not left_out(strength, models)


def left_out(strength: AuthenticationStrength, models: Iterable[str]) -> frozenset[str]:
    """The models that a strength does not take; none where it names no model, and takes all."""
    taken = {it.casefold() for it in strength.allowed_aaguids or ()}
    return frozenset(it for it in models if taken and it.casefold() not in taken)


def conditions(policy: ConditionalAccessPolicy) -> list[str]:
    """What a policy looks at beside who signs in to what, in words: else it does not count."""
    found = list(policy.other_conditions)
    if policy.exclude_locations or policy.include_locations not in {(), (ALL,)}:
        found.append("locations")
    if policy.device_filter:
        found.append("devices")
    if policy.client_app_types not in _ANY_CLIENT:
        found.append("client applications")
    return found

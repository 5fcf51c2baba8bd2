"""Rules about Conditional Access: what is in the way, and the accounts' own policy (S25-S27)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.authentication import enrolled
from keyvault_kit.custody.rules.policies import (
    ENABLED,
    conditions,
    demands,
    left_out,
    meets,
    opens_to_a_key,
    own_policies,
    strength_of,
)
from keyvault_kit.custody.rules.rule import Findings, Rule, each_account, unseen
from keyvault_kit.custody.tenant import (
    ALL,
    FIDO2,
    ConditionalAccessPolicy,
    TenantAccount,
    TenantFacts,
)

_HOW_BAD: Final = {
    ENABLED: Severity.HIGH,
    "enabledForReportingButNotEnforced": Severity.MEDIUM,
    "disabled": Severity.LOW,
}
"""A policy in a state that we do not know is taken as one that is on."""

PASSKEYS: Final = frozenset({FIDO2})
BLOCK: Final = "block"
"""The control that lets nobody in."""


# --- Policies of others


def s25(register: Register, tenant: TenantFacts | None, now: datetime) -> Findings:
    """Excluded from the policies that were decided on (C2): from all but its own, by default."""
    own = own_policies(register, tenant) if tenant else None
    if tenant is None or own is None:
        yield unseen("S25", "which policies meet the accounts")
        return
    choice = position(register, "C2", now)
    allowed = () if choice == "all" else own
    judge_one = partial(_s25, register, tenant, allowed, choice)
    if choice != "one-account" or not _clear_of_all(register, tenant, judge_one):
        yield from each_account("S25", "which policies meet {}", judge_one, register, tenant)


def _clear_of_all(
    register: Register,
    tenant: TenantFacts,
    judge_one: Callable[[Account, TenantAccount], list[RuleFinding] | None],
) -> bool:
    """Whether there is an account that no policy meets, by all that the evidence says."""
    seen = ((it, tenant.account(it)) for it in register.accounts.values())
    return any(its is not None and judge_one(account, its) == [] for account, its in seen)


def _s25(
    register: Register,
    tenant: TenantFacts,
    allowed: tuple[ConditionalAccessPolicy, ...],
    choice: str,
    account: Account,
    seen: TenantAccount,
) -> list[RuleFinding] | None:
    groups = tenant.groups_of(seen.id)
    strengths = tenant.authentication_strengths
    if groups is None or (choice == "required-by-policy" and strengths is None):
        return None
    policies = [
        it
        for it in tenant.conditional_access_policies or ()
        if meets(it, seen, groups) and it not in allowed
    ]
    if choice == "required-by-policy":
        models = [it.aaguid for it in enrolled(register, account.id)]
        opens = {it.id: opens_to_a_key(it, strengths or (), models) for it in policies}
        policies = [it for it in policies if opens[it.id] is False]
        if None in opens.values() and not policies:
            return None
    return [_in_the_way(account, it) for it in policies]


def _in_the_way(account: Account, policy: ConditionalAccessPolicy) -> RuleFinding:
    return RuleFinding(
        rule="S25",
        severity=_HOW_BAD.get(policy.state, Severity.HIGH),
        what=f"policy {policy.display_name!r} ({policy.state}) counts for account {account.id}",
        why="A mistake in it, or an outage of what it asks for, locks the account out as well.",
        mend="Exclude the group of the emergency access accounts from it.",
        subject=account.id,
    )


# --- Their own policy


def s26(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Each account meets a policy of its own that asks for passkeys, always and everywhere."""
    own = own_policies(register, tenant) if tenant else None
    if tenant is None or own is None:
        yield unseen("S26", "whether the accounts have a policy of their own")
        return
    for policy in own:
        wrong = _faults(policy, tenant)
        if wrong:
            yield _own_policy(f"policy {policy.display_name!r} {'; '.join(wrong)}")
        yield from _shut_out(policy)
        if tenant.authentication_strengths is None and policy.authentication_strength:
            yield unseen("S26", f"which methods the strength of {policy.display_name!r} takes")
        yield from _models(register, policy, tenant)
    what = "whether a policy for emergency access alone counts for {}"
    yield from each_account("S26", what, partial(_s26, tenant, own), register, tenant)


def _s26(
    tenant: TenantFacts,
    own: tuple[ConditionalAccessPolicy, ...],
    account: Account,
    seen: TenantAccount,
) -> Iterable[RuleFinding] | None:
    groups = tenant.groups_of(seen.id)
    if groups is None:
        return None
    if any(meets(it, seen, groups) for it in own):
        return ()
    return [_own_policy(f"account {account.id} has no policy of its own", account.id)]


def _faults(policy: ConditionalAccessPolicy, tenant: TenantFacts) -> list[str]:
    """What is other than it should be in the accounts' own policy."""
    excluded = (*policy.exclude_users, *policy.exclude_groups, *policy.exclude_roles)
    every_app = policy.include_applications == (ALL,) and not policy.exclude_applications
    strengths = tenant.authentication_strengths
    passkeys_only = strengths is None or demands(policy, strengths, PASSKEYS)
    checks = {
        f"is {policy.state}": policy.state != ENABLED,
        "has exclusions": bool(excluded),
        "does not count for all applications": not every_app,
        "requires no authentication strength": not policy.authentication_strength,
        "does not require passkeys alone": bool(policy.authentication_strength)
        and not passkeys_only,
        "does not ask at every sign-in": policy.sign_in_frequency_interval != "everyTime",
        "keeps browsers signed in": policy.persistent_browser_mode != "never",
    }
    return [words for words, wrong in checks.items() if wrong]


def _shut_out(policy: ConditionalAccessPolicy) -> Iterator[RuleFinding]:
    """Whether a policy asks for what no key in a safe can give."""
    controls = policy.built_in_controls
    if BLOCK in controls:
        what = f"policy {policy.display_name!r} blocks the accounts that it is for"
    elif controls and policy.operator == "AND":
        what = f"policy {policy.display_name!r} asks for more than a passkey: {', '.join(controls)}"
    else:
        return
    yield RuleFinding(
        rule="S26",
        severity=Severity.HIGH,
        what=what,
        why="The keys in the safes then open nothing.",
        mend="Let it require the strength of passkeys, and nothing else.",
    )


def _models(register: Register, policy: ConditionalAccessPolicy, tenant: TenantFacts) -> Findings:
    """The keys of which the strength that a policy requires does not take the model."""
    strength = strength_of(policy, tenant.authentication_strengths or ())
    if strength is None:
        return
    if strength.allowed_aaguids is None:
        yield unseen("S26", f"which models of keys strength {strength.display_name!r} takes")
        return
    for key in (it for account in register.accounts for it in enrolled(register, account)):
        if left_out(strength, [key.aaguid]):
            yield RuleFinding(
                rule="S26",
                severity=Severity.HIGH,
                what=f"strength {strength.display_name!r} of policy {policy.display_name!r} does"
                f" not take the model of key {key.id}",
                why="The key lies in its safe and does not sign in.",
                mend="Add its AAGUID to the strength: 'entra export' has it.",
                subject=key.id,
            )


def _own_policy(what: str, subject: str = "") -> RuleFinding:
    return RuleFinding(
        rule="S26",
        severity=Severity.HIGH,
        what=what,
        why="Excluded from all others, the account is then protected by its password alone, or by"
        " less than the keys in the safes.",
        mend="Give the group one policy: all applications, passkeys only, sign-in every time,"
        " never persistent, on.",
        subject=subject,
    )


def s27(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Their own policy has few conditions; where it takes more than passkeys, it needs some."""
    own = own_policies(register, tenant) if tenant else None
    if tenant is None or not own:
        yield unseen("S27", "which conditions the accounts' own policy has")
        return
    for policy in own:
        yield from _s27(policy, tenant)


def _s27(policy: ConditionalAccessPolicy, tenant: TenantFacts) -> Findings:
    strengths = tenant.authentication_strengths
    if strengths is None or (policy.authentication_strength and not strength_of(policy, strengths)):
        yield unseen("S27", f"which methods the strength of {policy.display_name!r} takes")
        return
    looks_at = conditions(policy)
    passkeys = demands(policy, strengths, PASSKEYS)
    if passkeys and looks_at:
        yield RuleFinding(
            rule="S27",
            severity=Severity.MEDIUM,
            what=f"policy {policy.display_name!r} looks at {', '.join(looks_at)}",
            why="Each condition is one more thing that may be otherwise in an emergency.",
            mend="Leave them out: a passkey is enough.",
        )
    restricted = policy.include_locations or policy.exclude_locations or policy.device_filter
    if not passkeys and not restricted:
        yield RuleFinding(
            rule="S27",
            severity=Severity.HIGH,
            what=f"policy {policy.display_name!r} takes more than passkeys, from anywhere",
            why="What can be phished can be used from anywhere in the world.",
            mend="Require passkeys alone; or allow certain countries, networks or devices only.",
        )


RULES: Final[dict[str, Rule]] = {"S25": s25, "S26": s26, "S27": s27}

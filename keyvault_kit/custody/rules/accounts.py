"""Rules about the accounts themselves: number, kind, role, names, and what they depend on (S1-S14).

The register knows how many there are, their names and object ids; the rest only the tenant knows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from keyvault_kit.custody.decisions import counting, position
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import (
    Findings,
    Rule,
    each_account,
    for_people,
    own_groups,
    unseen,
)
from keyvault_kit.custody.tenant import (
    GLOBAL_ADMINISTRATOR,
    PERSONAL,
    Group,
    RoleAssignment,
    TenantAccount,
    TenantFacts,
)
from keyvault_kit.custody.wording import count_of, listed

LEAST: Final = 2
"""Accounts that there are at least, and usually at most (S1)."""

CLOUD_DOMAINS: Final = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
"""What the sign-in name of a cloud-only account ends in; the last two are the national clouds."""

NO_EXPIRY: Final = "DisablePasswordExpiration"

TELLING: Final = ("admin", "break", "emergency", "glass")
"""What no name holds where names are to tell nothing (C5)."""

DAILY: Final = 4
"""Days of sign-ins within :data:`MONTH` from which on they are no drills any more (S10)."""
MONTH: Final = timedelta(days=30)


def s1(register: Register, _tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Two accounts or more; whether more than two are needed, people must say."""
    count = len(register.accounts)
    if count < LEAST:
        yield RuleFinding(
            rule="S1",
            severity=Severity.HIGH,
            what=f"there is {'only one' if count else 'no'} emergency access account",
            why="Whatever goes wrong with it, there is no other way into the tenant.",
            mend="Add another, with keys and safes of its own: 'accounts add'.",
        )
    elif count > LEAST:
        yield for_people(
            "S1",
            f"what the {count} accounts are for",
            "More than two are for cover around the clock only: each is one more way in.",
        )


# --- What the tenant alone knows of each account


def _s2(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    synced, federated = seen.on_premises_sync_enabled, seen.federated
    if not synced and not federated:
        return None if None in (synced, federated) else ()
    return [
        RuleFinding(
            rule="S2",
            severity=Severity.HIGH,
            what=f"account {account.id} is {'synchronised' if synced else 'federated'}",
            why="It is gone when the provider on the premises is down or in other hands.",
            mend="Make a cloud-only account in its place, in the tenant's own onmicrosoft domain.",
            subject=account.id,
        )
    ]


def s2(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Cloud-only, in the tenant's own domain; never federated or synchronised."""
    for account in register.accounts.values():
        if not account.upn.casefold().endswith(CLOUD_DOMAINS):
            yield RuleFinding(
                rule="S2",
                severity=Severity.HIGH,
                what=f"the sign-in name of account {account.id}, {account.upn}, does not lie in"
                " the tenant's own onmicrosoft domain",
                why="Such a domain can be federated, or lost, and the account with it.",
                mend=f"Rename it at the tenant, then 'accounts change {account.id} --upn ...'.",
                subject=account.id,
            )
    what = "whether a directory elsewhere synchronises or federates {}"
    yield from each_account("S2", what, _s2, register, tenant)


def _administrator(its: Iterable[RoleAssignment]) -> list[RoleAssignment]:
    return [it for it in its if it.role_definition_id == GLOBAL_ADMINISTRATOR]


def _s3(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    if seen.role_assignments is None:
        return None
    mine = _administrator(seen.role_assignments)
    if not (permanent := any(it.permanent for it in mine)) and any(it.lasting for it in mine):
        return None  # somebody may have activated it
    if permanent and not any(it.eligible for it in mine):
        return ()
    told = "is not Global Administrator at all times, without activation"
    if permanent:
        told = "may activate a role that it has permanently"
    return [
        RuleFinding(
            rule="S3",
            severity=Severity.LOW if permanent else Severity.HIGH,
            what=f"account {account.id} {told}",
            why="In an emergency nobody may be there to approve, and the role may have ended.",
            mend="Assign it as active, without an end, tenant-wide, and remove what is eligible.",
            subject=account.id,
        )
    ]


def s3(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Global Administrator, permanently active, never merely eligible."""
    what = "whether the role is permanently active for {}"
    return each_account("S3", what, _s3, register, tenant)


def _s4(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    if seen.methods is None:
        return None
    kinds = sorted({it.kind for it in seen.methods} & PERSONAL)
    if not kinds:
        return ()
    return [
        RuleFinding(
            rule="S4",
            severity=Severity.HIGH,
            what=f"account {account.id} has methods of a person or a device: {', '.join(kinds)}",
            why="Whoever has that telephone, mailbox or token is needed, and alone is enough.",
            mend="Remove them at the tenant: the keys in the safes are its methods.",
            subject=account.id,
        )
    ]


def s4(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Tied to no person, no employee's telephone and no issued token."""
    return each_account("S4", "what methods are registered for {}", _s4, register, tenant)


# --- Names and object ids


def s6(register: Register, tenant: TenantFacts | None, now: datetime) -> Findings:
    """The choice of names is recorded, and names are as it says (C5)."""
    if counting(register, "C5", now) is None:
        yield RuleFinding(
            rule="S6",
            severity=Severity.LOW,
            what="no decision on how the accounts are named counts today",
            why="Names that tell help an attacker, and names that do not puzzle a helper: choose.",
            mend="Decide: 'decide make C5 recorded|breakglass|arbitrary --why ... --review ...'.",
        )
    choice = position(register, "C5", now)
    for account in register.accounts.values():
        name = account.upn.casefold().partition("@")[0]
        if choice == "breakglass" and not name.startswith("breakglass"):
            yield _misnamed(f"account {account.id} is not named breakglass", account.id)
        if choice == "arbitrary" and _tells(name):
            yield _misnamed(
                f"the sign-in name of account {account.id} tells what it is", account.id
            )
    if choice == "arbitrary":
        yield from _s6_groups(register, tenant)


def _s6_groups(register: Register, tenant: TenantFacts | None) -> Findings:
    """A group that names what its members are gives their arbitrary names away."""
    groups = own_groups(register, tenant)
    if groups is None:
        yield unseen("S6", "how the group of the accounts is named")
    for group in groups or ():
        if _tells(group.display_name.casefold()):
            yield _misnamed(f"the name of group {group.display_name!r} tells what its members are")


def _tells(name: str) -> bool:
    return any(word in name for word in TELLING)


def _misnamed(what: str, account: str = "") -> RuleFinding:
    return RuleFinding(
        rule="S6",
        severity=Severity.LOW,
        what=what,
        why="It was decided otherwise (C5).",
        mend="Rename it at the tenant and here ('accounts change'), or decide anew.",
        subject=account,
    )


def s7(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """The object id of each account is recorded, as the register knows, and not another's.

    It is never unknown: evidence can only contradict the register.
    """
    held = {it.user_principal_name.casefold(): it for it in (tenant and tenant.accounts) or ()}
    for account in register.accounts.values():
        seen = held.get(account.upn.casefold())
        if account.object_id is None:
            what, severity = f"no object id is recorded for account {account.id}", Severity.MEDIUM
        elif seen and seen.id != account.object_id:
            what = f"the tenant has another object id for {account.upn}: {seen.id}"
            severity = Severity.HIGH
        else:
            continue
        yield RuleFinding(
            rule="S7",
            severity=severity,
            what=what,
            why="Alerts look for the object id: a name can be given to another object.",
            mend=f"Copy it from the tenant: 'accounts change {account.id} --object-id ...'.",
            subject=account.id,
        )


# --- Group, licences, use


def _s8(
    groups: tuple[Group, ...] | None, account: Account, seen: TenantAccount
) -> Iterable[RuleFinding] | None:
    if seen.role_assignments is None or groups is None:
        return None
    known = {it.id: it for it in groups}
    mine = [it for it in _administrator(seen.role_assignments) if it.lasting]
    through = [known.get(it.principal_id) for it in mine if it.principal_id != seen.id]
    if any(it and it.is_assignable_to_role and it.security_enabled for it in through):
        return ()
    if None in through:  # a group that the evidence leaves out
        return None
    return [
        RuleFinding(
            rule="S8",
            severity=Severity.MEDIUM,
            what=f"account {account.id} has the role through no role-assignable security group",
            why="Policies name one group: an account outside it is forgotten in one of them.",
            mend="Make the group with its role and add the account, or decide on C4.",
            subject=account.id,
        )
    ]


def s8(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """A role-assignable security group carries the role (C4)."""
    groups = tenant.groups if tenant else None
    what = "which group carries the role of {}"
    return each_account("S8", what, partial(_s8, groups), register, tenant)


def _s9(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    licences, mfa = seen.assigned_licenses, seen.per_user_mfa_state
    wrong = [count_of(len(licences), "licence")] if licences else []
    wrong += [f"per-user MFA {mfa}"] if mfa not in {None, "disabled"} else []
    if not wrong:
        return None if None in (licences, mfa) else ()
    return [
        RuleFinding(
            rule="S9",
            severity=Severity.LOW,
            what=f"account {account.id} has {listed(wrong)}",
            why="Licences bring uses that it is not for, and such MFA gets in its policy's way.",
            mend="Take them away at the tenant.",
            subject=account.id,
        )
    ]


def s9(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """No licences; per-user MFA disabled."""
    what = "which licences and what per-user MFA are set for {}"
    return each_account("S9", what, _s9, register, tenant)


def _s10(taken: datetime, account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    if seen.sign_ins is None:
        return None
    recent = [it for it in seen.sign_ins if it.succeeded and taken - it.created_date_time <= MONTH]
    days = {it.created_date_time.date() for it in recent}
    if len(days) < DAILY:
        return ()
    return [
        RuleFinding(
            rule="S10",
            severity=Severity.MEDIUM,
            what=f"account {account.id} signed in on {len(days)} days of the last {MONTH.days}",
            why="An account in daily use is phished like any other, and its alerts are ignored.",
            mend="Use other accounts for the work, and change what was used of this one.",
            subject=account.id,
        )
    ]


def s10(register: Register, tenant: TenantFacts | None, now: datetime) -> Findings:
    """Never used for daily administration."""
    judge_one = partial(_s10, tenant.taken if tenant else now)
    return each_account("S10", "when somebody signed in to {}", judge_one, register, tenant)


# --- Expiry and dependencies


def s11(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Devices and credentials never expire; no evidence passes it, a disabled account fails it."""
    for account in register.accounts.values():
        seen = tenant.account(account) if tenant else None
        if seen and seen.account_enabled is False:
            yield RuleFinding(
                rule="S11",
                severity=Severity.HIGH,
                what=f"account {account.id} is disabled at the tenant",
                why="Nobody can sign in with it, whatever lies in the safes.",
                mend="Enable it, and keep what disabled it away from it.",
                subject=account.id,
            )
    yield for_people(
        "S11",
        "whether anything cleans up accounts, devices or credentials that are not used",
        "These accounts are not used for months, and are what such a clean-up takes first.",
    )


def _s12(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    if seen.password_policies is None:
        return None
    if NO_EXPIRY in seen.password_policies:
        return ()
    return [
        RuleFinding(
            rule="S12",
            severity=Severity.HIGH,
            what=f"the password of account {account.id} expires at the tenant",
            why="What lies in the safes may no longer sign in on the day when it is needed.",
            mend=f"Set PasswordPolicies to {NO_EXPIRY} at the tenant.",
            subject=account.id,
        )
    ]


def s12(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """The password never expires."""
    return each_account("S12", "whether the password expires for {}", _s12, register, tenant)


def s14(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Emergency access to the cloud depends on nothing on the premises, nor the other way round.

    It never passes by itself: of dependencies, evidence shows synchronisation and federation alone.
    """
    for account in register.accounts.values():
        seen = tenant.account(account) if tenant else None
        if seen and (seen.on_premises_sync_enabled or seen.federated):
            yield RuleFinding(
                rule="S14",
                severity=Severity.HIGH,
                what=f"account {account.id} depends on an identity provider on the premises",
                why="One failure takes both the premises and the way into the cloud.",
                mend="Make a cloud-only account in its place.",
                subject=account.id,
            )
    yield for_people(
        "S14",
        "whether emergency access depends on anything on the premises",
        "A directory, a file server or a network there may be what has failed.",
    )


RULES: Final[dict[str, Rule]] = {
    "S1": s1,
    "S2": s2,
    "S3": s3,
    "S4": s4,
    "S6": s6,
    "S7": s7,
    "S8": s8,
    "S9": s9,
    "S10": s10,
    "S11": s11,
    "S12": s12,
    "S14": s14,
}

"""Rules about methods: passkeys, their models and PINs, and what else is registered (S16-S24)."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import combinations
from typing import Final

from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import GENUINE, Account, Finding, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.policies import (
    ENABLED,
    PHISHING_RESISTANT,
    conditions,
    demands,
    meets,
)
from keyvault_kit.custody.rules.rule import Findings, Rule, each_account, for_people, unseen
from keyvault_kit.custody.tenant import (
    ALL,
    FIDO2,
    PERSONAL,
    PasskeyPolicy,
    PasskeyProfile,
    TenantAccount,
    TenantFacts,
)
from keyvault_kit.custody.wording import PASSKEY_ANEW, listed, pin_anew

LEAST: Final = 2
"""Passkeys of an account, so that one key may be lost (S17)."""

_OF_KEYS: Final = "key-"
"""What the rules of findings about keys begin with: `key-stranger`, `key-reset` and so on."""


def enrolled(register: Register, account: str) -> tuple[SecurityKey, ...]:
    """The keys in service that hold a passkey of an account."""
    keys = (it for it in register.keys.values() if it.account == account and not it.retired)
    return tuple(it for it in keys if it.credential)


def doubts(register: Register, key: SecurityKey) -> tuple[Finding, ...]:
    """The open findings of audits and examinations about a key: it may not be what was sealed."""
    return tuple(
        it
        for it in register.open_findings()
        if it.subject == key.id and it.rule.startswith(_OF_KEYS)
    )


# --- What is registered


def _s16(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    if seen.methods is None or seen.certificate_user_ids is None:
        return None
    found = []
    if all(it.kind != FIDO2 for it in seen.methods):
        found.append(
            RuleFinding(
                rule="S16",
                severity=Severity.HIGH,
                what=f"the tenant has no passkey of account {account.id}",
                why="Without one it signs in with what can be phished, or not at all.",
                mend="Enrol its keys, and register their answers at the tenant.",
                subject=account.id,
            )
        )
    if seen.certificate_user_ids:
        about = f"whether the certificates of account {account.id} come from a PKI that you have"
        why = "A PKI that is built for this alone is one more thing that can fail or be taken over."
        found.append(for_people("S16", about, why))
    return found


def s16(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """FIDO2 before all; certificates only where there is a PKI already."""
    return each_account("S16", "what signs in to {} beside the password", _s16, register, tenant)


def s17(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Two passkeys of each account, on keys of the register and on no other.

    It is never unknown: the register knows what was enrolled; evidence can only contradict it.
    """
    for account in register.accounts.values():
        keys = enrolled(register, account.id)
        yield from _too_few(account, keys, [it for it in keys if doubts(register, it)])
        seen = tenant.account(account) if tenant else None
        if seen and seen.methods is not None:
            yield from _contradictions(account, keys, seen)


def _too_few(
    account: Account, keys: tuple[SecurityKey, ...], doubted: list[SecurityKey]
) -> Findings:
    sound = [it.id for it in keys if it not in doubted]
    if len(sound) >= LEAST:
        return
    verb = "is" if len(doubted) == 1 else "are"
    in_doubt = f"; {listed(it.id for it in doubted)} {verb} in doubt" if doubted else ""
    yield RuleFinding(
        rule="S17",
        severity=Severity.MEDIUM if sound else Severity.HIGH,
        what=f"account {account.id} has fewer than two keys with a passkey:"
        f" {listed(sound) or 'none'}{in_doubt}",
        why="When that key is lost or breaks, nothing but the password is left."
        if sound
        else "Nothing but the password may be left.",
        mend=_clear_up(doubted[0].id) if doubted else "Register and enrol another key of it.",
        subject=account.id,
    )


def _clear_up(tag: str) -> str:
    return (
        f"Find out what became of key {tag} ('decide findings'), enrol another in its place, and"
        " settle the finding with two people: 'decide settle'."
    )


def _contradictions(
    account: Account, keys: tuple[SecurityKey, ...], seen: TenantAccount
) -> Findings:
    """Passkeys that the tenant alone knows, and keys that it does not know."""
    ours = {it.credential: it for it in keys}
    passkeys = [it for it in seen.methods or () if it.kind == FIDO2]
    for it in passkeys:
        if not any(each in ours for each in it.credential_ids):
            yield RuleFinding(
                rule="S17",
                severity=Severity.HIGH,
                what=f"the tenant takes a passkey of {account.id} that is on no key in service:"
                f" {it.display_name or it.id}",
                why="Whoever has it can use the account without any envelope.",
                mend="Find out whose it is, and remove it at the tenant.",
                subject=account.id,
            )
    held = {each for it in passkeys for each in it.credential_ids}
    for credential, key in ours.items():
        if credential not in held:
            yield RuleFinding(
                rule="S17",
                severity=Severity.HIGH,
                what=f"the tenant does not have the passkey of key {key.id}",
                why="The key lies in its safe and does not sign in.",
                mend=f"Register its answer at the tenant, or make another: {PASSKEY_ANEW}.",
                subject=key.id,
            )


# --- Methods that differ


def s18(register: Register, tenant: TenantFacts | None, now: datetime) -> Findings:
    """Keys differ in maker or model as far as was decided (C8).

    A fault of one model, or its withdrawal, must not take all accounts at once. Two keys are alike
    when their product or their AAGUID is the same: one product has several AAGUIDs over the years.
    """
    models = {it: _models(register, it) for it in register.accounts}
    choice = position(register, "C8", now)
    if choice == "not-the-usual":
        yield from _s18_usual(models, tenant)
    elif sum(1 for it in models.values() if it) < LEAST:
        why = "Keys of one model fail together; until two accounts have keys, nothing can be said."
        yield for_people("S18", "whether the keys of the accounts differ", why)
    elif choice == "all-differ":
        for one, other in combinations(models, 2):
            if models[one] & models[other]:
                yield _alike(f"accounts {one} and {other} have keys of the same model")
    elif not any(_stands_out(it, models) for it in models):
        yield _alike("no account's keys differ in maker or model from all the others'")


def _models(register: Register, account: str) -> frozenset[str]:
    """Products and AAGUIDs of an account's keys."""
    keys = enrolled(register, account)
    return frozenset({it.product for it in keys} | {it.aaguid.casefold() for it in keys})


def _stands_out(account: str, models: dict[str, frozenset[str]]) -> bool:
    others = frozenset[str]().union(*(its for it, its in models.items() if it != account))
    return bool(models[account]) and models[account].isdisjoint(others)


def _s18_usual(models: dict[str, frozenset[str]], tenant: TenantFacts | None) -> Findings:
    if tenant is None or tenant.other_methods is None:
        yield unseen("S18", "what the other administrators sign in with")
        return
    usual = {it.aa_guid.casefold() for it in tenant.other_methods if it.aa_guid}
    for account, its in models.items():
        if its & usual:
            yield _alike(f"account {account} has a key of a model that administrators use")


def _alike(what: str) -> RuleFinding:
    return RuleFinding(
        rule="S18",
        severity=Severity.MEDIUM,
        what=what,
        why="One fault of that model, or its withdrawal, takes all of them at once.",
        mend="Enrol keys of another maker, or decide on C8.",
    )


def s19(register: Register, _tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Each key with a passkey has its PIN on record, and is genuine; its touch was proven.

    Touch needs no look: no key makes a passkey without one. Of a key that was found to be another,
    or reset, what is on record says nothing.
    """
    keys = [it for account in register.accounts for it in enrolled(register, account)]
    if not keys:
        why = "A key without a PIN opens to whoever finds it."
        yield for_people("S19", "whether PINs are set: no key holds a passkey yet", why)
    for key in keys:
        if key.pin_set is None:
            yield RuleFinding(
                rule="S19",
                severity=Severity.HIGH,
                what=f"the PIN of key {key.id} is not on record",
                why="Nobody can use the key, or somebody has a PIN that lies in no safe.",
                mend=f"Give key {key.id} a PIN that is sealed: {pin_anew(key.id)}.",
                subject=key.id,
            )
        if key.proven != GENUINE:
            yield RuleFinding(
                rule="S19",
                severity=Severity.HIGH,
                what=f"key {key.id} is not proven genuine: {key.proven or 'never examined'}",
                why="What is no genuine key may ask for no touch and keep no secret.",
                mend=f"Prove it: 'keys verify --tag {key.id}'; or put another in its place.",
                subject=key.id,
            )
        for it in doubts(register, key):
            yield RuleFinding(
                rule="S19",
                severity=Severity.HIGH,
                what=it.what,
                why=f"What is on record of key {key.id} and its PIN may hold of it no more.",
                mend=_clear_up(key.id),
                subject=key.id,
            )


# --- What the tenant asks for


def s21(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """The passkey method is enabled for the accounts, and takes their keys."""
    if tenant is None or tenant.passkey_policy is None:
        yield unseen("S21", "for whom the passkey method is enabled")
        return
    policy = tenant.passkey_policy
    if policy.state != ENABLED:
        yield _barred("the passkey method is not enabled at the tenant")
        return
    if not policy.profiles:  # then one set of restrictions counts for everybody
        for account in register.accounts:
            yield from _kept_out(register, account, policy.profiles_for(()))
    judge_one = partial(_s21, register, tenant, policy)
    what = "whether passkeys may be used for {}"
    yield from each_account("S21", what, judge_one, register, tenant)


def _s21(
    register: Register,
    tenant: TenantFacts,
    policy: PasskeyPolicy,
    account: Account,
    seen: TenantAccount,
) -> Iterable[RuleFinding] | None:
    groups = tenant.groups_of(seen.id)
    if groups is None and (policy.include_targets != ("all_users",) or policy.exclude_targets):
        return None
    mine = {"all_users", seen.id} | (groups or frozenset())
    if not mine & set(policy.include_targets) or mine & set(policy.exclude_targets):
        return [_barred(f"the passkey method is not enabled for account {account.id}", account.id)]
    return [*_kept_out(register, account.id, policy.profiles_for(mine))] if policy.profiles else ()


def _kept_out(
    register: Register, account: str, profiles: Collection[PasskeyProfile]
) -> Iterator[RuleFinding]:
    """The keys of an account that none of these profiles takes."""
    for key in enrolled(register, account):
        takes = [it for it in profiles if it.takes_keys and it.takes_model(key.aaguid)]
        if not any(it.takes_keys for it in profiles):
            yield _barred(f"the tenant takes synced passkeys alone: not key {key.id}", key.id)
        elif not takes:
            yield _barred(f"the tenant does not take the model of key {key.id}", key.id)
        elif (
            key.proven != GENUINE
            and not key.confirmed
            and all(it.is_attestation_enforced for it in takes)
        ):
            yield _barred(
                f"the tenant asks for an attestation, and that of key {key.id} was not proven",
                key.id,
            )


def _barred(what: str, subject: str = "") -> RuleFinding:
    return RuleFinding(
        rule="S21",
        severity=Severity.HIGH,
        what=what,
        why="The keys in the safes do not sign in while that is so.",
        mend="Change the policy of the passkey method at the tenant.",
        subject=subject,
    )


def s23(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Every sign-in needs a method that cannot be phished (C1)."""
    what = "whether phishing-resistant MFA is required of {}"
    return each_account("S23", what, partial(_s23, tenant), register, tenant)


def _s23(
    tenant: TenantFacts | None, account: Account, seen: TenantAccount
) -> Iterable[RuleFinding] | None:
    policies = tenant.conditional_access_policies if tenant else None
    strengths = tenant.authentication_strengths if tenant else None
    groups = tenant.groups_of(seen.id) if tenant else None
    if policies is None or strengths is None or groups is None:
        return None
    for it in policies:
        everywhere = ALL in it.include_applications and not it.exclude_applications
        always = it.state == ENABLED and everywhere and not conditions(it)
        if always and meets(it, seen, groups) and demands(it, strengths, PHISHING_RESISTANT):
            return ()
    return [
        RuleFinding(
            rule="S23",
            severity=Severity.HIGH,
            what=f"no policy always requires phishing-resistant MFA of account {account.id}",
            why="Whoever learns its password is in, and needs no key.",
            mend="Make its own policy with an authentication strength of passkeys only.",
            subject=account.id,
        )
    ]


def s24(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Nobody resets the password by themselves: it is off for administrators, or has no method."""
    if tenant is None or tenant.allowed_to_use_sspr is None:
        yield unseen("S24", "whether administrators may reset their own passwords")
    elif tenant.allowed_to_use_sspr:
        what = "whether somebody can reset the password of {} by themselves"
        yield from each_account("S24", what, _s24, register, tenant)
        yield from _s24_told(tenant)


def _s24_told(tenant: TenantFacts) -> Findings:
    if tenant.sspr_notifies_all_admins is None:
        yield unseen("S24", "whether all administrators are told of a reset password")
    elif not tenant.sspr_notifies_all_admins:
        yield RuleFinding(
            rule="S24",
            severity=Severity.LOW,
            what="administrators may reset their own passwords, and the others are not told",
            why="A password that was taken over shows nowhere.",
            mend="Disable it for administrators, or let all of them be notified.",
        )


def _s24(account: Account, seen: TenantAccount) -> Iterable[RuleFinding] | None:
    if seen.methods is None:
        return None
    kinds = sorted({it.kind for it in seen.methods} & PERSONAL)
    if not kinds:
        return ()
    return [
        RuleFinding(
            rule="S24",
            severity=Severity.HIGH,
            what=f"the password of account {account.id} can be reset with: {', '.join(kinds)}",
            why="Whoever has these sets another password, and what lies in the safes is void.",
            mend="Remove them at the tenant, or disable the reset for administrators (it takes up"
            " to 60 minutes).",
            subject=account.id,
        )
    ]


RULES: Final[dict[str, Rule]] = {
    "S16": s16,
    "S17": s17,
    "S18": s18,
    "S19": s19,
    "S21": s21,
    "S23": s23,
    "S24": s24,
}

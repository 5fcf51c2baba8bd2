"""Evidence from a tenant in which all is well with the sample organisation's accounts."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import Judgement, judge
from keyvault_kit.custody.tenant import (
    GLOBAL_ADMINISTRATOR,
    ActionGroup,
    AlertRule,
    AuthenticationStrength,
    ConditionalAccessPolicy,
    DiagnosticSetting,
    Group,
    Method,
    PasskeyPolicy,
    RoleAssignment,
    SignIn,
    TenantAccount,
    TenantFacts,
)
from tests.custody.life import DIGEST, Life
from tests.custody.sample import sample

GROUP: Final = "00000000-0000-4000-9000-000000000001"
OWN: Final = "own"
STRENGTH: Final = "passkeys-only"
BY_MONTH: Final = timedelta(days=30)
FIVE: Final = timedelta(minutes=5)


@cache
def _life() -> Life:
    return sample()


def register() -> Register:
    """The register of the sample organisation; to be looked at only."""
    return _life().register


def now() -> datetime:
    """A day after all of its work was done."""
    return _after(register())


def _after(it: Register) -> datetime:
    assert it.time is not None
    return it.time + timedelta(days=1)


def entered(*facts: Any, **how: Any) -> Register:
    """That register after these facts; `how` as :meth:`Life.enter` takes it."""
    life = Life()
    life.register, life.entries = register(), list(_life().entries)
    return life.enter(*facts, **how).register


def decided(**choices: str) -> Register:
    """That register with these decisions, to be looked at again in a month."""
    review = (now() + BY_MONTH).date()
    return entered(
        *(
            ev.DecisionMade(decision=it, choice=choice, review=review, details=DIGEST)
            for it, choice in choices.items()
        )
    )


def judgement(
    rule: str,
    tenant: TenantFacts | None,
    its: Register | None = None,
    *,
    at: datetime | None = None,
) -> Judgement:
    """What a rule comes to, over the sample register unless another is given."""
    its = its or register()
    judged = {it.rule: it for it in judge(its, tenant, at or _after(its))}
    return judged[rule]


# --- The tenant


def _account(
    object_id: str, upn: str, credentials: tuple[tuple[str, str], ...], drilled: datetime
) -> TenantAccount:
    passkeys = tuple(
        Method(kind="fido2", id=credential, credential_ids=(credential,), aa_guid=aaguid)
        for credential, aaguid in credentials
    )
    role = RoleAssignment(role_definition_id=GLOBAL_ADMINISTRATOR, principal_id=GROUP)
    return TenantAccount(
        id=object_id,
        user_principal_name=upn,
        account_enabled=True,
        on_premises_sync_enabled=False,
        federated=False,
        assigned_licenses=(),
        password_policies=("DisablePasswordExpiration",),
        per_user_mfa_state="disabled",
        certificate_user_ids=(),
        role_assignments=(role,),
        methods=(Method(kind="password"), *passkeys),
        sign_ins=(SignIn(created_date_time=drilled, succeeded=True),),
    )


def _accounts() -> tuple[TenantAccount, ...]:
    its = register()
    return tuple(
        _account(
            account.object_id or "",
            account.upn,
            tuple(
                (key.credential or "", key.aaguid)
                for key in its.keys.values()
                if key.account == account.id
            ),
            its.done[f"drill:{account.id}"],
        )
        for account in its.accounts.values()
    )


OWN_POLICY: Final = ConditionalAccessPolicy(
    id=OWN,
    display_name="Grant - Emergency Access",
    state="enabled",
    include_groups=(GROUP,),
    include_applications=("All",),
    authentication_strength=STRENGTH,
    sign_in_frequency_interval="everyTime",
    persistent_browser_mode="never",
)

OTHER_POLICY: Final = ConditionalAccessPolicy(
    id="other",
    display_name="Require MFA",
    state="enabled",
    include_users=("All",),
    exclude_groups=(GROUP,),
    include_applications=("All",),
    built_in_controls=("mfa",),
)


def _alert(name: str, query: str) -> AlertRule:
    return AlertRule(
        name=name,
        enabled=True,
        query=query,
        evaluation_frequency=FIVE,
        window_size=FIVE,
        severity=0,
        operator="GreaterThan",
        threshold=0,
        action_groups=("admins",),
    )


@cache
def good() -> TenantFacts:
    """Nothing is wrong with it, and nothing is left out."""
    accounts = _accounts()
    ids = ", ".join(f'"{it.id}"' for it in accounts)
    names = ", ".join(f'"{it.user_principal_name}"' for it in accounts)
    signs = f"union SigninLogs, AADNonInteractiveUserSignInLogs | where UserId in~ ({ids})"
    return TenantFacts(
        taken=now() - timedelta(hours=1),
        accounts=accounts,
        groups=(
            Group(
                id=GROUP,
                display_name="Keepers",
                security_enabled=True,
                is_assignable_to_role=True,
                members=tuple(it.id for it in accounts),
            ),
        ),
        conditional_access_policies=(OWN_POLICY, OTHER_POLICY),
        authentication_strengths=(
            AuthenticationStrength(
                id=STRENGTH, display_name="Emergency Access", allowed_combinations=("fido2",)
            ),
        ),
        passkey_policy=PasskeyPolicy(state="enabled", include_targets=(GROUP,)),
        other_methods=(Method(kind="microsoftAuthenticator"),),
        allowed_to_use_sspr=False,
        sspr_notifies_all_admins=True,
        service_plans=("AAD_PREMIUM",),
        diagnostic_settings=(
            DiagnosticSetting(
                name="logs",
                categories=("SignInLogs", "NonInteractiveUserSignInLogs", "AuditLogs"),
                workspace_id="workspace",
            ),
        ),
        alert_rules=(
            _alert("used", signs),
            _alert("changed", f"AuditLogs | where Target in~ ({names})"),
        ),
        action_groups=(ActionGroup(id="admins", enabled=True, receivers=("email", "sms")),),
    )


def tenant(**changes: Any) -> TenantFacts:
    """Such a tenant, with some facts other."""
    return replace(good(), **changes)


def first_account(**changes: Any) -> TenantFacts:
    """Such a tenant, with some facts of the first account other."""
    first, *rest = good().accounts or ()
    return tenant(accounts=(replace(first, **changes), *rest))


def own_policy(**changes: Any) -> TenantFacts:
    """Such a tenant, with the accounts' own policy other."""
    return tenant(conditional_access_policies=(replace(OWN_POLICY, **changes), OTHER_POLICY))


def other_policy(**changes: Any) -> TenantFacts:
    """Such a tenant, with the other policy other."""
    return tenant(conditional_access_policies=(OWN_POLICY, replace(OTHER_POLICY, **changes)))


def alert(**changes: Any) -> TenantFacts:
    """Such a tenant, with the alert on sign-ins other."""
    first, *rest = good().alert_rules or ()
    return tenant(alert_rules=(replace(first, **changes), *rest))


def with_method(kind: str, **fields: Any) -> TenantFacts:
    """Such a tenant, with one more method of the first account."""
    before = (good().accounts or ())[0].methods or ()
    return first_account(methods=(*before, Method(kind=kind, **fields)))


def signed_in(*days_ago: float) -> TenantFacts:
    """Such a tenant, to which the first account was signed in so many days ago."""
    times = (good().taken - timedelta(days=it) for it in days_ago)
    return first_account(sign_ins=tuple(SignIn(created_date_time=t, succeeded=True) for t in times))

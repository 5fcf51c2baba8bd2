"""What the tenant says: the facts that rules need beside the register, as evidence brought them.

The kit never asks the tenant. Somebody exports, carries the files here, and they are read into
these values. Fields are named after Microsoft Graph's, in snake case, where Graph has one; `None`
is 'the evidence does not say', which is never the same as 'no' or 'none'.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec

from keyvault_kit.custody.model import Account

GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
"""The role template of Global Administrator, the same in every tenant (S3)."""

PASSWORD: Final = "password"  # noqa: S105 - a kind of method, not a password
FIDO2: Final = "fido2"
MEANT: Final = frozenset({PASSWORD, FIDO2})
"""Kinds of method that an emergency access account is meant to have."""

PERSONAL: Final = frozenset(
    {
        "email",
        "external",
        "hardwareOath",
        "microsoftAuthenticator",
        "passwordlessMicrosoftAuthenticator",
        "phone",
        "platformCredential",
        "qrCodePin",
        "softwareOath",
        "voice",
        "windowsHelloForBusiness",
    }
)
"""Kinds of method that tie an account to somebody's phone, mailbox, token or computer (S4, S58)."""

DEVICE_BOUND: Final = "deviceBound"
"""The type of passkey that a security key holds."""

ALL: Final = "All"
"""How Conditional Access writes all users, all applications, all locations."""


class _Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of the evidence."""


class RoleAssignment(_Fact, frozen=True):
    """A directory role that somebody has, or may activate.

    Graph: `roleManagement/directory/roleAssignmentScheduleInstances` and, where it may only be
    activated, `roleEligibilityScheduleInstances`.

    Attributes:
        role_definition_id: The role's template id.
        principal_id: Who has it: the account itself, or a group that it comes through.
        eligible: Whether it must be activated before it counts.
        activated: Whether it counts only because somebody activated it (`assignmentType`).
        end_date_time: When it ends; None where it has no end.
        directory_scope_id: `/` for the whole tenant.
        scheduled: Whether the evidence says how long it lasts. A plain `roleAssignments` does not:
            somebody may have activated it an hour ago.
    """

    role_definition_id: str
    principal_id: str
    eligible: bool = False
    activated: bool = False
    end_date_time: datetime | None = None
    directory_scope_id: str = "/"
    scheduled: bool = True

    @property
    def lasting(self) -> bool:
        """Whether nothing says that it ends, must be activated, or is for a part of the tenant."""
        passing = self.eligible or self.activated or self.end_date_time is not None
        return not passing and self.directory_scope_id == "/"

    @property
    def permanent(self) -> bool:
        """Whether it counts at all times and everywhere in the tenant (S3)."""
        return self.lasting and self.scheduled


class Method(_Fact, frozen=True):
    """An authentication method that is registered for somebody.

    Graph: `users/{id}/authentication/methods`.

    Attributes:
        kind: The type without its namespace and ending: `fido2`, `password`, `phone`.
        id: Graph's id of it.
        credential_ids: Of a passkey: what its id can be read as, lower-case hex. Mostly one;
            two where the padding of the id allows two readings.
        aa_guid: Of a passkey: the model of its authenticator.
        display_name: What people called it; the kit puts the asset tag there.
    """

    kind: str
    id: str = ""
    credential_ids: tuple[str, ...] = ()
    aa_guid: str | None = None
    display_name: str | None = None
    created_date_time: datetime | None = None


class SignIn(_Fact, frozen=True):
    """One attempt to sign in. Graph: `auditLogs/signIns`.

    Attributes:
        created_date_time: When, aware.
        succeeded: Whether it let them in (`status.errorCode` is 0).
        interactive: Whether somebody sat there.
        device: `deviceDetail.displayName`, or else its id; empty where the log has neither.
        authentication_method: What showed who it was: of its `authenticationDetails` the passkey,
            or else the last that was right. Empty where the log has none.
        authentication_method_detail: Of a passkey the name that it has, and perhaps its model.
    """

    created_date_time: datetime
    succeeded: bool
    interactive: bool = True
    app_display_name: str = ""
    ip_address: str = ""
    device: str = ""
    authentication_method: str = ""
    authentication_method_detail: str = ""


class TenantAccount(_Fact, frozen=True):
    """An emergency access account as the tenant knows it. Graph: `users/{id}`.

    Attributes:
        id: Object id, lower case.
        on_premises_sync_enabled: Graph's null, 'never synced', is False here.
        federated: Whether its domain's `authenticationType` is Federated (`domains`).
        assigned_licenses: `skuId` of each.
        password_policies: Split at the comma: `DisablePasswordExpiration`.
        per_user_mfa_state: `disabled`, `enabled` or `enforced` (`authentication/requirements`).
        certificate_user_ids: What certificates sign it in (`authorizationInfo`).
        role_assignments: Its own, and those through groups.
        methods: All that are registered for it.
        sign_ins: As far back as the log goes.
        member_of: Ids of the groups that it is in, through other groups too
            (`transitiveMemberOf`); None where they must be worked out from the groups' members.
    """

    id: str
    user_principal_name: str
    account_enabled: bool | None = None
    on_premises_sync_enabled: bool | None = None
    federated: bool | None = None
    assigned_licenses: tuple[str, ...] | None = None
    password_policies: tuple[str, ...] | None = None
    per_user_mfa_state: str | None = None
    certificate_user_ids: tuple[str, ...] | None = None
    role_assignments: tuple[RoleAssignment, ...] | None = None
    methods: tuple[Method, ...] | None = None
    sign_ins: tuple[SignIn, ...] | None = None
    member_of: tuple[str, ...] | None = None


class Group(_Fact, frozen=True):
    """A group that an account is in, or a policy names. Graph: `groups/{id}`.

    Attributes:
        members: Object ids, through other groups too (`transitiveMembers`); of a large group all
            emergency access accounts, and some of the others.
    """

    id: str
    display_name: str = ""
    security_enabled: bool | None = None
    is_assignable_to_role: bool | None = None
    members: tuple[str, ...] | None = None


class ConditionalAccessPolicy(_Fact, frozen=True):
    """A Conditional Access policy. Graph: `identity/conditionalAccess/policies`.

    Attributes:
        state: `enabled`, `disabled` or `enabledForReportingButNotEnforced`.
        include_locations: As `exclude_locations`: ids, `All` or `AllTrusted`; empty where the
            policy does not look at them.
        device_filter: The rule of its device filter; empty without one.
        other_conditions: Names of the further conditions that are set: `signInRiskLevels`.
        built_in_controls: `mfa`, `block`, `compliantDevice` and so on; `termsOfUse` and
            `customAuthenticationFactors` where the policy asks for such.
        operator: Of the grant controls, `AND` or `OR`.
        authentication_strength: Id of the strength that it requires; empty without one.
        sign_in_frequency_interval: `everyTime` or `timeBased`; empty where it sets none.
        persistent_browser_mode: `never` or `always`; empty where it sets none.
    """

    id: str
    display_name: str
    state: str
    include_users: tuple[str, ...] = ()
    exclude_users: tuple[str, ...] = ()
    include_groups: tuple[str, ...] = ()
    exclude_groups: tuple[str, ...] = ()
    include_roles: tuple[str, ...] = ()
    exclude_roles: tuple[str, ...] = ()
    include_applications: tuple[str, ...] = ()
    exclude_applications: tuple[str, ...] = ()
    include_user_actions: tuple[str, ...] = ()
    client_app_types: tuple[str, ...] = ("all",)
    include_locations: tuple[str, ...] = ()
    exclude_locations: tuple[str, ...] = ()
    device_filter: str = ""
    other_conditions: tuple[str, ...] = ()
    built_in_controls: tuple[str, ...] = ()
    operator: str = "OR"
    authentication_strength: str = ""
    sign_in_frequency_interval: str = ""
    persistent_browser_mode: str = ""


class AuthenticationStrength(_Fact, frozen=True):
    """An authentication strength. Graph: `policies/authenticationStrengthPolicies`.

    Attributes:
        allowed_combinations: `fido2`, `password,sms` and so on; any one of them is enough.
        allowed_aaguids: The models that it takes; empty where it takes all, None where the
            evidence does not say.
    """

    id: str
    display_name: str
    allowed_combinations: tuple[str, ...]
    allowed_aaguids: tuple[str, ...] | None = ()


class PasskeyProfile(_Fact, frozen=True):
    """Which passkeys somebody may use; Graph's `passkeyProfiles` of the passkey policy.

    Attributes:
        targets: Ids of the groups that it is for, or `all_users`.
        passkey_types: `deviceBound`, `synced`; empty where it takes both.
        is_attestation_enforced: Whether a passkey is registered only with an attestation.
        enforcement_type: `allow` or `block` for the models in `aa_guids`; empty where key
            restrictions are not enforced.
    """

    name: str = ""
    targets: tuple[str, ...] = ()
    passkey_types: tuple[str, ...] = ()
    is_attestation_enforced: bool | None = None
    enforcement_type: str = ""
    aa_guids: tuple[str, ...] = ()

    def takes_model(self, aaguid: str) -> bool:
        """Whether its key restrictions take a model."""
        named = aaguid.casefold() in {it.casefold() for it in self.aa_guids}
        return not self.enforcement_type or named is (self.enforcement_type == "allow")

    @property
    def takes_keys(self) -> bool:
        """Whether it takes passkeys that stay on the key that made them."""
        return not self.passkey_types or DEVICE_BOUND in self.passkey_types


class PasskeyPolicy(_Fact, frozen=True):
    """Who may use passkeys, and which.

    Graph: `policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2`.

    Attributes:
        include_targets: Ids of groups, or `all_users`; so `exclude_targets`.
        enforcement_type: As of a profile, and so the others: they count where there is none.
        profiles: What counts instead, each for its targets.
    """

    state: str
    include_targets: tuple[str, ...] = ()
    exclude_targets: tuple[str, ...] = ()
    is_attestation_enforced: bool | None = None
    enforcement_type: str = ""
    aa_guids: tuple[str, ...] = ()
    profiles: tuple[PasskeyProfile, ...] = ()

    def profiles_for(self, targets: Collection[str]) -> tuple[PasskeyProfile, ...]:
        """The profiles of whoever is among these targets: any one of them is enough."""
        if self.profiles:
            return tuple(it for it in self.profiles if not set(targets).isdisjoint(it.targets))
        everybody = PasskeyProfile(
            is_attestation_enforced=self.is_attestation_enforced,
            enforcement_type=self.enforcement_type,
            aa_guids=self.aa_guids,
        )
        return (everybody,)


class DiagnosticSetting(_Fact, frozen=True):
    """Where the tenant's logs go. Azure: `microsoft.aadiam/diagnosticSettings`.

    Attributes:
        categories: The log categories that are enabled.
        workspace_id: The Log Analytics workspace; empty where they go elsewhere.
    """

    name: str
    categories: tuple[str, ...]
    workspace_id: str = ""


class AlertRule(_Fact, frozen=True):
    """A query that is run again and again. Azure: `Microsoft.Insights/scheduledQueryRules`.

    Attributes:
        evaluation_frequency: How often it is run.
        window_size: The aggregation granularity: the time that one count is made over.
        override_query_time_range: The period that the query reads, where it is not the window.
        action_groups: Ids of those that it tells.
        severity: 0 is critical.
    """

    name: str
    enabled: bool
    query: str
    evaluation_frequency: timedelta
    window_size: timedelta
    override_query_time_range: timedelta | None = None
    severity: int | None = None
    operator: str = ""
    threshold: int | None = None
    action_groups: tuple[str, ...] = ()

    @property
    def period(self) -> timedelta:
        """The time that the query reads."""
        return self.override_query_time_range or self.window_size


class ActionGroup(_Fact, frozen=True):
    """Whom an alert tells. Azure: `Microsoft.Insights/actionGroups`.

    Attributes:
        receivers: The kind of each receiver: `email`, `sms`, `push`, `voice`.
    """

    id: str
    enabled: bool
    receivers: tuple[str, ...] = ()


class TenantFacts(_Fact, frozen=True):
    """All that evidence told of the tenant at one time.

    Attributes:
        taken: When the evidence was exported, aware.
        accounts: The emergency access accounts that it holds.
        other_methods: The methods of the other administrators, without saying whose (S18).
        allowed_to_use_sspr: Whether administrators reset passwords themselves.
        sspr_notifies_all_admins: Whether all administrators are told when one does.
        service_plans: What the tenant subscribes to (`subscribedSkus`): `AAD_PREMIUM`.
        log_days: How far back the logs were asked for; None where the evidence does not say it.
    """

    taken: datetime
    accounts: tuple[TenantAccount, ...] | None = None
    groups: tuple[Group, ...] | None = None
    conditional_access_policies: tuple[ConditionalAccessPolicy, ...] | None = None
    authentication_strengths: tuple[AuthenticationStrength, ...] | None = None
    passkey_policy: PasskeyPolicy | None = None
    other_methods: tuple[Method, ...] | None = None
    allowed_to_use_sspr: bool | None = None
    sspr_notifies_all_admins: bool | None = None
    service_plans: tuple[str, ...] | None = None
    diagnostic_settings: tuple[DiagnosticSetting, ...] | None = None
    alert_rules: tuple[AlertRule, ...] | None = None
    action_groups: tuple[ActionGroup, ...] | None = None
    log_days: int | None = None

    def account(self, registered: Account) -> TenantAccount | None:
        """What the evidence holds of an account of the register.

        It is found by its object id where the register has one, otherwise by its sign-in name: a
        name can be given to another object, an object id cannot (S7).
        """
        for it in self.accounts or ():
            if registered.object_id is not None:
                if it.id == registered.object_id:
                    return it
            elif it.user_principal_name.casefold() == registered.upn.casefold():
                return it
        return None

    def groups_of(self, object_id: str) -> frozenset[str] | None:
        """Ids of the groups that an account is in; None where the evidence does not say."""
        its = next((it for it in self.accounts or () if it.id == object_id), None)
        if its and its.member_of is not None:
            return frozenset(its.member_of)
        if self.groups is None or any(it.members is None for it in self.groups):
            return None
        return frozenset(it.id for it in self.groups if object_id in (it.members or ()))

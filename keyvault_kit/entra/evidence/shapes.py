"""The shapes of Graph's and Azure's objects, as far as facts are made of them.

Graph leaves a property out where it was not asked for, and writes null where there is none: UNSET
is the first, None the second. What is not named here is left alone.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    """A time as Graph writes it, with seven digits of a second, or as Windows PowerShell does.

    Raises:
        ValueError: It is neither, or has no zone.
    """
    try:
        if text.startswith("/Date(") and text.endswith(")/"):  # ConvertTo-Json of PowerShell 5.1
            return _EPOCH + timedelta(milliseconds=int(text[6:-2]))
        its = datetime.fromisoformat(text)
        if its.tzinfo is None:
            raise ValueError(f"the time {text!r} has no zone")
        return its.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is no time") from error


def _check(time: str | None) -> None:
    """Check a time where it is read, so that what it is in is named."""
    if time:
        moment(time)


class _Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An object of the tenant."""


class _Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource of Azure: what it is stands under `properties`."""

    id: str = ""
    name: str = ""


# --- The directory


class _License(_Shape, frozen=True):
    sku_id: str


class _Authorization(_Shape, frozen=True):
    certificate_user_ids: tuple[str, ...] = ()


class User(_Shape, frozen=True):
    """`users/{id}`."""

    id: str
    user_principal_name: str
    account_enabled: bool | None = None
    on_premises_sync_enabled: bool | UnsetType | None = UNSET
    assigned_licenses: tuple[_License, ...] | None = None
    password_policies: str | UnsetType | None = UNSET
    authorization_info: _Authorization | None = None


class Group(_Shape, frozen=True):
    """`groups/{id}`."""

    id: str
    display_name: str | None = None
    security_enabled: bool | None = None
    is_assignable_to_role: bool | UnsetType | None = UNSET


class Domain(_Shape, frozen=True):
    """`domains/{name}`."""

    id: str
    authentication_type: str | None = None


class _Plan(_Shape, frozen=True):
    service_plan_name: str
    provisioning_status: str = "Success"


class Sku(_Shape, frozen=True):
    """`subscribedSkus/{id}`."""

    capability_status: str = "Enabled"
    service_plans: tuple[_Plan, ...] = ()


class DirectoryRole(_Shape, frozen=True):
    """`directoryRoles/{id}`."""

    id: str
    role_template_id: str


class Assignment(_Shape, frozen=True):
    """`roleManagement/directory/roleAssignments`, and the instances of schedules beside it."""

    role_definition_id: str
    principal_id: str
    directory_scope_id: str | None = "/"
    assignment_type: str | None = None
    member_type: str | None = None
    end_date_time: str | None = None

    def __post_init__(self) -> None:
        _check(self.end_date_time)


class AuthenticationMethod(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`users/{id}/authentication/methods`."""

    type: str = msgspec.field(name="@odata.type")
    id: str = ""
    display_name: str | None = None
    aa_guid: str | None = None
    created_date_time: str | None = None

    def __post_init__(self) -> None:
        _check(self.created_date_time)


class Requirements(_Shape, frozen=True):
    """`users/{id}/authentication/requirements`."""

    per_user_mfa_state: str


# --- Policies


class _Users(_Shape, frozen=True):
    include_users: tuple[str, ...] | None = None
    exclude_users: tuple[str, ...] | None = None
    include_groups: tuple[str, ...] | None = None
    exclude_groups: tuple[str, ...] | None = None
    include_roles: tuple[str, ...] | None = None
    exclude_roles: tuple[str, ...] | None = None


class _Applications(_Shape, frozen=True):
    include_applications: tuple[str, ...] | None = None
    exclude_applications: tuple[str, ...] | None = None
    include_user_actions: tuple[str, ...] | None = None
    application_filter: dict[str, Any] | None = None


class _Locations(_Shape, frozen=True):
    include_locations: tuple[str, ...] | None = None
    exclude_locations: tuple[str, ...] | None = None


class _Filter(_Shape, frozen=True):
    rule: str = ""


class _Devices(_Shape, frozen=True):
    device_filter: _Filter | None = None


class Conditions(_Shape, frozen=True):
    """The conditions of a policy that rules tell apart."""

    users: _Users | None = None
    applications: _Applications | None = None
    client_app_types: tuple[str, ...] | None = None
    locations: _Locations | None = None
    devices: _Devices | None = None


class _Strength(_Shape, frozen=True):
    id: str = ""


class _Grant(_Shape, frozen=True):
    operator: str | None = None
    built_in_controls: tuple[str, ...] | None = None
    custom_authentication_factors: tuple[str, ...] | None = None
    terms_of_use: tuple[str, ...] | None = None
    authentication_strength: _Strength | None = None


class _Frequency(_Shape, frozen=True):
    is_enabled: bool | None = None
    frequency_interval: str | None = None


class _Browser(_Shape, frozen=True):
    is_enabled: bool | None = None
    mode: str | None = None


class _Session(_Shape, frozen=True):
    sign_in_frequency: _Frequency | None = None
    persistent_browser: _Browser | None = None


class Policy(_Shape, frozen=True):
    """`identity/conditionalAccess/policies/{id}`."""

    id: str
    display_name: str
    state: str
    conditions: dict[str, Any]
    grant_controls: _Grant | None = None
    session_controls: _Session | None = None


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """`policies/authenticationStrengthPolicies/{id}/combinationConfigurations`."""

    aaguids: tuple[str, ...] = msgspec.field(name="allowedAAGUIDs", default=())


class Strength(_Shape, frozen=True):
    """`policies/authenticationStrengthPolicies/{id}`."""

    id: str
    allowed_combinations: tuple[str, ...]
    display_name: str = ""
    policy_type: str = ""
    combination_configurations: tuple[Combination, ...] | None = None


class _Target(_Shape, frozen=True):
    id: str
    allowed_passkey_profiles: tuple[str, ...] | None = None


class _Restrictions(_Shape, frozen=True):
    is_enforced: bool | None = None
    enforcement_type: str | None = None
    aa_guids: tuple[str, ...] | None = None


class _Profile(_Shape, frozen=True):
    id: str
    name: str | None = None
    passkey_types: str | None = None
    attestation_enforcement: str | None = None
    key_restrictions: _Restrictions | None = None


class PasskeyConfiguration(_Shape, frozen=True):
    """`authenticationMethodConfigurations/Fido2`."""

    id: str
    state: str
    is_attestation_enforced: bool | None = None
    key_restrictions: _Restrictions | None = None
    include_targets: tuple[_Target, ...] | None = None
    exclude_targets: tuple[_Target, ...] | None = None
    default_passkey_profile: str | None = None
    passkey_profiles: tuple[_Profile, ...] | None = None


class Authorization(msgspec.Struct, frozen=True):
    """`policies/authorizationPolicy`."""

    sspr: bool | None = msgspec.field(name="allowedToUseSSPR", default=None)


# --- Logs


class _Status(_Shape, frozen=True):
    error_code: int = 0


class _Device(_Shape, frozen=True):
    device_id: str | None = None
    display_name: str | None = None


class AuthenticationDetail(_Shape, frozen=True):
    """A step of a sign-in."""

    authentication_method: str | None = None
    authentication_method_detail: str | None = None
    succeeded: bool | None = None


class SignIn(_Shape, frozen=True):
    """`auditLogs/signIns`."""

    created_date_time: Annotated[str, msgspec.Meta(min_length=1)]
    status: _Status
    user_id: str | None = None
    user_principal_name: str | None = None
    is_interactive: bool | None = None
    sign_in_event_types: tuple[str, ...] | None = None
    app_display_name: str | None = None
    ip_address: str | None = None
    device_detail: _Device | None = None
    authentication_details: tuple[AuthenticationDetail, ...] | None = None

    def __post_init__(self) -> None:
        _check(self.created_date_time)


# --- Azure


class _Log(_Shape, frozen=True):
    enabled: bool
    category: str | None = None
    category_group: str | None = None


class _Diagnostics(_Shape, frozen=True):
    logs: tuple[_Log, ...] = ()
    workspace_id: str | None = None


class Diagnostics(_Resource, frozen=True, kw_only=True):
    """`microsoft.aadiam/diagnosticSettings`."""

    properties: _Diagnostics


class _Criterion(_Shape, frozen=True):
    query: str
    operator: str | None = None
    threshold: float | None = None


class _Criteria(_Shape, frozen=True):
    all_of: tuple[_Criterion, ...]


class _Actions(_Shape, frozen=True):
    action_groups: tuple[str, ...] | None = None


class _Alert(_Shape, frozen=True):
    evaluation_frequency: timedelta
    window_size: timedelta
    criteria: _Criteria
    enabled: bool = True
    severity: int | None = None
    override_query_time_range: timedelta | None = None
    actions: _Actions | None = None


class Alert(_Resource, frozen=True, kw_only=True):
    """`Microsoft.Insights/scheduledQueryRules`."""

    properties: _Alert


class ActionGroup(_Resource, frozen=True, kw_only=True):
    """`Microsoft.Insights/actionGroups`."""

    properties: dict[str, Any]

"""A tenant in which all is well with the sample organisation's accounts, as its objects."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from keyvault_kit.custody.model import Account, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR
from keyvault_kit.entra.enrollment import to_base64url
from tests.custody.rules.tenants import register

Object = dict[str, Any]

GROUP: Final = "9d4c1f20-0000-4000-9000-000000000001"
ROLE_READERS: Final = "9d4c1f20-0000-4000-9000-000000000002"
STRENGTH: Final = "5f3a7e10-0000-4000-9000-000000000003"
OWN: Final = "3b2a6d00-0000-4000-9000-000000000004"
OTHER: Final = "3b2a6d00-0000-4000-9000-000000000005"
WORKSPACE: Final = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.OperationalInsights/w"
ADMINS: Final = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Insights/actionGroups/g"


@dataclass
class Tenant:
    """The objects of a tenant; change them before they are written."""

    users: list[Object] = field(default_factory=list)
    groups: list[Object] = field(default_factory=list)
    members: dict[str, list[Object]] = field(default_factory=dict)
    domains: list[Object] = field(default_factory=list)
    skus: list[Object] = field(default_factory=list)
    active: list[Object] = field(default_factory=list)
    eligible: list[Object] = field(default_factory=list)
    policies: list[Object] = field(default_factory=list)
    locations: list[Object] = field(default_factory=list)
    strengths: list[Object] = field(default_factory=list)
    passkeys: Object = field(default_factory=dict)
    authorization: Object = field(default_factory=dict)
    methods: dict[str, list[Object]] = field(default_factory=dict)
    requirements: dict[str, str] = field(default_factory=dict)
    sign_ins: list[Object] = field(default_factory=list)
    diagnostics: list[Object] = field(default_factory=list)
    alerts: list[Object] = field(default_factory=list)
    action_groups: list[Object] = field(default_factory=list)

    def user(self, number: int = 0) -> Object:
        """An account's object."""
        return self.users[number]

    def methods_of(self, number: int = 0) -> list[Object]:
        """The methods of an account."""
        return self.methods[self.users[number]["id"].lower()]


def tenant(its: Register | None = None) -> Tenant:
    """A tenant in which all is well with the accounts of a register, the sample's by default."""
    its = its or register()
    made = Tenant(
        users=[_user(it) for it in its.accounts.values()],
        groups=[_group(GROUP, "Keepers", assignable=True), _group(ROLE_READERS, "Readers")],
        domains=[_domain("example.onmicrosoft.com"), _domain("example.com", "Federated")],
        skus=[_sku("AAD_PREMIUM", "AAD_PREMIUM_P2", "EXCHANGE_S_STANDARD")],
        active=[_assignment(GROUP)],
        eligible=[_assignment("77777777-0000-4000-9000-000000000001", "roleEligibilityScheduleId")],
        policies=[_own_policy(), _other_policy()],
        locations=[_location()],
        strengths=[_strength()],
        passkeys=_passkeys(),
        authorization={"id": "authorizationPolicy", "allowedToUseSSPR": False},
        diagnostics=[_diagnostics()],
        action_groups=[_action_group()],
    )
    made.members = {
        GROUP: [_member(it) for it in made.users],
        ROLE_READERS: [_member({"id": "88888888-0000-4000-9000-000000000001"})],
    }
    for user, account in zip(made.users, its.accounts.values(), strict=True):
        made.methods[_id(account)] = _methods(its, account)
        made.requirements[_id(account)] = "disabled"
        if drilled := its.done.get(f"drill:{account.id}"):
            made.sign_ins.append(sign_in(user, drilled))
    made.alerts = _alerts(made.users)
    return made


def _id(account: Account) -> str:
    """Its object id, also where the register has none."""
    number = int.from_bytes(account.id.encode()) % 10**12
    return account.object_id or f"00000000-0000-4000-8000-{number:012d}"


# --- Objects


def _user(account: Account) -> Object:
    return {
        "id": _id(account).upper(),
        "userPrincipalName": account.upn.title(),
        "displayName": account.id,
        "accountEnabled": True,
        "onPremisesSyncEnabled": None,
        "assignedLicenses": [],
        "passwordPolicies": "DisablePasswordExpiration, DisableStrongPassword",
        "authorizationInfo": {"certificateUserIds": []},
        "userType": "Member",
        "employeeHireDate": None,
    }


def _group(group: str, name: str, *, assignable: bool = False) -> Object:
    return {
        "id": group,
        "displayName": name,
        "groupTypes": [],
        "mailEnabled": False,
        "securityEnabled": True,
        "isAssignableToRole": assignable or None,
    }


def _member(user: Object) -> Object:
    return {"@odata.type": "#microsoft.graph.user", "id": user["id"]}


def _domain(name: str, kind: str = "Managed") -> Object:
    return {"id": name, "authenticationType": kind, "isVerified": True, "isDefault": False}


def _sku(*plans: str) -> Object:
    its = [{"servicePlanName": it, "provisioningStatus": "Success"} for it in plans]
    return {
        "id": "t_s",
        "skuPartNumber": "AAD_PREMIUM_P2",
        "capabilityStatus": "Enabled",
        "servicePlans": its,
    }


def _assignment(principal: str, schedule: str = "roleAssignmentScheduleId") -> Object:
    return {
        "id": f"instance-{principal}",
        "principalId": principal,
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
        "appScopeId": None,
        "startDateTime": None,
        "endDateTime": None,
        "memberType": "Direct",
        schedule: f"schedule-{principal}",
    } | ({"assignmentType": "Assigned"} if schedule == "roleAssignmentScheduleId" else {})


def _conditions(**users: list[str]) -> Object:
    nobody: Object = {
        f"{verb}{what}": []
        for verb in ("include", "exclude")
        for what in ("Users", "Groups", "Roles")
    }
    return {
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "clientAppTypes": ["all"],
        "platforms": None,
        "locations": None,
        "devices": None,
        "clientApplications": None,
        "authenticationFlows": None,
        "applications": {
            "includeApplications": ["All"],
            "excludeApplications": [],
            "includeUserActions": [],
            "applicationFilter": None,
        },
        "users": nobody | {"includeGuestsOrExternalUsers": None} | users,
    }


def _own_policy() -> Object:
    return {
        "id": OWN,
        "displayName": "Grant - Emergency Access",
        "modifiedDateTime": "2026-01-02T10:00:00.1234567Z",
        "state": "enabled",
        "conditions": _conditions(includeGroups=[GROUP]),
        "grantControls": {
            "operator": "OR",
            "builtInControls": [],
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": _strength(),
        },
        "sessionControls": {
            "disableResilienceDefaults": None,
            "signInFrequency": {
                "value": None,
                "type": None,
                "authenticationType": "primaryAndSecondaryAuthentication",
                "frequencyInterval": "everyTime",
                "isEnabled": True,
            },
            "persistentBrowser": {"mode": "never", "isEnabled": True},
        },
    }


def _other_policy() -> Object:
    return {
        "id": OTHER,
        "displayName": "Require MFA",
        "state": "enabled",
        "conditions": _conditions(includeUsers=["All"], excludeGroups=[GROUP]),
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "sessionControls": None,
    }


def _location() -> Object:
    return {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "id": "6c1b0000-0000-4000-9000-000000000006",
        "displayName": "Head office",
        "isTrusted": True,
        "ipRanges": [],
    }


def _strength() -> Object:
    return {
        "id": STRENGTH,
        "displayName": "Emergency Access",
        "policyType": "custom",
        "allowedCombinations": ["fido2"],
        "combinationConfigurations": [
            {
                "@odata.type": "#microsoft.graph.fido2CombinationConfiguration",
                "id": "c1",
                "appliesToCombinations": ["fido2"],
                "allowedAAGUIDs": sorted({it.aaguid.upper() for it in register().keys.values()}),
            }
        ],
    }


def _passkeys() -> Object:
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": "enabled",
        "isSelfServiceRegistrationAllowed": True,
        "isAttestationEnforced": True,
        "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
        "includeTargets": [{"targetType": "group", "id": GROUP, "isRegistrationRequired": False}],
        "excludeTargets": [],
    }


def _methods(its: Register, account: Account) -> list[Object]:
    password = {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": "28c10230-6103-485e-b985-444c60001490",
        "password": None,
        "createdDateTime": "2026-01-05T09:12:00Z",
    }
    keys = (it for it in its.keys.values() if it.account == account.id)
    return [password, *(passkey(it) for it in keys)]


def passkey(key: SecurityKey, **changes: Any) -> Object:
    """The passkey of a key as Graph lists it; its id has the number of padding characters."""
    credential = bytes.fromhex(key.credential or "")
    padding = -len(credential) % 3
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
        "id": f"{to_base64url(credential)}{padding}",
        "displayName": key.id,
        "createdDateTime": "2026-01-05T09:10:00.0000000Z",
        "aaGuid": key.aaguid,
        "model": key.product,
        "attestationCertificates": ["00"],
        "attestationLevel": "attested",
    } | changes


def sign_in(user: Object, time: datetime, **changes: Any) -> Object:
    """A sign-in as the log has it."""
    return {
        "id": f"{user['id']}-{time.isoformat()}",
        "createdDateTime": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "userId": user["id"].lower(),
        "userPrincipalName": user["userPrincipalName"].lower(),
        "appDisplayName": "Azure Portal",
        "ipAddress": "192.0.2.7",
        "isInteractive": True,
        "status": {"errorCode": 0, "failureReason": "Other."},
        "deviceDetail": {"deviceId": "", "displayName": "paw-1"},
        "authenticationDetails": [],
    } | changes


def by_key(name: str, method: str = "FIDO2 security key") -> list[Object]:
    """The steps of a sign-in with a passkey of that name."""
    return [
        {
            "authenticationMethod": method,
            "authenticationMethodDetail": name,
            "succeeded": True,
            "authenticationStepRequirement": "Primary authentication",
        },
        {"authenticationMethod": "Previously satisfied", "succeeded": True},
    ]


# --- Azure


def _diagnostics() -> Object:
    categories = ("AuditLogs", "SignInLogs", "NonInteractiveUserSignInLogs")
    return {
        "id": "/providers/microsoft.aadiam/diagnosticSettings/logs",
        "type": "microsoft.aadiam/diagnosticSettings",
        "name": "logs",
        "properties": {
            "workspaceId": WORKSPACE,
            "logs": [{"category": it, "categoryGroup": None, "enabled": True} for it in categories],
        },
    }


def _action_group() -> Object:
    return {
        "id": ADMINS,
        "type": "Microsoft.Insights/ActionGroups",
        "name": "g",
        "properties": {
            "groupShortName": "BreakGlass",
            "enabled": True,
            "emailReceivers": [{"name": "all"}],
            "smsReceivers": [],
            "azureAppPushReceivers": [{"name": "phone"}],
        },
    }


def _alerts(users: Iterable[Object]) -> list[Object]:
    ids = ", ".join(f'"{it["id"].lower()}"' for it in users)
    signs = f"union SigninLogs, AADNonInteractiveUserSignInLogs | where UserId in~ ({ids})"
    return [_alert("used", signs), _alert("changed", f"AuditLogs | where tostring(x) in ({ids})")]


def _alert(name: str, query: str) -> Object:
    return {
        "id": f"/subscriptions/S1/resourceGroups/RG/providers/Microsoft.Insights/x/{name}",
        "type": "Microsoft.Insights/scheduledQueryRules",
        "name": name,
        "properties": {
            "enabled": True,
            "severity": 0,
            "evaluationFrequency": "PT5M",
            "windowSize": "PT5M",
            "criteria": {
                "allOf": [{"query": query, "operator": "GreaterThan", "threshold": 0.0}],
            },
            "actions": {"actionGroups": [ADMINS.replace("resourceGroups", "resourcegroups")]},
        },
    }

"""The online side of a rehearsal: a tenant as one is found, what is deployed there, its exports.

The accounts' passwords, passkeys and logs are those of the stand-in tenant; all else is the
directory's, which does what the artefacts' own requests ask for.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.model import Account, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.requests import REQUESTS
from keyvault_kit.entra.artefacts.wanted import REHEARSAL
from keyvault_kit.entra.enrollment import to_base64url
from keyvault_kit.host.files import read_file, write_atomically
from keyvault_kit.rehearsal.directory import Directory, Object
from keyvault_kit.rehearsal.tenant import RehearsalTenant

_POLICIES: Final = "identity/conditionalaccess/policies"
_STRENGTHS: Final = "policies/authenticationstrengthpolicies"
_FIDO2: Final = "policies/authenticationmethodspolicy/authenticationmethodconfigurations/fido2"
_AUTHORIZATION: Final = "policies/authorizationpolicy"
_ROLES: Final = "rolemanagement/directory/roleassignments"
_ADMINISTRATOR: Final = "00000000-0000-4000-8000-0000000000a1"
"""Somebody who administers the tenant every day."""

_MARKED_ID: Final = re.compile(rf"{REHEARSAL}-(?=[0-9a-f]{{8}}-)", re.IGNORECASE)
_WORKSPACE: Final = "/subscriptions/rehearsal/resourcegroups/logs/workspaces/logs"
_PARAMETERS: Final[Mapping[str, Any]] = {
    "workspaceResourceId": _WORKSPACE,
    "actionGroupId": "/subscriptions/rehearsal/resourcegroups/logs/actiongroups/admins",
    "location": "westeurope",
    "emailReceivers": [{"name": "admins", "emailAddress": "admins@example.com"}],
    "smsReceivers": [{"name": "duty", "countryCode": "49", "phoneNumber": "0"}],
    "azureAppPushReceivers": [],
    "voiceReceivers": [],
}


class Online:
    """What stands at the other end of the transfer medium, over its file.

    Args:
        tenant: The accounts' own part of it.
        random: That many bytes, for new ids.
    """

    def __init__(self, file: Path, tenant: RehearsalTenant, random: Callable[[int], bytes]) -> None:
        self._file = file
        self._tenant = tenant
        self._random = random
        self._directory = Directory()
        if file.exists():
            self._directory = msgspec.json.decode(read_file(file, "directory"), type=Directory)

    @property
    def founded(self) -> bool:
        """Whether there is a tenant yet."""
        return bool(self._directory.collections)

    def found(self, accounts: Iterable[Account]) -> None:
        """Begin as a tenant that knows nothing of emergency access but the accounts' names."""
        it = self._directory
        it.collections["users"] = [_user(account) for account in accounts]
        it.collections["groups"] = []
        it.collections["domains"] = [_domain(account) for account in accounts][:1]
        it.collections["subscribedskus"] = [_subscription()]
        it.collections[_ROLES] = [_administrator()]
        it.collections[_POLICIES] = [_mfa_for_all()]
        it.collections[_STRENGTHS] = []
        it.singles[_FIDO2] = _passkeys()
        it.singles[_AUTHORIZATION] = {"id": "authorizationPolicy", "allowedToUseSSPR": True}
        self._save()

    # --- Deployed

    def deploy(self, artefacts: Iterable[Artefact]) -> None:
        """Do what the artefacts of a rehearsal ask for, as `Deploy.ps1` would at a real tenant.

        Raises:
            MismatchError: A request is about something that is not there.
        """
        files = {it.name: _unmarked(it.content, self._directory) for it in artefacts}
        for request in json.loads(files[REQUESTS])["requests"]:
            if not self._is_there(request):
                body = json.loads(files[request["file"]]) if request.get("file") else None
                self._directory.ask(
                    request["method"],
                    request["url"],
                    body,
                    gives=request.get("gives", ""),
                    new_id=self._new_id,
                )
        for name, content in files.items():
            if name.startswith("azure/"):
                self._deploy_template(json.loads(content))
        self._save()

    def _is_there(self, request: Mapping[str, Any]) -> bool:
        """Whether what a request would make was made before; its token then stands for that."""
        find = request.get("find")
        if not find:
            return False
        for it in self._directory.at(find["url"]):
            if all(_says(it, name, value) for name, value in find["match"].items()):
                if request.get("gives"):
                    self._directory.tokens[request["gives"]] = it["id"]
                return True
        return False

    def _deploy_template(self, template: Mapping[str, Any]) -> None:
        for resource in template["resources"]:
            kind = resource["type"].rpartition("/")[2].lower()
            made = json.loads(json.dumps(resource), object_hook=_with_parameters)
            made["id"] = (
                _PARAMETERS["actionGroupId"] if kind == "actiongroups" else f"/{made['name']}"
            )
            held = self._directory.collections.setdefault(kind, [])
            held[:] = [it for it in held if it["name"] != made["name"]] + [made]

    def _new_id(self) -> str:
        return str(UUID(bytes=self._random(16), version=4))

    def _save(self) -> None:
        write_atomically(self._file, msgspec.json.encode(self._directory))

    # --- Exported

    def export(self, register: Register, now: datetime) -> dict[str, bytes]:
        """Name and content of each file of an export, as somebody carries it to the station."""
        files = dict(self._directory.export())
        for account in register.accounts.values():
            files |= {name: _page(*it) for name, it in self._of_account(register, account)}
        sign_ins = [it for account in register.accounts.values() for it in self._log(account)]
        roles = [_standing(it) for it in self._directory.collections[_ROLES]]
        instances = "roleManagement/directory/roleAssignmentScheduleInstances"
        files["roles.json"] = _page(instances, roles)
        files["eligible.json"] = _page(
            "roleManagement/directory/roleEligibilityScheduleInstances", []
        )
        files["signIns.json"] = _page("auditLogs/signIns", sign_ins)
        manifest = {"format": "keyvault-kit/tenant-export/v1", "taken": f"{now:{TIME_FORMAT}}"}
        return files | {"manifest.json": json.dumps(manifest).encode()}

    def _of_account(
        self, register: Register, account: Account
    ) -> Iterator[tuple[str, tuple[str, list[Object]]]]:
        passkeys = self._tenant.passkeys(account.upn)
        keys = [register.keys[tag] for tag in passkeys if tag in register.keys]
        methods = [_password(), *(_passkey(key) for key in keys)]
        where = f"users('{account.object_id}')/authentication"
        yield f"methods-{account.id}.json", (f"{where}/methods", methods)
        yield (
            f"requirements-{account.id}.json",
            (
                f"{where}/requirements",
                [{"perUserMfaState": "disabled"}],
            ),
        )

    def _log(self, account: Account) -> Iterator[Object]:
        for it in self._tenant.log(account.upn):
            yield {
                "id": f"{account.object_id}-{it.time:{TIME_FORMAT}}",
                "createdDateTime": f"{it.time:{TIME_FORMAT}}",
                "userId": account.object_id,
                "userPrincipalName": account.upn,
                "appDisplayName": "Azure Portal",
                "ipAddress": "192.0.2.7",
                "isInteractive": True,
                "status": {"errorCode": 0 if it.succeeded else 50126},
                "deviceDetail": {"displayName": "paw-1"},
                "authenticationDetails": _details(it.key),
            }


def _unmarked(content: bytes, directory: Directory) -> bytes:
    """An artefact with the ids that stand behind the marks of a rehearsal."""
    text = content.decode()
    for user in directory.collections.get("users", []):
        text = text.replace(f"{REHEARSAL}-{user['displayName']}", user["id"])
    return _MARKED_ID.sub("", text).encode()


def _says(it: Object, name: str, value: str) -> bool:
    return str(it.get(name, "")).casefold() == value.casefold()


def _with_parameters(it: Object) -> Object:
    return {name: _parameter(value) for name, value in it.items()}


def _parameter(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, list):
        return [_parameter(each) for each in value]
    if isinstance(value, str) and value.startswith("[parameters('"):
        return _PARAMETERS[value.removeprefix("[parameters('").removesuffix("')]")]
    return value


def _page(context: str, objects: list[Object]) -> bytes:
    metadata = "https://graph.microsoft.com/beta/$metadata#"
    return json.dumps({"@odata.context": metadata + context, "value": objects}).encode()


# --- What there is in the beginning


def _user(account: Account) -> Object:
    return {
        "id": account.object_id,
        "userPrincipalName": account.upn,
        "displayName": account.id,
        "accountEnabled": True,
        "onPremisesSyncEnabled": None,
        "assignedLicenses": [],
        "passwordPolicies": None,
        "authorizationInfo": {"certificateUserIds": []},
    }


def _domain(account: Account) -> Object:
    name = account.upn.partition("@")[2]
    return {"id": name, "authenticationType": "Managed", "isVerified": True, "isDefault": True}


def _subscription() -> Object:
    return {
        "id": "sku",
        "skuPartNumber": "AAD_PREMIUM_P2",
        "capabilityStatus": "Enabled",
        "servicePlans": [
            {"servicePlanName": "AAD_PREMIUM_P2", "provisioningStatus": "Success"},
            {"servicePlanName": "AAD_PREMIUM", "provisioningStatus": "Success"},
        ],
    }


def _administrator() -> Object:
    return {
        "id": "daily",
        "principalId": _ADMINISTRATOR,
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
    }


def _standing(role: Object) -> Object:
    """A role that was assigned without an end, as role management lists it."""
    more = {"assignmentType": "Assigned", "memberType": "Direct", "endDateTime": None}
    return role | more | {"roleAssignmentScheduleId": role["id"]}


def _mfa_for_all() -> Object:
    """A policy that would lock the accounts out with everybody else (S25)."""
    return {
        "id": "00000000-0000-4000-8000-0000000000c1",
        "displayName": "Require MFA",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"], "excludeApplications": []},
            "users": {
                "includeUsers": ["All"],
                "excludeUsers": [],
                "includeGroups": [],
                "excludeGroups": [],
                "includeRoles": [],
                "excludeRoles": [],
            },
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "sessionControls": None,
    }


def _passkeys() -> Object:
    """Passkeys of two models are allowed to everybody: not those of the emergency keys (S21)."""
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": "enabled",
        "isSelfServiceRegistrationAllowed": True,
        "isAttestationEnforced": True,
        "keyRestrictions": {
            "isEnforced": True,
            "enforcementType": "allow",
            "aaGuids": ["90a3ccdf-635c-4729-a248-9b709135078f"],
        },
        "includeTargets": [
            {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}
        ],
        "excludeTargets": [],
    }


def _password() -> Object:
    return {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": "28c10230-6103-485e-b985-444c60001490",
    }


def _details(key: str) -> list[Object]:
    """How the log says by what somebody showed who they are."""
    if not key:
        return [{"authenticationMethod": "Password", "succeeded": True}]
    told = {"authenticationMethod": "FIDO2 security key", "authenticationMethodDetail": key}
    return [told | {"succeeded": True}]


def _passkey(key: SecurityKey) -> Object:
    """A passkey as Graph lists it; its id ends with the number of padding characters."""
    credential = bytes.fromhex(key.credential or "")
    return {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
        "id": f"{to_base64url(credential)}{-len(credential) % 3}",
        "displayName": key.id,
        "aaGuid": key.aaguid,
        "attestationLevel": "attested",
    }

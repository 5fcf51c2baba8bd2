"""A tenant in which all is well with the sample organisation's accounts, as files from it.

The same objects are written in two ways: as answers of Graph and Azure, and as EntraExporter lays
them out, with answers of Graph beside its folders for what it leaves out.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.custody.rules.tenants import now
from tests.entra.tenant_objects import Object, Tenant

Files = dict[str, bytes]

GRAPH: Final = "https://graph.microsoft.com/beta/$metadata#"
MANIFEST: Final = "keyvault-kit/tenant-export/v1"
TAKEN: Final = now() - timedelta(hours=1)


def to_json(document: object) -> bytes:
    """As a file has it."""
    return json.dumps(document, indent=2).encode()


def answer(context: str, objects: Iterable[Object]) -> bytes:
    """A collection as Graph answers it."""
    return to_json({"@odata.context": GRAPH + context, "value": list(objects)})


def manifest(taken: datetime = TAKEN, **changes: Any) -> bytes:
    """The manifest of the kit's own export."""
    its = {"format": MANIFEST, "tenantId": "7e57-0000", "taken": f"{taken:%Y-%m-%dT%H:%M:%SZ}"}
    return to_json(its | changes)


def plain(its: Tenant) -> Files:
    """The tenant as answers of Graph and Azure, with the manifest of the kit's own export."""
    files = {
        "manifest.json": manifest(),
        "users.json": answer("users", its.users),
        "groups.json": answer("groups", its.groups),
        "domains.json": answer("domains", its.domains),
        "subscribedSkus.json": answer("subscribedSkus", its.skus),
        "active.json": answer(
            "roleManagement/directory/roleAssignmentScheduleInstances", its.active
        ),
        "eligible.json": answer(
            "roleManagement/directory/roleEligibilityScheduleInstances", its.eligible
        ),
        "policies.json": answer("identity/conditionalAccess/policies", its.policies),
        "locations.json": answer("identity/conditionalAccess/namedLocations", its.locations),
        "strengths.json": answer("policies/authenticationStrengthPolicies", its.strengths),
        "passkeys.json": to_json(
            {"@odata.context": f"{GRAPH}authenticationMethodConfigurations/$entity"} | its.passkeys
        ),
        "authorization.json": to_json(
            {"@odata.context": f"{GRAPH}policies/authorizationPolicy/$entity"} | its.authorization
        ),
    }
    for group, members in its.members.items():
        files[f"groups/{group}/transitiveMembers.json"] = answer("directoryObjects", members)
    return files | _beside(its)


def _beside(its: Tenant) -> Files:
    """What EntraExporter leaves out, as answers of Graph and Azure."""
    files = {
        "azure/diagnosticSettings.json": to_json({"value": its.diagnostics}),
        "azure/scheduledQueryRules.json": to_json({"value": its.alerts}),
        "azure/actionGroups.json": to_json({"value": its.action_groups}),
    }
    for user, methods in its.methods.items():
        files |= _log(user, [it for it in its.sign_ins if it["userId"] == user])
        context = f"users('{user}')/authentication/"
        files[f"methods/{user}.json"] = answer(f"{context}methods", methods)
        files[f"mfa/{user}.json"] = to_json(
            {"@odata.context": f"{GRAPH}{context}requirements"}
            | {"perUserMfaState": its.requirements[user]}
        )
    return files


def _log(user: str, sign_ins: Iterable[Object]) -> Files:
    """The log of an account, as the kit's own script asks for it: in two halves."""
    halves: dict[str, list[Object]] = {"interactive": [], "nonInteractive": []}
    for it in sign_ins:
        halves["interactive" if it["isInteractive"] else "nonInteractive"].append(it)
    return {
        f"users/{user}/signIns-{half}-1.json": answer("auditLogs/signIns", found)
        for half, found in halves.items()
    }


def whole_log(its: Tenant) -> Files:
    """The tenant as :func:`plain` has it, but with one log of whoever signed in to it."""
    files = {name: data for name, data in plain(its).items() if "/signIns-" not in name}
    return files | {"signIns.json": answer("auditLogs/signIns", its.sign_ins)}


def entra_exporter(its: Tenant) -> Files:
    """The tenant as EntraExporter lays it out, UTF-16 as Windows PowerShell writes it."""
    folders = {
        "Users": its.users,
        "Groups": its.groups,
        "Domains": its.domains,
        "SubscribedSkus": its.skus,
        "RoleManagement/Directory/RoleAssignmentScheduleInstances": its.active,
        "Identity/Conditional/AccessPolicies": its.policies,
        "Identity/Conditional/NamedLocations": its.locations,
        "Policies/AuthorizationPolicy": [its.authorization],
        "Applications": [{"id": "a1", "displayName": "An application", "appId": "a"}],
    }
    folders |= {f"Groups/{group}/Members": members for group, members in its.members.items()}
    files = {
        f"{folder}/{it['id']}/{it['id']}.json": _utf16(it)
        for folder, objects in folders.items()
        for it in objects
    }
    methods = "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations"
    files[f"{methods}/FIDO2.json"] = _utf16(its.passkeys)
    for it in its.eligible:
        files[f"PIM/DirectoryRoles/{it['roleEligibilityScheduleId']}.json"] = _utf16(it)
    return files | _beside(its)


def _utf16(document: Object) -> bytes:
    return json.dumps(document, indent=4).encode("utf-16")


def write(files: Files, folder: Path) -> Path:
    """The files in a folder, which is made."""
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder

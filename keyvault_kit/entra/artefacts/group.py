"""The role-assignable group, its role and its members (S8; steps 1 and 8).

No policy is changed for one account alone: all of them name the group. It carries the role, unless
it was decided that accounts have that directly (C4).
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from keyvault_kit.custody.model import Account
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR, Group
from keyvault_kit.custody.wording import listed
from keyvault_kit.entra.artefacts import present, tokens
from keyvault_kit.entra.artefacts.change import Call, Change
from keyvault_kit.entra.artefacts.merging import same, without
from keyvault_kit.entra.artefacts.requests import Find
from keyvault_kit.entra.artefacts.wanted import Wanted

GROUPS: Final = "/v1.0/groups"
ROLES: Final = "/v1.0/roleManagement/directory/roleAssignments"
INSTANCES: Final = "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances"
_TENANT: Final = "/"

_SERVES: Final = ("S8", "S25", "S26")
"""What the group is there for: its role, and to be named in policies."""


def changes(it: Wanted) -> Iterator[Change]:
    """The group and its role; :func:`joining` has the members."""
    yield _group(it)
    if it.choice("C4") != "direct":
        found = present.group(it)
        token, seen = tokens.ROLE_ASSIGNMENT, found.id if found else ""
        yield _role(it, "the group", present.group_id(it), seen, token)
        return
    for account in it.accounts():
        token = tokens.of(tokens.ROLE_ASSIGNMENT, account.id)
        name, seen = f"account {account.id}", account.object_id or ""
        yield _role(it, name, it.object_id(account), seen, token)


def _group(it: Wanted) -> Change:
    found, name = present.group(it), it.marked(it.names.group)
    shown = found.display_name if found else name
    change = Change(name="group", title=f"The group {shown!r}", step=1, serves=_SERVES)
    if found:
        return replace(change, notes=_strangers(it, found))
    quoted = name.replace("'", "''")
    filtered = quote(f"displayName eq '{quoted}'", safe="'")
    url = f"{GROUPS}?$filter={filtered}&$select=id,displayName"
    call = Call(
        method="POST",
        url=GROUPS,
        body=_body(it, name),
        find=Find(url=url, match={"displayName": name}),
        gives=tokens.GROUP,
    )
    undo = _taken_away(f"{GROUPS}/{tokens.token(tokens.GROUP)}", tokens.GROUP)
    return replace(change, call=call, undo=undo)


def _body(it: Wanted, name: str) -> dict[str, Any]:
    numbers = ", ".join(_SERVES)
    tells = it.choice("C5") != "arbitrary"
    about = f"The emergency access accounts, and nobody else ({numbers})." if tells else numbers
    return {
        "displayName": name,
        "description": it.marked(about),
        "groupTypes": [],
        "isAssignableToRole": True,
        "mailEnabled": False,
        "mailNickname": re.sub("[^A-Za-z0-9-]", "", name)[:64] or "group",
        "securityEnabled": True,
    }


def _strangers(it: Wanted, found: Group) -> tuple[str, ...]:
    """What to tell of members that are no emergency access accounts."""
    ours = [account.object_id or "" for account in it.accounts()]
    strange = without(found.members or (), ours)
    if not strange:
        return ()
    told = f"It has members that are no emergency access accounts: {listed(strange)}."
    return (f"{told} They get all that the group gets; remove them first.",)


# --- The role


def _role(it: Wanted, name: str, principal: str, seen: str, token: str) -> Change:
    """That a principal is Global Administrator, permanently and in the whole tenant (S3)."""
    stem = token.replace("_id", "").replace("_", "-")
    title = f"The role Global Administrator of {name}"
    change = Change(name=stem, title=title, step=1, serves=("S3", "S8"))
    if seen and _has_role(it, seen):
        return change
    filtered = quote(f"principalId eq '{principal}'", safe="'{}")
    find = Find(
        url=f"{ROLES}?$filter={filtered}",
        match={"roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": _TENANT},
        lasting=f"{INSTANCES}?$filter={filtered}",
    )
    body = {
        "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "principalId": principal,
        "directoryScopeId": _TENANT,
    }
    call = Call(method="POST", url=ROLES, body=body, find=find, gives=token)
    return replace(change, call=call, undo=_taken_away(f"{ROLES}/{tokens.token(token)}", token))


def _has_role(it: Wanted, principal: str) -> bool:
    """Whether it has the role for good, and need not activate it first."""
    accounts = (it.facts and it.facts.accounts) or ()
    known = [role for account in accounts for role in account.role_assignments or ()]
    passing = any(
        role.principal_id == principal
        and role.role_definition_id == GLOBAL_ADMINISTRATOR
        and (role.activated or role.end_date_time)
        for role in known
    )
    return not passing and any(
        same(held.get("principalId"), principal)
        and same(held.get("roleDefinitionId"), GLOBAL_ADMINISTRATOR)
        and held.get("directoryScopeId", _TENANT) == _TENANT
        and held.get("endDateTime") is None
        for held in it.objects.get("roleAssignments", ())
    )


# --- Members


def joining(it: Wanted) -> Iterator[Change]:
    """Each account becomes a member of the group (step 8)."""
    found = present.group(it)
    for account in it.accounts():
        title = f"Account {account.id} as a member of the group"
        change = Change(name=f"member-{account.id}", title=title, step=8, serves=("S8",))
        groups = it.facts.groups_of(account.object_id or "") if it.facts else None
        inside = found is not None and found.id in (groups or ())
        yield change if inside else _joining(it, account, change)


def _joining(it: Wanted, account: Account, change: Change) -> Change:
    object_id = it.object_id(account)
    all_of_them = f"{GROUPS}/{present.group_id(it)}/members"
    find = Find(url=f"{all_of_them}?$select=id", match={"id": object_id})
    call = Call(
        method="POST",
        url=f"{all_of_them}/$ref",
        body={"@odata.id": f"{it.endpoint}/v1.0/directoryObjects/{object_id}"},
        find=find,
        gives=tokens.of(tokens.MEMBER, account.id),
    )
    return replace(
        change, call=call, undo=_taken_away(f"{all_of_them}/{object_id}/$ref", call.gives)
    )


def _taken_away(url: str, token: str) -> Call:
    return Call(method="DELETE", url=url, created=token)

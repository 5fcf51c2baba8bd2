"""What the stand-in tenant answers to whoever reads it, and what `Deploy.ps1` makes of that.

The script cannot run here; what it asks itself before it sends anything is done here as it does it.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from tests.entra.directory import Directory, Object

_ROOT: Final = r"/(?:v1\.0|beta)"
_INSTANCES: Final = "/roleManagement/directory/roleAssignmentScheduleInstances"
_COLLECTIONS: Final = {
    "/groups": "groups",
    "/users": "users",
    "/roleManagement/directory/roleAssignments": "roles",
    "/identity/conditionalAccess/policies": "policies",
    "/policies/authenticationStrengthPolicies": "strengths",
}
_SINGLE: Final = {
    "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2": "fido2",
    "/policies/authorizationPolicy": "authorization",
}


class ChangedError(Exception):
    """What is to be changed is not as the evidence had it."""


class PassingError(Exception):
    """A role that was found is there for a time only."""


# --- GET


def read(it: "Directory", url: str) -> Any:
    """What is at an address: an object, or the objects of a collection."""
    path, _, query = unquote(re.sub(f"^{_ROOT}", "", url)).partition("?")
    owner, _, last = path.rpartition("/")
    if path in _COLLECTIONS:
        return _filtered(getattr(it, _COLLECTIONS[path]), query)
    if path == _INSTANCES:
        return _filtered([_instance(it, role) for role in it.roles], query)
    if path in _SINGLE:
        return getattr(it, _SINGLE[path])
    if last == "members":
        return [{"id": member} for member in it.members[owner.rpartition("/")[2]]]
    held = read(it, f"/v1.0{owner}")
    return held[last] if isinstance(held, dict) else _of_id(held, last)


def _of_id(held: list["Object"], one: str) -> "Object":
    return next(its for its in held if its["id"] == one)


def _filtered(objects: list["Object"], query: str) -> list["Object"]:
    wanted = re.search("principalId eq '([^']*)'", query)
    return [its for its in objects if wanted is None or its["principalId"] == wanted[1]]


def _instance(it: "Directory", role: "Object") -> "Object":
    """A role as privileged identity management tells of it."""
    kind = "Activated" if role["id"] in it.activated else "Assigned"
    return {**role, "assignmentType": kind, "endDateTime": None}


# --- What the script does before it sends


def is_to_be_sent(
    it: "Directory", request: "Object", files: Mapping[str, bytes], tokens: "Object"
) -> bool:
    """Whether it is not there already, and nobody changed what it is about.

    Raises:
        ChangedError: Somebody did; of a roll-back it is left out then.
        PassingError: A role that was found is there for a time only.
    """
    if "find" in request:
        there = _existing(it, request["find"], tokens)
        if there and "gives" in request:
            it.found |= {request["gives"]} - tokens.keys()
            tokens.setdefault(request["gives"], there["id"])
        return there is None
    if "was" not in request:
        return True
    now = read(it, filled(request["reads"], tokens))
    if says(now, body_of(files, request["file"], tokens)):
        return False
    as_before = says(now, body_of(files, request["was"], tokens))
    if not as_before and "created" not in request:
        raise ChangedError(request["about"])
    return as_before


def _existing(it: "Directory", find: "Object", tokens: "Object") -> "Object | None":
    """What is there already of what would be made (`Find-Existing`)."""
    held = _matching(it, find["url"], find, tokens)
    assert len(held) < 2
    if held and "lasting" in find:
        known = _matching(it, find["lasting"], find, tokens)
        staying = [
            its for its in known if its["assignmentType"] != "Activated" and not its["endDateTime"]
        ]
        if known and not staying:
            raise PassingError(find["lasting"])
    return held[0] if held else None


def _matching(it: "Directory", url: str, find: "Object", tokens: "Object") -> list["Object"]:
    return [its for its in read(it, filled(url, tokens)) if _matches(its, find, tokens)]


def filled(text: str, tokens: Mapping[str, str]) -> str:
    """A text with what stands for its tokens."""
    for name, value in tokens.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def body_of(files: Mapping[str, bytes], name: str | None, tokens: Mapping[str, str]) -> Any:
    """What a file of the folder holds; None without one."""
    return json.loads(filled(files[name].decode(), tokens)) if name else None


def _matches(its: "Object", find: "Object", tokens: "Object") -> bool:
    wanted = {name: filled(value, tokens) for name, value in find["match"].items()}
    return all(
        str(its.get(name, "")).casefold() == value.casefold() for name, value in wanted.items()
    )


def says(now: Any, body: Any) -> bool:
    """Whether an object says what a body says, of that alone which the body names (`Test-Said`)."""
    if not isinstance(body, Mapping):
        return _plain(now) == _plain(body)
    held = now if isinstance(now, Mapping) else {}
    return all(says(held.get(name), value) for name, value in body.items() if "@odata." not in name)


def _plain(value: Any) -> str:
    """A value as a text: lists in no order, nothings left out (`ConvertTo-Plain`)."""
    said = (_of_one(its) for its in (value if isinstance(value, list) else [value]))
    return ",".join(sorted(its for its in said if its))


def _of_one(value: Any) -> str:
    if isinstance(value, Mapping):
        within = {name: _plain(its) for name, its in value.items() if "@odata." not in name}
        told = ",".join(sorted(f"{name}:{its}" for name, its in within.items() if its))
        return f"{{{told}}}" if told else ""
    return json.dumps(str(value)).casefold() if value and value != "None" else ""

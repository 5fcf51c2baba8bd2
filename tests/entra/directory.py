"""A tenant's directory as Microsoft Graph shows it: gives evidence, does what it is asked.

It knows no more of Graph than what the kit's requests rely on: objects as they are given, PATCH
that leaves alone what it does not name, POST that makes an object with an id, and DELETE.
"""

import copy
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import GLOBAL_ADMINISTRATOR
from keyvault_kit.entra.artefacts.requests import REQUESTS, ROLLBACK
from tests.entra.reading import body_of, filled, is_to_be_sent

METADATA: Final = "https://graph.microsoft.com/v1.0/$metadata#"
CONDITIONAL: Final = "/beta/identity/conditionalAccess/policies"
STRENGTHS: Final = "/v1.0/policies/authenticationStrengthPolicies"
FIDO2: Final = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"

Object = dict[str, Any]


def guid(number: int) -> str:
    """An id of that number, of objects that were there from the beginning."""
    return str(UUID(int=0xE000_0000_0000_4000_8000_0000_0000_0000 + number))


class Directory:
    """The tenant. Its attributes are the objects, by kind."""

    def __init__(self, register: Register) -> None:
        self.users: list[Object] = [_user(it.object_id or "", it.upn) for it in _all(register)]
        self.groups: list[Object] = []
        self.members: dict[str, list[str]] = {}
        self.methods: dict[str, list[Object]] = {}
        self.roles: list[Object] = []
        self.policies: list[Object] = []
        self.strengths: list[Object] = [_built_in()]
        self.fido2: Object = fido2()
        self.authorization: Object = {"id": "authorizationPolicy", "allowedToUseSSPR": True}
        self.activated: list[str] = []
        self.found: set[str] = set()
        self._made = 1000

    # --- What it has from the beginning

    def add_policy(self, name: str, **users: Any) -> Object:
        """A Conditional Access policy for those users."""
        policy = _policy(guid(len(self.policies) + 100), name, users)
        self.policies.append(policy)
        return policy

    def add_group(self, name: str, *members: str, **fields: Any) -> Object:
        """A group with those members."""
        group = _group(guid(len(self.groups) + 200), name) | fields
        self.groups.append(group)
        self.members[group["id"]] = list(members)
        return group

    def add_passkey(self, key: SecurityKey, user: str, created: datetime) -> None:
        """A key's passkey, registered for a user at that time."""
        credential = urlsafe_b64encode(bytes.fromhex(key.credential or "")).decode().rstrip("=")
        method = {
            "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
            "id": credential,
            "displayName": key.id,
            "aaGuid": key.aaguid,
            "createdDateTime": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        }
        self.methods.setdefault(user, []).append(method)

    def state(self) -> Object:
        """All of it, to be compared: without annotations, and 'nothing' in one way."""
        held = copy.deepcopy(vars(self))
        for name in ("_made", "found"):
            held.pop(name)
        state: Object = plain(held)
        return state

    # --- Evidence

    def evidence(self) -> dict[str, bytes]:
        """An export of it, as plain Graph JSON."""
        files: dict[str, Any] = {
            "users.json": _page("users", self.users),
            "groups.json": _page("groups", self.groups),
            "roleManagement/directory/roleAssignments.json": _page(
                "roleManagement/directory/roleAssignments", self.roles
            ),
            "identity/conditionalAccess/policies.json": _page(
                "identity/conditionalAccess/policies", self.policies
            ),
            "policies/authenticationStrengthPolicies.json": _page(
                "policies/authenticationStrengthPolicies", self.strengths
            ),
            "policies/authorizationPolicy.json": self.authorization,
            "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2.json": (
                self.fido2
            ),
        }
        for group, members in self.members.items():
            page = _page("directoryObjects", [_member(it) for it in members])
            files[f"groups/{group}/transitiveMembers.json"] = page
        for user, methods in self.methods.items():
            files[f"users/{user}/authentication/methods.json"] = _page("methods", methods)
        return {name: json.dumps(it).encode() for name, it in files.items()}

    # --- Requests

    def carry_out(self, files: Mapping[str, bytes], index: str = REQUESTS, **given: str) -> Object:
        """Do what a list asks for, in order, as the script does; `given` are tokens.

        Returns:
            The tokens, afterwards; :attr:`found` has those of what was there already.

        Raises:
            ChangedError: What is to be changed is not as the evidence had it.
            PassingError: A role that was found is there for a time only.
        """
        tokens: Object = dict(given)
        for request in json.loads(files[index])["requests"]:
            created = request.get("created")
            if created and (created not in tokens or created in self.found):
                continue
            assert set(request.get("needs", ())) <= set(tokens), request["name"]
            if is_to_be_sent(self, request, files, tokens):
                body = body_of(files, request.get("file"), tokens)
                made = self.ask(request["method"], filled(request["url"], tokens), body)
                if "gives" in request:
                    tokens[request["gives"]] = made
                    self.found.discard(request["gives"])
        return tokens

    def take_back(self, files: Mapping[str, bytes], tokens: Object) -> None:
        """Do what the roll-back asks for."""
        self.carry_out(files, ROLLBACK, **tokens)

    def ask(self, method: str, url: str, body: Any) -> str:
        """One request; the id of what it made."""
        assert "{{" not in url
        assert "{{" not in json.dumps(body)
        for pattern, act in _ROUTES.items():
            found = re.fullmatch(pattern, f"{method} {url}")
            if found:
                return act(self, body, *found.groups()) or ""
        raise AssertionError(f"Graph knows no {method} {url}")

    def new_id(self) -> str:
        """An id that nothing has yet."""
        self._made += 1
        return guid(self._made)


# --- What Graph does


def _make(kind: str) -> Callable[..., str]:
    def act(it: Directory, body: Object) -> str:
        made: Object = {"id": it.new_id(), **body}
        getattr(it, kind).append(made)
        if kind == "groups":
            it.members[made["id"]] = []
        if kind == "strengths":
            made |= {"policyType": "custom", "combinationConfigurations": []}
        return str(made["id"])

    return act


def _change(kind: str) -> Callable[..., None]:
    def act(it: Directory, body: Object, thing: str) -> None:
        _merge(_named(getattr(it, kind), thing), body)

    return act


def _delete(kind: str) -> Callable[..., None]:
    def act(it: Directory, _: None, thing: str) -> None:
        held = getattr(it, kind)
        held.remove(_named(held, thing))
        it.members.pop(thing, None)

    return act


def _change_fido2(it: Directory, body: Object) -> None:
    assert body.pop("@odata.type") == "#microsoft.graph.fido2AuthenticationMethodConfiguration"
    _merge(it.fido2, body)


def _change_authorization(it: Directory, body: Object) -> None:
    _merge(it.authorization, body)


def _join(it: Directory, body: Object, group: str) -> None:
    member = body["@odata.id"].removeprefix("https://graph.microsoft.com/v1.0/directoryObjects/")
    assert member not in it.members[group]
    it.members[group].append(member)


def _leave(it: Directory, _: None, group: str, member: str) -> None:
    it.members[group].remove(member)


def _combine(it: Directory, body: Object, strength: str) -> str:
    made: Object = {"id": it.new_id(), **body}
    _named(it.strengths, strength)["combinationConfigurations"].append(made)
    return str(made["id"])


def _recombine(it: Directory, body: Object, strength: str, one: str) -> None:
    _merge(_named(_named(it.strengths, strength)["combinationConfigurations"], one), body)


def _uncombine(it: Directory, _: None, strength: str, one: str) -> None:
    held = _named(it.strengths, strength)["combinationConfigurations"]
    held.remove(_named(held, one))


def _allow(it: Directory, body: Object, strength: str) -> None:
    _merge(_named(it.strengths, strength), body)


_ID: Final = "([0-9a-f-]{36})"
_ROUTES: Final[dict[str, Callable[..., str | None]]] = {
    "POST /v1.0/groups": _make("groups"),
    f"DELETE /v1.0/groups/{_ID}": _delete("groups"),
    rf"POST /v1.0/groups/{_ID}/members/\$ref": _join,
    rf"DELETE /v1.0/groups/{_ID}/members/{_ID}/\$ref": _leave,
    "POST /v1.0/roleManagement/directory/roleAssignments": _make("roles"),
    f"DELETE /v1.0/roleManagement/directory/roleAssignments/{_ID}": _delete("roles"),
    f"PATCH /v1.0/users/{_ID}": _change("users"),
    "PATCH /v1.0/policies/authorizationPolicy": _change_authorization,
    f"PATCH {FIDO2}": _change_fido2,
    f"POST {CONDITIONAL}": _make("policies"),
    f"PATCH {CONDITIONAL}/{_ID}": _change("policies"),
    f"DELETE {CONDITIONAL}/{_ID}": _delete("policies"),
    f"POST {STRENGTHS}": _make("strengths"),
    f"DELETE {STRENGTHS}/{_ID}": _delete("strengths"),
    f"POST {STRENGTHS}/{_ID}/updateAllowedCombinations": _allow,
    f"POST {STRENGTHS}/{_ID}/combinationConfigurations": _combine,
    f"PATCH {STRENGTHS}/{_ID}/combinationConfigurations/{_ID}": _recombine,
    f"DELETE {STRENGTHS}/{_ID}/combinationConfigurations/{_ID}": _uncombine,
}


def _named(held: list[Object], thing: str) -> Object:
    return next(it for it in held if it["id"] == thing)


def _merge(held: Object, body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if isinstance(value, dict) and isinstance(held.get(key), dict):
            _merge(held[key], value)
        else:
            held[key] = copy.deepcopy(value)


def plain(value: Any) -> Any:
    """A value without annotations and nothings; an account without password policies has 'None'."""
    if isinstance(value, dict):
        kept = {key: plain(it) for key, it in value.items() if "@odata." not in key}
        return {key: it for key, it in kept.items() if it not in (None, [], {}, "None")}
    return [plain(it) for it in value] if isinstance(value, list) else value


# --- Objects as Graph shows them


def _all(register: Register) -> list[Any]:
    return list(register.accounts.values())


def _page(context: str, objects: list[Object]) -> Object:
    return {"@odata.context": METADATA + context, "value": objects}


def _member(object_id: str) -> Object:
    return {"@odata.type": "#microsoft.graph.user", "id": object_id}


def _user(object_id: str, upn: str) -> Object:
    return {
        "id": object_id,
        "userPrincipalName": upn,
        "accountEnabled": True,
        "onPremisesSyncEnabled": None,
        "assignedLicenses": [],
        "passwordPolicies": None,
    }


def _group(object_id: str, name: str) -> Object:
    return {
        "id": object_id,
        "displayName": name,
        "description": None,
        "groupTypes": [],
        "isAssignableToRole": None,
        "mailEnabled": False,
        "mailNickname": "nickname",
        "securityEnabled": True,
    }


def role(principal: str) -> Object:
    """That somebody is Global Administrator."""
    return {
        "id": guid(300),
        "principalId": principal,
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "directoryScopeId": "/",
    }


def _built_in() -> Object:
    return {
        "id": "00000000-0000-0000-0000-000000000004",
        "displayName": "Phishing-resistant MFA",
        "policyType": "builtIn",
        "allowedCombinations": [
            "windowsHelloForBusiness",
            "fido2",
            "x509CertificateMultiFactor",
        ],
        "combinationConfigurations": [],
    }


def fido2(**fields: Any) -> Object:
    """The policy of the passkey method, as a new tenant has it but for these fields."""
    return {
        "@odata.context": METADATA + "authenticationMethodConfigurations/$entity",
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": "enabled",
        "isSelfServiceRegistrationAllowed": True,
        "isAttestationEnforced": False,
        "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
        "includeTargets": [everybody()],
        "excludeTargets": [],
    } | fields


def everybody(**fields: Any) -> Object:
    """All users, as a target."""
    return {"targetType": "group", "id": "all_users", "isRegistrationRequired": False} | fields


def _policy(object_id: str, name: str, users: Object) -> Object:
    return {
        "id": object_id,
        "displayName": name,
        "createdDateTime": "2025-01-01T00:00:00Z",
        "modifiedDateTime": None,
        "state": "enabled",
        "sessionControls": None,
        "conditions": {
            "clientAppTypes": ["all"],
            "platforms": None,
            "locations": None,
            "applications": {"includeApplications": ["All"], "excludeApplications": []},
            "users": {
                "includeUsers": ["All"],
                "excludeUsers": [],
                "includeGroups": [],
                "excludeGroups": [],
                "includeRoles": [],
                "excludeRoles": [],
                "includeGuestsOrExternalUsers": None,
            }
            | users,
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": ["mfa"],
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": None,
        },
    }

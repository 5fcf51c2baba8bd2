"""Every body of a request has the shape that Microsoft documents for what it is sent to."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from keyvault_kit.entra.artefacts.requests import REQUESTS, ROLLBACK
from tests.custody.rules.tenants import register
from tests.entra.directory import Directory, Object, everybody, fido2, guid
from tests.entra.making import carried_out, exported, used, wanted

DATA: Final = Path(__file__).parents[1] / "data" / "graph"
SHAPES: Final = {
    r"POST /v1.0/groups": "group",
    r"POST /v1.0/groups/[^/]+/members/\$ref": "reference",
    r"POST /v1.0/roleManagement/directory/roleAssignments": "roleAssignment",
    r"PATCH /v1.0/users/[^/]+": "user",
    r"PATCH /v1.0/policies/authorizationPolicy": "authorizationPolicy",
    r"PATCH .*/authenticationMethodConfigurations/Fido2": (
        "fido2AuthenticationMethodConfiguration"
    ),
    r"POST /v1.0/policies/authenticationStrengthPolicies": "authenticationStrengthPolicy",
    r"POST .*/updateAllowedCombinations": "updateAllowedCombinations",
    r"(POST|PATCH) .*/combinationConfigurations(/[^/]+)?": "fido2CombinationConfiguration",
    r"(POST|PATCH) /beta/identity/conditionalAccess/policies(/[^/]+)?": "conditionalAccessPolicy",
}


def with_restrictions() -> Directory:
    directory = used()
    directory.fido2 = fido2(
        includeTargets=[everybody(id=guid(1))],
        keyRestrictions={"isEnforced": True, "enforcementType": "allow", "aaGuids": [guid(2)]},
    )
    return directory


def with_profiles() -> Directory:
    directory = used()
    restrictions = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [guid(2)]}
    default = {
        "id": guid(1),
        "name": "Default passkey profile",
        "passkeyTypes": "deviceBound,synced",
        "attestationEnforcement": "disabled",
        "keyRestrictions": restrictions,
    }
    directory.fido2 = fido2(defaultPasskeyProfile=guid(1), passkeyProfiles=[default])
    return directory


def spoiled() -> Directory:
    """A tenant in which what was made was changed in many ways."""
    directory = carried_out(used())
    own, strength = directory.policies[-1], directory.strengths[-1]
    own["conditions"]["locations"] = {"includeLocations": ["All"], "excludeLocations": []}
    own["conditions"]["signInRiskLevels"] = ["high"]
    own["conditions"]["users"] |= {"includeRoles": [], "excludeUsers": [guid(3)]}
    own["grantControls"] |= {"operator": "AND", "builtInControls": ["mfa"]}
    own["sessionControls"]["signInFrequency"] = {
        "isEnabled": True,
        "frequencyInterval": "timeBased",
        "authenticationType": "primaryAndSecondaryAuthentication",
        "type": "hours",
        "value": 4,
    }
    strength["allowedCombinations"] = ["fido2", "password,sms"]
    strength["combinationConfigurations"][0]["allowedAAGUIDs"] = [guid(4)]
    directory.users[0]["passwordPolicies"] = "DisableStrongPassword"
    return directory


TENANTS: Final = {
    "new": None,
    "bare": lambda: Directory(register()),
    "used": used,
    "with restrictions": with_restrictions,
    "with profiles": with_profiles,
    "spoiled": spoiled,
}


def shape_of(request: Object) -> str:
    asked = f"{request['method']} {request['url']}"
    (found,) = [name for pattern, name in SHAPES.items() if re.fullmatch(pattern, asked)]
    return found


def faults(shape: str, body: Object) -> list[str]:
    schema = json.loads((DATA / f"{shape}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return [it.message for it in jsonschema.Draft202012Validator(schema).iter_errors(body)]


def bodies(tenant: str) -> Iterator[tuple[str, Object]]:
    make = TENANTS[tenant]
    files = exported(wanted(make() if make else None))
    for index in (REQUESTS, ROLLBACK):
        for request in json.loads(files[index])["requests"]:
            if "file" in request:
                text = re.sub(r"\{\{\w+\}\}", guid(0), files[request["file"]].decode())
                yield shape_of(request), json.loads(text)


@pytest.mark.parametrize("tenant", TENANTS)
def test_each_body_has_the_documented_shape(tenant: str) -> None:
    assert {shape: found for shape, body in bodies(tenant) if (found := faults(shape, body))} == {}


def test_each_shape_is_asked_for_by_some_tenant() -> None:
    assert {shape for tenant in TENANTS for shape, _ in bodies(tenant)} == set(SHAPES.values())


@pytest.mark.parametrize("shape", sorted(SHAPES.values()))
def test_a_body_with_a_foreign_field_has_another_shape(shape: str) -> None:
    body = next(body for tenant in TENANTS for its, body in bodies(tenant) if its == shape)
    assert not faults(shape, body)
    assert faults(shape, body | {"_note": "S22"})

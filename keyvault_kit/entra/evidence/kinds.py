"""What a piece of evidence is about: told by what it holds, or else by its name.

Graph says in `@odata.context` which collection an answer came from; whoever unpacks answers, as
EntraExporter does, leaves that out, and then the objects' own type or fields tell. Only members of
something look like any other object: of them the folder says whose they are.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import unquote


class Kind(StrEnum):
    """What an object of the tenant is; named after where Graph or Azure has it."""

    USERS = "users"
    GROUPS = "groups"
    MEMBERS = "members"
    TRANSITIVE_MEMBERS = "transitiveMembers"
    MEMBER_OF = "transitiveMemberOf"
    DOMAINS = "domains"
    SKUS = "subscribedSkus"
    DIRECTORY_ROLES = "directoryRoles"
    ROLE_MEMBERS = "directoryRoles/members"
    ASSIGNMENTS = "roleAssignments"
    ACTIVE = "roleAssignmentScheduleInstances"
    ELIGIBLE = "roleEligibilityScheduleInstances"
    POLICIES = "conditionalAccessPolicies"
    LOCATIONS = "namedLocations"
    METHODS_POLICY = "authenticationMethodsPolicy"
    METHOD_CONFIGURATIONS = "authenticationMethodConfigurations"
    STRENGTHS = "authenticationStrengthPolicies"
    COMBINATIONS = "combinationConfigurations"
    AUTHORIZATION = "authorizationPolicy"
    METHODS = "methods"
    FIDO2_METHODS = "fido2Methods"
    REQUIREMENTS = "requirements"
    SIGN_INS = "signIns"
    AUDITS = "directoryAudits"
    DIAGNOSTICS = "diagnosticSettings"
    ALERTS = "scheduledQueryRules"
    ACTION_GROUPS = "actionGroups"


class About(NamedTuple):
    """What objects are.

    Attributes:
        kind: None where they are nothing that the rules ask for.
        owner: Id or sign-in name of whose they are, lower case; empty where they are nobody's.
    """

    kind: Kind | None
    owner: str = ""


_WORDS: Final = {
    **{str(it).lower(): it for it in Kind},
    "accesspolicies": Kind.POLICIES,  # EntraExporter's folder
    "authorizationpolicies": Kind.AUTHORIZATION,  # beta
    "memberof": None,
    "owners": None,
    "scopedmembers": None,
}
"""The last word of a route -> what is found there; None for what only looks like another thing."""

_UNDER: Final = {
    ("conditionalaccess", "policies"): Kind.POLICIES,
    ("authenticationstrength", "policies"): Kind.STRENGTHS,
    ("pim", "directoryroles"): Kind.ELIGIBLE,  # EntraExporter's folder
    ("groups", "members"): Kind.MEMBERS,
    ("groups", "transitivemembers"): Kind.TRANSITIVE_MEMBERS,
    ("directoryroles", "members"): Kind.ROLE_MEMBERS,
    ("users", "transitivememberof"): Kind.MEMBER_OF,
}
"""The same for two words, the ids between them left out; these come before :data:`_WORDS`."""

_RELATIONS: Final = frozenset(
    {"members", "transitivemembers", "memberof", "transitivememberof", "owners", "scopedmembers"}
)
"""What things are to another: their own type says nothing of that."""

_OWNERS: Final = frozenset({"users", "groups", "directoryroles", "authenticationstrengthpolicies"})
"""What has things of its own."""

_ELSEWHERE: Final = frozenset(
    {"deleteditems", "administrativeunits", "exchange", "devicemanagement", "cloudpc"}
    | {"entitlementmanagement"}
)
"""Parts of a tenant whose objects look like those of the directory, and are not."""

_TYPES: Final = {
    "conditionalaccesspolicy": Kind.POLICIES,
    "authenticationstrengthpolicy": Kind.STRENGTHS,
    "fido2combinationconfiguration": Kind.COMBINATIONS,
    "authenticationmethodspolicy": Kind.METHODS_POLICY,
    "authorizationpolicy": Kind.AUTHORIZATION,
    "countrynamedlocation": Kind.LOCATIONS,
    "ipnamedlocation": Kind.LOCATIONS,
    "unifiedroleassignment": Kind.ASSIGNMENTS,
    "unifiedroleassignmentscheduleinstance": Kind.ACTIVE,
    "unifiedroleeligibilityscheduleinstance": Kind.ELIGIBLE,
    "directoryrole": Kind.DIRECTORY_ROLES,
    "user": Kind.USERS,
    "group": Kind.GROUPS,
    "signin": Kind.SIGN_INS,
    "directoryaudit": Kind.AUDITS,
    "domain": Kind.DOMAINS,
    "subscribedsku": Kind.SKUS,
    "microsoft.aadiam/diagnosticsettings": Kind.DIAGNOSTICS,
    "microsoft.insights/scheduledqueryrules": Kind.ALERTS,
    "microsoft.insights/actiongroups": Kind.ACTION_GROUPS,
}
"""`@odata.type` of Graph without its namespace, and `type` of Azure, in lower case."""

_SIGNATURES: Final[Sequence[tuple[Kind, frozenset[str]]]] = (
    (Kind.SIGN_INS, frozenset({"createdDateTime", "userPrincipalName", "status", "ipAddress"})),
    (Kind.AUDITS, frozenset({"activityDisplayName", "initiatedBy", "targetResources"})),
    (Kind.POLICIES, frozenset({"conditions", "grantControls", "state"})),
    (Kind.STRENGTHS, frozenset({"allowedCombinations", "displayName"})),
    (Kind.COMBINATIONS, frozenset({"appliesToCombinations"})),
    (Kind.METHODS_POLICY, frozenset({"authenticationMethodConfigurations"})),
    (Kind.METHOD_CONFIGURATIONS, frozenset({"includeTargets", "excludeTargets", "state"})),
    (Kind.AUTHORIZATION, frozenset({"allowedToUseSSPR"})),
    (Kind.ELIGIBLE, frozenset({"roleEligibilityScheduleId", "principalId"})),
    (Kind.ACTIVE, frozenset({"roleAssignmentScheduleId", "principalId"})),
    (Kind.ASSIGNMENTS, frozenset({"roleDefinitionId", "principalId", "directoryScopeId"})),
    (Kind.REQUIREMENTS, frozenset({"perUserMfaState"})),
    (Kind.DIRECTORY_ROLES, frozenset({"roleTemplateId", "displayName"})),
    (Kind.DOMAINS, frozenset({"authenticationType", "isVerified"})),
    (Kind.SKUS, frozenset({"skuPartNumber", "servicePlans"})),
    (Kind.GROUPS, frozenset({"securityEnabled", "mailEnabled"})),
    (Kind.USERS, frozenset({"userPrincipalName"})),
)
"""Fields by which an object without a type is known, the more telling first."""

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_KEY: Final = re.compile(r"\('([^']*)'\)")
_SELECTED: Final = re.compile(r"\([^']*\)")
_PART: Final = re.compile(r"[-_. ]*(interactive|noninteractive|page)?[-_. ]*\d*$")
"""What tells one file of a kind from the others: `signIns-interactive`, `users-2`."""


def about(name: str, context: str, first: object) -> About:
    """What the objects of a page are.

    Args:
        name: Of their file within the evidence, with `/`.
        context: Its `@odata.context`; empty without one.
        first: The first of them; None of an empty page.
    """
    path, said = _route_of_name(name), _route_of_context(context)
    if _ELSEWHERE & set(path[:-1] + said):
        return About(None)
    by_name = _at(path)
    if path and path[-1] in _RELATIONS:
        return by_name
    by_context = _at(said)
    if by_context.kind:
        return About(by_context.kind, by_context.owner or by_name.owner)
    its_own = _of_object(first) if isinstance(first, Mapping) else None
    if its_own:
        return About(its_own, by_name.owner)
    return by_name if not said else About(None)


def is_id(text: str) -> bool:
    """Whether it is an object id of Entra."""
    return bool(_ID.fullmatch(text))


def stands_alone(name: str) -> bool:
    """Whether the folder of a file bears its name: EntraExporter gives each object one."""
    *_, folder, file = ("", *name.split("/"))
    return bool(folder) and file.casefold() == f"{folder}.json".casefold()


# --- Routes


def _route_of_name(name: str) -> list[str]:
    """The words and ids in a file's name, lower case; what names but the object is left out."""
    parts = re.sub(r"\.json$", "", name.lower()).split("/")
    if stands_alone(name):
        parts = parts[:-2]
    while len(parts) > 1 and _names_one(parts[-1]):
        parts.pop()
    return _words([*parts[:-1], _PART.sub("", parts[-1])]) if parts else []


def _route_of_context(context: str) -> list[str]:
    """The same of `https://.../$metadata#users('bg1')/authentication/methods/$entity`."""
    route = context.partition("$metadata#")[2].removesuffix("/$entity")
    keyed = _SELECTED.sub("", _KEY.sub(r"/\1", route))
    return _words([unquote(it).lower() for it in keyed.split("/")])


def _words(parts: list[str]) -> list[str]:
    return [it for it in parts if it not in {"", "authentication"}]


def _names_one(part: str) -> bool:
    return is_id(part) or "@" in part


def _at(route: list[str]) -> About:
    """What is found at the end of a route, and whose it is."""
    owned = len(route) > len(("owner", "id")) and route[-3] in _OWNERS
    before = route[-3] if owned else "".join(route[-2:-1])
    last = route[-1] if route else ""
    kind = _UNDER.get((before, last)) or _WORDS.get(last)
    return About(kind, route[-2] if owned else "")


# --- Objects


def _of_object(it: Mapping[str, Any]) -> Kind | None:
    odata = str(it.get("@odata.type") or "").lower().removeprefix("#microsoft.graph.")
    named = _TYPES.get(odata) or _TYPES.get(str(it.get("type") or "").lower())
    if named:
        return named
    if odata.endswith("authenticationmethodconfiguration"):
        return Kind.METHOD_CONFIGURATIONS
    if odata.endswith("authenticationmethod"):
        return Kind.METHODS
    fields = it.keys()
    return next((kind for kind, its in _SIGNATURES if its <= fields), None)

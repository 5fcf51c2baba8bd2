"""Tokens: what stands in a file for an id that the tenant gives only when it is carried out.

A token is written `{{name}}`, in an address or as a value of a body. Whoever carries the requests
out (`Deploy.ps1`) puts the id there that an earlier request was answered with. Where the evidence
has the object already, its id stands there and no token.
"""

import re
from typing import Final

GROUP: Final = "emergency_group_object_id"
"""The role-assignable group of the accounts (S8)."""
ROLE_ASSIGNMENT: Final = "role_assignment_id"
"""That the group is Global Administrator (S3, S8)."""
STRENGTH: Final = "auth_strength_id"
"""The authentication strength (S22)."""
COMBINATION: Final = "fido2_combination_id"
"""Which models that strength takes (S22)."""
POLICY: Final = "emergency_policy_id"
"""The accounts' own Conditional Access policy (S26)."""

MEMBER: Final = "member"
"""That an account is in the group, one for each; it stands in no file, and says what was done."""

CHANGED: Final = "changed"
"""That what was there was changed, one for each; it stands in no file, and says what was done."""

NAMES: Final = (GROUP, ROLE_ASSIGNMENT, STRENGTH, COMBINATION, POLICY)
"""Every fixed token; of some there is one for each account (:func:`of`)."""

_WRITTEN: Final = re.compile(r"\{\{([a-z0-9_]+)\}\}")


def token(name: str) -> str:
    """How a token stands in a file: `{{auth_strength_id}}`."""
    return f"{{{{{name}}}}}"


def of(name: str, thing: str) -> str:
    """The name of the token of one of several things, by its id: `role_assignment_id_bg1`."""
    return f"{name}_{re.sub('[^a-z0-9]', '_', thing.lower())}"


def needed(*texts: str) -> tuple[str, ...]:
    """The names of the tokens that stand in these texts, each once, sorted."""
    return tuple(sorted({name for text in texts for name in _WRITTEN.findall(text)}))

"""What is asked of the tenant, in order: `requests.json`, and `rollback/requests.json`.

Bodies are files of their own, which hold nothing but what Microsoft Graph takes. Method, address,
step and requirements stand here, and `Deploy.ps1` and `Rollback.ps1` walk the list.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from keyvault_kit.entra.artefacts.tokens import needed

FORMAT: Final = "keyvault-kit/requests/v1"

REQUESTS: Final = "requests.json"
ROLLBACK: Final = "rollback/requests.json"
"""The two lists, by their names in the folder."""

Method = Literal["POST", "PATCH", "DELETE"]


class Find(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to see that what a POST would make is there already.

    The collection at `url`, all pages of it, has an object that matches. Its `id` is then what the
    token of the request stands for. Where several match, nothing is done, and somebody has to look.

    Attributes:
        url: Below the endpoint, with the version; may hold tokens.
        match: Property -> value, all of which the object has, compared without regard to case.
        lasting: Where it stands whether a role that was found lasts; empty where all of them do.
            One that is there for some hours is in the way, and nothing is done.
    """

    url: str
    match: Mapping[str, str]
    lasting: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request to Microsoft Graph.

    Attributes:
        name: What it is called in the list: `03-strength`; sorted by it they stand in order.
        about: What it is about, without a full stop.
        method: `POST`, `PATCH` or `DELETE`.
        url: Below the endpoint, with the version: `/v1.0/groups`; may hold tokens.
        step: Which of the twelve steps it belongs to (S61).
        serves: Numbers of the requirements that it serves.
        file: The body, by its name in the folder; empty where there is none.
        needs: Tokens that stand in its address, its body or `find`.
        gives: The token that the `id` of the answer is put in the place of; empty for none. Where
            the answer has no `id`, the token says no more than that it was made.
        find: How to see that it need not be asked any more; absent where it may be asked again.
        reads: Where it is read what is there of that which it changes; empty where it makes
            something, or where nobody knows what was there.
        was: The file that says what is there, in the shape of the body; another is what somebody
            wrote since, and nothing is sent then. Present with `reads`.
        created: In a roll-back, the token without which it is left out: it takes back what was
            made or changed, and what was found there was neither.
    """

    name: str
    about: str
    method: Method
    url: str
    step: int
    serves: tuple[str, ...]
    file: str = ""
    needs: tuple[str, ...] = ()
    gives: str = ""
    find: Find | None = None
    reads: str = ""
    was: str = ""
    created: str = ""


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """A list of requests, in the order in which they are made.

    Attributes:
        endpoint: Of Microsoft Graph in the cloud of the accounts: `https://graph.microsoft.com`.
        rehearsal: Whether nothing of it may be asked of any tenant.
        made: When the list was made, UTC.
        until: After when nothing of it is to be asked any more, UTC; null where there is no end.
        evidence: SHA-256 of the evidence that it was merged with; empty without any.
        tenant: The id of the tenant that the evidence is of; empty where nothing says it.
        accounts: Sign-in name of each account -> its object id.
    """

    endpoint: str
    rehearsal: bool
    made: datetime
    until: datetime | None
    evidence: str
    tenant: str
    accounts: Mapping[str, str]
    requests: tuple[Request, ...]
    format: Literal["keyvault-kit/requests/v1"] = FORMAT

    def to_json(self) -> bytes:
        """The file, indented for people."""
        return as_json(msgspec.to_builtins(self))


def as_json(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    """JSON for people and for PowerShell: indented, UTF-8, a line feed at the end."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def tokens_in(url: str, *bodies: bytes, find: Find | None = None) -> tuple[str, ...]:
    """The tokens that a request needs, from wherever they stand in it."""
    found = (find.url, find.lasting, *find.match.values()) if find else ()
    return needed(url, *(its.decode() for its in bodies), *found)

"""A stand-in for Microsoft Graph: it keeps objects by their addresses, takes requests and exports.

It knows no rule of Entra's: it makes, changes and removes what it is asked to, and gives it back as
an export would. What a request got wrong is therefore seen by whoever reads the export.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from keyvault_kit.errors import MismatchError

Object = dict[str, Any]

_TOKEN: Final = re.compile(r"\{\{([a-z0-9_]+)\}\}")
_ACTION: Final = "/updateallowedcombinations"
_PART: Final = "combinationConfigurations"
_METADATA: Final = "https://graph.microsoft.com/beta/$metadata#"


class Directory(msgspec.Struct):
    """Objects by their addresses: collections of objects with ids, and single objects.

    Attributes:
        collections: Address of a collection -> its objects, oldest first.
        singles: Address of what there is one of -> it.
        tokens: What was answered to earlier requests, by the name of their token.
    """

    collections: dict[str, list[Object]] = {}
    singles: dict[str, Object] = {}
    tokens: dict[str, str] = {}

    def ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        *,
        gives: str = "",
        new_id: Callable[[], str],
    ) -> None:
        """Do what a request asks for.

        Args:
            url: With the version, `/v1.0/groups`; it and the body may hold tokens.
            gives: The token that stands for the id of what is made.
            new_id: Makes ids.

        Raises:
            MismatchError: There is no such object.
        """
        path = _path(self._filled(url))
        said: Object = json.loads(self._filled(json.dumps(body or {})))
        if method == "POST" and path.endswith("/$ref"):
            self._refer(path.removesuffix("/$ref"), said)
        elif method == "POST" and path.endswith(_ACTION):
            _merge(self._object(path.removesuffix(_ACTION)), said)
        elif method == "POST":
            made = {"id": new_id(), **said}
            self._collection(path).append(made)
            if gives:
                self.tokens[gives] = str(made["id"])
        elif method == "PATCH":
            _merge(self._object(path), said)
        elif method == "DELETE":
            collection, _, gone = path.rpartition("/")
            held = self._collection(collection)
            held[:] = [it for it in held if it["id"].lower() != gone]

    def at(self, url: str) -> tuple[Object, ...]:
        """The objects of a collection; none where nobody ever made one."""
        return tuple(self.collections.get(_path(self._filled(url)), ()))

    def export(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each file that an export of everything here has."""
        for number, (path, objects) in enumerate(sorted(self.collections.items())):
            document = {"@odata.context": f"{_METADATA}{_context(path)}", "value": objects}
            yield f"{number:02}.json", json.dumps(document, indent=1).encode()
        for number, (path, it) in enumerate(sorted(self.singles.items())):
            single = {"@odata.context": f"{_METADATA}{_context(path)}/$entity", **it}
            yield f"single-{number:02}.json", json.dumps(single, indent=1).encode()

    def _filled(self, text: str) -> str:
        return _TOKEN.sub(lambda found: self.tokens.get(found[1], found[0]), text)

    def _refer(self, collection: str, said: Mapping[str, Any]) -> None:
        """Make somebody a member, by the address of their object."""
        member = str(said["@odata.id"]).rpartition("/")[2]
        members = self.collections.setdefault(collection, [])
        if all(it["id"] != member for it in members):
            members.append({"@odata.type": "#microsoft.graph.user", "id": member})

    def _collection(self, path: str) -> list[Object]:
        """The objects at an address; those that are part of another object lie in it."""
        owner, _, part = path.rpartition("/")
        if part == _PART.lower():
            held: list[Object] = self._object(owner).setdefault(_PART, [])
            return held
        return self.collections.setdefault(path, [])

    def _object(self, path: str) -> Object:
        if path in self.singles:
            return self.singles[path]
        collection, _, wanted = path.rpartition("/")
        for it in self._collection(collection):
            if str(it["id"]).lower() == wanted:
                return it
        raise MismatchError(f"the tenant has nothing at {path}")


def _path(url: str) -> str:
    """An address without host and version, in lower case, as objects are kept by it."""
    path = re.sub(r"^(https://[^/]+)?/(v1\.0|beta)/", "", url)
    return path.strip("/").lower()


def _context(path: str) -> str:
    """How `@odata.context` names an address: `users('ID')/methods`."""
    parts: Sequence[str] = path.split("/")
    named = ""
    for part in parts:
        is_id = re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", part)
        named += f"('{part}')" if is_id else f"/{part}"
    return named.lstrip("/")


def _merge(into: Object, said: Mapping[str, Any]) -> None:
    for name, it in said.items():
        if isinstance(it, dict) and isinstance(into.get(name), dict):
            _merge(into[name], it)
        else:
            into[name] = it

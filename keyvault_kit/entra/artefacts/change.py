"""A change at the tenant: what is asked for, how it is taken back, and what is other afterwards."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from keyvault_kit.entra.artefacts.merging import bare
from keyvault_kit.entra.artefacts.requests import Find, Method

Body = Mapping[str, Any]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, with its body; the fields are those of :class:`.requests.Request`."""

    method: Method
    url: str
    body: Body | None = None
    find: Find | None = None
    gives: str = ""
    created: str = ""


class Move(msgspec.Struct, frozen=True):
    """What a property was, and what it will be, as JSON; empty where it was, or will be, nothing.

    Attributes:
        what: The property, `conditions.users.excludeGroups`.
    """

    what: str
    before: str
    after: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the tenant, compared with what it should be.

    Attributes:
        name: The stem of its files: `strength`.
        title: What it is called to people, as the beginning of a sentence.
        step: Which of the twelve steps it belongs to (S61).
        serves: Numbers of the requirements that it serves.
        call: What is asked for; None where nothing changes.
        undo: What takes it back; None where nothing changes, or nobody knows what was there.
        reads: Where it is read what is there; empty where that is the address of `call`.
        moves: What is other afterwards.
        notes: What people should know of it, in whole sentences.
    """

    name: str
    title: str
    step: int
    serves: tuple[str, ...]
    call: Call | None = None
    undo: Call | None = None
    reads: str = ""
    moves: tuple[Move, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def reversible(self) -> bool:
        """Whether it changes what is there, and it is known what that was."""
        return all(its is not None and its.body is not None for its in (self.call, self.undo))


def moves(before: Body, after: Body, path: str = "") -> tuple[Move, ...]:
    """What changes between two objects, property by property, nested ones by their whole path."""
    found: list[Move] = []
    for key, wanted in after.items():
        had, name = before.get(key), f"{path}{key}"
        if key.startswith("@odata.") or _shown(had) == _shown(wanted):
            continue
        if isinstance(wanted, Mapping) and isinstance(had, Mapping):
            found += moves(had, wanted, f"{name}.")
        else:
            found.append(Move(name, _shown(had), _shown(wanted)))
    return tuple(found)


def _shown(value: object) -> str:
    told = value if isinstance(value, bool) else bare(value)
    if told is None:
        return ""
    text = json.dumps(told, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(told)

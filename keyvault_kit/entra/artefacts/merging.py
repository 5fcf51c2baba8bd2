"""Merging into what the tenant has: nothing is lost that somebody else put there.

All of it is about JSON objects as Microsoft Graph gives and takes them. Graph writes 'nothing' as
null, as an empty list, as false or not at all, and adds annotations (`@odata.context`); ids come in
either case.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def bare(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A value without annotations and without what says nothing; None where nothing is left."""
    if isinstance(value, Mapping):
        kept = {key: bare(it) for key, it in value.items() if "@odata." not in key}
        return {key: it for key, it in kept.items() if it is not None} or None
    if isinstance(value, list | tuple):
        return [it for it in map(bare, value) if it is not None] or None
    return None if value in (None, "", False) else value


def same(one: object, other: object) -> bool:
    """Whether two values say the same; ids are compared without regard to case."""
    return bool(_folded(bare(one)) == _folded(bare(other)))


def _folded(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, dict):
        return {key: _folded(it) for key, it in value.items()}
    return [_folded(it) for it in value] if isinstance(value, list) else value


def has(ids: Iterable[str], one: str) -> bool:
    """Whether an id is among these, in whatever case."""
    return one.casefold() in {it.casefold() for it in ids}


def with_all(present: Sequence[str], wanted: Iterable[str]) -> list[str]:
    """The ids that are there, as they are written there, and after them those that are missing."""
    merged = list(present)
    merged += [it for it in dict.fromkeys(wanted) if not has(present, it)]
    return merged


def without(present: Sequence[str], unwanted: Iterable[str]) -> list[str]:
    """The ids that are there, but for these."""
    gone = {it.casefold() for it in unwanted}
    return [it for it in present if it.casefold() not in gone]


def over(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What to send so that an object says what is wanted, and nothing else that it said before.

    Graph leaves alone what a PATCH does not name, so what is not wanted is emptied by name.
    """
    merged = {key: _emptied(it) for key, it in present.items() if bare({key: it}) is not None}
    for key, it in wanted.items():
        nested = isinstance(it, Mapping) and isinstance(present.get(key), Mapping)
        merged[key] = over(present[key], it) if nested else it
    return merged


def _emptied(value: object) -> object:
    return [] if isinstance(value, list | tuple) else None


def before(present: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The body that takes a PATCH back: what was there of that which it touched, nothing more."""
    was: dict[str, Any] = {}
    for key, it in body.items():
        had = present.get(key)
        if key.startswith("@odata."):
            was[key] = it
        elif isinstance(it, Mapping) and isinstance(had, Mapping):
            was[key] = before(had, it)
        else:
            was[key] = _emptied(it) if had is None else had
    return was


def changed(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of `wanted` that the object does not have so."""
    return {key: it for key, it in wanted.items() if not same(present.get(key), it)}

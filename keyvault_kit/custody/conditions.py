"""Conditions: what it takes to use an account, as 'have this item' and 'at least so many of these'.

Who could act and what survives are two readings of the same conditions.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from keyvault_kit.custody.holdings import Holdings, Item, Kind


class Have(msgspec.Struct, frozen=True):
    """To have an item."""

    item: Item


class AtLeast(msgspec.Struct, frozen=True):
    """To meet at least `need` of these conditions; one is 'any', as many as there are is 'all'."""

    need: int
    of: "tuple[Condition, ...]"


Condition = Have | AtLeast

_PIECES = (Kind.SHARE, Kind.PART)


def _any(of: Iterable[Condition]) -> AtLeast:
    return AtLeast(1, tuple(of))


def _all(*of: Condition) -> AtLeast:
    return AtLeast(len(of), of)


def conditions(holdings: Holdings, *, for_survival: bool = False) -> dict[str, Condition]:
    """Account -> what it takes to use it: a key and its PIN, or its password.

    Args:
        for_survival: Whether passwords that sign nobody in are left out (C7), and what lies nowhere
            for certain. Misuse counts both always.
    """
    counted = [it for it in holdings.items if it.counts or not for_survival]
    pins, passwords = _secrets(counted)
    ways: dict[str, list[Condition]] = {account: [] for account in holdings.accounts}
    for it in counted:
        if it.kind is Kind.KEY:
            usable = Have(it) if it.pinless else _all(Have(it), _any(pins.get(it.id, ())))
            for account in it.accounts:
                ways[account].append(usable)
    for account, its in passwords.items():
        if holdings.signs_in.get(account, True) or not for_survival:
            ways[account] += its
    return {account: _any(its) for account, its in ways.items()}


_Found = dict[str, list[Condition]]


def _secrets(items: Iterable[Item]) -> tuple[_Found, _Found]:
    """Key -> what gives its PIN; account -> what gives its password."""
    pins: _Found = defaultdict(list)
    passwords: _Found = defaultdict(list)
    sets: dict[str, list[Item]] = defaultdict(list)
    for it in items:
        if it.kind in _PIECES:
            sets[it.set].append(it)
            continue
        for key in it.keys:
            pins[key].append(Have(it))
        if it.kind is Kind.PASSWORD:
            for account in it.accounts:
                passwords[account].append(Have(it))
    for pieces in sets.values():
        enough = AtLeast(pieces[0].threshold, tuple(Have(it) for it in pieces))
        for key in pieces[0].keys:
            pins[key].append(enough)
        for account in pieces[0].accounts:
            passwords[account].append(enough)
    return pins, passwords

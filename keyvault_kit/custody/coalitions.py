"""Coalitions: which people together could use an account, exactly (S38).

A coalition opens a safe if at least as many of its members are among the openers as the safe needs,
and has what its members hold, and what they remember where that is asked. It is minimal if without
any one member it could not use the account.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from keyvault_kit.custody.conditions import Condition, Have, conditions
from keyvault_kit.custody.diagrams import Diagrams
from keyvault_kit.custody.holdings import Holdings, Way
from keyvault_kit.errors import InputError

LIMIT: Final = 10_000
"""More minimal coalitions of an account than that are counted, and not listed."""


class Cut(msgspec.Struct, frozen=True):
    """Too many to list.

    Attributes:
        by_size: Members of a coalition -> how many minimal coalitions have so many.
        examples: Person -> one of the smallest minimal coalitions that they belong to.
    """

    by_size: dict[int, int]
    examples: dict[str, tuple[str, ...]] = {}


Coalitions = tuple[tuple[str, ...], ...] | Cut
"""Minimal coalitions, sorted, each the sorted ids of its members; or how many there are."""


def smallest(coalitions: Coalitions) -> int | None:
    """How many people the smallest coalition takes; None if nobody can."""
    if isinstance(coalitions, Cut):
        return min(coalitions.by_size)
    return min(map(len, coalitions), default=None)


def smallest_with(coalitions: Coalitions) -> dict[str, tuple[str, ...]]:
    """Person -> one of the smallest minimal coalitions that they belong to, if there is one."""
    if isinstance(coalitions, Cut):
        return coalitions.examples
    found: dict[str, tuple[str, ...]] = {}
    for coalition in sorted(coalitions, key=len):
        for person in coalition:
            found.setdefault(person, coalition)
    return found


def minimal_coalitions(holdings: Holdings, *, ever: bool) -> dict[str, Coalitions]:
    """Account -> its minimal coalitions, for every account that an item names.

    Args:
        ever: Whether what was seen, remembered and in reach before counts too.

    Raises:
        InputError: Safes and people are so entangled that the coalitions cannot be counted.
    """
    found = {}
    for account, condition in conditions(holdings).items():
        try:
            found[account] = _Search(condition, ever=ever).coalitions()
        except OverflowError:
            raise InputError(
                f"the coalitions of {account} cannot be counted: too many safes with too many of"
                " the same openers give it together",
                mend="Split its secrets into fewer pieces, or let fewer people open each safe.",
            ) from None
    return found


class _Search:
    """The coalitions of one account."""

    def __init__(self, condition: Condition, *, ever: bool) -> None:
        self._ever = ever
        self._condition = condition
        self._people = _in_order(self._all_ways(condition))
        self._number = {person: i for i, person in enumerate(self._people)}
        self._diagrams = Diagrams()
        self._ways: dict[Way, int] = {}

    def coalitions(self) -> Coalitions:
        family = self._diagrams.minimal(self._meets(self._condition))
        by_size = self._diagrams.by_size(family)
        if sum(by_size.values()) > LIMIT:
            examples = self._diagrams.smallest_with(family)
            return Cut(
                by_size, {self._people[i]: self._named(its) for i, its in sorted(examples.items())}
            )
        return tuple(sorted(map(self._named, self._diagrams.members(family))))

    def _named(self, members: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(self._people[i] for i in members))

    def _meets(self, condition: Condition) -> int:
        if isinstance(condition, Have):
            return self._diagrams.at_least_of(
                1, [self._goes(it) for it in self._ways_to(condition)]
            )
        return self._diagrams.at_least_of(condition.need, [self._meets(it) for it in condition.of])

    def _ways_to(self, have: Have) -> tuple[Way, ...]:
        return have.item.now + (have.item.before if self._ever else ())

    def _goes(self, way: Way) -> int:
        if way not in self._ways:
            members = sorted(self._number[person] for person in way.people)
            self._ways[way] = self._diagrams.at_least(way.need, members)
        return self._ways[way]

    def _all_ways(self, condition: Condition) -> list[Way]:
        """The ways in the order in which the condition names them."""
        if isinstance(condition, Have):
            return list(self._ways_to(condition))
        return [way for it in condition.of for way in self._all_ways(it)]


def _in_order(ways: Sequence[Way]) -> list[str]:
    """The people in the order in which a diagram asks for them.

    Equals stand together, and those who go the same way near each other: that keeps it small.
    """
    goes: dict[str, list[int]] = defaultdict(list)
    for i, way in enumerate(dict.fromkeys(ways)):
        for person in way.people:
            goes[person].append(i)
    return sorted(goes, key=lambda person: (goes[person], person))


def classes(holdings: Holdings, *, ever: bool) -> tuple[tuple[str, ...], ...]:
    """The people in classes of equals, who go the same ways; sorted.

    Args:
        ever: Whether memories and past access tell people apart too.
    """
    goes: dict[str, set[tuple[str, Way]]] = {person: set() for person in holdings.people}
    for it in holdings.items:
        for way in it.now + (it.before if ever else ()):
            for person in way.people:
                goes[person].add((it.id, way))
    equals: dict[frozenset[tuple[str, Way]], list[str]] = defaultdict(list)
    for person in sorted(goes):
        alone = {(item, way) for item, way in goes[person] if len(way.people) > 1}
        mine = {(item, Way(frozenset(), way.need, way.how)) for item, way in goes[person] - alone}
        equals[frozenset(alone | mine)].append(person)
    return tuple(sorted(map(tuple, equals.values())))

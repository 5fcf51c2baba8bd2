"""Coalitions: which people together could use an account, exactly (S38).

A coalition opens a safe if at least as many of its members are among the openers as the safe needs,
and has what its members hold, and what they remember where that is asked. It is minimal if without
any one member it could not use the account.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeVar

import msgspec

from keyvault_kit.custody.antichains import Antichains
from keyvault_kit.custody.conditions import Condition, Have, conditions
from keyvault_kit.custody.diagrams import Diagrams
from keyvault_kit.custody.holdings import Holdings, Way

T = TypeVar("T")

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


class Uncounted(msgspec.Struct, frozen=True):
    """Too entangled to be counted: many safes that share many of their openers (ADR 14)."""


Coalitions = tuple[tuple[str, ...], ...] | Cut | Uncounted
"""Minimal coalitions, sorted, each the sorted ids of its members; or how many there are."""


def smallest(coalitions: Coalitions) -> int | None:
    """How many people the smallest coalition takes; None if nobody can, or it was not counted."""
    if isinstance(coalitions, Uncounted):
        return None
    if isinstance(coalitions, Cut):
        return min(coalitions.by_size)
    return min(map(len, coalitions), default=None)


def smallest_with(coalitions: Coalitions) -> dict[str, tuple[str, ...]]:
    """Person -> one of the smallest minimal coalitions that they belong to, if there is one."""
    if isinstance(coalitions, Uncounted):
        return {}
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
    """
    return {
        account: _Search(condition, ever=ever).coalitions()
        for account, condition in conditions(holdings).items()
    }


class _Condition(Protocol[T]):
    """What builds conditions: :class:`Diagrams`, :class:`Antichains`."""

    def at_least(self, need: int, members: Sequence[int]) -> T: ...
    def at_least_of(self, need: int, conditions: Sequence[T]) -> T: ...


_SMALL: Final = 200_000
_LARGE: Final = 2_000_000
"""Nodes of a diagram: a second's work, and ten times that with half a gigabyte."""


class _Search:
    """The coalitions of one account."""

    def __init__(self, condition: Condition, *, ever: bool) -> None:
        self._ever = ever
        self._condition = condition
        self._people = _in_order(self._all_ways(condition))
        self._number = {person: i for i, person in enumerate(self._people)}

    def coalitions(self) -> Coalitions:
        """By a diagram; where that grows large, by a list; where that does too, in a larger one."""
        with suppress(OverflowError):
            return self._by_diagram(_SMALL)
        with suppress(OverflowError):
            return self._by_list()
        with suppress(OverflowError):
            return self._by_diagram(_LARGE)
        return Uncounted()

    def _by_diagram(self, limit: int) -> Coalitions:
        diagrams = Diagrams(limit)
        family = diagrams.minimal(self._build(diagrams, self._condition, {}))
        by_size = diagrams.by_size(family)
        if sum(by_size.values()) > LIMIT:
            examples = diagrams.smallest_with(family)
            return Cut(
                by_size, {self._people[i]: self._named(its) for i, its in sorted(examples.items())}
            )
        return tuple(sorted(map(self._named, diagrams.members(family))))

    def _by_list(self) -> Coalitions:
        family = self._build(Antichains(LIMIT), self._condition, {})
        return tuple(sorted(self._named(_bits(it)) for it in family))

    def _named(self, members: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(self._people[i] for i in members))

    def _build(self, kind: _Condition[T], condition: Condition, known: dict[Way, T]) -> T:
        if not isinstance(condition, Have):
            parts = [self._build(kind, it, known) for it in condition.of]
            return kind.at_least_of(condition.need, parts)
        ways = self._ways_to(condition)
        for way in ways:
            if way not in known:
                members = sorted(self._number[person] for person in way.people)
                known[way] = kind.at_least(way.need, members)
        return kind.at_least_of(1, [known[way] for way in ways])

    def _ways_to(self, have: Have) -> tuple[Way, ...]:
        return have.item.now + (have.item.before if self._ever else ())

    def _all_ways(self, condition: Condition) -> list[Way]:
        """The ways in the order in which the condition names them."""
        if isinstance(condition, Have):
            return list(self._ways_to(condition))
        return [way for it in condition.of for way in self._all_ways(it)]


def _bits(it: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    return (i for i in range(it.bit_length()) if it >> i & 1)


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

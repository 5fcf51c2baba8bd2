"""Decision diagrams: which sets of people meet a condition, and which of them are minimal.

A condition that more people never spoil is a monotone Boolean function. It is held as a reduced
ordered binary decision diagram (Bryant 1986), and its minimal solutions as a zero-suppressed one
(Minato 1993), found as Rauzy does for fault trees ('New algorithms for fault trees analysis',
1993). Thousands of millions of coalitions so stay a few thousand nodes, and are counted exactly.

Nodes are numbers, and a node's children are smaller than itself. 0 and 1 are the leaves: never and
always in a decision diagram, no set and the empty set in a family. Nothing here recurses: a plan
may have as many people as it likes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

NEVER: Final = 0
ALWAYS: Final = 1
_LEAF: Final = 1 << 60
"""The variable of a leaf, which comes after all others."""

Pair = tuple[int, int]
Split = tuple[int, Pair, Pair]
"""A variable, and the two problems that are left without it and with it."""


class Nodes:
    """A table of nodes, each made once.

    Args:
        limit: How many nodes it may hold.

    Attributes:
        var, low, high: The variable of each node, and its children without and with it.
    """

    def __init__(self, limit: int) -> None:
        self.var = [_LEAF, _LEAF]
        self.low = [0, 1]
        self.high = [0, 1]
        self._known: dict[tuple[int, int, int], int] = {}
        self._limit = limit

    def make(self, var: int, low: int, high: int) -> int:
        """The node of this variable and these children.

        Raises:
            OverflowError: There are too many nodes.
        """
        known = self._known.get((var, low, high))
        if known is not None:
            return known
        node = len(self.var)
        if node >= self._limit:
            raise OverflowError
        self.var.append(var)
        self.low.append(low)
        self.high.append(high)
        self._known[var, low, high] = node
        return node

    def below(self, root: int) -> list[int]:
        """The nodes under a root, children before parents, without the leaves."""
        found, waiting = set[int](), [root]
        while waiting:
            node = waiting.pop()
            if node > ALWAYS and node not in found:
                found.add(node)
                waiting += (self.low[node], self.high[node])
        return sorted(found)


class Diagrams:
    """Conditions over numbered people, and the families of their minimal solutions.

    Args:
        limit: How many nodes each of the two tables may hold, and half of the answers that are
            kept: beyond, whatever is asked raises OverflowError. A million take some 300 MB.
    """

    def __init__(self, limit: int = 2_000_000) -> None:
        self._most = 2 * limit
        self._tests = Nodes(limit)
        self._sets = Nodes(limit)
        self._either: dict[Pair, int] = {}
        self._both: dict[Pair, int] = {}
        self._without: dict[Pair, int] = {}
        self._minimal = {NEVER: NEVER, ALWAYS: ALWAYS}

    # --- Conditions

    def at_least(self, need: int, members: Sequence[int]) -> int:
        """At least that many of these people, who are given in rising order, take part."""
        if need > len(members):
            return NEVER
        reached = [ALWAYS] + [NEVER] * need  # how many more it takes -> met or not
        for asked, member in reversed(list(enumerate(members))):
            least = max(1, need - asked)  # no fewer can be missing after those asked before
            for more in range(need, least - 1, -1):
                reached[more] = self._test(member, reached[more], reached[more - 1])
        return reached[need]

    def at_least_of(self, need: int, conditions: Sequence[int]) -> int:
        """At least that many of these conditions are met."""
        if need > len(conditions):
            return NEVER
        reached = [ALWAYS] + [NEVER] * need
        each = Counter(conditions)  # what lies in one safe is had together
        for condition in sorted(each, key=lambda it: self._tests.var[it], reverse=True):
            reached = [ALWAYS] + [
                self.either(
                    reached[more], self.both(condition, reached[max(0, more - each[condition])])
                )
                for more in range(1, need + 1)
            ]
        return reached[need]

    def either(self, one: int, other: int) -> int:
        """One or the other."""
        return _solve((one, other), self._either, self._split_either, self._test, self._most)

    def both(self, one: int, other: int) -> int:
        """The one and the other."""
        return _solve((one, other), self._both, self._split_both, self._test, self._most)

    def _test(self, var: int, low: int, high: int) -> int:
        return low if low == high else self._tests.make(var, low, high)

    def _split_either(self, pair: Pair) -> int | Split:
        one, other = pair
        if ALWAYS in pair:
            return ALWAYS
        if other in (one, NEVER):
            return one
        return other if one == NEVER else self._split(one, other)

    def _split_both(self, pair: Pair) -> int | Split:
        one, other = pair
        if NEVER in pair:
            return NEVER
        if other in (one, ALWAYS):
            return one
        return other if one == ALWAYS else self._split(one, other)

    def _split(self, one: int, other: int) -> Split:
        tests = self._tests
        var = min(tests.var[one], tests.var[other])
        low, high = [], []
        for it in (one, other):
            mine = tests.var[it] == var
            low.append(tests.low[it] if mine else it)
            high.append(tests.high[it] if mine else it)
        return var, _in_order(*low), _in_order(*high)

    # --- Minimal solutions

    def minimal(self, condition: int) -> int:
        """The family of the minimal sets of people that meet a condition."""
        tests = self._tests
        for node in tests.below(condition):
            if node in self._minimal:
                continue
            low, high = tests.low[node], tests.high[node]
            new = _solve(
                (self._minimal[high], low),
                self._without,
                self._split_without,
                self._set,
                self._most,
            )
            self._minimal[node] = self._set(tests.var[node], self._minimal[low], new)
        return self._minimal[condition]

    def _set(self, var: int, low: int, high: int) -> int:
        return low if high == NEVER else self._sets.make(var, low, high)

    def _split_without(self, pair: Pair) -> int | Split:
        """The sets of a family that do not meet a condition."""
        family, condition = pair
        if family == NEVER or condition == ALWAYS:
            return NEVER
        if family == ALWAYS or condition == NEVER:
            return family  # nobody at all meets no condition but ALWAYS
        tests, sets = self._tests, self._sets
        while tests.var[condition] < sets.var[family]:
            condition = tests.low[condition]
        if condition == NEVER:
            return family
        low = high = condition
        if tests.var[condition] == sets.var[family]:
            low, high = tests.low[condition], tests.high[condition]
        return sets.var[family], (sets.low[family], low), (sets.high[family], high)

    def by_size(self, family: int) -> dict[int, int]:
        """How many sets of each size are in a family."""
        sets = self._sets
        counts: dict[int, Counter[int]] = {NEVER: Counter(), ALWAYS: Counter({0: 1})}
        for node in sets.below(family):
            counts[node] = Counter(counts[sets.low[node]])
            for size, many in counts[sets.high[node]].items():
                counts[node][size + 1] += many
        return dict(sorted(counts[family].items()))

    def smallest_with(self, family: int) -> dict[int, tuple[int, ...]]:
        """Variable -> one of the smallest sets of a family that it is in."""
        sets = self._sets
        nodes = sets.below(family)
        rest: dict[int, tuple[int, ...]] = {ALWAYS: ()}  # the smallest set under a node
        for node in nodes:
            mine = (sets.var[node], *rest[sets.high[node]])
            rest[node] = min(rest.get(sets.low[node], mine), mine, key=len)
        taken: dict[int, tuple[int, ...]] = {family: ()}  # the least that leads to a node
        found: dict[int, tuple[int, ...]] = {}
        for node in reversed(nodes):
            var, before = sets.var[node], taken[node]
            for child, way in ((sets.low[node], before), (sets.high[node], (*before, var))):
                taken[child] = min(taken.get(child, way), way, key=len)
            mine = (*before, var, *rest[sets.high[node]])
            found[var] = min(found.get(var, mine), mine, key=len)
        return found

    def members(self, family: int) -> Iterator[tuple[int, ...]]:
        """The sets of a family."""
        sets = self._sets
        waiting: list[tuple[int, tuple[int, ...]]] = [(family, ())]
        while waiting:
            node, taken = waiting.pop()
            if node == ALWAYS:
                yield taken
            elif node != NEVER:
                waiting.append((sets.low[node], taken))
                waiting.append((sets.high[node], (*taken, sets.var[node])))


def _in_order(one: int, other: int) -> Pair:
    return (one, other) if one <= other else (other, one)


def _solve(
    root: Pair,
    known: dict[Pair, int],
    split: Callable[[Pair], int | Split],
    join: Callable[[int, int, int], int],
    most: int,
) -> int:
    """The answer to a problem that falls into two smaller ones, without recursion.

    Raises:
        OverflowError: There are too many smaller ones.
    """
    waiting = [root]
    while waiting:
        pair = waiting[-1]
        if pair in known:
            waiting.pop()
            continue
        parts = split(pair)
        if isinstance(parts, int):
            known[pair] = parts
            continue
        var, low, high = parts
        if low in known and high in known:
            if len(known) > most:
                raise OverflowError
            known[pair] = join(var, known[low], known[high])
        else:
            waiting += (it for it in (low, high) if it not in known)
    return known[root]

"""Minimal sets as a plain list, for where a diagram grows too large and the answer is small.

A diagram suffers from people who open many safes in all combinations; a list of the minimal sets
does not mind them, and suffers from products instead. Sets of people are integers, a bit a person.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations, product
from typing import Final

Family = tuple[int, ...]
"""Sets none of which holds another, the smallest first."""

NEVER: Final[Family] = ()
ALWAYS: Final[Family] = (0,)
_STEP: Final = 20


class Antichains:
    """Families of minimal sets.

    Args:
        limit: How many sets a family may have; and twenty times as many may be made at a step on
            the way to it. Beyond, whatever is asked raises OverflowError.
    """

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit

    def at_least(self, need: int, members: Sequence[int]) -> Family:
        """At least that many of these people, who are given by number."""
        chosen = combinations(members, need)
        return self._minimal(sum(1 << member for member in it) for it in chosen)

    def at_least_of(self, need: int, conditions: Sequence[Family]) -> Family:
        """At least that many of these conditions are met."""
        reached = [ALWAYS] + [NEVER] * min(need, len(conditions) + 1)
        for condition in conditions:
            for more in range(len(reached) - 1, 0, -1):
                both = product(condition, reached[more - 1])
                joined = (one | other for one, other in both)
                reached[more] = self._minimal([*reached[more], *self._limited(joined)])
        return reached[need] if need < len(reached) else NEVER

    def _limited(self, sets: Iterable[int]) -> set[int]:
        found = set[int]()
        for made, it in enumerate(sets):
            if made >= _STEP * self._limit:
                raise OverflowError
            found.add(it)
        return found

    def _minimal(self, sets: Iterable[int]) -> Family:
        """Those sets that hold no other one."""
        kept: dict[int, None] = {}
        for it in sorted(self._limited(sets), key=lambda it: (it.bit_count(), it)):
            if not _holds_one(it, kept):
                kept[it] = None
                if len(kept) > self._limit:
                    raise OverflowError
        return tuple(kept)


def _holds_one(it: int, kept: dict[int, None]) -> bool:
    """Whether a set holds one of those that were kept."""
    if 1 << it.bit_count() > len(kept):
        return any(other & it == other for other in kept)
    part = it  # fewer parts than sets: look up each part
    while part:
        if part in kept:
            return True
        part = (part - 1) & it
    return 0 in kept

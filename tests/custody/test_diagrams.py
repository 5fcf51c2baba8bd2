"""Decision diagrams against plain enumeration."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.diagrams import ALWAYS, NEVER, Diagrams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PEOPLE = range(6)

Formula = tuple[int, list["Formula"] | list[int]]
"""At least so many of these formulas, or of these people."""

_threshold = st.tuples(
    st.integers(0, 4), st.lists(st.sampled_from(PEOPLE), max_size=6, unique=True)
)
_formula = st.recursive(
    _threshold,
    lambda inner: st.tuples(st.integers(0, 3), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=8,
)


def holds(formula: Formula, people: frozenset[int]) -> bool:
    need, of = formula
    met = sum(it in people if isinstance(it, int) else holds(it, people) for it in of)
    return met >= need


def build(diagrams: Diagrams, formula: Formula) -> int:
    need, of = formula
    people = [it for it in of if isinstance(it, int)]
    if people or not of:
        return diagrams.at_least(need, sorted(people))
    return diagrams.at_least_of(need, [build(diagrams, it) for it in of])  # type: ignore[arg-type]


def subsets(people: Iterable[int]) -> list[frozenset[int]]:
    all_of = list(people)
    sizes = (combinations(all_of, size) for size in range(len(all_of) + 1))
    return [frozenset(it) for it in chain.from_iterable(sizes)]


def minimal_sets(meets: Callable[[frozenset[int]], bool]) -> set[frozenset[int]]:
    return {it for it in subsets(PEOPLE) if meets(it) and not any(meets(it - {one}) for one in it)}


@given(formula=_formula)
def test_the_minimal_sets_are_those_of_plain_enumeration(formula: Formula) -> None:
    diagrams = Diagrams()
    family = diagrams.minimal(build(diagrams, formula))
    found = [frozenset(it) for it in diagrams.members(family)]
    assert len(found) == len(set(found))
    assert set(found) == minimal_sets(lambda people: holds(formula, people))


@given(formula=_formula)
def test_sets_are_counted_by_size_as_they_are_listed(formula: Formula) -> None:
    diagrams = Diagrams()
    family = diagrams.minimal(build(diagrams, formula))
    sizes = [len(it) for it in diagrams.members(family)]
    assert diagrams.by_size(family) == {size: sizes.count(size) for size in sorted(set(sizes))}


@given(one=_formula, other=_formula)
def test_one_condition_has_one_node_whatever_way_it_was_put_together(
    one: Formula, other: Formula
) -> None:
    diagrams = Diagrams()
    first, second = build(diagrams, one), build(diagrams, other)
    both = [it for it in subsets(PEOPLE) if holds(one, it) and holds(other, it)]
    assert diagrams.both(first, second) == diagrams.both(second, first)
    assert diagrams.either(first, diagrams.both(first, second)) == first
    assert (diagrams.both(first, second) == NEVER) == (not both)
    assert (diagrams.either(first, second) == ALWAYS) == (
        holds(one, frozenset()) or holds(other, frozenset())
    )


def test_more_people_than_python_recurses_are_no_trouble() -> None:
    diagrams = Diagrams()
    chain_of_all = diagrams.at_least(5000, range(5000))
    family = diagrams.minimal(diagrams.both(chain_of_all, diagrams.at_least(1, [4999])))
    assert diagrams.by_size(family) == {5000: 1}


def test_too_many_nodes_are_an_overflow_and_no_endless_wait() -> None:
    diagrams = Diagrams(limit=50)
    with pytest.raises(OverflowError):
        diagrams.at_least(10, range(30))

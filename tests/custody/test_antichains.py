"""Minimal sets as a list: what it says is what a diagram says, and where it is used instead."""

from __future__ import annotations

from itertools import combinations
from json import dumps

import pytest

from keyvault_kit.custody import coalitions
from keyvault_kit.custody.analysis import analyse, to_json
from keyvault_kit.custody.antichains import ALWAYS, NEVER, Antichains
from keyvault_kit.custody.coalitions import Uncounted, minimal_coalitions, smallest
from keyvault_kit.custody.diagrams import Diagrams
from keyvault_kit.custody.holdings import Holdings, Item, Kind, Way
from keyvault_kit.custody.plan import parse
from tests.custody.random_plans import random_plan


def both_ways(monkeypatch: pytest.MonkeyPatch, its: Holdings, *, ever: bool) -> None:
    by_diagram = minimal_coalitions(its, ever=ever)
    with monkeypatch.context() as patch:
        patch.setattr(coalitions, "Diagrams", lambda _: Diagrams(limit=2))
        assert minimal_coalitions(its, ever=ever) == by_diagram


@pytest.mark.parametrize("chunk", range(4))
def test_a_list_gives_what_a_diagram_gives(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    for seed in range(chunk * 50, chunk * 50 + 50):
        its = parse(dumps(random_plan(seed)), "plan.json")
        for ever in (False, True):
            both_ways(monkeypatch, its, ever=ever)


def test_never_and_always() -> None:
    kind = Antichains()
    assert kind.at_least(0, [1, 2]) == ALWAYS
    assert kind.at_least(3, [1, 2]) == NEVER
    assert kind.at_least_of(0, []) == ALWAYS
    assert kind.at_least_of(1, []) == NEVER
    assert kind.at_least_of(10**9, [ALWAYS]) == NEVER


def pairs_of_people(items: int) -> Holdings:
    """Keys and PINs in safes of three openers, drawn in turn from all trios of twenty people."""
    people = [f"p{i:02}" for i in range(20)]
    trios = list(combinations(people, 3))[::5]
    found = []
    for n in range(items):
        key, pin = (
            Way(frozenset(trios[(7 * n + more) % len(trios)]), 1, f"opens safe {n}-{more}")
            for more in (0, 100)
        )
        found.append(Item(id=f"K{n}", kind=Kind.KEY, accounts=("bg1",), now=(key,)))
        found.append(Item(id=f"P{n}", kind=Kind.PIN, keys=(f"K{n}",), now=(pin,)))
    return Holdings(people=tuple(people), sites={}, safes={}, signs_in={}, items=tuple(found))


def test_where_the_diagram_grows_too_large_a_small_family_is_listed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalitions, "Diagrams", lambda _: Diagrams(limit=300))
    found = minimal_coalitions(pairs_of_people(60), ever=False)["bg1"]
    assert isinstance(found, tuple)
    assert len(found) == 46
    assert {len(it) for it in found} == {1, 2}


def test_what_neither_can_hold_is_not_counted_and_all_else_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalitions, "Diagrams", lambda _: Diagrams(limit=300))
    monkeypatch.setattr(coalitions, "Antichains", lambda _: Antichains(limit=20))
    its = pairs_of_people(60)
    its = Holdings(
        people=its.people,
        sites={},
        safes={},
        signs_in={},
        items=(
            *its.items,
            Item(
                id="W",
                kind=Kind.PASSWORD,
                accounts=("bg2",),
                now=(Way(frozenset({"p01"}), 1, "holds it"),),
            ),
        ),
    )
    analysis = analyse(its)
    assert analysis.minimal_coalitions_now == {"bg1": Uncounted(), "bg2": (("p01",),)}
    assert smallest(Uncounted()) is None
    document = to_json(analysis)
    assert document["minimal_coalitions_now"]["bg1"] == {"cut": True, "by_size": {}}
    assert document["one_person_absent"]["p01"] == ["bg1"]
    assert ("S38", "unknown") in {(it["rule"], it["severity"]) for it in document["findings"]}

"""The matrix: people against accounts, and how large a group it takes with them."""

import json
import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import coalitions
from keyvault_kit.custody.coalitions import Cut, Uncounted, minimal_coalitions
from keyvault_kit.custody.matrix import By, Explained, MatrixRow, matrix, matrix_of
from keyvault_kit.custody.plan import parse
from tests.custody.brute_force import Plan, answer
from tests.custody.random_plans import random_plan

PLANS = st.integers(0, 5_000).map(random_plan)


def cell(groups: list[list[str]], person: str) -> str:
    size = min((len(it) for it in groups if person in it), default=0)
    return {0: "-", 1: "alone"}.get(size, str(size))


@given(PLANS)
def test_each_cell_is_the_smallest_group_that_needs_the_person(plan: Plan) -> None:
    found, its = matrix(parse(json.dumps(plan))), answer(plan)
    now, ever = its["minimal_coalitions_now"], its["minimal_coalitions_ever"]

    assert list(found.accounts) == sorted(now)
    assert sorted(it for row in found.rows for it in row.people) == sorted(plan["people"])
    for row in found.rows:
        for person in row.people:
            assert row.cells == tuple(cell(now[it], person) for it in found.accounts)
            assert row.ever == tuple(cell(ever[it], person) for it in found.accounts)


@given(PLANS)
def test_the_matrix_is_the_same_where_there_are_too_many_groups_to_list(plan: Plan) -> None:
    holdings = parse(json.dumps(plan))
    listed = matrix(holdings)

    with patch.object(coalitions, "LIMIT", 0):
        found = minimal_coalitions(holdings, ever=True)
        assert matrix(holdings) == listed

    for account, groups in minimal_coalitions(holdings, ever=True).items():
        cut = found[account]
        if isinstance(cut, Cut) and isinstance(groups, tuple):
            assert set(cut.examples.values()) <= set(groups)
        else:
            assert cut == groups == ()


def test_equals_share_a_row_and_a_memory_tells_them_apart() -> None:
    plan = {
        "people": ["alice", "bob", "carol", "dave"],
        "sites": {},
        "safes": {
            "hq-1": {"openers": ["alice", "bob"], "need": 1},
            "hq-2": {"openers": ["carol"], "need": 1},
        },
        "items": [
            {"id": "K1", "kind": "key", "account": "bg1", "safe": "hq-1"},
            {"id": "P1", "kind": "pin", "for": "K1", "safe": "hq-2"},
        ],
    }
    remembered = {"remembered": [{"person": "bob", "item": "P1"}]}

    assert matrix(parse(json.dumps(plan))).rows == (
        MatrixRow(("alice", "bob"), ("2",), ("2",)),
        MatrixRow(("carol",), ("2",), ("2",)),
        MatrixRow(("dave",), ("-",), ("-",)),
    )
    assert matrix(parse(json.dumps(plan | remembered))).rows == (
        MatrixRow(("alice",), ("2",), ("2",)),
        MatrixRow(("bob",), ("2",), ("alone",)),
        MatrixRow(("carol",), ("2",), ("2",)),
        MatrixRow(("dave",), ("-",), ("-",)),
    )


def test_of_what_was_not_counted_the_matrix_tells_who_can_alone_and_no_more() -> None:
    plan = {
        "people": ["alice", "bob", "carol"],
        "sites": {},
        "safes": {
            "hq-1": {"openers": ["alice"], "need": 1},
            "hq-2": {"openers": ["bob"], "need": 1},
        },
        "items": [
            {"id": "K1", "kind": "key", "account": "bg1", "safe": "hq-1"},
            {"id": "P1", "kind": "pin", "for": "K1", "safe": "hq-2"},
            {"id": "W1", "kind": "password", "account": "bg2", "safe": "hq-2"},
        ],
        "remembered": [{"person": "alice", "item": "P1"}],
    }
    holdings = parse(json.dumps(plan))
    now: By = {"bg1": Uncounted(), "bg2": (("bob",),)}

    assert matrix_of(holdings, now, {"bg1": Uncounted(), "bg2": Uncounted()}).rows == (
        MatrixRow(("alice",), ("?", "-"), ("alone", "?")),
        MatrixRow(("bob",), ("?", "alone"), ("?", "alone")),
        MatrixRow(("carol",), ("?", "-"), ("?", "?")),
    )


@given(PLANS)
def test_each_cell_is_explained_by_a_group_of_the_size_that_it_says(plan: Plan) -> None:
    holdings = parse(json.dumps(plan))
    now, ever = (minimal_coalitions(holdings, ever=it) for it in (False, True))
    its, explained = matrix_of(holdings, now, ever), Explained(holdings, now, ever)

    for row in its.rows:
        for memories, cells in ((False, row.cells), (True, row.ever)):
            for account, said in zip(its.accounts, cells, strict=True):
                for person in row.people:
                    told = explained(person, account, memories)
                    who, _, rest = told.partition(" alone " if said == "alone" else " together ")
                    if said == "-":
                        assert " cannot use " in told
                    else:
                        size = 1 if said == "alone" else int(said)
                        people = re.split(", | and ", who)
                        assert (len(people), person in people) == (size, True)
                        assert rest.startswith(f"{'could' if memories else 'can'} use {account}: ")

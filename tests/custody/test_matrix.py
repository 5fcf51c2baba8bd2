"""The matrix: people against accounts, and how large a group it takes with them."""

import json
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import coalitions
from keyvault_kit.custody.coalitions import Cut, minimal_coalitions
from keyvault_kit.custody.matrix import MatrixRow, matrix
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

"""Where an account has more minimal coalitions than are listed: counted exactly, by size.

What the counts should be is worked out by combinatorics.
"""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product
from math import comb, factorial, prod
from typing import Any, Final

import pytest

from keyvault_kit.custody.analysis import analyse, to_json
from keyvault_kit.custody.plan import parse
from tests.custody.brute_force import Plan

Safe = tuple[int, int]
"""How many openers it has, and how many it needs; no two safes of a plan share an opener."""


def plan(safes: Sequence[Safe], pieces: dict[str, Any]) -> Plan:
    """An account whose password lies in pieces, one in each safe; a site for each safe."""
    openers = [
        [f"person-{safe}-{n}" for n in range(1, count + 1)] for safe, (count, _) in enumerate(safes)
    ]
    return {
        "people": [person for names in openers for person in names],
        "sites": {f"site-{n}": [f"safe-{n}"] for n in range(len(safes))},
        "safes": {
            f"safe-{n}": {"openers": openers[n], "need": need} for n, (_, need) in enumerate(safes)
        },
        "items": [
            {"id": f"P-{n}", "set": "P", "account": "bg1", "safe": f"safe-{n}"} | pieces
            for n in range(len(safes))
        ],
    }


def in_parts(*safes: Safe) -> Plan:
    return plan(safes, {"kind": "part", "of": len(safes)})


def in_shares(threshold: int, *safes: Safe) -> Plan:
    return plan(safes, {"kind": "share", "threshold": threshold})


def answers(it: Plan) -> Any:
    """The JSON document, as a reader of it gets it."""
    return json.loads(json.dumps(to_json(analyse(parse(json.dumps(it), "plan.json")))))


def coalitions(it: Plan) -> Any:
    """What the JSON says of the account, now, which is what it says of ever."""
    document = answers(it)
    assert document["minimal_coalitions_now"] == document["minimal_coalitions_ever"]
    return document["minimal_coalitions_now"]["bg1"]


def counted(safes: Sequence[Safe], enough: int) -> dict[str, int]:
    """Members -> coalitions: so many of the safes, and of each as many openers as it needs."""
    by_size = Counter[int]()
    for opened in combinations(safes, enough):
        members = sum(need for _, need in opened)
        by_size[members] += prod(comb(openers, need) for openers, need in opened)
    return {str(members): many for members, many in by_size.items()}


def test_one_safe_of_sixty_openers_three_of_whom_it_takes_is_cut() -> None:
    assert coalitions(in_parts((60, 3))) == {"cut": True, "by_size": {"3": 34_220}}


def test_ten_thousand_are_listed_and_one_more_is_not() -> None:
    listed = coalitions(in_parts((100, 1), (100, 1)))
    assert len(listed) == len({tuple(it) for it in listed}) == 10_000
    assert listed == sorted(sorted(it) for it in listed)
    assert {len(it) for it in listed} == {2}
    assert coalitions(in_parts((73, 1), (137, 1))) == {"cut": True, "by_size": {"2": 10_001}}


def test_one_account_is_cut_and_the_other_is_listed() -> None:
    it = in_parts((60, 3))
    it["items"].append({"id": "Q", "kind": "password", "account": "bg2", "holder": "person-0-7"})
    now = answers(it)["minimal_coalitions_now"]
    assert now == {"bg1": {"cut": True, "by_size": {"3": 34_220}}, "bg2": [["person-0-7"]]}


@pytest.mark.parametrize("needs", [(2,) * 10, (3,) * 10, (2, 3) * 5])
def test_ten_parts_in_ten_safes_are_counted_by_the_product(needs: tuple[int, ...]) -> None:
    safes = [(6, need) for need in needs]
    by_size = {str(sum(needs)): prod(comb(6, need) for need in needs)}
    assert by_size == counted(safes, 10)
    assert coalitions(in_parts(*safes)) == {"cut": True, "by_size": by_size}


UNLIKE: Final = ((6, 1), (4, 2), (6, 2), (5, 3), (6, 3), (12, 2), (7, 4))


@pytest.mark.parametrize("threshold", [3, 5, 7])
def test_shares_in_safes_of_any_need_are_counted_by_size(threshold: int) -> None:
    by_size = counted(UNLIKE, threshold)
    assert coalitions(in_shares(threshold, *UNLIKE)) == {"cut": True, "by_size": by_size}


def test_as_many_are_listed_of_each_size_as_there_should_be() -> None:
    found = coalitions(in_shares(2, *UNLIKE))
    assert Counter(str(len(it)) for it in found) == counted(UNLIKE, 2)


def test_survival_is_told_all_the_same_where_coalitions_are_cut() -> None:
    document = answers(in_shares(7, *[(6, 2)] * 8))
    assert document["minimal_coalitions_now"]["bg1"]["by_size"] == {"14": 8 * 15**7}
    assert document["safe_loss"] == {f"safe-{n}": ["bg1"] for n in range(8)}
    assert len(document["one_person_absent"]) == 48
    assert document["any_two_absent_that_lock_out_everything"] == []


# --- Openers in common


def in_a_square(side: int) -> Plan:
    """Parts in a safe for each row and each column of a square of people, whom each opens alone."""
    square = [[f"person-{row}-{column}" for column in range(side)] for row in range(side)]
    lines = [*square, *map(list, zip(*square, strict=True))]
    it = plan([(side, 1)] * len(lines), {"kind": "part", "of": len(lines)})
    it["people"] = [person for row in square for person in row]
    for safe, openers in zip(it["safes"].values(), lines, strict=True):
        safe["openers"] = openers
    return it


def covers(side: int) -> dict[str, int]:
    """People -> how many sets of so many meet every row and every column, and none is to spare.

    Such a person is an edge between a row and a column, and such a set is a forest of stars: some
    of the rows each with several columns, some of the columns each with several rows, and pairs.
    """
    by_size = Counter[int]()
    for rows, columns, pairs in product(range(side + 1), repeat=3):
        loose_rows, loose_columns = side - rows - pairs, side - columns - pairs
        if min(loose_rows, loose_columns) < 0:
            continue
        many = comb(side, rows) * comb(side - rows, pairs)
        many *= comb(side, columns) * comb(side - columns, pairs) * factorial(pairs)
        many *= shared_out(loose_columns, rows) * shared_out(loose_rows, columns)
        by_size[loose_rows + loose_columns + pairs] += many
    return {str(people): many for people, many in sorted(by_size.items()) if many}


def shared_out(things: int, among: int) -> int:
    """In how many ways things can be shared out so that each gets two at least."""
    if not among:
        return int(not things)
    return sum(comb(things, n) * shared_out(things - n, among - 1) for n in range(2, things + 1))


@pytest.mark.parametrize("side", [2, 3, 4, 5])
def test_people_who_each_open_two_safes_are_listed_as_there_should_be(side: int) -> None:
    found = coalitions(in_a_square(side))
    assert Counter(str(len(it)) for it in found) == covers(side)


def test_people_who_each_open_two_safes_are_counted_exactly_beyond_the_limit() -> None:
    by_size = covers(6)
    assert sum(by_size.values()) == 63_756
    assert coalitions(in_a_square(6)) == {"cut": True, "by_size": by_size}

"""What an auditor reads of an analysis: every sentence is true, and none is left out."""

import json
import re
from itertools import combinations
from math import comb, prod
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.coalitions import Uncounted, minimal_coalitions
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.sentences import (
    MOST,
    Groups,
    locking_out_together,
    sentences,
    what_survives,
    who_can_act,
)
from keyvault_kit.custody.survival import usable
from tests.custody.brute_force import Plan
from tests.custody.random_plans import random_plan
from tests.custody.sample import sample

PLANS = st.integers(0, 5_000).map(random_plan)
KEY: Final = {"id": "K1", "kind": "key", "account": "bg1"}
PIN: Final = {"id": "P1", "kind": "pin", "for": "K1"}


def holdings(*items: dict[str, Any], **changes: object) -> Holdings:
    """Three safes at two sites, with these items."""
    plan = {
        "people": ["alice", "bob", "carol", "dave", "erin"],
        "sites": {"hq": ["hq-1", "hq-2"], "branch": ["br-1"]},
        "safes": {
            "hq-1": {"openers": ["alice", "bob"], "need": 1},
            "hq-2": {"openers": ["bob", "carol", "dave"], "need": 2},
            "br-1": {"openers": ["erin"], "need": 1},
        },
        "items": [*items],
    }
    return parse(json.dumps(plan | changes))


def told(its: Holdings) -> tuple[str, ...]:
    return sentences(its, analyse(its))


def test_groups_that_use_the_same_things_are_told_once() -> None:
    its = holdings(KEY | {"safe": "hq-2"}, PIN | {"safe": "br-1"})

    assert told(its)[0] == (
        "bob, carol and erin together can use bg1: its key K1 lies in safe hq-2, which bob and"
        " carol open together; PIN P1 lies in safe br-1, which erin opens"
        " (in this way: erin with any 2 of bob, carol, dave)"
    )


def test_of_many_ways_in_the_first_are_told_and_the_others_counted() -> None:
    people = [f"p{n}" for n in range(8)]
    plan = {
        "people": people,
        "sites": {},
        "safes": {it: {"openers": [it], "need": 1} for it in people},
        "items": [
            {"id": f"S-{it}", "kind": "share", "set": "one", "account": "bg1"}
            | {"threshold": 2, "safe": it}
            for it in people
        ],
    }

    lines = [it for it in told(parse(json.dumps(plan))) if "can use bg1" in it]

    assert len(lines) == MOST + 1
    assert lines[-1] == f"{28 - MOST} other groups of 2 people can use bg1 too"


@given(PLANS)
def test_no_group_is_left_out_of_what_is_told(plan: Plan) -> None:
    its = parse(json.dumps(plan))

    for account, groups in minimal_coalitions(its, ever=False).items():
        lines = [*Groups(its).told(account, groups)]
        assert isinstance(groups, tuple)
        assert sum(map(counted, lines)) == len(groups)


def counted(line: str) -> int:
    """How many groups a sentence speaks of."""
    if other := re.match(r"(\d+) other group", line):
        return int(other[1])
    if line.startswith("Nobody"):
        return 0
    _, _, ways = line.removesuffix(")").partition("(in this way: ")
    return sum(map(ways_of, ways.split("; "))) if ways else 1


def ways_of(pattern: str) -> int:
    """Of 'alice with any 2 of bob, carol, dave', three."""
    chosen = re.findall(r"any (\d )?of ([^ ,]+(?:, [^ ,]+)*)", pattern)
    return prod(comb(len(people.split(", ")), int(many or 1)) for many, people in chosen)


def test_of_too_many_groups_one_is_told_with_how_many_there_are() -> None:
    people = [f"p{n}" for n in range(50)]
    plan = {
        "people": people,
        "sites": {},
        "safes": {f"s{n}": {"openers": people[n * 10 : n * 10 + 10], "need": 1} for n in range(5)},
        "items": [
            {"id": f"T{n}", "kind": "part", "set": "one", "account": "bg1"}
            | {"of": 5, "safe": f"s{n}"}
            for n in range(5)
        ],
    }

    first, second, third, *_ = told(parse(json.dumps(plan)))

    assert first == (
        "bg1: 100,000 groups of people can use it (100,000 of 5): too many to list, here is one"
    )
    assert "together can use bg1: part T0 of its password lies in safe s0, which p" in second
    assert third == "What people saw and remember lets nobody else use an account"


def test_of_what_was_not_counted_that_is_told_and_nothing_about_memories() -> None:
    its = holdings({"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"})
    found = msgspec.structs.replace(
        analyse(its),
        minimal_coalitions_now={"bg1": Uncounted()},
        minimal_coalitions_ever={"bg1": Uncounted()},
    )

    (only,) = who_can_act(its, found)
    assert only == (
        "bg1: the groups of people who can use it were not counted: too many safes that share many"
        " of their openers give it together"
    )


# --- What cannot be counted on


def test_an_account_that_only_a_password_without_sign_in_opens_is_said_to_be_so_once() -> None:
    password = {"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"}
    its = holdings(password, accounts={"bg1": {"password_signs_in": False}})
    said = "bg1 cannot be counted on: its password does not sign in"

    assert told(its) == (
        "erin alone can use bg1: its password W1 lies in safe br-1",
        "What people saw and remember lets nobody else use an account",
        said,
    )
    (found,) = [it for it in analyse(its).findings if it.subject == "bg1" and it.rule == "S37"]
    assert found.what == said
    assert found.mend == "Show by a drill that it does, or add a key and its PIN."


def test_an_account_that_nobody_can_use_is_said_to_be_so_by_sentence_and_finding() -> None:
    its = holdings(KEY | {"safe": "br-1"})

    assert told(its)[0] == "Nobody can use bg1, even all together"
    assert [it for it in told(its) if "counted on" in it] == []
    assert "nobody can use bg1, even all together" in [it.what for it in analyse(its).findings]


def test_all_that_an_account_lacks_is_named_and_nothing_that_it_does_not_need() -> None:
    password = {"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"}
    its = holdings(password, accounts={"bg1": {"password_signs_in": False}})
    (item,) = its.items
    loose = msgspec.structs.replace(item, counts=False)
    none = msgspec.structs.replace(its, unauthorised=frozenset({"erin"}), items=(loose,))

    assert told(none)[-1] == (
        "bg1 cannot be counted on: its password does not sign in; what would open it lies in no"
        " safe, or may open it no more; too few of those who could use it have authority"
    )
    (found,) = [it for it in analyse(none).findings if it.subject == "bg1" and it.rule == "S37"]
    assert (
        "Deposit what is sealed and lies in no safe; change a secret of which sheets" in found.mend
    )
    sealed = msgspec.structs.replace(its, signs_in={}, unauthorised=frozenset({"erin"}))
    assert told(sealed)[-1] == (
        "bg1 cannot be counted on: too few of those who could use it have authority"
    )


# --- What survives


SURVIVING: Final[dict[str, tuple[Holdings, tuple[str, ...]]]] = {
    "nothing to lose": (
        holdings(
            KEY | {"safe": "hq-2"},
            PIN | {"safe": "hq-2"},
            {"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"},
        ),
        (
            "Any one site may be lost: bg1 can still be used",
            "Any one safe may be lost: bg1 can still be used",
            "Any one item may be lost: bg1 can still be used",
            "Any one person may be away: bg1 can still be used",
            "Any two people may be away: an account can still be used",
            "With site hq lost and erin away, bg1 cannot be used any more",
        ),
    ),
    "everything to lose": (
        holdings({"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"}),
        (
            "With site branch lost, bg1 cannot be used any more",
            "With safe br-1 lost, bg1 cannot be used any more",
            "With item W1 lost, bg1 cannot be used any more",
            "With erin away, bg1 cannot be used any more",
        ),
    ),
    "two who lock out": (
        holdings({"id": "W1", "kind": "password", "account": "bg1", "safe": "hq-1"}),
        (
            "With site hq lost, bg1 cannot be used any more",
            "With safe hq-1 lost, bg1 cannot be used any more",
            "With item W1 lost, bg1 cannot be used any more",
            "Any one person may be away: bg1 can still be used",
            "With alice and bob away, no account can be used",
        ),
    ),
    "a single person": (
        holdings(
            {"id": "W1", "kind": "password", "account": "bg1", "holder": "erin"},
            people=["erin"],
            sites={},
            safes={},
        ),
        (
            "With item W1 lost, bg1 cannot be used any more",
            "With erin away, bg1 cannot be used any more",
        ),
    ),
    "nothing to begin with": (holdings(KEY | {"safe": "br-1"}), ()),
    "no account": (holdings(), ()),
}


@pytest.mark.parametrize("name", SURVIVING)
def test_the_sentences_say_what_is_left_after_a_loss(name: str) -> None:
    its, expected = SURVIVING[name]

    assert what_survives(its, analyse(its)) == expected
    assert told(its)[-len(expected) :] == expected or not expected


def test_where_nothing_opens_an_account_there_is_nothing_to_tell() -> None:
    assert told(holdings()) == ("No item opens an account, so there is nothing to tell",)


@pytest.mark.parametrize(
    ("count", "more"),
    [(MOST + 1, "1 other item"), (MOST + 3, "any one of 3 other items")],
)
def test_of_many_losses_the_first_are_told_and_the_others_counted(count: int, more: str) -> None:
    items = [
        {"id": f"W{n}", "kind": "password", "account": f"bg{n}", "safe": "br-1"}
        for n in range(count)
    ]

    lines = [it for it in told(holdings(*items)) if it.startswith("With") and "item" in it]

    assert len(lines) == MOST + 1
    assert lines[-1] == f"With {more} lost, an account cannot be used any more, either"


@given(PLANS)
def test_what_may_be_lost_is_told_where_it_is_so_and_nowhere_else(plan: Plan) -> None:
    its = parse(json.dumps(plan))
    found, lines = analyse(its), told(its)
    everybody = usable(its, its.people)
    both = found.site_loss_and_one_absent.values()

    for said, left in (
        ("Any one site may be lost: ", found.site_loss.values()),
        ("Any one safe may be lost: ", found.safe_loss.values()),
        ("Any one item may be lost: ", found.item_loss.values()),
        ("Any one person may be away: ", found.one_person_absent.values()),
        ("Any one site may be lost and any one", [it for its in both for it in its.values()]),
    ):
        so = bool(everybody) and bool(left) and all(it == everybody for it in left)
        assert any(line.startswith(said) for line in lines) == so
    pairs = [{*pair} for pair in combinations(its.people, 2)]
    fine = all(usable(its, {*its.people} - pair) for pair in pairs)
    said_two = any(line.startswith("Any two people may be away: ") for line in lines)
    assert said_two == (bool(pairs) and bool(everybody) and fine)


@given(PLANS)
def test_a_pair_is_told_only_where_it_takes_both(plan: Plan) -> None:
    its = parse(json.dumps(plan))

    for pair in locking_out_together(analyse(its)):
        assert not usable(its, {*its.people} - {*pair})
        assert all(usable(its, {*its.people} - {person}) for person in pair)


def test_the_groups_of_a_register_are_told_by_their_envelopes() -> None:
    its = holdings_of(sample().register)

    assert any("(in this way: any of carol, dave" in it for it in told(its))

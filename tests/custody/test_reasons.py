"""Reasons: short sentences, and true ones."""

import json
import re
from collections.abc import Sequence
from math import comb, prod
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.reasons import MOST, Reasons, reason, sentences
from tests.custody.brute_force import Plan, can_use
from tests.custody.random_plans import random_plan
from tests.custody.sample import sample

PLANS = st.integers(0, 5_000).map(random_plan)
KEY: Final = {"id": "K1", "kind": "key", "account": "bg1"}
PIN: Final = {"id": "P1", "kind": "pin", "for": "K1"}


def holdings(*items: dict[str, Any], remembered: Sequence[dict[str, str]] = ()) -> Holdings:
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
        "remembered": [*remembered],
    }
    return parse(json.dumps(plan))


def shares(*safes: str, of: str = "account") -> list[dict[str, Any]]:
    """Shares, two of which give the password of bg1 or (`of` = for) the PIN of K1."""
    fields = {"kind": "share", "set": "one", "threshold": 2, of: "K1" if of == "for" else "bg1"}
    return [{"id": f"S{n}", "safe": it} | fields for n, it in enumerate(safes, start=1)]


def told(its: Holdings) -> tuple[str, ...]:
    return sentences(its, analyse(its))


LYING: Final[dict[str, tuple[Holdings, tuple[str, ...], str]]] = {
    "one safe": (
        holdings(KEY | {"safe": "hq-1"}, PIN | {"safe": "hq-1"}),
        ("bob",),
        "bob alone can use bg1: its key K1 and PIN P1 lie in safe hq-1",
    ),
    "two safes of one": (
        holdings(KEY | {"safe": "hq-1"}, PIN | {"holder": "bob"}),
        ("bob",),
        "bob alone can use bg1: its key K1 lies in safe hq-1; bob holds PIN P1",
    ),
    "two people": (
        holdings(KEY | {"safe": "hq-1"}, PIN | {"safe": "br-1"}),
        ("erin", "alice"),
        (
            "alice and erin together can use bg1: its key K1 lies in safe hq-1, which alice opens;"
            " PIN P1 lies in safe br-1, which erin opens"
        ),
    ),
    "a safe that takes two": (
        holdings({"id": "W1", "kind": "password", "account": "bg1", "safe": "hq-2"}),
        ("bob", "dave"),
        (
            "bob and dave together can use bg1: its password W1 lies in safe hq-2, which bob and"
            " dave open together"
        ),
    ),
    "a key without PIN": (
        holdings(KEY | {"uv": "none", "holder": "erin"}),
        ("erin",),
        "erin alone can use bg1: erin holds its key K1",
    ),
    "shares": (
        holdings(*shares("hq-1", "hq-1", "br-1")),
        ("alice",),
        "alice alone can use bg1: shares S1 and S2 of its password lie in safe hq-1",
    ),
    "shares of a PIN": (
        holdings(KEY | {"safe": "hq-1"}, *shares("hq-1", "br-1", of="for")),
        ("alice", "erin"),
        (
            "alice and erin together can use bg1: its key K1 and share S1 of the PIN lie in safe"
            " hq-1, which alice opens; share S2 of the PIN lies in safe br-1, which erin opens"
        ),
    ),
    "the way with fewer things": (
        holdings(*shares("hq-1", "hq-1"), KEY | {"safe": "hq-1", "uv": "none"}),
        ("alice",),
        "alice alone can use bg1: its key K1 lies in safe hq-1",
    ),
    "too few people": (
        holdings(KEY | {"safe": "hq-1"}, PIN | {"safe": "br-1"}),
        ("alice", "bob"),
        "alice and bob together cannot use bg1",
    ),
    "another account": (
        holdings(KEY | {"safe": "hq-1", "account": "bg2"}, PIN | {"safe": "hq-1"}),
        ("alice",),
        "alice alone cannot use bg1",
    ),
    "nobody": (holdings(KEY | {"safe": "hq-1"}), (), "without anybody bg1 cannot be used"),
}


@pytest.mark.parametrize("name", LYING)
def test_a_reason_says_what_lies_where_and_who_opens_that(name: str) -> None:
    its, people, expected = LYING[name]

    assert reason(its, "bg1", people) == expected


def test_a_reason_for_ever_says_what_is_remembered_and_by_whom() -> None:
    remembered = [{"person": "alice", "item": "P1", "note": "it was set before her"}]
    its = holdings(KEY | {"safe": "hq-1"}, PIN | {"safe": "br-1"}, remembered=remembered)

    assert reason(its, "bg1", ("alice",)) == "alice alone cannot use bg1"
    assert reason(its, "bg1", ("alice",), ever=True) == (
        "alice alone could use bg1: its key K1 lies in safe hq-1;"
        " alice remembers PIN P1: it was set before her"
    )


@given(PLANS, st.booleans())
def test_every_reason_names_its_people_and_only_things_that_are_enough(
    plan: Plan,
    ever: bool,  # noqa: FBT001 - drawn
) -> None:
    its = parse(json.dumps(plan))

    for account, groups in minimal_coalitions(its, ever=ever).items():
        for group in groups if isinstance(groups, tuple) else ():
            text = reason(its, account, group, ever=ever)
            assert all(named(it, text) for it in (*group, account))
            used = [it for it in plan["items"] if named(it["id"], text)]
            assert account in can_use(plan | {"items": used}, group, ever=ever)
            without = [it for it in its.people if it not in group]
            assert not any(named(it, text) for it in without)


def named(it: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(it)}(?![\w-])", text) is not None


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
        lines = [*Reasons(its).told(account, groups)]
        assert isinstance(groups, tuple)
        assert sum(map(counted, lines)) == len(groups)


def counted(line: str) -> int:
    """How many groups a sentence speaks of."""
    if other := re.match(r"(\d+) other group", line):
        return int(other[1])
    if line.startswith("nobody"):
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
    assert third == "what people saw and remember lets nobody else use an account"


SURVIVING: Final[dict[str, tuple[Holdings, tuple[str, ...]]]] = {
    "nothing to lose": (
        holdings(
            KEY | {"safe": "hq-2"},
            PIN | {"safe": "hq-2"},
            {"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"},
        ),
        (
            "any one site may be lost: bg1 can still be used",
            "any one safe may be lost: bg1 can still be used",
            "any one item may be lost: bg1 can still be used",
            "any one person may be away: bg1 can still be used",
            "any two people may be away: an account can still be used",
            "with site hq lost and erin away, bg1 cannot be used any more",
        ),
    ),
    "everything to lose": (
        holdings({"id": "W1", "kind": "password", "account": "bg1", "safe": "br-1"}),
        (
            "with site branch lost, bg1 cannot be used any more",
            "with safe br-1 lost, bg1 cannot be used any more",
            "with item W1 lost, bg1 cannot be used any more",
            "with erin away, bg1 cannot be used any more",
            "with alice and erin away, no account can be used",
        ),
    ),
    "nothing to begin with": (
        holdings(KEY | {"safe": "br-1"}),
        (
            "nobody can use bg1, even all together",
            "bg1 cannot be counted on, even with everybody there and nothing lost",
        ),
    ),
    "no account": (holdings(), ("no item opens an account, so there is nothing to tell",)),
}


@pytest.mark.parametrize("name", SURVIVING)
def test_the_sentences_say_what_is_left_after_a_loss(name: str) -> None:
    its, expected = SURVIVING[name]
    lines = told(its)

    assert [it for it in lines if it in expected] == [*expected]
    assert not any(it.endswith(".") for it in lines)


@given(PLANS)
def test_what_may_be_lost_is_told_only_where_it_is_so(plan: Plan) -> None:
    its = parse(json.dumps(plan))
    document, lines = analyse(its), told(its)

    both = document.site_loss_and_one_absent
    for told_as, left in (
        ("any one site may be lost: ", document.site_loss.values()),
        ("any one person may be away: ", document.one_person_absent.values()),
        (
            "any one site may be lost and any one",
            [it for its in both.values() for it in its.values()],
        ),
    ):
        if any(line.startswith(told_as) for line in lines):
            assert len(set(left)) == 1


def test_the_reasons_of_a_register_name_its_envelopes() -> None:
    its = holdings_of(sample().register)

    assert re.fullmatch(
        "carol and grace together can use bg1: its key K1 lies in safe hq-keys, which carol opens;"
        r" PIN K1-pin1-1 lies in safe \w+-pins, which grace opens",
        reason(its, "bg1", ("carol", "grace")),
    )
    assert any("(in this way: any of carol, dave" in it for it in told(its))


def test_what_was_seen_and_lies_nowhere_is_told_without_an_id() -> None:
    life = sample()
    password = life.register.accounts["bg1"].password_set or ""
    for half in (1, 2):
        life.enter(ev.SecretExposed(person="erin", set=password, half=half))
    its = holdings_of(life.register)

    text = reason(its, "bg1", ("erin",), ever=True)

    assert text == "erin alone could use bg1: erin saw halves of its password"

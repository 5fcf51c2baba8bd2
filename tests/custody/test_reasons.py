"""Reasons: short sentences, and true ones."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.reasons import reason
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


def test_the_reasons_of_a_register_name_its_envelopes() -> None:
    its = holdings_of(sample().register)

    assert re.fullmatch(
        "carol and grace together can use bg1: its key K1 lies in safe hq-keys, which carol opens;"
        r" PIN K1-pin1-1 lies in safe \w+-pins, which grace opens",
        reason(its, "bg1", ("carol", "grace")),
    )


def test_what_was_seen_and_lies_nowhere_is_told_without_an_id() -> None:
    life = sample()
    password = life.register.accounts["bg1"].password_set or ""
    for half in (1, 2):
        life.enter(ev.SecretExposed(person="erin", set=password, half=half))
    its = holdings_of(life.register)

    text = reason(its, "bg1", ("erin",), ever=True)

    assert text == "erin alone could use bg1: erin saw halves of its password"

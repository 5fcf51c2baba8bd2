"""The plan file: what it says, freely laid out, and answered where it is odd."""

import json
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.holdings import Container, Item, Kind, Way
from keyvault_kit.custody.plan import parse
from keyvault_kit.errors import InputError
from tests.custody.plans import PLAN, Change, Document, changed, item, safe
from tests.custody.random_plans import random_plan


def test_a_plan_says_who_has_what_by_which_way() -> None:
    holdings = parse(json.dumps(PLAN))
    items = {it.id: it for it in holdings.items}
    together = Way(frozenset({"alice", "bob"}), 2, "opens safe hq-1")
    memory = Way(frozenset({"carol"}), 1, "remembers it: set it herself")

    assert holdings.people == ("alice", "bob", "carol", "dave")
    assert holdings.safes["hq-1"] == Container(frozenset({"alice", "bob"}), 2)
    assert holdings.sites == {"hq": ("hq-1", "hq-2"), "branch": ("Branch 1",)}
    assert holdings.signs_in == {"bg1": False, "bg2": True, "idle": True}
    assert holdings.accounts == ("bg1", "bg2")
    key = Item(id="K1", kind=Kind.KEY, accounts=("bg1", "bg2"), safe="hq-1", now=(together,))
    assert items["K1"] == key
    assert (items["K2"].pinless, items["K2"].holder) == (True, "dave")
    assert items["K2"].now == (Way(frozenset({"dave"}), 1, "holds it"),)
    assert (items["P1"].keys, items["P1"].before) == (("K1",), (memory,))
    assert (items["S2"].accounts, items["S2"].set, items["S2"].threshold) == (("bg1",), "one", 2)
    assert (items["T1"].keys, items["T1"].set, items["T1"].threshold) == (("K1",), "two", 2)
    assert holdings.remarks == ()


def test_what_is_optional_may_be_left_out() -> None:
    def bare(document: Document) -> None:
        del document["accounts"], document["remembered"]
        del document["items"][4]["of"]

    holdings = parse(changed(bare))

    assert holdings.signs_in == {}
    assert all(it.before == () for it in holdings.items)
    assert holdings.remarks == ()


def test_a_field_of_an_item_that_is_null_is_absent() -> None:
    absent = dict.fromkeys(("account", "set", "threshold", "of", "holder", "uv"))

    def nulls(document: Document) -> None:
        document["items"][2] |= absent

    assert parse(changed(nulls)) == parse(json.dumps(PLAN))


def test_the_suffix_says_what_a_file_is_and_otherwise_its_first_character() -> None:
    as_json, as_toml = json.dumps(PLAN), toml_of(PLAN, Random(1))  # noqa: S311 - a layout
    expected = parse(as_json)

    assert parse(as_json, "plan.JSON") == parse(f"\ufeff\n {as_json}") == expected
    assert parse(as_toml, "plan.toml") == parse(as_toml, "plan") == expected
    with pytest.raises(InputError, match="is not TOML"):
        parse(as_json, "plan.toml")
    with pytest.raises(InputError, match="is not JSON"):
        parse(as_toml, "plan.json")


ODD: Final[dict[str, tuple[Change, str]]] = {
    "safe that nobody opens": (
        safe(need=3),
        "safe hq-1 needs 3 openers and has 2: nobody can open it",
    ),
    "safe at no site": (lambda it: it["sites"]["hq"].remove("hq-2"), "safe hq-2 stands at no site"),
    "key without its pin": (item(1, uv=None), "key K2 needs a PIN, and nothing is for it"),
    "uv that nobody knows": (
        item(0, uv="iris"),
        "uv 'iris' of key K1 is none that is known: the key is counted as needing its PIN",
    ),
    "account beside the accounts": (
        item(3, account="bg9"),
        "account bg9 is not among the accounts: its password is taken to sign in",
    ),
    "memory of a key": (
        lambda it: it["remembered"].append({"person": "bob", "item": "K1"}),
        "bob is said to remember key K1",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_a_plan_that_is_odd_and_could_be_real_is_answered_with_a_remark(name: str) -> None:
    change, told = ODD[name]

    (remark,) = parse(changed(change)).remarks

    assert told in remark
    assert not remark.endswith(".")


@pytest.mark.parametrize("uv", ["pin", "required", "fingerprint"])
def test_a_key_with_user_verification_needs_its_pin(uv: str) -> None:
    holdings = parse(changed(item(0, uv=uv)))

    assert not holdings.items[0].pinless
    assert holdings.remarks == ()


def test_an_empty_organisation_is_answered() -> None:
    empty = parse("people = []\nitems = []\n[sites]\n[safes]\n")

    document = analyse(empty)

    assert (document.minimal_coalitions_now, document.site_loss) == ({}, {})


def test_ten_thousand_items_are_read() -> None:
    def many(document: Document) -> None:
        document["items"] += [
            {"id": f"more-{n}", "kind": "password", "account": f"bg{n % 7}", "safe": "hq-1"}
            for n in range(10_000)
        ]

    assert len(parse(changed(many)).items) == len(PLAN["items"]) + 10_000


# --- Layout


def toml_of(document: Document, random: Random) -> str:
    """The document as TOML, each table laid out in one of the ways that TOML has for it."""
    names = [*document]
    random.shuffle(names)
    tables = [it for it in names if isinstance(document[it], dict) and random.random() < 0.5]
    arrays = [it for it in ("items", "remembered") if it in names and random.random() < 0.5]
    lines = [
        f"{it} = {inline(document[it], random)}" for it in names if it not in (*tables, *arrays)
    ]
    for name in tables:
        lines += ["", f"[{name}] # a table"]
        lines += [f"{key(it)} = {inline(its, random)}" for it, its in document[name].items()]
    for name in arrays:
        if not document[name]:
            lines.insert(0, f"{name} = []")
        for row in document[name]:
            lines += ["", f"[[{name}]]"]
            lines += [f"{it} = {inline(its, random)}" for it, its in row.items()]
    return "\n".join(lines)


def inline(value: object, random: Random) -> str:
    if isinstance(value, dict):
        pairs = [f"{key(name)} = {inline(it, random)}" for name, it in value.items()]
        random.shuffle(pairs)
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        gap = random.choice(("", " ", "\n  # a remark\n"))
        return f"[{gap}{f',{gap}'.join(inline(it, random) for it in value)}{gap}]"
    return json.dumps(value)


def key(name: str) -> str:
    return json.dumps(name) if not name.isidentifier() else name


def shuffled(value: object, random: Random) -> object:
    """The same document with its fields in another order."""
    if isinstance(value, dict):
        names = [*value]
        random.shuffle(names)
        return {name: shuffled(value[name], random) for name in names}
    return [shuffled(it, random) for it in value] if isinstance(value, list) else value


@given(
    seed=st.integers(0, 5_000),
    random=st.randoms(use_true_random=False),
    indent=st.sampled_from((None, 0, 3)),
    escaped=st.booleans(),
)
def test_a_plan_is_the_same_in_every_layout(
    *, seed: int, random: Random, indent: int | None, escaped: bool
) -> None:
    document = random_plan(seed)
    expected = parse(json.dumps(document))

    laid_out = json.dumps(shuffled(document, random), indent=indent, ensure_ascii=escaped)

    assert parse(laid_out) == expected
    assert parse(toml_of(document, random)) == expected

"""The plan file: freely laid out, refused where it contradicts itself, answered where it is odd."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.holdings import Container, Item, Kind, Way
from keyvault_kit.custody.plan import parse
from keyvault_kit.errors import InputError
from tests.custody.random_plans import random_plan

Document = dict[str, Any]
Change = Callable[[Document], object]

PLAN: Final[Document] = {
    "people": ["dave", "alice", "bob", "carol"],
    "sites": {"hq": ["hq-1", "hq-2"], "branch": ["Branch 1"]},
    "safes": {
        "hq-1": {"openers": ["alice", "bob"], "need": 2},
        "hq-2": {"openers": ["carol"], "need": 1},
        "Branch 1": {"openers": ["bob", "dave"], "need": 1},
    },
    "accounts": {"bg1": {"password_signs_in": False}, "bg2": {}, "idle": {}},
    "items": [
        {"id": "K1", "kind": "key", "account": ["bg1", "bg2"], "safe": "hq-1"},
        {"id": "K2", "kind": "key", "account": "bg1", "uv": "none", "holder": "dave"},
        {"id": "P1", "kind": "pin", "for": "K1", "safe": "Branch 1"},
        {"id": "W1", "kind": "password", "account": "bg2", "safe": "hq-2"},
        *(
            {"id": f"S{n}", "kind": "share", "account": "bg1", "set": "one", "threshold": 2}
            | ({"of": 3} if n == 1 else {})
            | {"safe": safe}
            for n, safe in enumerate(("hq-1", "hq-2", "Branch 1"), start=1)
        ),
        *(
            {"id": f"T{n}", "kind": "part", "for": "K1", "set": "two", "of": 2, "safe": "hq-2"}
            for n in (1, 2)
        ),
    ],
    "remembered": [{"person": "carol", "item": "P1", "note": "set it\n  herself"}],
}


def changed(change: Change) -> str:
    document = copy.deepcopy(PLAN)
    change(document)
    return json.dumps(document)


def item(number: int, **fields: object) -> Change:
    """Give an item other fields; None takes one away."""

    def change(document: Document) -> None:
        its = document["items"][number]
        its.update({name.rstrip("_"): value for name, value in fields.items()})
        document["items"][number] = {name: it for name, it in its.items() if it is not None}

    return change


def shares(**fields: object) -> Change:
    """Give all three shares other fields."""

    def change(document: Document) -> None:
        for number in (4, 5, 6):
            item(number, **fields)(document)

    return change


def safe(**fields: object) -> Change:
    return lambda document: document["safes"]["hq-1"].update(fields)


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


REFUSED: Final[dict[str, tuple[Change, str]]] = {
    "unknown field": (lambda it: it.update(colour="red"), "colour: unknown field"),
    "unknown field of a safe": (safe(lock="A"), "safes.hq-1.lock: unknown field"),
    "unknown field of an item": (item(3, note="x"), "items[3].note: unknown field"),
    "unknown field of an account": (
        lambda it: it["accounts"]["bg2"].update(colour="red"),
        "accounts.bg2.colour: unknown field",
    ),
    "no people": (lambda it: it.pop("people"), "people: this field is missing"),
    "no items": (lambda it: it.pop("items"), "items: this field is missing"),
    "need that is text": (safe(need="2"), "safes.hq-1.need: Expected `int`, got `str`"),
    "need without end": (safe(need=10**30), "safes.hq-1.need: Expected `int` <= 1000000"),
    "openers that are no list": (safe(openers="bob"), "safes.hq-1.openers: Expected `array`"),
    "unknown kind": (item(0, kind="coin"), "items[0].kind: there are the kinds key, pin,"),
    "unknown safe of an item": (
        item(2, safe="hq-9"),
        "items[2].safe: there is no safe 'hq-9' in this plan",
    ),
    "unknown safe of a site": (
        lambda it: it["sites"]["hq"].append("hq-9"),
        "sites.hq[2]: there is no safe 'hq-9' in this plan",
    ),
    "safe at two sites": (
        lambda it: it["sites"]["branch"].append("hq-1"),
        "sites.branch[1]: 'hq-1' stands at sites.hq[0] already",
    ),
    "unknown opener": (
        safe(openers=["alice", "mallory"]),
        "safes.hq-1.openers[1]: there is no person 'mallory' in this plan",
    ),
    "opener twice": (
        safe(openers=["bob", "bob"]),
        "safes.hq-1.openers[1]: 'bob' stands at safes.hq-1.openers[0] already",
    ),
    "need of nothing": (safe(need=0), "safes.hq-1.need: 0 is below 1"),
    "unknown holder": (
        item(1, holder="mallory"),
        "items[1].holder: there is no person 'mallory' in this plan",
    ),
    "person twice": (
        lambda it: it["people"].append("bob"),
        "people[4]: 'bob' stands at people[2] already",
    ),
    "item twice": (item(1, id="K1"), "items[1].id: 'K1' stands at items[0].id already"),
    "account twice": (
        item(0, account=["bg1", "bg1"]),
        "items[0].account[1]: 'bg1' stands at items[0].account[0] already",
    ),
    "no account in a list": (item(0, account=[]), "items[0].account: the list is empty"),
    "safe and holder": (item(0, holder="bob"), "items[0].safe: it lies in a safe or somebody"),
    "neither safe nor holder": (item(0, safe=None), "and this item has neither"),
    "pin for no key": (item(2, for_="K9"), "items[2].for: there is no key 'K9' in this plan"),
    "pin for a pin": (item(2, for_=["K1", "P1"]), "items[2].for[1]: there is no key 'P1'"),
    "pin for nothing": (item(2, for_=None), "items[2].for: a pin must have this field"),
    "pin of an account": (item(2, account="bg1"), "items[2].account: a pin has no such field"),
    "key for a key": (item(0, for_="K2"), "items[0].for: a key has no such field"),
    "key of no account": (item(0, account=None), "items[0].account: a key must have this field"),
    "uv of a pin": (item(2, uv="none"), "items[2].uv: a pin has no such field"),
    "set of a password": (item(3, set="one"), "items[3].set: a password has no such field"),
    "share of no set": (item(4, set=None), "items[4].set: a share must have this field"),
    "share without threshold": (
        item(4, threshold=None),
        "items[4].threshold: a share must have this field",
    ),
    "share of an account and for a key": (
        item(4, for_="K1"),
        "items[4].account: a share is a piece of the password of an account, or is for a key",
    ),
    "part of neither": (item(7, for_=None), "items[7].account: a part is a piece of"),
    "part without of": (item(7, of=None), "items[7].of: a part must have this field"),
    "threshold above the shares": (
        shares(threshold=4),
        "items[4].threshold: 4 is above the 3 pieces of set one",
    ),
    "threshold of nothing": (shares(threshold=0), "items[4].threshold: 0 is below 1"),
    "threshold of parts": (
        item(7, threshold=1),
        "items[7].threshold: all 2 parts are needed, not 1",
    ),
    "of that is not so": (item(4, of=2), "items[4].of: set one has 3 pieces in this plan, not 2"),
    "shares that disagree": (
        item(5, threshold=3),
        "items[5].threshold: the pieces of set one disagree: items[4] says otherwise",
    ),
    "shares of two accounts": (
        item(6, account="bg2"),
        "items[6].account: the pieces of set one disagree",
    ),
    "parts in a set of shares": (
        item(7, set="one"),
        "items[7].kind: the pieces of set one disagree: items[4] says otherwise",
    ),
    "memory of nobody": (
        lambda it: it["remembered"].append({"person": "mallory", "item": "P1"}),
        "remembered[1].person: there is no person 'mallory' in this plan",
    ),
    "memory of nothing": (
        lambda it: it["remembered"].append({"person": "bob", "item": "P9"}),
        "remembered[1].item: there is no item 'P9' in this plan",
    ),
    "note that cannot be shown": (
        lambda it: it["remembered"][0].update(note="\x1b[2J"),
        "remembered[0].note: it holds what cannot be seen",
    ),
    "note without end": (
        lambda it: it["remembered"][0].update(note="x" * 201),
        "remembered[0].note: a note has at most 200 characters",
    ),
    "name without a character": (item(0, id=""), "items[0].id: '' is no name"),
    "name that clears the screen": (
        lambda it: it["people"].append("\x1b[2J"),
        "people[4]: '\\x1b[2J' is no name",
    ),
    "name without end": (
        lambda it: it["sites"].update({"x" * 65: []}),
        "a name has at most 64 characters, and this one 65",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_plan_that_contradicts_itself_is_refused_by_its_path(name: str) -> None:
    change, told = REFUSED[name]

    with pytest.raises(InputError) as caught:
        parse(changed(change), "plan.json")

    assert caught.value.what.startswith("plan.json: ")
    assert told in caught.value.what
    assert "docs/custody.md" in caught.value.mend


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"people": [], "people": []}', "the key 'people' stands twice in one object"),
        ('{"items": [{"id": "A", "id": "B"}]}', "the key 'id' stands twice in one object"),
        (
            "people = []\npeople = [ ]\n",
            "Cannot overwrite a value (at line 2, column 13): 'people =",
        ),
        ('{"people": [NaN]}', "NaN is no number of JSON"),
        ('{"people": ', "is not JSON: "),
        ("people", "is not TOML: "),
        ('{"people": ' + "[" * 100_000, "is nested too deeply"),
        ("people = " + "[" * 100_000, "is nested too deeply"),
        ('{"people": [' + "1" * 5_000 + "]}", "is not JSON: "),
        ("", "people: this field is missing"),
    ],
)
def test_a_text_that_is_no_plan_gets_one_clear_error(text: str, told: str) -> None:
    with pytest.raises(InputError, match=r"docs/custody\.md") as caught:
        parse(text, "plan")

    assert told in caught.value.what


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

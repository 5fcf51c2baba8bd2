"""Plans that are refused: by the path of what contradicts itself, in one clear error."""

from typing import Final

import pytest

from keyvault_kit.custody.plan import parse
from keyvault_kit.errors import InputError
from tests.custody.plans import Change, Document, changed, item, safe, shares

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
    "unknown field with the look of a path": (
        lambda it: it.update({"a - at `$.people`": 1}),
        r'"a - at `$.people`": unknown field',
    ),
    "unknown field of an item with the look of a path": (
        item(3, **{"a - at `$.people`": 1}),
        r'items[3]."a - at `$.people`": unknown field',
    ),
    "unknown kind with the look of a path": (
        item(0, kind="coin - at `$.people`"),
        "items[0].kind: there are the kinds key, pin,",
    ),
    "row that is no table": (
        lambda it: it["items"].append("K9"),
        "items[9]: Expected `object`, got `str`",
    ),
    "table in the place of a list": (
        lambda it: it["sites"].update(hq={"hq-1": 1}),
        "sites.hq: Expected `array`, got `object`",
    ),
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
    "threshold above the one share": (
        lambda it: it["items"].append(
            it["items"][4] | {"id": "S9", "set": "alone", "of": 1, "threshold": 2}
        ),
        "items[9].threshold: 2 is above the 1 piece of set alone",
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
        ('{"people": [' + "1" * 5_000 + "]}", "plan holds a number of too many digits"),
        ("people = [" + "1" * 5_000 + "]", "plan holds a number of too many digits"),
        ("", "people: this field is missing"),
    ],
)
def test_a_text_that_is_no_plan_gets_one_clear_error(text: str, told: str) -> None:
    with pytest.raises(InputError, match=r"docs/custody\.md") as caught:
        parse(text, "plan")

    assert told in caught.value.what


# --- Spelling


COMPOSED: Final = "Jos\u00e9"
LOOSE: Final = "Jose\u0301"
"""The same name to people, by an accent that follows its letter."""


def named_twice(first: str, then: str) -> dict[str, Change]:
    """A name that stands twice in a plan, a way each."""

    def person(it: Document) -> None:
        it["people"] += [first, then]

    def opener(it: Document) -> None:
        it["people"].append(first)
        it["safes"]["hq-1"]["openers"].append(then)

    def account(it: Document) -> None:
        it["items"][1]["account"], it["items"][3]["account"] = first, then

    def safe_of_a_site(it: Document) -> None:
        it["safes"][then] = {"openers": ["bob"], "need": 1}
        it["sites"]["hq"].append(first)

    def memory(it: Document) -> None:
        it["items"][2]["id"] = first
        it["remembered"][0]["item"] = then

    ways = (person, opener, account, safe_of_a_site, memory)
    return {way.__name__: way for way in ways}


@pytest.mark.parametrize("name", named_twice("", ""))
def test_two_spellings_of_a_name_are_not_two_things(name: str) -> None:
    with pytest.raises(InputError, match="looks like") as caught:
        parse(changed(named_twice(COMPOSED, LOOSE)[name]))

    assert "'Jose\\u0301'" in caught.value.what
    assert "'Jos\\xe9'" in caught.value.what


@pytest.mark.parametrize("spelling", [COMPOSED, LOOSE])
def test_a_name_keeps_the_one_spelling_that_it_has(spelling: str) -> None:
    change = named_twice(spelling, spelling)["opener"]

    assert spelling in parse(changed(change)).safes["hq-1"].openers

"""Plans that are wrong, odd or huge, at the command line: one clear error each, or an answer."""

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.custody.brute_force import answer
from tests.custody.random_plans import random_plan

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Plan = dict[str, Any]

PLAN: Final[Plan] = {
    "people": ["alice", "bob"],
    "sites": {"hq": ["safe-1"], "north": ["safe-2"]},
    "safes": {
        "safe-1": {"openers": ["alice"], "need": 1},
        "safe-2": {"openers": ["bob"], "need": 1},
    },
    "accounts": {"bg1": {"password_signs_in": True}},
    "items": [
        {"id": "K1", "kind": "key", "account": "bg1", "safe": "safe-1"},
        {"id": "K1-pin", "kind": "pin", "for": "K1", "safe": "safe-2"},
        {"id": "P-1", "kind": "share", "account": "bg1", "set": "P", "threshold": 2}
        | {"safe": "safe-1"},
        {"id": "P-2", "kind": "share", "account": "bg1", "set": "P", "threshold": 2}
        | {"safe": "safe-2"},
    ],
    "remembered": [{"person": "alice", "item": "K1-pin", "note": "typed it"}],
}

TOML: Final = """\
people = ["alice"]

[sites]
hq = ["safe-1"]

[safes.safe-1]
openers = ["alice"]
need = 1

[[items]]
id = "P"
kind = "password"
account = "bg1"
safe = "safe-1"
"""


def told(done: "subprocess.CompletedProcess[str]", *words: str) -> bool:
    """Whether a plan was refused on stderr alone, with a mend, naming the file and these words."""
    error = done.stderr
    named = all(word in error for word in ("keyvault: ", "plan.", *words))
    mend = error.strip().rpartition("\n")[2]
    clear = "Traceback" not in error and mend.startswith("  ") and mend.endswith(".")
    return done.returncode == 2 and not done.stdout and named and clear


def analysed(desk: "Desk", plan: object, *words: str) -> "subprocess.CompletedProcess[str]":
    """What the program says of a plan in JSON, or of text that stands for one."""
    text = plan if isinstance(plan, str) else json.dumps(plan)
    (desk.folder / "plan.json").write_text(text)
    return desk.ask("custody", "analyse", "--plan", "plan.json", *words)


def with_item(number: int, *without: str, **fields: object) -> Plan:
    """The plan with one item that lacks some fields and has others."""
    plan: Plan = json.loads(json.dumps(PLAN))
    for name in without:
        del plan["items"][number][name]
    plan["items"][number] |= {name.rstrip("_"): value for name, value in fields.items()}
    return plan


def with_safe(**fields: object) -> Plan:
    plan: Plan = json.loads(json.dumps(PLAN))
    plan["safes"]["safe-1"] |= fields
    return plan


HUGE: Final = 10**30

BAD: Final[dict[str, tuple[object, tuple[str, ...]]]] = {
    "an unknown safe": (with_item(0, safe="safe-9"), ("items[0].safe", "'safe-9'")),
    "an unknown holder": (with_item(0, "safe", holder="mallory"), ("items[0].holder", "'mallory'")),
    "an unknown opener": (with_safe(openers=["mallory"]), ("safes.safe-1.openers[0]", "'mallory'")),
    "an unknown safe at a site": (PLAN | {"sites": {"hq": ["safe-9"]}}, ("sites.hq[0]", "safe-9")),
    "a safe at two sites": (
        PLAN | {"sites": {"hq": ["safe-1"], "north": ["safe-1"]}},
        ("sites.north[0]", "sites.hq[0]"),
    ),
    "a pin for no key": (with_item(1, for_="K9"), ("items[1].for", "'K9'")),
    "a pin for a share": (with_item(1, for_="P-1"), ("items[1].for", "'P-1'")),
    "a pin for nothing": (with_item(1, for_=[]), ("items[1].for", "empty")),
    "a memory of nothing": (
        PLAN | {"remembered": [{"person": "alice", "item": "K9"}]},
        ("remembered[0].item", "'K9'"),
    ),
    "a memory of nobody": (
        PLAN | {"remembered": [{"person": "mallory", "item": "K1"}]},
        ("remembered[0].person", "'mallory'"),
    ),
    "a threshold above the shares": (with_item(2, threshold=3), ("items[", "].threshold")),
    "a threshold of none": (with_item(2, threshold=0), ("items[", "].threshold")),
    "shares that miscount": (with_item(2, of=3), ("items[2].of", "2 pieces", "not 3")),
    "shares that disagree": (with_item(3, account="bg2"), ("items[3].account", "disagree")),
    "a safe that needs nobody": (with_safe(need=0), ("safes.safe-1.need", "below 1")),
    "a safe that needs a fraction": (with_safe(need=1.5), ("safes.safe-1.need",)),
    "a safe that needs a word": (with_safe(need="two"), ("safes.safe-1.need",)),
    "a safe without a need": (PLAN | {"safes": {"safe-1": {"openers": []}}}, ("safe-1.need",)),
    "a place too many": (with_item(0, holder="bob"), ("items[0].safe", "both")),
    "a place too few": (with_item(0, "safe"), ("items[0].safe", "neither")),
    "an item twice": (with_item(3, id="P-1"), ("items[3].id", "items[2].id")),
    "a person twice": (PLAN | {"people": ["alice", "bob", "alice"]}, ("people[2]", "people[0]")),
    "an unknown field": (PLAN | {"colour": "red"}, ("colour: unknown field",)),
    "an unknown field of an item": (with_item(0, colour="red"), ("items[0].colour",)),
    "an unknown field of a safe": (with_safe(colour="red"), ("safes.safe-1.colour",)),
    "an unknown field of an account": (
        PLAN | {"accounts": {"bg1": {"colour": "red"}}},
        ("accounts.bg1.colour",),
    ),
    "a field of another kind": (with_item(1, uv="none"), ("items[1].uv",)),
    "an unknown kind": (with_item(0, kind="token"), ("items[0].kind", "share")),
    "nobody to speak of": ({"sites": {}, "safes": {}, "items": []}, ("people", "missing")),
    "people who are numbers": (PLAN | {"people": [1, 2]}, ("people[0]",)),
    "people who are null": (PLAN | {"people": None}, ("people",)),
    "a list": ([PLAN], ()),
    "a word": ('"plan"', ()),
    "nothing": ("", ()),
    "half a plan": (json.dumps(PLAN)[:-9], ("JSON",)),
    "two plans": (json.dumps(PLAN) * 2, ("JSON",)),
    "a number that is none": (json.dumps(PLAN).replace('"need": 1', '"need": NaN'), ("NaN",)),
    "a huge number": (with_safe(need=HUGE), ("safes.safe-1.need",)),
    "a huge threshold": (with_item(2, threshold=HUGE), ("items[", "].threshold")),
    "a number of ten thousand digits": (
        json.dumps(PLAN).replace('"need": 1', f'"need": {"1" * 10_000}'),
        (),
    ),
    "lists in lists in lists": ("[" * 100_000, ()),
    "objects in objects in objects": ('{"people":' * 100_000, ()),
    "an item of many lists": (with_item(0, account=[[["bg1"]]]), ("items[0].account",)),
    "a name of a thousand letters": (with_item(0, id="K" * 1000), ("items[0].id", "64")),
    "a name that clears the screen": (with_item(0, id="K\x1b[2J"), ("items[0].id",)),
    "half of a letter": (json.dumps(PLAN).replace("K1-pin", "\\ud800"), ()),
    "a zero in a name": (with_item(0, id="K\0"), ("items[0].id",)),
    "a field twice": ('{"people": [], "people": []}', ("'people'", "twice")),
    "a safe twice": (
        json.dumps(PLAN).replace('"safe-2": {', '"safe-1": {', 1),
        ("'safe-1'", "twice"),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plan_is_refused_by_file_and_path_with_a_mend(empty: "Desk", name: str) -> None:
    plan, words = BAD[name]
    for how in ((), ("--json",)):
        done = analysed(empty, plan, *how)
        assert told(done, "plan.json", *words), done.stderr[:2000]
        assert "\x1b" not in done.stderr
        assert "\0" not in done.stderr


BAD_TOML: Final = {
    "a key twice": (TOML + 'safe = "safe-1"\n', ("line 15",)),
    "a table twice": (TOML + "[sites]\n", ("sites",)),
    "an unknown field": (TOML + 'colour = "red"\n', ("items[0].colour",)),
    "a date for a name": (TOML.replace('account = "bg1"', "account = 2026-01-05"), ("account",)),
    "an endless number": (TOML.replace("need = 1", "need = inf"), ("safes.safe-1.need",)),
    "a huge number": (TOML.replace("need = 1", f"need = {HUGE}"), ("safes.safe-1.need",)),
    "no TOML": (TOML + "and so on\n", ("TOML",)),
    "lists in lists in lists": ("people = " + "[" * 100_000, ()),
    "keys in keys in keys": (".".join("a" * 3_000) + " = 1", ()),
}


@pytest.mark.parametrize("name", BAD_TOML)
def test_a_bad_plan_in_toml_is_refused_as_well(empty: "Desk", name: str) -> None:
    text, words = BAD_TOML[name]
    (empty.folder / "plan.toml").write_text(text)
    done = empty.ask("custody", "analyse", "--plan", "plan.toml", "--json")
    assert told(done, "plan.toml", *words), done.stderr[:2000]


# --- What is no plan at all


def test_a_file_that_is_not_there_is_named(empty: "Desk") -> None:
    done = empty.ask("custody", "analyse", "--plan", "plan.json")
    assert done.returncode == 2
    assert "plan.json" in done.stderr
    assert "No such file" in done.stderr


def test_a_folder_is_no_plan(empty: "Desk") -> None:
    (empty.folder / "plan.json").mkdir()
    done = empty.ask("custody", "analyse", "--plan", "plan.json")
    assert done.returncode == 2
    assert "plan.json" in done.stderr
    assert "directory" in done.stderr


@pytest.mark.parametrize(
    "junk", [bytes(range(256)), b"\0" * 1000, b"\xff\xfe{\0}\0", b"\x89PNG\r\n"]
)
def test_bytes_that_are_no_text_are_no_plan(empty: "Desk", junk: bytes) -> None:
    (empty.folder / "plan.json").write_bytes(junk)
    assert told(empty.ask("custody", "analyse", "--plan", "plan.json"), "plan.json")


def test_a_file_too_large_to_be_a_plan_is_refused(empty: "Desk") -> None:
    (empty.folder / "plan.json").write_bytes(b" " * (17 << 20))
    done = empty.ask("custody", "analyse", "--plan", "plan.json")
    assert done.returncode == 2
    assert "plan.json" in done.stderr


def test_a_plan_and_a_ledger_do_not_go_together(empty: "Desk") -> None:
    done = analysed(empty, PLAN, "--ledger", "ledger.db")
    assert done.returncode == 2
    assert "--plan" in done.stderr
    assert "--ledger" in done.stderr


# --- Odd or huge, and answered


def test_the_plan_that_these_are_made_from_is_answered(empty: "Desk") -> None:
    done = analysed(empty, PLAN, "--json")
    document = json.loads(done.stdout)
    assert document["minimal_coalitions_now"] == {"bg1": [["alice", "bob"]]}
    assert document["minimal_coalitions_ever"] == {"bg1": [["alice"]]}
    (empty.folder / "plan.toml").write_text(TOML)
    done = empty.ask("custody", "analyse", "--plan", "plan.toml", "--json")
    assert json.loads(done.stdout)["minimal_coalitions_now"] == {"bg1": [["alice"]]}


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["for people", "in JSON"])
def test_an_empty_organisation_has_an_answer(empty: "Desk", how: tuple[str, ...]) -> None:
    nothing: Plan = {"people": [], "sites": {}, "safes": {}, "accounts": {}, "items": []}
    done = analysed(empty, nothing, *how)
    assert done.returncode == 1
    assert "no item opens an account" in done.stdout
    if how:
        assert answer(nothing).items() <= json.loads(done.stdout).items()


@pytest.mark.parametrize("need", [2, 1_000_000])
def test_a_safe_that_nobody_can_open_is_answered_with_a_remark(empty: "Desk", need: int) -> None:
    document = json.loads(analysed(empty, with_safe(need=need), "--json").stdout)
    assert document["minimal_coalitions_now"] == {"bg1": []}
    assert any("safe-1" in it["what"] and "nobody" in it["what"] for it in document["findings"])


def test_the_json_is_complete_beside_its_findings_and_alone_on_stdout(empty: "Desk") -> None:
    done = analysed(empty, PLAN, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert set(document) == {*answer(PLAN), "findings"}
    assert document["findings"]
    for finding in document["findings"]:
        assert set(finding) == {"rule", "severity", "what", "why", "mend"}
        assert all(finding.values())


@pytest.mark.parametrize("seed", range(8))
def test_random_plans_are_answered_at_the_command_line_too(empty: "Desk", seed: int) -> None:
    plan = random_plan(seed)
    done = analysed(empty, plan, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == (1 if document.pop("findings") else 0)
    assert document == answer(plan)
    for_people = analysed(empty, plan)
    assert for_people.returncode == done.returncode
    assert for_people.stdout


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["for people", "in JSON"])
def test_a_plan_of_ten_thousand_items_is_answered(empty: "Desk", how: tuple[str, ...]) -> None:
    people = [f"person-{n:02}" for n in range(60)]
    safes = {f"safe-{n}": {"openers": people[2 * n : 2 * n + 2], "need": 1} for n in range(30)}
    items = [
        {"id": f"P{n}-{k}", "kind": "share", "set": f"P{n}", "threshold": 2, "of": 4}
        | {"account": f"bg{n % 20:02}", "safe": f"safe-{(n % 20 + k) % 30}"}
        for n in range(2_500)
        for k in range(4)
    ]
    plan = {"people": people, "sites": {"hq": [*safes]}, "safes": safes, "items": items}
    (empty.folder / "plan.json").write_text(json.dumps(plan))
    done = empty.run("custody", "analyse", "--plan", "plan.json", *how)
    assert done.returncode == 1
    assert not any(word in done.stderr for word in ("keyvault:", "Traceback"))
    if how:
        found = json.loads(done.stdout)["minimal_coalitions_now"]
        assert len(found) == 20
        assert {len(its) for its in found.values()} == {6 * 4}  # two of four pairs of openers


def test_a_plan_whose_coalitions_are_cut_says_so_to_people_too(empty: "Desk") -> None:
    people = [f"person-{n:02}" for n in range(60)]
    plan = {
        "people": people,
        "sites": {"hq": ["safe-1"]},
        "safes": {"safe-1": {"openers": people, "need": 3}},
        "items": [{"id": "P", "kind": "password", "account": "bg1", "safe": "safe-1"}],
    }
    found = json.loads(analysed(empty, plan, "--json").stdout)
    assert found["minimal_coalitions_now"] == {"bg1": {"cut": True, "by_size": {"3": 34_220}}}
    assert "34,220" in analysed(empty, plan).stdout

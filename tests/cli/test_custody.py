"""`keyvault custody analyse`: of a plan and of a ledger, for people and as JSON."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import SALT_SIZE, commit
from keyvault_kit.custody.entries import canonical_json, encode
from keyvault_kit.ledger.reading import Detail
from keyvault_kit.ledger.store import Ledger
from tests.custody.brute_force import answer
from tests.custody.random_plans import random_plan
from tests.custody.sample import sample

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "plan.toml"
FIELDS: Final = [
    "minimal_coalitions_now",
    "minimal_coalitions_ever",
    "site_loss",
    "safe_loss",
    "item_loss",
    "one_person_absent",
    "any_two_absent_that_lock_out_everything",
    "site_loss_and_one_absent",
    "findings",
]
ANALYSE: Final = ("custody", "analyse")


@pytest.fixture
def plan(empty: "Desk") -> Callable[[object], str]:
    """Write a plan beside no ledger at all; its name."""

    def write(document: object) -> str:
        text = document if isinstance(document, str) else json.dumps(document)
        (empty.folder / "plan").write_text(text, encoding="utf-8")
        return "plan"

    return write


def items(count: int) -> dict[str, Any]:
    """A plan of so many items, in 30 safes that 60 people open."""
    people = [f"person-{n}" for n in range(60)]
    safes = {
        f"safe-{n}": {"openers": people[2 * n : 2 * n + 2 + n % 4], "need": 1 + n % 2}
        for n in range(30)
    }
    shares = [
        {"id": f"S{n}", "kind": "share", "account": f"bg{n // 3 % 10}", "set": f"set-{n // 3}"}
        | {"threshold": 2, "safe": f"safe-{n * 7 % 30}"}
        for n in range(count)
    ]
    return {"people": people, "sites": {"hq": [*safes]}, "safes": safes, "items": shares}


def test_the_example_of_the_documents_is_judged_without_a_ledger(empty: "Desk") -> None:
    done = empty.ask(*ANALYSE, "--plan", str(EXAMPLE))

    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert done.stderr == ""
    assert [lines[0].split(), lines[1].split()] == [["people", "bg1"], ["alice", "2"]]
    assert ["dave", "2", "(alone)"] in [line.split() for line in lines]
    assert "  high S39: with what dave saw or could reach before, they alone can use bg1:" in lines
    assert "- Any one site may be lost: bg1 can still be used." in lines
    assert max(map(len, lines)) <= 80
    assert not [*empty.folder.iterdir()]


def test_json_is_one_document_on_stdout_and_the_rest_is_on_stderr(empty: "Desk") -> None:
    for_people = empty.ask(*ANALYSE, "--plan", str(EXAMPLE))
    done = empty.ask(*ANALYSE, "--plan", str(EXAMPLE), "--json")

    document = json.loads(done.stdout)
    (finding,) = document["findings"]
    assert [*document] == FIELDS
    assert [*finding] == ["rule", "severity", "what", "why", "mend"]
    assert (finding["rule"], finding["severity"]) == ("S39", "high")
    assert ["dave"] in document["minimal_coalitions_ever"]["bg1"]
    assert (done.returncode, done.stderr) == (1, for_people.stdout)


def test_every_field_of_the_document_is_described() -> None:
    page = (EXAMPLE.parent / "custody.md").read_text(encoding="utf-8")

    assert [it for it in FIELDS if f"`{it}`" not in page] == []


@pytest.mark.parametrize("seed", range(8))
def test_the_document_is_what_trying_all_groups_gives(
    seed: int, empty: "Desk", plan: Callable[[object], str]
) -> None:
    drawn = random_plan(seed)

    done = empty.ask(*ANALYSE, "--plan", plan(drawn), "--json")

    document = json.loads(done.stdout)
    findings = document.pop("findings")
    assert document == answer(drawn)
    assert done.returncode == (1 if findings else 0)


def test_an_empty_organisation_is_answered(empty: "Desk", plan: Callable[[object], str]) -> None:
    done = empty.ask(*ANALYSE, "--plan", plan("people = []\nitems = []\n[sites]\n[safes]"))

    assert done.returncode == 1
    assert "no item opens an account" in done.stdout


def test_ten_thousand_items_are_answered(empty: "Desk", plan: Callable[[object], str]) -> None:
    document = items(10_000)
    document["items"][-1]["of"] = 1  # the last set has this one piece alone
    document["items"][-1]["threshold"] = 1

    done = empty.ask(*ANALYSE, "--plan", plan(document), "--json")

    its = json.loads(done.stdout)
    assert [*its["minimal_coalitions_now"]] == [f"bg{n}" for n in range(10)]
    assert len(its["item_loss"]) == 10_000
    assert len(done.stderr.splitlines()) < 500


def test_too_many_groups_are_counted_and_people_are_told(
    empty: "Desk", plan: Callable[[object], str]
) -> None:
    people = [f"person-{n}" for n in range(60)]
    safes = {f"safe-{n}": {"openers": people[12 * n : 12 * n + 12], "need": 1} for n in range(5)}
    parts = [
        {"id": f"T{n}", "kind": "part", "account": "bg1", "set": "one", "of": 5, "safe": safe}
        for n, safe in enumerate(safes)
    ]
    document = {"people": people, "sites": {}, "safes": safes, "items": parts}

    done = empty.ask(*ANALYSE, "--plan", plan(document), "--json")

    cut = json.loads(done.stdout)["minimal_coalitions_now"]["bg1"]
    assert cut == {"cut": True, "by_size": {"5": 12**5}}
    assert "- bg1: 248,832 groups of people can use it" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"people": [], "people": []}', ["plan: the key 'people' stands twice"]),
        ("people = 3", ["plan: people: Expected `array`", "docs/custody.md"]),
        ("\x00", ["plan is not TOML"]),
    ],
)
def test_a_bad_plan_is_one_clear_error(
    text: str, words: list[str], empty: "Desk", plan: Callable[[object], str], refusal: Refusal
) -> None:
    done = empty.ask(*ANALYSE, "--plan", plan(text), "--json")

    assert refusal(done, 2, *words)
    assert done.stdout == ""


def test_a_file_that_is_no_plan_is_one_clear_error(empty: "Desk", refusal: Refusal) -> None:
    (empty.folder / "latin-1").write_bytes(b"people = ['Andr\xe9']")
    with (empty.folder / "huge").open("wb") as huge:
        huge.truncate((16 << 20) + 1)

    assert refusal(empty.ask(*ANALYSE, "--plan", "nowhere"), 2, "cannot read the plan nowhere")
    assert refusal(empty.ask(*ANALYSE, "--plan", "latin-1"), 2, "not UTF-8 text")
    assert refusal(empty.ask(*ANALYSE, "--plan", "huge"), 2, "larger than")


@pytest.mark.parametrize("other", [("--ledger", "ledger.db"), ("--days", "30")])
def test_a_plan_goes_with_nothing_that_is_a_ledgers(other: tuple[str, str], empty: "Desk") -> None:
    done = empty.ask(*ANALYSE, "--plan", str(EXAMPLE), *other)

    assert done.returncode == 2
    assert f"--plan and {other[0]} do not go together" in done.stderr


def test_a_ledger_that_holds_nothing_yet_is_told_so(desk: "Desk") -> None:
    done = desk.ask(*ANALYSE, "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["minimal_coalitions_now"] == {}
    assert "- No item opens an account, so there is nothing to tell." in done.stderr


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The sample organisation's ledger, in which carol and dave are away for the next two days."""
    life, today = sample(), datetime.now(UTC).date()
    rows = []
    for person in ("carol", "dave"):
        row = {"person": person, "from": f"{today}", "until": f"{today + timedelta(days=1)}"}
        salt = bytes(SALT_SIZE)
        rows.append(Detail(commit(salt, row), salt, canonical_json(dict(row))))
        life.enter(ev.AbsenceNoted(person=person, details=rows[-1].commitment))
    path = tmp_path / "sample.db"
    with Ledger.create(path) as its:
        its.append([encode(it) for it in life.entries], details=rows)
    return path


def test_a_ledger_is_analysed_with_the_days_on_which_too_few_are_there(
    ledger: Path, empty: "Desk"
) -> None:
    today = datetime.now(UTC).date()

    done = empty.ask(*ANALYSE, "--ledger", str(ledger))

    days = f"{today} to {today + timedelta(days=1)}"
    assert "- Any one site may be lost: bg1 and bg2 can still be used." in done.stdout
    assert thin(done.stdout) == [f"  {days}: bg1, its keys: ", f"  {days}: bg2, its keys: "]


def thin(text: str) -> list[str]:
    """The thin days that carol and dave are the cause of, without who is left."""
    lines = text.replace("\n    ", " ").splitlines()
    lines = [line for line in lines if line.endswith("while carol and dave are away")]
    return [re.sub(r"(nobody|\w+ alone), while.*", "", line) for line in lines]


def test_so_many_days_ahead_are_looked_through(ledger: Path, empty: "Desk") -> None:
    today = datetime.now(UTC).date()

    done = empty.ask(*ANALYSE, "--ledger", str(ledger), "--days", "1", "--json")

    assert thin(done.stderr) == [f"  {today}: bg1, its keys: ", f"  {today}: bg2, its keys: "]
    assert [*json.loads(done.stdout)] == FIELDS


def test_without_a_ledger_and_without_a_plan_there_is_one_clear_error(
    empty: "Desk", refusal: Refusal
) -> None:
    assert refusal(empty.ask(*ANALYSE), 2, "ledger.db")

"""`keyvault custody assign`: from a plan or a ledger, in words or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.sealing import sealed
from tests.cli.test_seal import SHARES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Desk

PLAN = """
people = ["alice", "bob", "carol", "dave", "erin", "frank"]
items = []
accounts.bg1 = {}
sites = {hq = ["hq-1"], branch = ["br-1"], vault = ["va-1"]}
safes.hq-1 = {openers = ["alice", "bob"], need = 1}
safes.br-1 = {openers = ["carol", "dave"], need = 1}
safes.va-1 = {openers = ["erin", "frank"], need = 1}
"""


@pytest.fixture
def plan(empty: Desk) -> Path:
    path = empty.folder / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_the_safes_of_a_plan_are_proposed_with_the_command_that_seals(
    empty: Desk, plan: Path
) -> None:
    told = empty.read("custody", "assign", "bg1", "--plan", plan.name)

    assert "2 of 3 shares of bg1: they survive" in told
    assert "share 1: safe br-1" in told
    assert "takes 2 people at least" in told
    seal = "keyvault seal bg1 --threshold 2 --safe br-1 --safe hq-1 --safe va-1"
    assert told.splitlines()[-1] == seal


def test_a_proposal_is_one_json_document(empty: Desk, plan: Path) -> None:
    its = json.loads(empty.read("custody", "assign", "bg1", "--plan", plan.name, "--json"))

    assert its == {
        "account": "bg1",
        "threshold": 2,
        "count": 3,
        "safes": ["br-1", "hq-1", "va-1"],
        "sites": ["branch", "hq", "vault"],
        "smallest": 2,
        "survives": True,
        "wanted": [],
        "against": [],
    }


def test_numbers_may_be_asked_for_and_where_nothing_survives_it_is_a_finding(
    empty: Desk, plan: Path
) -> None:
    words = ("custody", "assign", "bg1", "--plan", plan.name, "--threshold", "3", "--shares", "3")
    done = empty.ask(*words)

    assert done.returncode == 1
    assert "no assignment survives" in done.stdout
    assert "What stands against it:\n- all 3 shares are needed" in done.stdout
    assert "What would help" not in done.stdout
    assert "The best without that:\n  share 1: safe br-1\n" in done.stdout
    assert "They lie at branch, hq and vault." in done.stdout
    assert "keyvault seal" not in done.stdout


def test_what_would_help_is_told_apart_from_the_best_without_it(empty: Desk, plan: Path) -> None:
    weaker = PLAN.replace('["carol", "dave"]', '["carol"]').replace('["erin", "frank"]', '["erin"]')
    plan.write_text(weaker, encoding="utf-8")

    told = empty.ask("custody", "assign", "bg1", "--plan", plan.name, "--shares", "3").stdout

    assert "What would help, each by itself:\n- " in told
    assert "What stands against it" not in told
    assert told.index("What would help") < told.index("The best without that:\n  share 1")


def test_the_numbers_are_those_of_the_shares_that_there_are(empty: Desk, plan: Path) -> None:
    share = 'kind = "share", account = "bg1", set = "P", threshold = 3, safe = "hq-1"'
    shares = "".join(f'{{id = "S{n}", {share}}},' for n in range(4))
    plan.write_text(PLAN.replace("items = []", f"items = [{shares}]"), encoding="utf-8")

    its = json.loads(empty.ask("custody", "assign", "bg1", "--plan", "plan.toml", "--json").stdout)

    assert (its["threshold"], its["count"], its["survives"]) == (3, 4, False)


def test_of_two_sets_in_a_plan_the_last_one_counts(empty: Desk, plan: Path) -> None:
    shares = [("old9", 3, 3), ("new10", 2, 4)]
    rows = [
        f'{{id = "{name}-{n}", kind = "share", account = "bg1", set = "{name}",'
        f' threshold = {threshold}, safe = "hq-1"}}'
        for name, threshold, count in shares
        for n in range(count)
    ]
    plan.write_text(PLAN.replace("items = []", f"items = [{','.join(rows)}]"), encoding="utf-8")

    its = json.loads(empty.ask("custody", "assign", "bg1", "--plan", "plan.toml", "--json").stdout)

    assert (its["threshold"], its["count"]) == (2, 4)


def test_the_numbers_are_those_of_the_set_in_force(desk: Desk) -> None:
    sealed(desk, *SHARES, sheets=2)

    its = json.loads(desk.ask("custody", "assign", "bg1", "--json").stdout)

    assert (its["threshold"], its["count"]) == (2, 2)


def test_a_ledger_with_two_safes_of_founders_wants_more(founded: Desk) -> None:
    done = founded.ask("custody", "assign", "bg1")

    assert done.returncode == 1
    assert "2 of 3 shares of bg1: no assignment survives" in done.stdout
    assert "share 3: safe vault-1" in done.stdout


def test_an_account_that_the_register_does_not_have_is_refused(
    founded: Desk, refusal: Callable[..., bool]
) -> None:
    done = founded.ask("custody", "assign", "bg9")
    assert refusal(done, 5, "no account 'bg9' in the register")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bg7", "--plan", "plan.toml"), "no account 'bg7' in the plan"),
        (("bg1", "--plan", "moon.toml"), "moon.toml"),
        (("bg1", "--plan", "plan.toml", "--ledger", "l.db"), "do not go together"),
        (("bg1", "--plan", "plan.toml", "--threshold", "4"), "keep nothing apart"),
        (("bg1", "--plan", "plan.toml", "--threshold", "1"), "1 is not in the range"),
        (("bg1",), "ledger.db"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_line(
    empty: Desk, plan: Path, words: tuple[str, ...], told: str
) -> None:
    assert plan.exists()
    done = empty.ask("custody", "assign", *words)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr

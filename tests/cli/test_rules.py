"""`keyvault rules` and `keyvault requirements`."""

import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from keyvault_kit.custody.requirements import COVERAGE, REQUIREMENTS
from keyvault_kit.custody.rules import RULES

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

REVIEW: Final = ("--why", "it is so", "--review", "2090-05-01")


def document(desk: "Desk", *words: str, status: int) -> dict[str, Any]:
    done = desk.ask("rules", *words, "--json")
    assert done.returncode == status, done.stderr
    assert not done.stderr
    its: dict[str, Any] = json.loads(done.stdout)
    return its


# --- Rules


def test_every_rule_is_in_the_document_with_its_outcome(founded: "Desk") -> None:
    its = document(founded, status=1)

    assert [it["rule"] for it in its["rules"]] == list(RULES)
    assert its["evidence"] is None
    assert its["entries"] == founded.register.size
    counts = Counter(it["outcome"] for it in its["rules"])
    assert its["outcomes"] == {it: counts[it] for it in ("failed", "unknown", "decided", "passed")}
    for it in its["rules"]:
        assert it["requirement"] == REQUIREMENTS[it["rule"]].text
        assert bool(it["findings"]) == (it["outcome"] != "passed")
        for finding in it["findings"]:
            assert set(finding) == {"subject", "severity", "what", "why", "mend"}


def test_for_people_what_failed_comes_first_and_what_passed_is_counted(founded: "Desk") -> None:
    done = founded.ask("rules")

    assert done.returncode == 1
    told = done.stdout
    assert told.index("\nFailed:") < told.index("\nUnknown:") < told.index(" passed.")
    assert "\nPassed:" not in told
    assert "There is no evidence from the tenant" in told
    assert max(map(len, told.splitlines())) <= 80
    assert "\nPassed:" in founded.ask("rules", "--all").stdout


def test_a_rule_that_is_named_is_told_in_full_and_alone(founded: "Desk") -> None:
    done = founded.ask("rules", "s41", "S12")

    assert done.returncode == 0
    assert "decide make S41 met" in done.stdout
    assert "S12  Accounts: " in done.stdout
    assert "S36" not in done.stdout
    assert "0 failed, 2 unknown, 0 decided, 0 passed." in done.stdout


def test_a_rule_that_there_is_not_is_a_usage_error(founded: "Desk") -> None:
    for word, said in {
        "S5": "no rule judges S5. 'keyvault requirements S5' says what covers it.",
        "s66": "there is no rule s66. 'keyvault requirements' lists them.",
        "C6": "there is no rule C6.",
        "x": "there is no rule x.",
    }.items():
        done = founded.ask("rules", word)
        assert done.returncode == 2
        assert not done.stdout
        assert said in done.stderr
        assert len(done.stderr) < 300


def test_without_a_ledger_there_is_nothing_to_judge(empty: "Desk", refusal: Refusal) -> None:
    done = empty.run("rules")

    assert refusal(done, done.returncode, "ledger")
    assert done.returncode not in {0, 1}


def test_a_decision_silences_a_rule_by_its_number_in_any_case(desk: "Desk") -> None:
    assert document(desk, "S6", status=1)["outcomes"]["failed"] == 1
    desk.do("decide", "make", "s6", "met", *REVIEW)

    (it,) = document(desk, "S6", status=0)["rules"]
    assert it["outcome"] == "decided"
    assert it["decision"] == "S6 is decided (met) by alice and bob, until 2090-05-01"
    assert it["findings"]
    told = desk.ask("rules", "S6").stdout
    assert "Decided:" in told
    assert "by alice and bob, until 2090-05-01." in told


# --- Requirements


def test_every_requirement_stands_with_what_covers_it_or_nothing_yet(empty: "Desk") -> None:
    printed = empty.read("requirements")

    told = " ".join(printed.split())
    for number, it in REQUIREMENTS.items():
        assert f" {number} {it.text} ({it.sources}) " in told
    bare = [it for it in REQUIREMENTS if not COVERAGE[it]]
    assert printed.count("nothing yet\n") == len(bare)
    verb = "has" if len(bare) == 1 else "have"
    assert f"{len(bare)} of 65 {verb} nothing yet: {', '.join(bare)}." in told
    assert max(map(len, printed.splitlines())) <= 80


def test_requirements_are_named_one_by_one_in_any_case(empty: "Desk") -> None:
    told = " ".join(empty.read("requirements", "s36", "C6").split())

    assert REQUIREMENTS["S36"].text in told
    assert "separate by default" in told
    assert REQUIREMENTS["S35"].text not in told


def test_the_document_of_requirements_is_the_table(empty: "Desk") -> None:
    its = json.loads(empty.read("requirements", "--json"))

    assert {it["id"]: tuple(it["covered_by"]) for it in its} == COVERAGE
    (third,) = json.loads(empty.read("requirements", "S36", "--json"))
    assert third["sources"] == ["D"]
    assert third["must"] == ["check"]
    assert third["section"] == "Custody"
    (conflict,) = json.loads(empty.read("requirements", "c6", "--json"))
    assert conflict["default"] == "separate"
    assert set(conflict["positions"]) == {"separate", "with-key"}


def test_a_requirement_that_there_is_not_is_a_usage_error(empty: "Desk") -> None:
    done = empty.ask("requirements", "S66")

    assert done.returncode == 2
    assert "there is no requirement S66. 'keyvault requirements' lists them." in done.stderr
    assert len(done.stderr) < 300

"""`keyvault decide`: choices, exceptions, and findings that people settle."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest

from keyvault_kit.custody.decisions import CONFLICTS

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

REVIEW: Final = ("--review", "2090-05-01")


def decisions(desk: "Desk") -> dict[str, dict[str, Any]]:
    return {it["id"]: it for it in json.loads(desk.read("decide", "list", "--json"))}


def test_where_nobody_decided_the_default_holds(founded: "Desk") -> None:
    made = decisions(founded)

    assert list(made) == list(CONFLICTS)
    assert all(CONFLICTS[name].default in it["choice"] for name, it in made.items())
    assert {it["by"] for it in made.values()} == {None}
    table = founded.read("decide", "list")
    assert all(f"{it.default} (default)" in table for it in CONFLICTS.values())


def test_the_positions_on_a_conflict_are_shown_without_a_ledger(empty: "Desk") -> None:
    for name, conflict in CONFLICTS.items():
        shown = empty.read("decide", "show", name)
        assert all(f"{choice}: {it}" in shown for choice, it in conflict.positions.items())
        assert shown.count("(default)") == 1


def test_a_name_in_lower_case_is_as_good(empty: "Desk") -> None:
    assert empty.read("decide", "show", "c6") == empty.read("decide", "show", "C6")


def test_a_decision_and_an_exception_are_made_and_made_again(desk: "Desk") -> None:
    desk.do("decide", "make", "c6", "with-key", "--why", "one safe alone", *REVIEW)
    desk.do("decide", "make", "late-drill", "allowed", "--why", "the move", *REVIEW)

    made = decisions(desk)
    assert made["C6"] == {
        "id": "C6",
        "about": "where the PIN goes",
        "choice": "with-key",
        "by": "alice, bob",
        "review": "2090-05-01",
        "why": "one safe alone",
    }
    assert (made["late-drill"]["choice"], made["late-drill"]["why"]) == ("allowed", "the move")
    desk.do("decide", "make", "C6", "separate", "--why", "two safes", *REVIEW)
    assert decisions(desk)["C6"]["choice"] == "separate"
    assert "two safes" in desk.read("decide", "list")
    assert b"one safe alone" not in b"".join(
        line for line in desk.read("ledger", "show", "--raw").encode().splitlines()
    )


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("make", "C6", "maybe", "--why", "x", *REVIEW), 2, "Choose one of separate, with-key"),
        (("make", "C6", "separate", "--why", "x", "--review", "2020-01-01"), 5, "in the past"),
        (("settle", "3", "bg1", "--why", "x"), 5, "no open finding of entry 3 about bg1"),
    ],
)
def test_what_cannot_be_is_refused(
    desk: "Desk", words: tuple[str, ...], status: int, message: str, refusal: Refusal
) -> None:
    before = len(desk.entries)

    done = desk.sit("decide", *words, *desk.by)

    assert refusal(done, status, message), done.stderr
    assert set(desk.kinds(before)) <= {"clock.checked"}


@pytest.mark.parametrize("text", ["", "evil\x1b[2J"])
def test_a_reason_is_text_that_can_be_shown(desk: "Desk", text: str) -> None:
    done = desk.sit("decide", "make", "late", "allowed", "--why", text, *REVIEW, *desk.by)

    assert done.returncode == 2
    assert "Invalid value for '--why'" in done.stderr


def test_a_finding_is_listed_and_settled_by_two(desk: "Desk", refusal: Refusal) -> None:
    assert desk.read("decide", "findings") == "There is no open finding.\n"
    assert json.loads(desk.read("decide", "findings", "--json")) == []
    finding = {"kind": "finding.made", "rule": "seal", "subject": "station-id1-1"}
    entries = [{**finding, "what": "the seal is scratched", "mend": "seal it anew"}]
    (desk.folder / "seen.json").write_text(json.dumps(entries))
    desk.read("ledger", "propose", "seen.json", "--out", "seen.age", "--by", "carol")
    answers = ("y", "y", "BAG-2", "BAG-2", "y", "1", "1")
    desk.do("ledger", "accept", "seen.age", *desk.identity, typed=answers)

    (found,) = json.loads(desk.read("decide", "findings", "--json"))
    assert (found["rule"], found["subject"], found["settled"]) == ("seal", "station-id1-1", None)
    assert "the seal is scratched" in desk.read("decide", "findings")
    assert "1 finding" in desk.read("ledger", "verify")
    seq = str(found["entry"])
    by_auditor = ("--by", "alice", "--by", "erin")
    done = desk.sit("decide", "settle", seq, "station-id1-1", "--why", "seen", *by_auditor)
    assert refusal(done, 5, "erin is auditor: to settle a finding takes officer")
    desk.do("decide", "settle", seq, "station-id1-1", "--why", "an old scratch")

    assert desk.read("decide", "findings") == "There is no open finding.\n"
    (settled,) = json.loads(desk.read("decide", "findings", "--all", "--json"))
    assert settled["entry"] == found["entry"]
    assert "finding.settled" in desk.kinds(settled["settled"])[:1]
    again = desk.sit("decide", "settle", seq, "station-id1-1", "--why", "again", *desk.by)
    assert refusal(again, 5, "no open finding")

"""Absences: noted, erased, and what the rule of two people at all times knows of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Desk


def test_absences_are_noted_and_erased_when_their_time_is_over(desk: "Desk") -> None:
    today = datetime.now(UTC).date()
    old, new = today - timedelta(days=400), today + timedelta(days=9)
    for day, why in ((old, "appendicitis"), (new, "honeymoon")):
        days = ("--from", f"{day}", "--until", f"{day}")
        desk.do("people", "absent", "carol", *days, "--why", why)
    (row,) = [it for it in desk.read("people", "list").splitlines() if it.startswith("carol")]
    assert f"{old} to {old}; {new} to {new}" in row

    done = desk.do("people", "erase", "--expired", typed=("erase expired",))

    assert "Copies in backups live on" in done.stdout
    (row,) = [it for it in desk.read("people", "list").splitlines() if it.startswith("carol")]
    assert f"{old}" not in row
    assert f"{new} to {new}" in row
    assert b"appendicitis" not in desk.ledger.read_bytes()
    assert b"honeymoon" in desk.ledger.read_bytes()
    desk.read("ledger", "verify")


def _unknown(desk: "Desk") -> list[str]:
    """What the rule of two people at all times says that it does not know."""
    (rule,) = json.loads(desk.ask("rules", "S37", "--json").stdout)["rules"]
    return [it["what"] for it in rule["findings"] if it["severity"] == "unknown"]


def test_days_of_an_absence_that_are_erased_before_their_time_are_unknown(desk: "Desk") -> None:
    days = ("--from", "2090-11-01", "--until", "2090-12-01")
    desk.do("people", "add", "dave", "--name", "Dave Dyer", "--role", "witness")
    desk.do("people", "absent", "dave", *days)
    before = _unknown(desk)
    desk.do("people", "erase", "dave", typed=("erase dave",))
    told = "it is not known on which days dave will be away: a row of it is gone"
    assert told not in before
    assert told in _unknown(desk)

    desk.do("people", "absent", "dave", *days)
    assert told not in _unknown(desk)


def test_days_of_an_absence_that_are_erased_when_their_time_is_over_are_no_matter(
    desk: "Desk",
) -> None:
    old = datetime.now(UTC).date() - timedelta(days=400)
    desk.do("people", "absent", "carol", "--from", f"{old}", "--until", f"{old}")
    desk.do("people", "erase", "--expired", typed=("erase expired",))
    assert not any("carol" in it for it in _unknown(desk))

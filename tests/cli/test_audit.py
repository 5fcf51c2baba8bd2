"""`keyvault audit`: at a terminal, safe by safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

PEOPLE = ("--auditor", "erin", "--custodian", "carol", "--witness", "alice")
AGREED = ("1", "1", "1")


def walked(desk: Desk, *bags: str) -> tuple[str, ...]:
    """What is typed where these bags are in vault-1, all of them intact, and nothing elsewhere."""
    read = tuple(line for bag in bags for line in (bag, "y"))
    return (desk.now(), desk.now(), "", "", *read, "", *AGREED)


def test_all_safes_are_walked_where_none_is_named(desk: Desk) -> None:
    done = desk.ask("audit", *PEOPLE, typed=walked(desk, "BAG-1"))

    assert done.returncode == 0, done.stderr
    assert "audit-1, 3 safes walked through" in done.stdout + done.stderr
    assert "Nothing was found." in done.stdout + done.stderr
    assert "audit-report-1" in desk.sheets()
    assert desk.register.ceremonies["audit-1"].request["safes"] == ("hq-1", "hq-2", "vault-1")


def test_what_is_found_is_told_and_is_status_1(desk: Desk) -> None:
    typed = (desk.now(), desk.now(), "X-99", "X-99", "", "", *AGREED)

    done = desk.ask("audit", "vault-1", *PEOPLE, typed=typed)

    assert done.returncode == 1, done.stderr
    told = done.stdout + done.stderr
    assert "Not read yet: BAG-1. Look for them again." in told
    assert "2 findings:" in told
    assert "bag-unknown: bag X-99 lies in safe vault-1" in told
    assert "bag-missing: bag BAG-1 of envelope station-id1-1" in told
    assert {it.rule for it in desk.register.findings} == {"bag-unknown", "bag-missing"}


def test_the_script_is_written_and_a_dry_run_tells_the_steps(desk: Desk) -> None:
    before = desk.ledger.read_bytes()

    desk.read("audit", *PEOPLE, "--script", "script.pdf")
    dry = desk.ask("audit", *PEOPLE, "--dry-run")

    (code,) = read_codes((desk.folder / "script.pdf").read_bytes())
    assert code.split()[3] == "audit-1"
    assert dry.returncode == 0
    assert "Open safe hq-1 with its openers (alice)" in dry.stderr
    assert desk.ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("moon", *PEOPLE), 5, "moon"),
        (("--key", "K9", *PEOPLE), 5, "K9"),
        (("--auditor", "bob", *PEOPLE[2:]), 5, "bob is officer, and no auditor"),
        (("--auditor", "erin", "--custodian", "carol", "--witness", "carol"), 2, "three people"),
    ],
)
def test_what_cannot_be_audited_is_said_in_a_line(
    desk: Desk, refusal: Callable[..., bool], words: tuple[str, ...], status: int, said: str
) -> None:
    before = desk.ledger.read_bytes()

    assert refusal(desk.ask("audit", *words), status, said)

    assert desk.ledger.read_bytes() == before


def test_an_audit_needs_its_three_people(desk: Desk) -> None:
    done = desk.ask("audit", "--custodian", "carol", "--witness", "alice")

    assert done.returncode == 2
    assert "--auditor" in done.stderr

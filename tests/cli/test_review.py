"""`keyvault review`: at a terminal, point by point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyvault_kit.ceremonies.plans import review
from keyvault_kit.custody.history import Duty
from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

AGREED = ("1", "1")
YES = ("y",) * 30


def questions(desk: Desk) -> int:
    """How many points are asked about; each of four people, and the one safe with a bag."""
    by_register = {"evidence", "drill", "findings", "due", "bags", "training"}
    asked = [it for it in review.checks(("bg1",)) if it.name not in by_register]
    return len(asked) + len(desk.register.people) + 1


def test_all_accounts_are_reviewed_where_none_is_named(desk: Desk) -> None:
    typed = (desk.now(), desk.now(), *YES[: questions(desk)], *AGREED)

    done = desk.ask("review", *desk.by, typed=typed)

    assert done.returncode == 1, done.stderr  # for there is no evidence yet
    told = done.stdout + done.stderr
    assert "Reviewed: bg1." in told
    assert "1 finding:" in told
    assert "review-evidence: there is no evidence from the tenant on record." in told
    assert f"{Duty.REVIEW}:bg1" in desk.register.done
    assert "review-report-1" in desk.sheets()


def test_the_script_is_written_and_a_dry_run_tells_the_steps(desk: Desk) -> None:
    before = desk.ledger.read_bytes()

    desk.read("review", "bg1", *desk.by, "--script", "script.pdf")
    dry = desk.ask("review", "bg1", *desk.by, "--dry-run")

    (code,) = read_codes((desk.folder / "script.pdf").read_bytes())
    assert code.split()[3] == "review-1"
    assert dry.returncode == 0
    assert "S59: The process document was read for this review" in dry.stderr
    assert desk.ledger.read_bytes() == before


def test_what_cannot_be_reviewed_is_said_in_a_line(
    desk: Desk, refusal: Callable[..., bool]
) -> None:
    assert refusal(desk.ask("review", "bg9", *desk.by), 5, "bg9")
    assert refusal(desk.ask("review", "bg1", "--by", "alice", "--by", "nobody"), 5, "nobody")

"""`keyvault give-up`: what was begun and nobody will end does not stand in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyvault_kit.custody.model import SetState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

SEAL = ("seal", "bg1", "--threshold", "2", "--safe", "hq-1", "--safe", "vault-1")


def cut_short(desk: Desk) -> None:
    """Begin to seal; the two read different numbers on the first bag, three times."""
    bags = ("A-1", "A-2") * 3
    done = desk.ask(*SEAL, *desk.by, typed=(desk.now(), desk.now(), *bags, "n"))
    assert done.returncode == 5, done.stderr


def test_what_was_left_open_is_listed(desk: Desk) -> None:
    assert "No ceremony was left open" in desk.read("give-up")

    cut_short(desk)

    (row,) = desk.read("give-up").splitlines()[1:]
    assert row.split() == ["seal-bg1-1", "seal", "alice,", "bob"]


def test_a_ceremony_is_given_up_and_another_one_can_be_begun(
    desk: Desk, refusal: Callable[..., bool]
) -> None:
    cut_short(desk)
    other = (*SEAL, "--policy", "base58-60")
    assert refusal(desk.ask(*other, *desk.by), 5, "was begun and not ended")

    told = desk.do("give-up", "seal-bg1-1", typed=("y", "1", "0", "1", "1", "1"))

    assert "seal-bg1-1 is given up" in told.stdout + told.stderr
    assert desk.register.sets["bg1-pw1"].state is SetState.VOID
    assert "share-bg1-pw1-1" not in desk.sheets()
    assert "--script" in desk.read("seal", "--help")
    desk.read(*other, *desk.by, "--script", "script.pdf")


def test_what_cannot_be_given_up_is_said(desk: Desk, refusal: Callable[..., bool]) -> None:
    assert refusal(desk.ask("give-up", "founding", *desk.by), 5, "founding is closed already")
    assert refusal(desk.ask("give-up", "nothing", *desk.by), 5, "nothing")

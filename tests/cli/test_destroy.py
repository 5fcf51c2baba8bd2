"""`keyvault destroy` and `keyvault reseal`: what is dead goes, what was opened goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody.model import EnvelopeState, SetState
from tests.cli.sealed import seal_password
from tests.cli.sealing import sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

AGREED = ("1", "1")
SEAL = ("seal", "bg1", "--threshold", "2", "--safe", "hq-1", "--safe", "vault-1")


@pytest.fixture
def with_password(desk: Desk) -> Desk:
    """bg1 has a password on two shares."""
    return seal_password(desk)


def test_all_dead_sheets_are_destroyed_and_certified(with_password: Desk) -> None:
    desk = with_password
    old = desk.register.accounts["bg1"].password_set or ""
    bags = [it.bag or "" for it in desk.register.live_envelopes(old)]
    sealed(desk, *SEAL, sheets=2)
    assert desk.register.sets[old].state is SetState.DEAD

    told = desk.do("destroy", typed=(bags[0], "y", bags[1], "y", *AGREED))

    assert desk.register.live_envelopes(old) == ()
    assert "certificate-destroy-1" in desk.sheets()
    assert "tick it, and sign it in ink" in told.stdout + told.stderr


def test_a_sheet_that_is_not_there_is_status_1_and_can_be_destroyed_later(
    with_password: Desk,
) -> None:
    desk = with_password
    old = desk.register.accounts["bg1"].password_set or ""
    first, second = desk.register.live_envelopes(old)
    sealed(desk, *SEAL, sheets=2)

    typed = (desk.now(), desk.now(), "", "n", second.bag or "", "y", *AGREED)
    done = desk.ask("destroy", *desk.by, typed=typed)

    assert done.returncode == 1, done.stderr
    assert f"sheet-missing: the sheet of envelope {first.id}" in done.stdout + done.stderr
    desk.do("destroy", first.id, typed=(first.bag or "", "y", *AGREED))
    assert desk.register.live_envelopes(old) == ()


def test_what_is_in_force_is_not_destroyed(
    with_password: Desk, refusal: Callable[..., bool]
) -> None:
    desk = with_password
    (first, _) = desk.register.live_envelopes(desk.register.accounts["bg1"].password_set or "")

    done = desk.ask("destroy", first.id, *desk.by)

    assert refusal(done, 5, "is in force: its sheets are still wanted", "'rotate'")
    assert refusal(desk.ask("destroy", *desk.by), 5, "no sheet that opens nothing any more")


def test_an_opened_sheet_is_verified_and_goes_back_into_a_new_bag(with_password: Desk) -> None:
    desk = with_password
    (first, _) = desk.register.live_envelopes(desk.register.accounts["bg1"].password_set or "")
    desk.ask("envelopes", "opened", first.id, "--why", "inspection", "--by", "alice")

    desk.do("reseal", typed=("NEW-7", "NEW-7", "y", *AGREED))

    its = desk.register.envelopes[first.id]
    assert (its.state, its.bag, its.safe) == (EnvelopeState.DEPOSITED, "NEW-7", first.safe)


def test_nothing_that_is_sealed_is_sealed_again(
    with_password: Desk, refusal: Callable[..., bool]
) -> None:
    desk = with_password
    (first, _) = desk.register.live_envelopes(desk.register.accounts["bg1"].password_set or "")

    assert refusal(desk.ask("reseal", *desk.by), 5, "no sheet in force is out of its bag")
    assert refusal(desk.ask("reseal", first.id, *desk.by), 5, "it was not opened")

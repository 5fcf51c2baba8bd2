"""`keyvault relocate` at a terminal: what is asked, what is told, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyvault_kit.sheets.scan import read_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

ENVELOPE = "station-id1-1"
"""The identity of the station, in bag BAG-1 in the safe vault-1."""

MOVE = ("relocate", "envelopes", ENVELOPE, "--to", "hq-1")
WHOLE = ("BAG-1", "y")
AGREE = ("1", "1")


def test_an_envelope_is_compared_twice_and_lies_in_the_other_safe(desk: Desk) -> None:
    done = desk.do(*MOVE, typed=("y", *WHOLE, *WHOLE, "y", *AGREE))

    assert desk.register.envelopes[ENVELOPE].safe == "hq-1"
    assert "All of it arrived, each bag whole." in done.stdout
    assert {"transfer-relocate-1", "record-relocate-1"} <= desk.sheets()


def test_a_bag_that_does_not_arrive_is_exit_status_1(desk: Desk) -> None:
    typed = (desk.now(), desk.now(), "y", *WHOLE, "", *AGREE)

    done = desk.ask(*MOVE, *desk.by, typed=typed)

    assert done.returncode == 1
    assert f"Found: bag BAG-1 of envelope {ENVELOPE} is not at safe hq-1." in done.stdout
    assert desk.register.envelopes[ENVELOPE].safe == "vault-1"


def test_who_does_not_want_it_moves_nothing(desk: Desk, refusal: Callable[..., bool]) -> None:
    done = desk.ask(*MOVE, *desk.by, typed=(desk.now(), desk.now(), "n"))

    assert refusal(done, 5, "they did not want it")
    assert "relocate-1" not in desk.register.ceremonies


def test_a_safe_moves_with_what_lies_in_it(desk: Desk) -> None:
    typed = ("y", *WHOLE, *WHOLE, "y", "y", *AGREE)

    desk.do("relocate", "safe", "vault-1", "--to", "hq", typed=typed)

    register = desk.register
    assert register.safes["vault-1"].site == "hq"
    assert "combination:vault-1" in register.done
    assert len(register.triggers) == 1


def test_the_script_is_written_and_a_dry_run_tells_and_nothing_is_done(desk: Desk) -> None:
    size = desk.register.size

    desk.read(*MOVE, *desk.by, "--script", "move.pdf")
    dry = desk.ask(*MOVE, *desk.by, "--dry-run")

    (code,) = read_codes((desk.folder / "move.pdf").read_bytes())
    assert "SCRIPT" in code
    assert dry.returncode == 0
    assert "Nothing was done" in dry.stdout
    assert desk.register.size == size


def test_what_cannot_move_is_said_in_a_line(desk: Desk, refusal: Callable[..., bool]) -> None:
    words = ("relocate", "envelopes", ENVELOPE, "--to", "vault-1", *desk.by)

    assert refusal(desk.ask(*words), 5, "lies in safe vault-1 already")


def test_a_move_that_was_cut_short_goes_on(desk: Desk) -> None:
    typed = (desk.now(), desk.now(), "y", *WHOLE)
    cut = desk.ask(*MOVE, *desk.by, typed=typed)
    assert cut.returncode != 0

    desk.do(*MOVE, typed=(*WHOLE, "y", *AGREE))

    assert desk.register.envelopes[ENVELOPE].safe == "hq-1"
    assert "relocate-2" not in desk.register.ceremonies

"""`keyvault rotate` at a terminal: a password as before, or a new PIN of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody.model import EnvelopeState, Purpose, SetState
from keyvault_kit.sheets.scan import read_codes
from tests.cli.sealed import seal_password
from tests.cli.sealing import sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Desk

HANDS = ("--custodian", "carol", "--witness", "alice")


@pytest.fixture
def with_password(desk: Desk) -> Desk:
    """bg1 has a password on two shares."""
    return seal_password(desk)


def test_a_password_is_rotated_and_the_old_sheets_are_destroyed(with_password: Desk) -> None:
    desk = with_password
    old = desk.register.accounts["bg1"].password_set or ""
    bags = tuple(it.bag or "" for it in desk.register.live_envelopes(old))

    (desk.folder / "stick").mkdir()
    words = ("rotate", "bg1", "--transfer", "stick")
    terminal, password = sealed(desk, *words, sheets=2, old=bags, medium="stick")

    register = desk.register
    assert len(password) == 44
    assert password[:4] not in terminal.left
    assert [it.state for it in register.sets_of("bg1", Purpose.PASSWORD)] == [
        SetState.DEAD,
        SetState.IN_FORCE,
    ]
    assert register.live_envelopes(old) == ()
    assert "certificate-rotate-bg1-1" in desk.sheets()
    assert "is set, sealed and deposited: 2 envelopes" in terminal.printed


def test_a_key_gets_a_new_pin_and_its_custodian_types_the_one_that_is_on_no_paper(
    keyed: Desk,
) -> None:
    words = ("rotate", "K1", *HANDS, "--safe", "hq-1", "--key-safe", "hq-2")
    made = ("P-1", "P-1", "1", "1", "0")
    typed = (keyed.now(), keyed.now(), *made, keyed.pin, "KEY-1", "KEY-1", "y", "y", *["1"] * 3)

    done = keyed.ask(*words, *keyed.by, typed=typed)

    assert done.returncode == 0, done.stderr
    key = keyed.register.keys["K1"]
    (mailer,) = keyed.register.live_envelopes(key.pin_set or "")
    assert (mailer.state, mailer.safe, mailer.bag) == (EnvelopeState.DEPOSITED, "hq-1", "P-1")
    assert key.unrecorded is None
    assert keyed.pin not in done.stderr
    assert "Nothing was found." in done.stdout + done.stderr


def test_the_script_is_written_and_a_dry_run_tells_the_steps(with_password: Desk) -> None:
    desk = with_password
    before = desk.ledger.read_bytes()

    desk.read("rotate", "bg1", *desk.by, "--script", "script.pdf")
    dry = desk.ask("rotate", "bg1", *desk.by, "--dry-run")

    (code,) = read_codes((desk.folder / "script.pdf").read_bytes())
    assert code.split()[3] == "rotate-bg1-1"
    assert dry.returncode == 0, dry.stderr
    for told in ("Read the evidence that the tenant took", "Print the certificate of destruction"):
        assert told in dry.stderr
    assert desk.ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("rotate", "bg1"), 5, "no password in force"),
        (("rotate", "bg9"), 5, "no account 'bg9'"),
        (("rotate", "bg1", "--custodian", "carol"), 2, "go with a key"),
        (("rotate", "K1"), 2, "a key takes --custodian"),
        (("rotate", "K1", *HANDS), 2, "where the key of K1 goes is not known"),
        (("rotate", "K1", *HANDS, "--safe", "hq-1", "--safe", "hq-2"), 2, "one --safe"),
        (("rotate", "K1", *HANDS, "--safe", "hq-1", "--policy", "base58-44"), 2, "no --policy"),
    ],
)
def test_what_cannot_be_rotated_is_said_in_a_line(
    keyed: Desk, refusal: Callable[..., bool], words: tuple[str, ...], status: int, said: str
) -> None:
    before = keyed.ledger.read_bytes()

    done = keyed.ask(*words, *keyed.by)

    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert keyed.ledger.read_bytes() == before
    assert refusal(done, status) or status == 2

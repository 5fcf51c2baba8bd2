"""`keyvault open`: what is asked at three in the morning, and that nothing stands before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody.model import EnvelopeState
from tests.cli.sealed import seal_password
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Desk

ONE, TWO = "bg1-pw1-1", "bg1-pw1-2"
AGREED = ("1", "1")


@pytest.fixture(scope="module")
def prepared(founded: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """To be read only."""
    return seal_password(founded.copy(tmp_path_factory.mktemp("sealed") / "desk"))


@pytest.fixture
def sealed(prepared: Desk, tmp_path: Path) -> Desk:
    """A copy of the ledger with a password in its safes."""
    return prepared.copy(tmp_path / "sealed")


def bag(desk: Desk, envelope: str) -> str:
    return desk.register.envelopes[envelope].bag or ""


def test_two_officers_open_as_much_as_it_takes_and_sign_in(sealed: Desk) -> None:
    terminal = Terminal("open", "bg1", *sealed.by, folder=sealed.folder)
    for _ in range(2):
        terminal.answer("intact, and is that its number?", "y")
    terminal.wait_for("Enter hides it")
    terminal.type("")
    terminal.answer("Did the sign-in to bg1 succeed?", "y")
    for _ in range(2):
        terminal.answer("Number", "1")

    assert terminal.end() == 0, terminal.printed
    password = terminal.secret_screen.partition("thispassword")[2][:44]
    assert len(password) == 44
    assert password[:8] not in "".join(terminal.left.split())
    assert sealed.register.accounts["bg1"].recovered
    assert "'keyvault due' says what is to be done now" in terminal.left


def test_one_person_looks_at_one_envelope_and_nobody_signs(sealed: Desk) -> None:
    before = len(sealed.entries)

    done = sealed.ask("open", "bg1", TWO, "--why", "emergency", "--by", "alice", typed=("y",))

    assert done.returncode == 0, done.stderr
    assert "Note: alice opens alone" in done.stderr
    assert sealed.register.envelopes[TWO].state is EnvelopeState.OPENED
    assert "acts.signed" not in sealed.kinds(before)


def test_nobody_practises_alone_nor_does_an_auditor(
    sealed: Desk, refusal: Callable[..., bool]
) -> None:
    before = sealed.ledger.read_bytes()

    done = sealed.ask("open", "bg1", TWO, "--why", "review", "--by", "erin")

    assert refusal(done, 5, "erin is alone with it and erin is none of those who handle envelopes")
    assert sealed.ledger.read_bytes() == before


def test_another_bag_is_told_and_the_status_says_so(sealed: Desk) -> None:
    typed = ("B-9", "B-9", "y", "y")
    done = sealed.ask("open", "bg1", ONE, "--why", "drill", *sealed.by, typed=typed)

    assert done.returncode == 1
    assert "Found: a bag with another number, or none, was found in the place of bag" in done.stdout
    assert sealed.register.envelopes[ONE].state is EnvelopeState.OPENED


def test_an_opening_is_entered_late_as_what_had_been_done(sealed: Desk) -> None:
    moment = (datetime.now(UTC) - timedelta(seconds=1)).replace(microsecond=0)
    words = ("open", "bg1", *sealed.by, "--occurred-at", moment.isoformat())

    done = sealed.ask(*words, typed=("y", "y", "y", "y", *AGREED))

    assert done.returncode == 0, done.stderr
    assert "Was bag " in done.stderr
    assert sealed.register.accounts["bg1"].used == moment
    assert sealed.register.emergencies["bg1"] == (moment,)


def test_what_is_open_on_record_gives_the_password(sealed: Desk) -> None:
    for envelope in (ONE, TWO):
        sealed.read("envelopes", "opened", envelope, "--why", "emergency", "--by", "carol")

    terminal = Terminal("open", "bg1", "--recover", *sealed.by, folder=sealed.folder)
    terminal.wait_for("Enter hides it")
    terminal.type("")
    terminal.answer("Did the sign-in to bg1 succeed?", "y")
    for _ in range(2):
        terminal.answer("Number", "1")

    assert terminal.end() == 0, terminal.printed
    assert sealed.register.accounts["bg1"].recovered


def test_too_few_open_envelopes_are_refused_with_what_else_there_is(
    sealed: Desk, refusal: Callable[..., bool]
) -> None:
    done = sealed.ask("open", "bg1", "--recover", *sealed.by)

    assert refusal(done, 5, "it takes 2, and 0 envelopes", "'keyvault recover'")


def test_a_key_signs_in_elsewhere_and_a_refusal_is_a_finding(keyed: Desk) -> None:
    before = len(keyed.entries)

    done = keyed.ask("open", "bg1", "K1", "--by", "alice", "--by", "bob", typed=("n",))

    assert done.returncode == 1
    assert "Found: the sign-in to bg1 with key K1 failed." in done.stdout
    assert {"account.used", "finding.made"} < {*keyed.kinds(before)}


def test_whom_the_ledger_cannot_name_is_told_and_does_not_stop_it(sealed: Desk) -> None:
    people = ("--by", "zoe", "--by", "alice")
    words = ("open", "bg1", ONE, "--why", "emergency", *people)

    done = sealed.ask(*words, typed=("y",))

    assert done.returncode == 0
    assert "zoe cannot be named in this ceremony" in done.stderr
    assert sealed.register.ceremonies["open-bg1-1"].people == ("alice",)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("open", "bg9", "--by", "alice"), 5, "no account 'bg9'"),
        (("open", "bg1", "moon", "--by", "alice"), 5, "no key or envelope 'moon'"),
        (("open", "bg1", "--by", "zoe"), 5, "the ledger can name nobody"),
        (("open", "bg1", "--by", "bob", "--ledger", "gone.db"), 2, "gone.db"),
        (
            ("open", "bg1", "--by", "bob", "--occurred-at", "2999-01-01T00:00Z"),
            2,
            "2999-01-01 00:00 UTC is yet to come",
        ),
    ],
)
def test_whatever_fails_it_is_said_how_it_goes_on_without_the_ledger(
    sealed: Desk, refusal: Callable[..., bool], words: tuple[str, ...], status: int, said: str
) -> None:
    done = sealed.ask(*words)

    assert refusal(done, status, said)
    assert "'keyvault recover'" in done.stderr
    assert f"'keyvault open {words[1]} --occurred-at TIME'" in done.stderr


def test_its_steps_are_told_and_nothing_is_done(sealed: Desk) -> None:
    before = sealed.ledger.read_bytes()

    told = sealed.ask("open", "bg1", "--dry-run", *sealed.by)
    sealed.read("open", "bg1", "--script", "script.pdf", *sealed.by)

    assert told.returncode == 0
    assert f"Inspect and open envelope {ONE} (emergency)" in told.stderr
    assert (sealed.folder / "script.pdf").exists()
    assert sealed.ledger.read_bytes() == before

"""`keyvault init --refound`: the ledger goes on, the trust begins anew."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk, Done

Refusal = Callable[..., bool]

PAPER: Final = "last-paper.pdf"
OLD: Final = "sheets/founding-hq.pdf"
NEW: Final = "sheets/refounding-1-hq.pdf"
WORDS: Final = "found again"


@pytest.fixture(scope="session")
def papered(founded: "Desk", tmp_path_factory: pytest.TempPathFactory) -> "Desk":
    """A ledger with a signed checkpoint on paper, and some entries after it. To be copied."""
    desk = founded.copy(tmp_path_factory.mktemp("papered") / "desk")
    done = desk.sit("ledger", "sign", "alice", "bob", typed=("1", "1"))
    assert done.returncode == 0, done.stderr
    shutil.move(desk.folder / "sheets" / "checkpoint-1.pdf", desk.folder / PAPER)
    return desk


@pytest.fixture
def last(papered: "Desk", tmp_path: Path) -> "Desk":
    """A copy of it, for one test alone."""
    return papered.copy(tmp_path / "last")


def refound(
    desk: "Desk", *by: str, paper: str = PAPER, typed: tuple[str, ...] = (WORDS, "1", "1")
) -> "Done":
    people = [word for person in by for word in ("--by", person)]
    return desk.run("init", "--refound", "--checkpoint", paper, *people, typed=typed)


def test_the_new_sheet_vouches_from_then_on_and_the_old_one_no_more(
    last: "Desk", refusal: Refusal
) -> None:
    last.read("ledger", "verify", "--trust", OLD, "--checkpoint", PAPER)

    done = refound(last, "alice", "carol")

    assert done.returncode == 0, done.stderr
    assert "Sign the new founding sheets in ink" in done.stdout
    names = {f"refounding-1-{copy}" for copy in ("hq", "vault", "auditor")}
    assert names <= last.sheets()
    assert list(last.register.signers) == ["alice", "carol"]
    told = last.ask("ledger", "verify", "--trust", OLD)
    assert refusal(told, 4, "the ledger was founded again", "Ask those who signed your sheet")
    verified = last.read("ledger", "verify", "--trust", NEW, "--checkpoint", PAPER)
    assert "are signed by alice, bob." in verified
    (finding,) = last.register.open_findings()
    assert finding.rule == "refounded"


def test_the_ledger_goes_on_with_its_new_signers(last: "Desk", refusal: Refusal) -> None:
    register = last.read("ledger", "checkpoint").splitlines()[0]
    assert refound(last, "alice", "bob").returncode == 0

    last.do("people", "enrol", "erin", typed=("1",) * 3)
    last.do("sites", "add", "north")
    done = last.sit("ledger", "sign", "alice", "erin", typed=("1", "1"))

    assert done.returncode == 0, done.stderr
    assert last.read("ledger", "checkpoint").splitlines()[0] == register
    last.read("ledger", "verify", "--trust", NEW, "--checkpoint", PAPER)
    assert refusal(last.ask("ledger", "verify", "--trust", OLD), 4, "founded again")


@pytest.mark.parametrize("typed", [("y", "n"), ("found", "n"), ()])
def test_only_the_exact_words_found_again(last: "Desk", typed: tuple[str, ...]) -> None:
    before = last.ledger.read_bytes()

    done = refound(last, "alice", "carol", typed=typed)

    assert done.returncode == (5 if typed else 130), done.stderr
    assert f"type exactly: {WORDS}" in done.stderr
    assert last.ledger.read_bytes() == before


def test_who_is_not_in_the_register_founds_nothing(last: "Desk", refusal: Refusal) -> None:
    before = last.ledger.read_bytes()

    done = refound(last, "alice", "zoe")

    assert refusal(done, 5, "zoe"), done.stderr
    assert last.ledger.read_bytes() == before


def test_a_paper_that_the_ledger_does_not_extend_founds_nothing(
    last: "Desk", stranger: "Desk", founded: "Desk", tmp_path: Path, refusal: Refusal
) -> None:
    theirs = stranger.read("ledger", "checkpoint")
    assert refusal(refound(last, "alice", "bob", paper=theirs), 4, "is of register")

    older = founded.copy(tmp_path / "older")
    newer = last.read("ledger", "checkpoint")
    assert refusal(refound(older, "alice", "bob", paper=newer), 4, "its end is missing")
    assert older.register.trusted_from == 0


def test_killed_before_its_sheets_it_goes_on_with_the_same_command(last: "Desk") -> None:
    words = ("init", "--refound", "--checkpoint", PAPER, "--by", "alice", "--by", "carol")
    with last.start(*words) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(f"{WORDS}\n")
        process.stdin.flush()
        while "refounding-1 2/2" not in process.stderr.readline():
            assert process.poll() is None
        process.kill()
        process.stderr.read()
    last_signers = last.register.signers

    done = refound(last, "alice", "carol")

    assert done.returncode == 0, done.stderr
    assert last.kinds().count("ledger.refounded") == 1
    assert last.register.signers == last_signers
    last.read("ledger", "verify", "--trust", NEW)

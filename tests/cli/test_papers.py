"""Papers that a ledger is held against: `ledger verify --trust` and `--checkpoint`."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.assembly import read_sheet

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

FOUNDING: Final = "sheets/founding-vault.pdf"
PAPER: Final = "sheets/checkpoint-1.pdf"


@pytest.fixture(scope="session")
def size(founded: "Desk") -> int:
    """How many entries the signed checkpoint covers."""
    return len(founded.entries)


@pytest.fixture(scope="session")
def signed(founded: "Desk", tmp_path_factory: pytest.TempPathFactory) -> "Desk":
    """A ledger with a signed checkpoint and some entries after it. To be read only."""
    desk = founded.copy(tmp_path_factory.mktemp("signed") / "desk")
    done = desk.sit("ledger", "sign", "alice", "bob", typed=("1", "1"))
    assert done.returncode == 0, done.stderr
    return desk


@pytest.fixture(scope="session")
def text(signed: "Desk", size: int) -> str:
    return signed.read("ledger", "checkpoint", "--size", str(size))


@pytest.fixture(scope="session")
def words(signed: "Desk", size: int) -> str:
    return signed.read("ledger", "checkpoint", "--words", "--size", str(size))


# --- The founding sheet


def test_the_founding_sheet_says_whose_signatures_count(signed: "Desk") -> None:
    text = read_sheet(signed.folder / FOUNDING)[0]
    (signed.folder / "trust.txt").write_text(text)
    typed = text.replace("\n", "  \r\n\r\n")  # as a scanner or a person types it

    for paper in (FOUNDING, "sheets/founding-auditor.pdf", "trust.txt", text, typed):
        fields = json.loads(signed.read("ledger", "verify", "--json", "--trust", paper))
        assert fields["trusted"] is True
        assert list(fields["signers"]) == ["alice", "bob", "carol", "erin"]
    told = signed.read("ledger", "verify", "--trust", FOUNDING)
    assert "Its signers are those of the founding sheet" in told
    assert "give the founding sheet with --trust" in signed.read("ledger", "verify")


def test_its_text_comes_by_standard_input_too(signed: "Desk") -> None:
    lines = tuple(read_sheet(signed.folder / FOUNDING)[0].splitlines())

    done = signed.run("ledger", "verify", "--json", "--trust", "-", typed=lines)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trusted"] is True


def test_the_founding_sheet_of_another_ledger_is_refused(
    signed: "Desk", stranger: "Desk", refusal: Refusal
) -> None:
    done = signed.ask("ledger", "verify", "--trust", str(stranger.folder / FOUNDING))

    assert refusal(done, 4, "the founding sheet is of register")


def test_other_founders_than_on_the_sheet_are_refused(signed: "Desk", refusal: Refusal) -> None:
    text = read_sheet(signed.folder / FOUNDING)[0]
    last = text.splitlines()[-1]
    forged = text.replace(last, f"bob SHA256:{'A' * 43}")

    done = signed.ask("ledger", "verify", "--trust", forged)

    assert refusal(done, 4, "the founders' keys are not those on the founding sheet")


@pytest.mark.parametrize("paper", ["", " ", "nowhere.pdf", "sheets", PAPER, "keyvault-kit/12"])
def test_what_is_no_founding_sheet_is_never_taken_for_one(
    signed: "Desk", paper: str, refusal: Refusal
) -> None:
    done = signed.ask("ledger", "verify", "--trust", paper)

    assert refusal(done, 2), done.stdout


# --- Checkpoints


def test_a_checkpoint_is_taken_in_every_form(
    signed: "Desk", text: str, words: str, size: int
) -> None:
    (signed.folder / "checkpoint.txt").write_text(text)
    numbered = f"{size}\n{words}"

    for paper in (PAPER, "checkpoint.txt", text, words, words.upper(), numbered):
        fields = json.loads(signed.read("ledger", "verify", "--json", "--checkpoint", paper))
        assert fields["papers"] == [size]
    several = ("--checkpoint", PAPER, "--checkpoint", words)
    assert f"The paper covers {size} entries" in signed.read("ledger", "verify", *several)


def test_its_words_come_by_standard_input_too(signed: "Desk", words: str, size: int) -> None:
    lines = (str(size), *words.split())

    done = signed.run("ledger", "verify", "--json", "--checkpoint", "-", typed=lines)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["papers"] == [size]


def test_the_paper_of_another_ledger_is_refused(
    signed: "Desk", stranger: "Desk", refusal: Refusal
) -> None:
    text = stranger.read("ledger", "checkpoint")
    words = stranger.read("ledger", "checkpoint", "--words")

    assert refusal(signed.ask("ledger", "verify", "--checkpoint", text), 4, "is of register")
    done = signed.ask("ledger", "verify", "--checkpoint", words)
    assert refusal(done, 4, "never had the root that these words say")
    done = signed.ask("ledger", "verify", "--checkpoint", f"7 {words}")
    assert refusal(done, 4, "the first 7 entries are not those that the paper was made from")


def test_a_ledger_that_lost_its_end_is_found_out(
    signed: "Desk", founded: "Desk", size: int, refusal: Refusal
) -> None:
    text = signed.read("ledger", "checkpoint")
    words = signed.read("ledger", "checkpoint", "--words")

    done = founded.ask("ledger", "verify", "--checkpoint", text)
    assert refusal(done, 4, f"and the ledger has {size}: its end is missing")
    done = founded.ask("ledger", "verify", "--checkpoint", words)
    assert refusal(done, 4, "never had the root that these words say")


def test_a_misheard_word_is_named(signed: "Desk", words: str, refusal: Refusal) -> None:
    heard = words.split()
    heard[4], heard[5] = heard[5], heard[4]

    done = signed.ask("ledger", "verify", "--checkpoint", " ".join(heard))

    assert refusal(done, 2, "word 5, ", heard[4]), done.stderr


@pytest.mark.parametrize("paper", ["", "nowhere.pdf", "sheets", FOUNDING, "one two three"])
def test_what_is_no_checkpoint_is_never_taken_for_one(
    signed: "Desk", paper: str, refusal: Refusal
) -> None:
    done = signed.ask("ledger", "verify", "--checkpoint", paper)

    assert refusal(done, 2), done.stdout


# --- A ledger that is only to be read


@pytest.fixture
def protected(founded: "Desk", tmp_path: Path) -> Iterator["Desk"]:
    """A founded ledger on a medium that cannot be written."""
    place = tmp_path / "medium"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    desk = founded.copy(place / "desk")
    os.sync()
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    yield desk
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.needs("mount", "umount")
def test_on_read_only_media_a_ledger_is_read_and_never_written(
    protected: "Desk", refusal: Refusal
) -> None:
    assert "Carol Carter" in protected.run("people", "list").stdout
    assert protected.run("ledger", "verify", "--trust", FOUNDING).returncode == 0
    before = protected.ledger.read_bytes()

    done = protected.run("sites", "add", "north", *protected.by, typed=())

    assert refusal(done, 2, "cannot be opened or written"), done.stderr
    assert "the time from a source" not in done.stderr
    assert protected.ledger.read_bytes() == before

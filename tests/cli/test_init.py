"""`keyvault init`: a founding that is whole, or goes on; and what it refuses before it begins."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.custody.model import EnvelopeState, Mode, SetState

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

Refusal = Callable[..., bool]

ANSWERS: Final = ("BAG-1", "BAG-1", "1", "1", "0", "y", "1", "1")
"""The bag, twice; the pages; that it lies in its safe; that each agrees."""
LINES: Final = 37
"""How many lines a founding prints on standard error."""


def answer_to(asked: str, desk: "Desk") -> str:
    """What careful people answer, whatever a founding asks, and whenever it was cut short."""
    if "number of the bag" in asked:
        return f"BAG-{len(desk.register.bags) + 1}"
    if "How many secret sheets" in asked:
        register = desk.register
        states = [register.envelopes[it].state for it in register.ceremonies["founding"].printed]
        spoiled = states.count(EnvelopeState.SPOILED)
        counts = {"came out": len(states), "lie in bags": len(states) - spoiled}
        return str(next((n for words, n in counts.items() if words in asked), spoiled))
    return "1" if asked.startswith("Number") else "y"


def founded_until(desk: "Desk", file: Path, lines: int) -> int:
    """Begin the founding, or go on with it, and kill it once it has printed so many lines."""
    with desk.start("init", str(file), "--rehearsal") as process:
        assert process.stdin is not None
        assert process.stderr is not None
        printed = asked = ""
        while chunk := os.read(process.stderr.fileno(), 4096).decode():
            printed, asked = printed + chunk, asked + chunk
            if printed.count("\n") >= lines:
                process.kill()
            elif asked.endswith(": "):
                process.stdin.write(f"{answer_to(asked.splitlines()[-1], desk)}\n")
                process.stdin.flush()
                printed, asked = f"{printed}\n", ""  # the line that is typed ends the question
    return process.returncode


# --- A founding


def test_a_founding_enters_the_organisation_and_prints_its_sheets(founded: "Desk") -> None:
    register = founded.register

    assert register.mode is Mode.REHEARSAL
    assert register.organisation == "Small Organisation"
    assert list(register.people) == ["alice", "bob", "carol", "erin"]
    assert (list(register.sites), list(register.accounts)) == (["hq", "vault"], ["bg1"])
    assert register.ceremonies["founding"].closed
    assert founded.sheets() == {
        *("founding-auditor", "founding-hq", "founding-vault"),
        *("record-founding", "record-signers-1"),
        *(f"{kind}-station-id1-1" for kind in ("identity", "label", "liner")),
    }
    founded.read("ledger", "verify", "--trust", "sheets/founding-vault.pdf")


def test_killed_at_three_random_moments_it_ends_like_one_that_was_not(
    founded: "Desk", empty: "Desk", small_toml: Path
) -> None:
    moments = [1 + secrets.randbelow(LINES) for _ in range(3)]
    unfinished = [founded_until(empty, small_toml, lines) != 0 for lines in moments]

    status = founded_until(empty, small_toml, lines=10**6)

    assert status == (0 if all(unfinished) else 5), moments
    ours, theirs = empty.register, founded.register
    assert ours.ceremonies["founding"].closed, moments
    assert (ours.sites, ours.safes) == (theirs.sites, theirs.safes)
    assert [(it.id, it.upn) for it in ours.accounts.values()] == [
        (it.id, it.upn) for it in theirs.accounts.values()
    ]
    assert [(it.id, it.roles) for it in ours.people.values()] == [
        (it.id, it.roles) for it in theirs.people.values()
    ]
    assert list(ours.signers) == ["alice", "bob"]
    (live,) = [it.id for it in ours.sets.values() if it.state is SetState.IN_FORCE]
    states = {it.state: it for it in ours.envelopes.values()}
    assert set(states) <= {EnvelopeState.DEPOSITED, EnvelopeState.SPOILED}, moments
    assert states[EnvelopeState.DEPOSITED].safe == "vault-1"
    assert "record-founding" in empty.sheets() or not all(unfinished)
    assert empty.sheets() - {"record-founding"} == {
        *("founding-auditor", "founding-hq", "founding-vault"),
        *(f"{kind}-{live}-1" for kind in ("identity", "label", "liner")),
    }
    empty.read("ledger", "verify", "--trust", "sheets/founding-hq.pdf")
    empty.read("ledger", "backup", "--out", "b.age")
    identity = f"sheets/identity-{live}-1.pdf"
    empty.read("ledger", "restore", "b.age", "--identity", identity, "--ledger", "again.db")


def test_it_goes_on_where_the_software_keys_were_hardly_begun(
    empty: "Desk", small_toml: Path
) -> None:
    (empty.folder / "softkeys").mkdir()  # as a kill leaves it, before its first file

    done = empty.run("init", str(small_toml), "--rehearsal", typed=ANSWERS)

    assert done.returncode == 0, done.stderr


# --- Refusals


def test_nothing_is_founded_twice(desk: "Desk", small_toml: Path, refusal: Refusal) -> None:
    before = desk.ledger.read_bytes()

    done = desk.run("init", str(small_toml), "--rehearsal", typed=ANSWERS)

    assert refusal(done, 5, "is founded already", "another --ledger")
    assert desk.ledger.read_bytes() == before


@pytest.fixture
def begun(empty: "Desk", small_toml: Path) -> "Desk":
    """A founding that was interrupted when the identity's bag was asked for."""
    done = empty.run("init", str(small_toml), "--rehearsal")
    assert done.returncode == 130
    assert "Interrupted." in done.stderr
    return empty


def test_a_rehearsal_never_becomes_live(begun: "Desk", small_toml: Path, refusal: Refusal) -> None:
    before = begun.ledger.read_bytes()

    done = begun.run("init", str(small_toml))

    assert refusal(done, 5, "was begun as a rehearsal ledger, not as a live one")
    assert begun.ledger.read_bytes() == before


def test_a_founding_goes_on_with_its_own_organisation_alone(
    begun: "Desk", small_toml: Path, tmp_path: Path, refusal: Refusal
) -> None:
    other = tmp_path / "other.toml"
    text = small_toml.read_text().replace("Small Organisation", "Other Organisation")
    other.write_text(text.replace('"vault-1"', '"north-1"'))
    before = begun.ledger.read_bytes()

    done = begun.run("init", str(other), "--rehearsal", typed=ANSWERS)

    assert refusal(done, 5, "Small Organisation")
    assert begun.ledger.read_bytes() == before


def test_other_verbs_wait_until_a_founding_has_ended(begun: "Desk", refusal: Refusal) -> None:
    before = begun.ledger.read_bytes()

    done = begun.sit("sites", "add", "north", *begun.by)

    assert refusal(done, 4, "was not founded to its end", "'init'")
    assert begun.ledger.read_bytes() == before


def test_a_second_ledger_never_takes_the_papers_of_the_first(
    desk: "Desk", small_toml: Path
) -> None:
    papers = {path: path.read_bytes() for path in (desk.folder / "sheets").iterdir()}

    desk.run("init", str(small_toml), "--rehearsal", "--ledger", "second.db", typed=ANSWERS)

    assert {path.name for path, it in papers.items() if path.read_bytes() != it} == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name the organisation file"),
        (("nowhere.toml", "--rehearsal"), "nowhere.toml"),
        (("--refound", *("--by", "alice", "--by", "bob")), "the last paper (--checkpoint)"),
        (("--refound", "--checkpoint", "x", "--by", "alice"), "two people (--by, twice)"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_made(
    empty: "Desk", words: tuple[str, ...], message: str
) -> None:
    done = empty.run("init", *words)

    assert done.returncode == 2
    assert message in done.stderr
    assert list(empty.folder.iterdir()) == []


def test_a_file_that_is_no_ledger_is_left_alone(
    empty: "Desk", small_toml: Path, refusal: Refusal
) -> None:
    empty.ledger.write_text("my diary")

    done = empty.run("init", str(small_toml), "--rehearsal", typed=ANSWERS)

    assert refusal(done, 2, "is no ledger")
    assert empty.ledger.read_text() == "my diary"


# --- Live


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that is memory, as a live station asks for."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


def test_a_live_founding_without_keys_says_so_and_goes_on_with_the_same_command(
    empty: "Desk", small_toml: Path, memory: Path, refusal: Refusal
) -> None:
    words = ("init", str(small_toml), "--sheets", str(memory))

    for _ in range(2):
        done = empty.run(*words, typed=("", "n"))
        assert refusal(done, 3, "0 keys are plugged in", "that of alice")
        assert "alice: plug in your own key now" in done.stderr

    assert empty.entries == []
    assert list(memory.iterdir()) == []
    assert not (empty.folder / "softkeys").exists()


def test_sheets_of_a_live_station_never_lie_on_a_disk(
    empty: "Desk", small_toml: Path, refusal: Refusal
) -> None:
    done = empty.run("init", str(small_toml), "--sheets", str(small_toml.parent))

    assert refusal(done, 5, "lies on a disk", "tmpfs")
    assert list(empty.folder.iterdir()) == []


def test_a_live_founding_asks_for_paper_before_it_asks_for_keys(
    empty: "Desk", small_toml: Path, refusal: Refusal
) -> None:
    done = empty.run("init", str(small_toml), typed=("", "n"))

    assert refusal(done, 5, "--sheets")
    assert "plug in" not in done.stderr

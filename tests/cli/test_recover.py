"""`keyvault recover` in a real terminal: the secret appears, and then leaves no trace."""

import os
import shutil
import subprocess
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import container, passwords
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sharing.words import WORDS
from tests.cli.shares import MINE, PASSWORD, password_of, sheets_of, split, told, words_on
from tests.cli.terminal import COMMAND, SECONDS, Terminal


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder on a tmpfs."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_a_password_from_one_sheet_and_one_typed_share(finished_rehearsal: Path) -> None:
    sheets = sheets_of(finished_rehearsal, "bg2")
    typed = words_on(sheets[2])
    terminal = Terminal("recover", str(sheets[0]))
    terminal.wait_for("Next share")
    terminal.type(typed.lower())

    assert terminal.hide() == 0
    password = password_of([words_on(sheets[0]), typed])
    assert password in terminal.secret_screen
    assert told(typed, terminal.left) == set()
    assert not any(group in terminal.left for group in passwords.groups(password))
    assert terminal.left.endswith("its rotation is due.")


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_each_wrong_share_is_told_apart_and_the_right_ones_are_kept(term: str) -> None:
    others = split(Secret(bytes(32)))
    terminal = Terminal("recover", term=term)
    steps = (
        (MINE[0], "Share 1 of set"),
        (MINE[0], "is there already"),
        (others[1], "It is of another set than those before: they are kept apart."),
        (MINE[2], "Enter hides it"),
    )
    for number, (given, answer) in enumerate(steps, 1):
        terminal.wait_for("Next share", times=number if term == "dumb" else 1)
        terminal.type(given)
        terminal.wait_for(answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "is there already" in terminal.left


def test_a_share_of_words_that_are_none_is_told_line_by_line_too() -> None:
    damaged = MINE[1].split()
    damaged[12] = WORDS[(WORDS.index(damaged[12]) + 1) % 1024]
    terminal = Terminal("recover", term="dumb")
    steps = (
        ("academic acid", "no share has 2 words"),
        ("x" * 3000, "this is no code of a sheet"),
        (" ".join(damaged), "it is in row 7 (words 13 and 14)"),
        ("KVK1 ENVELOPE 0123abcd e1 1", "with nothing secret on it"),
        ("KVK1 PIN 0123abcd K1-pin1 1", "needs both salt and content"),
        ("\u2003\t".join(MINE[1].upper().split()), "1 more"),
        (MINE[0], "Enter hides it"),
    )
    for number, (given, answer) in enumerate(steps, 1):
        terminal.wait_for("Next share", times=number)
        terminal.type(given)
        terminal.wait_for(answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen


def test_of_a_slip_in_a_line_no_word_is_told() -> None:
    words = MINE[0].split()
    wrong = " ".join([*words[:9], f"{words[9]}q", *words[10:]])
    piped = Terminal("recover", piped=wrong.encode())
    assert piped.end() == 2
    assert "word 10 is no word of the list" in piped.left
    assert told(MINE[0], piped.left) == set()

    terminal = Terminal("recover", term="dumb")
    terminal.answer("Next share", wrong)
    terminal.wait_for_next("word 10 is no word of the list")
    terminal.answer("Next share", MINE[0])
    terminal.answer("Next share", MINE[1])

    assert terminal.hide() == 0
    assert told(f"{MINE[0]} {MINE[1]}", terminal.left) == set()


def test_wrong_sheets_are_told_and_do_not_keep_the_right_ones_from_opening(
    finished_rehearsal: Path, tmp_path: Path
) -> None:
    sheets = sheets_of(finished_rehearsal, "bg2")
    label = next((finished_rehearsal / "sheets").glob("label-*.pdf"))
    other = sheets_of(finished_rehearsal, "bg1")[0]
    named = [sheets[0], sheets[0], label, tmp_path / "none.pdf", tmp_path, other, sheets[1]]
    terminal = Terminal("recover", *map(str, named))

    assert terminal.hide() == 0
    assert password_of([words_on(it) for it in sheets[:2]]) in terminal.secret_screen
    for answer in (
        f"{sheets[0]}: this share is there already",
        f"there is no secret sheet in {label}",
        "cannot read the sheet",
        "It is of another set than those before",
    ):
        assert answer in terminal.left


def test_a_sheet_on_a_disk_is_warned_of_and_opened_and_one_in_memory_is_not(
    finished_rehearsal: Path, tmp_path: Path, in_memory: Path
) -> None:
    for folder, warned in ((tmp_path, True), (in_memory, False)):
        sheets = [shutil.copy(it, folder) for it in sheets_of(finished_rehearsal, "bg2")[:2]]
        terminal = Terminal("recover", *map(str, sheets))
        assert terminal.hide() == 0
        assert (f"Warning: {sheets[0]} is an image of a secret" in terminal.left) is warned


def test_with_a_ledger_each_share_is_named(finished_rehearsal: Path) -> None:
    ledger = finished_rehearsal / "ledger.db"
    sheets = sheets_of(finished_rehearsal, "bg2")
    terminal = Terminal("recover", str(sheets[1]), "--ledger", str(ledger))
    terminal.wait_for("Next share")
    terminal.type(MINE[0])
    terminal.wait_for("No sheet in this ledger has the proof")
    terminal.type(words_on(sheets[2]))

    assert terminal.hide() == 0
    (it,) = [s for s in open_book(ledger).register.sets.values() if s.subject == "bg2"]
    assert f"This is share 2 of 3 of set {it.id}, envelope {it.id}-2." in terminal.left
    assert f"This is share 3 of 3 of set {it.id}, envelope {it.id}-3." in terminal.left
    assert f"Thepasswordofbg2(set{it.id})" in terminal.secret_screen
    assert "Warning" not in terminal.left  # it is a rehearsal: its sheets may lie on a disk


def test_with_a_ledger_it_is_said_what_mends_a_damaged_share(finished_rehearsal: Path) -> None:
    words = words_on(sheets_of(finished_rehearsal, "bg2")[1]).split()
    wrong = [*words[:12], WORDS[(WORDS.index(words[12].lower()) + 1) % 1024], *words[13:]]
    ledger = str(finished_rehearsal / "ledger.db")
    done = Terminal("recover", "--ledger", ledger, piped=" ".join(wrong).encode())

    assert done.end() == 2
    assert "Row 7: word 13 is another one; with it the words are share 2 of 3" in done.left


@pytest.mark.parametrize("content", [None, b"", b"no ledger", b"SQLite format 3\x00" + bytes(4096)])
def test_no_broken_ledger_keeps_anybody_from_opening(content: bytes | None, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    if content is not None:
        ledger.write_bytes(content)
    terminal = Terminal("recover", "--ledger", str(ledger))
    terminal.wait_for("Next share")
    terminal.type(MINE[0])
    terminal.wait_for("1 more")
    terminal.type(MINE[1])

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert f"Warning: the ledger {ledger} is of no use" in terminal.left


def test_a_folder_in_place_of_the_ledger_is_no_obstacle_either(tmp_path: Path) -> None:
    terminal = Terminal("recover", "--ledger", str(tmp_path), piped="\n".join(MINE).encode())

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen


def test_shares_of_a_container_give_its_text() -> None:
    pin = "4071 8295"  # with a blank of its own
    shares = split(container.wrap(Secret.from_text(pin), os.urandom))
    terminal = Terminal("recover")
    terminal.wait_for("Next share")
    terminal.type(shares[1])
    terminal.wait_for("1 more")
    terminal.type(shares[0])

    assert terminal.hide() == 0
    assert "4071\N{OPEN BOX}8295" in terminal.secret_screen
    assert "isablank" in terminal.secret_screen


def test_shares_of_another_program_are_said_to_be_so() -> None:
    done = Terminal("recover", piped="\n".join(split(Secret(bytes(16)))).encode())

    assert done.end() == 1
    assert "the shares give 16 bytes" in done.left
    assert "recover them with that" in done.left


def test_a_forged_share_is_told_by_one_more() -> None:
    forged = Share.parse(MINE[0])
    forged = Share(
        **{it: getattr(forged, it) for it in forged.__struct_fields__} | {"value": b"x" * 32}
    )
    terminal = Terminal("recover")
    terminal.wait_for("Next share")
    for given, answer in (
        (forged.mnemonic(), "1 more"),
        (MINE[1], "do not belong together"),
        (MINE[2], "Enter"),
    ):
        terminal.type(given)
        terminal.wait_for(answer)

    assert terminal.hide() == 0
    assert PASSWORD in terminal.secret_screen
    assert "Left out, since the rest contradicts it: share 1." in terminal.left


def test_a_hidden_line_that_is_cut_off_leaves_the_terminal_with_its_echo() -> None:
    terminal = Terminal("recover", term="dumb")
    before = termios.tcgetattr(terminal.leader)
    terminal.wait_for("Next share")
    assert termios.tcgetattr(terminal.leader) != before
    terminal.process.terminate()

    assert terminal.process.wait(SECONDS) == 143
    assert termios.tcgetattr(terminal.leader) == before


def test_lines_from_a_pipe_are_shares_and_its_end_is_said() -> None:
    whole = Terminal("recover", piped="\n".join(MINE[:2]).encode())
    assert whole.hide() == 0
    assert PASSWORD in whole.secret_screen

    cut = Terminal("recover", piped=f"{MINE[0]}\n".encode())
    assert cut.end() == 2
    assert "nothing was typed" in cut.left


def test_a_password_is_not_sent_into_a_pipe(finished_rehearsal: Path) -> None:
    sheets = [str(sheet) for sheet in sheets_of(finished_rehearsal, "bg2")[:2]]

    done = subprocess.run(
        [*COMMAND, "recover", *sheets], capture_output=True, text=True, check=False
    )

    assert done.returncode == 5
    assert done.stdout == ""
    assert "a secret goes to a terminal only" in done.stderr

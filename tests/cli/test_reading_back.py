"""Reading a sheet back at a real terminal: its words by Enter alone, a file, or what was typed."""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.shares import MINE, sheets_of, told, words_on
from tests.cli.terminal import Terminal

SCRIPT: Final = """
import hashlib, sys
from keyvault_kit.cli.reading_back import read_back
with read_back("Sheet 1", words=sys.argv[1] == "words") as text:
    print("read", hashlib.sha256(text.expose()).hexdigest(), len(text))
"""


def reading(kind: str, folder: Path | None = None) -> Terminal:
    """The question for a sheet, and nothing else."""
    return Terminal(kind, command=(sys.executable, "-c", SCRIPT), folder=folder)


def read(text: str) -> str:
    """What the script prints of a text that it got."""
    return f"read {hashlib.sha256(text.encode()).hexdigest()} {len(text)}"


def test_enter_alone_opens_the_screen_on_which_words_are_typed() -> None:
    terminal = reading("words")
    terminal.answer("Enter alone to type its words", "")
    terminal.answer("0 words so far", " ".join(word[:4] for word in MINE[0].split()))

    assert terminal.end() == 0
    assert read(MINE[0]) in terminal.left
    assert told(MINE[0], terminal.left) == set()


def test_enter_alone_is_nothing_where_there_are_no_words() -> None:
    terminal = reading("digits")
    terminal.answer("or the file of a scan)", "")

    assert terminal.end() == 1
    assert "nothing was scanned or typed" in terminal.left


@pytest.mark.parametrize(
    "secret", ["~Qx7!abcd", "~", "/" + "a" * 300, "/" * 40 + "\x00b", "./nothing/here", "/"]
)
def test_a_secret_that_looks_like_a_path_is_what_was_typed(secret: str) -> None:
    terminal = reading("digits")
    terminal.answer("or the file of a scan)", secret)

    assert terminal.end() == 0
    assert read(secret) in terminal.left


def test_a_file_of_a_scan_is_read(finished_rehearsal: Path, tmp_path: Path) -> None:
    sheet = sheets_of(finished_rehearsal, "bg2")[0]
    shutil.copy(sheet, tmp_path / "scan.pdf")
    terminal = reading("words", tmp_path)
    terminal.answer("the file of a scan", "./scan.pdf")

    assert terminal.end() == 0
    assert read(words_on(sheet)) in terminal.left

"""Typing a share in a real terminal: tmux looks at it, presses its keys, and keeps its history."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import passwords, slip39
from keyvault_kit.sharing.entry_lines import HIDDEN
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.words import WORDS
from keyvault_kit.sheets.scan import read_codes
from tests.cli.shares import told

PATIENCE_S: Final = 60.0
PROMPT: Final = "ready> "
SECRET: Final = bytes(range(32))


def stream(size: int) -> bytes:
    """Always the same shares, of which no word is one of the shell's, as 'echo' is."""
    return hashlib.shake_256(b"shares").digest(size)


SHARES: Final = [
    it.mnemonic().split()
    for it in slip39.split(Secret(SECRET), threshold=2, count=3, random=stream, exponent=0)
]
PASSWORD: Final = passwords.password_from_secret(Secret(SECRET)).expose_text()
GROUPS: Final = passwords.groups(PASSWORD)

pytestmark = pytest.mark.needs("tmux", "bash")


class Shell:
    """A shell with a history in a terminal of 80 by 24 that keeps what scrolls out of it."""

    def __init__(self, folder: Path, *, alternate: bool = True) -> None:
        self._socket = str(folder / "tmux")
        self.history = folder / "history"
        config = folder / "tmux.conf"
        config.write_text(f"set -g alternate-screen {'on' if alternate else 'off'}\n")
        shell = f"env HISTFILE={self.history} PS1='{PROMPT}' bash --norc --noprofile -i"
        size = ("-x", "80", "-y", "24")
        self._tmux("-f", str(config), "new-session", "-d", *size, "-c", str(folder), shell)
        self.sees(PROMPT.strip())

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def everything(self) -> str:
        """The screen and all that scrolled out of it."""
        return self._tmux("capture-pane", "-p", "-S", "-")

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def run(self, line: str) -> None:
        self.type(line)
        self.press("Enter")

    def keyvault(self, *words: str) -> None:
        program = f"{sys.executable} -m keyvault_kit.cli.main {' '.join(words)}"
        self.run(f"clear; {program} & echo $! > pid; fg; echo status $?")

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def sees(self, *texts: str) -> None:
        """Wait until these texts stand on the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while any(text not in " ".join(self.screen.split()) for text in texts):
            assert time.monotonic() < deadline, f"{texts} never came:\n{self.screen}"
            time.sleep(0.05)

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture(params=["alternate"])
def shell(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shell]:
    it = Shell(tmp_path, alternate=request.param == "alternate")
    yield it
    it.close()


on_both_kinds_of_terminal = pytest.mark.parametrize(
    "shell", ["alternate", "one screen"], indirect=True
)


def kept(text: str) -> set[str]:
    """Which words of the shares, and groups of the password, stand in a text."""
    return {it for it in text.split() if it in GROUPS or it in {*SHARES[0], *SHARES[1]}}


def test_shares_are_typed_with_mistakes_and_mended_and_leave_nothing_behind(shell: Shell) -> None:
    shell.run("stty -g > before")
    shell.keyvault("recover")
    shell.sees("type its words as they stand on the sheet")

    shell.type("acadenic ")
    shell.sees("Word 1 is no word of the list. Did you mean academic")
    shell.press("C-u")
    first = list(SHARES[0])
    first[12] = WORDS[(WORDS.index(first[12]) + 1) % 1024]
    for word in first[:4]:
        shell.type(f"{word[:4]} ")
    row = check_letter(2, " ".join(first[2:4]))
    shell.sees(f"row 2 3 {HIDDEN} 4 {HIDDEN} check {row}")
    shell.type(str(WORDS.index(first[4])))
    shell.sees(f"Space takes {first[4]}")
    shell.type(f" {' '.join(first[5:])} ")
    shell.press("Enter")
    shell.sees(f"row 7: word 13 is {SHARES[0][12]}", "Only if the paper says so")
    shell.press("1")
    shell.sees("1 more")

    shell.type(" ".join(SHARES[1]).upper())
    shell.press("Enter")
    shell.sees(" ".join(GROUPS[:4]), "Enter hides it")
    shell.press("Enter")

    shell.sees("status 0")
    shell.run("stty -g | diff - before && echo the same")
    shell.sees("the same")
    assert kept(shell.everything) == set()
    assert "Shares 1 and 2 of set" in shell.everything
    shell.run("exit")
    time.sleep(0.5)
    history = shell.history.read_text()
    assert "recover" in history
    assert kept(history) == set()


@on_both_kinds_of_terminal
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGINT", "Ctrl-C"])
def test_whatever_ends_it_the_terminal_is_as_before(shell: Shell, tmp_path: Path, how: str) -> None:
    shell.run("stty -g > before")
    shell.keyvault("recover")
    shell.sees("type its words")
    shell.type(" ".join(SHARES[0][:9]))
    shell.press("C-r")
    shell.sees(*SHARES[0][:8])
    shell.press("C-z", "C-\\")
    shell.resize(60, 14)
    shell.sees(SHARES[0][8])
    shell.resize(80, 24)
    shell.sees(SHARES[0][0], SHARES[0][8])

    if how == "Ctrl-C":
        shell.press("C-c")
    else:
        os.kill(int((tmp_path / "pid").read_text()), signal.Signals[how])

    status = {"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130, "Ctrl-C": 130}[how]
    shell.sees(f"status {status}")
    shell.run("stty -g | diff - before && echo the same")
    shell.sees("the same")
    assert kept(shell.everything) == set()


@on_both_kinds_of_terminal
def test_a_secret_that_is_shown_is_wiped_when_the_program_is_ended(
    shell: Shell, tmp_path: Path
) -> None:
    shell.keyvault("recover")
    shell.sees("type its words")
    for share, status in zip(SHARES[:2], ("There is no share yet", "1 more"), strict=True):
        shell.sees(status)
        shell.type(" ".join(share))
        shell.press("Enter")
    shell.sees(" ".join(GROUPS[:4]))
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)

    shell.sees("status 143")
    assert kept(shell.everything) == set()


def test_it_works_on_a_console_of_few_lines(shell: Shell) -> None:
    shell.resize(40, 10)
    shell.keyvault("recover")
    shell.sees("There is no share yet")
    shell.type(" ".join(SHARES[0][:30]) + " ")
    shell.sees("30 words so far")
    shell.press("Up")
    shell.sees(SHARES[0][28])
    shell.press("C-k")
    shell.sees("again forgets the")
    shell.press("C-k")
    shell.sees("0 words so far")
    shell.press("C-c")
    shell.sees("status 130")


def test_the_keys_of_real_keyboards_move_the_cursor(shell: Shell) -> None:
    shell.keyvault("recover")
    shell.sees("type its words")
    shell.type(" ".join(SHARES[0][:7]) + " ")
    shell.sees("7 words so far")
    shell.press("Up", "Up")
    shell.sees(f">row 3 5 _ ({SHARES[0][4]})")
    shell.press("Down")
    shell.sees(f">row 4 7 _ ({SHARES[0][6]})")
    shell.press("F5", "Left", "M-a")
    shell.press("C-u", "End")
    shell.sees(">row 4")
    shell.press("BSpace")
    shell.sees(f"{SHARES[0][6]}_")
    shell.press("C-c")
    shell.sees("status 130")


def test_a_share_that_is_verified_is_mended_with_the_help_of_the_ledger(
    shell: Shell, finished_rehearsal: Path
) -> None:
    sheet = next((finished_rehearsal / "sheets").glob("share-bg2-*-2.pdf"))
    words = read_codes(sheet.read_bytes())[0].lower().split()
    wrong = [*words[:6], words[7], words[6], *words[8:]]
    shell.keyvault("share", "verify", "--ledger", str(finished_rehearsal / "ledger.db"))
    shell.sees("scan the code of any secret sheet")
    shell.type(" ".join(wrong) + " ")
    shell.press("Enter")
    shell.sees("row 4: word 7 and word 8 are", "the ledger confirms it")
    shell.press("1")

    shell.sees("Right: this is share 2 of 3 of set bg2", "status 0")
    assert told(" ".join(words), shell.everything) == set()

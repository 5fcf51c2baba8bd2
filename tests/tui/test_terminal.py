"""The program in a real terminal: tmux looks at it and presses its keys."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tui.rehearsal import PRACTICE_PIN

PATIENCE_S: Final = 60.0

pytestmark = pytest.mark.needs("tmux")


class Terminal:
    """A terminal of 80 by 24 with a program in it; what it left stays readable afterwards."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        self._folder = folder
        self.started = 0.0

    def run(self, *words: str, environment: dict[str, str] | None = None) -> None:
        """Start keyvault-tui."""
        self.started = time.monotonic()
        settings = [f"{name}={value}" for name, value in (environment or {}).items()]
        command = ["env", f"TMPDIR={self._folder}", *settings, sys.executable, "-m", "tui", *words]
        line = f"{' '.join(command)}; echo status $?; exec sleep 600"
        size = ("-x", "80", "-y", "24")
        self._tmux("-f", os.devnull, "new-session", "-d", *size, "-c", str(self._folder), line)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def colours(self) -> str:
        return self._tmux("capture-pane", "-p", "-e")

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def sees(self, *texts: str) -> float:
        """Wait until these texts stand on the screen; how long that took since the start."""
        while any(text not in self.screen() for text in texts):
            waited = time.monotonic() - self.started
            assert waited < PATIENCE_S, f"{texts} never came:\n{self.screen()}"
            time.sleep(0.05)
        return time.monotonic() - self.started

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    it = Terminal(tmp_path)
    yield it
    it.close()


def rehearsals() -> set[Path]:
    return set(Path("/dev/shm").glob("keyvault-rehearsal-*"))  # noqa: S108 - where they are made


def test_a_rehearsal_needs_nothing_else_and_leaves_nothing_behind(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rehearsals()
    terminal.run("--rehearsal")
    home = terminal.sees("keyvault-kit  Home", "REHEARSAL")
    ready = terminal.sees("It verifies by itself", PRACTICE_PIN, "signed by alice, bob")
    with capsys.disabled():
        sys.stdout.write(f" Home after {home:.1f} s, with its ledger after {ready:.1f} s")

    terminal.press("2")
    terminal.sees("REHEARSAL", "Software key like a", "K1")
    terminal.press("Down", "Down", "p")
    terminal.sees("Check a PIN", "REHEARSAL", "8 attempts left", PRACTICE_PIN)
    terminal.press("-l", PRACTICE_PIN)
    terminal.press("Enter")
    terminal.sees("The PIN is right: 8 attempts left")
    terminal.press("Enter")
    terminal.press("C-q")
    terminal.sees("status 0")
    assert rehearsals() <= before
    assert list(tmp_path.iterdir()) == [tmp_path / "tmux"]


def test_it_can_be_ended_before_it_is_ready(terminal: Terminal) -> None:
    before = rehearsals()
    terminal.run("--rehearsal")
    terminal.sees("Being prepared")
    terminal.press("C-q")
    terminal.sees("status 0")
    assert rehearsals() <= before


def test_a_terminal_that_is_closed_leaves_nothing_behind(terminal: Terminal) -> None:
    before = rehearsals()
    terminal.run("--rehearsal")
    terminal.sees("It verifies by itself")
    terminal.close()
    deadline = time.monotonic() + PATIENCE_S
    while rehearsals() - before:
        assert time.monotonic() < deadline, "the folder is still there"
        time.sleep(0.1)


def test_without_colour_everything_is_still_said(terminal: Terminal) -> None:
    terminal.run("--rehearsal", environment={"NO_COLOR": "1"})
    terminal.sees("REHEARSAL: nothing here is real", "It verifies by itself")
    terminal.press("C-q")
    terminal.sees("status 0")


def test_no_key_that_is_pressed_is_written_to_a_log(terminal: Terminal, tmp_path: Path) -> None:
    log = tmp_path / "pressed.log"
    terminal.run("--rehearsal", environment={"TEXTUAL_LOG": str(log), "TEXTUAL": "debug"})
    terminal.sees("It verifies by itself")
    terminal.press("2")
    terminal.sees("Firmware")
    terminal.press("C-q")
    terminal.sees("status 0")
    assert not log.exists()


def test_without_a_ledger_it_opens_on_the_real_keys(terminal: Terminal) -> None:
    terminal.run()
    terminal.sees("There is no ledger here.", "live")
    terminal.press("C-q")
    terminal.sees("status 0")

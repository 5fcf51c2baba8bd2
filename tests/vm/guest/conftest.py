"""The board with software keys, the kit over the real HID bus, and udev's rules."""

import os
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import pytest

from keyvault_kit.cli.main import run
from tests.vm.guest.client import Board

RULES = "/etc/udev/rules.d/70-keyvault-kit.rules"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have measured."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"measured: {name}: {value}")


class Done(NamedTuple):
    """What a run of the program left."""

    status: int
    out: str
    err: str


Program = Callable[..., Done]


@pytest.fixture
def board() -> Iterator[Board]:
    """The board; every key is pulled out again."""
    board = Board()
    yield board
    board.clear()


@pytest.fixture
def udev(board: Board) -> Iterator["Udev"]:
    """Which rules there are; at the end they are as they were."""
    udev = Udev(board)
    yield udev
    udev.restore()


class Udev:
    """The rules and programs of udev, for a test to take away."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._gone: list[str] = []

    def take_away(self, path: str) -> None:
        """Remove a file of udev's, for this test."""
        self._root(f"mv {path} {path}.gone")
        self._gone.append(path)
        self._root("udevadm control --reload")

    def restore(self) -> None:
        """Bring everything back."""
        while self._gone:
            path = self._gone.pop()
            self._root(f"mv {path}.gone {path}")
        self._root("udevadm control --reload")

    def _root(self, command: str) -> None:
        done = self._board.run(command)
        assert done.status == 0, done.output


@pytest.fixture(scope="session")
def ledger() -> Path:
    """The ledger of a finished rehearsal."""
    return Path(os.environ["HOME"], "rehearsal", "ledger.db")


@pytest.fixture
def program(ledger: Path) -> Program:
    """Runs the program in this process, in the ledger's folder; `typed` is what people answer."""

    def ask(*words: str, typed: tuple[str, ...] = ()) -> Done:
        out, err = BytesIO(), BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ledger.parent)
            patch.setattr("sys.stdin", StringIO("".join(f"{line}\n" for line in typed)))
            patch.setattr("sys.stdout", TextIOWrapper(out, "utf-8", write_through=True))
            patch.setattr("sys.stderr", TextIOWrapper(err, "utf-8", write_through=True))
            patch.setattr("click.termui.hidden_prompt_func", lambda _: input())
            status = run(list(words))
            return Done(status, out.getvalue().decode(), err.getvalue().decode())

    return ask

"""The program at a terminal of its own, as a person has it."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

SECONDS: Final = 60
COMMAND: Final = (sys.executable, "-m", "keyvault_kit.cli.main")
OTHER_SCREEN: Final = re.compile(r"\x1b\[\?1049h(.*?)\x1b\[\?1049l", re.DOTALL)
MOVES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command in a pseudo-terminal, and all that it printed.

    Args:
        command: What is called in the place of the program.
        folder: Where it is called; here, where it is None.
        piped: What comes on its standard input, in the place of the terminal.

    Attributes:
        leader: The end of the terminal that the person has.
    """

    def __init__(
        self,
        *arguments: str,
        command: Sequence[str] = COMMAND,
        folder: Path | None = None,
        term: str = "xterm",
        piped: bytes | None = None,
    ) -> None:
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=follower if piped is None else subprocess.PIPE,
            stdout=follower,
            stderr=follower,
            cwd=folder,
            env=os.environ | {"TERM": term},
            start_new_session=True,
            # Opened by the leader of a new session, a terminal becomes the one that it controls.
            preexec_fn=lambda: os.close(os.open(os.ttyname(1), os.O_RDWR)),  # noqa: PLW1509
        )
        os.close(follower)
        if self.process.stdin is not None:
            self.process.stdin.write(piped or b"")
            self.process.stdin.close()
        self.printed = ""
        self._seen = 0

    def wait_for(self, words: str, times: int = 1) -> None:
        """Read until these words were printed so often since the program began."""
        while self.printed.count(words) < times:
            self._read_on(words)

    def wait_for_next(self, words: str) -> str:
        """Read until these words are printed again; all since the last time that was waited for."""
        while words not in self.printed[self._seen :]:
            self._read_on(words)
        shown = self.printed[self._seen :]
        self._seen = self.printed.index(words, self._seen) + len(words)
        return shown

    def answer(self, question: str, line: str) -> None:
        """Wait until something is asked, and answer."""
        self.wait_for_next(question)
        self.type(line)

    def type(self, line: str) -> None:
        """Type a line, and Enter."""
        os.write(self.leader, f"{line}\n".encode())

    def __del__(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def end(self) -> int:
        """Read what is left, and the exit status."""
        while chunk := self._read():
            self.printed += chunk
        os.close(self.leader)
        return self.process.wait(SECONDS)

    def hide(self) -> int:
        """Read the secret, press Enter, and read to the end."""
        self.wait_for("Enter hides it")
        self.type("")
        return self.end()

    @property
    def secret_screen(self) -> str:
        """What stood on the last of the other screens, without blanks."""
        return "".join(OTHER_SCREEN.findall(self.printed)[-1].split())

    @property
    def left(self) -> str:
        """What stays in the scroll-back, as running text."""
        return " ".join(MOVES.sub("", OTHER_SCREEN.sub("", self.printed)).split())

    def _read_on(self, words: str) -> None:
        chunk = self._read()
        if not chunk:
            pytest.fail(f"the program ended before {words!r} was printed: {self.printed!r}")
        self.printed += chunk

    def _read(self) -> str:
        if not select.select([self.leader], [], [], SECONDS)[0]:
            self.process.kill()
            pytest.fail(f"nothing more was printed after {self.printed!r}")
        try:
            return os.read(self.leader, 4096).decode(errors="replace")
        except OSError:  # the other end has gone
            return ""

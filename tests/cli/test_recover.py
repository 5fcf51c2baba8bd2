"""`keyvault recover` in a real terminal: the password appears, and then leaves no trace."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from keyvault_kit.sharing import passwords, slip39
from keyvault_kit.sheets.scan import read_codes

SECONDS = 30


class Terminal:
    """A command in a pseudo-terminal, and all that it printed."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "keyvault_kit.cli.main", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # Opened by the leader of a new session, a terminal becomes the one that it controls.
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509
        )
        os.close(slave)
        self.printed = ""

    def wait_for(self, words: str, times: int = 1) -> None:
        """Read until these words were printed so often."""
        while self.printed.count(words) < times:
            self.printed += self._read()

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def __del__(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def end(self) -> int:
        """Read what is left, and the exit status."""
        while chunk := self._read():
            self.printed += chunk
        os.close(self._master)
        return self.process.wait(SECONDS)

    def _read(self) -> str:
        if not select.select([self._master], [], [], SECONDS)[0]:
            self.process.kill()
            pytest.fail(f"nothing more was printed after {self.printed!r}")
        try:
            return os.read(self._master, 4096).decode(errors="replace")
        except OSError:  # the other end has gone
            return ""


@pytest.fixture
def shares(finished_rehearsal: Path) -> list[tuple[Path, str]]:
    """The sheets of one set, and the words on each."""
    sheets = sorted((finished_rehearsal / "sheets").glob("share-bg2-*.pdf"))
    return [(sheet, read_codes(sheet.read_bytes())[0]) for sheet in sheets]


def password_of(shares: list[tuple[Path, str]]) -> str:
    secret = slip39.combine(slip39.Share.parse(words) for _, words in shares[:2])
    return passwords.password_from_secret(secret).expose_text()


def shown(terminal: Terminal) -> str:
    """What stands on the alternate screen, without blanks."""
    return "".join(terminal.printed.split("\x1b[?1049h")[1].split())


def test_a_password_from_one_sheet_and_one_typed_share(shares: list[tuple[Path, str]]) -> None:
    terminal = Terminal("recover", str(shares[0][0]))
    terminal.wait_for("Next share")
    terminal.type(shares[2][1].lower())
    terminal.wait_for("Enter hides it")
    assert password_of(shares) in shown(terminal)
    terminal.type("")

    assert terminal.end() == 0
    assert shares[2][1].split()[7] not in terminal.printed.upper()  # what is typed is not shown
    assert terminal.printed.rstrip().endswith("its rotation is due.")
    before, _, rest = terminal.printed.partition("\x1b[?1049h")
    after = rest.partition("\x1b[?1049l")[2]
    group = passwords.groups(password_of(shares))[3]
    assert group not in before + after


def test_a_wrong_share_is_named_and_the_right_ones_are_kept(shares: list[tuple[Path, str]]) -> None:
    terminal = Terminal("recover", str(shares[0][0]))
    terminal.wait_for("Next share")
    terminal.type("academic acid")
    terminal.wait_for("Next share", times=2)
    terminal.type(shares[0][1])
    terminal.wait_for("Next share", times=3)
    terminal.type(shares[1][1])
    terminal.wait_for("Enter hides it")
    assert password_of(shares) in shown(terminal)
    terminal.type("")

    assert terminal.end() == 0
    assert "no share has 2 words" in terminal.printed
    assert "is there already" in terminal.printed


def test_a_password_is_not_sent_into_a_pipe(shares: list[tuple[Path, str]]) -> None:
    command = [sys.executable, "-m", "keyvault_kit.cli.main", "recover"]
    sheets = [str(sheet) for sheet, _ in shares[:2]]

    done = subprocess.run([*command, *sheets], capture_output=True, text=True, check=False)

    assert done.returncode == 5
    assert done.stdout == ""
    assert "a secret goes to a terminal only" in done.stderr

"""A founded rehearsal ledger, and the program over it as its users run it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Final

import pytest
from msgspec import structs

from keyvault_kit.assembly import Bench, open_book
from keyvault_kit.cli.main import run
from keyvault_kit.custody.entries import Entry, decode
from keyvault_kit.custody.register import Register
from keyvault_kit.softkey.state import KeyState

COMMAND: Final = (sys.executable, "-m", "keyvault_kit.cli.main")
ENVIRONMENT: Final = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8"}

Done = subprocess.CompletedProcess[str]


class Desk:
    """A folder with a ledger, and the program run in there.

    Attributes:
        folder: Where the program is called; it has `ledger.db`, which is what verbs use unless
            another is named, and `sheets`.
        by: The options that name the two founders.
        identity: The option that names the sheet of the station's identity.
        pin: The PIN of K1, where it was set.
    """

    by: Final = ("--by", "alice", "--by", "bob")
    identity: Final = ("--identity", "sheets/identity-station-id1-1.pdf")
    pin: Final = "40718295"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.db"

    def run(self, *words: str, typed: tuple[str, ...] = ()) -> Done:
        """Run the program to its end; `typed` are the lines on its standard input."""
        return subprocess.run(
            [*COMMAND, *words],
            input="".join(f"{line}\n" for line in typed),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=ENVIRONMENT,
            start_new_session=True,  # without a terminal, hidden answers come by standard input
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the program, to be talked with by pipes; its standard output goes nowhere."""
        return subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=ENVIRONMENT,
            start_new_session=True,
        )

    def sit(self, *words: str, typed: tuple[str, ...] = ("y",)) -> Done:
        """Run a verb that two people begin by reading the time, which is right."""
        return self.run(*words, typed=(self.now(), self.now(), *typed))

    def do(self, *words: str, typed: tuple[str, ...] = ("y",)) -> Done:
        """As :meth:`sit`, by both founders and in this process, and it must succeed."""
        done = self.ask(*words, *self.by, typed=(self.now(), self.now(), *typed))
        assert done.returncode == 0, done.stderr
        return done

    def ask(self, *words: str, typed: tuple[str, ...] = ()) -> Done:
        """As :meth:`run`, but in this process, which is quicker; hidden answers are typed, too."""
        out, err, lines = BytesIO(), BytesIO(), StringIO("".join(f"{line}\n" for line in typed))

        def hidden(prompt: str) -> str:
            sys.stderr.write(f"{prompt}\n")
            line = lines.readline()
            if not line:
                raise EOFError
            return line.rstrip("\n")

        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr("sys.stdin", lines)
            patch.setattr("getpass.getpass", hidden)
            patch.setattr("sys.stdout", TextIOWrapper(out, "utf-8", write_through=True))
            patch.setattr("sys.stderr", TextIOWrapper(err, "utf-8", write_through=True))
            status = run(list(words))
            return Done(words, status, out.getvalue().decode(), err.getvalue().decode())

    def read(self, *words: str) -> str:
        """What a verb prints that asks nobody, and that must succeed."""
        done = self.ask(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @staticmethod
    def now() -> str:
        """The time, as people type it."""
        return f"{datetime.now(UTC):%Y-%m-%d %H:%M}"

    @property
    def register(self) -> Register:
        """What is true now."""
        book = open_book(self.ledger)
        with book.ledger:
            return book.register

    @property
    def entries(self) -> list[Entry]:
        """All entries."""
        book = open_book(self.ledger)
        with book.ledger:
            return [decode(body) for body in book.ledger.bodies()]

    def kinds(self, since: int = 0) -> list[str]:
        """The kinds of the entries from that place on."""
        return [str(type(it.fact).__struct_config__.tag) for it in self.entries[since:]]

    def sheets(self) -> set[str]:
        """The names of the sheets that were printed, and not destroyed."""
        return {path.stem for path in (self.folder / "sheets").iterdir()}

    # --- Software keys, as they lie in the folder

    def put_key(self, tag: str, model: str, *, claimed: str = "") -> None:
        """Lay a new key of that model into the folder, where it is plugged in when asked for."""
        bench = Bench.again(self.folder / "softkeys")
        bench.add(tag, model, claimed=claimed)
        self._key_file(tag).write_bytes(bench._lying(tag)._memory.state.to_json())

    def key(self, tag: str) -> KeyState:
        """What a key keeps without power."""
        return KeyState.from_json(self._key_file(tag).read_bytes())

    def change_key(self, tag: str, **fields: object) -> None:
        """Have a key keep something else without power."""
        changed = structs.replace(self.key(tag), **fields)
        self._key_file(tag).write_bytes(changed.to_json())

    def _key_file(self, tag: str) -> Path:
        return self.folder / "softkeys" / f"{tag}.json"

    def copy(self, folder: Path) -> "Desk":
        """A copy of it all, at another site."""
        shutil.copytree(self.folder, folder)
        return Desk(folder)


def refused(done: Done, status: int, *words: str) -> bool:
    """Whether a run ended with that status, in one clear error that has these words."""
    _, mark, error = done.stderr.rpartition("keyvault: ")
    told = bool(mark) and all(word in error for word in words)
    return told and done.returncode == status and "Traceback" not in done.stderr


@pytest.fixture
def refusal() -> Callable[..., bool]:
    """Whether a run ended with that status, in one clear error that has these words."""
    return refused


@pytest.fixture(scope="session")
def small_toml() -> Path:
    """The smallest organisation that has everything; alice and bob found its ledger."""
    return Path(__file__).parents[1] / "data" / "small.toml"


FOUNDING: Final = ("BAG-1", "BAG-1", "1", "1", "0", "y", "1", "1")
"""What people type at a founding: the bag's number; the pages; that it lies; that each agrees."""


@pytest.fixture(scope="session")
def found(small_toml: Path) -> Callable[[Path], Desk]:
    """Founds a ledger in a new folder by the real command."""

    def founding(folder: Path) -> Desk:
        folder.mkdir()
        desk = Desk(folder)
        done = desk.run("init", str(small_toml), "--rehearsal", typed=FOUNDING)
        assert done.returncode == 0, done.stderr
        return desk

    return founding


@pytest.fixture(scope="session")
def founded(found: Callable[[Path], Desk], tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A founded ledger with four signers: alice and bob, carol and erin. To be read only."""
    desk = found(tmp_path_factory.mktemp("founded") / "desk")
    desk.do("people", "enrol", "carol", "erin", typed=("1",) * 4)
    return desk


@pytest.fixture(scope="session")
def stranger(found: Callable[[Path], Desk], tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The ledger of another register, founded from the same file. To be read only."""
    return found(tmp_path_factory.mktemp("stranger") / "desk")


@pytest.fixture
def desk(founded: Desk, tmp_path: Path) -> Desk:
    """A copy of the founded ledger, for one test alone."""
    return founded.copy(tmp_path / "desk")


@pytest.fixture(scope="session")
def with_keys(founded: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The founded ledger with K1, which has a PIN, and K2, which has no serial number, registered.

    To be read only.
    """
    desk = founded.copy(tmp_path_factory.mktemp("keys") / "desk")
    for tag, model in (("K1", "five"), ("K2", "security-key")):
        desk.put_key(tag, model)
        label = desk.key(tag).serial
        words = ("keys", "register", tag, "--account", "bg1", "--use", "primary", "--by", "carol")
        done = desk.ask(*words, typed=(str(label or ""),))
        assert done.returncode == 0, done.stderr
    done = desk.ask("keys", "set-pin", "--tag", "K1", "--by", "carol", typed=(desk.pin, desk.pin))
    assert done.returncode == 0, done.stderr
    return desk


@pytest.fixture
def keyed(with_keys: Desk, tmp_path: Path) -> Desk:
    """A copy of that, for one test alone."""
    return with_keys.copy(tmp_path / "keyed")


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """A folder in which nothing was founded yet."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return Desk(folder)

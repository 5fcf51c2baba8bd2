"""Ledgers to test with, and their rows."""

import ctypes
import errno
import os
import pty
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from keyvault_kit.custody.commitments import commit_bytes
from keyvault_kit.ledger.store import Detail, Ledger

Tear = Callable[[Path, Path], None]

CLONE_NEWNS: Final = 0x00020000
"""A mount name space (unshare(2), setns(2))."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's ledger lies."""
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """A new ledger, empty."""
    with Ledger.create(path) as made:
        yield made


@pytest.fixture
def bodies() -> Callable[[int], list[bytes]]:
    """That many entries' bytes, all different."""
    return lambda count: [b'{"seq":%d}' % seq for seq in range(count)]


@pytest.fixture
def detail() -> Callable[[str], Detail]:
    """A row with that name, as an entry would commit to it."""

    def made(name: str) -> Detail:
        salt, row = name.encode().rjust(16, b".")[:16], f'{{"name":"{name}"}}'.encode()
        return Detail(commit_bytes(salt, row), salt, row)

    return made


@pytest.fixture
def tear() -> Tear:
    """Copies a ledger in the middle of a write, journal and all: what a power cut leaves."""

    def copied(source: Path, torn: Path) -> None:
        with closing(sqlite3.connect(source, isolation_level=None)) as writer:
            writer.execute("PRAGMA cache_spill = 1")
            writer.execute("PRAGMA cache_size = 1")
            writer.execute("BEGIN IMMEDIATE")
            (size,) = writer.execute("SELECT size FROM tree").fetchone()
            for seq in range(size, size + 500):
                writer.execute("INSERT INTO entry VALUES (?, zeroblob(999), zeroblob(32))", (seq,))
            torn.write_bytes(source.read_bytes())
            journal = source.with_name(f"{source.name}-journal").read_bytes()
            torn.with_name(f"{torn.name}-journal").write_bytes(journal)
            writer.execute("ROLLBACK")

    return copied


@contextmanager
def private_mounts() -> Iterator[None]:
    """What is mounted within is seen here alone, and ends with this process, however that ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = Path.cwd()
    with Path("/proc/self/ns/mnt").open("rb") as before:
        if libc.unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "no mount name space of its own (are you root?)")
        try:
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            yield
        finally:
            assert libc.setns(before.fileno(), CLONE_NEWNS) == 0
            os.chdir(here)


@pytest.fixture
def medium(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A file system of its own, and what makes it read-only."""
    place = tmp_path / "medium"
    place.mkdir()

    def protect() -> None:
        os.sync()
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)

    with private_mounts():
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
        yield place, protect


@pytest.fixture
def made() -> Callable[[Path, list[bytes]], bytes]:
    """Makes a ledger of these entries, and gives its file's bytes."""

    def made(path: Path, bodies: list[bytes]) -> bytes:
        with Ledger.create(path) as ledger:
            ledger.append(bodies)
            return ledger.serialize()

    return made


@pytest.fixture
def read() -> Callable[[Path], list[bytes]]:
    """Opens a ledger read-only, checks it, and gives its entries."""

    def read(path: Path) -> list[bytes]:
        with Ledger.open(path, read_only=True) as ledger:
            ledger.check()
            return list(ledger.bodies())

    return read


@pytest.fixture(params=["hard links", "no hard links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the file system knows hard links; FAT, on most sticks, does not."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", refuse)
    return bool(request.param == "hard links")


@pytest.fixture
def at_a_terminal() -> Callable[[list[str], list[str]], None]:
    """Runs a program that asks the terminal alone for a passphrase, and types each answer."""

    def run(command: list[str], answers: list[str]) -> None:
        terminal, its = pty.openpty()
        shown = b""
        with subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command], stdin=its, stderr=its
        ) as it:
            os.close(its)
            for asked, answer in enumerate(answers):
                while shown.lower().count(b"passphrase") <= asked:
                    shown += os.read(terminal, 1024)
                os.write(terminal, f"{answer}\n".encode())
            assert it.wait(timeout=60) == 0, shown
        os.close(terminal)

    return run

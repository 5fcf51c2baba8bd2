"""The SQLite file beneath a ledger: its tables, how it is opened, and what can go wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from keyvault_kit.errors import (
    InputError,
    InternalError,
    KeyvaultError,
    LedgerError,
    RefusedError,
)

APPLICATION_ID: Final = 0x4B564B4C
"""'KVKL': in the file's header, it tells a ledger from any other SQLite file."""

FORMAT: Final = 1
BUSY_SECONDS: Final = 30

DAMAGED: Final = "Do not write to it. Restore the newest backup that verifies against a paper."

# INSERT OR REPLACE passes the trigger on DELETE by, hence the one on INSERT.
SCHEMA: Final = (
    "CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, leaf BLOB NOT NULL)",
    """CREATE TABLE tree (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL,
                          frontier BLOB NOT NULL)""",
    """CREATE TABLE signature (size INTEGER NOT NULL, person TEXT NOT NULL, armored TEXT NOT NULL,
                               PRIMARY KEY (size, person))""",
    "CREATE TABLE detail (commitment TEXT PRIMARY KEY, salt BLOB NOT NULL, row BLOB NOT NULL)",
    """CREATE TRIGGER entry_is_the_next BEFORE INSERT ON entry
       WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entry)
       BEGIN SELECT RAISE(ABORT, 'an entry of the ledger follows the last one'); END""",
    """CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
       BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never changed'); END""",
    """CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
       BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never deleted'); END""",
)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file without implicit transactions.

    Args:
        mode: `ro`, `rw` or `rwc`, as in SQLite's URIs.
    """
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)


def prepare(database: sqlite3.Connection) -> None:
    """Durable above all: one file, every commit on the disk, and what is erased overwritten."""
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute("PRAGMA synchronous = EXTRA")
    database.execute("PRAGMA secure_delete = ON")


def lay_out(database: sqlite3.Connection) -> None:
    """Make the tables, unless somebody who was interrupted had made them already."""
    if database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,):
        return
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {FORMAT}")
    for statement in SCHEMA:
        database.execute(statement)
    database.execute("INSERT INTO tree VALUES (1, 0, x'')")


def check_header(path: Path, database: sqlite3.Connection) -> None:
    """Check that the file is a ledger, of the format that we know.

    Raises:
        InputError: It is not.
    """
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise InputError(f"{path} is no ledger of keyvault-kit", mend="Name another --ledger.")
    if version != FORMAT:
        raise InputError(
            f"{path} has ledger format {version}, and this program knows {FORMAT}",
            mend="Use the program that wrote it, or a newer one.",
        )


def check_writable(database: sqlite3.Connection) -> None:
    """Begin a write and take it back, so that whoever came to write knows now.

    Raises:
        sqlite3.Error: The file, or its folder, cannot be written.
    """
    database.execute("BEGIN IMMEDIATE")  # alone it also passes on read-only media
    try:
        database.execute(f"PRAGMA user_version = {FORMAT}")
    finally:
        database.execute("ROLLBACK")


def was_interrupted(path: Path) -> bool:
    """Whether a writer died in the middle: then its journal lies beside the file."""
    journal = path.with_name(f"{path.name}-journal")
    return journal.exists() and journal.stat().st_size > 0


_NOT_WRITABLE: Final = (
    InputError,
    "cannot be opened or written",
    "Make the file and its folder writable, or copy both to where they are.",
)
_IN_USE: Final = (
    RefusedError,
    "is in use by another process",
    "Wait until it has ended, and repeat.",
)
_FAILURES: Final[dict[int, tuple[type[KeyvaultError], str, str]]] = {
    sqlite3.SQLITE_BUSY: _IN_USE,
    sqlite3.SQLITE_LOCKED: _IN_USE,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_FULL: (
        LedgerError,
        "has no room on its disk, and nothing was written",
        "Free space, and repeat.",
    ),
    sqlite3.SQLITE_CONSTRAINT: (LedgerError, "refuses it, and nothing was written", ""),
    sqlite3.SQLITE_NOTADB: (InputError, "is no ledger of keyvault-kit", "Name another --ledger."),
}


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into our errors, by its own result codes.

    Raises:
        InputError: The file cannot be opened or written, or is no ledger.
        RefusedError: Another process holds it.
        LedgerError: It is damaged, or its disk is full.
        InternalError: It was closed before.
    """
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise InternalError(f"{path} was used closed, or in a foreign thread: {error}") from error
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:  # the last: damaged text
        # The low byte of an extended result code is the primary one.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind, what, mend = _FAILURES.get(code, (LedgerError, "cannot be used", DAMAGED))
        raise kind(f"{path} {what} ({error})", mend=mend) from error

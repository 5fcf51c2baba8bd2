"""The SQLite file beneath a ledger: its tables, how it is opened, and what can go wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
    """CREATE TABLE detail (commitment TEXT PRIMARY KEY, salt BLOB NOT NULL, row BLOB NOT NULL,
                            keep_until TEXT)""",
    """CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL,
                              leaf BLOB NOT NULL, state BLOB NOT NULL, digest BLOB NOT NULL)""",
    """CREATE TRIGGER entry_is_the_next BEFORE INSERT ON entry
       WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entry)
       BEGIN SELECT RAISE(ABORT, 'an entry of the ledger follows the last one'); END""",
    """CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
       BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never changed'); END""",
    """CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
       BEGIN SELECT RAISE(ABORT, 'an entry of the ledger is never deleted'); END""",
    """CREATE TRIGGER signature_is_made_once BEFORE INSERT ON signature
       WHEN EXISTS (SELECT 1 FROM signature WHERE size = NEW.size AND person = NEW.person)
       BEGIN SELECT RAISE(ABORT, 'a signature of the ledger is made once'); END""",
    """CREATE TRIGGER signature_is_never_changed BEFORE UPDATE ON signature
       BEGIN SELECT RAISE(ABORT, 'a signature of the ledger is never changed'); END""",
    """CREATE TRIGGER signature_is_never_deleted BEFORE DELETE ON signature
       BEGIN SELECT RAISE(ABORT, 'a signature of the ledger is never deleted'); END""",
)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file without implicit transactions.

    Args:
        mode: `ro`, `rw` or `rwc`, as in SQLite's URIs.
    """
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    database.execute("PRAGMA trusted_schema = OFF")  # a file from elsewhere is not trusted
    return database


def copy_of(database: sqlite3.Connection) -> bytes:
    """The whole file at one moment, whoever writes meanwhile; what was erased stays erased.

    sqlite3's own `serialize` of a file would put zeros for a page that cannot be read. Its backup
    fails then, as it should. Erased rows are zeros in the file already (:func:`prepare`).
    """
    with closing(sqlite3.connect(":memory:")) as copy:
        database.backup(copy)
        return copy.serialize()


def load(data: bytes) -> sqlite3.Connection:
    """A file's bytes, opened in memory: nothing that is wrong in them reaches a disk.

    Raises:
        sqlite3.Error: Only when it is read, if it is no database.
    """
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("PRAGMA trusted_schema = OFF")
    if data:  # none at all is an empty database, as an empty file is
        database.deserialize(data)
    database.execute("PRAGMA query_only = ON")
    return database


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
        raise InputError(f"{path} is no ledger of keyvault-kit", mend="Name another file.")
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
        if database.in_transaction:  # a failed write was rolled back already
            database.execute("ROLLBACK")


@contextmanager
def transaction(database: sqlite3.Connection, kind: str) -> Iterator[None]:
    """Everything within, or nothing of it.

    Args:
        kind: `DEFERRED` to read one state, `IMMEDIATE` to write, as in SQLite's BEGIN.
    """
    database.execute(f"BEGIN {kind}")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def journal_of(path: Path) -> Path:
    """Where SQLite keeps what it needs to take a write back."""
    return path.with_name(f"{path.name}-journal")


def was_interrupted(path: Path) -> bool:
    """Whether a writer died in the middle: then its journal lies beside the file."""
    journal = journal_of(path)
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
    sqlite3.SQLITE_READONLY_ROLLBACK: (
        InputError,
        "was left in the middle of a write, and what is half cannot be taken back where it lies",
        "Copy it, and the file of that name with -journal, to a writable folder; open it there.",
    ),
    sqlite3.SQLITE_READONLY_DBMOVED: (
        RefusedError,
        "was replaced since it was opened, and nothing was written",
        "Open it again, and look at what is there now.",
    ),
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
    sqlite3.SQLITE_NOTADB: (InputError, "is no ledger of keyvault-kit", "Name another file."),
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
        code = getattr(error, "sqlite_errorcode", 0)
        # The low byte of an extended result code is the primary one.
        failure = _FAILURES.get(code) or _FAILURES.get(code & 0xFF)
        kind, what, mend = failure or (LedgerError, "cannot be used", DAMAGED)
        raise kind(f"{path} {what} ({error})", mend=mend) from error

"""The ledger file: entries in SQLite, append-only by triggers as well as by hash.

The store keeps opaque bytes. What an entry may say is for `custody` to judge, before it comes here.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from keyvault_kit.errors import InputError, LedgerError, RefusedError
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.database import (
    DAMAGED,
    SCHEMA,
    check_header,
    check_writable,
    connect,
    lay_out,
    our_errors,
    prepare,
    was_interrupted,
)
from keyvault_kit.ledger.merkle import HASH_SIZE, Tree, leaf_hash

_PAGE: Final = 1000
"""Entries read at a time; between two pages the file is not locked."""


class Detail(msgspec.Struct, frozen=True):
    """A row of the erasable table; an entry holds its commitment.

    Attributes:
        commitment: 64 hex digits.
        salt: 16 bytes.
        row: Canonical JSON.
    """

    commitment: str
    salt: bytes
    row: bytes


class Ledger:
    """An open ledger file. Made by :meth:`create` and :meth:`open`; a context manager."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new, empty ledger; it is there whole or not at all.

        Raises:
            InputError: The file exists, or cannot be written.
        """
        half = path.with_name(f".{path.name}.half")
        taken = InputError(f"{path} exists already", mend="Choose another file.")
        if path.exists():
            raise taken
        with our_errors(path):
            with closing(connect(half, "rwc")) as database:
                prepare(database)
                database.execute("BEGIN EXCLUSIVE")  # of two who create it at once, one waits here
                if path.exists():  # and looks again
                    raise taken
                lay_out(database)
                database.execute("COMMIT")
            try:
                half.rename(path)
            except FileNotFoundError as error:  # the other one was a moment quicker
                raise taken from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open a ledger.

        Args:
            read_only: Nothing is written, and the file may lie on read-only media.

        Raises:
            InputError: There is no such file, or it is no ledger of ours, or of a newer format.
            LedgerError: It is damaged.
        """
        if not path.is_file():
            raise InputError(f"there is no ledger {path}", mend="Name it with --ledger FILE.")
        writable = not read_only or was_interrupted(path)  # only a writer can roll back
        with our_errors(path):
            database = connect(path, "rw" if writable else "ro")
            try:
                check_header(path, database)
                if not read_only:
                    prepare(database)
                    check_writable(database)
            except BaseException:
                database.close()
                raise
        return cls(path, database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- Reading

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._tree().size

    def root(self) -> bytes:
        """Root hash of all entries, 32 bytes."""
        return self._tree().root()

    @property
    def register_id(self) -> str:
        """Lower-case hex of the leaf hash of entry 0.

        Raises:
            LedgerError: The ledger is empty.
        """
        for (leaf,) in self._rows("SELECT leaf FROM entry WHERE seq = 0"):
            return _blob(leaf, "the leaf of entry 0").hex()
        raise LedgerError("this ledger is empty: it was not founded yet")

    def body(self, seq: int) -> bytes:
        """The exact bytes of one entry.

        Raises:
            InputError: There is no such entry.
            LedgerError: It is missing, or damaged.
        """
        size = self.size
        if not 0 <= seq < size:
            raise InputError(f"the ledger has {size} entries, and no entry {seq}")
        for (body,) in self._rows("SELECT body FROM entry WHERE seq = ?", seq):
            return _blob(body, f"entry {seq}")
        raise LedgerError(f"entry {seq} is missing", mend=DAMAGED)

    def bodies(self, start: int = 0) -> Iterator[bytes]:
        """The exact bytes of each entry from `start` on, in order.

        Raises:
            LedgerError: An entry is missing, or damaged.
        """
        query = "SELECT seq, body FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?"
        while page := self._rows(query, start, _PAGE):
            for seq, body in page:
                if seq != start:
                    raise LedgerError(f"entry {start} is missing", mend=DAMAGED)
                yield _blob(body, f"entry {seq}")
                start += 1

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The checkpoint of the first `size` entries, or of all.

        Raises:
            LedgerError: The ledger is empty, or has fewer entries.
        """
        tree = self._tree()
        if size is not None and size != tree.size:
            tree = Tree.of(self._leaves(size))
            if tree.size != size:
                raise LedgerError(f"the ledger has {tree.size} entries, not {size}")
        return Checkpoint(self.register_id, tree.size, tree.root())

    def signatures(self, size: int) -> dict[str, str]:
        """Signer's id -> armoured signature, for the checkpoint of that size."""
        query = "SELECT person, armored FROM signature WHERE size = ? ORDER BY person"
        return dict(self._rows(query, size))

    def signed_sizes(self) -> tuple[int, ...]:
        """The sizes of which there are signed checkpoints, ascending."""
        rows = self._rows("SELECT DISTINCT size FROM signature ORDER BY size")
        return tuple(size for (size,) in rows)

    def detail(self, commitment: str) -> Detail | None:
        """The row that a commitment stands for, unless it was erased."""
        query = "SELECT salt, row FROM detail WHERE commitment = ?"
        for salt, row in self._rows(query, commitment):
            return Detail(commitment, _blob(salt, "a salt"), _blob(row, "a detail"))
        return None

    def check(self) -> None:
        """Recompute every leaf, and the root, from the entries' bytes.

        Raises:
            LedgerError: Names the first entry that is missing or was changed.
        """
        with self._transaction("DEFERRED"):  # one state, whoever appends meanwhile
            self._check_tree(Tree.of(self._recomputed_leaves()))
            stored = {sql for (sql,) in self._rows("SELECT sql FROM sqlite_schema")}
        if not stored.issuperset(SCHEMA):
            raise LedgerError(
                f"the tables of {self.path}, or what keeps them append-only, were changed",
                mend=DAMAGED,
            )

    def _recomputed_leaves(self) -> Iterator[bytes]:
        rows = self._database.execute("SELECT seq, body, leaf FROM entry ORDER BY seq")
        for place, (seq, body, leaf) in enumerate(rows):
            if seq != place:
                raise LedgerError(f"entry {place} is missing", mend=DAMAGED)
            if not isinstance(body, bytes) or leaf_hash(body) != leaf:
                raise LedgerError(f"entry {seq} was changed", mend=DAMAGED)
            yield leaf

    def _check_tree(self, tree: Tree) -> None:
        stored = self._tree()
        if tree.size != stored.size:
            raise LedgerError(
                f"there are {tree.size} entries and the tree has {stored.size}: entry"
                f" {min(tree.size, stored.size)} is the first that is missing or too many",
                mend=DAMAGED,
            )
        if tree.frontier != stored.frontier:
            raise LedgerError("the tree's stored state is not that of its entries", mend=DAMAGED)

    # --- Writing

    def append(
        self,
        bodies: Sequence[bytes],
        *,
        details: Iterable[Detail] = (),
        expected_size: int | None = None,
    ) -> range:
        """Append entries, all of them or none; when this returns they outlive a power cut.

        Args:
            details: Rows of the erasable table that belong to them.
            expected_size: What the ledger's size must be beforehand, where that matters.

        Returns:
            The places of the new entries.

        Raises:
            RefusedError: Somebody else appended meanwhile.
            LedgerError: The file cannot be written; nothing of it was.
        """
        with self._transaction():
            tree = self._tree()
            first = tree.size
            if expected_size is not None and first != expected_size:
                raise RefusedError(
                    f"the ledger has {first} entries, not {expected_size}: somebody wrote to it",
                    mend="Look at what was written, and begin the step again.",
                )
            leaves = [leaf_hash(body) for body in bodies]
            after = tree.extend(leaves)
            entries = zip(range(first, after.size), bodies, leaves, strict=True)
            self._database.executemany("INSERT INTO entry VALUES (?, ?, ?)", entries)
            rows = ((it.commitment, it.salt, it.row) for it in details)
            self._database.executemany("INSERT INTO detail VALUES (?, ?, ?)", rows)
            state = (after.size, b"".join(after.frontier))
            self._database.execute("UPDATE tree SET size = ?, frontier = ?", state)
        return range(first, after.size)

    def add_signature(self, size: int, person: str, armored: str) -> None:
        """Keep a person's signature on the checkpoint of that size.

        Raises:
            RefusedError: There is one of that person already, or the ledger is smaller.
            LedgerError: The file cannot be written.
        """
        with self._transaction():
            now = self.size
            if not 0 < size <= now:
                raise RefusedError(f"the ledger has {now} entries: {size} cannot be signed")
            if person in self.signatures(size):
                raise RefusedError(f"{person} has signed the checkpoint of {size} entries already")
            values = (size, person, armored)
            self._database.execute("INSERT INTO signature VALUES (?, ?, ?)", values)

    def erase_detail(self, commitment: str) -> None:
        """Erase a row with its salt; its commitment stays, and tells nothing any more.

        Raises:
            InputError: There is no such row, or it was erased before.
            LedgerError: The file cannot be written.
        """
        query = "DELETE FROM detail WHERE commitment = ?"
        with self._transaction():
            if not self._database.execute(query, (commitment,)).rowcount:
                raise InputError(f"there is no detail {commitment} to erase")

    # --- Within

    def _tree(self) -> Tree:
        for size, frontier in self._rows("SELECT size, frontier FROM tree"):
            if not isinstance(size, int) or not isinstance(frontier, bytes):
                break
            starts = range(0, len(frontier), HASH_SIZE)
            return Tree(size, tuple(frontier[i : i + HASH_SIZE] for i in starts))
        raise LedgerError(f"{self.path} has lost the state of its tree", mend=DAMAGED)

    def _leaves(self, size: int) -> Iterator[bytes]:
        rows = self._rows("SELECT leaf FROM entry WHERE seq < ? ORDER BY seq", size)
        return (_blob(leaf, "the leaf of an entry") for (leaf,) in rows)

    def _rows(self, query: str, *values: int | str) -> list[tuple[Any, ...]]:
        """All rows at once: a cursor left half-read would lock other writers out."""
        with our_errors(self.path):
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        with our_errors(self.path):
            self._database.execute(f"BEGIN {kind}")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


def _blob(value: object, what: str) -> bytes:
    if not isinstance(value, bytes):
        raise LedgerError(f"{what} was changed: it is no longer bytes", mend=DAMAGED)
    return value

"""Reading a ledger: its entries and their tree, what was signed of them, and the rows beside them.

Everything that is read is checked to be of its kind: the file may come from anywhere.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import msgspec

from keyvault_kit.errors import InputError, LedgerError
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.database import (
    DAMAGED,
    SCHEMA,
    check_header,
    copy_of,
    load,
    our_errors,
    transaction,
)
from keyvault_kit.ledger.merkle import HASH_SIZE, Tree, leaf_hash

IN_MEMORY: Final = Path("the copy in memory")
"""What errors call a ledger that has no file."""

_DETAILS: Final = "SELECT commitment, salt, row, keep_until FROM detail"
_Kind = TypeVar("_Kind")
_PAGE: Final = 1000
"""Entries read at a time; between two pages the file is not locked."""


class Detail(msgspec.Struct, frozen=True):
    """A row of the erasable table; an entry holds its commitment.

    Attributes:
        commitment: 64 hex digits.
        salt: 16 bytes.
        row: Canonical JSON.
        keep_until: The day after which it may be erased, as YYYY-MM-DD.
    """

    commitment: str
    salt: bytes
    row: bytes
    keep_until: str | None = None


class Reader:
    """A ledger that is read: a file's, or a copy in memory. A context manager.

    Args:
        path: The file; what errors call it.
        database: Open, and of our format (:func:`check_header`).
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def from_bytes(cls, data: bytes, path: Path = IN_MEMORY) -> Self:
        """Open a copy of a ledger in memory, read-only.

        Args:
            path: What errors call it.

        Raises:
            InputError: It is no ledger of ours, or of a newer format.
        """
        with our_errors(path):
            database = load(data)
            try:
                check_header(path, database)
            except BaseException:
                database.close()
                raise
        return cls(path, database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
            return _of(bytes, leaf, "the leaf of entry 0").hex()
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
            return _of(bytes, body, f"entry {seq}")
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
                yield _of(bytes, body, f"entry {seq}")
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

    def roots(self, sizes: Collection[int]) -> dict[int, bytes]:
        """The root of the first so many entries, for each of the sizes; one pass for all.

        Raises:
            LedgerError: The ledger is smaller than one of them.
        """
        wanted = sorted({size for size in sizes if size > 0})
        found: dict[int, bytes] = {}
        tree, leaves = Tree(), self._leaves(wanted[-1] if wanted else 0)
        for size in wanted:
            tree = tree.extend(islice(leaves, size - tree.size))
            if tree.size != size:
                raise LedgerError(f"the ledger has {tree.size} entries, not {size}")
            found[size] = tree.root()
        return found

    def size_of(self, root: bytes) -> int | None:
        """How many entries there were when the ledger had this root; None if it never had it."""
        tree = Tree()
        for leaf in self._leaves(self.size):
            tree = tree.append(leaf)
            if tree.root() == root:
                return tree.size
        return None

    def signatures(self, size: int) -> dict[str, str]:
        """Signer's id -> armoured signature, for the checkpoint of that size."""
        query = "SELECT person, armored FROM signature WHERE size = ? ORDER BY person"
        rows = self._rows(query, size)
        return {_of(str, person, "a signer"): _of(str, it, "a signature") for person, it in rows}

    def signed_sizes(self) -> tuple[int, ...]:
        """The sizes of which there are signed checkpoints, ascending."""
        rows = self._rows("SELECT DISTINCT size FROM signature ORDER BY size")
        return tuple(_of(int, size, "the size of a signed checkpoint") for (size,) in rows)

    def detail(self, commitment: str) -> Detail | None:
        """The row that a commitment stands for, unless it was erased."""
        for row in self._rows(f"{_DETAILS} WHERE commitment = ?", commitment):
            return _detail(row)
        return None

    def details(self) -> list[Detail]:
        """All rows that were not erased."""
        return [_detail(row) for row in self._rows(f"{_DETAILS} ORDER BY commitment")]

    def expired_details(self, today: date) -> list[Detail]:
        """The rows whose retention time is over."""
        query = f"{_DETAILS} WHERE keep_until < ? ORDER BY commitment"
        return [_detail(row) for row in self._rows(query, today.isoformat())]

    def snapshot(self) -> tuple[int, bytes] | None:
        """The size and the state that were kept last, if they still fit these entries.

        It is a cache: one that does not fit is as good as none, and no error.
        """
        query = "SELECT size, leaf, state, digest FROM snapshot"
        for size, leaf, state, digest in self._rows(query):
            whole = all(isinstance(it, bytes) for it in (leaf, state, digest))
            if not whole or not isinstance(size, int) or not 0 < size <= self.size:
                return None
            rows = self._rows("SELECT leaf FROM entry WHERE seq = ?", size - 1)
            if rows == [(leaf,)] and digest == snapshot_digest(size, leaf, state):
                return size, state
        return None

    def check(self) -> None:
        """Recompute every leaf, and the root, from the entries' bytes.

        Raises:
            LedgerError: Names the first entry that is missing or was changed.
        """
        with self._transaction("DEFERRED"):  # one state, whoever appends meanwhile
            self._check_tree(Tree.of(self._recomputed_leaves()))
            self._check_indexes()
            stored = {sql for (sql,) in self._rows("SELECT sql FROM sqlite_schema WHERE sql <> ''")}
        if stored != set(SCHEMA):  # one trigger too many could undo what the others keep
            raise LedgerError(
                f"the tables of {self.path}, or what keeps them append-only, were changed",
                mend=DAMAGED,
            )

    def _check_indexes(self) -> None:
        """What is looked up by an index must be what the table holds."""
        for name in ("signature", "detail"):
            for (told,) in self._rows(f"PRAGMA integrity_check({name})"):
                if told != "ok":
                    raise LedgerError(f"table {name} of {self.path}: {told}", mend=DAMAGED)

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

    def serialize(self) -> bytes:
        """A copy of the whole file at one moment, whoever writes meanwhile.

        Raises:
            LedgerError: The file cannot be read.
        """
        with self._transaction("DEFERRED"):
            self._tree()  # takes the lock, or says now who holds it
            return copy_of(self._database)

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
        return (_of(bytes, leaf, "the leaf of an entry") for (leaf,) in rows)

    def _rows(self, query: str, *values: int | str) -> list[tuple[Any, ...]]:
        """All rows at once: a cursor left half-read would lock other writers out."""
        with our_errors(self.path):
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        with our_errors(self.path), transaction(self._database, kind):
            yield


def snapshot_digest(size: int, leaf: bytes, state: bytes) -> bytes:
    """What tells that a snapshot is whole."""
    return hashlib.sha256(b"%d\n" % size + leaf + state).digest()


def _detail(row: tuple[Any, ...]) -> Detail:
    commitment, salt, data, keep_until = row
    return Detail(
        _of(str, commitment, "a commitment"),
        _of(bytes, salt, "a salt"),
        _of(bytes, data, "a detail"),
        None if keep_until is None else _of(str, keep_until, "a retention time"),
    )


def _of(kind: type[_Kind], value: object, what: str) -> _Kind:
    """A value out of the file, once it is of its kind: SQLite keeps any in any column."""
    if not isinstance(value, kind):
        raise LedgerError(f"{what} was changed: it is no longer {kind.__name__}", mend=DAMAGED)
    return value

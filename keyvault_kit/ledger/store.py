"""The ledger file: entries in SQLite, append-only by triggers as well as by hash.

The store keeps opaque bytes. What an entry may say is for `custody` to judge, before it comes here.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.ledger.database import (
    check_header,
    check_writable,
    connect,
    lay_out,
    our_errors,
    prepare,
    was_interrupted,
)
from keyvault_kit.ledger.merkle import leaf_hash
from keyvault_kit.ledger.reading import Detail, Reader, snapshot_digest

__all__ = ["Detail", "Ledger"]

_INSERT_DETAIL: Final = "INSERT INTO detail VALUES (?, ?, ?, ?)"


class Ledger(Reader):
    """An open ledger file. Made by :meth:`create` and :meth:`open`; a context manager."""

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
                half.chmod(0o600)  # names lie in it
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

    # --- Writing

    def append(
        self,
        bodies: Sequence[bytes],
        *,
        details: Iterable[Detail] = (),
        erase: Iterable[str] = (),
        signatures: Iterable[tuple[int, str, str]] = (),
        expected_size: int | None = None,
    ) -> range:
        """Append entries, all of them or none; when this returns they outlive a power cut.

        Args:
            details: Rows of the erasable table that belong to them.
            erase: Commitments of rows that go with them.
            signatures: Size, person and armoured signature of checkpoints that they speak of.
            expected_size: What the ledger's size must be beforehand, where that matters.

        Returns:
            The places of the new entries.

        Raises:
            RefusedError: Somebody else appended meanwhile.
            InputError: There is no such row to erase.
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
            rows = ((it.commitment, it.salt, it.row, it.keep_until) for it in details)
            self._database.executemany(_INSERT_DETAIL, rows)
            self._erase(erase)
            for size, person, armored in signatures:
                self._sign(size, person, armored)
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
            self._sign(size, person, armored)

    def _sign(self, size: int, person: str, armored: str) -> None:
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
        with self._transaction():
            self._erase((commitment,))

    def keep_snapshot(self, size: int, state: bytes) -> None:
        """Keep the state after the first `size` entries, in the place of the one before.

        Raises:
            InputError: There are fewer entries.
            LedgerError: The file cannot be written.
        """
        leaf = leaf_hash(self.body(size - 1))
        values = (size, leaf, state, snapshot_digest(size, leaf, state))
        with self._transaction():
            self._database.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?)", values)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all others from writing meanwhile; nothing is written here either.

        Raises:
            RefusedError: Somebody writes, and does not end.
        """
        with our_errors(self.path):
            self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._database.execute("ROLLBACK")

    # --- Within

    def _erase(self, commitments: Iterable[str]) -> None:
        """Delete these rows, and write the others anew into an empty table.

        SQLite clears what it frees (secure_delete), but not the copies of rows, salts and all, that
        it leaves where it moves them from one page to another. An emptied table has none.
        """
        erased = list(commitments)
        for commitment in erased:
            query = "DELETE FROM detail WHERE commitment = ?"
            if not self._database.execute(query, (commitment,)).rowcount:
                raise InputError(f"there is no detail {commitment} to erase")
        if erased:
            others = self._rows("SELECT * FROM detail ORDER BY rowid")
            self._database.execute("DELETE FROM detail")
            self._database.executemany(_INSERT_DETAIL, others)

"""Backups: a ledger copied while it is in use, and put back so that no moment is without one.

A backup is the ledger file itself, encrypted by age: stock `age` opens it without the kit.
"""

import errno
import glob
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import InputError, LedgerError, RefusedError
from keyvault_kit.ledger.database import journal_of, was_interrupted
from keyvault_kit.ledger.store import Ledger

STAMP: Final = "%Y%m%dT%H%M%SZ"

_NO_HARD_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system says that knows none (FAT, on most sticks), or a kernel that forbids them."""


class Restored(msgspec.Struct, frozen=True):
    """What was put back.

    Attributes:
        entries: How many entries it has.
        kept: Where the ledger lies that was there before; None where there was none.
    """

    entries: int
    kept: Path | None


# --- Backing up


def back_up(ledger: Ledger, target: Path, encrypt: Callable[[bytes], bytes]) -> int:
    """Write an encrypted copy of a ledger, as it is at this moment; it may be in use.

    Args:
        target: A new file.
        encrypt: From the file's bytes to an age file.

    Returns:
        The number of entries in the copy.

    Raises:
        InputError: The target exists, or cannot be written.
        LedgerError: The ledger is damaged: a copy of it would be no backup.
    """
    if target.exists():
        raise _exists(target)
    data = ledger.serialize()
    with Ledger.from_bytes(data, ledger.path) as copy:
        copy.check()
        entries = copy.size
    encrypted = encrypt(data)
    with _os_errors(target), _written_beside(target, encrypted) as half:
        try:
            _name(half, target)
        except FileExistsError as error:
            raise _exists(target) from error
        _sync(target.parent)
    return entries


def _exists(target: Path) -> InputError:
    return InputError(f"{target} exists already", mend="Name a new file for each backup.")


# --- Restoring


def restore(
    data: bytes,
    target: Path,
    verify: Callable[[Ledger], object],
    *,
    now: datetime,
    give_up: bool = False,
) -> Restored:
    """Put a ledger back: verified first, in place last, and what was there is kept beside it.

    After an exception, and after a crash at any moment, the target is the old ledger or the new
    one, whole. (Where the file system knows no hard links, a crash can leave the old one under the
    name that it is kept by, and the target missing.)

    Args:
        data: The decrypted ledger file.
        verify: Raises what is wrong with the ledger that it is given: the backup, in memory, before
            a byte of it lies on the disk.
        now: Aware; it names the file that is kept.
        give_up: Whether entries may be set aside that the backup lacks.

    Raises:
        InputError: It is no ledger, or the folder cannot be written.
        LedgerError: It does not verify.
        RefusedError: The ledger at the target has entries that the backup lacks, is another, or is
            in use.
    """
    target = target.resolve()  # a link stays one
    with Ledger.from_bytes(data, Path("the backup")) as backup:
        verify(backup)
        with _os_errors(target), _present(target, backup, give_up=give_up):
            kept = _put_in_place(data, target, now)
        return Restored(backup.size, kept)


@contextmanager
def _present(target: Path, backup: Ledger, *, give_up: bool) -> Iterator[None]:
    """Hold the ledger at the target, if one is there, and see what of it would be set aside.

    It is locked meanwhile: an entry that somebody appends now would lie in the old file alone. And
    whoever has the old file open cannot append to it later: SQLite sees that it was moved.
    """
    if not target.exists():
        yield
        return
    if target.is_dir():
        raise InputError(f"{target} is a folder", mend="Name the ledger's file.")
    before = target.stat()
    try:
        ledger = Ledger.open(target)
    except InputError as error:
        _set_aside(f"{error.what}: nobody knows what is in it", give_up=give_up)
        yield
        return
    except LedgerError:  # nothing can be read of it
        yield
        return
    with ledger:
        damaged = _is_damaged(ledger)
        with ledger.locked():
            if not os.path.samestat(before, target.stat()):
                raise RefusedError(f"{target} was replaced a moment ago", mend="Look at it first.")
            if lost := _lost(ledger, backup, damaged=damaged):
                _set_aside(lost, give_up=give_up)
            yield


def _is_damaged(ledger: Ledger) -> bool:
    try:
        ledger.check()
    except LedgerError:
        return True
    return False


def _lost(present: Ledger, backup: Ledger, *, damaged: bool) -> str:
    """What the ledger at the target has that the backup lacks, in words; empty if that is nothing.

    Of a damaged one only its number of entries counts: to replace it is what backups are for.
    """
    size = _claimed_size(present) if damaged else present.size
    common = backup.size if damaged else _common(present, backup)
    if size <= common:
        return ""
    if damaged:
        return f"{present.path} is damaged, and has {size - common} entries more than the backup"
    if not common:
        return f"{present.path} is the ledger of another register, with {size} entries"
    return f"{present.path} has {size} entries, and {size - common} of them are not in the backup"


def _claimed_size(damaged: Ledger) -> int:
    try:
        return damaged.size
    except LedgerError:
        return 0


def _common(present: Ledger, backup: Ledger) -> int:
    """How many entries both have, from the first on."""
    count = 0
    for ours, theirs in zip(present.bodies(), backup.bodies(), strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _set_aside(what: str, *, give_up: bool) -> None:
    if not give_up:
        raise RefusedError(
            what, mend="Look for a newer backup. With --give-up it is set aside, and kept."
        )


def _put_in_place(data: bytes, target: Path, now: datetime) -> Path | None:
    """The new file, whole and on the disk; a second name for the old one; the new in its place."""
    with _written_beside(target, data) as half:
        if was_interrupted(target):
            raise RefusedError(
                f"SQLite would roll {journal_of(target)} back into the restored ledger",
                mend="Move it away, with the ledger that it belongs to, and repeat.",
            )
        if not target.exists():
            _name(half, target)
            _sync(target.parent)
            return None
        half.chmod(target.stat().st_mode & 0o777)  # whoever could read it still can
        kept = target.with_name(f"{target.name}.before-{now.astimezone(UTC).strftime(STAMP)}")
        _replace(half, target, kept)
    return kept


def _replace(half: Path, target: Path, kept: Path) -> None:
    try:
        _name(target, kept)
    except FileExistsError as error:
        raise RefusedError(f"{kept} exists already", mend="Repeat in a second.") from error
    try:
        _sync(target.parent)
        half.replace(target)
    except BaseException:
        if target.exists():
            kept.unlink()
        else:
            kept.rename(target)
        raise
    _sync(target.parent)


# --- Files


@contextmanager
def _written_beside(target: Path, data: bytes) -> Iterator[Path]:
    """A file beside the target, whole and on the disk, for its owner alone; gone at the end."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.????????.half"):
        left.unlink(missing_ok=True)  # by somebody who was killed
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".half")
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield half
    finally:
        half.unlink(missing_ok=True)


def _name(old: Path, new: Path) -> None:
    """Give a file a second name, or, where there are no hard links, the new one alone.

    Raises:
        FileExistsError: The name is taken; nothing is ever overwritten.
    """
    try:
        os.link(old, new)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if new.exists():
            raise FileExistsError(errno.EEXIST, "File exists", str(new)) from error
        old.rename(new)


@contextmanager
def _os_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {target}: {error.strerror}", mend="Free space or choose another folder."
        ) from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

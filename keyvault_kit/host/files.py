"""Files that a crash leaves old or new, never half."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError

_ITSELF: Final = "Name the file itself."
_AS_IT_IS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK")
)
"""How a file is opened that may lie on a medium; not every system has each of these."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut.

    What lies in its place beforehand, from a crash or from whoever had the medium, is replaced and
    never followed: a link there does not lead the writing elsewhere.

    Raises:
        InputError: The file system refuses; says what and where.
    """
    half = _half(path)
    try:
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise InputError(
            f"cannot write {path}: {error.strerror}", mend="Free space or choose another folder."
        ) from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, whole or not at all.

    Raises:
        InputError: It exists, or the file system refuses.
    """
    if path.exists():
        raise InputError(f"{path} exists already", mend="Name a new file.")
    write_atomically(path, data)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, unless they are there.

    Raises:
        InputError: The file system refuses.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {path}: {error.strerror}", mend="Choose another."
        ) from error


def remove(path: Path) -> None:
    """Remove a file that :func:`write_atomically` wrote or was writing, if it is there.

    Raises:
        InputError: The file system refuses.
    """
    try:
        path.unlink(missing_ok=True)
        _half(path).unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"cannot remove {path}: {error.strerror}") from error


def _half(path: Path) -> Path:
    return path.with_name(f".{path.name}.half")


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened; the rename is journalled
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_file(path: Path, what: str, limit: int = 1 << 20) -> bytes:
    """The bytes of a file of at most `limit` bytes.

    A link is not followed, and nobody waits for a pipe: the file may lie on a medium that others
    had in their hands.

    Raises:
        InputError: It cannot be read, is no file, or is larger; `what` says what it should have
            been.
    """
    try:
        with os.fdopen(os.open(path, _AS_IT_IS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"the {what} {path} is no file", mend=_ITSELF)
            data = file.read(limit + 1)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise InputError(f"the {what} {path} is a link", mend=_ITSELF) from error
        raise InputError(f"cannot read the {what} {path}: {error.strerror}") from error
    if len(data) > limit:
        raise InputError(f"the {what} {path} is larger than {limit} bytes")
    return data


def read_text(path: Path, what: str, limit: int = 1 << 20) -> str:
    """The text of a UTF-8 file of at most `limit` bytes, with or without a byte order mark.

    Raises:
        InputError: It cannot be read, is larger or is no UTF-8; `what` says what it should have
            been.
    """
    try:
        return read_file(path, what, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the {what} {path} is not UTF-8 text", mend="Save it as UTF-8."
        ) from error


def read_folder(
    path: Path, what: str, *, suffix: str = "", files: int = 200_000, limit: int = 1 << 29
) -> dict[str, bytes]:
    """The bytes of all files in a folder and those below it, hidden ones left out.

    Args:
        what: What the folder should be, for whoever reads an error.
        suffix: What the name of a file ends in, in any case; all are read where it is empty.
        files: So many at most.
        limit: So many bytes at most, all together.

    Returns:
        Name within the folder, with `/`, -> bytes.

    Raises:
        InputError: A link, or what is neither file nor folder, lies in it, it holds more than
            that, or it cannot be read.
    """
    found: dict[str, bytes] = {}
    left = limit
    for entry in _below(path, what):
        if not entry.name.casefold().endswith(suffix.casefold()):
            continue
        file = Path(entry.path)
        if len(found) == files or entry.stat(follow_symlinks=False).st_size > left:
            raise InputError(
                f"the {what} {path} has more than {files} files or {limit >> 20} MiB",
                mend="Name a smaller folder.",
            )
        data = read_file(file, what, left)
        left -= len(data)
        found[file.relative_to(path).as_posix()] = data
    return found


def _below(folder: Path, what: str) -> Iterator[os.DirEntry[str]]:
    """The files in a folder and those below it."""
    waiting = [str(folder)]
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda it: it.name)
            kinds = [it.stat(follow_symlinks=False).st_mode for it in entries]
        except OSError as error:
            raise InputError(f"cannot read the {what} {folder}: {error.strerror}") from error
        for entry, mode in zip(entries, kinds, strict=True):
            if entry.name.startswith("."):
                continue
            if stat.S_ISDIR(mode):
                waiting.append(entry.path)
            elif stat.S_ISREG(mode):
                yield entry
            else:
                raise InputError(
                    f"{entry.path} is no file and no folder, but a link or a device",
                    mend="Copy the files themselves.",
                )

"""Files that a crash leaves old or new, never half."""

import os
from pathlib import Path

from keyvault_kit.errors import InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut.

    Raises:
        InputError: The file system refuses; says what and where.
    """
    half = _half(path)
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
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

    Raises:
        InputError: It cannot be read, or is larger; `what` says what it should have been.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
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

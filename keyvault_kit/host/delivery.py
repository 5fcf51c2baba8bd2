"""A folder of files that belong together: delivered whole, and known again by their hashes.

Each file is there whole or not at all. What a reader starts from is taken away first and written
last, so that nothing works from a folder that is half old and half new. `SHA256SUMS` lists all of
them, and `sha256sum -c SHA256SUMS` checks them without the kit.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.host.files import make_folder, read_file, remove, write_atomically

SUMS: Final = "SHA256SUMS"

_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S.*)")
_LARGEST: Final = 1 << 26
"""Bytes of a file that is there under the name of one of ours: a larger one is not ours."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder has, beside what is to be in it; names of files, sorted.

    Attributes:
        missing: To be there, and not there.
        same: There, and as it is to be.
        other: There, and to be replaced.
        stale: Delivered before, as it was then, and not to be there any more.
        foreign: Somebody else's; it stays.
    """

    missing: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is there yet."""
        return not (self.same or self.other or self.stale or self.foreign)


def compare(folder: Path, files: Mapping[str, bytes]) -> Comparison:
    """Look at a folder before anything is delivered to it; one that is not there is empty.

    Args:
        files: Name, with `/`, to content.

    Raises:
        InputError: It is no folder, or cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file", mend="Name a folder, new or empty.")
    present = _present(folder)
    delivered = _delivered(folder)
    there = {name: _reads(folder / name) for name in present & {*files, *delivered}}
    known = {name for name, digest in delivered.items() if _digest(there.get(name)) == digest}
    rest = present - {*files, SUMS}
    return Comparison(
        missing=tuple(sorted(files.keys() - present)),
        same=tuple(sorted(it for it in files if it in there and there[it] == files[it])),
        other=tuple(sorted(it for it in files if it in there and there[it] != files[it])),
        stale=tuple(sorted(rest & known)),
        foreign=tuple(sorted(rest - known)),
    )


def deliver(folder: Path, files: Mapping[str, bytes], start: Collection[str]) -> None:
    """Put files into a folder; stale ones go, foreign ones stay.

    Args:
        start: The names of those that a reader starts from.

    Raises:
        InputError: The file system refuses. What a reader starts from is then missing.
        InternalError: A name leads out of the folder.
    """
    for name in files:
        if not _NAME.fullmatch(name):
            raise InternalError(f"{name!r} is no name of a file to deliver")
    found = compare(folder, files)
    for name in (SUMS, *start):
        if (folder / name).exists():
            remove(folder / name)
    for name in found.stale:
        remove(folder / name)
    for name in sorted(files, key=lambda it: (it in start, it)):
        make_folder((folder / name).parent)
        write_atomically(folder / name, files[name])
    write_atomically(folder / SUMS, _sums(files))


def _sums(files: Mapping[str, bytes]) -> bytes:
    lines = (f"{_digest(content)}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _present(folder: Path) -> set[str]:
    try:
        held = [it for it in folder.rglob("*") if it.is_symlink() or not it.is_dir()]
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from error
    return {it.relative_to(folder).as_posix() for it in held}


def _delivered(folder: Path) -> dict[str, str]:
    """Name -> hash of what was delivered before; nothing where no list says so."""
    if not (folder / SUMS).is_file():
        return {}
    text = read_file(folder / SUMS, "list of hashes").decode("utf-8", "replace")
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {it[2]: it[1] for it in found if it and _NAME.fullmatch(it[2])}


def _reads(path: Path) -> bytes | None:
    """What a file holds; None of one that cannot be one of ours."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        return None
    return read_file(path, "file", _LARGEST)

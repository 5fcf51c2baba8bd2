"""A rehearsal's folder: begun once, resumed while unfinished, never mistaken for another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.host.files import make_folder, read_file, write_atomically
from keyvault_kit.host.locks import lock_file

MARKER: Final = "rehearsal.json"
SEEDED_START: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When the day of a seeded rehearsal begins, so that the same seed tells the same day."""

A_DAY: Final = timedelta(days=1)
"""A rehearsal tells a day in seconds, a day ago: so people can go on in its ledger."""


class Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rehearsal was begun with.

    Attributes:
        seed: 32 bytes in hex; keys, passwords and PINs of this rehearsal follow from it.
        organisation: The organisation file's text.
    """

    seed: str
    started: datetime
    organisation: str
    finished: bool = False


class RehearsalFolder:
    """The folder and what the rehearsal in it was begun with."""

    def __init__(self, path: Path, begun: Begun) -> None:
        self.path = path
        self.begun = begun

    @property
    def seed(self) -> bytes:
        """The rehearsal's seed, 32 bytes."""
        return bytes.fromhex(self.begun.seed)

    def finish(self) -> None:
        """Mark the rehearsal as finished; it is never resumed again."""
        self.begun = msgspec.structs.replace(self.begun, finished=True)
        write_atomically(self.path / MARKER, msgspec.json.encode(self.begun))


@contextmanager
def open_folder(
    path: Path, *, organisation: str | None, default: str, seed: int | None, now: datetime
) -> Iterator[RehearsalFolder]:
    """Begin a rehearsal in an empty or new folder, or resume an unfinished one, alone.

    Args:
        organisation: The organisation file's text as given; None where none was given.
        default: The text to begin with where none was given.
        seed: The seed as given; None for a random one.

    Raises:
        RefusedError: The folder holds something else, a finished rehearsal, one of another
            organisation or seed, or is in use.
        InputError: The folder cannot be made or written.
    """
    make_folder(path)
    _refuse_foreign(path)
    with lock_file(path / ".lock", f"the rehearsal in {path}"):
        file = path / MARKER
        if file.exists():
            begun = _resume(path, file, organisation, seed)
        else:
            begun = _begin(default if organisation is None else organisation, seed, now)
            write_atomically(file, msgspec.json.encode(begun))
        for name in ("sheets", "transfer", "softkeys"):
            make_folder(path / name)
        yield RehearsalFolder(path, begun)


def _refuse_foreign(path: Path) -> None:
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError as error:
        raise InputError(f"cannot look into {path}: {error.strerror}") from error
    if names - {".lock", f".{MARKER}.half"} and MARKER not in names:
        raise RefusedError(
            f"{path} is not empty and holds no rehearsal", mend="Choose a new or empty --out."
        )


def _begin(organisation: str, seed: int | None, now: datetime) -> Begun:
    if seed is None:
        return Begun(os.urandom(32).hex(), now.replace(microsecond=0) - A_DAY, organisation)
    material = sha256(f"keyvault-kit/rehearsal/v1\n{seed}".encode()).hexdigest()
    return Begun(material, SEEDED_START, organisation)


def _resume(path: Path, file: Path, organisation: str | None, seed: int | None) -> Begun:
    try:
        begun = msgspec.json.decode(read_file(file, "rehearsal"), type=Begun)
    except msgspec.MsgspecError as error:
        raise RefusedError(
            f"{file} is not a rehearsal of ours: {error}", mend="Choose a new or empty --out."
        ) from error
    if begun.finished:
        raise RefusedError(
            f"the rehearsal in {path} is finished", mend="Choose a new or empty --out."
        )
    if organisation is not None and organisation != begun.organisation:
        raise RefusedError(
            f"the rehearsal in {path} was begun with another organisation file",
            mend="Resume it without --organisation, or choose a new --out.",
        )
    if seed is not None and _begin("", seed, begun.started).seed != begun.seed:
        raise RefusedError(
            f"the rehearsal in {path} was begun with another seed",
            mend="Resume it without --seed, or choose a new --out.",
        )
    return begun

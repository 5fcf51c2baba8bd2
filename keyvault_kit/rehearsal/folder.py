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
A_YEAR: Final = timedelta(days=366)
"""A rehearsal tells its day, or its year, in the past: so people can go on in its ledger."""


class Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rehearsal was begun with.

    Attributes:
        seed: 32 bytes in hex; keys, passwords and PINs of this rehearsal follow from it.
        organisation: The organisation file's text.
        year: Whether it tells a whole year, and not a day.
        parts: How many of its parts are done.
    """

    seed: str
    started: datetime
    organisation: str
    finished: bool = False
    year: bool = False
    parts: int = 0


class RehearsalFolder:
    """The folder and what the rehearsal in it was begun with."""

    def __init__(self, path: Path, begun: Begun) -> None:
        self.path = path
        self.begun = begun

    @property
    def seed(self) -> bytes:
        """The rehearsal's seed, 32 bytes."""
        return bytes.fromhex(self.begun.seed)

    def go_past(self, parts: int) -> None:
        """Mark that many parts as done: a rehearsal that is resumed goes on behind them."""
        self._mark(msgspec.structs.replace(self.begun, parts=max(parts, self.begun.parts)))

    def finish(self) -> None:
        """Mark the rehearsal as finished; it is never resumed again."""
        self._mark(msgspec.structs.replace(self.begun, finished=True))

    def _mark(self, begun: Begun) -> None:
        self.begun = begun
        write_atomically(self.path / MARKER, msgspec.json.encode(begun))


@contextmanager
def open_folder(
    path: Path,
    *,
    organisation: str | None,
    default: str,
    seed: int | None,
    now: datetime,
    year: bool = False,
) -> Iterator[RehearsalFolder]:
    """Begin a rehearsal in an empty or new folder, or resume an unfinished one, alone.

    Args:
        organisation: The organisation file's text as given; None where none was given.
        default: The text to begin with where none was given.
        seed: The seed as given; None for a random one.
        year: Whether it is to tell a year.

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
            if begun.year != year:
                raise RefusedError(
                    f"the rehearsal in {path} was begun as one of a {_length(begun.year)}",
                    mend="Resume it as that, or choose a new --out.",
                )
        else:
            length = A_YEAR if year else A_DAY
            begun = _begin(default if organisation is None else organisation, seed, now - length)
            begun = msgspec.structs.replace(begun, year=year)
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


def _length(year: bool) -> str:  # noqa: FBT001 - what it says
    return "year" if year else "day"


def _begin(organisation: str, seed: int | None, start: datetime) -> Begun:
    if seed is None:
        return Begun(os.urandom(32).hex(), start.replace(microsecond=0), organisation)
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

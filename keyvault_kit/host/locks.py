"""One process at a time: a lock that the system lets go when its holder dies, however it dies."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from keyvault_kit.errors import InputError, RefusedError

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def lock_file(path: Path, what: str) -> Iterator[None]:
    """Hold a lock for the time of the block.

    Raises:
        RefusedError: Another process holds it; `what` says what is in use.
        InputError: The file cannot be made.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    with file:
        try:
            _try_lock(file)
        except OSError as error:
            raise RefusedError(
                f"{what} is in use by another process", mend="Wait until it has ended."
            ) from error
        yield

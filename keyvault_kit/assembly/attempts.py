"""PINs sent without proving right, counted from one call of the program to the next.

A key that was not replugged in between has counted them too, and takes none after the third. The
count is kept by plugging, in a folder that is gone with the power, as the key's own is.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.host.files import read_file, write_atomically
from keyvault_kit.host.locks import lock_file
from keyvault_kit.host.runtime import runtime_folder
from keyvault_kit.keys.guard import Attempts, AttemptsInMemory, PinGuard
from keyvault_kit.keys.hid import PluggedKey

_FILE: Final = "attempts.json"
_HERE: Final = Lock()
_TRIES, _PAUSE_S = 100, 0.02


class KeptAttempts:
    """Counts in a file; those of keys whose plugging the system does not tell, in memory.

    Args:
        file: The file; it need not exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._in_memory = AttemptsInMemory()

    def get(self, key: PluggedKey) -> int:
        """How many there were in a row."""
        kept = self._counts().get(_name(key), 0) if key.plugging else 0
        return max(kept, self._in_memory.get(key))

    def put(self, key: PluggedKey, count: int) -> None:
        """Remember that; 0 forgets the key."""
        self._in_memory.put(key, count)
        if not key.plugging:
            return
        with self._alone():
            counts = self._counts() | {_name(key): count}
            kept = {name: number for name, number in counts.items() if number}
            write_atomically(self._file, msgspec.json.encode(kept))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other program, and no other thread, writes the file meanwhile."""
        with _HERE, ExitStack() as stack:
            for last in (False,) * _TRIES + (True,):
                try:
                    stack.enter_context(lock_file(self._file.with_suffix(".lock"), "the count"))
                    break
                except RefusedError:
                    if last:
                        raise
                    time.sleep(_PAUSE_S)
            yield

    def _counts(self) -> dict[str, int]:
        if not self._file.exists():
            return {}
        try:
            return msgspec.json.decode(
                read_file(self._file, "count of PIN attempts"), type=dict[str, int]
            )
        except msgspec.MsgspecError as error:
            raise InputError(
                f"{self._file}, which counts PIN attempts, cannot be read",
                mend="Unplug all security keys, and remove the file.",
            ) from error


def _name(key: PluggedKey) -> str:
    """A key as it is plugged in now: after a replug it is another one."""
    return f"{key.plugging} {key.path.hex()}"


def pin_guard() -> PinGuard:
    """The guard of a station with real keys; it remembers what was sent since they were plugged in.

    Where the system has no folder for that, it counts for as long as the program runs.
    """
    folder = runtime_folder()
    attempts: Attempts | None = KeptAttempts(folder / _FILE) if folder else None
    return PinGuard(attempts=attempts)

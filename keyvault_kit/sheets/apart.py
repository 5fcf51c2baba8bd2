"""Reading a file from outside in a process of its own, which may take no more than its share.

The decoders of such files are other people's: one that never ends, takes all memory or crashes
takes this process with it, and no more. The file comes in by a pipe and the texts go out by one,
never by an argument, a file or the environment; assembly/scanning.py is at the other end.
"""

import sys
from contextlib import suppress
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.scan import read_codes

MEMORY: Final = 1 << 30
"""Bytes of addresses; the largest scan that is read at all takes two thirds of them."""

AGAIN: Final = "Scan the sheet again, alone, at 300 dpi; or type what is printed."


class Texts(msgspec.Struct, frozen=True, tag=True):
    """What the codes in a file say; it may be secret and is not shown."""

    texts: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Texts({len(self.texts)})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("count", len(self.texts))]


class Failure(msgspec.Struct, frozen=True, tag=True):
    """Why a file cannot be read: the words of an `InputError`."""

    what: str
    mend: str


def main(seconds: int) -> None:
    """Read a file from standard input, and write its `Texts` or a `Failure` to standard output.

    Args:
        seconds: Of processor time, after which the system ends this process.
    """
    _limit(seconds)
    sys.stdout.buffer.write(msgspec.json.encode(_read(sys.stdin.buffer.read())))


def _read(data: bytes) -> Texts | Failure:
    try:
        return Texts(read_codes(data))
    except InputError as error:
        return Failure(error.what, error.mend)
    except MemoryError:
        return Failure("the scan takes too much memory to be read", AGAIN)


def _limit(seconds: int) -> None:
    """Bound time and memory, and have nothing written to a file; Windows has no such limits."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with suppress(OSError, ValueError):  # a system may have a lower limit, or none of the kind
            resource.setrlimit(kind, (most, most))

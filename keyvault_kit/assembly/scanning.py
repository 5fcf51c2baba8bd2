"""Reading scans from outside: in a process of its own, with an end to its time and its memory."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.apart import AGAIN, Failure, Texts

SECONDS: Final = 60
"""Of processor time for a file: enough for a stack of sheets, a dozen of them badly damaged."""

_WAITED: Final = 2
"""Times that, by the clock on the wall: the processor is shared."""

_PROGRAM: Final = """\
import sys
sys.path[:] = sys.argv[2:]  # modules lie where this process has them from
from keyvault_kit.host.hygiene import no_core_dumps
no_core_dumps()
from keyvault_kit.sheets import apart
apart.main(int(sys.argv[1]))
"""


def read_scan(data: bytes, seconds: int = SECONDS) -> tuple[str, ...]:
    """The texts of the QR codes in a file from outside, as `sheets.scan.read_codes` has them.

    To start the process takes about a tenth of a second. An interrupt ends it at once.

    Args:
        data: A PDF or an image.
        seconds: Of processor time; at most twice as many pass.

    Raises:
        InputError: It is neither, is broken, encrypted or too large, or takes too much time or
            memory to be read.
    """
    ended = _read_apart(data, seconds)
    if ended is None or _was_stopped(ended):
        raise InputError("the scan takes too long to be read", mend=AGAIN)
    try:
        answer = msgspec.json.decode(ended.stdout, type=Texts | Failure)
    except msgspec.DecodeError:
        # A decoder in C that is refused memory ends the process, without a word.
        answer = Failure("the scan takes too much memory to be read, or breaks its decoder", AGAIN)
    if isinstance(answer, Failure):
        raise InputError(answer.what, mend=answer.mend)
    return answer.texts


def _read_apart(data: bytes, seconds: int) -> subprocess.CompletedProcess[bytes] | None:
    """The process at its end; None if it had to be ended."""
    places = [str(Path(place).absolute()) for place in sys.path]
    try:
        return subprocess.run(  # noqa: S603 - this very Python, and a program of the kit's own
            [sys.executable, "-I", "-B", "-c", _PROGRAM, str(seconds), *places],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds * _WAITED,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise InputError(
            f"the scan cannot be read: no process can be started for it ({error})",
            mend="Type what is printed on the sheet.",
        ) from error


def _was_stopped(ended: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether the system ended it, which it does at the end of its processor time."""
    if sys.platform == "win32":
        return False
    return -ended.returncode in (signal.SIGXCPU, signal.SIGKILL)

"""What the process does so that its secrets stay in its memory."""

import ctypes
import sys
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4
"""prctl(2). A process that cannot be dumped leaves no core, wherever the system sends those."""


def no_core_dumps() -> None:
    """Have no core written when this process dies, by the limit and by the kernel's own flag.

    A system that has neither leaves it as it is: the guide for the workstation turns cores off.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

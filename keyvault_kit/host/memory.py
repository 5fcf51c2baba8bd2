"""Folders that are memory and never a disk: where sheets with secrets may lie for a moment."""

import os
import re
from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError, RefusedError

MOUNTS: Final = Path("/proc/self/mountinfo")
IN_MEMORY: Final = ("tmpfs", "ramfs")

_ESCAPE: Final = re.compile(r"\\(040|011|012|134)")
"""A blank, tab, line end or backslash in the name of a mount point; all else stands as it is."""


def read_mounts(path: Path = MOUNTS) -> str:
    """The kernel's table of mounts, names as Python has those of files.

    Raises:
        OSError: It cannot be read.
    """
    return os.fsdecode(path.read_bytes())


def file_system(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder lies on.

    Args:
        folder: Absolute, without links.
        mounts: From `read_mounts` (proc_pid_mountinfo(5)).
    """
    best, kind = -1, ""
    # A name may hold other blanks and line ends than the kernel's own: those are no separators.
    for line in filter(None, mounts.split("\n")):
        before, _, after = line.partition(" - ")
        point = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), before.split(" ")[4])
        if folder.is_relative_to(point) and len(Path(point).parts) >= best:  # the last mount counts
            best, kind = len(Path(point).parts), after.split(" ")[0]
    return kind


def demand_memory(folder: Path) -> None:
    """Check that a folder exists and lies in memory, not on a disk.

    Raises:
        InputError: There is no such folder, or this system does not say what it lies on.
        RefusedError: It lies on a disk.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", mend="Make it on a tmpfs, such as /run.")
    try:
        mounts = read_mounts()
    except OSError as error:
        raise InputError(f"this system does not say what {folder} lies on: {error}") from error
    kind = file_system(folder.resolve(), mounts)
    if kind not in IN_MEMORY:
        raise RefusedError(
            f"{folder} lies on a disk ({kind}), and a sheet with a secret never does",
            mend="Name a folder on a tmpfs: mount -t tmpfs tmpfs /run/sheets.",
        )

"""Folders that are memory and never a disk: where sheets with secrets may lie for a moment."""

from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError, RefusedError

MOUNTS: Final = Path("/proc/self/mountinfo")
IN_MEMORY: Final = ("tmpfs", "ramfs")


def file_system(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder lies on.

    Args:
        folder: Absolute, without links.
        mounts: The text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")  # blanks are written \\040
        if folder.is_relative_to(point) and len(Path(point).parts) >= best:  # the last mount counts
            best, kind = len(Path(point).parts), after.split()[0]
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
        mounts = MOUNTS.read_text()
    except OSError as error:
        raise InputError(f"this system does not say what {folder} lies on: {error}") from error
    kind = file_system(folder.resolve(), mounts)
    if kind not in IN_MEMORY:
        raise RefusedError(
            f"{folder} lies on a disk ({kind}), and a sheet with a secret never does",
            mend="Name a folder on a tmpfs: mount -t tmpfs tmpfs /run/sheets.",
        )

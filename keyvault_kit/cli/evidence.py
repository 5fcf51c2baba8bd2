"""Evidence from the tenant as it is named on the command line: a folder, or one file."""

import stat
from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.host.files import read_file, read_folder

LIMIT: Final = 1 << 29
"""So many bytes of evidence are read: 512 MiB, which is more than 100,000 users."""


def evidence_files(path: Path) -> dict[str, bytes]:
    """The files of evidence: name, with `/`, to bytes.

    Raises:
        InputError: It is a link, is larger than the limit, or cannot be read.
    """
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise InputError(f"cannot read the evidence {path}: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        return read_folder(path, "evidence", suffix=".json", limit=LIMIT)
    if not stat.S_ISREG(mode):
        raise InputError(
            f"{path} is no file and no folder, but a link or a device", mend="Name the file itself."
        )
    return {path.name: read_file(path, "evidence", LIMIT)}

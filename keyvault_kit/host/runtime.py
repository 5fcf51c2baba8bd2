"""A folder that lives as long as the machine has power: what a replugged key forgets lies there."""

import os
import stat
import tempfile
from pathlib import Path


def runtime_folder() -> Path | None:
    """A folder of this user alone, in memory where the system has one (XDG Base Directory).

    Returns:
        `$XDG_RUNTIME_DIR/keyvault-kit`, or one in the folder for temporary files; None where
        neither can be made, or where it belongs to somebody else.
    """
    home = os.environ.get("XDG_RUNTIME_DIR")
    user = getattr(os, "getuid", lambda: 0)()
    folder = Path(home, "keyvault-kit") if home else Path(tempfile.gettempdir(), f"keyvault-{user}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077
    return folder if ours or os.name == "nt" else None

"""Microsoft's parser of KQL, fetched by npm as one pinned archive.

Nothing is installed: it is unpacked under `build/`, where it stays until `make clean`.
"""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from keyvault_kit.errors import InputError

PACKAGE: Final = "@kusto/language-service-next"
VERSION: Final = "12.4.1"
SHA512: Final = (
    "8Ybwi1DVxnFZ8+mnw38ruXjSGIxA2jwx1HeqjStvMa5kSHzHPtEYm5n7et1fwgn5KDUZJzsSNjuRroiI+j8brA=="
)
"""The archive's integrity, as npm's registry and its lock files write it."""

FILES: Final = ("bridge.min.js", "Kusto.Language.Bridge.min.js")
FOLDER: Final = Path(__file__).parent.parent / "build" / "kusto"

_SECONDS: Final = 120


def unpacked(folder: Path = FOLDER) -> Path:
    """The folder with the parser's files, fetched at the first use.

    Raises:
        InputError: It cannot be fetched, or is not what was pinned.
    """
    here = folder / VERSION
    if not here.exists():
        archive = _fetched()
        half = folder / f"{VERSION}.half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            for name in FILES:
                held = files.extractfile(f"package/{name}")
                if held is None:
                    raise InputError(f"{PACKAGE} {VERSION} has no {name}")
                (half / name).write_bytes(held.read())
        half.rename(here)
    return here


def demand_pinned(archive: bytes) -> None:
    """Check that an archive is the pinned one.

    Raises:
        InputError: It is another.
    """
    found = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != SHA512:
        raise InputError(
            f"{PACKAGE} {VERSION} is not what was pinned: its SHA-512 is {found}",
            mend="Do not use it. Find out who changed it.",
        )


def _fetched() -> bytes:
    """The archive, as npm hands it out.

    Raises:
        InputError: npm is missing or cannot reach its registry, or the archive is another.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"],
                cwd=folder,
                capture_output=True,
                check=True,
                timeout=_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise InputError(
                f"{PACKAGE} {VERSION} cannot be fetched: {error}",
                mend="It takes npm and its registry, once: later tests need neither.",
            ) from error
        (file,) = Path(folder).glob("*.tgz")
        archive = file.read_bytes()
    demand_pinned(archive)
    return archive

"""Paper: a printer, a folder of PDFs that stands for it, one to print from, or none."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.host.files import read_file, remove, write_atomically
from keyvault_kit.sheets.printer import Options, Queue, job_title
from keyvault_kit.sheets.raster import MAX_BYTES, paper_of
from keyvault_kit.sheets.scan import read_codes

SHEET_LIMIT: Final = MAX_BYTES
"""Bytes of a sheet that is read back."""

SECRET_SHEETS: Final = ("share", "part", "password", "pin", "identity")
"""How the names of sheets with a secret begin."""


class Folder:
    """Paper that is a folder of PDFs: a rehearsal's printer, scanner and shredder."""

    read_by_people = False

    def __init__(self, folder: Path) -> None:
        self.path = folder

    def put(self, name: str, pdf: bytes) -> None:
        """Keep the sheet as a PDF."""
        write_atomically(self._file(name), pdf)

    def read(self, name: str) -> tuple[str, ...]:
        """Rasterise the sheet and decode what is on it.

        Raises:
            InputError: There is no such sheet, or it cannot be read.
        """
        return read_codes(read_file(self._file(name), "sheet", SHEET_LIMIT))

    def waits(self, name: str) -> bool:  # noqa: ARG002
        """Nothing waits: here the folder is the paper."""
        return False

    def let_go(self, name: str) -> None:
        """Nothing: here the folder is the paper."""

    def clear(self) -> None:
        """Nothing, as well."""

    def shred(self, name: str) -> None:
        """Remove the sheet, as far as it came out."""
        remove(self._file(name))

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.pdf"


class Spool(Folder):
    """A live station's folder in memory, from which sheets are printed: they do not stay there.

    What the folder says proves nothing about the paper, so people read that.
    """

    read_by_people = True

    def waits(self, name: str) -> bool:
        """Whether its file is there."""
        return self._file(name).is_file()

    def let_go(self, name: str) -> None:
        """Remove what was printed."""
        remove(self._file(name))

    def clear(self) -> None:
        """Remove what a run before left, too: nothing of it will be sealed any more."""
        for kind in SECRET_SHEETS:
            for file in self.path.glob(f"{kind}-*.pdf"):
                remove(file)


class Printed:
    """Paper that comes out of a printer; the machine keeps nothing of it.

    Args:
        random: That many random bytes, for the jobs' titles.
    """

    read_by_people = True

    def __init__(self, queue: Queue, options: Options, random: Callable[[int], bytes]) -> None:
        self._queue = queue
        self._options = options
        self._random = random

    def put(self, name: str, pdf: bytes) -> None:  # noqa: ARG002 - CUPS gets a title, never the name
        """Print, and wait until CUPS reports it completed: which proves nothing.

        Raises:
            PrinterError: It was not; says whether some of it may be on paper.
            RefusedError: The printer is not on a cable of this machine, and that was not decided.
        """
        options = msgspec.structs.replace(self._options, paper=paper_of(pdf).name)
        job = self._queue.submit(pdf, title=job_title(self._random), options=options)
        self._queue.wait(job)

    def read(self, name: str) -> tuple[str, ...]:
        """Refuse: paper is read by people.

        Raises:
            InputError: Always.
        """
        raise InputError(
            f"sheet {name} is on paper, and no file of it was kept",
            mend="Read it from the paper: scan its code, or type its rows.",
        )

    def waits(self, name: str) -> bool:  # noqa: ARG002
        """Nothing waits: it was printed."""
        return False

    def let_go(self, name: str) -> None:
        """Nothing was kept."""

    def clear(self) -> None:
        """Nothing was kept."""

    def shred(self, name: str) -> None:
        """Nothing was kept; the sheet itself is destroyed by hand."""


def nothing_to_print_on(name: str) -> RefusedError:
    """What whoever wants to print is told where there is no paper."""
    return RefusedError(
        f"there is nothing to print {name} on", mend="Name a folder on a tmpfs with --sheets."
    )


class NoPaper:
    """No printer and no folder for sheets: whoever wants to print is told what to name."""

    read_by_people = True

    def put(self, name: str, pdf: bytes) -> None:  # noqa: ARG002
        """Refuse.

        Raises:
            RefusedError: Always.
        """
        raise nothing_to_print_on(name)

    def read(self, name: str) -> tuple[str, ...]:
        """Refuse.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(f"there is nothing to read {name} from", mend="Name --sheets.")

    def waits(self, name: str) -> bool:  # noqa: ARG002
        """Nothing came out."""
        return False

    def let_go(self, name: str) -> None:
        """Nothing was kept."""

    def clear(self) -> None:
        """Nothing was kept."""

    def shred(self, name: str) -> None:
        """Nothing came out, so nothing is left."""

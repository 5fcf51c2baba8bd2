"""Paper: a folder of PDFs that stands for it, one in memory that is printed from, or none."""

from pathlib import Path
from typing import Final

from keyvault_kit.errors import RefusedError
from keyvault_kit.host.files import read_file, remove, write_atomically
from keyvault_kit.sheets.scan import read_codes

SHEET_LIMIT: Final = 16 << 20
"""Bytes of a sheet that is read back."""


class Folder:
    """Paper that is a folder of PDFs: a rehearsal's printer, scanner and shredder."""

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

    def let_go(self, name: str) -> None:
        """Nothing: here the folder is the paper."""

    def shred(self, name: str) -> None:
        """Remove the sheet, as far as it came out."""
        remove(self._file(name))

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.pdf"


class Spool(Folder):
    """A live station's folder in memory, from which sheets are printed: they do not stay there."""

    def let_go(self, name: str) -> None:
        """Remove what was printed."""
        remove(self._file(name))


def nothing_to_print_on(name: str) -> RefusedError:
    """What whoever wants to print is told where there is no paper."""
    return RefusedError(
        f"there is nothing to print {name} on", mend="Name a folder on a tmpfs with --sheets."
    )


class NoPaper:
    """No printer and no folder for sheets: whoever wants to print is told what to name."""

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

    def let_go(self, name: str) -> None:
        """Nothing was kept."""

    def shred(self, name: str) -> None:
        """Nothing came out, so nothing is left."""

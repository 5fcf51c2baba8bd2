"""FIDO metadata: imported from a transfer medium, kept beside the ledger, and judged by.

The BLOB is the FIDO Alliance's own file. The ledger says by its SHA-256 which one counts, so a
file that was put in its place is not believed.
"""

import hashlib
from pathlib import Path
from typing import Final

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import ImportedMetadata
from keyvault_kit.errors import LedgerError
from keyvault_kit.host.files import read_file, remove, write_atomically
from keyvault_kit.keys.mds import SIZE_LIMIT, Blob, read_blob

_MEND: Final = "Import the metadata again: 'metadata import'."


def blob_file(ledger: Path, sha256: str) -> Path:
    """Where a ledger's BLOB of that SHA-256 lies: a new one never takes the place of one in use."""
    return ledger.with_name(f"{ledger.stem}.metadata-{sha256[:16]}.jwt")


def keep_blob(ledger: Path, data: bytes, blob: Blob) -> ev.MetadataImported:
    """Put a verified BLOB beside the ledger; the fact that makes it count is returned.

    Raises:
        InputError: It cannot be written.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    write_atomically(blob_file(ledger, sha256), data)
    return ev.MetadataImported(
        number=blob.number,
        next_update=blob.next_update,
        sha256=sha256,
        left_out=len(blob.left_out),
    )


def let_go(ledger: Path, blob: Blob, imported: ImportedMetadata | None) -> None:
    """Remove the file of a BLOB that was not taken."""
    if imported is None or imported.sha256 != blob.sha256:
        remove(blob_file(ledger, blob.sha256))


def imported_blob(ledger: Path, imported: ImportedMetadata) -> Blob:
    """The BLOB that the ledger says was imported; its signature is judged by the time of that.

    Raises:
        LedgerError: The file is another one.
        InputError: There is no such file.
    """
    file = blob_file(ledger, imported.sha256)
    data = read_file(file, "metadata BLOB", SIZE_LIMIT)
    if hashlib.sha256(data).hexdigest() != imported.sha256:
        raise LedgerError(f"{file} is not the metadata that was imported", mend=_MEND)
    return read_blob(data, now=imported.time)

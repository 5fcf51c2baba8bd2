"""Papers that a ledger is held against: files, what a scanner types, or words read aloud."""

import re
import sys
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import SHEET_LIMIT, read_sheet
from keyvault_kit.errors import InputError, LedgerError
from keyvault_kit.host.files import read_file
from keyvault_kit.ledger import pgpwords
from keyvault_kit.ledger.checkpoint import ORIGIN, Checkpoint
from keyvault_kit.ledger.merkle import HASH_SIZE
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.trust import Trust

checkpoint_option = click.option(
    "--checkpoint",
    "papers",
    multiple=True,
    metavar="FILE|TEXT|WORDS",
    help="A checkpoint that the ledger must extend: a PDF or image of its sheet, its text, what its"
    " code says, or the number of entries and the 32 words; - reads standard input.",
)
trust_option = click.option(
    "--trust",
    metavar="FILE|TEXT",
    help="The founding sheet: a PDF or image, its text, or what its code says; - reads standard"
    " input.",
)

STDIN_LIMIT: Final = 1 << 16
LONGEST_NAME: Final = 255


def checkpoint_of(ledger: Ledger, given: str) -> Checkpoint:
    """The checkpoint that was given, in whichever form.

    Args:
        ledger: Says of what register words are, and how many entries they cover if only words are
            given.

    Raises:
        InputError: It is none.
        LedgerError: The ledger never had the root that the words say.
    """
    text = _text(given)
    words = re.findall(r"[A-Za-z0-9]+", text)
    if not text.startswith(ORIGIN) and len(words) in (HASH_SIZE, HASH_SIZE + 1):
        return _from_words(ledger, words)
    return Checkpoint.parse(_lines(text))


def trust_of(given: str) -> Trust:
    """The founding sheet that was given.

    Raises:
        InputError: It is none.
    """
    return Trust.parse(_lines(_text(given)).decode())


def _text(given: str) -> str:
    """What stands on the paper: the one code of a sheet, or the text itself."""
    if given == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed", mend="Name a file.")
        return sys.stdin.read(STDIN_LIMIT)
    if "\n" not in given and len(given) < LONGEST_NAME and Path(given).is_file():
        plain = read_file(Path(given), "paper", SHEET_LIMIT)
        if plain.isascii() and not plain.startswith(b"%PDF"):
            return plain.decode()
        codes = read_sheet(Path(given))
        if len(codes) != 1:
            raise InputError(f"{given} shows {len(codes)} different codes, not one")
        return codes[0]
    if given.startswith(ORIGIN) or len(given.split()) > 1:
        return given
    raise InputError(f"there is no file {given}", mend="Name a sheet, or give its text or words.")


def _lines(text: str) -> bytes:
    """The text with LF at the end of each line, as it was before somebody typed or pasted it."""
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip()).encode()


def _from_words(ledger: Ledger, words: list[str]) -> Checkpoint:
    if len(words) > HASH_SIZE:
        if not words[0].isdecimal():
            raise InputError(f"{words[0]!r} is no number of entries", mend="It stands first.")
        return Checkpoint(ledger.register_id, int(words[0]), pgpwords.decode(words[1:]))
    root = pgpwords.decode(words)
    size = ledger.size_of(root)
    if size is None:
        raise LedgerError(
            "the ledger never had the root that these words say",
            mend="Read them again; else do not use this ledger: find the copy that they belong to.",
        )
    return Checkpoint(ledger.register_id, size, root)

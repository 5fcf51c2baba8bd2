"""Check letters: one a row, so that a mistake in reading aloud or typing is noticed in its row."""

import hashlib
from typing import Final

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""24 letters: without I and O, which look like digits."""


def check_letter(number: int, row: str) -> str:
    """The check letter of a row, the same on every sheet (docs/formats.md, 'Row check letter').

    Args:
        number: The row's number on its sheet, from 1.
        row: Its text; blanks do not count.
    """
    text = f"keyvault-kit/row/v1\n{number}\n{row.replace(' ', '')}"
    return LETTERS[hashlib.sha256(text.encode()).digest()[0] % len(LETTERS)]

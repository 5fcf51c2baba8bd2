"""Shares to be typed, and the sheets of a rehearsal's."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import passwords, slip39
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sheets.scan import read_codes

SPOKEN: Final = frozenset(
    "again agree belong destroy echo envelope force have image recover secret type".split()
)
"""Words of the list that the program or the shell says of itself."""


def split(secret: Secret, threshold: int = 2, count: int = 3) -> list[str]:
    """The shares of a secret, with the fewest iterations."""
    made = slip39.split(secret, threshold=threshold, count=count, random=os.urandom, exponent=0)
    return [share.mnemonic() for share in made]


def password_of(shares: Sequence[str]) -> str:
    """The password that these shares give."""
    secret = slip39.combine(Share.parse(words) for words in shares)
    return passwords.password_from_secret(secret).expose_text()


MINE: Final = split(Secret(bytes(range(32))))
PASSWORD: Final = password_of(MINE[:2])


def sheets_of(rehearsal: Path, account: str) -> list[Path]:
    """The sheets of an account's shares."""
    return sorted((rehearsal / "sheets").glob(f"share-{account}-*.pdf"))


def words_on(sheet: Path) -> str:
    """What the codes of a sheet say."""
    return read_codes(sheet.read_bytes())[0]


def told(words: str, text: str) -> set[str]:
    """Which words of a share stand in a text."""
    return {*words.lower().split()} & {*text.lower().split()} - SPOKEN

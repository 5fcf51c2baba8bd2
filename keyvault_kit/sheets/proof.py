"""Proving a finished sheet: what a scanner will read is what was meant, and nothing else."""

from keyvault_kit.errors import MismatchError
from keyvault_kit.sheets.scan import find_codes


def prove(pdf: bytes, expected: str, *, sheet: str = "the sheet", copies: int = 1) -> None:
    """Draw a finished PDF as pixels, decode its codes and compare them with what they must say.

    Args:
        expected: The text of its code: the page's `payload`.
        sheet: What to call it in an error; nothing secret.
        copies: How many codes must say it; each must be readable on its own.

    Raises:
        MismatchError: The payload is not there, not often enough, or another one is there too.
        InputError: The PDF cannot be read.
    """
    texts = [code.text for code in find_codes(pdf)]
    mend = "Destroy what was printed of it and make it again."
    if expected not in texts:
        found = "no code can be read" if not texts else "its code says something else"
        raise MismatchError(f"{sheet} failed its proof: {found}", mend=mend)
    if any(text != expected for text in texts):
        raise MismatchError(f"{sheet} failed its proof: it carries a second, other code", mend=mend)
    if len(texts) < copies:
        raise MismatchError(
            f"{sheet} failed its proof: {len(texts)} of {copies} codes can be read", mend=mend
        )

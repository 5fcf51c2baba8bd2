"""The words of SLIP-0039: found by themselves or by their first four letters, and near misses."""

from difflib import get_close_matches
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.sharing.slip39_wordlist import WORDS

__all__ = ["PREFIX", "WORDS", "index", "nearest"]

PREFIX: Final = 4
"""Words are told apart by this many letters (SLIP-0039, 'Wordlist')."""

_BY_PREFIX: Final = {word[:PREFIX]: number for number, word in enumerate(WORDS)}


def index(text: str) -> int:
    """The number, 0 to 1023, of a word, or of its first four letters or more; capitals are fine.

    Raises:
        InputError: It is no word of the list; the nearest ones are named.
    """
    folded = text.casefold()
    number = _BY_PREFIX.get(folded[:PREFIX])
    if number is not None and WORDS[number].startswith(folded):
        return number
    near = nearest(folded)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Read the word again."
    raise InputError("is no word of the list", mend=hint)


def nearest(text: str, most: int = 3) -> tuple[str, ...]:
    """The words that look most like a text, the best first."""
    return tuple(get_close_matches(text.casefold(), WORDS, n=most, cutoff=0.6))

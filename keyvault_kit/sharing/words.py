"""The words of SLIP-0039: found by themselves, by their letters or number, and near misses."""

from bisect import bisect_left
from difflib import get_close_matches
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.sharing.slip39_wordlist import WORDS

__all__ = ["PREFIX", "WORDS", "completions", "find", "index", "nearest", "typed"]

PREFIX: Final = 4
"""Words are told apart by this many letters (SLIP-0039, 'Wordlist')."""

_BY_PREFIX: Final = {word[:PREFIX]: number for number, word in enumerate(WORDS)}
_LAST: Final = "\x7f"
"""Behind every letter of the list."""


def find(text: str) -> int | None:
    """The number, 0 to 1023, of a word, or of its first four letters or more; capitals are fine."""
    folded = text.casefold()
    number = _BY_PREFIX.get(folded[:PREFIX])
    return number if number is not None and WORDS[number].startswith(folded) else None


def index(text: str) -> int:
    """The number, 0 to 1023, of a word, as `find` does.

    Raises:
        InputError: It is no word of the list. Nothing like it is named: this goes where people
            look back, and the nearest word may be the secret one.
    """
    number = find(text)
    if number is None:
        raise InputError("is no word of the list", mend="Read the word again.")
    return number


def completions(letters: str) -> range:
    """The numbers of the words that begin with these letters; capitals are fine."""
    folded = letters.casefold()
    return range(bisect_left(WORDS, folded), bisect_left(WORDS, folded + _LAST))


def typed(text: str) -> int | None:
    """The number of the one word that this can be: letters that begin no other, or its number.

    Returns:
        None where it can be several words, or none.
    """
    if text.isascii() and text.isdecimal():
        number = int(text)
        return number if number < len(WORDS) else None
    found = completions(text)
    return found[0] if text and len(found) == 1 else None


def nearest(text: str, most: int = 3) -> tuple[str, ...]:
    """The words that look most like a text, the best first."""
    return tuple(get_close_matches(text.casefold(), WORDS, n=most, cutoff=0.6))

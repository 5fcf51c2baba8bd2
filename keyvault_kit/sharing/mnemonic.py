"""What people type or paste as a share, as the numbers of its words.

Whatever can be read in one way only is read: capitals, any white space, fullwidth letters,
invisible signs, commas and full stops, numbering ('1.'), four letters for a word; or, instead of
the words, their numbers in the list, 0 to 1023. Everything else is named by its place and never
repeated: it may be another secret, in the wrong field.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.sharing import words
from keyvault_kit.sharing.slip39_wordlist import WORDS

_SIGNS: Final = str.maketrans(
    {
        "\N{ZERO WIDTH SPACE}": " ",  # it stands between words
        "\N{SOFT HYPHEN}": None,
        "\N{ZERO WIDTH NON-JOINER}": None,
        "\N{ZERO WIDTH JOINER}": None,
        "\N{WORD JOINER}": None,
        "\N{ZERO WIDTH NO-BREAK SPACE}": None,
        ",": " ",
        ";": " ",
    }
)
_NUMBERING: Final = re.compile(r"(?<!\S)[0-9]{1,3}[.):]")
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")

_FOREIGN: Final = 4
"""Words not of the list, from which on it is asked whether any should be."""


def numbers(text: str, most: int) -> tuple[int, ...]:
    """The numbers, 0 to 1023, of the words that a text spells.

    Args:
        text: The words, or their numbers.
        most: More words are not looked at.

    Raises:
        InputError: A word is not of the list (its place is named, and no word), most words are of
            another list, words and numbers are mixed, or there are too many.
    """
    found = _tokens(text)
    if len(found) > most:
        raise InputError(f"these are {len(found)} words, more than any share has")
    figures = [place for place, token in enumerate(found, 1) if token.isdecimal()]
    if not figures:
        return _from_words(found)
    if len(figures) == len(found):
        return tuple(_from_figures(place, token) for place, token in enumerate(found, 1))
    raise InputError(
        f"there is a number among the words, in place {figures[0]}",
        mend="Type the words alone, or their numbers alone.",
    )


def _tokens(text: str) -> list[str]:
    plain = _NUMBERING.sub(" ", unicodedata.normalize("NFKC", text).translate(_SIGNS))
    bare = (_EDGES.sub("", token) for token in plain.split())
    return [token for token in bare if token]


def _from_words(found: Sequence[str]) -> tuple[int, ...]:
    known = [words.find(word) for word in found]
    unknown = [place for place, number in enumerate(known) if number is None]
    if len(unknown) >= _FOREIGN and 4 * len(unknown) >= len(found):
        raise InputError(
            f"{len(unknown)} of these {len(found)} words are not of the list of SLIP-39: these"
            " are words of another list (a BIP-39 seed, say)",
            mend="Take the sheet of a share.",
        )
    for place in unknown:
        try:
            words.index(found[place])
        except InputError as error:
            raise InputError(f"word {place + 1} {error.what}", mend=error.mend) from None
    return tuple(number for number in known if number is not None)


def _from_figures(place: int, token: str) -> int:
    digits = token.lstrip("0") or "0"
    # Python refuses to read a number of thousands of digits.
    if len(digits) > len(str(len(WORDS))) or int(digits) >= len(WORDS):
        raise InputError(
            f"number {place} is above {len(WORDS) - 1}: no word has it", mend="Read it again."
        )
    return int(digits)

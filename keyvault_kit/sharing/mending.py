"""Mending: which word of a share is wrong, and what it may have been (SLIP-0039, 'Checksum').

A share whose words are all of the list, and whose checksum does not hold, has a slip in it: most
often one word was misread, or two neighbours were swapped. Two wrong words never look like one. A
candidate is a guess until a proof in the register, or the person with the sheet, confirms it.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from keyvault_kit.sharing import rs1024
from keyvault_kit.sharing.proofs import share_proof
from keyvault_kit.sharing.slip39_wordlist import WORDS

ROW: Final = 2
"""Words in a row, as a share's sheet numbers them."""

_FLAG_PLACE: Final = 1
_FLAG_SHIFT: Final = 4


class Candidate(msgspec.Struct, frozen=True):
    """One way to mend a share.

    Attributes:
        places: From 0: one, if that word was changed; two, if these neighbours were swapped.
        words: The mended words at these places: secret.
        mnemonic: All words, the mended ones among them, in lower case: secret.
        confirmed: Whether the proof of the mended share is among those that were given.
    """

    places: tuple[int, ...]
    words: tuple[str, ...]
    mnemonic: str
    confirmed: bool

    def __repr__(self) -> str:
        return f"Candidate(places={self.places}, ..., confirmed={self.confirmed})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own lists every field, and Textual shows local variables after a crash.
        return [("places", self.places), ("confirmed", self.confirmed)]


def is_extendable(numbers: Sequence[int]) -> bool:
    """The flag among a share's words; it chooses how their checksum is made."""
    return bool(numbers[_FLAG_PLACE] >> _FLAG_SHIFT & 1)


def candidates(numbers: Sequence[int], proofs: Collection[str] = ()) -> tuple[Candidate, ...]:
    """The shares that differ from a damaged one in one word, or by two neighbours swapped.

    Args:
        numbers: The words of the damaged share, 0 to 1023.
        proofs: The proofs of the shares that it may be, 64 hex digits each.
    """
    return tuple(
        _candidate(numbers, mend, proofs)
        # The wrong word may be the one with the flag: the mended share decides.
        for extendable in (True, False)
        for mend in rs1024.mends(numbers, extendable=extendable)
        if is_extendable(_mended(numbers, mend)) == extendable
    )


def _mended(numbers: Sequence[int], mend: dict[int, int]) -> tuple[int, ...]:
    return tuple(mend.get(place, number) for place, number in enumerate(numbers))


def _candidate(numbers: Sequence[int], mend: dict[int, int], proofs: Collection[str]) -> Candidate:
    mnemonic = " ".join(WORDS[number] for number in _mended(numbers, mend))
    return Candidate(
        places=tuple(mend),
        words=tuple(WORDS[number] for number in mend.values()),
        mnemonic=mnemonic,
        confirmed=share_proof(mnemonic) in proofs,
    )


def suspects(numbers: Sequence[int]) -> str:
    """Where a single slip would be, as rows of the sheet: 'row 7 (words 13 and 14)'.

    Empty where no single slip explains the checksum. The words themselves are not told.
    """
    rows = {place // ROW for each in candidates(numbers) for place in each.places}
    return " or ".join(_row(row, len(numbers)) for row in sorted(rows))


def _row(row: int, count: int) -> str:
    first, last = row * ROW + 1, min(row * ROW + ROW, count)
    words = f"words {first} and {last}" if last > first else f"word {first}"
    return f"row {row + 1} ({words})"

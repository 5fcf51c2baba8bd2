"""One share as words and as fields (SLIP-0039, 'Format of the share mnemonic')."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sharing import cipher, mending, mnemonic, rs1024
from keyvault_kit.sharing.slip39_wordlist import WORDS

RADIX_BITS: Final = 10
METADATA_WORDS: Final = 7
MIN_SECRET: Final = 16
MIN_WORDS: Final = METADATA_WORDS + -(-MIN_SECRET * 8 // RADIX_BITS)
MAX_SECRET: Final = 512
"""Bytes; a bound on what is looked at. A password's secret has 32, a container 288 at most."""

MAX_WORDS: Final = METADATA_WORDS + -(-MAX_SECRET * 8 // RADIX_BITS)
MAX_PADDING: Final = 8


class DamagedShareError(InputError):
    """All words are of the list, and their checksum does not hold: one or more are wrong.

    Its text names the rows where a single slip would be, and never a word: what was meant is a
    guess (`mending.candidates`) until something confirms it.

    Attributes:
        numbers: The words, 0 to 1023: secret.
    """

    def __init__(self, numbers: tuple[int, ...]) -> None:
        rows = mending.suspects(numbers)
        super().__init__(
            "the words do not agree with their checksum",
            mend=f"If there is one slip, it is in {rows}: compare it with the sheet."
            if rows
            else "Two or more are wrong or out of place: compare each row with its check letter.",
        )
        self.numbers = numbers


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One share.

    Attributes:
        identifier: 15 bits that all shares of a set have in common.
        extendable: Whether the identifier is left out of the encryption.
        exponent: PBKDF2 iterations are 10000 times two to this.
        group_index, group_threshold, group_count: Its group, from 0, and how many are needed.
        member_index, member_threshold: Its place in the group, from 0, and how many are needed.
        value: The share itself: secret.
    """

    identifier: int
    extendable: bool
    exponent: int
    group_index: int
    group_threshold: int
    group_count: int
    member_index: int
    member_threshold: int
    value: bytes

    def __repr__(self) -> str:
        return f"Share({self.identifier}, {self.group_index}, {self.member_index}, ...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own lists every field, and Textual shows local variables after a crash.
        return [("identifier", self.identifier), ("member_index", self.member_index)]

    @property
    def setting(self) -> tuple[int, bool, int, int, int, int]:
        """What all shares of a set have in common; the last is the length of the secret."""
        return (
            self.identifier,
            self.extendable,
            self.exponent,
            self.group_threshold,
            self.group_count,
            len(self.value),
        )

    @property
    def name(self) -> str:
        """Its number, as sheets print it, from 1; with its group's, where there are several."""
        number = f"share {self.member_index + 1}"
        return number if self.group_count == 1 else f"{number} of group {self.group_index + 1}"

    def mnemonic(self) -> str:
        """The words in lower case, joined by single spaces: secret."""
        return " ".join(WORDS[number] for number in _encode(self))

    @staticmethod
    def parse(text: str) -> "Share":
        """The share that a text spells, in any case, with any white space, whole or abbreviated.

        The numbers of the words, 0 to 1023, are read as well as the words.

        Raises:
            DamagedShareError: All words are of the list, and the checksum does not hold.
            InputError: A word is not of the list (its place is named, and no word), there are too
                few or too many, or the share cannot be or demands too much work.
        """
        numbers = mnemonic.numbers(text, MAX_WORDS)
        if not is_length(len(numbers)):
            raise InputError(
                f"no share has {len(numbers)} words",
                mend="A share of a password has 33. Count them.",
            )
        if not rs1024.verify(numbers, extendable=mending.is_extendable(numbers)):
            raise DamagedShareError(numbers)
        return _decode(numbers)


def is_length(count: int) -> bool:
    """Whether a share can have so many words."""
    padding = (count - METADATA_WORDS) * RADIX_BITS % 16
    return MIN_WORDS <= count <= MAX_WORDS and padding <= MAX_PADDING


def _encode(share: Share) -> tuple[int, ...]:
    """A share's words as numbers 0 to 1023."""
    fields = (
        (share.identifier, 15),
        (int(share.extendable), 1),
        (share.exponent, 4),
        (share.group_index, 4),
        (share.group_threshold - 1, 4),
        (share.group_count - 1, 4),
        (share.member_index, 4),
        (share.member_threshold - 1, 4),
    )
    prefix = 0
    for field, bits in fields:
        prefix = prefix << bits | field
    value_words = -(-len(share.value) * 8 // RADIX_BITS)
    number = prefix << value_words * RADIX_BITS | int.from_bytes(share.value, "big")
    count = value_words + METADATA_WORDS - rs1024.LENGTH
    data = tuple(number >> RADIX_BITS * i & 1023 for i in reversed(range(count)))
    return (*data, *rs1024.create(data, extendable=share.extendable))


def _decode(numbers: Sequence[int]) -> Share:
    """The share that these words are."""
    bits = 0
    for number in numbers[:4]:
        bits = bits << RADIX_BITS | number
    share = Share(
        identifier=bits >> 25,
        extendable=bool(bits >> 24 & 1),
        exponent=bits >> 20 & 15,
        group_index=bits >> 16 & 15,
        group_threshold=(bits >> 12 & 15) + 1,
        group_count=(bits >> 8 & 15) + 1,
        member_index=bits >> 4 & 15,
        member_threshold=(bits & 15) + 1,
        value=_value(numbers[4 : -rs1024.LENGTH]),
    )
    cipher.check_exponent(share.exponent)
    if share.group_threshold > share.group_count:
        raise InputError("the share says that more groups are needed than there are")
    if share.group_index >= share.group_count:
        # Else a forged group of one share would join a true set of one group, and complete it.
        raise InputError("the share says that it is of a group that is not there")
    return share


def _value(numbers: Sequence[int]) -> bytes:
    size = len(numbers) * RADIX_BITS // 16
    value = 0
    for number in numbers:
        value = value << RADIX_BITS | number
    if value >> size * 16:
        raise InputError("the share's padding is not zero: it was made by no known program")
    return value.to_bytes(size * 2, "big")

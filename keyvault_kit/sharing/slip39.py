"""SLIP-0039: shares of a secret as words. Reads every valid set, writes sets of one group.

https://github.com/satoshilabs/slips/blob/master/slip-0039.md
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Self, TypedDict

import msgspec

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import cipher, rs1024, shamir, words
from keyvault_kit.sharing.slip39_wordlist import WORDS

RADIX_BITS: Final = 10
METADATA_WORDS: Final = 7
MIN_SECRET: Final = 16
MIN_WORDS: Final = METADATA_WORDS + -(-MIN_SECRET * 8 // RADIX_BITS)
MAX_SECRET: Final = 512
"""Bytes; a bound on what is looked at. A password's secret has 32, a container 288 at most."""

MAX_WORDS: Final = METADATA_WORDS + -(-MAX_SECRET * 8 // RADIX_BITS)

MAX_SHARES: Final = 16
MAX_PADDING: Final = 8
MAX_EXPONENT: Final = 10
"""What an input may demand: 10 million iterations, some seconds. The kit's own shares have 1."""

Random = Callable[[int], bytes]


class ForeignShareError(InputError):
    """A share of another set, or of a set made with other settings."""


class RepeatedShareError(InputError):
    """A share that is there already."""


class ConflictingShareError(InputError):
    """Two different shares with the same place in a set: one of them is forged or damaged."""


class MissingSharesError(InputError):
    """There are fewer shares than the threshold."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One share (SLIP-0039, 'Format of the share mnemonic').

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

    def mnemonic(self) -> str:
        """The words in lower case, joined by single spaces: secret."""
        return " ".join(WORDS[number] for number in _encode(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The share that a text spells, in any case, with any white space, whole or abbreviated.

        Raises:
            InputError: A word is not of the list (its number is named, and the nearest words), or
                there are too few, or the checksum does not hold, or the share cannot be.
        """
        return cls(**_decode(_numbers(text)))


def _customization(*, extendable: bool) -> bytes:
    return b"shamir_extendable" if extendable else b"shamir"


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
    return (*data, *rs1024.create(_customization(extendable=share.extendable), data))


def _numbers(text: str) -> tuple[int, ...]:
    found = text.split()
    if len(found) > MAX_WORDS:
        raise InputError(f"these are {len(found)} words, more than any share has")
    numbers = []
    for place, word in enumerate(found, 1):
        try:
            numbers.append(words.index(word))
        except InputError as error:
            # What was typed is not repeated: it may be another secret, in the wrong field.
            raise InputError(f"word {place} {error.what}", mend=error.mend) from None
    padding = (len(numbers) - METADATA_WORDS) * RADIX_BITS % 16
    if len(numbers) < MIN_WORDS or padding > MAX_PADDING:
        raise InputError(
            f"no share has {len(numbers)} words", mend="A share of a password has 33. Count them."
        )
    return tuple(numbers)


class _Fields(TypedDict):
    """The fields of a share, by their names there."""

    identifier: int
    extendable: bool
    exponent: int
    group_index: int
    group_threshold: int
    group_count: int
    member_index: int
    member_threshold: int
    value: bytes


def _decode(numbers: Sequence[int]) -> _Fields:
    """The fields of the share that these words are."""
    bits = 0
    for number in numbers[:4]:
        bits = bits << RADIX_BITS | number
    extendable = bool(bits >> 24 & 1)
    _check(numbers, extendable=extendable)
    fields: _Fields = {
        "identifier": bits >> 25,
        "extendable": extendable,
        "exponent": bits >> 20 & 15,
        "group_index": bits >> 16 & 15,
        "group_threshold": (bits >> 12 & 15) + 1,
        "group_count": (bits >> 8 & 15) + 1,
        "member_index": bits >> 4 & 15,
        "member_threshold": (bits & 15) + 1,
        "value": _value(numbers[4 : -rs1024.LENGTH]),
    }
    if fields["group_threshold"] > fields["group_count"]:
        raise InputError("the share says that more groups are needed than there are")
    return fields


def _check(numbers: Sequence[int], *, extendable: bool) -> None:
    if rs1024.verify(_customization(extendable=extendable), numbers):
        return
    place = rs1024.locate(_customization(extendable=extendable), numbers)
    # The second word holds the flag, and may itself be the wrong one.
    if place is None and rs1024.locate(_customization(extendable=not extendable), numbers) == 1:
        place = 1
    raise InputError(
        "the words do not agree with their checksum",
        mend="Two or more are wrong or out of place: compare each row with its check letter."
        if place is None
        else f"If only one is wrong, it is word {place + 1}: read it again.",
    )


def _value(numbers: Sequence[int]) -> bytes:
    size = len(numbers) * RADIX_BITS // 16
    value = 0
    for number in numbers:
        value = value << RADIX_BITS | number
    if value >> size * 16:
        raise InputError("the share's padding is not zero: it was made by no known program")
    return value.to_bytes(size * 2, "big")


def split(
    secret: Secret,
    *,
    threshold: int,
    count: int,
    random: Random,
    exponent: int = 1,
    extendable: bool = True,
) -> tuple[Share, ...]:
    """Split a secret into `count` shares of one group, any `threshold` of which give it back.

    Args:
        secret: 16 to 512 bytes, an even number of them.
        random: That many random bytes.
        exponent: 10000 times two to this is the number of PBKDF2 iterations.

    Raises:
        InputError: Threshold, count, exponent or the secret's length cannot be.
    """
    if not 1 <= threshold <= count <= MAX_SHARES:
        raise InputError(f"a secret cannot be split {threshold} of {count}: 1 to 16, and no fewer")
    if threshold == 1 and count > 1:
        raise InputError("a threshold of 1 would make every share the whole secret (SLIP-0039)")
    if not MIN_SECRET <= len(secret) <= MAX_SECRET or len(secret) % 2:
        raise InputError(f"a secret of {len(secret)} bytes cannot be split: 16 to 512, even")
    if not 0 <= exponent <= MAX_EXPONENT:
        raise InputError(f"an iteration exponent of {exponent} is out of bounds")
    identifier = int.from_bytes(random(2), "big") >> 1
    encrypted = cipher.encrypt(
        secret.expose(), b"", exponent=exponent, identifier=identifier, extendable=extendable
    )
    return tuple(
        Share(
            identifier=identifier,
            extendable=extendable,
            exponent=exponent,
            group_index=0,
            group_threshold=1,
            group_count=1,
            member_index=x,
            member_threshold=threshold,
            value=value,
        )
        for x, value in shamir.split(encrypted, threshold, count, random)
    )


def combine(shares: Iterable[Share], passphrase: bytes = b"") -> Secret:
    """The secret that these shares give, in any order; more than enough are fine if they agree.

    Raises:
        InputError: Shares are missing, repeated, of another set, or contradict each other.
        MismatchError: They do not belong together although they say so; with more than enough,
            the wrong ones are named by their number in the set, from 1.
    """
    every = tuple(shares)
    if not every:
        raise MissingSharesError("there are no shares")
    groups = gather(every)
    first = every[0]
    if first.exponent > MAX_EXPONENT:
        raise InputError(f"the shares demand an iteration exponent of {first.exponent}, over 10")
    whole = {index: group for index, group in groups.items() if not missing(group)}
    if len(whole) < first.group_threshold:
        raise MissingSharesError(_what_is_missing(first, groups))
    points = [(index, _combine_group(group)) for index, group in whole.items()]
    encrypted = _recover(points, first.group_threshold, "group")
    return Secret(
        cipher.decrypt(
            encrypted,
            passphrase,
            exponent=first.exponent,
            identifier=first.identifier,
            extendable=first.extendable,
        )
    )


def gather(shares: Sequence[Share]) -> dict[int, dict[int, Share]]:
    """Shares of one set by group and place.

    Raises:
        InputError: One is repeated, of another set, or contradicts another; it is named by its
            place among `shares`, from 1.
    """
    groups: dict[int, dict[int, Share]] = {}
    for place, share in enumerate(shares, 1):
        group = groups.setdefault(share.group_index, {})
        check_fits(share, shares[0], group, f"share {place}")
        group[share.member_index] = share
    return groups


def check_fits(share: Share, first: Share, group: Mapping[int, Share], name: str) -> None:
    """Check that a share belongs to the set of `first` and adds to its group.

    Raises:
        InputError: It does not; `name` says which share it is.
    """
    if share.setting != first.setting:
        raise ForeignShareError(
            f"{name} is of another set ({share.identifier}, not {first.identifier})"
            if share.identifier != first.identifier
            else f"{name} is of a set made with other settings",
            mend="Take a share of the same set; its id stands on the sheet in large type.",
        )
    other = next(iter(group.values()), share)
    if other.member_threshold != share.member_threshold:
        raise ForeignShareError(f"{name} says another threshold than the rest of its group")
    twin = group.get(share.member_index)
    if twin == share:
        raise RepeatedShareError(f"{name} is there already", mend="Take another share.")
    if twin is not None:
        raise ConflictingShareError(
            f"{name} has the place of another share and is not the same: one of them is wrong",
            mend="Verify each alone against the ledger.",
        )


def missing(group: Mapping[int, Share]) -> int:
    """How many more shares a group needs."""
    threshold = next(iter(group.values())).member_threshold
    return max(0, threshold - len(group))


def _what_is_missing(first: Share, groups: Mapping[int, Mapping[int, Share]]) -> str:
    if first.group_count == 1:
        (group,) = groups.values()
        return f"{missing(group)} more share(s) of set {first.identifier} are needed"
    return (
        f"{first.group_threshold} groups of set {first.identifier} are needed whole, and"
        f" {sum(not missing(group) for group in groups.values())} are there"
    )


def _combine_group(group: Mapping[int, Share]) -> bytes:
    threshold = next(iter(group.values())).member_threshold
    return _recover([(x, share.value) for x, share in sorted(group.items())], threshold, "share")


def _recover(points: Sequence[shamir.Point], threshold: int, what: str) -> bytes:
    secret, wrong = shamir.recover(points, threshold)
    if wrong:
        raise MismatchError(
            f"the rest contradicts {what} {' and '.join(str(x + 1) for x in wrong)}",
            mend="Leave them out, and verify each alone against the ledger.",
        )
    return secret

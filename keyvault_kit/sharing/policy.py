"""What a password is drawn from: its length and its alphabet, and how strong that makes it (S28).

The kit's own form is base58-44: 32 random bytes written with 58 characters. Where a policy of the
organisation wants symbols or another length, characters are drawn one by one instead.
"""

import math
import re
from itertools import combinations
from typing import Final

import msgspec

from keyvault_kit.errors import InputError

BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""The Bitcoin alphabet: without 0, O, I and l."""

UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER: Final = UPPER.lower()
DIGITS: Final = "0123456789"
SYMBOLS: Final = "@#$%^&*-_!+=[]{}|\\:',.?/`~\"();<>"
"""Those that Microsoft Entra ID takes, without the blank (its 'Password policies', 2025-05)."""

KINDS: Final = {"capitals": UPPER, "small letters": LOWER, "digits": DIGITS, "symbols": SYMBOLS}
ALLOWED: Final = frozenset("".join(KINDS.values()))
LEAST_KINDS: Final = 3
"""Of the four kinds of characters, Entra wants three."""

SHORTEST: Final = 8
LONGEST: Final = 256
"""Characters that Entra takes."""

SECRET_BITS: Final = 256
"""What a base58-44 password is made of, before redrawing."""

RECOMMENDED_LENGTH: Final = 40
"""Characters; a shorter password takes a decision (C3)."""

RECOMMENDED_BITS: Final = 128

_WIDTH: Final = 44
_EASY_SYMBOLS: Final = "%&*+/=?"
"""On every common keyboard, no dead keys, and nothing else looks like them."""

_ALPHABETS: Final = {"base58": BASE58, "symbols": BASE58 + _EASY_SYMBOLS}
_NAME: Final = re.compile(rf"(?P<alphabet>{'|'.join(_ALPHABETS)})-(?P<length>[0-9]{{1,3}})")
_LOOK_ALIKES: Final = ("0Oo", "1Il|!", "'`", ".,", ":;", "-_~")
"""Signs that cannot be told apart with certainty; for pairs such as 5 and S, a sheet has a key."""


class Policy(msgspec.Struct, frozen=True):
    """How passwords are drawn.

    Attributes:
        alphabet: The characters, each once; of those that Entra takes, without the blank.
        length: Characters of a password, 8 to 256.

    Raises:
        InputError: A character is repeated or never taken, there are fewer than three kinds of
            them, or the length is out of bounds.
    """

    alphabet: str = BASE58
    length: int = _WIDTH

    def __post_init__(self) -> None:
        if not SHORTEST <= self.length <= LONGEST:
            raise InputError(
                f"a password of {self.length} characters is not taken by Entra:"
                f" {SHORTEST} to {LONGEST}"
            )
        for place, character in enumerate(self.alphabet):
            if character not in ALLOWED:
                raise InputError(f"the alphabet has a character that Entra refuses: {character!r}")
            if character in self.alphabet[:place]:
                raise InputError(f"the alphabet has a character twice: {character!r}")
        if len(self.kinds) < LEAST_KINDS:
            raise InputError(
                "the alphabet has too few kinds of characters for Entra",
                mend=f"Take three of: {', '.join(KINDS)}.",
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The characters of the alphabet, kind by kind; each password has all of these kinds."""
        of_kinds = ("".join(c for c in self.alphabet if c in kind) for kind in KINDS.values())
        return tuple(filter(None, of_kinds))

    @property
    def is_base58_44(self) -> bool:
        """Whether such a password stands for 32 bytes (docs/formats.md, 'Password')."""
        return self.alphabet == BASE58 and self.length == _WIDTH

    @property
    def drawn_bits(self) -> float:
        """Bits that are drawn, before it is asked whether every kind of character is there."""
        return math.log2(self._spelled_with(self.alphabet))

    @property
    def entropy_bits(self) -> float:
        """Bits of entropy of a password: exactly, those without one of the kinds taken off."""
        count = 0
        for left_out in range(len(self.kinds) + 1):
            for kinds in combinations(self.kinds, left_out):
                rest = "".join(c for c in self.alphabet if c not in "".join(kinds))
                count += (-1) ** left_out * self._spelled_with(rest)
        return math.log2(count)

    def _spelled_with(self, characters: str) -> int:
        """How many of the texts that can be drawn have no other characters than these."""
        if self.is_base58_44:
            return _numbers_below(1 << SECRET_BITS, characters)
        return int(len(characters) ** self.length)


def _numbers_below(limit: int, characters: str) -> int:
    """How many numbers below a limit are written in 44 digits of base58 with these alone."""
    allowed = sorted(map(BASE58.index, characters))
    count = 0
    for place in reversed(range(_WIDTH)):
        digit, limit = divmod(limit, len(BASE58) ** place)
        count += sum(it < digit for it in allowed) * len(allowed) ** place
        if digit not in allowed:
            break
    return count


BASE58_44: Final = Policy()
POLICIES: Final = {
    "base58-44": BASE58_44,
    "symbols-44": Policy(alphabet=_ALPHABETS["symbols"]),
}
"""The usual ones, by name."""


def policy_named(name: str) -> Policy:
    """The policy of a name: an alphabet and a length, such as 'base58-44' or 'symbols-60'.

    Raises:
        InputError: There is no such alphabet, or the length cannot be.
    """
    found = _NAME.fullmatch(name)
    if not found:
        raise InputError(
            f"there is no kind of passwords of the name {name!r}",
            mend=f"Take {' or '.join(POLICIES)}, or another length.",
        )
    return Policy(alphabet=_ALPHABETS[found["alphabet"]], length=int(found["length"]))


def weaknesses(policy: Policy) -> tuple[str, ...]:
    """What speaks against a policy, a sentence each; empty where nothing does."""
    found = []
    if policy.length < RECOMMENDED_LENGTH:
        found.append(
            f"A password of {policy.length} characters is shorter than {RECOMMENDED_LENGTH}:"
            " that takes a decision (C3)."
        )
    if policy.entropy_bits < RECOMMENDED_BITS:
        found.append(
            f"A password has {math.floor(policy.entropy_bits)} bits, fewer than {RECOMMENDED_BITS}."
        )
    if alike := [group for it in _LOOK_ALIKES if (group := _shared(policy, it))]:
        found.append(f"These characters look alike on paper: {', '.join(alike)}.")
    return tuple(found)


def _shared(policy: Policy, look_alikes: str) -> str:
    """The look-alikes that the alphabet has, if they are several."""
    both = "".join(c for c in look_alikes if c in policy.alphabet)
    return " ".join(both) if len(both) > 1 else ""

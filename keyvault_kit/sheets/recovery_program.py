"""What stands on the recovery sheet: two programs to type, and an example to try them with.

The programs are text and not code of this kit: they are typed from paper, run on a computer that
has Python 3.6 or newer and nothing else, and know SLIP-0039 by themselves.
"""

import hashlib
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import passwords, slip39
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.words import index

RECOVER: Final = resources.files(__package__).joinpath("recovery.py.txt").read_text("ascii")
"""Takes the numbers of the words, share by share, and prints the secret."""

CHECK: Final = resources.files(__package__).joinpath("check.py.txt").read_text("ascii")
"""Prints the check letter of each line of `recover.py`, and the check of the whole."""

TOOLS: Final = ("shamir-mnemonic 0.3.0 (PyPI)", "slip39 0.1.9 (npm)")
"""Other programs that read the kit's shares, in the versions that the tests hold them to."""

INDENT: Final = 4
"""Blanks of a step of indentation."""

_DIGEST: Final = 12
"""Hex digits of the check of a whole program: for mistakes, not against a forger."""

_THRESHOLD, _COUNT = 2, 3
_SHOWN: Final = (0, 2)
"""Which shares of the example are shown: not neighbours, so that places matter."""


class Row(msgspec.Struct, frozen=True):
    """A line of a program.

    Attributes:
        number: From 1.
        indent: Blanks before the text.
        check: The check letter of the line; blanks do not count for it.
    """

    number: int
    indent: int
    text: str
    check: str


def rows(program: str) -> tuple[Row, ...]:
    """The lines of a program, each with its check letter."""
    return tuple(
        Row(number, len(line) - len(line.lstrip()), line.strip(), check_letter(number, line))
        for number, line in enumerate(program.splitlines(), start=1)
    )


def digest(program: str) -> str:
    """The check of a whole program, blanks and indentation included: 12 hex digits."""
    return hashlib.sha256(program.rstrip("\n").encode()).hexdigest()[:_DIGEST]


class Example(msgspec.Struct, frozen=True):
    """A split of a secret that everybody knows: the bytes 00 to 1f.

    Attributes:
        numbers: Each shown share's words by their numbers, under the share's number in its set.
        count: Shares in the set.
    """

    secret: bytes
    password: str
    numbers: dict[int, tuple[int, ...]]
    count: int

    @property
    def threshold(self) -> int:
        """How many shares give the secret back: as many as are shown."""
        return len(self.numbers)


@cache
def example() -> Example:
    """The worked example, the same on every sheet; nothing in it is secret or random."""
    secret = Secret(bytes(range(passwords.SECRET_SIZE)))
    shares = slip39.split(secret, threshold=_THRESHOLD, count=_COUNT, random=_drawn)
    return Example(
        secret=secret.expose(),
        password=passwords.password_from_secret(secret).expose_text(),
        numbers={at + 1: _numbers(shares[at]) for at in _SHOWN},
        count=_COUNT,
    )


def _drawn(size: int) -> bytes:
    return hashlib.shake_256(b"keyvault-kit/example").digest(size)


def _numbers(share: slip39.Share) -> tuple[int, ...]:
    return tuple(index(word) for word in share.mnemonic().split(" "))

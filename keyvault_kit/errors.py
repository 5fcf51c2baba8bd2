"""The error tree of the kit, and the exit status that each branch stands for.

Every error says what happened and to what, and how to mend it; nothing in an error is secret.
Checks that guard raise these; rules that judge return findings instead.
"""

from typing import ClassVar, Final

EXIT_FINDINGS: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERNAL: Final = 70
EXIT_INTERRUPTED: Final = 130
"""Exit statuses of a program that ends otherwise than by an error below."""


class KeyvaultError(Exception):
    """Any failure that the kit names.

    Args:
        what: One sentence without a full stop: what happened, and to what.
        mend: What the reader should do next, if there is something.
    """

    exit_status: ClassVar[int] = 70

    def __init__(self, what: str, *, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}. {self.mend}" if self.mend else self.what

    @property
    def sentences(self) -> str:
        """What happened and what to do, each with its full stop: more may be said after it."""
        return f"{self.what}. {self.mend}".rstrip()


class InputError(KeyvaultError):
    """A file, a word or an option that cannot be understood (exit status 2)."""

    exit_status = 2


class MismatchError(KeyvaultError):
    """Two things that should agree do not: a share and its proof, say (exit status 1)."""

    exit_status = 1


class DeviceError(KeyvaultError):
    """A security key, a printer or another device failed (exit status 3)."""

    exit_status = 3


class LedgerError(KeyvaultError):
    """The ledger is damaged, or not what the paper says it is (exit status 4)."""

    exit_status = 4


class RefusedError(KeyvaultError):
    """The act is against the state of the register or a rule of conduct (exit status 5)."""

    exit_status = 5


class DeclinedError(RefusedError):
    """People were asked whether to go on, and said no (exit status 5)."""


class InternalError(KeyvaultError):
    """Our own fault (exit status 70)."""

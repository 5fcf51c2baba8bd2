"""The founding sheet as text: whose signatures count, from paper and not from the log."""

import re
from collections.abc import Mapping
from typing import Final, Self

import msgspec

from keyvault_kit.custody.model import Signer
from keyvault_kit.errors import InputError
from keyvault_kit.ledger.checkpoint import ORIGIN
from keyvault_kit.ledger.sshsig import PublicKey

_MEND: Final = "Scan or copy the founding sheet's code again, whole."
_LEAST_LINES: Final = 5
_FOUNDER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*) (SHA256:[A-Za-z0-9+/]{43})")


class Trust(msgspec.Struct, frozen=True):
    """Where the trust in a ledger begins.

    Attributes:
        register: The register id, 64 hex digits.
        since: The entry at which it begins: 0, or that of a re-founding.
        founders: Person -> fingerprint of the signing key (`SHA256:...`), sorted by person.
        leaf: Leaf hash of the re-founding's entry, hex; empty at entry 0, whose leaf hash is the
            register id.
    """

    register: str
    since: int
    founders: tuple[tuple[str, str], ...]
    leaf: str = ""

    @classmethod
    def of(
        cls, register: str, since: int, founders: Mapping[str, Signer], *, leaf: str = ""
    ) -> Self:
        """The trust in these founders' keys."""
        pairs = (
            (person, PublicKey.parse(signer.public_key).fingerprint())
            for person, signer in founders.items()
        )
        return cls(register, since, tuple(sorted(pairs)), leaf)

    def text(self) -> str:
        """The exact text of the founding sheet's code; each line is ended by LF."""
        founders = "".join(f"{person} {key}\n" for person, key in self.founders)
        begins = f"founding {self.since} {self.leaf}".rstrip()
        return f"{ORIGIN}{self.register}\n{begins}\n{founders}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The trust whose exact text this is.

        Raises:
            InputError: It is not exactly that; the line is named.
        """
        lines = text.split("\n")
        if len(lines) < _LEAST_LINES or lines[-1]:
            raise InputError(
                "a founding sheet has an origin, a founding and two founders at least, each line"
                " ended by LF",
                mend=_MEND,
            )
        origin, founding, *named = lines[:-1]
        if not re.fullmatch(ORIGIN + "[0-9a-f]{64}", origin):
            raise InputError(f"line 1 is not {ORIGIN} and a register id", mend=_MEND)
        since = re.fullmatch(r"founding (?:0|([1-9][0-9]{0,17}) ([0-9a-f]{64}))", founding)
        if since is None:
            raise InputError("line 2 is not 'founding 0', or a number and a hash", mend=_MEND)
        founders = []
        for number, line in enumerate(named, 3):
            match = _FOUNDER.fullmatch(line)
            if match is None:
                raise InputError(f"line {number} is no founder with a fingerprint", mend=_MEND)
            founders.append((match[1], match[2]))
        trust = cls(
            origin.removeprefix(ORIGIN), int(since[1] or 0), tuple(founders), since[2] or ""
        )
        if [person for person, _ in founders] != sorted({person for person, _ in founders}):
            raise InputError("the founders are not in order, or one stands twice", mend=_MEND)
        return trust

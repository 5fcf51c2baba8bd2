"""Proposals: what another site wants entered, as its people signed it (docs/formats.md)."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Self

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import canonical_json, decode_proposed
from keyvault_kit.custody.model import Hex256
from keyvault_kit.errors import InputError, LedgerError

FORMAT: Final = "keyvault-kit/proposal/v1"


class ProposedEntry(msgspec.Struct, frozen=True):
    """One entry that is proposed: by whom, when it happened, and what."""

    by: tuple[str, ...]
    occurred: datetime
    fact: ev.AnyFact


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What people of another site want entered.

    Attributes:
        register: Register id of the ledger that it is for.
        size: Entries of the ledger as its authors knew it.
        root: Root hash of those, hex.
        nonce: 32 random bytes, hex.
        entries: The exact bytes of each entry, without `seq` and `time`.
    """

    register: Hex256
    size: ev.Positive
    root: Hex256
    nonce: Hex256
    entries: tuple[bytes, ...]

    def message(self) -> bytes:
        """The exact bytes that are signed."""
        fields = {
            "format": FORMAT,
            "register": self.register,
            "size": self.size,
            "root": self.root,
            "nonce": self.nonce,
            "entries": [msgspec.json.decode(entry) for entry in self.entries],
        }
        return canonical_json(fields)

    @property
    def id(self) -> str:
        """SHA-256 of the message, hex: the name of this proposal."""
        return hashlib.sha256(self.message()).hexdigest()

    def proposed(self) -> tuple[ProposedEntry, ...]:
        """Its entries, read.

        Raises:
            InputError: One is no entry.
        """
        try:
            return tuple(ProposedEntry(*decode_proposed(entry)) for entry in self.entries)
        except LedgerError as error:
            raise InputError(f"the proposal holds what is no entry: {error.what}") from error

    @classmethod
    def parse(cls, message: bytes) -> Self:
        """The proposal whose exact message this is.

        Raises:
            InputError: It is none, or is not written in the one form.
        """
        try:
            fields = msgspec.json.decode(message, type=dict[str, Any])
            if fields.pop("format", None) != FORMAT:
                raise InputError(f"this is no proposal of the format {FORMAT}")
            entries = tuple(canonical_json(entry) for entry in fields.pop("entries", ()))
            proposal = msgspec.convert({**fields, "entries": entries}, cls)
            canonical = proposal.message()
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
            raise InputError("this is no proposal") from error
        if canonical != message:
            raise InputError("the proposal is not in canonical form")
        return proposal


def signers_of(entries: Sequence[ProposedEntry]) -> tuple[str, ...]:
    """Everybody who is named in the entries, sorted: they are who must sign."""
    return tuple(sorted({person for entry in entries for person in entry.by}))


def utc(moment: datetime) -> datetime:
    """A moment as entries hold it: UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)

"""The register: what is true now. Only :func:`keyvault_kit.custody.fold.fold` makes a new one."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from keyvault_kit.custody.model import (
    Account,
    CeremonyRecord,
    Envelope,
    EnvelopeState,
    Exposure,
    Finding,
    Mode,
    Person,
    Purpose,
    Safe,
    SecretSet,
    SecurityKey,
    Signer,
    Site,
)
from keyvault_kit.errors import RefusedError

T = TypeVar("T")


@dataclass(slots=True)
class Register:
    """The state after `size` entries. Treat it as a value: only :func:`fold` makes a new one.

    Attributes:
        size: How many entries it is the fold of.
        time: Time of the last of them.
    """

    size: int = 0
    time: datetime | None = None
    mode: Mode | None = None
    organisation: str = ""
    signers: dict[str, Signer] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    safes: dict[str, Safe] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, SecurityKey] = field(default_factory=dict)
    sets: dict[str, SecretSet] = field(default_factory=dict)
    envelopes: dict[str, Envelope] = field(default_factory=dict)
    ceremonies: dict[str, CeremonyRecord] = field(default_factory=dict)
    checkpoints: dict[int, tuple[str, ...]] = field(default_factory=dict)
    exposures: list[Exposure] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def copy(self) -> "Register":
        """A register that changes without changing this one; the values in it are frozen."""
        twin = copy.copy(self)
        for name in _COLLECTIONS:
            setattr(twin, name, copy.copy(getattr(self, name)))
        return twin

    def live_envelopes(self, set_id: str) -> tuple[Envelope, ...]:
        """The envelopes of a set that are neither spoiled nor destroyed, by sheet number."""
        gone = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
        mine = (e for e in self.envelopes.values() if e.set == set_id and e.state not in gone)
        return tuple(sorted(mine, key=lambda e: e.number or 0))

    def sets_of(self, subject: str, purpose: Purpose) -> tuple[SecretSet, ...]:
        """All sets ever made for an account's password or a key's PIN, oldest first."""
        mine = (s for s in self.sets.values() if (s.subject, s.purpose) == (subject, purpose))
        return tuple(mine)


_COLLECTIONS: Final = tuple(
    name
    for name, slot in Register.__dataclass_fields__.items()
    if slot.default_factory in (dict, list)
)


def known(things: dict[str, T], thing: str, word: str) -> T:
    """The thing of that id.

    Raises:
        RefusedError: There is none; `word` says what it would have been.
    """
    try:
        return things[thing]
    except KeyError:
        raise RefusedError(f"there is no {word} {thing!r} in the register") from None


def add(things: dict[str, T], thing: str, value: T, word: str) -> None:
    """Add a thing under an id that is free.

    Raises:
        RefusedError: The id is taken.
    """
    if thing in things:
        raise RefusedError(f"there is a {word} {thing!r} already", mend="Choose another id.")
    things[thing] = value


def note_contradiction(state: Register, subject: str, what: str) -> None:
    """Keep as a finding that an observation contradicts the register."""
    mend = "Find out what happened, and correct the register with two people."
    finding = Finding(rule="contradiction", subject=subject, what=what, mend=mend, seq=state.size)
    state.findings.append(finding)

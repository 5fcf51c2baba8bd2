"""The register: what is true now. Only :func:`keyvault_kit.custody.fold.fold` makes a new one."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from keyvault_kit.custody.ceremonies import CeremonyRecord
from keyvault_kit.custody.evidence import Classed, Evidence, SeenSignIn
from keyvault_kit.custody.history import Era, Exposure, Noted, SafeTerm, Stay, eras
from keyvault_kit.custody.items import Item
from keyvault_kit.custody.model import (
    Account,
    Decision,
    Envelope,
    EnvelopeState,
    Finding,
    ImportedMetadata,
    Mode,
    Person,
    Purpose,
    Safe,
    SecretSet,
    SecurityKey,
    Signer,
    Site,
)
from keyvault_kit.custody.signing import SignerTerm, Warrant
from keyvault_kit.errors import RefusedError

T = TypeVar("T")


@dataclass(slots=True)
class Register:
    """The state after `size` entries. Treat it as a value: only :func:`fold` makes a new one.

    Attributes:
        size: How many entries it is the fold of.
        time: Time of the last of them.
        trusted_from: `seq` of the founding, or of the last re-founding: where the trust begins.
        warrant: The signatures that the next entries stand under; between batches there is none.
        signers: Person -> credential that counts now; `terms` has all that ever did.
        offset: Seconds by which the clock was off at the last look; None before there was one.
        metadata: The FIDO metadata BLOB that attestations are judged by; None before the first.
        recipient: The age recipient that other sites encrypt to; empty where there is none.
        proposals: SHA-256 of each proposal that was accepted -> `seq`; none is accepted twice.
        checkpoint_entries: `SIZE:PERSON` -> the entry that says that they signed it.
        bags: Bag number -> envelope, for ever.
        sheets: Secret set -> its envelopes, oldest first; so `holding` for what they hold and
            `made` for the sets of a subject (`password:bg1`): a long life is not searched through.
        packed: Key -> the envelope into which it, or what lay in its place, was packed last.
        in_force: `PURPOSE:SUBJECT` -> the set in force.
        stays: Envelope -> the safes that it lay in, oldest first.
        safe_terms: Safe -> who opened it when, oldest first.
        combinations: Safe -> when its combination was changed, in the order of entry.
        done: `DUTY:SUBJECT` -> when that was last done.
        uses: Account -> when it was signed in to or drilled, as it was entered.
        triggers: What set off a review of all accounts, oldest first.
        emergencies: Account -> when it was used otherwise than to practise, as it was entered.
        classed: Account -> the post-mortems that were held, oldest first (S62).
        evidence: What was read from the tenant, in the order of entry.
        sign_ins: Account -> what the tenant's logs had of it, oldest first (S65).
        items: The station's own things.
    """

    size: int = 0
    time: datetime | None = None
    mode: Mode | None = None
    organisation: str = ""
    trusted_from: int = 0
    warrant: Warrant | None = None
    offset: int | None = None
    metadata: ImportedMetadata | None = None
    recipient: str = ""
    signers: dict[str, Signer] = field(default_factory=dict)
    terms: list[SignerTerm] = field(default_factory=list)
    proposals: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    safes: dict[str, Safe] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, SecurityKey] = field(default_factory=dict)
    sets: dict[str, SecretSet] = field(default_factory=dict)
    envelopes: dict[str, Envelope] = field(default_factory=dict)
    ceremonies: dict[str, CeremonyRecord] = field(default_factory=dict)
    checkpoints: dict[int, tuple[str, ...]] = field(default_factory=dict)
    checkpoint_entries: dict[str, int] = field(default_factory=dict)
    exposures: list[Exposure] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    bags: dict[str, str] = field(default_factory=dict)
    serials: dict[int, str] = field(default_factory=dict)
    sheets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    holding: dict[str, tuple[str, ...]] = field(default_factory=dict)
    made: dict[str, tuple[str, ...]] = field(default_factory=dict)
    packed: dict[str, str] = field(default_factory=dict)
    in_force: dict[str, str] = field(default_factory=dict)
    stays: dict[str, tuple[Stay, ...]] = field(default_factory=dict)
    safe_terms: dict[str, tuple[SafeTerm, ...]] = field(default_factory=dict)
    combinations: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    done: dict[str, datetime] = field(default_factory=dict)
    uses: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    triggers: list[Noted] = field(default_factory=list)
    emergencies: dict[str, tuple[datetime, ...]] = field(default_factory=dict)
    classed: dict[str, tuple[Classed, ...]] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    sign_ins: dict[str, tuple[SeenSignIn, ...]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)

    def copy(self) -> "Register":
        """A register that changes without changing this one; the values in it are frozen."""
        twin = copy.copy(self)
        for name in _COLLECTIONS:
            setattr(twin, name, copy.copy(getattr(self, name)))
        return twin

    def live_envelopes(self, set_id: str) -> tuple[Envelope, ...]:
        """The envelopes of a set that are neither spoiled nor destroyed, by sheet number."""
        gone = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
        mine = (self.envelopes[it] for it in self.sheets.get(set_id, ()))
        return tuple(sorted((e for e in mine if e.state not in gone), key=lambda e: e.number or 0))

    def envelopes_holding(self, holds: str) -> tuple[Envelope, ...]:
        """All envelopes that were ever made for something (`key:K1`), oldest first."""
        return tuple(self.envelopes[it] for it in self.holding.get(holds, ()))

    def sets_of(self, subject: str, purpose: Purpose) -> tuple[SecretSet, ...]:
        """All sets ever made for an account's password or a key's PIN, oldest first."""
        return tuple(self.sets[it] for it in self.made.get(f"{purpose}:{subject}", ()))

    def bag_of(self, key: str) -> Envelope | None:
        """The envelope that a key lies in, or lay in last.

        Returns:
            None before it was packed, and where what was packed last proved to be another key.
        """
        newest = self.envelopes.get(self.packed.get(key, ""))
        return newest if newest and newest.holds == f"key:{key}" else None

    def set_being_made(self, subject: str, purpose: Purpose) -> SecretSet:
        """The newest set of an account's password or a key's PIN that a ceremony made here.

        Raises:
            RefusedError: There is none.
        """
        for it in reversed(self.sets_of(subject, purpose)):
            if it.ceremony:
                return it
        raise RefusedError(f"no {purpose} of {subject} was made in a ceremony")

    def terms_from_trust(self) -> tuple[SignerTerm, ...]:
        """The terms of the founders by whom the trust began, or began anew."""
        return tuple(term for term in self.terms if term.since == self.trusted_from)

    def knowing(self, safe: str) -> dict[str, int]:
        """Person who knows the combination of a safe -> how many it takes of those who do (S42)."""
        return self.eras(safe)[-1].needs(self.safe_terms[safe])

    def eras(self, safe: str) -> tuple[Era, ...]:
        """The combinations of a safe, oldest first; the last is the one that it has."""
        return eras(self.combinations.get(safe, ()))

    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that nobody settled, oldest first."""
        return tuple(finding for finding in self.findings if finding.settled is None)


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
        raise RefusedError(
            f"there is no {word} {thing!r} in the register", mend="Look at how it is spelled there."
        ) from None


def add(things: dict[str, T], thing: str, value: T, word: str) -> None:
    """Add a thing under an id that is free.

    Raises:
        RefusedError: The id is taken.
    """
    if thing in things:
        raise RefusedError(f"there is a {word} {thing!r} already", mend="Choose another id.")
    things[thing] = value


def also(things: dict[str, tuple[T, ...]], under: str, thing: T) -> None:
    """Add a thing to those under a name."""
    things[under] = (*things.get(under, ()), thing)


def note_contradiction(state: Register, subject: str, what: str) -> None:
    """Keep as a finding that an observation contradicts the register."""
    mend = "Find out what happened, and correct the register with two people."
    finding = Finding(rule="contradiction", subject=subject, what=what, mend=mend, seq=state.size)
    state.findings.append(finding)

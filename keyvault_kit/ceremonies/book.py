"""The ledger together with the register that is its fold: what ceremonies read and write."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import repeat
from typing import Final

import msgspec

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.clock import CLOCK_FACTS, TOLERANCE
from keyvault_kit.custody.entries import Entry, decode, encode
from keyvault_kit.custody.fold import admit, fold
from keyvault_kit.custody.model import Signature
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.snapshot import decode_register, encode_register
from keyvault_kit.errors import KeyvaultError, LedgerError, RefusedError
from keyvault_kit.ledger import acts
from keyvault_kit.ledger.store import Detail, Ledger


def _from_snapshot(ledger: Ledger) -> tuple[Register, int]:
    """The register as the ledger's snapshot has it, and its size; `ledger verify` checks it."""
    kept = ledger.snapshot()
    if kept is None:
        return Register(), 0
    try:
        return decode_register(kept[1]), kept[0]
    except LedgerError:  # of another version of the program: what it says is folded anew
        return Register(), 0


class Signing(msgspec.Struct, frozen=True):
    """Who signs acts, and how.

    Attributes:
        people: Ids; each has a signing credential.
        sign: From a person and the message to an armoured SSHSIG, namespace `keyvault-act`.
        always: Whether they sign also where no fact needs it.
    """

    people: tuple[str, ...]
    sign: Callable[[str, bytes], str]
    always: bool = False


SNAPSHOT_EVERY: Final = 1000
SNAPSHOT_SHARE: Final = 16
"""A snapshot is kept after that many new entries, or that share of all, whichever is more."""


class Book:
    """The ledger together with the register that is its fold."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self._clock = clock
        self._register, self._snapshot = _from_snapshot(ledger)

    @property
    def register(self) -> Register:
        """What is true now; entries that another process wrote are taken in."""
        if self._register.size < self.ledger.size:
            bodies = self.ledger.bodies(self._register.size)
            self._register = fold((decode(body) for body in bodies), self._register)
        return self._register

    def register_at(self, size: int) -> Register:
        """What was true after the first `size` entries."""
        entries = (decode(body) for _, body in zip(range(size), self.ledger.bodies(), strict=False))
        return fold(entries)

    def row_behind(self, commitment: str) -> dict[str, str]:
        """What an erasable row holds; empty where it was erased."""
        detail = self.ledger.detail(commitment)
        return msgspec.json.decode(detail.row, type=dict[str, str]) if detail else {}

    def name_behind(self, commitment: str) -> str:
        """The name in an erasable row, or that it was erased."""
        return self.row_behind(commitment).get("name", "(erased)")

    def record(
        self,
        facts: Sequence[ev.Fact],
        by: Iterable[str],
        details: Sequence[Detail] = (),
        *,
        signing: Signing | None = None,
        erase: Sequence[str] = (),
        checkpoint_signatures: Sequence[tuple[int, str, str]] = (),
        occurred: datetime | Sequence[datetime] | None = None,
    ) -> None:
        """Append facts as entries, all or none, stamped with place, time and people.

        Facts that nobody enters alone stand under signatures over their exact bytes; these are
        asked for when it is sure that the register takes the facts.

        Args:
            details: Rows of the erasable table that the facts commit to.
            signing: Who signs, and how; needed where a fact needs signatures.
            erase: Commitments of rows that go with these facts.
            checkpoint_signatures: Size, person and armoured signature, kept with these facts.
            occurred: When it happened, aware, where that is entered late; of what nobody signs. One
                time for all of the facts, or one for each.

        Raises:
            RefusedError: The register refuses one of them, or the ledger moved on meanwhile.
            LedgerError: The ledger cannot be written, or a signature does not hold.
        """
        before, people = self.register, tuple(sorted(set(by)))
        if before.warrant:
            raise LedgerError(
                "the ledger ends in the middle of signed acts: its end is missing",
                mend="Restore the newest backup that verifies.",
            )
        now = self.now()
        facts = self._with_clock(facts, now)
        if signing is not None and (signing.always or authority.signatures_needed(*facts)):
            bodies, after = self._signed(before, facts, now, people, signing)
        else:
            bodies = _bodies(facts, before.size, now, people, occurred)
            after = admit(before, [_readable(body) for body in bodies])
        self.enter(
            bodies,
            after,
            details=details,
            erase=erase,
            checkpoint_signatures=checkpoint_signatures,
        )

    def enter(
        self,
        bodies: Sequence[bytes],
        after: Register,
        *,
        details: Sequence[Detail] = (),
        erase: Sequence[str] = (),
        checkpoint_signatures: Sequence[tuple[int, str, str]] = (),
    ) -> None:
        """Append entries that were admitted, and take the register after them.

        Raises:
            RefusedError: The ledger moved on meanwhile.
            LedgerError: The ledger cannot be written.
        """
        size = after.size - len(bodies)
        self.ledger.append(
            bodies,
            details=details,
            erase=erase,
            signatures=checkpoint_signatures,
            expected_size=size,
        )
        self._register = after
        self._keep_snapshot()

    def now(self) -> datetime:
        """The time now, in whole seconds, as entries hold it."""
        return self._clock().replace(microsecond=0)

    def _with_clock(self, facts: Sequence[ev.Fact], now: datetime) -> list[ev.Fact]:
        """The facts; where the clock went back, the first of them says so, or is put before."""
        last = self.register.time
        if last is None or now >= last:
            return list(facts)
        back = round((last - now).total_seconds())
        acts_too = any(type(it) in authority.TABLE and not _is_mark(it) for it in facts)
        if back > TOLERANCE and acts_too and not isinstance(facts[0], CLOCK_FACTS):
            raise RefusedError(
                f"the workstation's clock went back by {back} s in the middle of the work",
                mend="Set it, and begin the step again: two people read the time first.",
            )
        if isinstance(facts[0], CLOCK_FACTS):
            return [msgspec.structs.replace(facts[0], back=back), *facts[1:]]
        return [ev.ClockUnchecked(back=back), *facts]

    def _signed(
        self,
        before: Register,
        facts: Sequence[ev.Fact],
        now: datetime,
        people: tuple[str, ...],
        signing: Signing,
    ) -> tuple[list[bytes], Register]:
        """The entries behind the one with their signatures, and the register after them.

        Nobody is asked to sign before everything but the signatures was found right.
        """
        bodies = _bodies(facts, before.size + 1, now, people)
        time = max(now, before.time or now)

        def warrant(signatures: tuple[Signature, ...]) -> bytes:
            fact = ev.ActsSigned(count=len(bodies), signatures=signatures)
            return encode(Entry(before.size, time, signing.people, fact))

        unsigned = tuple(Signature(person=person, armored="") for person in signing.people)
        after = admit(before, [_readable(body) for body in (warrant(unsigned), *bodies)])
        message = acts.message(self.ledger.checkpoint(), bodies)
        signatures = tuple(
            Signature(person=person, armored=signing.sign(person, message))
            for person in signing.people
        )
        acts.check(signatures, message, acts.ACT_NAMESPACE, before.signers)
        return [warrant(signatures), *bodies], after

    def _keep_snapshot(self) -> None:
        """Keep the register beside the entries when it has grown enough, so that opening is quick.

        The share of new entries makes the writing cheap in the long run: it doubles rarely.
        """
        size = self._register.size
        if size - self._snapshot >= max(SNAPSHOT_EVERY, size // SNAPSHOT_SHARE):
            with suppress(KeyvaultError):  # a cache: the entries are in, whatever becomes of it
                self.ledger.keep_snapshot(size, encode_register(self._register))
            self._snapshot = size


def _is_mark(fact: ev.Fact) -> bool:
    """Whether it is but a mark of a ceremony: those of an opening never wait."""
    return isinstance(fact, (ev.CeremonyStarted, ev.CeremonyStepped, ev.CeremonyClosed))


def _bodies(
    facts: Sequence[ev.Fact],
    first: int,
    now: datetime,
    people: tuple[str, ...],
    occurred: datetime | Sequence[datetime] | None = None,
) -> list[bytes]:
    """The bytes of entries; what is said of the clock is always of now."""
    said = repeat(occurred) if isinstance(occurred, datetime | None) else iter(occurred)
    whens = (None if isinstance(fact, CLOCK_FACTS) else next(said) for fact in facts)
    return [
        encode(Entry(seq, now, people, fact, when))  # type: ignore[arg-type]
        for seq, (fact, when) in enumerate(zip(facts, whens, strict=True), first)
    ]


def _readable(body: bytes) -> Entry:
    """An entry as every later reader will read it: what cannot be read is never written."""
    try:
        return decode(body)
    except LedgerError as error:
        raise RefusedError(
            f"this cannot be entered: {error.what}", mend="Type it again."
        ) from error

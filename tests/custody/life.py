"""The lives of ledgers: facts that are entered by somebody, one batch after the other."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit
from keyvault_kit.custody.model import Finding, Purpose, Signature, Signer
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError

DIGEST: Final = "ab" * 32
START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
TWO: Final = ("alice", "bob")
"""Both may do everything but audit."""


class Life:
    """The life of a ledger: facts are entered by somebody, under the signatures of somebody.

    Each batch is entered a minute after the one before.

    Attributes:
        register: What is true now.
        entries: All that was accepted.
    """

    def __init__(self) -> None:
        self.register = Register()
        self.entries: list[Entry] = []

    @property
    def next_time(self) -> datetime:
        """When the next batch is entered, if the test does not say."""
        return (self.register.time or START) + timedelta(minutes=1)

    def enter(
        self,
        *facts: Any,
        by: Sequence[str] = TWO,
        signed: Sequence[str] = TWO,
        at: datetime | None = None,
        occurred: datetime | None = None,
    ) -> Self:
        """Enter facts, under one entry with signatures where somebody signs.

        Args:
            by: Who is named in the entries.
            signed: Who signs, in this order; nobody is no entry with signatures.
            at: The time of the entries; the entry with the signatures never lies before the last.
            occurred: When it happened, for each of the facts.
        """
        time = at or self.next_time
        batch = [Entry(0, time, tuple(by), fact, occurred) for fact in facts]
        if signed and self.register.size:
            signatures = tuple(Signature(person=person, armored="") for person in signed)
            warrant = ev.ActsSigned(count=len(facts), signatures=signatures)
            batch.insert(0, Entry(0, max(time, self.register.time or time), TWO, warrant))
        numbered = [
            Entry(seq, it.time, it.by, it.fact, it.occurred)
            for seq, it in enumerate(batch, self.register.size)
        ]
        self.register = admit(self.register, numbered)
        self.entries += numbered
        return self

    def refuses(self, *facts: Any, because: str, **how: Any) -> RefusedError:
        """Show that facts are refused with a reason, and the register left as it was."""
        before = self.register.copy()
        with pytest.raises(RefusedError, match=because) as refused:
            self.enter(*facts, **how)
        assert self.register == before
        return refused.value

    def new_findings(self, *facts: Any, **how: Any) -> list[Finding]:
        """The findings that these facts leave."""
        before = len(self.register.findings)
        return self.enter(*facts, **how).register.findings[before:]

    def seal(self, name: str, sheets: int = 2, subject: str = "bg1") -> Self:
        """Enter a set and seal its sheets: envelopes `NAME-1`, ... in bags `B-NAME-1`, ..."""
        purpose = Purpose.PIN if subject in self.register.keys else Purpose.PASSWORD
        least = min(2, sheets)
        made = ev.SetMade(set=name, purpose=purpose, subject=subject, threshold=least, count=sheets)
        self.enter(made)
        for n in range(1, sheets + 1):
            self.enter(self.printed(name, n), ev.EnvelopeProven(envelope=f"{name}-{n}"))
            self.enter(ev.EnvelopeSealed(envelope=f"{name}-{n}", bag=f"B-{name}-{n}"))
        return self

    def bring_into_force(self, name: str) -> Self:
        """Enter that the password of account `bg1` with this name is made, sealed and in force."""
        return self.seal(name).enter(
            ev.PasswordSet(account="bg1", set=name),
            ev.PasswordAnswered(account="bg1", set=name, taken=True, evidence=DIGEST),
        )

    @staticmethod
    def printed(name: str, number: int, envelope: str = "") -> ev.EnvelopePrinted:
        """A sheet of a password of account `bg1`."""
        return ev.EnvelopePrinted(
            envelope=envelope or f"{name}-{number}",
            holds=f"share:bg1:{number}",
            set=name,
            number=number,
            proof=DIGEST,
        )


def signer_of(person: str, turn: int = 1) -> Signer:
    key = f"sk-ecdsa-sha2-nistp256@openssh.com {person}{turn}"
    return Signer(person=person, public_key=key, credential="00")

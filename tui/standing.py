"""How things stand by the ledger: what Home shows of it, read at once and then let go."""

from datetime import datetime
from pathlib import Path

import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.custody.model import Finding, Mode
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.schedule import Due, due
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger.verify import verify


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger says now.

    Attributes:
        organisation: Its name; empty before it was entered.
        size: Number of entries.
        root: Root hash of all of them, hex.
        signed: Size of the newest signed checkpoint; 0 where there is none.
        signed_by: Who signed it.
        signers: Who signs, by id and name.
        findings: The open ones.
        due: The duties of a year, soonest first.
        register: All of it, to know keys by.
        now: When that was read.
    """

    ledger: Path
    mode: Mode | None
    organisation: str
    size: int
    root: str
    signed: int
    signed_by: tuple[str, ...]
    signers: tuple[tuple[str, str], ...]
    due: tuple[Due, ...]
    findings: tuple[Finding, ...]
    register: Register
    now: datetime


def read_standing(path: Path, now: datetime) -> Standing:
    """Read a ledger; nothing is written.

    Args:
        now: Aware.

    Raises:
        InputError: There is no such file, or it is no ledger of ours.
        LedgerError: It is damaged.
    """
    book = open_book(path)
    with book.ledger as ledger:
        register = book.register
        signed = max(ledger.signed_sizes(), default=0)
        return Standing(
            ledger=path,
            mode=register.mode,
            organisation=register.organisation,
            size=ledger.size,
            root=ledger.root().hex(),
            signed=signed,
            signed_by=tuple(sorted(ledger.signatures(signed))) if signed else (),
            signers=tuple(
                (person, book.name_behind(register.people[person].details))
                if person in register.people
                else (person, "")
                for person in sorted(register.signers)
            ),
            due=due(register, now),
            findings=register.open_findings(),
            register=register,
            now=now,
        )


def verdict_on(path: Path) -> tuple[bool, str]:
    """Verify a whole ledger, which takes its time with a long one.

    Returns:
        Whether it holds, and that in words.

    Raises:
        InputError: There is no such file any more.
    """
    try:
        with open_book(path).ledger as ledger:
            report = verify(ledger)
    except LedgerError as error:
        return False, f"It does NOT verify: {error}"
    left = "all covered by a checkpoint of two"
    if report.uncovered:
        left = f"{report.uncovered} of them covered by no checkpoint of two"
    return True, f"It verifies by itself: {report.size} entries, {left}."

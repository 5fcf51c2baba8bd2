"""The report of an audit: each safe, bag and key, the findings, the signatures (S34, S54, S59).

What was looked at, against which checkpoint of the ledger, and in the auditor's own hand whether
all of it agrees.
"""

import re
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import choice, code_text, lines, listing, opening, signatures
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.ticks import Ticks

_SAFES: Final = (
    Column("SAFE", 0.26, Face.BOLD),
    Column("SITE", 0.24),
    Column("EXPECTED", 0.12),
    Column("FOUND", 0.12),
    Column("NOT AS EXPECTED", 0.26),
)
_VERDICTS: Final = (
    Column("KEY", 0.15, Face.BOLD),
    Column("MODEL", 0.27),
    Column("SERIAL NUMBER", 0.16, Face.MONO),
    Column("VERDICT", 0.16, Face.BOLD),
    Column("HOW IT WAS PROVEN", 0.26),
)
_FINDINGS: Final = (
    Column("ABOUT", 0.17, Face.BOLD),
    Column("RULE", 0.17),
    Column("WHAT WAS FOUND", 0.35),
    Column("WHAT TO DO", 0.31),
)
_BAGS: Final = (
    Column("ENVELOPE", 0.27, Face.BOLD),
    Column("SAFE", 0.23),
    Column("BAG NUMBER", 0.24, Face.MONO),
    Column("VERDICT", 0.26, Face.BOLD),
)
_STATEMENT: Final = Ticks(
    (
        "All that I looked at agrees with the register.",
        "It agrees, but for the findings above.",
        "I could not look at all of it.",
    )
)
_USE: Final = (
    "The auditor ticks the statement, and signs with those who handled the bags, in ink.",
    "Every finding is dealt with, or decided upon, before the next review.",
)

_ROOT: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_SHORT: Final = 12
"""Characters of the root hash that are printed: 72 bits."""

_STATED: Final = 48.0
_SIGNER: Final = 11.0
_MOST_SIGNERS: Final = 12
"""Heights of the statement and of each who signs it: they stand on one page."""


class SafeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the walk through a safe came to.

    Attributes:
        expected: How many bags lie there, by the register.
        found: How many were found there, whosever they are.
        gaps: What is not as expected: numbers of bags; empty where all is.
    """

    safe: str
    site: str
    expected: int
    found: int
    gaps: tuple[str, ...] = ()


class KeyVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit says about a key.

    Attributes:
        tag: The asset tag.
        serial: What it says its serial number is; None where it has none.
        verdict: 'genuine', 'stranger', 'missing' and so on.
        how: What was compared.
    """

    tag: str
    product: str
    serial: int | None
    verdict: str
    how: str


class BagVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit says about an envelope and its bag.

    Attributes:
        envelope: Empty where the register knows no such bag.
        safe: Where it was looked for or found, or where it lies now.
        bag: The bag's number.
        verdict: How it was found, or that it is new.
    """

    envelope: str
    safe: str
    bag: str
    verdict: str


class AuditFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as the register says."""

    subject: str
    rule: str
    what: str
    mend: str


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A line for somebody's signature in ink."""

    role: str
    name: str


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of an audit.

    Attributes:
        heading: Its `sheet_id` is the audit's id.
        scope: What was looked at: 'Safe hq-1 at Berlin'.
        checkpoint: The ledger's size when the audit began.
        root: The ledger's root hash at that size, base64 as in a checkpoint; its first 12
            characters are printed.
        bags: Empty where the audit did not look at envelopes.
        safes: Those that were walked through.

    Raises:
        InputError: The root is not one.
    """

    heading: Heading
    scope: str
    checkpoint: int
    verdicts: tuple[KeyVerdict, ...]
    findings: tuple[AuditFinding, ...]
    signatures: tuple[Signature, ...]
    root: str
    bags: tuple[BagVerdict, ...] = ()
    safes: tuple[SafeVerdict, ...] = ()

    def __post_init__(self) -> None:
        if not _ROOT.fullmatch(self.root):
            raise InputError(
                "the root hash of an audit report is not 32 bytes in base64",
                mend="Take it from the third line of the checkpoint.",
            )


def payload(sheet: AuditReport) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.AUDIT, sheet.heading)


def render(sheet: AuditReport, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as safes, bags, keys and findings take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Audit report", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: AuditReport) -> None:
    y = opening(drawing, payload(sheet), sheet.scope, _outcome(sheet), _USE)
    if sheet.safes:
        y = heading(drawing, y, "Safes")
        y = table(drawing, y, _SAFES, [_safe(it) for it in sheet.safes], least=7) + 3
    y = heading(drawing, y, "Keys")
    y = listing(drawing, y, _VERDICTS, [_verdict(it) for it in sheet.verdicts], least=7)
    if sheet.bags:
        y = heading(drawing, y + 3, "Envelopes and bags")
        rows = [(it.envelope, it.safe, it.bag, it.verdict) for it in sheet.bags]
        y = table(drawing, y, _BAGS, rows)
    y = heading(drawing, y + 3, "Findings")
    rows = [(it.subject, it.rule, it.what, it.mend) for it in sheet.findings]
    y = listing(drawing, y, _FINDINGS, rows)
    room = _STATED + _SIGNER * min(len(sheet.signatures), _MOST_SIGNERS)
    y = heading(drawing, y + 3, "Auditor's statement", room=room)
    y = choice(drawing, y, "As auditor I state", _STATEMENT)
    y = lines(drawing, y, "In words", 1)
    signatures(drawing, y, [(it.role, it.name) for it in sheet.signatures])


def _outcome(sheet: AuditReport) -> str:
    counts = [_count(len(sheet.safes), "safe")] if sheet.safes else []
    counts.append(_count(len(sheet.verdicts), "key"))
    if sheet.bags:
        counts.append(_count(len(sheet.bags), "bag"))
    counts.append(_count(len(sheet.findings), "finding"))
    held = f"the ledger then held {_count(sheet.checkpoint, 'entry', 'entries')}"
    return f"{', '.join(counts)}; {held}, root {sheet.root[:_SHORT]}..."


def _safe(it: SafeVerdict) -> tuple[str, ...]:
    odd = ", ".join(it.gaps) or "nothing"
    return (it.safe, it.site, str(it.expected), str(it.found), odd)


def _verdict(it: KeyVerdict) -> tuple[str, ...]:
    serial = "none" if it.serial is None else str(it.serial)
    return (it.tag, it.product, serial, it.verdict, it.how)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

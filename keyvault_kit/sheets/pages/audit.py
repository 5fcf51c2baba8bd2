"""The report of an audit: a verdict for each key, the findings, the signatures (S54, S59)."""

from typing import Final

import msgspec

from keyvault_kit.sheets.blocks import small_code, steps
from keyvault_kit.sheets.codes import Kind, SheetCode
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table

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
_SIGNATURES: Final = (
    Column("ROLE", 0.20),
    Column("NAME", 0.28),
    Column("DATE", 0.17),
    Column("SIGNATURE", 0.35),
)

_CODE: Final = 24.0


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
    """

    heading: Heading
    scope: str
    checkpoint: int
    verdicts: tuple[KeyVerdict, ...]
    findings: tuple[AuditFinding, ...]
    signatures: tuple[Signature, ...]


def payload(sheet: AuditReport) -> str:
    """The text of the sheet's QR code."""
    return SheetCode(
        kind=Kind.AUDIT,
        register8=sheet.heading.register8,
        set_id=sheet.heading.sheet_id,
        number=sheet.heading.number,
    ).encode()


def render(sheet: AuditReport, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as keys and findings take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Audit report", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: AuditReport) -> None:
    y = heading(drawing, _opening(drawing, sheet), "Keys")
    y = table(drawing, y, _VERDICTS, [_verdict(it) for it in sheet.verdicts], least=7)
    y = heading(drawing, y + 4, "Findings")
    if sheet.findings:
        rows = [(it.subject, it.rule, it.what, it.mend) for it in sheet.findings]
        y = table(drawing, y, _FINDINGS, rows)
    else:
        drawing.text(drawing.body.x, y + 3, "None.")
        y += 5
    room = 14.0 + 14.0 * min(3, len(sheet.signatures))
    y = heading(drawing, y + 4, "Signatures", room=room)
    people = [(it.role, it.name, "", "") for it in sheet.signatures]
    table(drawing, y, _SIGNATURES, people, least=14, banded=False)


def _opening(drawing: Drawing, sheet: AuditReport) -> float:
    """Scope, outcome, what to do and the code, at the top of the first page."""
    box = drawing.body
    room = box.width - _CODE - 6
    drawing.fitted(Box(box.x, box.y + 1, room, 7), sheet.scope, largest=14, least=7)
    outcome = (
        f"{_count(len(sheet.verdicts), 'key')}, {_count(len(sheet.findings), 'finding')};"
        f" the ledger then held {_count(sheet.checkpoint, 'entry', 'entries')}"
    )
    drawing.fitted(Box(box.x, box.y + 8, room, 5), outcome, largest=10)
    texts = (
        (
            "The auditor and a custodian of each safe sign in ink. Every finding is dealt with, or"
            " decided upon, before the next review."
        ),
    )
    steps(drawing, Box(box.x, box.y + 13, room, 15), texts)
    small_code(drawing, Box(box.right - _CODE, box.y, _CODE, _CODE), payload(sheet))
    return box.y + 29


def _verdict(it: KeyVerdict) -> tuple[str, ...]:
    serial = "none" if it.serial is None else str(it.serial)
    return (it.tag, it.product, serial, it.verdict, it.how)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

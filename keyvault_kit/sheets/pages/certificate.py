"""The certificate of destruction: which sheets were destroyed, how, by whom and when (S32).

What opened something once is not thrown away unseen: two people compare each bag's number, destroy
the sheet before each other's eyes, and sign. What was not found stands on it, too.
"""

from datetime import datetime
from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import (
    Participant,
    choice,
    code_text,
    lines,
    listing,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading
from keyvault_kit.sheets.ticks import Ticks

_DESTROYED: Final = (
    Column("ENVELOPE", 0.20, Face.BOLD),
    Column("WHAT IT HELD", 0.27),
    Column("BAG NUMBER", 0.19, Face.MONO),
    Column("DESTROYED AT (UTC)", 0.18),
    Column("BY", 0.16),
)
_MISSING: Final = (
    Column("ENVELOPE", 0.22, Face.BOLD),
    Column("WHAT IT HELD", 0.36),
    Column("BAG NUMBER", 0.22, Face.MONO),
    Column("SHOULD LIE IN", 0.20),
)
_METHOD: Final = Ticks(("cross-cut, DIN 66399 P-4 or finer", "burned to ash", "otherwise:"))
_STATEMENT: Final = Ticks(
    ("All that is listed as destroyed was destroyed before my eyes.", "Not all of it: see below.")
)
_USE: Final = (
    "Each of the two ticks only what they saw, and signs in ink.",
    "What was not found, or lay in another bag, stays on the list: look for it.",
    "Keep the certificate with the records of the ceremonies.",
)
_STATED: Final = 74.0
"""Height of what is stated, with its signatures: they stand on one page."""


class Destroyed(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet that was destroyed.

    Attributes:
        holds: What was on it, in public words.
        bag: Number of its bag; empty where it lay in none.
        time: When that was entered, UTC.
        by: Ids of those who did it.
    """

    envelope: str
    holds: str
    bag: str
    time: datetime
    by: str


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet that was to be destroyed, and was not: it was not found, or lay in another bag.

    Attributes:
        safe: Where the register has it; empty where it lies in no safe.
    """

    envelope: str
    holds: str
    bag: str
    safe: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate of destruction; nothing on it is secret.

    Attributes:
        heading: Its `sheet_id` is the ceremony's id.
        signers: Who destroyed, and signs.
    """

    heading: Heading
    destroyed: tuple[Destroyed, ...]
    missing: tuple[Missing, ...]
    signers: tuple[Participant, ...]


def payload(sheet: Certificate) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.CERTIFICATE, sheet.heading)


def render(sheet: Certificate, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the sheets take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(
        sheet.heading, "Certificate of destruction", paper, lambda drawing: _draw(drawing, sheet)
    )


def _draw(drawing: Drawing, sheet: Certificate) -> None:
    y = opening(drawing, payload(sheet), "Sheets that open nothing any more", _counts(sheet), _USE)
    y = heading(drawing, y, "Destroyed")
    y = listing(drawing, y, _DESTROYED, [_row(it) for it in sheet.destroyed])
    y = heading(drawing, y + 3, "Not destroyed")
    missing = [
        (it.envelope, it.holds, it.bag or "none", it.safe or "no safe") for it in sheet.missing
    ]
    y = listing(drawing, y, _MISSING, missing)
    y = heading(drawing, y + 3, "Statement", room=_STATED)
    y = choice(drawing, y, "Destroyed how", _METHOD)
    y = choice(drawing, y, "Each states", _STATEMENT)
    y = lines(drawing, y, "In words", 1)
    signatures(drawing, y, [(it.role, f"{it.name} ({it.id})") for it in sheet.signers])


def _counts(sheet: Certificate) -> str:
    count = len(sheet.destroyed)
    sheets = f"{count} {'sheet' if count == 1 else 'sheets'} destroyed"
    return f"{sheets}, {len(sheet.missing)} not"


def _row(it: Destroyed) -> tuple[str, ...]:
    return (it.envelope, it.holds, it.bag or "none", f"{it.time:%Y-%m-%d %H:%M:%S}", it.by)

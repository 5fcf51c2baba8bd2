"""The report of a 90-day review: each point, who is authorised, what was found.

What two officers answered to each point (S54, S55, S57 to S60), who may act and what they saw
(S40), and in their own hand whether the accounts may stay as they are.
"""

from datetime import date
from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import choice, code_text, lines, listing, opening, signatures
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading
from keyvault_kit.sheets.ticks import Ticks

_POINTS: Final = (
    Column("WHAT WAS LOOKED AT", 0.44),
    Column("ASKED BY", 0.14),
    Column("ANSWER", 0.12, Face.BOLD),
    Column("REMARK", 0.30),
)
_PEOPLE: Final = (
    Column("NAME", 0.22),
    Column("ID", 0.12, Face.BOLD),
    Column("ROLES", 0.18),
    Column("UNTIL", 0.12),
    Column("OPENS SAFES", 0.16),
    Column("SAW, AND IT STILL OPENS", 0.20),
)
_FINDINGS: Final = (
    Column("ABOUT", 0.17, Face.BOLD),
    Column("RULE", 0.17),
    Column("WHAT WAS FOUND", 0.35),
    Column("WHAT TO DO", 0.31),
)
_DUTIES: Final = (Column("DUTY, AND WHAT SETS IT OFF", 1.0),)
_STATEMENT: Final = Ticks(
    (
        "The accounts may stay as they are.",
        "They may, once the findings above are mended.",
        "They may not: see below.",
    )
)
_USE: Final = (
    "Both officers tick the statement, and sign in ink.",
    "Every finding has somebody who mends it, and a day; it is settled in the ledger.",
    "The report is kept with the records of the accounts. The next review is in 90 days at most.",
)

_STATED: Final = 48.0
_SIGNER: Final = 11.0
_MOST_SIGNERS: Final = 12
"""Heights of the statement and of each who signs it: they stand on one page."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A point of the review.

    Attributes:
        statement: What is so where all is well.
        requirement: What asks for it.
        answer: 'yes', or that it is a finding.
        remark: What people said of it; mostly empty.
    """

    statement: str
    requirement: str
    answer: str
    remark: str = ""


class Authorised(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with authority.

    Attributes:
        until: The last day of it; None where it has no end.
        saw: The sets of which they saw something, and which still open something.
    """

    name: str
    id: str
    roles: str
    until: date | None
    opens: str
    saw: str


class ReviewFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it should be."""

    subject: str
    rule: str
    what: str
    mend: str


class ReviewReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a review; confidential, for it says who opens what.

    Attributes:
        heading: Its `sheet_id` is the review's id.
        scope: What was reviewed: 'Review of bg1 and bg2'.
        duties: What is due before the next review, in sentences.
        signatures: Role and name of each who signs.
    """

    heading: Heading
    scope: str
    points: tuple[Point, ...]
    people: tuple[Authorised, ...]
    findings: tuple[ReviewFinding, ...]
    duties: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]


def payload(sheet: ReviewReport) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.REVIEW, sheet.heading)


def render(sheet: ReviewReport, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as points, people and findings take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Review report", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: ReviewReport) -> None:
    y = opening(drawing, payload(sheet), sheet.scope, _outcome(sheet), _USE)
    y = heading(drawing, y, "Points")
    rows = [(it.statement, it.requirement, it.answer, it.remark) for it in sheet.points]
    y = listing(drawing, y, _POINTS, rows)
    y = heading(drawing, y + 3, "Who is authorised")
    y = listing(drawing, y, _PEOPLE, [_person(it) for it in sheet.people])
    y = heading(drawing, y + 3, "Findings")
    found = [(it.subject, it.rule, it.what, it.mend) for it in sheet.findings]
    y = listing(drawing, y, _FINDINGS, found)
    y = heading(drawing, y + 3, "Due before the next review")
    y = listing(drawing, y, _DUTIES, [(it,) for it in sheet.duties])
    room = _STATED + _SIGNER * min(len(sheet.signatures), _MOST_SIGNERS)
    y = heading(drawing, y + 3, "Officers' statement", room=room)
    y = choice(drawing, y, "As officers we state", _STATEMENT)
    y = lines(drawing, y, "In words", 1)
    signatures(drawing, y, sheet.signatures)


def _outcome(sheet: ReviewReport) -> str:
    counts = ((len(sheet.points), "point"), (len(sheet.findings), "finding"))
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counts)


def _person(it: Authorised) -> tuple[str, ...]:
    until = it.until.isoformat() if it.until else "no end"
    return (it.name, it.id, it.roles, until, it.opens or "none", it.saw or "nothing")

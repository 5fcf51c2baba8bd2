"""The runbook on paper: the twelve steps at the tenant, ticked by two people (S61).

Each step has what is done, with which files, and what proves it; each line its box, its time and
the initials of two people.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import (
    Field,
    code_text,
    fields,
    lines,
    listing,
    opening,
    signatures,
)
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Cell, Column, heading
from keyvault_kit.sheets.ticks import BOX

_ACCOUNTS: Final = (
    Column("ACCOUNT", 0.14, Face.BOLD),
    Column("SIGN-IN NAME", 0.43),
    Column("OBJECT ID AT THE TENANT", 0.43, Face.MONO),
)
_KNOW: Final = (Column("TO KNOW", 1.0),)
_STEP: Final = (
    Column("DONE", 0.07),
    Column("WHAT", 0.64),
    Column("TIME (UTC)", 0.13),
    Column("INITIALS", 0.08),
    Column("INITIALS", 0.08),
)
_USE: Final = (
    "Two people go through it: one does, the other reads aloud, compares and ticks.",
    "Compare the object ids below with those that the tenant shows, before step 1.",
    "Write time and initials at once. Stop where something is not as it stands here.",
    "The filled-in sheet goes with the records of the accounts.",
)
_SIGNERS: Final = (("Administrator", ""), ("Officer", ""))
_ROW: Final = 7.0
_BEGUN: Final = 34.0
"""Room below a step's title, without which it begins on a new page."""


class RunbookSection(msgspec.Struct, frozen=True):
    """A heading and the sentences below it."""

    title: str
    items: tuple[str, ...]


class RunbookStep(msgspec.Struct, frozen=True, kw_only=True):
    """One of the twelve steps.

    Attributes:
        does: What is done, in order.
        proofs: What proves it.
        notes: What is ticked by nobody: files, roles.
    """

    number: int
    title: str
    does: tuple[str, ...]
    notes: tuple[str, ...]
    proofs: tuple[str, ...]


class RunbookSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The runbook; nothing on it is secret.

    Attributes:
        made: What it was made from, and when.
        evidence: SHA-256 of the evidence of the tenant; empty without any.
        accounts: Id, sign-in name and object id of each.
    """

    heading: Heading
    made: str
    evidence: str
    accounts: tuple[tuple[str, str, str], ...]
    before: tuple[RunbookSection, ...]
    steps: tuple[RunbookStep, ...]
    after: tuple[RunbookSection, ...]


def payload(sheet: RunbookSheet) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.RUNBOOK, sheet.heading)


def render(sheet: RunbookSheet, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as the steps take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Runbook", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: RunbookSheet) -> None:
    y = opening(drawing, payload(sheet), "The twelve steps at the tenant", sheet.made, _USE)
    if sheet.evidence:
        y = fields(drawing, y, (Field("SHA-256 OF THE EVIDENCE", 1.0, sheet.evidence),))
    y = heading(drawing, y, "The accounts")
    y = listing(drawing, y, _ACCOUNTS, sheet.accounts)
    y = _sections(drawing, y, sheet.before)
    for step in sheet.steps:
        y = heading(drawing, y + 3, f"{step.number}. {step.title}", room=_BEGUN)
        y = listing(drawing, y, _STEP, list(_rows(step)), least=_ROW)
    y = _sections(drawing, y, sheet.after)
    y = lines(drawing, y + 3, "What is left, by whom and by when", 3)
    signatures(drawing, y, _SIGNERS)


def _sections(drawing: Drawing, y: float, sections: tuple[RunbookSection, ...]) -> float:
    for section in sections:
        y = heading(drawing, y + 3, section.title)
        y = listing(drawing, y, _KNOW, [(item,) for item in section.items])
    return y


def _rows(step: RunbookStep) -> Iterator[tuple[Cell, ...]]:
    yield from ((BOX, item, "", "", "") for item in step.does)
    yield from (("-", item, "-", "-", "-") for item in step.notes)
    yield from ((BOX, item, "", "", "") for item in step.proofs)

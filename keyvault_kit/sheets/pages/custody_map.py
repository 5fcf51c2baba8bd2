"""The custody map: who could use which account, alone or together, and what survives (S34 to S39).

People against accounts, the reasons in words, the findings, and room for the auditor. No secret is
on it, and yet it is for few: it tells whom a thief would have to win over.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import choice, code_text, lines, listing, opening, signatures
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.text import RoomError, line_height, wrap
from keyvault_kit.sheets.ticks import Ticks

ALONE: Final = "alone"
"""The cell of somebody who needs nobody else."""

UNCOUNTED: Final = "?"
"""The cell of somebody of whom it was not counted with how many they could use the account."""

_USE: Final = (
    "Keep it with the process documents, for those alone who may see them (S43).",
    "The auditor compares it with the safes, ticks the statement and signs, in ink.",
    "Print a new one when a safe, its openers, an envelope or a secret has changed.",
)
_LEGEND_COLUMNS: Final = (Column("IN THE MAP", 0.14, Face.BOLD), Column("MEANS", 0.86))
_LEGEND: Final = (
    (ALONE, "This person can use the account without anybody else. It stands in a heavy frame."),
    ("2, 3, ...", "The smallest group that needs this person has so many people, all counted."),
    ("-", "No group needs this person: whoever can use the account can do so without them."),
    ("NOW", "With what lies in the safes, and what people hold, today."),
    (
        "EVER",
        "With what people saw, or could reach before, as well, while that secret is the same.",
    ),
)
_NOT_COUNTED: Final = (
    UNCOUNTED,
    "Not alone; how many it takes with this person was not counted: too many safes share openers.",
)
_SURVIVALS: Final = (
    Column("LOST OR AWAY", 0.40, Face.BOLD),
    Column("STILL USABLE", 0.30),
    Column("NOT USABLE ANY MORE", 0.30, Face.BOLD),
)
_SENTENCES: Final = (Column("NO.", 0.07, Face.BOLD), Column("WHAT FOLLOWS, AND WHY", 0.93))
_DAYS: Final = (Column("FROM, TO: OF WHICH ACCOUNT, WHAT, AND WHO IS LEFT", 1.0),)
_FINDINGS: Final = (
    Column("SEVERITY", 0.12, Face.BOLD),
    Column("WHAT WAS FOUND", 0.60),
    Column("MENDED OR DECIDED: WHEN, BY WHOM", 0.28),
)
_STATEMENT: Final = Ticks(
    (
        "I compared the map with the safes, and it agrees.",
        "It agrees, but for what I wrote below.",
        "I could not compare all of it.",
    )
)

_MOST_ACCOUNTS: Final = 5
"""Accounts side by side; more of them go into further blocks below."""

_ACCOUNT: Final = 26.0
"""Width of an account, of which NOW and EVER have a half each."""

_TOGETHER: Final = 8
"""People named in a row; a larger class of equals takes several rows with the same cells."""

_SIZE: Final = 8.5
_PADDING: Final = 1.3
_LEAST: Final = 6.5
_HALVES: Final = 4.0
"""Height of the captions NOW and EVER."""

_FINDING: Final = 9.0
_STATED: Final = 74.0
"""Height of the statement with its signatures, which stand on one page."""

_SHORT: Final = 12
"""Characters of the root hash that are printed: 72 bits."""


class MapRow(msgspec.Struct, frozen=True):
    """People who open and remember the same, and what they could do.

    Attributes:
        people: Their names.
        now: For each account 'alone', the size of the smallest group that needs them, '-', or '?'
            where that was not counted.
        ever: The same, with what was seen or could be reached before.
    """

    people: tuple[str, ...]
    now: tuple[str, ...]
    ever: tuple[str, ...]


class CustodyMap(msgspec.Struct, frozen=True, kw_only=True):
    """The custody map of a register at one time.

    Attributes:
        heading: Its `date` is the day on which it was so.
        entries: Size of the ledger from which it was worked out.
        root: That ledger's root hash at that size, base64; its first 12 characters are printed.
        survivals: What is lost or who is away -> the accounts that can still be used.
        sentences: Who can use what, and why.
        days: The days of the next year on which too few people are there (S37), in sentences.
        findings: Severity and text of each.

    Raises:
        InputError: A row has not a cell for each account, or what survives names another account.
    """

    heading: Heading
    entries: int
    root: str
    accounts: tuple[str, ...]
    rows: tuple[MapRow, ...]
    survivals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sentences: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if not len(row.now) == len(row.ever) == len(self.accounts):
                who = ", ".join(row.people)
                raise InputError(f"the custody map lacks a cell, or has one too many, for {who}")
        for lost, left in self.survivals:
            if not set(left) <= set(self.accounts):
                raise InputError(f"{lost} leaves an account that is not on the custody map")


def payload(sheet: CustodyMap) -> str:
    """The text of the sheet's QR code."""
    return code_text(Kind.CUSTODY, sheet.heading)


def render(sheet: CustodyMap, paper: Paper) -> bytes:
    """The finished PDF, of as many pages as people, accounts and reasons take.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Custody map", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: CustodyMap) -> None:
    y = opening(drawing, payload(sheet), "Who could use which account", _counts(sheet), _USE)
    y = heading(drawing, y, "People and accounts", room=40)
    y = table(drawing, y, _LEGEND_COLUMNS, _legend(sheet), banded=False) + 3
    for first in _blocks(len(sheet.accounts)):
        y = _block(drawing, y, sheet, first) + 4
    if not (sheet.accounts and sheet.rows):
        drawing.text(drawing.body.x, y + 3, "Nobody, or no account, is on the map.")
        y += 6
    y = heading(drawing, y, "Who can, and why")
    rows = [(str(number), it) for number, it in enumerate(sheet.sentences, start=1)]
    y = listing(drawing, y, _SENTENCES, rows)
    y = heading(drawing, y + 3, "What survives")
    y = listing(drawing, y, _SURVIVALS, [_survival(sheet, *it) for it in sheet.survivals])
    y = heading(drawing, y + 3, "Days of the next year with fewer than two people (S37)")
    y = listing(drawing, y, _DAYS, [(it,) for it in sheet.days])
    y = heading(drawing, y + 3, "Findings")
    found = [(severity, text, "") for severity, text in sheet.findings]
    y = listing(drawing, y, _FINDINGS, found, least=_FINDING)
    y = heading(drawing, y + 3, "Auditor's statement", room=_STATED)
    y = choice(drawing, y, "As auditor I state", _STATEMENT)
    y = lines(drawing, y, "In words", 2)
    signatures(drawing, y, [("Auditor", "")], spare=1)


def _counts(sheet: CustodyMap) -> str:
    people = sum(len(row.people) for row in sheet.rows)
    counts = ((people, "person", "people"), (len(sheet.accounts), "account", "accounts"))
    found = (len(sheet.findings), "finding", "findings")
    told = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in (*counts, found))
    return f"{told}; ledger of {sheet.entries} entries, root {sheet.root[:_SHORT]}..."


def _legend(sheet: CustodyMap) -> tuple[tuple[str, str], ...]:
    shown = any(UNCOUNTED in (*row.now, *row.ever) for row in sheet.rows)
    return (*_LEGEND, _NOT_COUNTED) if shown else _LEGEND


def _survival(sheet: CustodyMap, lost: str, left: Sequence[str]) -> tuple[str, str, str]:
    gone = [account for account in sheet.accounts if account not in left]
    return lost, ", ".join(left) or "none", ", ".join(gone) or "-"


# --- The map itself


def _blocks(accounts: int) -> Iterator[slice]:
    """The accounts in as few blocks as they take, all nearly as wide."""
    blocks = -(-accounts // _MOST_ACCOUNTS)
    for at in range(blocks):
        yield slice(at * accounts // blocks, (at + 1) * accounts // blocks)


def _block(drawing: Drawing, y: float, sheet: CustodyMap, these: slice) -> float:
    """Draw the people against some of the accounts; the lower edge."""
    accounts = sheet.accounts[these]
    rows = [
        (", ".join(row.people[at : at + _TOGETHER]), row.now[these], row.ever[these])
        for row in sheet.rows
        for at in range(0, len(row.people), _TOGETHER)
    ]
    least = _captions_height(accounts)
    if rows and y + least + _height(drawing, rows[0][0], len(accounts)) > drawing.body.bottom:
        y = drawing.new_page().y
    y = _captions(drawing, y, accounts)
    for people, now, ever in rows:
        height = _height(drawing, people, len(accounts))
        if y + height > drawing.body.bottom:
            y = _captions(drawing, drawing.new_page().y, accounts)
            if y + height > drawing.body.bottom:
                raise RoomError(
                    "a row of the custody map is higher than a page", mend="Shorten its text."
                )
        _row(drawing, Box(drawing.body.x, y, drawing.body.width, height), people, (now, ever))
        y += height
    return y


def _people_width(drawing: Drawing, accounts: int) -> float:
    return drawing.body.width - accounts * _ACCOUNT


def _people_lines(drawing: Drawing, people: str, accounts: int) -> tuple[str, ...]:
    room = _people_width(drawing, accounts) - 2 * _PADDING
    return wrap(fonts.require(people), room, Face.REGULAR, _SIZE)


def _height(drawing: Drawing, people: str, accounts: int) -> float:
    found = _people_lines(drawing, people, accounts)
    return max(_LEAST, len(found) * line_height(_SIZE) + 2 * _PADDING)


def _name_lines(account: str) -> tuple[str, ...]:
    return wrap(fonts.require(account), _ACCOUNT - 2 * _PADDING, Face.BOLD, _SIZE)


def _captions_height(accounts: Sequence[str]) -> float:
    highest = max(len(_name_lines(account)) for account in accounts)
    return highest * line_height(_SIZE) + _PADDING + _HALVES


def _captions(drawing: Drawing, y: float, accounts: Sequence[str]) -> float:
    """Draw the names of the accounts, each over its two columns; where the first row begins."""
    bottom = y + _captions_height(accounts)
    x = drawing.body.right - len(accounts) * _ACCOUNT
    drawing.text(drawing.body.x + _PADDING, bottom - 1.4, "PEOPLE", size=7, grey=CAPTION)
    for account in accounts:
        found = _name_lines(account)
        top = bottom - _HALVES - len(found) * line_height(_SIZE)
        drawing.lines(Box(x + _PADDING, top, 0, 0), found, size=_SIZE, face=Face.BOLD)
        for at, caption in enumerate(("NOW", "EVER")):
            middle = x + (at + 0.5) * _ACCOUNT / 2
            drawing.text(middle, bottom - 1.4, caption, size=6.5, align="centre", grey=CAPTION)
        drawing.line((x, y), (x, bottom), weight=0.6)
        x += _ACCOUNT
    drawing.rule(bottom, weight=1)
    return bottom


def _row(
    drawing: Drawing, box: Box, people: str, cells: tuple[Sequence[str], Sequence[str]]
) -> None:
    accounts = len(cells[0])
    found = _people_lines(drawing, people, accounts)
    drawing.lines(Box(box.x + _PADDING, box.y + _PADDING, 0, 0), found, size=_SIZE)
    x, half = box.x + _people_width(drawing, accounts), _ACCOUNT / 2
    for pair in zip(*cells, strict=True):
        drawing.line((x, box.y), (x, box.bottom), weight=0.6)
        drawing.line((x + half, box.y), (x + half, box.bottom), weight=0.2)
        for at, cell in enumerate(pair):
            _cell(drawing, Box(x + at * half, box.y, half, min(box.height, _LEAST)), cell)
        x += _ACCOUNT
    drawing.rule(box.bottom, weight=0.2)


def _cell(drawing: Drawing, box: Box, cell: str) -> None:
    """Draw what somebody could do; 'alone' so that it stands out in black and white, too."""
    if cell == ALONE:
        drawing.frame_box(box.grown(-0.9), weight=1.4)
    face = Face.BOLD if cell == ALONE else Face.REGULAR
    drawing.centred(box.grown(-1.5), cell, largest=_SIZE, face=face)

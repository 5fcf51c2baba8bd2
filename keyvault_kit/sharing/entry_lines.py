"""How a share that is being typed looks: plain lines, the same on the terminal and in the TUI."""

import textwrap
from typing import Final, NamedTuple

from keyvault_kit.sharing import words
from keyvault_kit.sharing.entry import Phase, Row, ShareEntry
from keyvault_kit.sharing.mending import ROW, Candidate

HIDDEN: Final = "........"
"""In place of a word; the same for all, so that its length is not told."""

_CURSOR: Final = "_"
_MOST_OPTIONS: Final = 6
_LEAST_ROWS: Final = 3


class _Style(NamedTuple):
    """What stands in a row round its words."""

    row: str
    gap: str
    cell: int
    check: str


_WIDE: Final = _Style(row="row ", gap="  ", cell=17, check="check ")
_NARROW: Final = _Style(row="", gap=" ", cell=13, check="")
_WIDE_FROM: Final = 60


def draw(entry: ShareEntry, *, width: int, height: int, revealed: bool = False) -> list[str]:
    """The lines that show an entry; secret as far as words are shown.

    Args:
        width: Columns that there are.
        height: Lines that there are; the rows before are left out where there are too few.
        revealed: Whether the words of all rows are shown, and not those of the present row alone.
    """
    below = [line for text in _below(entry) for line in textwrap.wrap(text, width) or [""]]
    room = max(_LEAST_ROWS, height - len(below) - 1)
    style = _WIDE if width >= _WIDE_FROM else _NARROW
    rows = [] if entry.phase is Phase.CODE else _rows(entry, room, style, revealed=revealed)
    return [line[:width] for line in (*rows, "", *below)][:height]


def _rows(entry: ShareEntry, room: int, style: _Style, *, revealed: bool) -> list[str]:
    rows = list(entry.rows)
    present = entry.at // ROW
    if present == len(rows):
        rows.append(Row(present + 1, (), ""))
    start = max(0, min(present - room // 2, len(rows) - room))
    return [
        _row(entry, row, style, is_present=at == present, revealed=revealed)
        for at, row in enumerate(rows[start : start + room], start)
    ]


def _row(entry: ShareEntry, row: Row, style: _Style, *, is_present: bool, revealed: bool) -> str:
    here = is_present and entry.phase is not Phase.COMPLETE
    first = (row.number - 1) * ROW
    cells = []
    for place in range(first, first + ROW):
        at = place - first
        word = row.words[at] if at < len(row.words) else ""
        if not (here or revealed):
            word = HIDDEN if word else ""
        if here and place == entry.at and entry.phase is Phase.TYPING:
            word = _being_typed(entry, word)
        cell = f"{place + 1:3}{style.gap}{word}" if word else ""
        cells.append(f"{cell:{style.cell}}")
    check = f"{style.check}{row.check}" if row.check else ""
    mark = ">" if here else " "
    return f"{mark}{style.row}{row.number:<3}{style.gap.join(cells)}{style.gap}{check}".rstrip()


def _being_typed(entry: ShareEntry, kept: str) -> str:
    """What was typed and the cursor; behind it what the word would be, or what it was before."""
    if not entry.text:
        return f"{_CURSOR}{kept and f' ({kept})'}"
    if entry.proposal is not None:
        whole = words.WORDS[entry.proposal]
        rest = whole.removeprefix(entry.text.casefold())
        return f"{entry.text}{_CURSOR}[{rest}]" if rest else f"{entry.text}{_CURSOR}"
    return f"{entry.text}{_CURSOR}"


def _below(entry: ShareEntry) -> list[str]:
    """What stands below the rows: proposals, the note, the count."""
    if entry.phase is Phase.CODE:
        return [f"The code of a sheet: {len(entry.text)} characters so far. Enter ends it."]
    if entry.phase is Phase.MENDING:
        choices = [f"{at}  {_choice(it)}" for at, it in enumerate(entry.candidates, 1)]
        return [
            entry.note,
            *choices,
            "Only if the paper says so: press the number. Enter goes back to the row.",
        ]
    return [entry.note or _proposals(entry), "", _count(entry)]


def _proposals(entry: ShareEntry) -> str:
    if entry.proposal is not None:
        return f"Space takes {words.WORDS[entry.proposal]} ({entry.proposal})."
    if options := entry.options:
        more = len(options) - _MOST_OPTIONS
        named = ", ".join(options[:_MOST_OPTIONS])
        return f"Begins {named} and {more} more." if more > 0 else f"Begins {named}."
    if near := entry.near:
        return f"No word of the list begins so. Near: {', '.join(near)}."
    return "No word of the list begins so." if entry.text else ""


def _count(entry: ShareEntry) -> str:
    count = len(entry)
    if entry.looks_complete:
        return f"{count} words: it looks complete. Enter ends it."
    return f"{count} word{'' if count == 1 else 's'} so far."


def _choice(it: Candidate) -> str:
    """A change that would mend the share."""
    rows = " and ".join(str(row + 1) for row in sorted({place // ROW for place in it.places}))
    named = " and ".join(f"word {place + 1}" for place in it.places)
    listed = " and ".join(f"{word} ({words.index(word)})" for word in it.words)
    confirmed = "; the ledger confirms it" if it.confirmed else ""
    return f"row {rows}: {named} {'is' if len(it.places) == 1 else 'are'} {listed}{confirmed}"

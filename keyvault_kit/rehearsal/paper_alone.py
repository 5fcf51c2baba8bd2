"""The station is dead: from a site card, a recovery sheet and enough envelopes to the password.

Everything is read as people read it, from the text of the sheets: no QR code, no ledger, and the
program is typed from its sheet and run without the kit.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Final, NamedTuple

from keyvault_kit.ceremonies.paperwork import sheet_name
from keyvault_kit.errors import MismatchError
from keyvault_kit.host.files import read_file
from keyvault_kit.sheets.written import Piece, Row, read_rows

SECONDS: Final = 60
_SIGN_IN: Final = "Sign-in name: "
_SETS: Final = ("SET", "NEEDED", "ITS ENVELOPES")
_INDENT: Final = 4
"""Blanks that a grey line at the left of a program stands for."""


class Told(NamedTuple):
    """What a site card says of an account's password: how many envelopes of which ones."""

    needed: int
    envelopes: tuple[str, ...]


def recover_from_paper(sheets: Path, upn: str) -> dict[str, str]:
    """Site card -> the password that somebody gets who holds it, by its sign-in name.

    For rehearsals alone: what the program prints goes through this process in plain text.

    Args:
        sheets: The folder with the paper of a rehearsal.

    Returns:
        Nothing for a card where its program gave none.

    Raises:
        MismatchError: A sheet does not say what it should.
        InputError: It is not there, or cannot be read.
    """
    cards = sorted(path.stem for path in sheets.glob("card-*.pdf"))
    return {card: _recover(sheets, _told(_read(sheets, card), upn)) for card in cards}


def _read(sheets: Path, name: str) -> tuple[Row, ...]:
    return read_rows(read_file(sheets / f"{name}.pdf", "sheet"))


def _recover(sheets: Path, told: Told) -> str:
    taken = told.envelopes[: told.needed]
    program = _program(_read(sheets, sheet_name("recovery", taken[0])))
    shares = [_numbers(_read(sheets, sheet_name("share", it))) for it in taken]
    return _run(program, shares)


# --- What the sheets say


def _told(card: Sequence[Row], upn: str) -> Told:
    """From the account's sign-in name on: the first table of sets."""
    mine = dropwhile(lambda row: row[0].text != f"{_SIGN_IN}{upn}", card)
    sets = dropwhile(lambda row: tuple(it.text for it in row) != _SETS, mine)
    captions = next(sets, None)
    row = next(sets, ())
    if captions is None or len(row) != len(_SETS):
        raise MismatchError(f"the site card tells no password of {upn}")
    more = takewhile(lambda it: len(it) == 1 and it[0].left > captions[1].left, sets)
    envelopes = " ".join(it.text for it in (row[2], *(each[0] for each in more)))
    needed = re.search(r"\d+", row[1].text)
    if needed is None:
        raise MismatchError(f"the site card does not tell how many envelopes {upn} takes")
    return Told(int(needed[0]), tuple(re.split(r",\s*", envelopes)))


def _numbers(share: Sequence[Row]) -> list[str]:
    """The numbers beside the words; those of the rows tell whether one is missing."""
    found: list[str] = []
    for row in share:
        digits = [it.text for it in row if it.text.isdigit()]
        if digits and digits[::2] == [str(len(found) + at + 1) for at in range(len(digits) // 2)]:
            found += digits[1::2]
    return found


def _program(sheet: Sequence[Row]) -> str:
    """The last program on a recovery sheet, as somebody types it."""
    programs: list[list[Piece]] = []
    for number, line in filter(None, map(_line, sheet)):
        if number == 1:
            programs.append([])
        programs[-1].append(line)
    if not programs:
        raise MismatchError("the recovery sheet shows no program")
    return "".join(_typed(programs[-1]))


def _line(row: Row) -> tuple[int, Piece] | None:
    """A line of a program, between its number and its check letter."""
    if len(row) == 3 and row[0].text.isdigit() and re.fullmatch("[A-Z]", row[2].text):  # noqa: PLR2004
        return int(row[0].text), row[1]
    return None


def _typed(lines: Sequence[Piece]) -> Iterator[str]:
    """Each line begins as far to the right as it stands; all glyphs are of one width."""
    widest = max(lines, key=lambda it: len(it.text))
    blank, left = widest.width / len(widest.text), min(it.left for it in lines)
    for it in lines:
        steps = round((it.left - left) / blank / _INDENT)
        yield f"{' ' * _INDENT * steps}{it.text}\n"


# --- What is done with them


def _run(program: str, shares: Sequence[Sequence[str]]) -> str:
    """The password that the program prints, in a Python that sees nothing of the kit."""
    typed = "".join(f"{' '.join(numbers)}\n\n" for numbers in shares)
    done = subprocess.run(  # noqa: S603 - this very Python, and a program of the kit's own
        [sys.executable, "-I", "-S", "-c", program],
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    found = re.search(r"^.*Password: (\S+)$", done.stdout, re.MULTILINE)
    return found[1] if found else ""

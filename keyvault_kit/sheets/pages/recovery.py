"""The recovery sheet: how a secret comes back from its shares when the kit runs nowhere (S29, S33).

Nothing on it is secret; one goes into each envelope. Its program is typed from paper, so each line
has a check letter, and the indentation is drawn: what is printed here is exactly what must run.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.sheets import fonts, recovery_program
from keyvault_kit.sheets.blocks import small_code, steps
from keyvault_kit.sheets.codes import Kind
from keyvault_kit.sheets.drawing import BAND, CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.forms import code_text
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.recovery_program import Row
from keyvault_kit.sheets.text import baseline

_SIZE: Final = 9.0
_LINE: Final = 3.6
"""Height of a line of a program; bands lead the eye along it."""

_RAISED: Final = 0.3
"""How much higher than in its middle a line stands: the next band must not cut its descenders."""

_GUTTER: Final = 9.0
"""Room before a program's line for its number."""

_COLUMNS: Final = 74
"""Characters from the beginning of a line to its check letter."""

_CODE: Final = 22.0
_USE: Final = 58.0
_HEADING: Final = 6.0
_GAP: Final = 2.0
_GUIDE: Final = 0.2
_GUIDE_GREY: Final = 0.6
_NUMBERS_IN_ROW: Final = 17

_USES: Final = (
    (
        "Where the kit still runs, use it: 'keyvault recover'. This sheet is for the day when it"
        " does not. Nothing on it is secret."
    ),
    (
        "Take a computer with Python 3.6 or newer, cut it off from every network, and type both"
        " programs with a plain text editor. A grey line at the left stands for four blanks. Line"
        " numbers and check letters are no part of a program."
    ),
    (
        "Run 'python3 check.py' (Windows: 'py check.py'). It prints a letter for each line of"
        " recover.py: where one differs, that line is typed wrong. Letters do not see blanks; what"
        " it prints last does, and must be what stands below the program."
    ),
    (
        "Run 'python3 recover.py'. Try the example at the end of this sheet, then your shares: type"
        " the numbers beside the words, any number of them in a row, with blanks between. An empty"
        " row ends a share; when no share is missing, another empty row ends the input."
    ),
    (
        "Do not save or copy what it prints. Use it, switch the computer off, and have the secret"
        " changed: whoever saw the shares knows it."
    ),
)
_TOOLS: Final = (
    "Other programs were tested with such shares (33 words, extendable, iteration exponent 1):"
    f" {' and '.join(recovery_program.TOOLS)}, each with an empty passphrase. They give the bytes;"
    " of 32 bytes the last lines of recover.py make the password."
)


class RecoverySheet(msgspec.Struct, frozen=True, kw_only=True):
    """The recovery sheet, the same for every set.

    Attributes:
        heading: Its `sheet_id` is that of the envelope in which it lies.
    """

    heading: Heading


def payload(sheet: RecoverySheet) -> str:
    """The text of the sheet's QR code: it names the sheet; programs are typed, never scanned."""
    return code_text(Kind.RECOVERY, sheet.heading)


def render(sheet: RecoverySheet, paper: Paper) -> bytes:
    """The finished PDF: two pages, for both sides of a sheet of paper.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Recovery sheet", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: RecoverySheet) -> None:
    box = drawing.body
    small_code(drawing, Box(box.right - _CODE, box.y, _CODE, _CODE), payload(sheet))
    y = steps(drawing, Box(box.x, box.y, box.width - _CODE - 4, _USE), _USES)
    y = drawing.paragraph(Box(box.x, y + 1, box.width, 0), _TOOLS, size=8) + _GAP
    y = _program(drawing, y, "check.py", recovery_program.CHECK)
    y = _program(drawing, y, "recover.py", recovery_program.RECOVER)
    whole = (
        f"The last line that check.py prints: {recovery_program.digest(recovery_program.RECOVER)}"
    )
    drawing.text(box.x + _GUTTER, y - _GAP + 3.5, whole, size=_SIZE, face=Face.BOLD)
    _example(drawing, y + 4)


def _program(drawing: Drawing, y: float, name: str, text: str) -> float:
    """Draw a program from `y` down, over as many pages as it takes."""
    y = _captions(drawing, y, name)
    for row in recovery_program.rows(text):
        if y + _LINE > drawing.body.bottom:
            y = _captions(drawing, drawing.new_page().y, f"{name}, continued")
        y = _row(drawing, _off_folds(drawing.paper, y), row)
    return y + _GAP


def _captions(drawing: Drawing, y: float, name: str) -> float:
    if y + _HEADING + _LINE > drawing.body.bottom:
        y = drawing.new_page().y
    drawing.text(drawing.body.x, y + 4, name, size=10, face=Face.BOLD)
    drawing.text(_check_x(drawing), y + 4, "CHECK", size=6, align="centre", grey=CAPTION)
    return y + _HEADING


def _off_folds(paper: Paper, y: float) -> float:
    """Where a line begins so that no fold runs through it."""
    for fold in paper.folds:
        if y < fold < y + _LINE:
            return fold
    return y


def _row(drawing: Drawing, y: float, row: Row) -> float:
    """Draw a line: its number, what marks its indentation, its text, its check letter."""
    x, advance = drawing.body.x + _GUTTER, _advance()
    if row.number % 2:
        width = _check_x(drawing) + 3 - drawing.body.x
        drawing.fill_box(Box(drawing.body.x, y, width, _LINE), BAND)
    for place in range(0, row.indent, recovery_program.INDENT):
        guide = Box(x + (place + 0.5) * advance, y, _GUIDE, _LINE)
        drawing.fill_box(guide, _GUIDE_GREY)
    line = baseline(y, _LINE, _SIZE) - _RAISED
    drawing.text(x - 3, line, str(row.number), size=7, align="right", grey=CAPTION)
    # No blanks are drawn before the text: a line begins where it stands.
    drawing.text(x + row.indent * advance, line, row.text, size=_SIZE, face=Face.MONO)
    drawing.text(_check_x(drawing), line, row.check, size=_SIZE, face=Face.BOLD, align="centre")
    return y + _LINE


def _advance() -> float:
    """The width of a character of a program, in millimetres."""
    return fonts.width("0", Face.MONO, _SIZE)


def _check_x(drawing: Drawing) -> float:
    """Where the check letters stand."""
    return drawing.body.x + _GUTTER + _COLUMNS * _advance()


def _example(drawing: Drawing, y: float) -> None:
    """Two shares of a secret that everybody knows, and what comes of them."""
    example = recovery_program.example()
    drawing.text(drawing.body.x, y + 4, "Example", size=10, face=Face.BOLD)
    said = f"Shares of a well-known secret, any {example.threshold} of {example.count} needed"
    drawing.text(drawing.body.x + 20, y + 4, said, size=8)
    y += _HEADING
    for share, numbers in example.numbers.items():
        y = _captioned(drawing, y, f"Share {share}", _in_rows(numbers))
    results = (f"Bytes: {example.secret.hex()}", f"Password: {example.password}")
    _captioned(drawing, y, "Result", results)


def _in_rows(numbers: Sequence[int]) -> tuple[str, ...]:
    starts = range(0, len(numbers), _NUMBERS_IN_ROW)
    return tuple(" ".join(map(str, numbers[at : at + _NUMBERS_IN_ROW])) for at in starts)


def _captioned(drawing: Drawing, y: float, caption: str, lines: Sequence[str]) -> float:
    for at, text in enumerate(lines):
        line = baseline(y, _LINE, _SIZE)
        if at == 0:
            drawing.text(drawing.body.x, line, caption, size=8, face=Face.BOLD)
        drawing.text(drawing.body.x + 16, line, text, size=_SIZE, face=Face.MONO)
        y += _LINE
    return y + 0.8

"""A checkpoint of the ledger on paper: its text, its code, its root as words, who signed it."""

import re
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets import qr
from keyvault_kit.sheets.blocks import CODE, captioned, steps
from keyvault_kit.sheets.drawing import CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table
from keyvault_kit.sheets.text import wrap

_FORM: Final = re.compile(r"keyvault-kit/[0-9a-f]{64}\n(0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n")
_IN_ROW: Final = 4
"""PGP words in a row: two pairs of an even and an odd one."""

_SIGNERS: Final = (
    Column("SIGNED BY", 0.25),
    Column("FINGERPRINT OF THE SIGNER'S KEY", 0.53, Face.MONO),
    Column("SIGNATURE IN INK", 0.22),
)


class CheckpointSigner(msgspec.Struct, frozen=True):
    """Somebody whose key signed the checkpoint, and the key's fingerprint."""

    name: str
    fingerprint: str


class CheckpointSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint on paper.

    Attributes:
        heading: Its `number` and `count` are those of the copies.
        text: The checkpoint's exact text: three lines, each ended by LF (C2SP tlog-checkpoint).
        words: The root hash as PGP words, 32 of them.
    """

    heading: Heading
    text: str
    words: tuple[str, ...]
    signers: tuple[CheckpointSigner, ...]

    def __post_init__(self) -> None:
        if not _FORM.fullmatch(self.text):
            raise InputError("this is no checkpoint: three lines of origin, size and root")
        if not self.text.startswith(f"keyvault-kit/{self.heading.register}\n"):
            raise InputError("the checkpoint is of another register than its sheet")


def payload(sheet: CheckpointSheet) -> str:
    """The text of the sheet's QR code: the checkpoint's exact bytes."""
    return sheet.text


def render(sheet: CheckpointSheet, paper: Paper) -> bytes:
    """The finished PDF: heading and use, text and words, code and signers.

    Raises:
        InputError: A text does not fit its place, or cannot be printed.
    """
    return compose(sheet.heading, "Checkpoint", paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: CheckpointSheet) -> None:
    first, second, third = drawing.panels
    _use(drawing, first, sheet)
    _text_and_words(drawing, second, sheet)
    y = heading(drawing, third.y + 2, "Signers")
    rows = [(signer.name, signer.fingerprint, "") for signer in sheet.signers]
    table(drawing, y, _SIGNERS, rows, least=10, banded=False)


def _use(drawing: Drawing, box: Box, sheet: CheckpointSheet) -> None:
    side = 44.0
    texts = (
        (
            "Keep this sheet away from the workstation. One copy leaves with somebody who does not"
            " run it."
        ),
        (
            "It proves later that no entry up to here was changed or removed: scan the code, or"
            " compare the words aloud, and run 'keyvault ledger verify'."
        ),
        "The ledger may have grown since; it must still contain this checkpoint.",
    )
    left = Box(box.x, box.y, box.width - side - 6, box.height)
    steps(drawing, left, texts)
    size = sheet.text.split("\n")[1]
    captioned(drawing, Box(box.right - side, box.y + 0.5, side, 16), "ENTRIES", size, size=30)


def _text_and_words(drawing: Drawing, panel: Box, sheet: CheckpointSheet) -> None:
    """The code at the left; what it holds, and the root as words, at its right."""
    matrix = qr.matrix(payload(sheet))
    quiet = qr.QUIET_ZONE * CODE / len(matrix)
    rim = drawing.code(Box(panel.x, panel.y + 4 + quiet, CODE, CODE), matrix)
    right = Box(rim.right + 2, panel.y + 4, panel.right - rim.right - 2, panel.height - 6)
    drawing.text(right.x, right.y + 4, "Text", size=10, face=Face.BOLD)
    lines = [
        piece for line in sheet.text.splitlines() for piece in wrap(line, right.width, Face.MONO, 7)
    ]
    text = Box(right.x, right.y + 5.5, right.width, 0)
    y = drawing.lines(text, lines, size=7, face=Face.MONO) + 3
    drawing.text(right.x, y + 4, "Root in words", size=10, face=Face.BOLD)
    _words(drawing, Box(right.x, y + 6, right.width, right.bottom - y - 6), sheet.words)


def _words(drawing: Drawing, box: Box, words: tuple[str, ...]) -> None:
    """The words, numbered at the beginning of each row."""
    rows = -(-len(words) // _IN_ROW)
    height = min(6.5, box.height / rows)
    column = (box.width - 6) / _IN_ROW
    for at, word in enumerate(words):
        row, place = divmod(at, _IN_ROW)
        y = box.y + (row + 0.75) * height
        if place == 0:
            drawing.text(box.x, y, str(at + 1), size=6.5, grey=CAPTION)
        drawing.text(box.x + 6 + place * column, y, word, size=9.5, face=Face.BOLD)

"""A checkpoint of the ledger on paper: its text, its code, its root as words, who signed it."""

import re
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.blocks import captioned, code_and_words, steps
from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.tables import Column, heading, table

_FORM: Final = re.compile(r"keyvault-kit/[0-9a-f]{64}\n(0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n")
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
    code_and_words(drawing, second, payload(sheet), sheet.words, title="Root in words")
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

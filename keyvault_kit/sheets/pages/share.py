"""The sheet of a share: one SLIP-39 mnemonic, to read, to type and to scan (S29, S30, S38)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import share_proof, short_proof
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.words import index
from keyvault_kit.sheets import codes
from keyvault_kit.sheets.blocks import Aside, boxed, captioned, steps, two_codes
from keyvault_kit.sheets.drawing import BAND, CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face, width
from keyvault_kit.sheets.geometry import MM, Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.text import baseline

WORDS_IN_ROW: Final = 2
"""Words that share a check letter: the first two words are row 1, and so on."""

PASSWORD_WORDS: Final = 33
"""Words of a share of 32 bytes, which are a password; longer shares hold a container."""

_ONE_BLOCK: Final = 17
"""Rows up to which a single block of two columns is used; more stand in two blocks."""

_GAP: Final = 6.0
"""Between two blocks, in millimetres."""

_UNIQUE: Final = 4
"""Letters that make a word of the list unique."""


class ShareSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A share on paper.

    Attributes:
        heading: Its `number` and `count` are the share's.
        set_id: The secret set.
        threshold: How many shares give the secret back.
        mnemonic: The words, joined by single spaces.
    """

    heading: Heading
    set_id: str
    threshold: int
    mnemonic: Secret

    def __post_init__(self) -> None:
        if not 1 < self.threshold <= self.heading.count:
            raise InputError(
                f"a set of {self.heading.count} shares cannot need {self.threshold} of them"
            )


def payload(sheet: ShareSheet) -> str:
    """The text of the sheet's QR code: the words alone."""
    return codes.encode_share(sheet.mnemonic)


def render(sheet: ShareSheet, paper: Paper) -> bytes:
    """The finished PDF: a page whose three panels hold heading, words and codes.

    Raises:
        InputError: A word is not of the list, or a text does not fit.
    """
    title = f"Share {sheet.heading.number} of {sheet.heading.count}"
    return compose(sheet.heading, title, paper, lambda drawing: _draw(drawing, sheet))


def _draw(drawing: Drawing, sheet: ShareSheet) -> None:
    first, second, third = drawing.panels
    _use(drawing, first, sheet)
    _words(drawing, second, sheet.mnemonic.expose_text().lower().split(" "))
    proof = short_proof(share_proof(sheet.mnemonic.expose_text()))
    texts = (
        "Each code holds the words above. Scan with an offline reader, never with a phone.",
        (
            "The proof is the beginning of this share's proof in the ledger. It tells nothing about"
            " the words."
        ),
        (
            "A word counts by its first four letters, or by its number in the list of SLIP-39. The"
            " check letter follows from a row's words: copied words with another letter are wrong."
        ),
    )
    two_codes(drawing, third, payload(sheet), Aside("Proof", (proof,), texts))


def _use(drawing: Drawing, box: Box, sheet: ShareSheet) -> None:
    """What to do with the sheet, and how many of its set are needed."""
    of_set = f"{sheet.threshold} of {sheet.heading.count}"
    side = 58.0
    texts = (
        (
            f"Keep it sealed. Alone it opens nothing: any {sheet.threshold} shares of set"
            f" {sheet.set_id} give the secret back, fewer tell nothing."
        ),
        (
            f"To open, bring {of_set} envelopes to the offline workstation, run 'keyvault recover'"
            " and scan a code of each, or type the words."
        ),
        _by_hand(sheet),
        "Once the secret was used it is changed, and this sheet is destroyed.",
    )
    left = Box(box.x, box.y, box.width - side - 6, box.height)
    steps(drawing, left, texts)
    x = box.right - side
    captioned(drawing, Box(x, box.y + 0.5, side, 13), "SET", sheet.set_id, size=22)
    boxed(drawing, Box(x, box.y + 15.5, side, 13), f"{of_set} needed")


def _by_hand(sheet: ShareSheet) -> str:
    """How the secret comes back without the kit."""
    if len(sheet.mnemonic.expose_text().split(" ")) == PASSWORD_WORDS:
        return (
            "Without this kit: any SLIP-39 tool, empty passphrase, gives 32 bytes; as a number in"
            " base58 (Bitcoin), 44 characters wide, filled with 1 from the left, they are the"
            " password."
        )
    return (
        "Without this kit: any SLIP-39 tool, empty passphrase, gives bytes: 02, the length in two"
        " bytes, and as many bytes of UTF-8 text, which is the secret."
    )


def _words(drawing: Drawing, panel: Box, words: Sequence[str]) -> None:
    """The words in rows of two, in one block or, where they are many, in two side by side."""
    rows = [words[at : at + WORDS_IN_ROW] for at in range(0, len(words), WORDS_IN_ROW)]
    blocks = 1 if len(rows) <= _ONE_BLOCK else 2
    in_block = -(-len(rows) // blocks)
    room = (panel.width - _GAP * (blocks - 1)) / blocks
    height = (panel.height - 6.5) / in_block
    for number, row in enumerate(rows, start=1):
        block, at = divmod(number - 1, in_block)
        x = panel.x + block * (room + _GAP)
        box = Box(x, panel.y + 4.5 + at * height, room, height)
        if at == 0:
            _captions(drawing, box)
        if at % 2 == 0:
            drawing.fill_box(box, BAND)
        _row(drawing, box, number, row)


def _captions(drawing: Drawing, box: Box) -> None:
    y = box.y - 1
    for at in range(WORDS_IN_ROW):
        x, number = _places(box, at)
        drawing.text(x, y, "WORD", size=6, grey=CAPTION)
        drawing.text(number, y, "NUMBER", size=6, align="right", grey=CAPTION)
    drawing.text(box.right - 1, y, "CHECK", size=6, align="right", grey=CAPTION)


def _places(box: Box, at: int) -> tuple[float, float]:
    """Where a row's word begins, and where its number in the list ends."""
    room = (box.width - 10) / WORDS_IN_ROW
    x = box.x + at * room
    return x + 9, x + min(room - 3, 58.0)


def _row(drawing: Drawing, box: Box, number: int, row: Sequence[str]) -> None:
    """A row: each word with its place, its first letters bold, its number; the check letter."""
    size = min(13.0, box.height * 0.62 * MM, box.width / 8)
    line = baseline(box.y, box.height, size)
    for at, word in enumerate(row):
        x, end = _places(box, at)
        place = str((number - 1) * WORDS_IN_ROW + at + 1)
        drawing.text(x - 2.5, line, place, size=size * 0.65, align="right", grey=CAPTION)
        start, rest = word[:_UNIQUE].upper(), word[_UNIQUE:].upper()
        drawing.text(x, line, start, size=size, face=Face.BOLD)
        drawing.text(x + width(start, Face.BOLD, size), line, rest, size=size)
        listed = str(index(word))
        drawing.text(end, line, listed, size=size * 0.8, face=Face.MONO, align="right")
    check = check_letter(number, " ".join(row))
    drawing.text(box.right - 3.5, line, check, size=size, face=Face.BOLD, align="centre")

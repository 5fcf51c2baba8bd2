"""The sheet of a share: one SLIP-39 mnemonic, to read, to type and to scan (S29, S30, S38)."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import share_proof, short_proof
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sharing.words import index
from keyvault_kit.sheets import codes, fonts
from keyvault_kit.sheets.blocks import Aside, Known, Use, secret_use, two_codes
from keyvault_kit.sheets.drawing import BAND, CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import MM, Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.text import RoomError, baseline

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

_LARGEST: Final = 13.0
_LEAST: Final = 7.0
"""Sizes of a word, in points."""

_SMALLEST: Final = 5.0
"""Points of a word's place."""

_NUMBER: Final = 0.8
"""The size of a word's number, as a part of the word's."""

_PLACE: Final = 8.5
_BEHIND: Final = 2.5
_CHECK: Final = 10.0
"""Millimetres before a word for its place, behind its number, and for a row's check letter."""


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
    secret_use(drawing, first, _use(sheet))
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


def _use(sheet: ShareSheet) -> Use:
    of_set = f"{sheet.threshold} of {sheet.heading.count}"
    words = len(sheet.mnemonic.expose_text().split(" "))
    return Use(
        texts=(
            (
                f"Keep it sealed. Alone it opens nothing: any {sheet.threshold} shares of set"
                f" {sheet.set_id} give the secret back, fewer tell nothing."
            ),
            (
                f"To open, bring {of_set} envelopes to the offline workstation: 'keyvault recover',"
                " scan or type each."
            ),
            _by_hand(words),
            "Once the secret was used it is changed, and this sheet is destroyed.",
        ),
        set_id=sheet.set_id,
        needed=of_set,
        facts=(Known("HOLDS", f"{words} words"),),
    )


def _by_hand(words: int) -> str:
    """How the secret comes back without the kit."""
    if words == PASSWORD_WORDS:
        return (
            "Without this kit: the recovery sheet, or any SLIP-39 tool (empty passphrase); its 32"
            " bytes, a number in base58 (Bitcoin), are the password, with 1s before it up to 44"
            " characters."
        )
    return (
        "Without this kit: the recovery sheet, or any SLIP-39 tool (empty passphrase), which gives"
        " bytes: 02, the length in two bytes, and as many bytes of UTF-8 text: the secret."
    )


def _words(drawing: Drawing, panel: Box, words: Sequence[str]) -> None:
    """The words in rows of two, in one block or, where they are many, in two side by side."""
    rows = [words[at : at + WORDS_IN_ROW] for at in range(0, len(words), WORDS_IN_ROW)]
    blocks = 1 if len(rows) <= _ONE_BLOCK else 2
    in_block = -(-len(rows) // blocks)
    room = (panel.width - _GAP * (blocks - 1)) / blocks
    height = (panel.height - 6.5) / in_block
    size = _size(room, height)
    for number, row in enumerate(rows, start=1):
        block, at = divmod(number - 1, in_block)
        x = panel.x + block * (room + _GAP)
        box = Box(x, panel.y + 4.5 + at * height, room, height)
        if at == 0:
            _captions(drawing, box)
        if at % 2 == 0:
            drawing.fill_box(box, BAND)
        _row(drawing, box, number, row, size)


def _captions(drawing: Drawing, box: Box) -> None:
    y = box.y - 1
    for at in range(WORDS_IN_ROW):
        x, number = _places(box, at)
        drawing.text(x, y, "WORD", size=6, grey=CAPTION)
        drawing.text(number, y, "NUMBER", size=6, align="right", grey=CAPTION)
    drawing.text(box.right - 1, y, "CHECK", size=6, align="right", grey=CAPTION)


def _places(box: Box, at: int) -> tuple[float, float]:
    """Where a row's word begins, and where its number in the list ends."""
    room = _room(box.width)
    x = box.x + at * room
    return x + _PLACE, x + min(room - _BEHIND, 58.0)


def _room(width: float) -> float:
    """The width of a word with its place and its number, in rows of that width."""
    return (width - _CHECK) / WORDS_IN_ROW


def _size(width: float, height: float) -> float:
    """The size at which every word of the list, its number beside it, fits a row.

    Raises:
        RoomError: Nobody could read it.
    """
    widest = max(_width(word) for word in WORDS) + fonts.width(" 1023", Face.MONO, _NUMBER)
    wide = (_room(width) - _PLACE - _BEHIND) / widest
    size = min(_LARGEST, wide, height * 0.62 * MM)
    if size < _LEAST:
        raise RoomError("its words would be too small to read")
    return size


@cache
def _width(word: str) -> float:
    """The width of a word, its first letters bold, at a size of one point."""
    start, rest = word[:_UNIQUE].upper(), word[_UNIQUE:].upper()
    return fonts.width(start, Face.BOLD, 1) + fonts.width(rest, Face.REGULAR, 1)


def _row(drawing: Drawing, box: Box, number: int, row: Sequence[str], size: float) -> None:
    """A row: each word with its place, its first letters bold, its number; the check letter."""
    line = baseline(box.y, box.height, size)
    for at, word in enumerate(row):
        x, end = _places(box, at)
        place = str((number - 1) * WORDS_IN_ROW + at + 1)
        small = max(size * 0.65, _SMALLEST)
        drawing.text(x - 2.5, line, place, size=small, align="right", grey=CAPTION)
        start, rest = word[:_UNIQUE].upper(), word[_UNIQUE:].upper()
        drawing.text(x, line, start, size=size, face=Face.BOLD)
        drawing.text(x + fonts.width(start, Face.BOLD, size), line, rest, size=size)
        listed = str(index(word))
        drawing.text(end, line, listed, size=size * _NUMBER, face=Face.MONO, align="right")
    check = check_letter(number, " ".join(row))
    drawing.text(box.right - 3.5, line, check, size=size, face=Face.BOLD, align="centre")

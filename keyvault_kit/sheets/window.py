"""That a sealed sheet shows no secret: not through its envelope's window, nor beside its liner.

It is proved from finished PDFs alone, never from the numbers of a layout: from the boxes of all
that stands on the sheet, from where its codes are decoded, and from where a liner is dark.

What carries a secret:

- a text that is one of its groups of four characters, words, first letters of words or numbers of
  words, or in which one of the groups or (in capitals) words stands by itself;
- a text that holds eight of its characters one after the other, or twelve letters of its words;
- whatever stands on one line with such a text: the rest of its row;
- a code that says it; a path as rich as a code, unless a code is read there that does not say it;
- everything that is neither a text nor a path, for no sheet has it.

A group of fewer than three characters at a secret's end is looked for on its row alone: by itself
it says little, and stands in other texts by chance. With four, chance remains: a random group is a
word of a sheet's own sentences once in more than ten thousand sheets. What the caller names as
public (the organisation, ids) is not taken for a secret, nor is a piece of it; but a piece that is
a group or a word of the secret, and nothing else, is the secret's, unless it is all that is public.
"""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Final, Self

import msgspec
from PIL import Image

from keyvault_kit.errors import MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.proofs import SALT_SIZE
from keyvault_kit.sharing.slip39_wordlist import WORDS
from keyvault_kit.sharing.words import index
from keyvault_kit.sheets.blocks import GROUP
from keyvault_kit.sheets.content import Content, Piece, Sort, read
from keyvault_kit.sheets.geometry import Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import liner
from keyvault_kit.sheets.raster import rasterise
from keyvault_kit.sheets.scan import FoundCode, find_codes

_TOLERANCE: Final = 2.5
"""Millimetres: 1.5 that an envelope may be off, and 1 its window (DIN 680:2008-02, 4.1)."""

_SHIFT: Final = 2.0
"""Millimetres by which two sheets that are folded together may lie off each other."""

_LINE: Final = 0.3
"""Millimetres between two baselines of one line."""

_RICH: Final = 60
"""Segments of a path from which on it may be a code."""

_RUN: Final = 8
_LETTERS: Final = 12
"""Characters of a secret, and letters of its words, that are no chance."""

_LEAST: Final = 3
_UNIQUE: Final = 4
_PUNCTUATION: Final = ".,;:()'\""

_CELL: Final = 3.0
"""Millimetres: the grain at which a liner is looked at, about a word's letter."""

_DARK: Final = 0.25
"""The least part of such a grain that a liner covers with ink; text on paper covers less."""

_DPI: Final = 127
_INCH: Final = 25.4
_WHITE: Final = 255

_MEND: Final = "Do not print it: it is our fault. Report it."


class _Marks(msgspec.Struct, frozen=True):
    """What would tell something of one secret.

    Attributes:
        units: Its groups or words, each of which must be found on the sheet.
        pieces: Texts that tell it where they are all that a piece says.
        tokens: Texts that tell it where they stand by themselves.
        runs: Characters in a row that tell it wherever they stand: no blanks, small letters.
        whole: All of it, as `runs` has it.
    """

    units: frozenset[str]
    pieces: frozenset[str]
    tokens: frozenset[str]
    runs: frozenset[str]
    whole: str

    @classmethod
    def of_words(cls, words: Sequence[str]) -> Self:
        upper = [word.upper() for word in words]
        starts = frozenset(word[:_UNIQUE] for word in upper)
        numbers = {str(index(word)) for word in words}
        return cls(
            units=starts,
            pieces=frozenset({*upper, *words, *starts, *numbers}),
            tokens=frozenset({*upper, *starts}),
            runs=_runs("".join(words), _LETTERS),
            whole="".join(words),
        )

    @classmethod
    def of_text(cls, text: str, *, is_salt: bool = False) -> Self:
        groups = {_squeezed(text[at : at + GROUP]) for at in range(0, len(text), GROUP)} - {""}
        telling = frozenset(group for group in groups if len(group) >= _LEAST)
        whole = _squeezed(text)
        return cls(
            # A salt's groups stand four in a line, and two of the register's look like them.
            units=frozenset() if is_salt else frozenset(groups),
            pieces=telling,
            tokens=frozenset() if is_salt else telling,
            runs=_runs(whole.lower(), _RUN),
            whole=whole.lower(),
        )

    def __repr__(self) -> str:
        return "_Marks(...)"

    def carried_by(self, text: str) -> bool:
        """Whether a text tells something of the secret."""
        tokens = {it for token in text.split() for it in (token, token.strip(_PUNCTUATION))}
        squeezed = _squeezed(text)
        return (
            squeezed in self.pieces
            or not self.tokens.isdisjoint(tokens)
            or any(run in squeezed.lower() for run in self.runs)
        )

    def said_by(self, code: str) -> bool:
        """Whether a code says the whole of the secret."""
        return self.whole in _squeezed(code).lower()


def prove_hidden(
    pdf: bytes, secrets: Iterable[Secret], paper: Paper, *, public: Iterable[str] = ()
) -> None:
    """Prove of a finished sheet that it shows no secret through its envelope.

    Args:
        secrets: All that is secret on it: a mnemonic, or a password, PIN or part, and its salt
            of 16 bytes.
        paper: What it is printed on, with the window of its envelope.
        public: What it says of itself: its heading, ids; each as it is said, whole.

    Raises:
        MismatchError: Something that carries a secret lies in the window or off the liner; or a
            secret is not found on the sheet, so that nothing is proved; nothing of it is told.
        InputError: The PDF cannot be read.
    """
    content, codes = read(pdf), find_codes(pdf)
    _check_pages(content, paper)
    texts = [piece for piece in content.pieces if piece.sort is Sort.TEXT]
    readings = [_readings(secret) for secret in secrets]
    if not readings:
        raise MismatchError("no secret was named, so that nothing is proved", mend=_MEND)
    for of_one in readings:
        _check_found(of_one, texts, codes)
    marks = [it for of_one in readings for it in of_one]
    known = tuple(public)
    unknown = [piece for piece in texts if not _is_public(piece.text, known, marks)]
    carriers = _carriers(marks, unknown, content.pieces, codes)
    _check_window(carriers, paper)
    _check_cover(carriers, paper)


def _readings(secret: Secret) -> list[_Marks]:
    """What tells of a secret, as one reads it: 16 bytes may be a salt, and may be a text."""
    found = []
    if len(secret) == SALT_SIZE:
        found.append(_Marks.of_text(secret.expose().hex(), is_salt=True))
    if not found or secret.expose().isascii():
        text = secret.expose_text()
        words = text.lower().split(" ")
        found.append(_Marks.of_words(words) if set(words) <= set(WORDS) else _Marks.of_text(text))
    return found


def _is_public(text: str, known: Collection[str], marks: Iterable[_Marks]) -> bool:
    """Whether it is a piece of what is known; an id may hold a secret's group, which is none."""
    if any(_squeezed(text) in it.pieces for it in marks):
        return text in known
    return any(text in whole for whole in known)


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def _runs(text: str, length: int) -> frozenset[str]:
    """All runs of so many characters; none of a text that is shorter, which is a token at most."""
    return frozenset(text[at : at + length] for at in range(len(text) - length + 1))


def _check_pages(content: Content, paper: Paper) -> None:
    for width, height in content.pages:
        if abs(width - paper.width) > 1 or abs(height - paper.height) > 1:
            raise MismatchError(
                f"the sheet is of {width:.0f} x {height:.0f} mm, not {paper.name} paper", mend=_MEND
            )


def _check_found(
    readings: Iterable[_Marks], texts: Iterable[Piece], codes: Iterable[FoundCode]
) -> None:
    """Check that the secret is where it should be: what was not found was not looked at either."""
    written = {_squeezed(piece.text) for piece in texts}
    for it in readings:
        if it.units <= written and any(it.said_by(code.text) for code in codes):
            return
    raise MismatchError(
        "the secret cannot be read back from the finished sheet, so that nothing is proved",
        mend=_MEND,
    )


def _carriers(
    marks: Sequence[_Marks],
    texts: Sequence[Piece],
    pieces: Iterable[Piece],
    codes: Sequence[FoundCode],
) -> list[tuple[int, Box]]:
    """Page and box of everything that carries a secret."""
    telling = [piece for piece in texts if any(it.carried_by(piece.text) for it in marks)]
    lines = {(piece.page, round(piece.baseline / _LINE)) for piece in telling}
    near = {(page, line + by) for page, line in lines for by in (-1, 0, 1)}
    found = [
        (piece.page, piece.box)
        for piece in texts
        if (piece.page, round(piece.baseline / _LINE)) in near
    ]
    public = [code for code in codes if not any(it.said_by(code.text) for it in marks)]
    found += [(code.page, code.box) for code in codes if code not in public]
    found += [(piece.page, piece.box) for piece in pieces if _may_be_a_code(piece, public)]
    return found


def _may_be_a_code(piece: Piece, public: Iterable[FoundCode]) -> bool:
    if piece.sort is Sort.PATH and piece.segments < _RICH:
        return False
    return piece.sort is not Sort.TEXT and not any(
        code.page == piece.page and _lies_in(piece.box, code.box.grown(1)) for code in public
    )


def _check_window(carriers: Iterable[tuple[int, Box]], paper: Paper) -> None:
    zone = paper.window.grown(_TOLERANCE)
    for page, box in carriers:
        if box.overlaps(zone):
            raise MismatchError(
                f"what is secret {_where(page, box)} could show through the window of an envelope"
                f" {paper.envelope}",
                mend=_MEND,
            )


def _check_cover(carriers: Iterable[tuple[int, Box]], paper: Paper) -> None:
    for page, box in carriers:
        if not _is_covered(box.grown(_SHIFT), paper):
            raise MismatchError(
                f"what is secret {_where(page, box)} lies off the cover of a liner", mend=_MEND
            )


def _where(page: int, box: Box) -> str:
    return f"on page {page}, {box.x:.0f} mm from the left and {box.y:.0f} mm from the top,"


def _lies_in(box: Box, room: Box) -> bool:
    return (
        room.x <= box.x
        and box.right <= room.right
        and room.y <= box.y
        and box.bottom <= room.bottom
    )


def _is_covered(box: Box, paper: Paper) -> bool:
    """Whether a liner is dark all over a box."""
    if not _lies_in(box, Box(0, 0, paper.width, paper.height)):
        return False
    edges = (
        math.floor(box.x / _CELL),
        math.floor(box.y / _CELL),
        math.ceil(box.right / _CELL),
        math.ceil(box.bottom / _CELL),
    )
    return max(_liner(paper).crop(edges).tobytes()) <= _WHITE * (1 - _DARK)


@cache
def _liner(paper: Paper) -> Image.Image:
    """A finished liner, each pixel the mean of a grain."""
    heading = Heading(
        organisation="-", register="0" * 64, label="-", date=date(2000, 1, 1), sheet_id="any"
    )
    (page,) = rasterise(liner.render(liner.LinerSheet(heading=heading, set_id="any"), paper), _DPI)
    grain = round(_CELL / _INCH * _DPI)
    size = (-(-page.width // grain), -(-page.height // grain))
    ground = Image.new("L", (size[0] * grain, size[1] * grain), _WHITE)
    ground.paste(page)
    return ground.resize(size, Image.Resampling.BOX)

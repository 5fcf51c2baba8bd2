"""Blocks that several sheets share: what to do, captioned values, codes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from keyvault_kit.secret import Secret
from keyvault_kit.sheets import qr
from keyvault_kit.sheets.drawing import CAPTION, Drawing
from keyvault_kit.sheets.fonts import Face
from keyvault_kit.sheets.geometry import Box
from keyvault_kit.sheets.placing import crossing
from keyvault_kit.sheets.text import Fitted, RoomError, baseline, line_height, wrap

CODE: Final = 50.0
"""Side of a QR code that carries a secret, without its quiet zone."""

GROUP: Final = 4
"""Characters that are printed together."""

_CODE_GAP: Final = 2.0
"""Between a fold and the quiet zone of a code: folding is not exact."""

_ASIDE: Final = 58.0
"""Width of what stands beside the instructions of a sheet with a secret."""

_LEAST_MODULE: Final = 0.4
"""Millimetres of a module below which a code that was copied is not read any more."""

_STEP_SIZES: Final = (9.0, 8.5, 8.0, 7.5, 7.0)
_STEP_GAP: Final = 0.7

_TEXT_SIZES: Final = (7.0, 6.5, 6.0, 5.5, 5.0)
_TEXT_TOP: Final = 5.5
_WORDS_TOP: Final = 9.0
"""Room for the titles of a code's text and of the words below it."""

_WORDS_IN_ROW: Final = 4
"""PGP words in a row: two pairs of an even and an odd one."""

_WORD_ROW: Final = (4.5, 6.5)
"""The least and the largest height of a row of words."""


def steps(drawing: Drawing, box: Box, texts: Sequence[str]) -> float:
    """Draw what to do with the sheet, at the largest size at which it fits the box.

    Args:
        texts: A step each; numbered where there are several.

    Returns:
        The lower edge of the last.

    Raises:
        InputError: They do not fit at the least size.
    """
    indent = 5.0 if len(texts) > 1 else 0.0
    room = Box(box.x + indent, box.y + 6, box.width - indent, box.height - 6)
    size = _step_size(texts, room)
    drawing.text(box.x, box.y + 4, "What to do with this sheet", size=10, face=Face.BOLD)
    y = room.y
    for number, text in enumerate(texts, start=1):
        if indent:
            drawing.text(
                box.x, baseline(y, line_height(size), size), f"{number}.", size=size, face=Face.BOLD
            )
        here = Box(room.x, y, room.width, room.bottom - y)
        y = drawing.paragraph(here, text, size=size) + _STEP_GAP
    return y


def _step_size(texts: Sequence[str], room: Box) -> float:
    for size in _STEP_SIZES:
        lines = sum(len(wrap(text, room.width, Face.REGULAR, size)) for text in texts)
        if lines * line_height(size) + len(texts) * _STEP_GAP <= room.height:
            return size
    raise RoomError(
        "the instructions do not fit the sheet", mend="Shorten the ids and names on it."
    )


def captioned(
    drawing: Drawing,
    box: Box,
    caption: str,
    value: str,
    *,
    face: Face = Face.BOLD,
    size: float = 16,
) -> None:
    """Draw a value, as large as fits, below its caption."""
    drawing.text(box.x, box.y + 2.5, caption, size=6.5, grey=CAPTION)
    inner = Box(box.x, box.y + 3.4, box.width, box.height - 3.4)
    drawing.fitted(inner, value, largest=size, face=face)


def boxed(drawing: Drawing, box: Box, text: str) -> None:
    """Draw a line of text in the middle of a heavy frame."""
    drawing.frame_box(box, weight=1.6)
    drawing.centred(box.grown(-2), text, largest=20)


class Aside(msgspec.Struct, frozen=True):
    """What stands between two codes: a titled value in groups of four, and what it is for."""

    title: str
    values: tuple[str, ...]
    texts: tuple[str, ...]


def two_codes(drawing: Drawing, panel: Box, payload: str, aside: Aside) -> None:
    """Draw a code twice, at the left and right of a panel, so that one crease spares the other.

    Args:
        panel: A part of the page between two folds, high enough for code and quiet zone.
    """
    matrix = qr.matrix(payload)
    quiet = qr.QUIET_ZONE * CODE / len(matrix)
    left = Box(panel.x, panel.y + _CODE_GAP + quiet, CODE, CODE)
    right = Box(panel.right - CODE, left.y, CODE, CODE)
    left_rim, right_rim = drawing.code(left, matrix), drawing.code(right, matrix)
    middle = Box(left_rim.right + 2, left.y, right_rim.x - left_rim.right - 4, CODE)
    drawing.text(middle.x, middle.y + 3.5, aside.title, size=10, face=Face.BOLD)
    values = tuple(in_groups(value) for value in aside.values)
    y = drawing.lines(Box(middle.x, middle.y + 5, 0, 0), values, size=12, face=Face.MONO) + 2
    for text in aside.texts:
        y = drawing.paragraph(Box(middle.x, y, middle.width, CODE), text, size=8.5) + 1.5


def in_groups(text: str) -> str:
    """The text with a space after each four characters."""
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def small_code(drawing: Drawing, box: Box, payload: str) -> Box:
    """Draw a code that holds no secret, quiet zone included, in a square box.

    Where a fold crosses the box, the code is smaller and lies beside the fold, at the right.

    Raises:
        RoomError: Beside the fold it would be too small to be read.
    """
    matrix = qr.matrix(payload)
    box = _beside_folds(drawing, box)
    module = box.width / (len(matrix) + 2 * qr.QUIET_ZONE)
    if module < _LEAST_MODULE:
        raise RoomError("a code would be too small to be read")
    return drawing.code(box.grown(-qr.QUIET_ZONE * module), matrix)


def _beside_folds(drawing: Drawing, box: Box) -> Box:
    """The largest square at the right of a box that no fold crosses."""
    strip = _strip(drawing, box)
    side = min(strip.width, strip.height)
    return Box(strip.right - side, strip.y, side, side)


def _strip(drawing: Drawing, box: Box) -> Box:
    """The highest part of a box that no fold crosses, a little off the fold."""
    edges = [box.y, *crossing(box, drawing.paper.folds), box.bottom]
    top, bottom = max(pairwise(edges), key=lambda edge: edge[1] - edge[0])
    top += _CODE_GAP * (top != box.y)
    bottom -= _CODE_GAP * (bottom != box.bottom)
    return Box(box.x, top, box.width, bottom - top)


def salted_codes(drawing: Drawing, panel: Box, payload: str, salt: Secret) -> None:
    """Draw the two codes of a secret that can be guessed, with its salt in between."""
    digits = salt.expose().hex()
    half = len(digits) // 2
    texts = (
        (
            "Each code holds the secret above and this salt. Scan with an offline reader, never"
            " with a phone."
        ),
        (
            "The salt stands on this sheet alone. With it the secret's proof in the ledger can be"
            " checked; without it the proof tells nothing."
        ),
    )
    two_codes(drawing, panel, payload, Aside("Salt", (digits[:half], digits[half:]), texts))


def code_and_words(
    drawing: Drawing, panel: Box, text: str, words: Sequence[str], *, title: str
) -> None:
    """Draw the code of a public text; beside it the text itself, and a hash of it as PGP words.

    Args:
        panel: A part of the page; where a fold crosses it, the code lies beside the fold.
        text: The code's exact content; its line ends are those of the print.
        title: What the words stand for.

    Raises:
        InputError: The text is too long to stand beside its code.
    """
    matrix = qr.matrix(text)
    quiet = qr.QUIET_ZONE * CODE / len(matrix)
    top = panel.y + 2 * _CODE_GAP
    beside = max(top, _strip(drawing, panel).y)
    rim = drawing.code(Box(panel.x, beside + quiet, CODE, CODE), matrix)
    right = Box(rim.right + 2, top, panel.right - rim.right - 2, panel.bottom - 2 - top)
    rows = -(-len(words) // _WORDS_IN_ROW)
    least, largest = _WORD_ROW
    room = right.height - _TEXT_TOP - _WORDS_TOP - rows * least
    found = _fit_lines(text, right.width, room)
    drawing.text(right.x, right.y + 4, "Text", size=10, face=Face.BOLD)
    below = Box(right.x, right.y + _TEXT_TOP, right.width, room)
    y = drawing.lines(below, found.lines, size=found.size, face=Face.MONO) + _WORDS_TOP
    drawing.text(right.x, y - 2, title, size=10, face=Face.BOLD)
    height = min(largest, (right.bottom - y) / rows)
    _words(drawing, Box(right.x, y, right.width, rows * height), words, height)


def _fit_lines(text: str, width: float, height: float) -> Fitted:
    """The text's lines, wrapped at the largest size at which all of them fit."""
    for size in _TEXT_SIZES:
        lines = tuple(
            piece for line in text.splitlines() for piece in wrap(line, width, Face.MONO, size)
        )
        if len(lines) * line_height(size) <= height:
            return Fitted(lines, size)
    raise RoomError(
        f"a text of {len(text)} characters is too long to stand beside its code",
        mend="Shorten the ids in it.",
    )


def _words(drawing: Drawing, box: Box, words: Sequence[str], height: float) -> None:
    """The words in rows of that height, numbered at the beginning of each row."""
    column = (box.width - 6) / _WORDS_IN_ROW
    for at, word in enumerate(words):
        row, place = divmod(at, _WORDS_IN_ROW)
        y = box.y + (row + 0.75) * height
        if place == 0:
            drawing.text(box.x, y, str(at + 1), size=6.5, grey=CAPTION)
        drawing.text(box.x + 6 + place * column, y, word, size=9.5, face=Face.BOLD)


class Known(msgspec.Struct, frozen=True):
    """Something public that a sheet with a secret says, below its caption."""

    caption: str
    value: str
    face: Face = Face.BOLD


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What the first part of a sheet with a secret says, all of it public.

    Attributes:
        texts: What to do with the sheet, a step each.
        set_id: The secret set.
        needed: How many sheets of the set are needed: '2 of 3'.
        facts: One or two more.
    """

    texts: tuple[str, ...]
    set_id: str
    needed: str
    facts: tuple[Known, ...]


def secret_use(drawing: Drawing, panel: Box, use: Use) -> None:
    """Draw what to do with a sheet that carries a secret; beside it its set, and how many it takes.

    Raises:
        RoomError: A text does not fit.
    """
    left = Box(panel.x, panel.y, panel.width - _ASIDE - 6, panel.height)
    steps(drawing, left, use.texts)
    x = panel.right - _ASIDE
    captioned(drawing, Box(x, panel.y + 0.5, _ASIDE, 10.5), "SET", use.set_id, size=18)
    boxed(drawing, Box(x, panel.y + 13, _ASIDE, 10), f"{use.needed} needed")
    width = _ASIDE / len(use.facts)
    for at, fact in enumerate(use.facts):
        cell = Box(x + at * width, panel.y + 25, width - 2 * (len(use.facts) - 1), 9)
        captioned(drawing, cell, fact.caption, fact.value, face=fact.face, size=11)

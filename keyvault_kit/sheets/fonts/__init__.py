"""The sheets' fonts, and what they can print.

Latin, Greek and Cyrillic, with everything composed (NFC), and Chinese, Japanese and Korean by a
font that is given: a PDF has no text engine to join or place signs, so a character that needs one
is refused by name and never printed as a box.
"""

import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib import resources
from io import BytesIO
from itertools import groupby
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.fonts import cjk
from keyvault_kit.sheets.fonts.refusal import refusal
from keyvault_kit.sheets.geometry import MM


class Face(StrEnum):
    """A font, by the name of its file."""

    REGULAR = "NotoSans-Regular"
    BOLD = "NotoSans-Bold"
    MONO = "NotoSansMono-Regular"


CAP_HEIGHT: Final = 0.714
"""The height of a capital in all three faces, as a part of the size."""

_UNJOINED: Final = (
    "LATIN ",
    "GREEK ",
    "CYRILLIC ",
    "MODIFIER LETTER ",
    "MICRO SIGN",
    "FEMININE ORDINAL",
    "MASCULINE ORDINAL",
)
"""How the Unicode names of letters begin that stand on their own, each a glyph."""

_SIGNS: Final = "NPS"
"""General categories, by first letter, of signs that may be printed: numbers, marks, symbols."""


@cache
def _load(face: Face) -> Any:  # noqa: ANN401 - reportlab has no types
    """Register a face with reportlab, once a process."""
    data = resources.files(__name__).joinpath(f"{face}.ttf").read_bytes()
    font = TTFont(face.value, BytesIO(data))
    pdfmetrics.registerFont(font)
    return font


def use_cjk(data: bytes | None) -> None:
    """Print Chinese, Japanese and Korean characters in this font from now on, or in none.

    Args:
        data: A TrueType font, or a collection of which the first is taken; None for none.

    Raises:
        InputError: It is no font, has no TrueType outlines, or no such characters.
    """
    cjk.use(data)


def runs(text: str, face: Face) -> Iterator[tuple[str, str]]:
    """The text in pieces that one font prints: the name of each font, and its piece."""
    _load(face)
    if text.isascii():
        yield face.value, text  # the common case, without a look at each character
        return
    for name, chars in groupby(text, key=lambda char: _font_of(char, face)):
        yield name, "".join(chars)


def _font_of(char: str, face: Face) -> str:
    return face.value if _embedded(char) else cjk.name_for(char) or face.value


def width(text: str, face: Face, size: float) -> float:
    """How wide the text is, in millimetres, at a size in points."""
    return (
        sum(float(pdfmetrics.stringWidth(run, name, size)) for name, run in runs(text, face)) / MM
    )


def printable(char: str) -> bool:
    """Whether a character is in NFC and a glyph of its own, in every face or in the CJK font."""
    return _embedded(char) or cjk.name_for(char) is not None


@cache
def _embedded(char: str) -> bool:
    if not unicodedata.is_normalized("NFC", char):
        return False  # it would be printed as another one
    if not all(ord(char) in _load(face).face.charToGlyph for face in Face):
        return False
    category = unicodedata.category(char)
    if category.startswith("L"):
        return unicodedata.name(char).startswith(_UNJOINED)
    return char == " " or category[0] in _SIGNS


def require(text: str) -> str:
    """The text in NFC, if all of it can be printed.

    Raises:
        InputError: A character that the fonts lack, that controls or joins, or that stands over
            another one; it is named, with the reason.
    """
    composed = unicodedata.normalize("NFC", text)
    for char in composed:
        if not printable(char):
            raise refusal(char)
    return composed


def require_secret(text: str, what: str) -> str:
    """The secret text, if all of it can be printed; unlike `require`, nothing of it is told.

    It is never printed in the CJK font, whose wide glyphs do not stand in groups.

    Args:
        what: What it is, for the error: 'the password'.

    Raises:
        InputError: A character cannot be printed; only its position is told.
    """
    for position, char in enumerate(text, start=1):
        if not _embedded(char):
            raise InputError(
                f"character {position} of {what} cannot be printed on a sheet",
                mend="Choose one of Latin, Greek or Cyrillic letters, digits and signs.",
            )
    return text

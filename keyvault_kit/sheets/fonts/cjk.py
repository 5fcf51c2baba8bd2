"""The optional font for Chinese, Japanese and Korean, which is too large to come with the kit.

Their characters stand each in a square of its own, in the order of reading, and so need no
shaping; what does need it in these scripts (tone marks, ideographic variations) is refused.
"""

import hashlib
import struct
import unicodedata
from io import BytesIO
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from keyvault_kit.errors import InputError

VARIABLE: Final = "KEYVAULT_CJK_FONT"
"""The environment variable that names the font's file; who puts a station together reads it."""

_BLOCKS: Final = (
    (0x3000, 0x312F),  # ideographic space and punctuation, kana, Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo Extended
    (0x31F0, 0x31FF),  # Katakana Phonetic Extensions
    (0x3400, 0x4DBF),  # Unified Ideographs, Extension A
    (0x4E00, 0x9FFF),  # Unified Ideographs
    (0xAC00, 0xD7A3),  # Hangul Syllables
    (0xFF01, 0xFFEE),  # Halfwidth and Fullwidth Forms
    (0x20000, 0x323AF),  # Unified Ideographs, Extensions B to H
)
"""Unicode blocks of characters that stand on their own (The Unicode Standard 15.0, chapter 18)."""

_SAMPLE: Final = range(0x4E00, 0x9FFF)
"""Where a font for one of these languages has characters, whichever it is."""

_COLLECTION: Final = b"ttcf"
_POSTSCRIPT: Final = b"OTTO"
_TRUETYPE: Final = (b"\x00\x01\x00\x00", b"true", _COLLECTION)

_MEND: Final = (
    f"Let {VARIABLE} name a TrueType font (.ttf or .ttc) for Chinese, Japanese or Korean, such as"
    " Droid Sans Fallback."
)

_in_use: list[Any] = []
"""The font, if there is one: reportlab too keeps its fonts by process."""


def use(data: bytes | None) -> None:
    """Take a font, or none; see `fonts.use_cjk`."""
    font = None if data is None else _read(data)
    _in_use.clear()
    if font is not None:
        pdfmetrics.registerFont(font)
        _in_use.append(font)


def is_cjk(char: str) -> bool:
    """Whether a character is of these scripts and needs no shaping."""
    if not any(first <= ord(char) <= last for first, last in _BLOCKS):
        return False
    return unicodedata.category(char)[0] in "LNPSZ" and unicodedata.is_normalized("NFC", char)


def name_for(char: str) -> str | None:
    """The name under which reportlab knows the font, if it has the character."""
    for font in _in_use:
        if ord(char) in font.face.charToGlyph and is_cjk(char):
            return str(font.fontName)
    return None


def is_in_use() -> bool:
    """Whether there is a font."""
    return bool(_in_use)


def _read(data: bytes) -> Any:  # noqa: ANN401 - reportlab has no types
    kind = data[:4]
    if kind == _POSTSCRIPT:
        raise _no_outlines()
    if kind not in _TRUETYPE:
        raise InputError("the CJK font is no TrueType font", mend=_MEND)
    # Another font is another name: reportlab would print the first one of a name for ever.
    name = f"CJK-{hashlib.sha256(data).hexdigest()[:16]}"
    try:
        font = TTFont(name, BytesIO(data))
    except (TTFError, struct.error, LookupError, ValueError) as error:
        if "postscript" in str(error):
            raise _no_outlines() from error
        raise InputError("the CJK font is damaged and cannot be read", mend=_MEND) from error
    if "glyf" not in font.face.table:
        raise _no_outlines()
    if not any(code in font.face.charToGlyph for code in _SAMPLE):
        raise InputError("the CJK font has no Chinese, Japanese or Korean characters", mend=_MEND)
    return font


def _no_outlines() -> InputError:
    return InputError("the CJK font has PostScript outlines (CFF), not TrueType's", mend=_MEND)

"""Why a character cannot be printed, and what to do about it."""

import unicodedata
from typing import Final

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.fonts import cjk

_SHAPED: Final = (
    "ADLAM ARABIC BALINESE BENGALI BUGINESE CHAM DEVANAGARI GUJARATI GURMUKHI HANGUL HEBREW"
    " JAVANESE KANNADA KHMER LAO LEPCHA LIMBU MALAYALAM MANDAIC MEETEI MONGOLIAN MYANMAR NEWA NKO"
    " ORIYA PHAGS-PA SAMARITAN SAURASHTRA SINHALA SUNDANESE SYRIAC TAMIL TELUGU THAANA THAI TIBETAN"
    " TIRHUTA"
).split()
"""Scripts, by the first word of their characters' names, whose signs are joined, stacked,
reordered or written from right to left (The Unicode Standard 15.0, chapters 9 and 12 to 16)."""

_CONTROLS: Final = ("Cc", "Cf", "Zl", "Zp")
_NO_SIGNS: Final = ("Cn", "Co", "Cs")
_RIGHT_TO_LEFT: Final = ("R", "AL", "AN")
_LATIN: Final = "Write it in Latin, Greek or Cyrillic letters."


def refusal(char: str) -> InputError:
    """The error for a character that cannot be printed; it names the character and the reason."""
    reason, mend = _reason(char)
    called = unicodedata.name(char, "a character without a name")
    return InputError(
        f"U+{ord(char):04X} ({called}) cannot be printed on a sheet: {reason}", mend=mend
    )


def _reason(char: str) -> tuple[str, str]:
    category = unicodedata.category(char)
    if category in _CONTROLS:
        return "it is no sign but controls or joins others", "Leave it out."
    if category in _NO_SIGNS:
        return "Unicode has no such sign", "Leave it out."
    if category.startswith("M"):
        return "it stands over or under another sign, which takes shaping", _LATIN
    if cjk.is_cjk(char):
        has = "the CJK font lacks it" if cjk.is_in_use() else "it takes a CJK font"
        return has, f"Let {cjk.VARIABLE} name a TrueType font that has it."
    if _is_shaped(char):
        return "its script takes shaping, which sheets do not do", _LATIN
    return "no font of the sheets has it", _LATIN


def _is_shaped(char: str) -> bool:
    script = unicodedata.name(char).partition(" ")[0]
    return script in _SHAPED or unicodedata.bidirectional(char) in _RIGHT_TO_LEFT

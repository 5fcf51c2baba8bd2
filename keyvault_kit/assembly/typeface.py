"""The optional font for Chinese, Japanese and Korean names, which the environment names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from keyvault_kit.host.files import read_file
from keyvault_kit.sheets import fonts
from keyvault_kit.sheets.fonts import cjk

FONT_LIMIT: Final = 64 << 20
"""Bytes of a font; the largest for all three languages have some 20 million."""


def take_cjk_font(environment: Mapping[str, str]) -> None:
    """Take the font that the environment names, if it names one.

    Raises:
        InputError: There is no such file, or it is no font that sheets can be printed with.
    """
    named = environment.get(cjk.VARIABLE)
    if named:
        fonts.use_cjk(read_file(Path(named), "CJK font", FONT_LIMIT))

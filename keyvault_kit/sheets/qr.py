"""QR codes as matrices of modules (ISO/IEC 18004), level M.

At a given size level M survives a crease as well as Q and H do, whose modules are finer; level L
does not.
"""

from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError

from keyvault_kit.errors import InputError

QUIET_ZONE: Final = 4
"""Modules that must stay empty all round a symbol."""

MAX_VERSION: Final = 25
"""117 modules: at 50 mm each is 0.43 mm wide, 5 dots of a 300 dpi printer."""

Matrix = tuple[tuple[bool, ...], ...]
"""Rows of modules from the top, true where dark, without the quiet zone."""


def matrix(text: str) -> Matrix:
    """The smallest symbol of level M that holds the text as UTF-8.

    Raises:
        InputError: The text is too long to be read from paper; it is not told.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    # One segment in one mode: mixing modes would gain nothing on our payloads.
    code.add_data(text.encode(), optimize=0)
    try:
        code.make()
        fits = code.version <= MAX_VERSION
    except (DataOverflowError, ValueError):  # qrcode reports 'version 41' as a ValueError
        fits = False
    if not fits:
        raise InputError(
            f"{len(text)} characters are too many for a code that paper carries safely",
            mend="Shorten what the sheet holds.",
        )
    return tuple(tuple(map(bool, row)) for row in code.get_matrix())

"""What the text of a PIN must be, before any key sees it (CTAP 2.1, 6.5.1)."""

import unicodedata

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret

SHORTEST = 4
LONGEST_BYTES = 63


def pin_text(pin: Secret) -> str:
    """The PIN as NFC text.

    Raises:
        InputError: It is no UTF-8.
    """
    try:
        text = pin.expose_text()
    except UnicodeDecodeError:
        # Not chained: that error carries the bytes.
        raise InputError("the PIN is no text", mend="Type it again.") from None
    return unicodedata.normalize("NFC", text)


def check_length(text: str, *, shortest: int = SHORTEST, longest: int = LONGEST_BYTES) -> None:
    """Whether a key will take this as a new PIN.

    Args:
        text: The PIN, NFC.
        shortest: The key's minimum, in code points.
        longest: The key's maximum, in code points.

    Raises:
        InputError: It is too short, too long, or holds a NUL.
    """
    points, size = len(text), len(text.encode())
    if points < max(shortest, SHORTEST):
        raise InputError(
            f"the PIN has {points} characters, this key wants {max(shortest, SHORTEST)} or more",
            mend="Choose a longer one.",
        )
    if points > longest or size > LONGEST_BYTES:
        raise InputError(
            f"the PIN has {points} characters in {size} bytes, this key takes {longest} characters "
            f"and {LONGEST_BYTES} bytes at most",
            mend="Choose a shorter one.",
        )
    if "\0" in text:
        raise InputError("the PIN holds a NUL character", mend="Type it again.")

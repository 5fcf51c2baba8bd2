"""Passwords: 32 random bytes as 44 characters of base58 (docs/formats.md, 'Password'; S28).

Base58 has no look-alike glyphs, and any SLIP-39 program together with ten lines of Python gives the
password back.
"""

import math
from collections.abc import Callable
from typing import Final

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.secret import Secret

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SECRET_SIZE: Final = 32
WIDTH: Final = 44
GROUP: Final = 4
ENTROPY_BITS: Final = 8 * SECRET_SIZE
"""As drawn; that all kinds of characters are there takes less than 0.02 bits off."""

_LOOK_ALIKES: Final = {"0": "the letter o", "O": "another letter", "I": "1", "l": "1 or L"}
_DRAWS: Final = 1000


def password_from_secret(secret: Secret) -> Secret:
    """The password, 44 characters, that stands for 32 bytes.

    Raises:
        InputError: The secret has another length: it is not one of the kit's passwords.
    """
    if len(secret) != SECRET_SIZE:
        raise InputError(
            f"the secret has {len(secret)} bytes, and a password's has {SECRET_SIZE}",
            mend="It was split in another form: see docs/formats.md, 'Container'.",
        )
    number, text = int.from_bytes(secret.expose(), "big"), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return Secret.from_text(text.rjust(WIDTH, ALPHABET[0]))


def secret_from_password(password: Secret) -> Secret:
    """The 32 bytes that a password stands for; blanks between groups are passed over.

    Raises:
        InputError: It cannot be one of the kit's passwords; a wrong character is named by its
            place.
    """
    text = "".join(password.expose_text().split())
    number = 0
    for place, character in enumerate(text, 1):
        digit = ALPHABET.find(character)
        if digit < 0:
            raise InputError(f"character {place} is never in a password", mend=_hint(character))
        number = number * len(ALPHABET) + digit
    if len(text) != WIDTH:
        raise InputError(f"a password has {WIDTH} characters, and these are {len(text)}")
    if number >> ENTROPY_BITS:
        raise InputError("no 32 bytes have this password", mend="Compare each row with its letter.")
    return Secret(number.to_bytes(SECRET_SIZE, "big"))


def _hint(character: str) -> str:
    meant = _LOOK_ALIKES.get(character)
    return f"It may be {meant}." if meant else "Compare each row with its letter."


def draw(random: Callable[[int], bytes]) -> Secret:
    """32 random bytes, drawn again until upper case, lower case and a digit are in the password.

    Raises:
        InternalError: The randomness is broken.
    """
    for _ in range(_DRAWS):
        secret = Secret(random(SECRET_SIZE))
        with password_from_secret(secret) as password:
            text = password.expose_text()
        if (
            any(map(str.isupper, text))
            and any(map(str.islower, text))
            and any(map(str.isdigit, text))
        ):
            return secret
        secret.wipe()
    raise InternalError("the source of randomness gives passwords of one kind of character only")


def groups(text: str, size: int = GROUP) -> tuple[str, ...]:
    """A text in groups of four, as it is shown and printed."""
    return tuple(text[i : i + size] for i in range(0, len(text), size))


def entropy_bits(length: int, alphabet: int) -> float:
    """Bits of entropy of `length` characters, each drawn evenly from `alphabet` many."""
    return length * math.log2(alphabet)

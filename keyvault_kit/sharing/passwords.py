"""Passwords: 32 random bytes as 44 characters of base58 (docs/formats.md, 'Password'; S28).

Base58 has no look-alike glyphs, and any SLIP-39 program together with ten lines of Python gives the
password back. Where a policy wants symbols or another length, characters are drawn one by one; such
a password is split in a container.
"""

import hashlib
from collections.abc import Collection
from typing import Final

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import randomness
from keyvault_kit.sharing.policy import (
    ALLOWED,
    BASE58,
    BASE58_44,
    KINDS,
    LEAST_KINDS,
    LONGEST,
    POLICIES,
    SECRET_BITS,
    SHORTEST,
    Policy,
    policy_named,
    weaknesses,
)
from keyvault_kit.sharing.randomness import Random

__all__ = [
    "BASE58_44",
    "GROUP",
    "POLICIES",
    "SECRET_SIZE",
    "WIDTH",
    "Policy",
    "check_for_entra",
    "draw",
    "draw_password",
    "groups",
    "password_from_secret",
    "policy_named",
    "secret_from_password",
    "weaknesses",
]

SECRET_SIZE: Final = SECRET_BITS // 8
WIDTH: Final = BASE58_44.length
GROUP: Final = 4

_LOOK_ALIKES: Final = {"0": "the letter o", "O": "another letter", "I": "1", "l": "1 or L"}
_DRAWS: Final = 1000
_SHORTEST_NAME: Final = 4
"""Characters of a name that Entra looks for."""

_SUBSTITUTES: Final = str.maketrans("01$@", "olsa")
"""How Entra reads a password when it looks for names ('How are passwords evaluated')."""

_BROKEN: Final = "the source of randomness gives passwords without some kind of character"


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
        number, digit = divmod(number, len(BASE58))
        text = BASE58[digit] + text
    return Secret.from_text(text.rjust(WIDTH, BASE58[0]))


def secret_from_password(password: Secret) -> Secret:
    """The 32 bytes that a password stands for; blanks between groups are passed over.

    Raises:
        InputError: It cannot be one of the kit's passwords; a wrong character is named by its
            place.
    """
    text = "".join(password.expose_text().split())
    number = 0
    for place, character in enumerate(text, 1):
        digit = BASE58.find(character)
        if digit < 0:
            raise InputError(f"character {place} is never in a password", mend=_hint(character))
        number = number * len(BASE58) + digit
    if len(text) != WIDTH:
        raise InputError(f"a password has {WIDTH} characters, and these are {len(text)}")
    if number >> SECRET_BITS:
        raise InputError("no 32 bytes have this password", mend="Compare each row with its letter.")
    return Secret(number.to_bytes(SECRET_SIZE, "big"))


def _hint(character: str) -> str:
    meant = _LOOK_ALIKES.get(character)
    return f"It may be {meant}." if meant else "Compare each row with its letter."


def draw(random: Random) -> Secret:
    """32 random bytes, drawn again until upper case, lower case and a digit are in the password.

    Raises:
        InternalError: The randomness is broken.
    """
    for _ in range(_DRAWS):
        secret = Secret(randomness.draw(random, SECRET_SIZE))
        with password_from_secret(secret) as password:
            if _has_all_kinds(password, BASE58_44):
                return secret
        secret.wipe()
    raise InternalError(_BROKEN)


def draw_password(policy: Policy, random: Random) -> Secret:
    """A password as the policy wants it: drawn evenly, again until each kind of character is there.

    Raises:
        InternalError: The randomness is broken.
    """
    if policy.is_base58_44:
        with draw(random) as secret:
            return password_from_secret(secret)
    for _ in range(_DRAWS):
        password = Secret.from_text(_draw_text(policy, random))
        if _has_all_kinds(password, policy):
            return password
        password.wipe()
    raise InternalError(_BROKEN)


def _draw_text(policy: Policy, random: Random) -> str:
    """Characters of the alphabet, each as likely as the others, with repetition.

    Bytes from the last multiple of the alphabet's size on are thrown away: they would favour the
    first characters.
    """
    size = len(policy.alphabet)
    fair = 256 - 256 % size
    text = ""
    for _ in range(_DRAWS):
        drawn = randomness.draw(random, policy.length)
        text += "".join(policy.alphabet[byte % size] for byte in drawn if byte < fair)
        if len(text) >= policy.length:
            return text[: policy.length]
    raise InternalError(_BROKEN)


def _has_all_kinds(password: Secret, policy: Policy) -> bool:
    text = password.expose_text()
    return all(any(character in kind for character in text) for kind in policy.kinds)


def groups(text: str, size: int = GROUP) -> tuple[str, ...]:
    """A text in groups of four, as it is shown and printed."""
    return tuple(text[i : i + size] for i in range(0, len(text), size))


def half_check(half: Secret) -> str:
    """Four hex digits that tell whether a half of a password was typed as it was shown.

    They are shown beside it, to the same person, and kept nowhere: the first two bytes of SHA-256
    over the half in UTF-16, little-endian, as Windows holds what is typed.
    """
    text = half.expose_text()
    return hashlib.sha256(text.encode("utf-16-le")).hexdigest()[:4].upper()


def check_for_entra(password: Secret, names: Collection[str] = ()) -> None:
    """Check that Microsoft Entra ID takes a password of a cloud-only account.

    Sources: Microsoft Learn, 'Password policies and account restrictions in Microsoft Entra ID'
    (2025-05) and 'Eliminate bad passwords using Microsoft Entra Password Protection'. The blank is
    allowed, and not counted as a symbol here, since the sources do not say so clearly. What the
    tenant alone knows is not checked: its lists of banned words, and the last password.

    Args:
        password: As it would be typed, without the blanks between groups.
        names: The user's first and last name and the tenant's name: none may be in the password.

    Raises:
        InputError: It is too short or too long, has a character that Entra refuses (told by its
            place, never itself), fewer than three kinds of characters, or a name in it.
    """
    text = password.expose_text()
    if not SHORTEST <= len(text) <= LONGEST:
        raise InputError(
            f"Entra takes passwords of {SHORTEST} to {LONGEST} characters, and this has {len(text)}"
        )
    for place, character in enumerate(text, 1):
        if character not in ALLOWED | {" "}:
            raise InputError(
                f"character {place} of the password is none that Entra takes",
                mend="Entra takes the letters A to Z, digits, common symbols and blanks.",
            )
    kinds = sum(any(character in kind for character in text) for kind in KINDS.values())
    if kinds < LEAST_KINDS:
        raise InputError(
            f"Entra wants {LEAST_KINDS} kinds of characters, and the password has {kinds}",
            mend=f"Take three of: {', '.join(KINDS)}.",
        )
    _check_names(text, names)


def _check_names(text: str, names: Collection[str]) -> None:
    read = _as_entra_reads(text)
    if any(len(name) >= _SHORTEST_NAME and _as_entra_reads(name) in read for name in names):
        raise InputError(
            "a name of the user or of the tenant is in the password, and Entra refuses that",
            mend="Take another password.",
        )


def _as_entra_reads(text: str) -> str:
    return text.lower().translate(_SUBSTITUTES)

"""Slips: a secret that is typed, or scanned, into a question whose answer is kept.

A ledger forgets nothing, and a record is printed. So what people say of a ceremony is compared with
every secret in hand, and with how shares and passwords of the kit look, before it is kept. Where it
holds one, that is said, and nothing of it is repeated.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from keyvault_kit.secret import Secret
from keyvault_kit.sharing import words

_ALIKE: Final = 8
"""So many characters of a secret in a row are no accident; of a shorter one, all of them."""
_SHORTEST: Final = 4
"""Characters of the shortest PIN that a key takes (CTAP 2.1, 6.5)."""
_WORDS: Final = 10
"""So many words of a share in a row are no sentence; the shortest share has twenty."""
_LONG: Final = 20
"""Characters without a blank that are no number of a bag: half of a password has about as many."""
_PIN: Final = 8
"""Digits of the PINs that the kit draws."""
_GROUP: Final = 4
"""Characters of a group in which secrets are printed and shown."""

_BETWEEN: Final = re.compile(r"[\s-]+")
_ODDMENTS: Final = re.compile(r"[^a-z0-9]+")


def holds(text: str, secrets: Iterable[Secret]) -> bool:
    """Whether a text holds a secret in hand, or eight characters of one in a row.

    Case, blanks and hyphens make no difference: secrets are read aloud and typed in groups. A share
    is told by its words, whoever has it: `has_share`.

    Args:
        secrets: Those in hand; one that was wiped is passed over.
    """
    plain = _plain(text)
    return any(piece in plain for secret in secrets for piece in _pieces(secret))


def has_share(text: str) -> bool:
    """Whether words of SLIP-0039's list, or their numbers, stand there ten in a row."""
    row = 0
    for word in _ODDMENTS.split(text.casefold()):
        row = row + 1 if word and words.typed(word) is not None else 0
        if row >= _WORDS:
            return True
    return False


def looks_secret(text: str) -> bool:
    """Whether an answer looks like a share, a password or half of one, or a PIN.

    A PIN is told only where nothing else was typed: a serial number looks alike.
    """
    return has_share(text) or _is_pin(text.strip()) or any(_is_password(run) for run in _runs(text))


def looks_no_bag(number: str) -> bool:
    """Whether what was typed as the number of a bag looks more like a PIN, or a password."""
    return _is_pin(number) or len(number) >= _LONG or _is_mixed(number)


def _is_pin(text: str) -> bool:
    return text.isdecimal() and len(text) >= _PIN


def _plain(text: str) -> str:
    return _BETWEEN.sub("", text.casefold())


def _pieces(secret: Secret) -> Iterator[str]:
    """What of a secret must not be in a text; of raw bytes, as their digits are printed."""
    try:
        raw = secret.expose()
    except ValueError:  # wiped meanwhile
        return
    for told in (raw.hex(), raw.decode(errors="ignore")):
        if not has_share(told):  # its words are ordinary ones, and are looked at as such
            plain = _plain(told)
            size = min(len(plain), _ALIKE)
            if size >= _SHORTEST:
                yield from (plain[i : i + size] for i in range(len(plain) - size + 1))


def _runs(text: str) -> Iterator[str]:
    """The words of a text; groups of four that follow each other are one."""
    run = ""
    for word in text.split():
        if len(word) == _GROUP:
            run += word
        else:
            yield from (run, word)
            run = ""
    yield run


def _is_password(run: str) -> bool:
    return len(run) >= _LONG and run.isalnum() and _is_mixed(run)


def _is_mixed(text: str) -> bool:
    """Whether small and capital letters and digits are all in it, as in the kit's passwords."""
    kinds = (str.islower, str.isupper, str.isdecimal)
    return all(any(kind(char) for char in text) for kind in kinds)

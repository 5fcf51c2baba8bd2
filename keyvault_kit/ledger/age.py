"""Encryption to other sites and of backups: age files (age-encryption.org/v1).

To X25519 recipients, or by a passphrase. Stock `age` opens what is made here, and the other way
round. An identity is Bech32 (BIP 173) under the prefix `age-secret-key-`, in upper case.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pyrage

from keyvault_kit.errors import InputError, LedgerError, MismatchError, RefusedError
from keyvault_kit.secret import Secret

INTRO: Final = b"age-encryption.org/v1\n"
LEAST_PASSPHRASE: Final = 12
"""Characters. It keeps out what falls at once; a good passphrase is longer."""

MAX_WORK: Final = 22
"""Logarithm of scrypt's N, at most; where stock age draws the line. It stands for 4 GiB."""

_HEADER_SIZE: Final = 1 << 16
"""Bytes within which the header of an honest age file ends, with hundreds of recipients."""

_ENTROPY_SIZE: Final = 32

_PREFIX: Final = "AGE-SECRET-KEY-1"
_ALPHABET: Final = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_DATA_CHARACTERS: Final = 52  # of 5 bits: 256 bits, and 4 that are zero
_FILLING: Final = 0b1111
_CHECK_CHARACTERS: Final = 6


# --- Identities and recipients


def identity_from(entropy: bytes) -> Secret:
    """The identity (`AGE-SECRET-KEY-1...`, 74 characters) of 32 random bytes.

    Raises:
        ValueError: They are not 32.
    """
    if len(entropy) != _ENTROPY_SIZE:
        raise ValueError(f"an age identity has {_ENTROPY_SIZE} bytes")
    data = _groups(int.from_bytes(entropy, "big") << 4, _DATA_CHARACTERS)
    check = _groups(_polymod([*data, *[0] * _CHECK_CHARACTERS]) ^ 1, _CHECK_CHARACTERS)
    return Secret.from_text(_PREFIX + "".join(_ALPHABET[value] for value in data + check))


def parse_identity(text: str) -> Secret:
    """The identity that was scanned or typed; white space and case do not matter.

    Raises:
        InputError: It is none; says what is wrong, and never what was typed.
    """
    plain = "".join(text.split()).upper()
    _check_identity(plain)
    return Secret.from_text(plain)


def _check_identity(plain: str) -> None:
    mend = "Compare it with the sheet, row by row."
    if not plain.startswith(_PREFIX):
        raise InputError(f"this is no age identity: it does not begin with {_PREFIX}", mend=mend)
    values = [_ALPHABET.find(character) for character in plain.removeprefix(_PREFIX)]
    if -1 in values:
        place = len(_PREFIX) + values.index(-1) + 1
        raise InputError(f"character {place} of the identity is one that none has", mend=mend)
    wanted = _DATA_CHARACTERS + _CHECK_CHARACTERS
    if len(values) != wanted:
        raise InputError(
            f"the identity has {len(plain)} characters, not {len(_PREFIX) + wanted}", mend=mend
        )
    if _polymod(values) != 1:
        raise InputError("the identity's checksum is wrong: a character was misread", mend=mend)
    if values[_DATA_CHARACTERS - 1] & _FILLING:
        raise InputError("this is no age identity: its last bits are not zero", mend=mend)


def _groups(number: int, count: int) -> list[int]:
    """A number in groups of five bits, the highest first."""
    return [number >> 5 * place & 31 for place in reversed(range(count))]


def _polymod(values: Sequence[int]) -> int:
    """Bech32's checksum over the prefix and these values: 1 if they end in the right one."""
    prefix = _PREFIX[:-1].lower()  # without the separating 1; BIP 173 sums the lower case
    high, low = [ord(c) >> 5 for c in prefix], [ord(c) & 31 for c in prefix]
    check = 1
    for value in [*high, 0, *low, *values]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check


def recipient_of(identity: Secret) -> str:
    """The public recipient (`age1...`) of an identity: what others encrypt to."""
    return str(pyrage.x25519.Identity.from_str(identity.expose_text()).to_public())


def parse_recipient(text: str) -> str:
    """The recipient that was scanned or typed; white space and case do not matter.

    Raises:
        InputError: It is none. It is not repeated: it may be an identity, in the wrong place.
    """
    plain = "".join(text.split()).lower()
    try:
        return str(pyrage.x25519.Recipient.from_str(plain))
    except pyrage.RecipientError:
        raise InputError(
            f"this is no age recipient ({len(plain)} characters)",
            mend="It begins with age1, has 62 characters and ends in a checksum: compare them.",
        ) from None


# --- Encryption


def encrypt(data: bytes, recipients: Sequence[str]) -> bytes:
    """An age file that each of the recipients opens.

    Raises:
        InputError: There is no recipient, or one is none.
    """
    if not recipients:
        raise InputError("nobody was named to encrypt to", mend="Name a recipient (age1...).")
    keys = [pyrage.x25519.Recipient.from_str(parse_recipient(each)) for each in recipients]
    return bytes(pyrage.encrypt(data, keys))


def encrypt_with_passphrase(data: bytes, passphrase: Secret) -> bytes:
    """An age file that the passphrase opens; that takes a second, and so does each guess.

    Raises:
        RefusedError: The passphrase is too short.
    """
    if len(passphrase.expose_text()) < LEAST_PASSPHRASE:
        raise RefusedError(
            f"the passphrase has fewer than {LEAST_PASSPHRASE} characters",
            mend="Take six words or more, drawn by dice.",
        )
    return bytes(pyrage.passphrase.encrypt(data, passphrase.expose_text()))


# --- Decryption


def decrypt(data: bytes, identity: Secret) -> bytes:
    """What the identity opens.

    Raises:
        InputError: It is no age file, or wants a passphrase.
        MismatchError: It was encrypted to somebody else.
        LedgerError: It was cut short or changed.
    """
    if _work_factor(data) is not None:
        raise InputError(
            "this file opens with a passphrase, not with an identity", mend="Give its passphrase."
        )
    key = pyrage.x25519.Identity.from_str(identity.expose_text())
    with _our_errors("it was not encrypted to this identity"):
        return bytes(pyrage.decrypt(data, [key]))


def decrypt_with_passphrase(data: bytes, passphrase: Secret) -> bytes:
    """What the passphrase opens.

    Raises:
        InputError: It is no age file, wants an identity, or more work than an honest one.
        MismatchError: The passphrase is wrong.
        LedgerError: It was cut short or changed.
    """
    work = _work_factor(data)
    if work is None:
        raise InputError(
            "this file opens with an identity, not with a passphrase",
            mend="Scan or type the identity from its sheet.",
        )
    if work > MAX_WORK:
        raise InputError(
            f"the file asks for the work of 2^{work}, and 2^{MAX_WORK} is the most that is done",
            mend="Whoever made it wants to keep this computer busy: ask where it comes from.",
        )
    with _our_errors("the passphrase is wrong"):
        return bytes(pyrage.passphrase.decrypt(data, passphrase.expose_text()))


def demand_kind(data: bytes, *, passphrase: bool) -> None:
    """Check that it is an age file that opens with a passphrase, or with an identity.

    Raises:
        InputError: It is no age file, or opens with the other.
        LedgerError: It is cut short.
    """
    if (_work_factor(data) is not None) != passphrase:
        wants = "an identity" if passphrase else "a passphrase"
        raise InputError(f"this file opens with {wants}")


def _work_factor(data: bytes) -> int | None:
    """The scrypt work factor in the header; none where the file opens with an identity.

    Raises:
        InputError: It is no age file.
        LedgerError: Its header has no end.
    """
    if not data.startswith(INTRO):
        raise InputError("this is no age file", mend=f"One begins with {INTRO.decode().strip()}.")
    header, found, _ = data[:_HEADER_SIZE].partition(b"\n---")
    if not found:
        raise LedgerError("the age file was cut short: its header has no end", mend=_FETCH_AGAIN)
    scrypt = re.search(rb"\n-> scrypt\b(?: \S+ ([0-9]{1,9}))?", header)
    return int(scrypt[1] or 0) if scrypt else None


_FETCH_AGAIN: Final = "Fetch the original, and try again."
_WRONG_KEY: Final = ("No matching keys found", "Decryption failed")
"""What the library says of a wrong key; it has one kind of error for all."""


@contextmanager
def _our_errors(wrong_key: str) -> Iterator[None]:
    """Tell a wrong key from a damaged file, and from work that this computer is too slow for."""
    try:
        yield
    except pyrage.DecryptError as error:
        told = str(error)
        if told in _WRONG_KEY:
            raise MismatchError(
                f"the file does not open: {wrong_key}", mend="Try another."
            ) from None
        if told.startswith("Excessive work"):
            raise InputError(
                "the file asks for more work than this computer does in reasonable time",
                mend="Open it on a faster one, or with stock age.",
            ) from error
        raise LedgerError(
            f"the file was cut short or changed on its way ({told})", mend=_FETCH_AGAIN
        ) from error

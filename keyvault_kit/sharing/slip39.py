"""SLIP-0039: shares of a secret as words. Reads every valid set, writes sets of one group.

https://github.com/satoshilabs/slips/blob/master/slip-0039.md
"""

from collections.abc import Iterable
from typing import Final

from keyvault_kit.errors import InputError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import cipher, shamir
from keyvault_kit.sharing.randomness import Random, draw
from keyvault_kit.sharing.sets import (
    ConflictingShareError,
    ForeignShareError,
    MissingSharesError,
    RepeatedShareError,
    solve,
)
from keyvault_kit.sharing.share import (
    MAX_SECRET,
    MAX_WORDS,
    MIN_SECRET,
    MIN_WORDS,
    DamagedShareError,
    Share,
    is_length,
)

__all__ = [
    "MAX_SECRET",
    "MAX_SHARES",
    "MAX_WORDS",
    "MIN_SECRET",
    "MIN_WORDS",
    "ConflictingShareError",
    "DamagedShareError",
    "ForeignShareError",
    "MissingSharesError",
    "RepeatedShareError",
    "Share",
    "combine",
    "decrypt",
    "is_length",
    "split",
]

MAX_SHARES: Final = 16


def split(
    secret: Secret,
    *,
    threshold: int,
    count: int,
    random: Random,
    exponent: int = 1,
    extendable: bool = True,
) -> tuple[Share, ...]:
    """Split a secret into `count` shares of one group, any `threshold` of which give it back.

    Args:
        secret: 16 to 512 bytes, an even number of them.
        random: That many random bytes.
        exponent: 10000 times two to this is the number of PBKDF2 iterations, 0 to 10.

    Raises:
        InputError: Threshold, count, exponent or the secret's length cannot be.
        InternalError: The randomness is broken.
    """
    _check_numbers(threshold, count)
    if not MIN_SECRET <= len(secret) <= MAX_SECRET or len(secret) % 2:
        raise InputError(f"a secret of {len(secret)} bytes cannot be split: 16 to 512, even")
    identifier = int.from_bytes(draw(random, 2), "big") >> 1
    encrypted = cipher.encrypt(
        secret.expose(), b"", exponent=exponent, identifier=identifier, extendable=extendable
    )
    return tuple(
        Share(
            identifier=identifier,
            extendable=extendable,
            exponent=exponent,
            group_index=0,
            group_threshold=1,
            group_count=1,
            member_index=x,
            member_threshold=threshold,
            value=value,
        )
        for x, value in shamir.split(encrypted, threshold, count, random)
    )


def _check_numbers(threshold: int, count: int) -> None:
    if count > MAX_SHARES:
        raise InputError(f"a set has {MAX_SHARES} shares at most, not {count} (SLIP-0039)")
    if threshold < 1:
        raise InputError(f"a threshold of {threshold} cannot be: a secret needs a share at least")
    if threshold > count:
        raise InputError(f"{threshold} shares cannot be needed where there are only {count}")
    if threshold == 1 < count:
        raise InputError(
            "a threshold of 1 would make every share the whole secret (SLIP-0039)",
            mend="Print the secret whole, in as many copies as there should be.",
        )


def combine(shares: Iterable[Share], passphrase: bytes = b"") -> Secret:
    """The secret that these shares give, in any order; more than enough are fine if they agree.

    Raises:
        InputError: Shares are missing, repeated, of another set, or contradict each other, or
            demand too much work.
        MismatchError: They do not belong together although they say so; with more than enough,
            the wrong ones are named by their number in the set, from 1.
    """
    every = tuple(shares)
    solution = solve(every)
    if solution.wrong:
        raise MismatchError(
            f"the rest contradicts {' and '.join(solution.wrong)}",
            mend="Leave that out, and verify each share alone against the ledger.",
        )
    with solution.encrypted as encrypted:
        return decrypt(encrypted, every[0], passphrase)


def decrypt(encrypted: Secret, share: Share, passphrase: bytes = b"") -> Secret:
    """The secret, from what shares gave; one of them says how it was encrypted.

    Raises:
        InputError: The share demands too much work.
    """
    master = cipher.decrypt(
        encrypted.expose(),
        passphrase,
        exponent=share.exponent,
        identifier=share.identifier,
        extendable=share.extendable,
    )
    return Secret(master)

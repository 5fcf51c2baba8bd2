"""Shamir's scheme with the digest of SLIP-0039 ('Sharing a secret', 'Recovery of the secret').

The polynomials pass through the secret at x = 255 and through its digest at x = 254.
"""

import hmac
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final

from keyvault_kit.errors import InternalError, MismatchError
from keyvault_kit.sharing import gf256

DIGEST_SIZE: Final = 4
DIGEST_X: Final = 254
SECRET_X: Final = 255

Point = tuple[int, bytes]
"""A public index, 0 to 15, and a secret value."""


def split(
    secret: bytes, threshold: int, count: int, random: Callable[[int], bytes]
) -> tuple[Point, ...]:
    """Points 0 to `count` - 1, any `threshold` of which give the secret back.

    Raises:
        InternalError: `random` gave another number of bytes than it was asked for.
    """
    if threshold == 1:
        return tuple((x, secret) for x in range(count))
    drawn = [(x, _draw(random, len(secret))) for x in range(threshold - 2)]
    filling = _draw(random, len(secret) - DIGEST_SIZE)
    base = [*drawn, (DIGEST_X, _digest(filling, secret) + filling), (SECRET_X, secret)]
    rest = range(len(drawn), count)
    return (*drawn, *((x, gf256.interpolate(base, x)) for x in rest))


def recover(points: Sequence[Point], threshold: int) -> tuple[bytes, tuple[int, ...]]:
    """The secret of at least `threshold` points, and the indices of those that contradict it.

    More points than the threshold are looked at in all their choices until a digest holds: that
    finds the secret and names the wrong ones where enough are right.

    Raises:
        MismatchError: No choice of them belongs together.
    """
    for base in combinations(points, threshold):
        secret = base[0][1] if threshold == 1 else gf256.interpolate(base, SECRET_X)
        if threshold == 1 or _agrees(base, secret):
            wrong = (x for x, value in points if gf256.interpolate(base, x) != value)
            return secret, tuple(wrong)
    raise MismatchError(
        "the shares do not belong together: their digest does not hold",
        mend="Verify each alone against the ledger.",
    )


def _agrees(base: Sequence[Point], secret: bytes) -> bool:
    mixed = gf256.interpolate(base, DIGEST_X)
    digest, filling = mixed[:DIGEST_SIZE], mixed[DIGEST_SIZE:]
    return hmac.compare_digest(digest, _digest(filling, secret))


def _digest(key: bytes, secret: bytes) -> bytes:
    return hmac.digest(key, secret, "sha256")[:DIGEST_SIZE]


def _draw(random: Callable[[int], bytes], size: int) -> bytes:
    drawn = random(size)
    if len(drawn) != size:
        raise InternalError(f"the source of randomness gave {len(drawn)} bytes, not {size}")
    return drawn

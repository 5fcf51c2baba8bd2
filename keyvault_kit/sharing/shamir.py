"""Shamir's scheme with the digest of SLIP-0039 ('Sharing a secret', 'Recovery of the secret').

The polynomials pass through the secret at x = 255 and through its digest at x = 254.
"""

import hmac
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from math import comb
from typing import Final

from keyvault_kit.errors import MismatchError
from keyvault_kit.sharing import gf256
from keyvault_kit.sharing.randomness import Random, draw

DIGEST_SIZE: Final = 4
DIGEST_X: Final = 254
SECRET_X: Final = 255

MOST_CHOICES: Final = 2000
"""Of points that contradict each other, so many choices are tried at most: about a second."""

Point = tuple[int, bytes]
"""A public index, 0 to 15, and a secret value."""


def split(secret: bytes, threshold: int, count: int, random: Random) -> tuple[Point, ...]:
    """Points 0 to `count` - 1, any `threshold` of which give the secret back.

    Raises:
        InternalError: `random` gave another number of bytes than it was asked for.
    """
    if threshold == 1:
        return tuple((x, secret) for x in range(count))
    drawn = [(x, draw(random, len(secret))) for x in range(threshold - 2)]
    filling = draw(random, len(secret) - DIGEST_SIZE)
    base = [*drawn, (DIGEST_X, _digest(filling, secret) + filling), (SECRET_X, secret)]
    rest = range(len(drawn), count)
    return (*drawn, *((x, gf256.interpolate(base, x)) for x in rest))


def recover(
    points: Sequence[Point], threshold: int, what: str = "the shares"
) -> tuple[bytes, tuple[int, ...]]:
    """The secret of at least `threshold` points, and the indices of those that contradict it.

    More points than the threshold are looked at in all their choices until a digest holds: that
    finds the secret and names the wrong ones where enough are right. Where there are more than
    `MOST_CHOICES`, which takes 14 points, every second or so is tried, up to every seventh: three
    wrong ones are always found among enough right ones, more as a rule. Points of threshold 1
    have no digest: they are all the same, or nobody can say which of them is right.

    Args:
        what: What the points are called in an error.

    Raises:
        MismatchError: No choice of them belongs together.
    """
    if threshold == 1:
        secret = points[0][1]
        if all(hmac.compare_digest(value, secret) for _, value in points):
            return secret, ()
        raise MismatchError(
            f"{what} contradict each other, and which of them is wrong cannot be told",
            mend="Verify each alone against the ledger.",
        )
    step = -(-comb(len(points), threshold) // MOST_CHOICES)
    for base in islice(combinations(points, threshold), 0, None, step):
        secret = gf256.interpolate(base, SECRET_X)
        if _agrees(base, secret):
            return secret, tuple(_contradicting(base, points))
    if step > 1:
        raise MismatchError(
            f"too many of {what} contradict each other to tell which of them are wrong",
            mend="Verify each alone against the ledger, and leave out those that are not of it.",
        )
    raise MismatchError(
        f"{what} do not belong together: their digest does not hold",
        mend="Verify each alone against the ledger, or add another: then the wrong one is named.",
    )


def _agrees(base: Sequence[Point], secret: bytes) -> bool:
    mixed = gf256.interpolate(base, DIGEST_X)
    digest, filling = mixed[:DIGEST_SIZE], mixed[DIGEST_SIZE:]
    return hmac.compare_digest(digest, _digest(filling, secret))


def _contradicting(base: Sequence[Point], points: Sequence[Point]) -> Iterator[int]:
    """The indices of points that do not lie on the polynomials through `base`."""
    known = {x for x, _ in base}
    for x, value in points:
        if x not in known and not hmac.compare_digest(gf256.interpolate(base, x), value):
            yield x


def _digest(key: bytes, secret: bytes) -> bytes:
    return hmac.digest(key, secret, "sha256")[:DIGEST_SIZE]

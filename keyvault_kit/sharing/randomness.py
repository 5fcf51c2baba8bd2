"""Randomness is passed in; that enough of it came is checked at once."""

from collections.abc import Callable

from keyvault_kit.errors import InternalError

Random = Callable[[int], bytes]
"""Gives as many random bytes as it is asked for."""


def draw(random: Random, size: int) -> bytes:
    """So many random bytes.

    Raises:
        InternalError: `random` gave another number of bytes than it was asked for.
    """
    drawn = random(size)
    if len(drawn) != size:
        raise InternalError(f"the source of randomness gave {len(drawn)} bytes, not {size}")
    return drawn

"""Words that sentences of custody are put together with."""

from collections.abc import Iterable
from typing import Final

PASSKEY_ANEW: Final = "'keys reset', and then 'enroll keys'"
"""How a key gets another passkey: with another PIN, under which it is made (S17)."""


def pin_anew(key: str) -> str:
    """How a key in service gets another PIN that is sealed; one changed by hand is on no paper."""
    return f"'rotate {key}'"


def password_anew(account: str, in_force: str | None) -> str:
    """How an account gets another password that is sealed (S32).

    Args:
        in_force: The set of the one that it has; None for its first.
    """
    return f"'{'rotate' if in_force else 'seal'} {account}'"


def listed(things: Iterable[str]) -> str:
    """'bg1', 'bg1 and bg2', 'bg1, bg2 and bg3'; empty for nothing."""
    *first, last = [*things] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def count_of(number: int, noun: str, plural: str = "") -> str:
    """'1 pair', '2 pairs', '12,000 pairs'.

    Args:
        plural: What several are called, where it is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"

"""Words that sentences of custody are put together with."""

from collections.abc import Iterable
from typing import Final

PIN_ANEW: Final = "'keys reset', 'keys register', and enrol it anew"
"""How a key in use gets another PIN that is sealed; 'it' is the key.

An enrolment alone draws and seals one: a PIN that is changed by hand lies in no envelope (S32).
"""


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

"""A rehearsal's own time and randomness: both follow from what it was begun with."""

import hmac
from datetime import datetime, timedelta
from typing import Final

TICK: Final = timedelta(seconds=7)
"""How far a rehearsal's clock goes on at each look."""


class RehearsalClock:
    """A clock of its own, from a given time, that goes on by a tick at each look.

    A rehearsal tells a plausible day in seconds, and the same seed tells the same day.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The time now, a tick after the last look."""
        self._now += TICK
        return self._now

    def forward(self, to: datetime) -> None:
        """Let time pass until then; it never goes back."""
        self._now = max(self._now, to)


class SeededRandom:
    """Bytes from a seed and a context: HMAC-SHA256 in counter mode. For rehearsals alone."""

    def __init__(self, seed: bytes, context: bytes) -> None:
        self._key = hmac.digest(seed, context, "sha256")
        self._counter = 0

    def __call__(self, size: int) -> bytes:
        """That many bytes, never the same again."""
        blocks = bytearray()
        while len(blocks) < size:
            blocks += hmac.digest(self._key, self._counter.to_bytes(8, "big"), "sha256")
            self._counter += 1
        return bytes(blocks[:size])

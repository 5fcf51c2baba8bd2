"""The rule of conduct for PIN attempts: the kit never spends the last ones.

Eight wrong PINs block a key for good; three in a row block it until it is replugged
(CTAP 2.1, 6.5.2.3). Whoever means to send a PIN asks here first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from keyvault_kit.errors import RefusedError
from keyvault_kit.keys.failures import PinBlockedError, PinReplugError, PinState
from keyvault_kit.keys.hid import PluggedKey

FLOOR = 3
OVERRIDE_WORDS = "spend one of the last attempts"
_WRONG_IN_A_ROW = 2


class Attempts(Protocol):
    """Where PINs sent without proving right are counted, by key as it is plugged in."""

    def get(self, key: PluggedKey) -> int:
        """How many there were in a row."""

    def put(self, key: PluggedKey, count: int) -> None:
        """Remember that; 0 forgets the key."""


class AttemptsInMemory:
    """Counts for as long as the program runs."""

    def __init__(self) -> None:
        self._counts: dict[PluggedKey, int] = {}

    def get(self, key: PluggedKey) -> int:
        """How many there were in a row."""
        return self._counts.get(key, 0)

    def put(self, key: PluggedKey, count: int) -> None:
        """Remember that; 0 forgets the key."""
        self._counts[key] = count


class SawPin(Protocol):
    """Told what became of a PIN that was sent."""

    def __call__(self, retries: int | None, *, right: bool | None) -> None:
        """Take the attempts left after it and whether it was right, as far as they are known."""


class PinGuard:
    """Counts unproven PINs by key, and refuses those that could lock it.

    It knows nothing of PINs sent by other programs; against those stands the key's own counter,
    which is asked before each attempt.

    Args:
        floor: With this many attempts left or fewer, the exact words are needed.
        attempts: Where it counts; in memory where it is left out.
    """

    def __init__(self, floor: int = FLOOR, attempts: Attempts | None = None) -> None:
        self.floor = floor
        self._attempts = attempts or AttemptsInMemory()

    def replugged(self, key: PluggedKey) -> None:
        """The key was unplugged: its count of wrong PINs in a row starts anew."""
        self._attempts.put(key, 0)

    def proven(self, key: PluggedKey) -> None:
        """The last PIN was right: wrong ones in a row are counted anew."""
        self._attempts.put(key, 0)

    def unproven(self, key: PluggedKey) -> int:
        """How many PINs in a row were sent to this key without proving right."""
        return self._attempts.get(key)

    def wants_words(self, state: PinState) -> bool:
        """Whether an attempt at this counter takes :data:`OVERRIDE_WORDS`."""
        return state.retries is None or state.retries <= self.floor

    def check(self, key: PluggedKey, state: PinState, override: str = "") -> None:
        """Whether one more PIN may be sent to this key.

        Args:
            key: The key.
            state: Where its counter stands now.
            override: :data:`OVERRIDE_WORDS`, typed by a person, to go below the floor.

        Raises:
            PinBlockedError: The PIN is blocked for good.
            PinReplugError: The key must be replugged first.
            RefusedError: The attempt could be the third wrong one in a row, or one of the last.
        """
        if state.retries == 0:
            raise PinBlockedError(
                f"the PIN of {key.name} is blocked for good",
                mend="Only a reset helps, which wipes the key: treat it as lost.",
            ).with_state(state)
        if state.power_cycle_needed:
            raise PinReplugError(
                f"{key.name} takes no PIN until it is replugged",
                mend="Unplug the key and plug it in again.",
            ).with_state(state)
        if self.unproven(key) >= _WRONG_IN_A_ROW:
            raise RefusedError(
                f"a third wrong PIN in a row is not sent to {key.name} ({state})",
                mend="Read the PIN again, then unplug the key and plug it in again.",
            )
        if self.wants_words(state) and override != OVERRIDE_WORDS:
            raise RefusedError(
                f"no PIN is sent to {key.name} ({state})",
                mend=f"To go on all the same, type exactly: {OVERRIDE_WORDS}",
            )

    @contextmanager
    def attempt(self, key: PluggedKey, state: PinState, override: str = "") -> Iterator[None]:
        """One PIN sent to the key within the block; leaving it without an error proves the PIN.

        Raises:
            PinBlockedError: As :meth:`check`.
            PinReplugError: As :meth:`check`.
            RefusedError: As :meth:`check`.
        """
        self.check(key, state, override)
        # Counted before it is sent: a key that falls silent may have counted it too.
        self._attempts.put(key, self.unproven(key) + 1)
        yield
        self.proven(key)

"""The rule of conduct for PIN attempts: the kit never spends the last ones.

Eight wrong PINs block a key for good; three in a row block it until it is replugged
(CTAP 2.1, 6.5.2.3). Whoever means to send a PIN asks here first.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from keyvault_kit.errors import RefusedError
from keyvault_kit.keys.failures import PinBlockedError, PinPolicyError, PinReplugError, PinState
from keyvault_kit.keys.hid import PluggedKey

FLOOR = 3
OVERRIDE_WORDS = "spend one of the last attempts"
_WRONG_IN_A_ROW = 2


class PinGuard:
    """Counts unproven PINs by key, and refuses those that could lock it.

    One guard serves a station as long as it runs. It knows nothing of PINs sent by other programs;
    against those stands the key's own counter, which is asked before each attempt.

    Args:
        floor: With this many attempts left or fewer, the exact words are needed.
    """

    def __init__(self, floor: int = FLOOR) -> None:
        self.floor = floor
        self._unproven: dict[PluggedKey, int] = {}

    def replugged(self, key: PluggedKey) -> None:
        """The key was unplugged: its count of wrong PINs in a row starts anew."""
        self._unproven.pop(key, None)

    def unproven(self, key: PluggedKey) -> int:
        """How many PINs in a row were sent to this key without proving right."""
        return self._unproven.get(key, 0)

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
        if (state.retries is None or state.retries <= self.floor) and override != OVERRIDE_WORDS:
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
        self._unproven[key] = self.unproven(key) + 1
        try:
            yield
        except PinPolicyError:
            # The new PIN was refused; for that, the old one had to be right (CTAP 2.1, 6.5.5.6).
            self._unproven.pop(key)
            raise
        self._unproven.pop(key)

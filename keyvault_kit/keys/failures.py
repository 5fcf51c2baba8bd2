"""Whatever goes wrong at a key, in our words: which key, what it was asked to do, what to do next.

This is the one place where exceptions of python-fido2, hidapi and CBOR become errors of the kit.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import msgspec
from fido2.ctap import CtapError
from fido2.hid import ConnectionFailure

from keyvault_kit.errors import DeviceError

ERR = CtapError.ERR


class PinState(msgspec.Struct, frozen=True):
    """Where a key's PIN counter stands.

    Attributes:
        retries: Wrong PINs left before the key blocks for good; None where the key gives no
            number that makes sense.
        power_cycle_needed: Whether the key wants to be replugged first; None where it does not say.
    """

    retries: int | None
    power_cycle_needed: bool | None = None

    def is_kept(self, later: Self | None) -> bool:
        """Whether a later state shows that no attempt was spent since this one."""
        if not later or self.retries is None or later.retries is None:
            return False
        return later.retries >= self.retries

    def __str__(self) -> str:
        left = "an unknown number of" if self.retries is None else str(self.retries)
        attempts = f"{left} attempt{'' if self.retries == 1 else 's'} left"
        return f"{attempts}, replug first" if self.power_cycle_needed else attempts


def read_pin_state(retries: object, power_cycle: object) -> PinState:
    """The counter as a key gives it; some give a negative number on a fresh file system."""
    return PinState(
        retries=retries if isinstance(retries, int) and retries >= 0 else None,
        power_cycle_needed=None if power_cycle is None else bool(power_cycle),
    )


class UnreachableKeyError(DeviceError):
    """The key was unplugged, is silent, or cannot be opened."""


class GarbledReplyError(DeviceError):
    """The key answered something that no FIDO2 key may answer."""


class UnsupportedByKeyError(DeviceError):
    """The key does not know what it was asked to do."""


class TouchTimeoutError(DeviceError):
    """Nobody touched the key in time."""


class CancelledAtKeyError(DeviceError):
    """The operation was cancelled, by us or at the key."""


class NoCredentialError(DeviceError):
    """The key holds none of the credentials that were asked for."""


class CredentialExcludedError(DeviceError):
    """The key already holds a credential of the excluded ones."""


class KeyFullError(DeviceError):
    """The key has no room for another credential."""


class PinError(DeviceError):
    """Something about the key's PIN.

    Attributes:
        state: Where the PIN counter stands, where that was asked afterwards.
    """

    state: PinState | None = None

    @property
    def retries(self) -> int | None:
        """Wrong PINs left before the key blocks for good, where that is known."""
        return self.state.retries if self.state else None

    def with_state(self, state: PinState) -> Self:
        """The same error, which also says how many attempts are left."""
        error = type(self)(f"{self.what} ({state})", mend=self.mend)
        error.state = state
        return error


class WrongPinError(PinError):
    """The PIN was wrong."""


class PinReplugError(PinError):
    """Three wrong PINs in a row: the key takes none, not even the right one, until replugged."""


class PinBlockedError(PinError):
    """The PIN is blocked for good; only a reset, which wipes the key, helps."""


class PinNotSetError(PinError):
    """The key has no PIN."""


class PinRequiredError(PinError):
    """The key does this with its PIN only."""


class PinPolicyError(PinError):
    """The key refuses this PIN by its own policy."""


class PinChangeRequiredError(PinError):
    """The PIN must be changed before it is good for anything."""


_REPLUG = "Unplug the key, plug it in again and repeat."
_OTHER_KEY = "Do without it on this key, or use a newer one."
_WORDS: dict[int, tuple[type[DeviceError], str, str]] = {
    ERR.PIN_INVALID: (WrongPinError, "the PIN is wrong", "Read the PIN again before another try."),
    ERR.PIN_AUTH_BLOCKED: (
        PinReplugError,
        "after three wrong PINs in a row it takes none, not even the right one",
        "Unplug the key, plug it in again, and read the PIN again before another try.",
    ),
    ERR.PIN_BLOCKED: (
        PinBlockedError,
        "its PIN is blocked for good",
        "Only a reset helps, which wipes the key: treat it as lost and use the other key.",
    ),
    ERR.PIN_NOT_SET: (PinNotSetError, "it has no PIN", "Set a PIN first."),
    ERR.PUAT_REQUIRED: (PinRequiredError, "it wants its PIN for that", "Give the PIN."),
    ERR.PIN_POLICY_VIOLATION: (
        PinPolicyError,
        "its policy refuses this PIN: too short, too simple, or the same as before",
        "Choose a longer PIN without repeats and runs; look at the key's minimum length.",
    ),
    ERR.PIN_AUTH_INVALID: (PinError, "it did not accept the proof of the PIN", _REPLUG),
    ERR.PIN_TOKEN_EXPIRED: (PinError, "the PIN was entered too long ago", "Give the PIN again."),
    ERR.UV_BLOCKED: (PinError, "its fingerprint sensor is blocked", "Use the PIN instead."),
    ERR.UNAUTHORIZED_PERMISSION: (
        PinError,
        "the PIN does not give it the permission for that",
        "Look at the key's settings; the maker may have switched this off.",
    ),
    ERR.NO_CREDENTIALS: (
        NoCredentialError,
        "it holds none of these credentials",
        "Check that this is the right key, and whether it was reset.",
    ),
    ERR.INVALID_CREDENTIAL: (
        NoCredentialError,
        "it does not know this credential",
        "Check that this is the right key, and whether it was reset.",
    ),
    ERR.CREDENTIAL_EXCLUDED: (
        CredentialExcludedError,
        "it already holds a credential of this account",
        "Use another key, or delete the old credential first.",
    ),
    ERR.KEY_STORE_FULL: (
        KeyFullError,
        "it has no room for another credential",
        "Delete a credential that is no longer needed.",
    ),
    ERR.USER_ACTION_TIMEOUT: (
        TouchTimeoutError,
        "nobody touched it in time",
        "Repeat, and touch the key while it blinks.",
    ),
    ERR.ACTION_TIMEOUT: (
        TouchTimeoutError,
        "nobody touched it in time",
        "Repeat, and touch the key while it blinks.",
    ),
    ERR.KEEPALIVE_CANCEL: (
        CancelledAtKeyError,
        "it was cancelled",
        "Repeat it when you are ready.",
    ),
    ERR.OPERATION_DENIED: (
        TouchTimeoutError,  # some makes answer this where others time out (CTAP 2.1, 6.1.2)
        "it was denied at the key, or nobody touched it in time",
        "Repeat, and touch the key while it blinks.",
    ),
    ERR.CHANNEL_BUSY: (
        DeviceError,
        "it is busy with another program",
        "Close other programs that use the key, then repeat.",
    ),
    ERR.NOT_ALLOWED: (
        DeviceError,
        "it does not allow that now",
        "A reset is allowed only in the first seconds after plugging in: replug and repeat.",
    ),
    ERR.REQUEST_TOO_LARGE: (DeviceError, "the request is too large for it", "Ask for less."),
    ERR.LIMIT_EXCEEDED: (DeviceError, "the request is beyond its limits", "Ask for less."),
    ERR.UNSUPPORTED_ALGORITHM: (
        UnsupportedByKeyError,
        "it knows none of these signature algorithms",
        "Use a key that offers ES256.",
    ),
    ERR.UNSUPPORTED_OPTION: (UnsupportedByKeyError, "it does not offer that option", _OTHER_KEY),
    ERR.INVALID_OPTION: (UnsupportedByKeyError, "it does not offer that option", _OTHER_KEY),
    ERR.INVALID_COMMAND: (UnsupportedByKeyError, "it does not know that command", _OTHER_KEY),
    ERR.INVALID_SUBCOMMAND: (UnsupportedByKeyError, "it does not know that command", _OTHER_KEY),
}

# What hostile or broken bytes provoke inside python-fido2, its CBOR decoder and cryptography. Only
# calls of libraries stand where these are caught, so that no mistake of ours passes for the key's.
MALFORMED = (
    struct.error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
    NotImplementedError,
)


class CallbackError(Exception):
    """Carries an exception of the caller's own callback, untouched, out of the library."""


@contextmanager
def in_our_words(name: str, task: str) -> Iterator[None]:
    """Turn every failure of the library inside the block into a DeviceError.

    Args:
        name: The key, for people.
        task: What it was to do, to follow 'could not': 'make a credential'.

    Raises:
        DeviceError: In place of whatever the library raised.
    """
    try:
        yield
    except CallbackError as error:
        raise error.args[0] from None
    except CtapError as error:
        raise _from_status(name, task, error.code) from error
    except OSError as error:
        raise UnreachableKeyError(
            f"{name} could not {task}: it was unplugged or does not answer", mend=_REPLUG
        ) from error
    except (ConnectionFailure, *MALFORMED) as error:
        raise GarbledReplyError(
            f"{name} could not {task}: its answer cannot be read",
            mend="Replug the key and repeat; if it stays so, take the key out of use.",
        ) from error


def _from_status(name: str, task: str, code: int) -> DeviceError:
    unknown = (DeviceError, f"it answered with CTAP status 0x{code:02X}", _REPLUG)
    kind, reason, mend = _WORDS.get(code, unknown)
    return kind(f"{name} could not {task}: {reason}", mend=mend)

"""PINs: making good ones, and checking, setting and changing them on a key."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fido2.ctap2.config import Config
from fido2.ctap2.pin import ClientPin

from keyvault_kit.errors import DeviceError, InputError, InternalError
from keyvault_kit.keys.failures import (
    PinError,
    PinPolicyError,
    PinState,
    UnsupportedByKeyError,
    WrongPinError,
)
from keyvault_kit.keys.guard import FLOOR, OVERRIDE_WORDS, PinGuard
from keyvault_kit.keys.pintext import LONGEST_BYTES, SHORTEST, check_length, pin_text
from keyvault_kit.keys.relying_party import RP_ID
from keyvault_kit.keys.session import PERMISSION, KeySession
from keyvault_kit.keys.weakness import weakness
from keyvault_kit.secret import Secret

__all__ = [
    "FLOOR",
    "OVERRIDE_WORDS",
    "PinGuard",
    "PinPolicyError",
    "PinState",
    "PinStoredError",
    "WrongPinError",
    "change_pin",
    "check_pin",
    "demand_policy",
    "generate_pin",
    "raise_policy",
    "set_pin",
    "weakness",
]

_REDRAWS = 1000


class PinStoredError(DeviceError):
    """The key has the new PIN, and failed after that."""


def generate_pin(
    random: Callable[[int], bytes], length: int = 8, *, serial: int | None = None
) -> Secret:
    """A PIN of random digits; weak ones are drawn again.

    Of eight digits, one PIN in 330 is weak, so that this costs less than a hundredth of a bit.

    Args:
        random: Gives as many random bytes as it is asked for.
        length: Digits, 4 to 63.
        serial: The key's serial number, which must not be its PIN.

    Raises:
        InputError: No key takes a PIN of that length.
        InternalError: The randomness is broken: it gives weak PINs only.
    """
    if not SHORTEST <= length <= LONGEST_BYTES:
        raise InputError(f"a PIN has {SHORTEST} to {LONGEST_BYTES} digits, not {length}")
    for _ in range(_REDRAWS):
        digits = _random_digits(random, length)
        pin = Secret(digits)
        digits[:] = bytes(len(digits))
        if weakness(pin, serial) is None:
            return pin
        pin.wipe()
    raise InternalError("the source of randomness gives weak PINs only")


def _random_digits(random: Callable[[int], bytes], length: int) -> bytearray:
    digits = bytearray()
    for _ in range(_REDRAWS):
        # 250 is the largest multiple of ten in a byte: above it, low digits would be likelier.
        digits += bytes(ord("0") + byte % 10 for byte in random(length) if byte < 250)  # noqa: PLR2004
        if len(digits) >= length:
            return digits[:length]
    raise InternalError("the source of randomness gives nothing but high bytes")


def check_pin(
    session: KeySession, pin: Secret, guard: PinGuard | None = None, *, override: str = ""
) -> PinState:
    """Prove that a PIN is right; a right one gives the key its full number of attempts back.

    Args:
        session: The key.
        pin: The PIN.
        guard: In place of the session's own.
        override: The words that allow one of the last attempts.

    Returns:
        Where the PIN counter stands afterwards.

    Raises:
        WrongPinError: The PIN is wrong; `state` says how many attempts are left.
        PinError: There is no PIN, it is blocked, or it must be changed first.
        RefusedError: The guard did not let it pass; no attempt was spent.
        DeviceError: The key failed.
        InputError: The PIN is no text.
    """
    session.pin_token(pin, PERMISSION.GET_ASSERTION, RP_ID, guard=guard, override=override)
    return session.pin_state()


def set_pin(
    session: KeySession, pin: Secret, *, serial: int | None = None, shortest: int = SHORTEST
) -> PinState:
    """Give a key without a PIN its first one.

    Args:
        session: The key.
        pin: The PIN.
        serial: The key's serial number, where it has one: it must not be its PIN.
        shortest: Code points that it must have, besides the key's own minimum.

    Returns:
        Where the PIN counter stands afterwards.

    Raises:
        PinPolicyError: The key refuses this PIN, although the kit does not.
        PinError: The key has a PIN already.
        DeviceError: The key failed.
        InputError: The PIN is too short or too long for this key, or easy to guess.
    """
    is_set = session.info.options.get("clientPin")
    if is_set is None:
        raise UnsupportedByKeyError(f"{session.name} knows no PIN", mend="Use another key.")
    if is_set:
        raise PinError(f"{session.name} has a PIN already", mend="Change it instead.")
    text = _new_pin_text(session, pin, serial, shortest)
    with _policy_named(session), session.operation("set the PIN"):
        ClientPin(session.ctap).set_pin(text)
    return _state_after(session, "the PIN was set")


def change_pin(
    session: KeySession,
    old: Secret,
    new: Secret,
    guard: PinGuard | None = None,
    *,
    override: str = "",
    serial: int | None = None,
    shortest: int = SHORTEST,
) -> PinState:
    """Change a key's PIN. The new one is looked at first, so that it spends no attempt.

    Args:
        session: The key.
        old: The PIN so far.
        new: The PIN from now on.
        guard: In place of the session's own.
        override: The words that allow one of the last attempts.
        serial: The key's serial number, where it has one: it must not be its PIN.
        shortest: Code points that the new PIN must have, besides the key's own minimum.

    Returns:
        Where the PIN counter stands afterwards.

    Raises:
        WrongPinError: The old PIN is wrong; `state` says how many attempts are left.
        PinPolicyError: The key refuses the new one, although the kit does not.
        PinError: There is no PIN, or it is blocked.
        RefusedError: The guard did not let it pass; no attempt was spent.
        DeviceError: The key failed.
        InputError: The new PIN is too short or too long for this key, easy to guess, or the old.
    """
    new_text, old_text = _new_pin_text(session, new, serial, shortest), pin_text(old)
    if old_text == new_text:
        raise InputError("the new PIN is the old one", mend="Choose another one.")
    with (
        _policy_named(session),
        session.pin_attempt("change the PIN", guard, override) as client,
    ):
        client.change_pin(old_text, new_text)
    return _state_after(session, "the PIN was changed")


def raise_policy(
    session: KeySession, pin: Secret, *, min_length: int | None = None, force_change: bool = False
) -> None:
    """Raise the shortest PIN that a key takes, or have its PIN changed (CTAP 2.1, 6.11.4).

    Args:
        session: The key.
        pin: Its PIN.
        min_length: Code points; None to leave it as it is. It is never lowered but by a reset.
        force_change: Whether the PIN must be changed before it is used again.

    Raises:
        UnsupportedByKeyError: The key has no such setting.
        InputError: The length is below what the key has now, or beyond what any takes.
        PinError: The PIN is wrong, missing or blocked.
        DeviceError: The key failed.
    """
    demand_policy(session, min_length)
    protocol, token = session.pin_token(pin, PERMISSION.AUTHENTICATOR_CFG)
    with session.operation("change its PIN policy"):
        config = Config(session.ctap, protocol, token)
        config.set_min_pin_length(min_length, force_change_pin=force_change)
    session.refresh()


def demand_policy(session: KeySession, min_length: int | None) -> None:
    """Check that a key can be told what its PIN must be, before anything at it is changed.

    Raises:
        UnsupportedByKeyError: The key has no such setting.
        InputError: The length is below what the key has now, or beyond what any takes.
    """
    info = session.info
    if not (info.options.get("authnrCfg") and info.options.get("setMinPINLength")):
        raise UnsupportedByKeyError(
            f"{session.name} cannot change its minimum PIN length, nor force a change of the PIN",
            mend="Use a key with CTAP 2.1, or leave the setting out.",
        )
    if min_length is not None and not info.min_pin_length <= min_length <= info.max_pin_length:
        raise InputError(
            f"a minimum of {min_length} characters cannot be set: {session.name} has"
            f" {info.min_pin_length} now, takes {info.max_pin_length} at most, and lowers it never",
            mend="Choose a number between the two.",
        )


def _state_after(session: KeySession, done: str) -> PinState:
    """The counter after a PIN was stored; a key that fails now has the new PIN all the same."""
    try:
        session.refresh()
        return session.pin_state()
    except DeviceError as error:
        raise PinStoredError(f"{done}; after that, {error.what}", mend=error.mend) from error


def _new_pin_text(session: KeySession, pin: Secret, serial: int | None, shortest: int) -> str:
    text = pin_text(pin)
    info = session.info
    shortest = max(shortest, info.min_pin_length)
    check_length(text, shortest=shortest, longest=info.max_pin_length)
    why = weakness(pin, serial)
    if why:
        raise InputError(
            f"this PIN is easy to guess: {why}", mend="Choose another one, or have one generated."
        )
    return text


@contextmanager
def _policy_named(session: KeySession) -> Iterator[None]:
    """A refusal by the key's own policy, said with what that policy is known to want."""
    try:
        yield
    except PinPolicyError as error:
        info = session.info
        wants = [f"{info.min_pin_length} characters or more"]
        if info.pin_complexity_policy:
            wants.append("no simple PIN")
        if info.force_pin_change:
            wants.append("another PIN than before")
        named = PinPolicyError(f"{error.what}. It wants {', '.join(wants)}", mend=error.mend)
        has_pin = info.options.get("clientPin")
        raise named.with_state(session.pin_state()) if has_pin else named from error

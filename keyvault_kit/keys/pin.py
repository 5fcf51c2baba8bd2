"""PINs: making good ones, and checking, setting and changing them on a key."""

from collections.abc import Callable

from fido2.ctap2.pin import ClientPin

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.keys.failures import PinError, PinState, UnsupportedByKeyError, WrongPinError
from keyvault_kit.keys.guard import FLOOR, OVERRIDE_WORDS, PinGuard
from keyvault_kit.keys.pintext import LONGEST_BYTES, SHORTEST, check_length, pin_text
from keyvault_kit.keys.session import PERMISSION, KeySession
from keyvault_kit.keys.weakness import weakness
from keyvault_kit.secret import Secret

__all__ = [
    "FLOOR",
    "OVERRIDE_WORDS",
    "PinGuard",
    "PinState",
    "WrongPinError",
    "change_pin",
    "check_pin",
    "generate_pin",
    "set_pin",
    "weakness",
]

# A token bound to this relying party is good for nothing: no credential can belong to it.
_CHECK_RP_ID = "keyvault-kit.invalid"
_REDRAWS = 1000


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
    session.pin_token(pin, PERMISSION.GET_ASSERTION, _CHECK_RP_ID, guard=guard, override=override)
    return session.pin_state()


def set_pin(session: KeySession, pin: Secret) -> PinState:
    """Give a key without a PIN its first one.

    Returns:
        Where the PIN counter stands afterwards.

    Raises:
        PinError: The key has a PIN already, or refuses this one.
        DeviceError: The key failed.
        InputError: The PIN is too short or too long for this key.
    """
    is_set = session.info.options.get("clientPin")
    if is_set is None:
        raise UnsupportedByKeyError(f"{session.name} knows no PIN", mend="Use another key.")
    if is_set:
        raise PinError(f"{session.name} has a PIN already", mend="Change it instead.")
    text = _new_pin_text(session, pin)
    with session.operation("set the PIN"):
        ClientPin(session.ctap).set_pin(text)
    session.refresh()
    return session.pin_state()


def change_pin(
    session: KeySession,
    old: Secret,
    new: Secret,
    guard: PinGuard | None = None,
    *,
    override: str = "",
) -> PinState:
    """Change a key's PIN. The new one is looked at first, so that it spends no attempt.

    Returns:
        Where the PIN counter stands afterwards.

    Raises:
        WrongPinError: The old PIN is wrong; `state` says how many attempts are left.
        PinError: There is no PIN, it is blocked, or the key refuses the new one.
        RefusedError: The guard did not let it pass; no attempt was spent.
        DeviceError: The key failed.
        InputError: The new PIN is too short or too long for this key.
    """
    new_text, old_text = _new_pin_text(session, new), pin_text(old)
    with session.pin_attempt("change the PIN", guard, override) as client:
        client.change_pin(old_text, new_text)
    session.refresh()
    return session.pin_state()


def _new_pin_text(session: KeySession, pin: Secret) -> str:
    text = pin_text(pin)
    info = session.info
    check_length(text, shortest=info.min_pin_length, longest=info.max_pin_length)
    return text

"""The rule of conduct for PIN attempts, in every state of a key and of the guard."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import RefusedError
from keyvault_kit.keys.failures import (
    PinBlockedError,
    PinPolicyError,
    PinReplugError,
    PinState,
    WrongPinError,
)
from keyvault_kit.keys.guard import FLOOR, OVERRIDE_WORDS, PinGuard
from keyvault_kit.keys.hid import PluggedKey

KEY = PluggedKey(b"/dev/hidraw0", 1, 2, product="One")
OTHER = PluggedKey(b"/dev/hidraw1", 1, 2, product="Two")
FULL = PinState(8, power_cycle_needed=False)


def wrong(guard: PinGuard, key: PluggedKey = KEY, state: PinState = FULL) -> None:
    with pytest.raises(WrongPinError), guard.attempt(key, state):
        raise WrongPinError("the PIN is wrong")


def right(guard: PinGuard, key: PluggedKey = KEY) -> None:
    with guard.attempt(key, FULL):
        pass


def test_a_third_wrong_pin_in_a_row_is_refused_and_nothing_is_sent() -> None:
    guard = PinGuard()
    wrong(guard)
    wrong(guard)
    with pytest.raises(RefusedError, match=r"third wrong PIN in a row.*One.*8 attempts left"):
        right(guard)
    with pytest.raises(RefusedError, match="third wrong"):
        guard.check(KEY, FULL, OVERRIDE_WORDS)


def test_keys_are_counted_apart() -> None:
    guard = PinGuard()
    wrong(guard)
    wrong(guard)
    right(guard, OTHER)


def test_a_right_pin_and_a_replug_start_the_row_anew() -> None:
    guard = PinGuard()
    wrong(guard)
    right(guard)
    wrong(guard)
    wrong(guard)
    guard.replugged(KEY)
    wrong(guard)
    assert guard.unproven(KEY) == 1


def test_a_key_that_falls_silent_counts_as_a_wrong_pin() -> None:
    guard = PinGuard()
    with pytest.raises(OSError, match="gone"), guard.attempt(KEY, FULL):
        raise OSError("gone")
    assert guard.unproven(KEY) == 1


def test_a_pin_counts_whatever_the_key_says_until_it_is_proven() -> None:
    guard = PinGuard()
    with pytest.raises(PinPolicyError), guard.attempt(KEY, FULL):
        raise PinPolicyError("too short")
    assert guard.unproven(KEY) == 1
    guard.proven(KEY)
    assert guard.unproven(KEY) == 0


@given(retries=st.none() | st.integers(1, 8), words=st.text(max_size=40))
@settings(deadline=None)
def test_only_the_exact_words_go_below_the_floor(retries: int | None, words: str) -> None:
    guard, state = PinGuard(), PinState(retries)
    guard.check(KEY, state, OVERRIDE_WORDS)
    if retries is not None and retries > FLOOR:
        guard.check(KEY, state, words)
        return
    for near in (words, OVERRIDE_WORDS.upper(), OVERRIDE_WORDS + " ", ""):
        if near != OVERRIDE_WORDS:
            with pytest.raises(RefusedError, match=OVERRIDE_WORDS):
                guard.check(KEY, state, near)


def test_a_blocked_pin_is_not_overridden() -> None:
    with pytest.raises(PinBlockedError, match="0 attempts left") as caught:
        PinGuard().check(KEY, PinState(0), OVERRIDE_WORDS)
    assert caught.value.state == PinState(0)


def test_a_key_that_wants_a_replug_gets_no_pin() -> None:
    with pytest.raises(PinReplugError, match=r"5 attempts left, replug first"):
        PinGuard().check(KEY, PinState(5, power_cycle_needed=True), OVERRIDE_WORDS)


def test_the_floor_can_be_set() -> None:
    PinGuard(floor=0).check(KEY, PinState(1))
    with pytest.raises(RefusedError, match="5 attempts left"):
        PinGuard(floor=5).check(KEY, PinState(5))

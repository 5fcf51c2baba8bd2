"""What a key wants of its PIN: measured, named, raised, and never by way of an attempt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.keys.failures import (
    PinChangeRequiredError,
    PinNotSetError,
    PinPolicyError,
    UnsupportedByKeyError,
    WrongPinError,
)
from keyvault_kit.keys.hid import plugged
from keyvault_kit.keys.pin import change_pin, check_pin, demand_policy, raise_policy, set_pin
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.state import KeyState

MAKER = AttestationAuthority(seed=bytes(32), not_before=datetime(2026, 1, 1, tzinfo=UTC))
PIN, OTHER, WRONG = "40718295", "83940261", "40718296"
DECOMPOSED = "Zu\u0308rich8"
COMPOSED = "Z\u00fcrich8"
HAN = "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往"
KEYS = "\U0001f511\U0001f5dd\U0001f512\U0001f513\U0001f40d\U0001f980\U0001f427\U0001f9ea" * 2


class Port:
    """A port with a software key in it."""

    def __init__(self, model: str = "five") -> None:
        state = KeyState.new(model, label="one", serial=32133201, seed=bytes(32))
        self.key = SoftKey(
            state,
            authority=MAKER,
            touch=lambda _: True,
            clock=lambda: 0.0,
            save=lambda _: None,
        )
        self.bus = SoftBus()
        self.bus.plug(self.key)

    @contextmanager
    def session(self) -> Iterator[KeySession]:
        (key,) = plugged(self.bus)
        with open_session(self.bus, key) as session:
            yield session

    @property
    def state(self) -> KeyState:
        return self.key._memory.state

    def change(self, **fields: object) -> None:
        self.key._memory.change(**fields)
        self.key._memory.commit()


def secret(text: str) -> Secret:
    return Secret(text.encode())


@pytest.fixture
def fresh() -> Port:
    return Port()


@pytest.fixture
def port(fresh: Port) -> Port:
    """The key has a PIN."""
    with fresh.session() as session:
        set_pin(session, secret(PIN))
    return fresh


# --- Measured in code points of NFC, and in bytes of UTF-8


def test_a_letter_and_its_accent_are_one_code_point(fresh: Port) -> None:
    """Counted as typed, the PIN would be long enough; as the key counts it, it is not."""
    fresh.change(min_pin_length=8)
    assert (len(DECOMPOSED), len(COMPOSED)) == (8, 7)

    with fresh.session() as session, pytest.raises(InputError, match=r"has 7 characters.*wants 8"):
        set_pin(session, secret(DECOMPOSED))

    assert fresh.state.pin_hash is None


def test_a_pin_that_was_set_decomposed_is_right_composed(fresh: Port) -> None:
    with fresh.session() as session:
        set_pin(session, secret(DECOMPOSED))
        assert check_pin(session, secret(COMPOSED)).retries == 8
        assert check_pin(session, secret(DECOMPOSED)).retries == 8


def test_the_same_pin_in_another_normal_form_is_no_other_pin(fresh: Port) -> None:
    with fresh.session() as session:
        set_pin(session, secret(COMPOSED))
        with pytest.raises(InputError, match="the new PIN is the old one"):
            change_pin(session, secret(COMPOSED), secret(DECOMPOSED))


@pytest.mark.parametrize(
    ("pin", "fits"),
    [
        (HAN[:20], True),  # 60 bytes
        (HAN[:20] + "qaz", True),  # 63 bytes
        (HAN[:20] + "qazw", False),  # 64 bytes
        (KEYS, False),  # 16 characters in 64 bytes
        (KEYS[:15] + "qaz", True),  # 18 characters in 63 bytes
    ],
)
def test_63_bytes_are_the_most_however_few_characters_they_are(
    fresh: Port, pin: str, *, fits: bool
) -> None:
    with fresh.session() as session:
        if fits:
            set_pin(session, secret(pin))
            assert fresh.state.pin_length == len(pin)
            return
        with pytest.raises(InputError, match=f"{len(pin)} characters in 64 bytes"):
            set_pin(session, secret(pin))


# --- Named


def test_a_key_that_takes_no_simple_pin_says_so_with_what_else_it_wants() -> None:
    port = Port("five-fips")
    with port.session() as session:
        with pytest.raises(InputError, match="7 characters, this key wants 8 or more"):
            set_pin(session, secret(PIN[1:]))
        port.change(min_pin_length=9)  # since it said what it is
        with pytest.raises(PinPolicyError, match="It wants 8 characters or more, no simple PIN"):
            set_pin(session, secret(PIN))


def test_a_policy_of_the_key_is_named_with_the_attempts_that_are_left(port: Port) -> None:
    with port.session() as session:
        port.change(min_pin_length=9)  # since it said what it is
        with pytest.raises(PinPolicyError) as caught:
            change_pin(session, secret(PIN), secret(OTHER))
    assert "its policy refuses this PIN" in caught.value.what
    assert "It wants 4 characters or more (8 attempts left)" in caught.value.what
    assert caught.value.retries == 8


def test_a_key_that_wants_another_pin_than_before_says_so(port: Port) -> None:
    port.change(force_pin_change=True)
    with port.session() as session:
        port.change(min_pin_length=9)
        with pytest.raises(PinPolicyError, match="4 characters or more, another PIN than before"):
            change_pin(session, secret(PIN), secret(OTHER))


def test_a_first_pin_that_the_key_refuses_is_named_without_attempts(fresh: Port) -> None:
    with fresh.session() as session:
        fresh.change(min_pin_length=9)
        with pytest.raises(PinPolicyError, match="its policy") as caught:
            set_pin(session, secret(PIN))
    assert caught.value.what.endswith("It wants 4 characters or more")
    assert caught.value.state is None


# --- Raised


def test_a_raised_minimum_holds_from_then_on_and_is_never_lowered(port: Port) -> None:
    with port.session() as session:
        raise_policy(session, secret(PIN), min_length=8)
        assert (port.state.min_pin_length, session.info.min_pin_length) == (8, 8)
        assert not port.state.force_pin_change
        with pytest.raises(InputError, match="has 8 characters, this key wants 9"):
            change_pin(session, secret(PIN), secret(OTHER), shortest=9)
        with pytest.raises(InputError, match="has 7 characters, this key wants 8"):
            change_pin(session, secret(PIN), secret(OTHER[1:]))
        with pytest.raises(InputError, match=r"7 characters cannot be set.* has 8 now.* never"):
            raise_policy(session, secret(PIN), min_length=7)


def test_a_forced_change_is_said_before_any_attempt_until_it_is_done(port: Port) -> None:
    with port.session() as session:
        raise_policy(session, secret(PIN), force_change=True)
        for pin in (PIN, WRONG):
            with pytest.raises(PinChangeRequiredError, match="must be changed"):
                check_pin(session, secret(pin))
        assert port.state.pin_retries == 8
        change_pin(session, secret(PIN), secret(OTHER))
        assert check_pin(session, secret(OTHER)).retries == 8


def test_a_policy_takes_the_right_pin_and_is_guarded_like_every_pin(port: Port) -> None:
    with port.session() as session:
        with pytest.raises(WrongPinError, match="7 attempts left"):
            raise_policy(session, secret(WRONG), min_length=8)
        assert session.guard.unproven(session.plugged) == 1
    assert port.state.min_pin_length == 4


@pytest.mark.parametrize("length", [3, 64])
def test_a_minimum_that_no_key_takes_spends_no_attempt(port: Port, length: int) -> None:
    why = f"a minimum of {length} characters cannot be set"
    with port.session() as session, pytest.raises(InputError, match=why):
        raise_policy(session, secret(WRONG), min_length=length)
    assert port.state.pin_retries == 8


@pytest.mark.parametrize("model", ["five-54", "preview-only"])
def test_a_key_without_such_a_setting_says_so_before_anything_is_sent(model: str) -> None:
    port = Port(model)
    with port.session() as session:
        set_pin(session, secret(PIN))
        with pytest.raises(UnsupportedByKeyError, match="cannot change its minimum PIN length"):
            demand_policy(session, None)
        with pytest.raises(UnsupportedByKeyError) as caught:
            raise_policy(session, secret(WRONG), force_change=True)
    assert "leave the setting out" in caught.value.mend
    assert port.state.pin_retries == 8


def test_a_key_without_a_pin_is_told_to_set_one(fresh: Port) -> None:
    with fresh.session() as session, pytest.raises(PinNotSetError, match="Set a PIN first"):
        raise_policy(session, secret(PIN), min_length=8)

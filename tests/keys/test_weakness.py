"""Which PINs are weak, and that generated ones are not."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.keys.pin import generate_pin, weakness
from keyvault_kit.secret import Secret


def why(pin: str, serial: int | None = None) -> str | None:
    return weakness(Secret.from_text(pin), serial)


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        ("00000000", "one or two signs"),
        ("12121112", "one or two signs"),
        ("13791379", "one group repeated"),
        ("1234", "run"),
        ("12345678", "run"),
        ("97531097", "run"),
        ("83456729", "run"),
        ("80000072", "run"),
        ("47033074", "backwards"),
        ("31121999", "date"),
        ("12311999", "date"),
        ("19991231", "date"),
        ("29022000", "date"),
        ("241265", "date"),
        ("1984", "date"),
        ("147258369", "most common"),
        ("Passw0rd", "most common"),
        ("7qwertz8", "keyboard"),
    ],
)
def test_weak_pins_are_told_why(pin: str, reason: str) -> None:
    found = why(pin)
    assert found is not None
    assert reason in found


@pytest.mark.parametrize("pin", ["30021999", "40718295", "99887160", "8251", "Kx7!mQ2p"])
def test_others_are_not(pin: str) -> None:
    assert why(pin) is None


@given(day=st.dates(date(1900, 1, 1), date(2099, 12, 31)))
@settings(deadline=None)
def test_every_date_of_two_centuries_is_weak(day: date) -> None:
    for shape in ("%Y%m%d", "%d%m%Y", "%m%d%Y", "%y%m%d", "%d%m%y", "%m%d%y"):
        assert why(day.strftime(shape)) is not None


def test_the_day_after_the_last_of_february_is_no_date() -> None:
    assert why("29021999") is None
    assert why((date(1999, 2, 28) + timedelta(days=1)).strftime("%d%m%Y")) is not None


@pytest.mark.parametrize("pin", ["32133201", "2133201", "0032133201", "9321332017"])
def test_the_serial_number_is_weak(pin: str) -> None:
    assert why(pin) is None
    found = why(pin, serial=32133201)
    assert found is not None
    assert "serial number" in found


@given(pin=st.text(min_size=1, max_size=30), serial=st.none() | st.integers(1, 2**32))
@settings(deadline=None)
def test_the_reason_never_tells_the_pin(pin: str, serial: int | None) -> None:
    found = why(pin, serial)
    if len(pin) >= 6:
        assert found is None or pin not in found


@given(seed=st.integers(), length=st.integers(4, 63))
@settings(deadline=None)
def test_generated_pins_are_digits_of_that_length_and_strong(seed: int, length: int) -> None:
    random = Random(seed)  # noqa: S311 - repeatable, for a test
    with generate_pin(random.randbytes, length) as pin:
        text = pin.expose_text()
        assert len(text) == length
        assert text.isascii()
        assert text.isdigit()
        assert weakness(pin) is None


def test_all_digits_are_equally_likely() -> None:
    counts = Counter[str]()
    for _ in range(2000):
        counts.update(generate_pin(os.urandom).expose_text())
    # 16,000 digits: 1600 each, and six standard deviations (38) away is one in 500 million.
    assert all(abs(counts[digit] - 1600) < 6 * 38 for digit in "0123456789")


def test_bytes_from_250_on_are_not_used() -> None:
    stream = iter(bytes([250, 255, 4, 251, 10, 27, 1, 8, 2, 9, 5, 253, 6]) * 4)

    def random(size: int) -> bytes:
        return bytes(next(stream) for _ in range(size))

    assert generate_pin(random).expose_text() == "40718295"


@pytest.mark.parametrize("random", [bytes, lambda size: b"\xff" * size])
def test_broken_randomness_is_found(random: Callable[[int], bytes]) -> None:
    with pytest.raises(InternalError, match="randomness"):
        generate_pin(random)


@pytest.mark.parametrize("length", [-1, 3, 64])
def test_lengths_that_no_key_takes_are_refused(length: int) -> None:
    with pytest.raises(InputError, match="4 to 63"):
        generate_pin(os.urandom, length)


def test_a_pin_that_is_no_text_is_told_without_its_bytes() -> None:
    with pytest.raises(InputError, match="no text") as caught:
        weakness(Secret(b"\xff\xfe12345"))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "12345" not in str(caught.value)

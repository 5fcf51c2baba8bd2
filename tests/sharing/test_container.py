"""The container: its format by hand, its damages, and the attack that it is there against."""

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, InternalError, KeyvaultError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import cipher, container, gf256, slip39
from keyvault_kit.sharing.slip39 import Share

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
PIN = "31415926"


def seal(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()[:4]


@given(TEXTS)
def test_a_container_gives_its_text_back_and_hides_its_length(text: str) -> None:
    wrapped = container.wrap(Secret.from_text(text), os.urandom)
    content = Secret.from_text(text).expose()

    assert container.unwrap(wrapped) == Secret(content)
    assert len(wrapped) % 16 == 0
    assert len(wrapped) == max(48, -(-(len(content) + 23) // 16) * 16)
    assert len(wrapped) - len(content) - 7 >= 16


def test_a_container_is_built_as_the_format_says() -> None:
    filling = bytes(range(33))

    data = container.wrap(Secret.from_text(PIN), lambda size: filling[:size]).expose()

    assert data == seal(b"\x02\x00\x08" + PIN.encode() + filling)


@pytest.mark.parametrize(
    ("length", "size"),
    [(0, 48), (25, 48), (26, 64), (41, 64), (42, 80), (249, 272), (250, 288), (256, 288)],
)
def test_a_container_grows_by_blocks(length: int, size: int) -> None:
    text = Secret.from_text("7" * length)
    wrapped = container.wrap(text, os.urandom)

    assert len(wrapped) == size
    assert container.unwrap(wrapped) == text
    shares = slip39.split(wrapped, threshold=2, count=3, random=os.urandom, exponent=0)
    again = slip39.combine(Share.parse(share.mnemonic()) for share in shares[1:])
    assert container.unwrap(again) == text


def test_a_text_that_is_too_long_is_refused() -> None:
    for text in ("7" * 257, "é" * 129):
        with pytest.raises(InputError, match="too long to be split, over 256"):
            container.wrap(Secret.from_text(text), os.urandom)


def test_a_text_is_the_same_however_its_accents_were_typed() -> None:
    composed, decomposed = "Zür\u00edch", "Zu\u0308ri\u0301ch"

    wrapped = container.wrap(Secret(decomposed.encode()), os.urandom)

    assert container.unwrap(wrapped).expose_text() == composed


@given(st.binary(max_size=100))
def test_what_is_no_container_is_refused(data: bytes) -> None:
    with pytest.raises(KeyvaultError):
        container.unwrap(Secret(data))


@given(st.integers(0, 47), st.integers(1, 255))
def test_a_container_with_one_byte_changed_is_refused(place: int, change: int) -> None:
    data = bytearray(container.wrap(Secret.from_text(PIN), os.urandom).expose())
    data[place] ^= change

    with pytest.raises(MismatchError):
        container.unwrap(Secret(data))


@pytest.mark.parametrize(
    "body",
    [
        b"\x01\x00\x08" + PIN.encode() + bytes(33),  # another version
        b"\x02\x00\x1a" + PIN.encode() + bytes(33),  # a text of 26 bytes would take 64
        b"\x02\xff\xff" + PIN.encode() + bytes(33),  # longer than the container
        b"\x02\x00\x08" + PIN.encode() + bytes(49),  # a block too many
        b"\x02\x01\x01" + b"7" * 257 + bytes(24),  # longer than is ever wrapped
        b"\x02\x00\x03e\xcc\x81" + bytes(38),  # not composed
        b"",
    ],
)
def test_a_container_that_wrap_would_not_write_is_refused(body: bytes) -> None:
    with pytest.raises(MismatchError):
        container.unwrap(Secret(seal(body)))


def test_bytes_that_are_no_text_are_refused_without_showing_them() -> None:
    sealed = seal(b"\x02\x00\x04PIN\xff" + bytes(37))
    with pytest.raises(InputError, match="no text") as wrapping:
        container.wrap(Secret(b"PIN\xff"), os.urandom)
    with pytest.raises(InputError, match="no text") as unwrapping:
        container.unwrap(Secret(sealed))

    for caught in (wrapping, unwrapping):
        assert caught.value.__cause__ is None
        assert "PIN" not in str(caught.value)


def test_a_filling_that_is_too_short_is_never_used() -> None:
    with pytest.raises(InternalError, match="gave 32 bytes, not 33"):
        container.wrap(Secret.from_text(PIN), lambda size: bytes(size - 1))


# --- The attack of whoever holds one share too few (SLIP-0039 stores a digest of the secret)


@pytest.fixture
def free_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the attacker PBKDF2 for nothing, so that a test has thousands of guesses."""
    monkeypatch.setattr(cipher, "BASE_ITERATIONS", cipher.ROUNDS)


def miss(shares: Sequence[Share], guess: bytes) -> int:
    """How far a guess of the secret is from agreeing with shares, one fewer than are needed.

    Guess and shares make the polynomials; their value at 254 holds 4 bytes of a digest of the
    secret, which tell whether the guess was right. The 32 bits are 0 where it agrees.
    """
    one = shares[0]
    encrypted = cipher.encrypt(
        guess,
        b"",
        exponent=one.exponent,
        identifier=one.identifier,
        extendable=one.extendable,
    )
    points = [*((it.member_index, it.value) for it in shares), (255, encrypted)]
    mixed = gf256.interpolate(points, 254)
    digest = hmac.digest(mixed[4:], encrypted, "sha256")[:4]
    return int.from_bytes(digest, "big") ^ int.from_bytes(mixed[:4], "big")


def held(secret: bytes, threshold: int, random: Callable[[int], bytes]) -> tuple[Share, ...]:
    """One share too few of a secret."""
    made = slip39.split(
        Secret(secret), threshold=threshold, count=threshold, random=random, exponent=0
    )
    return made[1:]


def body(pin: str, filling: bytes) -> bytes:
    return seal(b"\x02\x00\x08" + pin.encode() + filling)


def sample(random: Random, size: int) -> list[str]:
    """Guesses, the right one among them."""
    wrong = {f"{number:08}" for number in random.sample(range(10**8), size)} - {PIN}
    return random.sample([*sorted(wrong), PIN], len(wrong) + 1)  # a set has no order of its own


@pytest.mark.usefixtures("free_guesses")
@pytest.mark.parametrize("threshold", [2, 3])
def test_a_bare_pin_falls_to_one_share_too_few(threshold: int) -> None:
    random = Random(threshold)  # noqa: S311 - the same attack each time
    shares = held(PIN.encode().rjust(16, b"\0"), threshold, random.randbytes)

    fitting = [
        guess
        for guess in sample(random, 1000)
        if miss(shares, guess.encode().rjust(16, b"\0")) == 0
    ]

    assert fitting == [PIN]


@pytest.mark.usefixtures("free_guesses")
def test_in_the_container_the_attack_would_need_the_filling() -> None:
    """The attack itself works on a container: what the attacker lacks is the random filling."""
    random = Random(1)  # noqa: S311 - the same attack each time
    filling = random.randbytes(33)
    shares = held(body(PIN, filling), 2, random.randbytes)

    fitting = [guess for guess in sample(random, 100) if miss(shares, body(guess, filling)) == 0]

    assert fitting == [PIN]


@pytest.mark.usefixtures("free_guesses")
def test_in_the_container_no_guess_of_a_pin_is_better_than_another() -> None:
    """Without the filling, every guess fits the digest equally often: the PIN is not narrowed.

    One in 2^32 of the 2^264 fillings agrees, for the right guess as for any other: far too many
    to tell guesses apart, and too few to be met by chance. So the test looks at the first 6 of
    the 32 bits: 8 of 512 fillings agree, give or take 3. Of the bare PIN all would.
    """
    random = Random(7)  # noqa: S311 - the same attack each time
    shares = held(body(PIN, random.randbytes(33)), 2, random.randbytes)

    agreeing = {}
    for guess in sample(random, 24):
        misses = [miss(shares, body(guess, random.randbytes(33))) for _ in range(512)]
        assert 0 not in misses
        agreeing[guess] = sum(it >> 26 == 0 for it in misses)

    right = agreeing.pop(PIN)
    assert min(agreeing.values()) <= right <= max(agreeing.values())
    assert all(1 <= many <= 22 for many in agreeing.values())  # 8, and five deviations
    assert sum(agreeing.values()) / len(agreeing) == pytest.approx(8, abs=2)

"""Passwords, containers, parts, proofs and check letters: their formats, by hand."""

import hashlib
import hmac
import itertools
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, InternalError, KeyvaultError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import cipher, container, gf256, parts, passwords, slip39
from keyvault_kit.sharing.proofs import share_proof, sheet_proof, short_proof
from keyvault_kit.sharing.rows import LETTERS, check_letter
from keyvault_kit.sharing.words import index, nearest

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def by_hand(secret: bytes) -> str:
    number, text = int.from_bytes(secret, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return text.rjust(44, "1")


@given(st.binary(min_size=32, max_size=32))
def test_a_password_is_base58_of_its_32_bytes_and_back(secret: bytes) -> None:
    password = passwords.password_from_secret(Secret(secret))

    assert password.expose_text() == by_hand(secret)
    grouped = " ".join(passwords.groups(password.expose_text()))
    assert len(grouped.split()) == 11
    assert passwords.secret_from_password(Secret.from_text(grouped)).expose() == secret


def test_a_drawn_password_has_every_kind_of_character() -> None:
    draws = iter([bytes(32), bytes([0] * 31 + [9]), os.urandom(32), os.urandom(32), os.urandom(32)])

    text = passwords.password_from_secret(passwords.draw(lambda _: next(draws))).expose_text()

    assert any(map(str.isupper, text))
    assert any(map(str.islower, text))
    assert any(map(str.isdigit, text))
    with pytest.raises(InternalError, match="source of randomness"):
        passwords.draw(bytes)


@pytest.mark.parametrize(
    ("typed", "because"),
    [
        ("1" * 43, "44 characters, and these are 43"),
        ("1" * 43 + "0", "character 44 is never in a password"),
        ("1" * 10 + "l" + "1" * 33, "character 11"),
        ("z" * 44, "no 32 bytes have this password"),
    ],
)
def test_a_mistyped_password_is_said_so(typed: str, because: str) -> None:
    with pytest.raises(InputError, match=because) as caught:
        passwords.secret_from_password(Secret.from_text(typed))
    assert typed not in str(caught.value)


def test_the_entropy_of_a_password_is_256_bits() -> None:
    assert passwords.entropy_bits(44, 58) == pytest.approx(44 * math.log2(58))
    assert passwords.ENTROPY_BITS == 256


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

    data = container.wrap(Secret.from_text("31415926"), lambda size: filling[:size]).expose()

    body = b"\x02\x00\x0831415926" + filling
    assert data == body + hashlib.sha256(body).digest()[:4]


@given(st.binary(max_size=100))
def test_what_is_no_container_is_refused(data: bytes) -> None:
    with pytest.raises(KeyvaultError):
        container.unwrap(Secret(data))


@given(st.integers(0, 47), st.integers(1, 255))
def test_a_container_with_one_byte_changed_is_refused(place: int, change: int) -> None:
    data = bytearray(container.wrap(Secret.from_text("31415926"), os.urandom).expose())
    data[place] ^= change

    with pytest.raises(MismatchError):
        container.unwrap(Secret(data))


def test_guessing_a_pin_from_one_share_too_few_fails_behind_the_container() -> None:
    """Mount the attack that the digest allows, on the right PIN and on wrong ones.

    With one share of two, each guess of the secret gives a candidate polynomial, whose digest
    share tells whether the guess was right. In the container the guess lacks the random filling.
    """
    pin = "31415926"
    bare = pin.encode() * 2
    share = slip39.split(Secret(bare), threshold=2, count=2, random=os.urandom, exponent=0)[0]
    assert [g for g in ("31415927", pin, "00000000") if guess_fits(share, g.encode() * 2)] == [pin]

    wrapped = container.wrap(Secret.from_text(pin), os.urandom)
    share = slip39.split(wrapped, threshold=2, count=2, random=os.urandom, exponent=0)[0]
    for guess in ("31415927", pin, "00000000"):
        candidate = container.wrap(Secret.from_text(guess), os.urandom).expose()
        assert not guess_fits(share, candidate)


def guess_fits(share: slip39.Share, guess: bytes) -> bool:
    encrypted = cipher.encrypt(
        guess,
        b"",
        exponent=share.exponent,
        identifier=share.identifier,
        extendable=share.extendable,
    )
    points = [(share.member_index, share.value), (255, encrypted)]
    mixed = gf256.interpolate(points, 254)
    return hmac.digest(mixed[4:], encrypted, "sha256")[:4] == mixed[:4]


@given(st.text(BASE58, min_size=3, max_size=60), st.sampled_from([2, 3]))
def test_parts_join_and_differ_in_length_by_one_at_most(text: str, count: int) -> None:
    cut = parts.split(Secret.from_text(text), count)

    assert parts.join(cut).expose_text() == text
    assert len(cut) == count
    assert max(map(len, cut)) - min(map(len, cut)) <= 1


def test_parts_say_honestly_what_is_left() -> None:
    assert parts.bits_left(44, 58, 2) == pytest.approx(128.9, abs=0.1)
    assert parts.bits_left(44, 58, 3) == pytest.approx(82.0, abs=0.1)
    with pytest.raises(InputError, match="2 or 3 parts"):
        parts.split(Secret.from_text("abcdef"), 4)
    with pytest.raises(InputError, match="cannot be cut"):
        parts.split(Secret.from_text("a"), 2)


def test_proofs_are_as_the_format_says() -> None:
    assert (
        share_proof(" Academic\tACID ")
        == hashlib.sha256(b"keyvault-kit/share/v1\nacademic acid").hexdigest()
    )
    salt = bytes(range(16))
    proof = sheet_proof(salt, Secret.from_text("3141 5926"))
    assert proof == hashlib.sha256(b"keyvault-kit/sheet/v1\n" + salt + b"31415926").hexdigest()
    assert short_proof(proof) == proof[:8]
    with pytest.raises(InputError, match="16 bytes, not 15"):
        sheet_proof(salt[:15], Secret.from_text("1"))


def test_check_letters_are_as_the_format_says() -> None:
    digest = hashlib.sha256(b"keyvault-kit/row/v1\n2\nABCDEFGH").digest()

    assert check_letter(2, "ABCD EFGH") == LETTERS[digest[0] % 24]
    assert "I" not in LETTERS
    assert "O" not in LETTERS
    rows = itertools.product(range(1, 12), ("ABCD", "ABCE", "ABDC"))
    assert len({check_letter(n, row) for n, row in rows}) > 10


def test_words_are_found_by_four_letters_and_near_misses_named() -> None:
    assert index("academic") == index("ACAD") == index("acade") == 0
    assert index("zero") == 1023
    for wrong in ("aca", "academy", ""):
        with pytest.raises(InputError):
            index(wrong)
    assert "academic" in nearest("acedemic")

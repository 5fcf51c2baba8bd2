"""Passwords: the kit's own form, other policies, Entra's rules, and literal parts."""

import itertools
import math
import os
import string
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, InternalError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import parts, passwords, policy
from keyvault_kit.sharing.passwords import (
    BASE58_44,
    POLICIES,
    Policy,
    check_for_entra,
    half_check,
)

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PRINTABLE = string.ascii_letters + string.digits + string.punctuation
SHORT = Policy(alphabet=PRINTABLE, length=16)


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


def kinds_of(text: str) -> set[int]:
    kinds = (str.isupper, str.islower, str.isdigit, lambda c: c in string.punctuation)
    return {number for number, kind in enumerate(kinds) if any(map(kind, text))}


@settings(max_examples=50)
@given(
    st.sampled_from([*POLICIES.values(), SHORT, Policy(alphabet="aB3" + string.punctuation)]),
    st.integers(8, 60),
)
def test_a_password_is_drawn_as_its_policy_wants(kind: Policy, length: int) -> None:
    wanted = Policy(alphabet=kind.alphabet, length=length)

    password = passwords.draw_password(wanted, os.urandom)

    text = password.expose_text()
    assert len(text) == length
    assert set(text) <= set(wanted.alphabet)
    assert kinds_of(text) == kinds_of(wanted.alphabet)
    check_for_entra(password)


def cycle() -> Callable[[int], bytes]:
    """Every byte value in turn: a source in which an uneven draw shows."""
    numbers = itertools.cycle(range(256))
    return lambda size: bytes(itertools.islice(numbers, size))


def test_characters_are_drawn_evenly() -> None:
    symbols = POLICIES["symbols-44"].alphabet
    fair = 256 // len(symbols) * len(symbols)
    random = cycle()

    one = passwords.draw_password(Policy(alphabet=symbols, length=fair), random).expose_text()
    other = passwords.draw_password(Policy(alphabet=symbols, length=fair), random).expose_text()

    assert set(Counter(one).values()) == {256 // len(symbols)}
    assert other == one  # the bytes between, 195 to 255, were thrown away


def test_broken_randomness_gives_no_password() -> None:
    for broken in (bytes, lambda size: b"\xff" * size):
        with pytest.raises(InternalError, match="source of randomness"):
            passwords.draw_password(POLICIES["symbols-44"], broken)
    with pytest.raises(InternalError, match="gave 43 bytes, not 44"):
        passwords.draw_password(POLICIES["symbols-44"], lambda size: bytes(size - 1))


def counted(kind: Policy, limit: int) -> int:
    """Passwords with every kind of character, counted digit by digit: another way to the number.

    A state is whether the digits so far are those of the limit, and the kinds that were seen.
    """
    base = len(kind.alphabet)
    states = Counter({(True, frozenset[int]()): 1})
    for place in reversed(range(kind.length)):
        top = limit // base**place % base
        following: Counter[tuple[bool, frozenset[int]]] = Counter()
        for (tight, seen), many in states.items():
            for digit in range(top + 1 if tight else base):
                now = seen | kinds_of(kind.alphabet[digit])
                following[tight and digit == top, now] += many
        states = following
    return sum(many for (_, seen), many in states.items() if seen == kinds_of(kind.alphabet))


def test_the_entropy_of_a_password_is_stated_exactly() -> None:
    assert BASE58_44.drawn_bits == 256
    assert BASE58_44.entropy_bits == math.log2(counted(BASE58_44, (1 << 256) - 1))
    assert 255.999 < BASE58_44.entropy_bits < 256
    for kind in (SHORT, POLICIES["symbols-44"], Policy(length=8)):
        whole = len(kind.alphabet) ** kind.length
        assert kind.drawn_bits == math.log2(whole)
        assert kind.entropy_bits == math.log2(counted(kind, whole - 1))


def test_a_policy_has_a_name() -> None:
    assert passwords.policy_named("base58-44") == BASE58_44
    assert passwords.policy_named("symbols-60").length == 60
    assert BASE58_44.is_base58_44
    assert not POLICIES["symbols-44"].is_base58_44
    assert not Policy(length=43).is_base58_44
    for name in ("base58", "base58-", "base64-44", "symbols-44 ", "symbols-4444", "base58--9"):
        with pytest.raises(InputError, match="no kind of passwords"):
            passwords.policy_named(name)


@pytest.mark.parametrize(
    ("alphabet", "length", "because"),
    [
        (BASE58 + "7", 44, "twice: '7'"),
        (BASE58 + "ä", 44, "refuses: 'ä'"),
        (BASE58 + " ", 44, "refuses: ' '"),
        (string.ascii_letters, 44, "too few kinds"),
        ("", 44, "too few kinds"),
        (BASE58, 7, "7 characters is not taken by Entra: 8 to 256"),
        (BASE58, 257, "257 characters is not taken"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(alphabet: str, length: int, because: str) -> None:
    with pytest.raises(InputError, match=because):
        Policy(alphabet=alphabet, length=length)


def test_what_speaks_against_a_policy_is_said() -> None:
    assert passwords.weaknesses(BASE58_44) == ()
    assert passwords.weaknesses(POLICIES["symbols-44"]) == ()
    assert passwords.weaknesses(Policy(length=40)) == ()
    short, weak, alike = passwords.weaknesses(SHORT)
    assert "16 characters is shorter than 40" in short
    assert "104 bits, fewer than 128" in weak
    assert "1 I l | !" in alike
    (only,) = passwords.weaknesses(Policy(length=39))
    assert "39 characters" in only


@pytest.mark.parametrize("length", [8, 256])
def test_entra_takes_the_shortest_and_the_longest(length: int) -> None:
    check_for_entra(Secret.from_text(("aB3" * 86)[:length]))
    check_for_entra(Secret.from_text("a b" + policy.SYMBOLS + "1"))


@pytest.mark.parametrize(
    ("password", "because"),
    [
        ("aB3aB3a", "8 to 256 characters, and this has 7"),
        ("aB3" * 86, "and this has 258"),
        ("aB3aB3ß1", "character 7 of the password"),
        ("aB3aB3\t1", "character 7"),
        ("aB3aB31\u00a0", "character 8"),
        ("aB3aB3\U0001f5111", "character 7"),
        ("abcdefgh1", "3 kinds of characters, and the password has 2"),
        ("abcdefgh 1", "has 2"),  # a blank is not counted
        ("ABCDEFGH", "has 1"),
    ],
)
def test_what_entra_refuses_is_named_and_not_repeated(password: str, because: str) -> None:
    with pytest.raises(InputError, match=because) as caught:
        check_for_entra(Secret.from_text(password))

    assert password not in str(caught.value)
    assert not set(str(caught.value)) & {c for c in password if not c.isascii()}


def test_a_name_in_the_password_is_refused_as_entra_reads_it() -> None:
    """The example of the documentation: Poll, who wants p0LL23fb."""
    password = Secret.from_text("p0LL23fb")

    check_for_entra(password, names=["Pol", "Contoso"])
    with pytest.raises(InputError, match="a name of the user") as caught:
        check_for_entra(password, names=["Contoso", "Poll"])
    assert "poll" not in str(caught.value).casefold()


@given(st.text(BASE58, min_size=3, max_size=60), st.sampled_from([2, 3]))
def test_parts_join_and_differ_in_length_by_one_at_most(text: str, count: int) -> None:
    cut = parts.split(Secret.from_text(text), count)

    assert parts.join(cut).expose_text() == text
    assert len(cut) == count
    assert max(map(len, cut)) - min(map(len, cut)) <= 1


def test_a_password_of_any_length_is_cut_by_the_same_rule() -> None:
    cut = parts.split(Secret.from_text("a" * 44), 3)

    assert [len(part) for part in cut] == [15, 15, 14]
    with pytest.raises(InputError, match="2 or 3 parts"):
        parts.split(Secret.from_text("abcdef"), 4)
    with pytest.raises(InputError, match="cannot be cut"):
        parts.split(Secret.from_text("a"), 2)
    with pytest.raises(InputError, match="not 1"):
        parts.join([Secret.from_text("abcdef")])


def test_parts_say_honestly_what_is_left() -> None:
    assert parts.bits_without(BASE58_44, 2) == pytest.approx((127.1, 128.9), abs=0.05)
    assert parts.bits_without(BASE58_44, 3) == pytest.approx((86.1, 87.9, 82.0), abs=0.05)
    assert parts.bits_left(BASE58_44, 2) == pytest.approx(127.1, abs=0.05)
    assert parts.bits_left(SHORT, 3) == pytest.approx(5 * math.log2(94))
    with pytest.raises(InputError, match="2 or 3 parts"):
        parts.bits_left(SHORT, 4)


def forms(known: str, first: int, last: int) -> int:
    """How many numbers of 256 bits have these digits but for those from `first` to `last`."""
    low = sum(58 ** (43 - i) * BASE58.index(c) for i, c in enumerate(known) if c != "?")
    step = 58 ** (44 - last)
    within = ((1 << 256) - low + step - 1) // step
    return int(min(58 ** (last - first), within))


@settings(max_examples=50)
@given(st.binary(min_size=32, max_size=32), st.sampled_from([2, 3]), st.data())
def test_so_many_forms_are_left_of_a_part(secret: bytes, count: int, data: st.DataObject) -> None:
    """The bits that are told are those of the forms, counted, that fit the other parts."""
    text = by_hand(secret)
    cut = [len(it) for it in parts.split(Secret.from_text(text), count)]
    part = data.draw(st.integers(0, count - 1))
    first, last = sum(cut[:part]), sum(cut[: part + 1])
    known = text[:first] + "?" * (last - first) + text[last:]
    if part and known[:first] == by_hand(b"\xff" * 32)[:first]:
        return  # the one beginning of which not all forms can be

    bits = math.log2(forms(known, first, last))

    assert bits == pytest.approx(parts.bits_without(BASE58_44, count)[part], abs=1e-9)


@pytest.mark.parametrize(("half", "check"), [("1Bc2", "A427"), ("a", "FFE9")])
def test_a_half_has_a_check_that_a_script_on_windows_works_out_too(half: str, check: str) -> None:
    """What `printf 1Bc2 | iconv -t UTF-16LE | sha256sum` begins with."""
    assert half_check(Secret.from_text(half)) == check


def test_another_half_has_another_check() -> None:
    checks = {half_check(Secret.from_text(f"{n:022}")) for n in range(200)}
    assert len(checks) > 190

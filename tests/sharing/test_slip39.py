"""SLIP-39 held against its official vectors and its reference implementation."""

import hashlib
import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import combine_mnemonics, generate_mnemonics

from keyvault_kit.errors import InputError, KeyvaultError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import gf256, slip39
from keyvault_kit.sharing.recovery import RecoveryState
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sharing.slip39_wordlist import WORDS

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "slip39-vectors.json").read_text())
SIZES = st.sampled_from([16, 18, 32, 48, 64])
THRESHOLDS = st.integers(1, 16).flatmap(
    lambda t: st.tuples(st.just(t), st.integers(t, 16) if t > 1 else st.just(1))
)


def stream(seed: bytes) -> Callable[[int], bytes]:
    """Randomness for tests: reproducible, never the same twice."""
    counter = itertools.count()

    def draw(size: int) -> bytes:
        blocks = (hash_of(seed, next(counter)) for _ in range(-(-size // 32)))
        return b"".join(blocks)[:size]

    return draw


def hash_of(seed: bytes, number: int) -> bytes:
    return hashlib.sha256(seed + number.to_bytes(8, "big")).digest()


def quick(secret: bytes, threshold: int, count: int, seed: bytes = b"") -> tuple[Share, ...]:
    """A split with the fewest PBKDF2 iterations, so that many can be tried."""
    return slip39.split(
        Secret(secret), threshold=threshold, count=count, random=stream(seed), exponent=0
    )


def test_there_are_45_vectors() -> None:
    assert len(VECTORS) == 45
    assert len(set(WORDS)) == 1024
    assert len({word[:4] for word in WORDS}) == 1024


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_official_vector(vector: tuple[str, list[str], str, str]) -> None:
    _, mnemonics, secret, _ = vector
    if secret:
        shares = [Share.parse(text) for text in mnemonics]
        assert slip39.combine(shares, b"TREZOR").expose().hex() == secret
    else:
        with pytest.raises(KeyvaultError):
            slip39.combine([Share.parse(text) for text in mnemonics], b"TREZOR")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_a_parsed_share_spells_itself_again(vector: tuple[str, list[str], str, str]) -> None:
    _, mnemonics, secret, _ = vector
    for text in mnemonics if secret else []:
        assert Share.parse(text).mnemonic() == text
        shouted = "\t".join(word[:4].upper() for word in text.split())
        assert Share.parse(shouted).mnemonic() == text


@settings(max_examples=25)
@given(SIZES.flatmap(lambda n: st.binary(min_size=n, max_size=n)), THRESHOLDS, st.randoms())
def test_the_reference_recovers_our_shares(
    secret: bytes, split: tuple[int, int], order: random.Random
) -> None:
    threshold, count = split
    shares = [share.mnemonic() for share in quick(secret, threshold, count)]
    order.shuffle(shares)

    assert combine_mnemonics(shares[:threshold]) == secret
    assert slip39.combine(map(Share.parse, shares)).expose() == secret  # more than enough


@settings(max_examples=25)
@given(
    SIZES.flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    st.lists(THRESHOLDS, min_size=1, max_size=3),
    st.data(),
)
def test_we_recover_the_shares_of_the_reference(
    secret: bytes, groups: list[tuple[int, int]], data: st.DataObject
) -> None:
    needed = data.draw(st.integers(1, len(groups)))
    made = generate_mnemonics(needed, groups, secret, iteration_exponent=0)
    chosen = [
        Share.parse(text)
        for (threshold, _), texts in zip(groups[:needed], made[:needed], strict=True)
        for text in data.draw(st.permutations(texts))[:threshold]
    ]

    assert slip39.combine(data.draw(st.permutations(chosen))).expose() == secret


def test_every_pair_of_a_2_of_3_set_gives_the_secret_and_no_single_share_does() -> None:
    secret = bytes(range(32))
    shares = slip39.split(Secret(secret), threshold=2, count=3, random=stream(b"pairs"))

    for pair in itertools.permutations(shares, 2):
        assert slip39.combine(pair).expose() == secret
    for share in shares:
        with pytest.raises(slip39.MissingSharesError, match=r"1 more share"):
            slip39.combine([share])
    assert [len(share.mnemonic().split()) for share in shares] == [33] * 3
    assert all(share.extendable and share.exponent == 1 for share in shares)


@given(st.integers(0, 32), st.integers(1, 1023), st.integers(0, 2))
def test_one_changed_word_is_never_read(place: int, change: int, which: int) -> None:
    words = quick(bytes(32), 2, 3)[which].mnemonic().split()
    words[place] = WORDS[(WORDS.index(words[place]) + change) % 1024]

    with pytest.raises(InputError):
        Share.parse(" ".join(words))


@given(st.integers(0, 31))
def test_two_neighbours_swapped_are_never_read(place: int) -> None:
    words = quick(bytes(range(32)), 2, 3)[0].mnemonic().split()
    if words[place] == words[place + 1]:
        return
    words[place], words[place + 1] = words[place + 1], words[place]

    with pytest.raises(InputError, match="checksum"):
        Share.parse(" ".join(words))


def test_what_is_wrong_with_a_word_is_said() -> None:
    words = quick(bytes(32), 2, 2)[0].mnemonic().split()
    words[4] = "acadenic"

    with pytest.raises(InputError, match=r"word 5 is no word .* academic"):
        Share.parse(" ".join(words))
    with pytest.raises(InputError, match="no share has 3 words"):
        Share.parse("academic acid acne")
    with pytest.raises(InputError, match="more than any share"):
        Share.parse("academic " * 513)


@pytest.mark.parametrize(
    ("threshold", "count", "size"),
    [(0, 3, 32), (4, 3, 32), (1, 2, 32), (2, 17, 32), (17, 17, 32), (2, 3, 14), (2, 3, 17)],
)
def test_what_cannot_be_split_is_refused(threshold: int, count: int, size: int) -> None:
    with pytest.raises(InputError):
        quick(bytes(size), threshold, count)


def test_shares_that_do_not_fit_are_told_apart() -> None:
    ours, theirs = quick(bytes(32), 2, 3, b"a"), quick(bytes(32), 2, 3, b"b")
    forged = msgspec.structs.replace(ours[2], value=bytes(32))

    with pytest.raises(slip39.ForeignShareError, match="share 2 is of another set"):
        slip39.combine([ours[0], theirs[1]])
    with pytest.raises(slip39.RepeatedShareError, match="share 2 is there already"):
        slip39.combine([ours[0], ours[0]])
    with pytest.raises(slip39.ConflictingShareError):
        slip39.combine([ours[2], forged])
    with pytest.raises(MismatchError, match="do not belong together"):
        slip39.combine([ours[0], forged])
    with pytest.raises(MismatchError, match="the rest contradicts share 3"):
        slip39.combine([ours[0], ours[1], forged])


def test_an_input_cannot_demand_hours() -> None:
    greedy = msgspec.structs.replace(quick(bytes(32), 1, 1)[0], exponent=15)

    with pytest.raises(InputError, match="exponent of 15"):
        slip39.combine([greedy])


def test_a_recovery_takes_shares_in_any_order_and_keeps_what_came_before() -> None:
    secret = bytes(range(32))
    ours, theirs = quick(secret, 3, 5, b"a"), quick(secret, 3, 5, b"b")
    state = RecoveryState()
    assert state.status() == "There is no share yet."

    state.add(ours[4].mnemonic()).add(ours[0].mnemonic())
    for wrong in (ours[4].mnemonic(), theirs[1].mnemonic(), "academic acid"):
        with pytest.raises(InputError):
            state.add(wrong)
    assert state.status().endswith(f"shares of set {state.identifier}: 1 more.")
    with pytest.raises(InputError, match="not enough"):
        state.recover()

    assert state.add(ours[2].mnemonic()).complete
    assert state.recover().expose() == secret


def test_a_share_shows_neither_value_nor_words() -> None:
    share = quick(bytes(range(32)), 2, 2)[0]

    assert share.value.hex() not in repr(share)
    assert share.mnemonic().split()[6] not in repr(share)


@given(st.integers(1, 255), st.integers(0, 255), st.integers(0, 255))
def test_the_field_is_one(a: int, b: int, c: int) -> None:
    multiply = gf256.multiply

    assert multiply(a, gf256.inverse(a)) == 1
    assert multiply(a, b) == multiply(b, a)
    assert multiply(a, b ^ c) == multiply(a, b) ^ multiply(a, c)
    assert multiply(0x57, 0x83) == 0xC1  # FIPS 197, 4.2


@given(st.binary(min_size=1, max_size=64))
def test_lanes_double_each_byte_and_keep_their_width(value: bytes) -> None:
    lanes = gf256._Lanes(len(value))

    double = lanes.double(lanes.guard | int.from_bytes(value, "big"))

    doubled = bytes(gf256.multiply(byte, 2) for byte in value)
    assert double == lanes.guard | int.from_bytes(doubled, "big")

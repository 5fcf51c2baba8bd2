"""SLIP-39 held against its official vectors and its reference implementation."""

import hashlib
import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import combine_mnemonics, generate_mnemonics

from keyvault_kit.errors import InputError, KeyvaultError, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import cipher, gf256, slip39
from keyvault_kit.sharing.recovery import RecoveryState
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sharing.slip39_wordlist import WORDS

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "slip39-vectors.json").read_text())
SECRETS = st.integers(8, 32).flatmap(lambda n: st.binary(min_size=2 * n, max_size=2 * n))
THRESHOLDS = st.integers(1, 16).flatmap(
    lambda t: st.tuples(st.just(t), st.integers(t, 16) if t > 1 else st.just(1))
)


class Form(TypedDict):
    """How a set is encrypted."""

    extendable: bool
    iteration_exponent: int


FORMS = st.builds(
    Form, extendable=st.booleans(), iteration_exponent=st.sampled_from([0, 0, 0, 1, 2])
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
@given(SECRETS, THRESHOLDS, FORMS, st.randoms())
def test_the_reference_recovers_our_shares(
    secret: bytes, split: tuple[int, int], form: Form, order: random.Random
) -> None:
    threshold, count = split
    made = slip39.split(
        Secret(secret),
        threshold=threshold,
        count=count,
        random=stream(secret),
        exponent=form["iteration_exponent"],
        extendable=form["extendable"],
    )
    shares = [share.mnemonic() for share in made]
    order.shuffle(shares)

    assert combine_mnemonics(shares[:threshold]) == secret
    assert slip39.combine(map(Share.parse, shares)).expose() == secret  # more than enough


@settings(max_examples=40, deadline=None)
@given(
    SECRETS,
    st.lists(THRESHOLDS, min_size=1, max_size=5),
    FORMS,
    st.binary(max_size=8).map(lambda text: bytes(32 + byte % 95 for byte in text)),
    st.data(),
)
def test_we_recover_the_shares_of_the_reference(
    secret: bytes,
    groups: list[tuple[int, int]],
    form: Form,
    passphrase: bytes,
    data: st.DataObject,
) -> None:
    needed = data.draw(st.integers(1, len(groups)))
    made = generate_mnemonics(needed, groups, secret, passphrase, **form)
    whole = data.draw(st.permutations(range(len(groups))))[:needed]
    chosen = [
        Share.parse(text)
        for index in whole
        for text in data.draw(st.permutations(made[index]))[: groups[index][0]]
    ]

    assert slip39.combine(data.draw(st.permutations(chosen)), passphrase).expose() == secret


def test_sixteen_groups_of_sixteen_shares_are_read() -> None:
    """The largest set that there can be, and every share of it at once."""
    secret = bytes(range(64))
    made = generate_mnemonics(16, [(16, 16)] * 16, secret, iteration_exponent=0)
    shares = [Share.parse(text) for group in made for text in group]

    assert slip39.combine(shares).expose() == secret
    with pytest.raises(slip39.MissingSharesError, match=r"16 groups .* 15 are there"):
        slip39.combine(shares[1:])


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


def test_of_a_wrong_word_its_place_is_said_and_none_like_it() -> None:
    words = quick(bytes(32), 2, 2)[0].mnemonic().split()
    words[4] = "acadenic"

    with pytest.raises(InputError) as caught:
        Share.parse(" ".join(words))

    assert str(caught.value) == "word 5 is no word of the list. Read the word again."


@pytest.mark.parametrize(
    ("threshold", "count", "size", "because"),
    [
        (0, 3, 32, "a threshold of 0 cannot be"),
        (-1, 3, 32, "a threshold of -1 cannot be"),
        (0, 0, 32, "a threshold of 0 cannot be"),
        (4, 3, 32, "4 shares cannot be needed where there are only 3"),
        (1, 3, 32, "a threshold of 1 would make every share the whole secret"),
        (2, 17, 32, "16 shares at most, not 17"),
        (17, 17, 32, "16 shares at most, not 17"),
        (2, 3, 14, "a secret of 14 bytes cannot be split"),
        (2, 3, 17, "a secret of 17 bytes cannot be split"),
        (2, 3, 514, "a secret of 514 bytes cannot be split"),
    ],
)
def test_what_cannot_be_split_is_refused(
    threshold: int, count: int, size: int, because: str
) -> None:
    with pytest.raises(InputError, match=because):
        quick(bytes(size), threshold, count)


def test_one_of_one_is_split_as_the_standard_has_it() -> None:
    (share,) = quick(bytes(range(32)), 1, 1)

    assert combine_mnemonics([share.mnemonic()]) == bytes(range(32))
    assert slip39.combine([share]).expose() == bytes(range(32))


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


@pytest.mark.parametrize("exponent", [11, 15])
def test_an_input_cannot_demand_hours(monkeypatch: pytest.MonkeyPatch, exponent: int) -> None:
    """The first share is refused, not the last; and nothing is computed on any path."""
    share = quick(bytes(32), 1, 1)[0]
    greedy = msgspec.structs.replace(share, exponent=exponent)
    refused = f"exponent of {exponent} is refused"

    def never(*_: object, **__: object) -> bytes:
        pytest.fail("PBKDF2 was asked to run")

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", never)
    with pytest.raises(InputError, match=refused):
        Share.parse(greedy.mnemonic())
    with pytest.raises(InputError, match=refused):
        RecoveryState().add(greedy.mnemonic())
    with pytest.raises(InputError, match=refused):
        slip39.combine([greedy])
    with pytest.raises(InputError, match=refused):
        slip39.split(Secret(bytes(32)), threshold=1, count=1, random=stream(b""), exponent=exponent)
    for work in (cipher.encrypt, cipher.decrypt):
        with pytest.raises(InputError, match=refused):
            work(bytes(32), b"", exponent=exponent, identifier=0, extendable=True)


def test_the_highest_exponent_that_is_taken_is_read() -> None:
    share = msgspec.structs.replace(quick(bytes(32), 1, 1)[0], exponent=cipher.MAX_EXPONENT)

    assert Share.parse(share.mnemonic()) == share


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

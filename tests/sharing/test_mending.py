"""Which word is wrong: every single slip is found, and nothing else is ever called confirmed."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import rs1024, slip39
from keyvault_kit.sharing.mending import Candidate, candidates, is_extendable
from keyvault_kit.sharing.proofs import share_proof
from keyvault_kit.sharing.randomness import Random as RandomBytes
from keyvault_kit.sharing.slip39 import DamagedShareError, Share
from keyvault_kit.sharing.slip39_wordlist import WORDS

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "slip39-vectors.json").read_text())


def share(size: int, *, extendable: bool, random: RandomBytes = os.urandom) -> list[int]:
    """The words of a random share, as numbers."""
    made = slip39.split(
        Secret(random(size)),
        threshold=2,
        count=2,
        random=random,
        exponent=0,
        extendable=extendable,
    )
    return [WORDS.index(word) for word in made[0].mnemonic().split()]


SHARES = st.builds(
    share,
    st.sampled_from([16, 32, 48]),
    extendable=st.booleans(),
    random=st.randoms(use_true_random=False).map(lambda random: random.randbytes),
)


def spelled(numbers: list[int]) -> str:
    return " ".join(WORDS[number] for number in numbers)


def mended(words: list[int], proofs: set[str]) -> Candidate:
    """The one candidate."""
    (only,) = candidates(words, proofs)
    return only


@settings(max_examples=60)
@given(SHARES, st.data(), st.integers(1, 1023))
def test_a_changed_word_is_found_and_confirmed_by_its_proof(
    right: list[int], data: st.DataObject, change: int
) -> None:
    place = data.draw(st.integers(0, len(right) - 1))
    words = [*right]
    words[place] ^= change

    found = mended(words, {share_proof(spelled(right))})

    assert found.places == (place,)
    assert found.words == (WORDS[right[place]],)
    assert found.mnemonic == spelled(right)
    assert found.confirmed
    assert not mended(words, set()).confirmed


@pytest.mark.parametrize("extendable", [True, False])
@pytest.mark.parametrize("change", [16, 31, 1023])
def test_a_changed_word_with_the_flag_is_found(*, extendable: bool, change: int) -> None:
    right = share(32, extendable=extendable)
    words = [right[0], right[1] ^ change, *right[2:]]

    assert mended(words, set()).mnemonic == spelled(right)


@settings(max_examples=60)
@given(SHARES, st.data())
def test_swapped_neighbours_are_found_and_confirmed_by_their_proof(
    right: list[int], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(right) - 2))
    assume(right[place] != right[place + 1])
    words = [*right]
    words[place : place + 2] = right[place + 1], right[place]

    found = mended(words, {share_proof(spelled(right))})

    assert found.places == (place, place + 1)
    assert found.words == (WORDS[right[place]], WORDS[right[place + 1]])
    assert found.mnemonic == spelled(right)
    assert found.confirmed


@settings(max_examples=60)
@given(
    SHARES,
    st.lists(st.integers(0, 19), min_size=2, max_size=2, unique=True),
    st.lists(st.integers(1, 1023), min_size=2, max_size=2),
)
def test_two_wrong_words_are_never_confirmed_and_never_taken_for_one(
    right: list[int], places: list[int], changes: list[int]
) -> None:
    words = [*right]
    for place, change in zip(places, changes, strict=True):
        words[place] ^= change
    assume(sorted(words) != sorted(right))  # not by chance a swap

    assert candidates(words, {share_proof(spelled(right))}) == ()


@given(SHARES)
def test_a_sound_share_needs_no_mending(right: list[int]) -> None:
    assert candidates(right) == ()


@given(SHARES, st.data(), st.integers(1, 1023))
def test_every_mend_makes_the_checksum_hold(
    right: list[int], data: st.DataObject, change: int
) -> None:
    words = [*right]
    words[data.draw(st.integers(2, len(right) - 1))] ^= change
    extendable = is_extendable(words)

    (mend,) = rs1024.mends(words, extendable=extendable)

    whole = [mend.get(place, word) for place, word in enumerate(words)]
    assert rs1024.verify(whole, extendable=extendable)
    assert not rs1024.verify(words, extendable=extendable)


def test_the_damaged_vectors_are_searched_too() -> None:
    """The official vectors with an invalid checksum: one word of each was changed."""
    damaged = [texts for name, texts, secret, _ in VECTORS if "invalid checksum" in name]

    assert len(damaged) >= 2
    for texts in damaged:
        with pytest.raises(DamagedShareError) as caught:
            Share.parse(texts[0])
        (found,) = candidates(caught.value.numbers)
        assert Share.parse(found.mnemonic).member_threshold >= 1


@example(32, 1)
@example(0, 16)
@given(st.integers(0, 32), st.integers(1, 1023))
def test_a_damaged_share_names_the_row_and_not_the_word(place: int, change: int) -> None:
    right = share(32, extendable=True)
    words = [*right]
    words[place] ^= change
    row = place // 2 + 1
    printed = f"words {2 * row - 1} and {2 * row}" if row < 17 else "word 33"

    with pytest.raises(DamagedShareError) as caught:
        Share.parse(spelled(words))

    what = "the words do not agree with their checksum"
    where = f"If there is one slip, it is in row {row} ({printed}): compare it with the sheet."
    assert str(caught.value) == f"{what}. {where}"
    assert repr(caught.value) == pretty_repr(caught.value) == f"DamagedShareError('{what}')"
    assert isinstance(caught.value, InputError)
    assert caught.value.numbers == tuple(words)


def test_swapped_neighbours_in_two_rows_name_both() -> None:
    words = share(32, extendable=True)
    words[9], words[10] = 5, 700
    words[-3:] = rs1024.create(words[:-3], extendable=True)
    words[9], words[10] = 700, 5

    with pytest.raises(
        DamagedShareError, match=r"row 5 \(words 9 and 10\) or row 6 \(words 11 and 12\)"
    ):
        Share.parse(spelled(words))


@settings(max_examples=20)
@given(
    st.lists(st.integers(2, 32), min_size=2, max_size=2, unique=True),
    st.integers(1, 1023),
    st.integers(1, 1023),
)
def test_two_wrong_words_are_said_to_be_two(places: list[int], one: int, two: int) -> None:
    words = share(32, extendable=True)
    right = [*words]
    for place, change in zip(places, (one, two), strict=True):
        words[place] ^= change
    assume(sorted(words) != sorted(right))

    with pytest.raises(DamagedShareError, match="Two or more are wrong"):
        Share.parse(spelled(words))


def test_a_candidate_shows_no_words() -> None:
    words = share(32, extendable=True)
    words[12] ^= 77

    found = mended(words, set())

    for told in (repr(found), pretty_repr(found), str(found)):
        assert found.words[0] not in told
        assert found.mnemonic.split()[20] not in told
        assert "12" in told

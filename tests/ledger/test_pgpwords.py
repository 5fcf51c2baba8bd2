"""PGP words: the published list, both ways, and what people get wrong when they read aloud."""

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.ledger.pgpwords import EVEN, ODD, decode, encode

# Taken over the list in magic-wormhole 0.24.0, wormhole/_wordlist.py, one word a line.
LIST_SHA256 = "e9b7b0052233a74aa56724ed3f79c272036aed68d8f4c0856e833c8043b9ac62"

# The example of the list's article in Wikipedia, an OpenPGP fingerprint.
FINGERPRINT = bytes.fromhex("E58294F2E9A227486E8B061B31CC528FD7FA3F19")
SPOKEN = (
    "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa "
    "afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless"
)

some_bytes = st.binary(max_size=64)


def test_the_list_is_the_published_one() -> None:
    assert hashlib.sha256("\n".join(EVEN + ODD).encode()).hexdigest() == LIST_SHA256


def test_all_512_words_are_distinct_also_when_capitals_are_lost() -> None:
    assert (len(EVEN), len(ODD)) == (256, 256)
    assert len({word.casefold() for word in EVEN + ODD}) == 512


def test_a_published_example() -> None:
    assert " ".join(encode(FINGERPRINT)) == SPOKEN
    assert decode(SPOKEN.split()) == FINGERPRINT


@given(data=some_bytes)
def test_bytes_come_back_from_their_words_whatever_the_capitals(data: bytes) -> None:
    words = encode(data)

    assert decode(words) == data
    assert decode([word.upper() for word in words]) == data


@given(data=st.binary(min_size=2, max_size=32), place=st.integers(0, 30))
def test_a_swap_is_named_where_it_begins(data: bytes, place: int) -> None:
    assume(place < len(data) - 1)
    words = list(encode(data))
    words[place], words[place + 1] = words[place + 1], words[place]

    with pytest.raises(InputError, match=rf"word {place + 1}, .* other kind of position"):
        decode(words)


@given(data=st.binary(min_size=2, max_size=32), place=st.integers(0, 30))
def test_a_missing_word_is_named_where_the_next_one_stands(data: bytes, place: int) -> None:
    assume(place < len(data) - 1)
    words = list(encode(data))
    del words[place]

    with pytest.raises(InputError, match=rf"word {place + 1}, .* other kind of position"):
        decode(words)


@given(data=st.binary(min_size=1, max_size=32), place=st.integers(0, 31))
def test_a_doubled_word_is_named_where_it_stands_again(data: bytes, place: int) -> None:
    assume(place < len(data))
    words = list(encode(data))
    words.insert(place, words[place])

    with pytest.raises(InputError, match=rf"word {place + 2}, .* other kind of position"):
        decode(words)


def test_an_unknown_word_is_named() -> None:
    with pytest.raises(InputError, match="word 3, 'plutonium', is no PGP word"):
        decode(["topmost", "Istanbul", "plutonium", "vagabond"])

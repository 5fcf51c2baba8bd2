"""What people type: everything that can be read in one way only is read, the rest is named."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import slip39
from keyvault_kit.sharing.mnemonic import numbers
from keyvault_kit.sharing.slip39 import Share
from keyvault_kit.sharing.slip39_wordlist import WORDS

SHARE = slip39.split(Secret(bytes(range(32))), threshold=2, count=2, random=os.urandom, exponent=0)[
    0
]
SPELLED = SHARE.mnemonic().split()
FULLWIDTH = {ord(c): ord(c) + 0xFEE0 for c in "abcdefghijklmnopqrstuvwxyz"}


@pytest.mark.parametrize(
    "text",
    [
        " ".join(SPELLED).upper(),
        "\t".join(SPELLED) + "\r\n",
        "\n".join(f" {word.title()} " for word in SPELLED),
        "\N{NO-BREAK SPACE}".join(SPELLED),
        "\N{THIN SPACE}".join(SPELLED),
        "\N{ZERO WIDTH SPACE}".join(SPELLED),
        "\N{IDEOGRAPHIC SPACE}".join(SPELLED),
        "\N{ZERO WIDTH NO-BREAK SPACE}" + " ".join(SPELLED),
        " ".join(f"{word[:3]}\N{SOFT HYPHEN}{word[3:]}" for word in SPELLED),
        " ".join(f"{word[:2]}\N{ZERO WIDTH JOINER}{word[2:]}" for word in SPELLED),
        " ".join(SPELLED).translate(FULLWIDTH),
        ", ".join(SPELLED) + ".",
        ",".join(SPELLED),
        " ".join(f"{number}. {word}" for number, word in enumerate(SPELLED, 1)),
        " ".join(f"{number}){word}" for number, word in enumerate(SPELLED, 1)),
        "“" + " ".join(SPELLED) + "”",
        " ".join(word[:4] for word in SPELLED),
        " ".join(str(WORDS.index(word)) for word in SPELLED),
        " ".join(f"{WORDS.index(word):04}" for word in SPELLED),
        ", ".join(str(WORDS.index(word)) for word in SPELLED),
    ],
)
def test_what_can_be_read_in_one_way_is_read(text: str) -> None:
    assert Share.parse(text) == SHARE


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("academic acid 7 acne", "a number among the words, in place 3"),
        ("1 academic 0 2 acid 1", "a number among the words, in place 1"),
        ("0 1 2 1024", "number 4 is above 1023"),
        ("0 1 " + "9" * 5000, "number 3 is above 1023"),
        ("0 1 -2", "no share has 3 words"),
        ("academic acid аcid", "word 3 is no word of the list"),  # its first letter is Cyrillic
        ("academic acad\N{ZERO WIDTH SPACE}emic acid", "word 3 is no word"),
        ("academicacid acne", "word 1 is no word|word 2"),
        ("", "no share has 0 words"),
        ("... 1. 2. —", "no share has 0 words"),
        ("academic acid acne", "no share has 3 words"),
        ("academic " * 418, "these are 418 words, more than any share has"),
    ],
)
def test_the_rest_is_named_by_its_place(text: str, because: str) -> None:
    with pytest.raises(InputError, match=because):
        Share.parse(text)


@pytest.mark.parametrize(
    "seed",
    [  # from the test vectors of BIP-39
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush",
        "correct horse battery staple",
    ],
)
def test_another_list_is_called_so(seed: str) -> None:
    with pytest.raises(InputError, match=r"words of another list \(a BIP-39 seed") as caught:
        Share.parse(seed)

    assert not set(str(caught.value).casefold().split()) & (set(seed.split()) - {"of", "list"})


def test_a_few_misread_words_are_no_other_list() -> None:
    typed = [*SPELLED]
    for place in (4, 9, 20):
        typed[place] = "qqqq"

    with pytest.raises(InputError, match="word 5 is no word of the list"):
        Share.parse(" ".join(typed))


@given(st.text(max_size=300))
def test_any_text_gives_a_share_or_one_clear_error(text: str) -> None:
    with pytest.raises(InputError):
        Share.parse(text)


def test_a_wrong_text_of_any_size_is_refused_at_once() -> None:
    start = time.process_time()
    for text in (
        "x" * 100_000,
        "qqqq " * 400,
        "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 999,
    ):
        with pytest.raises(InputError):
            numbers(text, slip39.MAX_WORDS)

    assert time.process_time() - start < 2

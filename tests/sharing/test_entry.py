"""A share while it is typed: whatever comes from keyboard or scanner, no wrong word enters."""

import hashlib
import itertools
import pickle
from collections.abc import Callable
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from keyvault_kit.errors import InputError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import entry_lines, slip39, words
from keyvault_kit.sharing.entry import LONGEST_CODE, Phase, ShareEntry
from keyvault_kit.sharing.mending import ROW
from keyvault_kit.sharing.proofs import share_proof
from keyvault_kit.sharing.rows import check_letter
from keyvault_kit.sharing.words import WORDS
from keyvault_kit.sheets.pages import share as share_page


def stream(size: int) -> bytes:
    """Always the same shares, the words of the first of which are all different."""
    return hashlib.shake_256(b"entry").digest(size)


def shares_of(size: int) -> list[list[str]]:
    made = slip39.split(Secret(bytes(range(size))), threshold=2, count=3, random=stream, exponent=0)
    return [share.mnemonic().split() for share in made]


BY_SIZE: Final = {size: shares_of(size) for size in (16, 18, 32, 48, 64)}
SHARES: Final = st.sampled_from([share for shares in BY_SIZE.values() for share in shares])
SHARE: Final = BY_SIZE[32][0]
BLANKS: Final = " \t\u00a0\u2003\u2009\u3000\u200b,"


def typed(text: str) -> ShareEntry:
    entry = ShareEntry()
    entry.type(text)
    return entry


def other(word: str, change: int) -> str:
    return WORDS[(WORDS.index(word) + change) % len(WORDS)]


def screen(entry: ShareEntry, *, revealed: bool = False, height: int = 40) -> str:
    return "\n".join(entry_lines.draw(entry, width=79, height=height, revealed=revealed))


def ways(word: str) -> list[str]:
    """All the ways to type a word: its letters, enough of them to be the only one, its number."""
    number = WORDS.index(word)
    prefixes = [word[:n] for n in range(1, len(word) + 1) if len(words.completions(word[:n])) == 1]
    return [*prefixes, *(it.upper() for it in prefixes), str(number), f"{number:04}"]


@settings(max_examples=60)
@given(SHARES, st.data())
def test_any_share_comes_back_however_it_is_typed(share: list[str], data: st.DataObject) -> None:
    entry = ShareEntry()
    for word in share:
        blanks = data.draw(st.text(BLANKS, min_size=1, max_size=3))
        entry.type(data.draw(st.sampled_from(ways(word))) + blanks)

    if entry.phase is not Phase.COMPLETE:  # a Tab ends it as well
        assert entry.looks_complete
        entry.type("\r")
    assert entry.take().expose_text() == " ".join(share)


@settings(max_examples=40)
@given(SHARES, st.sampled_from(["\r", "\n", "\t", "\r\n"]), st.randoms())
def test_a_scanner_may_send_a_share_in_any_pieces(
    share: list[str], suffix: str, random: Random
) -> None:
    stream = " ".join(share).upper() + suffix
    cuts = sorted(random.sample(range(len(stream)), 9))
    entry = ShareEntry()
    for start, end in itertools.pairwise([0, *cuts, len(stream)]):
        entry.type(stream[start:end])

    assert entry.take().expose_text() == " ".join(share)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["back", "up", "down", "end", "clear", "a", "zoo", " "])))
def test_after_any_wandering_the_share_can_still_be_typed(moves: list[str]) -> None:
    entry = typed(" ".join(SHARE[:9]) + " ")
    for move in moves:
        if move in ("back", "up", "down", "end", "clear"):
            getattr(entry, move)()
        else:
            entry.type(move)
        assert 0 <= entry.at <= len(entry)
        assert screen(entry)

    entry.clear()
    while entry.at:
        entry.up()
    entry.type(" ".join(SHARE) + "\r")
    assert entry.take().expose_text() == " ".join(SHARE)


def as_text(entry: ShareEntry) -> str:
    """What was typed so far, as one would have typed it at once."""
    taken = [word for row in entry.rows for word in row.words]
    return "".join(f"{word} " for word in taken) + entry.text


@given(st.integers(1, 33), st.integers(0, 300))
def test_backspace_takes_back_letter_by_letter_over_all_words(count: int, times: int) -> None:
    text = "".join(f"{word} " for word in SHARE[:count])
    entry = typed(text)
    for _ in range(times):
        entry.back()

    assert as_text(entry) == text[: max(0, len(text) - times)]
    entry.type(text[len(as_text(entry)) :])
    assert as_text(entry) == text


@given(st.lists(st.sampled_from([*WORDS[:200:7], "12", "acad", "ac", "academia", "1024", "q"])))
def test_words_enter_up_to_the_first_that_is_none(texts: list[str]) -> None:
    entry = typed("".join(f"{text} " for text in texts))

    known = list(itertools.takewhile(lambda it: it is not None, map(words.typed, texts)))
    taken = [WORDS.index(word) for row in entry.rows for word in row.words]
    assert taken == known


def test_a_share_pasted_row_by_row_is_one_share() -> None:
    rows = [" ".join(SHARE[at : at + 2]) for at in range(0, 33, 2)]

    assert typed("\r\n".join(rows) + "\r\n").take().expose_text() == " ".join(SHARE)


@pytest.mark.parametrize("wrong", ["acadenic", "academical", "a", "1024", "99999", "x", "--", "ça"])
def test_behind_a_wrong_word_nothing_is_taken_until_it_is_mended(wrong: str) -> None:
    entry = typed(f"{SHARE[0]} {wrong} {' '.join(SHARE[1:])}\r")

    assert (len(entry), entry.phase) == (1, Phase.TYPING)
    assert "Nothing more is taken until Backspace." in screen(entry).replace("\n", " ")
    entry.clear()
    entry.type(" ".join(SHARE[1:]) + "\r")
    assert entry.take().expose_text() == " ".join(SHARE)


def test_a_word_is_proposed_as_soon_as_it_can_be_no_other() -> None:
    entry = typed("ac")
    assert entry.proposal is None
    assert "academic" in entry.options
    entry.type("a")
    assert entry.proposal == WORDS.index("academic")
    assert "aca_[demic]" in screen(entry)
    assert "Space takes academic (0)." in screen(entry)
    entry.clear()
    entry.type("173")
    assert f"173_[{WORDS[173]}]" in screen(entry)


def test_the_nearest_words_of_a_wrong_one_are_named() -> None:
    assert "academic" in typed("acedemic").near
    assert "academic" in typed("acx").near  # those that begin alike
    assert typed("académic").near[0] == "academic"
    assert typed("777").near == ()
    assert "the numbers of the list are 0 to 1023" in typed("1024 ").note


@given(SHARES)
def test_each_whole_row_has_the_check_letter_of_its_sheet(share: list[str]) -> None:
    entry = typed(" ".join(share) + " ")

    pairs = [share[at : at + 2] for at in range(0, len(share), 2)]
    assert [row.check for row in entry.rows] == [
        check_letter(number, " ".join(pair)) for number, pair in enumerate(pairs, 1)
    ]


def test_a_half_row_has_no_check_letter_before_the_end() -> None:
    letters = check_letter(17, SHARE[32])
    wrong = [*SHARE[:5], other(SHARE[5], 1), *SHARE[6:]]

    assert typed(" ".join(SHARE[:27]) + " ").rows[-1].check == ""
    entry = typed(" ".join(wrong) + " ")
    assert entry.rows[-1].check == ""
    entry.type("\r")
    assert entry.rows[-1].check == letters


def test_words_of_other_rows_are_dots_until_they_are_asked_for() -> None:
    entry = typed(" ".join(SHARE[:12]) + " ")

    shown = screen(entry)
    assert not any(word in shown for word in SHARE[:12])
    assert shown.count(entry_lines.HIDDEN) == 12
    revealed = screen(entry, revealed=True)
    assert all(word in revealed for word in SHARE[:12])
    entry.up()
    assert SHARE[10] in screen(entry)
    assert SHARE[0] not in screen(entry)


def test_rows_are_those_of_the_sheet() -> None:
    assert ROW == share_page.WORDS_IN_ROW


@given(st.integers(1, 50), st.integers(10, 120), SHARES)
def test_it_is_drawn_into_any_room(height: int, width: int, share: list[str]) -> None:
    entry = ShareEntry()
    for word in share:
        lines = entry_lines.draw(entry, width=width, height=height)
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)
        entry.type(f"{word} ")


def test_an_end_where_no_share_ends_is_said_and_nothing_is_lost() -> None:
    entry = typed("\r")
    assert entry.note == "Nothing was typed yet."

    entry.type(" ".join(SHARE[:31]) + "\r\r")
    assert "No share has 31 words" not in entry.note  # 31 is possible, and contradicts itself
    entry = typed(" ".join(SHARE[:32]) + "\r\r")
    assert entry.note.startswith("No share has 32 words.")
    entry.type(f"{SHARE[32]}\r")
    assert entry.take().expose_text() == " ".join(SHARE)


@settings(max_examples=60)
@given(SHARES, st.integers(0, 70), st.integers(1, 1023))
def test_one_wrong_word_is_mended_by_a_choice(share: list[str], place: int, change: int) -> None:
    wrong = list(share)
    place %= len(share)
    wrong[place] = other(wrong[place], change)
    entry = typed(" ".join(wrong) + "\r")
    assert not entry.candidates
    entry.type("\r")

    assert entry.phase is Phase.MENDING
    right = [it.mnemonic for it in entry.candidates].index(" ".join(share))
    assert entry.candidates[right].places == (place,)
    assert f"word {place + 1} is {share[place]}" in screen(entry)
    entry.type(str(right + 1))
    assert entry.take().expose_text() == " ".join(share)


@given(st.integers(0, 31))
def test_swapped_neighbours_are_mended_and_a_proof_confirms_it(place: int) -> None:
    if SHARE[place] == SHARE[place + 1]:
        return
    wrong = list(SHARE)
    wrong[place], wrong[place + 1] = wrong[place + 1], wrong[place]
    entry = ShareEntry([share_proof(" ".join(SHARE))])
    entry.type(" ".join(wrong) + "\r\r")

    assert entry.candidates[0].confirmed
    assert "the ledger confirms it" in screen(entry).replace("\n", " ")
    entry.choose(0)
    assert entry.take().expose_text() == " ".join(SHARE)


def test_whoever_wants_to_look_again_goes_to_the_row_and_types_it_anew() -> None:
    wrong = list(SHARE)
    wrong[12] = other(wrong[12], 1)
    leaving: list[Callable[[ShareEntry], None]] = [
        ShareEntry.back,
        ShareEntry.up,
        lambda it: it.type("\r"),
    ]
    for leave in leaving:
        entry = typed(" ".join(wrong) + "\r\r")
        leave(entry)
        assert (entry.phase, entry.at, len(entry)) == (Phase.TYPING, 12, 33)
        assert entry.candidates == ()
        entry.type(f"{SHARE[12]} ")
        assert "it looks complete" in screen(entry)
        entry.type("\r")
        assert entry.take().expose_text() == " ".join(SHARE)


def test_where_no_one_change_mends_it_the_check_letters_are_to_be_compared() -> None:
    wrong = list(SHARE)
    for place in (3, 11, 20, 29):
        wrong[place] = other(wrong[place], place)
    entry = typed(" ".join(wrong) + "\r\r")
    if entry.phase is Phase.MENDING:  # one in a hundred thousand looks like a single slip
        return

    assert "Compare the check letter of every row" in entry.note
    assert len(entry) == 33


def test_the_code_of_another_sheet_is_taken_as_it_is() -> None:
    text = "KVK1 PASSWORD 0123abcd bg1-1 1 00112233445566778899aabbccddeeff Aa 9ß, ;x"
    entry = typed(f"{text}\r\n")

    assert entry.is_code
    assert entry.take().expose_text() == text
    assert (entry.phase, entry.is_code) == (Phase.TYPING, False)


def test_what_a_scanner_says_of_the_code_before_it_is_passed_over() -> None:
    assert typed(f"]Q1{' '.join(SHARE).upper()}\r").take().expose_text() == " ".join(SHARE)
    assert typed("]Q3KVK1 PIN\r").take().expose_text() == "KVK1 PIN"
    assert typed(f"{SHARE[0]} ]Q1").text == "]Q1"


def test_a_code_between_words_and_other_texts_are_refused_and_the_words_kept() -> None:
    others = {
        "KVK1 ENVELOPE 0123abcd e1 1": "the code of another sheet",
        "keyvault-kit/0123456789\n12\nabcd=\n": "the code of another sheet",
        "abandon ability able about above absent": "is no word of the list",
        "x" * 3000: "is no word of the list",
        "https://example.org/ 12 34": "is no word of the list",
    }
    for text, told in others.items():
        entry = typed(f"{' '.join(SHARE[:4])} ")
        entry.type(f"{text}\r")
        assert told in entry.note, text
        assert [word for row in entry.rows for word in row.words][:4] == SHARE[:4]
        assert len(entry) <= 6  # 'ability' and 'able' are no words of it either


def test_a_code_without_an_end_is_given_up() -> None:
    entry = typed("KVK1 " + "x" * LONGEST_CODE + "y")

    assert (entry.text, entry.phase) == ("", Phase.TYPING)
    assert "This is no code of a sheet" in entry.note


def test_a_code_can_be_taken_back_to_words() -> None:
    entry = typed("KVK1 ")
    for _ in range(5):
        entry.back()
    entry.type(" ".join(SHARE) + "\r")
    assert entry.take().expose_text() == " ".join(SHARE)


def test_no_share_is_longer_than_the_longest() -> None:
    entry = typed("academic " * (slip39.MAX_WORDS + 1))

    assert len(entry) == slip39.MAX_WORDS
    assert "No share has more than" in entry.note


def test_forgetting_takes_the_same_key_twice() -> None:
    entry = typed(" ".join(SHARE[:5]) + " ")
    entry.forget()
    assert len(entry) == 5
    entry.up()
    entry.forget()
    assert len(entry) == 5
    entry.forget()
    assert len(entry) == 0


def test_nothing_is_taken_before_the_end_and_nothing_is_left_after_it() -> None:
    entry = typed(" ".join(SHARE) + " ")
    with pytest.raises(InputError, match="not typed to its end"):
        entry.take()
    memory = entry._numbers
    assert memory[0] == WORDS.index(SHARE[0])
    entry.type("\r")
    for _ in range(3):
        entry.back()
        entry.up()
        entry.type("academic ")
        entry.forget()  # complete is complete
    assert entry.take().expose_text() == " ".join(SHARE)
    assert (len(entry), len(memory), entry.text) == (0, 0, "")


def test_it_shows_nothing_of_itself() -> None:
    wrong = list(SHARE)
    wrong[7] = other(wrong[7], 5)
    for entry in (typed(" ".join(SHARE[:8]) + " aca"), typed(" ".join(wrong) + "\r\r")):
        for shown in (repr(entry), str(entry), pretty_repr(entry), pretty_repr(entry.rows)):
            assert not any(word in shown for word in SHARE[:8] if len(word) > 6)
            assert "aca" not in shown
        with pytest.raises(TypeError):
            pickle.dumps(entry)


@given(st.sampled_from(WORDS))
def test_four_letters_are_always_enough(word: str) -> None:
    assert words.typed(word[:4]) == WORDS.index(word)
    assert [WORDS[it] for it in words.completions(word[:2].upper())] == [
        it for it in WORDS if it.startswith(word[:2])
    ]

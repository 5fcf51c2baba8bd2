"""Lines that fit: nothing is lost, nothing is wider than its room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.fonts import Face, width
from keyvault_kit.sheets.text import fit, line_height, wrap

words = st.text(st.sampled_from("abcXYZ-Жλ0"), min_size=1, max_size=60)
texts = st.lists(words, min_size=1, max_size=20).map(" ".join)
faces = st.sampled_from(Face)
rooms = st.floats(10, 180)


@given(text=texts, room=rooms, face=faces)
def test_lines_fit_and_hold_every_character_in_order(text: str, room: float, face: Face) -> None:
    lines = wrap(text, room, face, 9)

    assert all(width(line, face, 9) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(text=texts, face=faces)
def test_text_breaks_at_spaces_where_its_words_fit(text: str, face: Face) -> None:
    room = max(width(word, face, 9) for word in text.split(" "))

    lines = wrap(text, room + 0.01, face, 9)

    assert " ".join(lines) == text


@given(text=texts, room=rooms, height=st.floats(4, 60))
def test_fitted_text_stays_in_its_box_or_is_refused(text: str, room: float, height: float) -> None:
    try:
        found = fit(text, (room, height), Face.BOLD, 20, 6)
    except InputError:
        assert len(wrap(text, room, Face.BOLD, 6)) * line_height(6) > height
        return
    assert 6 <= found.size <= 20
    assert len(found.lines) * line_height(found.size) <= height
    assert all(width(line, Face.BOLD, found.size) <= room for line in found.lines)


def test_a_character_wider_than_the_room_has_a_line_of_its_own() -> None:
    assert wrap("WW", 0.1, Face.BOLD, 20) == ("W", "W")


def test_text_that_cannot_fit_names_its_length() -> None:
    with pytest.raises(InputError, match="1000 characters"):
        fit("x" * 1000, (20, 5), Face.REGULAR, 12, 6)

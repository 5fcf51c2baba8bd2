"""The words of sentences."""

import pytest

from keyvault_kit.custody.wording import count_of, listed, password_anew, pin_anew


@pytest.mark.parametrize(
    ("things", "text"),
    [
        ([], ""),
        (["bg1"], "bg1"),
        (["bg1", "bg2"], "bg1 and bg2"),
        (["bg1", "bg2", "bg3"], "bg1, bg2 and bg3"),
    ],
)
def test_the_last_of_several_things_follows_an_and(things: list[str], text: str) -> None:
    assert listed(things) == text
    assert listed(iter(things)) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 pairs"), (1, "1 pair"), (2, "2 pairs"), (12_000, "12,000 pairs")]
)
def test_one_thing_is_named_in_the_singular_alone(number: int, text: str) -> None:
    assert count_of(number, "pair") == text


def test_an_irregular_plural_is_given_by_whoever_counts() -> None:
    assert count_of(1, "person", "people") == "1 person"
    assert count_of(2, "person", "people") == "2 people"


def test_only_an_account_that_has_a_password_gets_another_by_a_rotation() -> None:
    assert password_anew("bg1", "bg1-pw2") == "'rotate bg1'"
    assert password_anew("bg1", None) == "'seal bg1'"
    assert pin_anew("K1") == "'rotate K1'"

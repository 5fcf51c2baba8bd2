"""PINs on a key: checked, set, changed; and never one attempt more than was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, KeyvaultError, RefusedError
from keyvault_kit.keys.failures import (
    PinBlockedError,
    PinChangeRequiredError,
    PinError,
    PinNotSetError,
    PinPolicyError,
    PinReplugError,
    PinState,
    UnsupportedByKeyError,
)
from keyvault_kit.keys.pin import (
    OVERRIDE_WORDS,
    PinGuard,
    WrongPinError,
    change_pin,
    check_pin,
    set_pin,
)
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.keys.book.conftest import BookKey, Open

RIGHT = Secret.from_text("40718295")
WRONG = Secret.from_text("40718296")
UNTOUCHED = PinState(8, power_cycle_needed=False)


def test_the_right_pin_is_proven_with_a_token_that_is_good_for_nothing(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        assert check_pin(session, RIGHT) == UNTOUCHED
        assert key.permission == (0x02, "keyvault-kit.invalid")
        assert key.pins_seen == 1


def test_an_old_key_without_permissions_is_asked_the_old_way(
    open_book: Open, book_key: type[BookKey]
) -> None:
    old = book_key("40718295")
    old.tokens = False
    with open_book(old) as (session, key):
        check_pin(session, RIGHT)
        assert (key.pins_seen, key.permission) == (1, (None, None))


def test_a_wrong_pin_says_what_is_left_and_costs_one_attempt(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        with pytest.raises(WrongPinError, match=r"the PIN is wrong.*7 attempts left") as caught:
            check_pin(session, WRONG)
        assert caught.value.retries == key.retries == 7
        assert check_pin(session, RIGHT).retries == 8


def test_the_third_wrong_pin_is_not_sent_even_across_sessions(
    open_book: Open, book_key: type[BookKey]
) -> None:
    guard, mine = PinGuard(), book_key("40718295")
    for _ in range(2):
        with open_book(mine) as (session, _), pytest.raises(WrongPinError):
            check_pin(session, WRONG, guard)
    with open_book(mine) as (session, key):
        with pytest.raises(RefusedError, match="third wrong PIN"):
            check_pin(session, RIGHT, guard)
        assert (key.pins_seen, key.retries) == (2, 6)
        key.power_cycle()
        guard.replugged(session.plugged)
        assert check_pin(session, RIGHT, guard) == UNTOUCHED


def test_three_wrong_pins_by_others_are_seen_and_nothing_is_sent(
    open_book: Open, book_key: type[BookKey]
) -> None:
    mine = book_key("40718295")
    mine.wrong_in_a_row, mine.retries = 3, 5
    with open_book(mine) as (session, key):
        with pytest.raises(PinReplugError, match="5 attempts left, replug first"):
            check_pin(session, RIGHT)
        assert key.pins_seen == 0


def test_two_wrong_pins_by_others_make_ours_the_third_and_the_error_says_so(
    open_book: Open, book_key: type[BookKey]
) -> None:
    mine = book_key("40718295")
    mine.wrong_in_a_row, mine.retries = 2, 6
    with open_book(mine) as (session, _):
        with pytest.raises(PinReplugError, match="not even the right one") as caught:
            check_pin(session, WRONG)
        assert caught.value.state == PinState(5, power_cycle_needed=True)


@pytest.mark.parametrize("left", [1, 2, 3])
def test_at_the_floor_only_the_exact_words_send_a_pin(
    open_book: Open, book_key: type[BookKey], left: int
) -> None:
    mine = book_key("40718295")
    mine.retries = left
    with open_book(mine) as (session, key):
        for words in ("", "yes", OVERRIDE_WORDS[:-1]):
            with pytest.raises(RefusedError, match="type exactly"):
                check_pin(session, RIGHT, override=words)
        assert key.pins_seen == 0
        assert check_pin(session, RIGHT, override=OVERRIDE_WORDS) == UNTOUCHED


def test_the_last_attempt_blocks_for_good_and_says_so(
    open_book: Open, book_key: type[BookKey]
) -> None:
    mine = book_key("40718295")
    mine.retries = 1
    with open_book(mine) as (session, key):
        with pytest.raises(PinBlockedError, match=r"blocked for good.*0 attempts left"):
            check_pin(session, WRONG, override=OVERRIDE_WORDS)
        with pytest.raises(PinBlockedError, match="blocked for good"):
            check_pin(session, RIGHT, override=OVERRIDE_WORDS)
        assert key.pins_seen == 1


def test_a_pin_that_must_be_changed_is_changed_and_not_checked(
    open_book: Open, book_key: type[BookKey]
) -> None:
    mine = book_key("40718295")
    mine.force_pin_change = True
    with open_book(mine) as (session, key):
        with pytest.raises(PinChangeRequiredError, match="must be changed"):
            check_pin(session, RIGHT)
        assert key.pins_seen == 0
        new = Secret.from_text("83940261")
        assert change_pin(session, RIGHT, new) == UNTOUCHED
        assert check_pin(session, new) == UNTOUCHED


def test_a_key_without_a_pin_gets_one_and_says_so_at_once(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key()) as (session, _):
        with pytest.raises(PinNotSetError, match="Set a PIN first"):
            check_pin(session, RIGHT)
        assert set_pin(session, RIGHT) == UNTOUCHED
        assert check_pin(session, RIGHT) == UNTOUCHED
        with pytest.raises(PinError, match="has a PIN already"):
            set_pin(session, RIGHT)


def test_a_wrong_old_pin_changes_nothing_and_is_counted(
    open_book: Open, book_key: type[BookKey]
) -> None:
    new = Secret.from_text("83940261")
    with open_book(book_key("40718295")) as (session, key):
        with pytest.raises(WrongPinError, match="7 attempts left"):
            change_pin(session, WRONG, new)
        assert key.pin_hash == key.hash_of("40718295")
        assert session.guard.unproven(session.plugged) == 1


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("123", "3 characters, this key wants 6 or more"),
        ("äöüß漢", "5 characters, this key wants 6"),
        ("1" * 64, "64 characters in 64 bytes"),
        ("漢" * 22, "22 characters in 66 bytes"),
        ("12345\x007", "NUL"),
    ],
)
def test_a_new_pin_is_measured_before_any_attempt(
    open_book: Open, book_key: type[BookKey], new: str, words: str
) -> None:
    mine = book_key("40718295")
    mine.min_pin_length = 6
    with open_book(mine) as (session, key):
        with pytest.raises(InputError, match=words) as caught:
            change_pin(session, RIGHT, Secret.from_text(new))
        assert new not in str(caught.value)
        assert key.pins_seen == 0
    fresh = book_key()
    fresh.min_pin_length = 6
    with open_book(fresh) as (session, key), pytest.raises(InputError, match=words):
        set_pin(session, Secret.from_text(new))


def test_a_pin_is_sent_in_nfc(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key()) as (session, key):
        set_pin(session, Secret("Zu\u0308rich8".encode()))
        assert key.pin_hash == key.hash_of("Z\u00fcrich8")


def test_a_policy_of_the_keys_own_has_words_and_does_not_count(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        key.min_pin_length = 12  # it says nothing of it
        with pytest.raises(PinPolicyError, match="its policy refuses this PIN"):
            change_pin(session, RIGHT, Secret.from_text("83940261"))
        assert session.guard.unproven(session.plugged) == 0


def test_a_key_that_knows_no_pins_is_told_apart(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key()) as (session, _):
        session.info.options.pop("clientPin")
        with pytest.raises(UnsupportedByKeyError, match="knows no PIN"):
            set_pin(session, RIGHT)
        with pytest.raises(UnsupportedByKeyError, match="knows no PIN"):
            check_pin(session, RIGHT)


@given(attempts=st.lists(st.sampled_from(["right", "wrong", "change", "list"]), max_size=12))
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_sequence_of_calls_brings_a_key_near_its_end(
    open_book: Open, book_key: type[BookKey], attempts: list[str]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        for attempt in attempts:
            before = key.pins_seen
            try:
                if attempt == "change":
                    change_pin(session, WRONG, RIGHT)
                elif attempt == "list":
                    session.credentials(WRONG)
                else:
                    check_pin(session, RIGHT if attempt == "right" else WRONG)
            except KeyvaultError as error:
                assert session.name in str(error)  # noqa: PT017 - success is an outcome too
            assert key.pins_seen - before <= 1
            assert key.wrong_in_a_row <= 2
            assert key.retries >= 6


def test_no_pin_stands_in_any_error_or_repr(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, _):
        with pytest.raises(WrongPinError) as caught:
            check_pin(session, WRONG)
        seen: BaseException | None = caught.value
        while seen is not None:
            assert "40718296" not in repr(seen) + str(seen)
            seen = seen.__cause__

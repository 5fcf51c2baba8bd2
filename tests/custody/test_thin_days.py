"""The days on which fewer than two people can reach what they must (S37)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.holdings import Container, Holdings, Item, Kind, Way
from keyvault_kit.custody.thin_days import Absence, ThinDays, thin_days
from tests.custody.sample import sample

FIRST = date(2027, 1, 1)
DAY = timedelta(days=1)


def lying(name: str, kind: Kind, openers: str, need: int = 1, **more: object) -> Item:
    """An item in a safe with these openers, whose ids are single letters."""
    way = Way(frozenset(openers), need, f"opens safe {name}")
    return Item(id=name, kind=kind, safe=name, now=(way,), **more)  # type: ignore[arg-type]


def holdings(*items: Item) -> Holdings:
    people = {person for it in items for way in it.now for person in way.people}
    return Holdings(
        people=tuple(sorted(people)),
        sites={},
        safes={it.safe: Container(it.now[0].people, it.now[0].need) for it in items},
        signs_in={},
        items=items,
    )


KEY = lying("K", Kind.KEY, "abc", accounts=("bg1",))
PIN = lying("P", Kind.PIN, "de", keys=("K",))


def thin(what: Holdings, *absences: Absence, days: int = 30) -> list[ThinDays]:
    return list(thin_days(what, absences, FIRST, days))


def test_with_everybody_there_no_day_is_thin() -> None:
    assert thin(holdings(KEY, PIN)) == []


def test_a_day_is_thin_when_one_is_left_who_can_reach_the_key() -> None:
    away = (Absence("a", FIRST, FIRST + 9 * DAY), Absence("b", FIRST + 5 * DAY, FIRST + 20 * DAY))
    assert thin(holdings(KEY, PIN), *away) == [
        ThinDays(FIRST + 5 * DAY, FIRST + 9 * DAY, "bg1", "keys", ("c",), ("a", "b"))
    ]


def test_both_ends_of_an_absence_belong_to_it() -> None:
    day = FIRST + 3 * DAY
    assert thin(holdings(KEY, PIN), Absence("d", day, day)) == [
        ThinDays(day, day, "bg1", "PINs", ("e",), ("d",))
    ]


def test_an_absence_of_somebody_without_a_part_in_it_changes_nothing() -> None:
    both = (Absence("d", FIRST, FIRST + 9 * DAY), Absence("a", FIRST + 2 * DAY, FIRST + 3 * DAY))
    assert thin(holdings(KEY, PIN), *both) == [
        ThinDays(FIRST, FIRST + 9 * DAY, "bg1", "PINs", ("e",), ("d",))
    ]


def test_a_safe_that_needs_two_is_closed_to_one_who_is_left() -> None:
    key = lying("K", Kind.KEY, "abc", need=2, accounts=("bg1",))
    away = (Absence("a", FIRST, FIRST), Absence("b", FIRST, FIRST))
    assert thin(holdings(key, PIN), *away) == [
        ThinDays(FIRST, FIRST, "bg1", "keys", (), ("a", "b"))
    ]


def test_shares_are_thin_when_too_few_of_them_are_in_reach() -> None:
    shares = [
        lying(f"S{n}", Kind.SHARE, who, accounts=("bg1",), set="s", threshold=2)
        for n, who in enumerate(("ab", "cd", "ef"))
    ]
    one_safe = (Absence("a", FIRST, FIRST), Absence("b", FIRST, FIRST))
    assert thin(holdings(*shares), *one_safe) == []
    away = (*one_safe, Absence("c", FIRST, FIRST), Absence("d", FIRST, FIRST))
    assert thin(holdings(*shares), *away) == [
        ThinDays(FIRST, FIRST, "bg1", "shares", (), ("a", "b", "c", "d"))
    ]


def test_whoever_is_always_too_few_is_told_for_every_day() -> None:
    lonely = lying("K", Kind.KEY, "a", accounts=("bg1",))
    assert thin(holdings(lonely, PIN), days=365) == [
        ThinDays(FIRST, FIRST + 364 * DAY, "bg1", "keys", ("a",), ())
    ]


def test_the_sample_organisation_has_no_thin_day_unless_people_are_away() -> None:
    its = holdings_of(sample().register)
    assert thin(its, days=366) == []
    christmas = [Absence(person, FIRST, FIRST + DAY) for person in ("carol", "ivan")]
    assert thin(its, *christmas[:1]) == []
    found = thin(its, *christmas)
    assert {(it.account, it.what, it.people) for it in found} == {
        ("bg1", "keys", ("dave",)),
        ("bg2", "keys", ("dave",)),
    }


@given(
    absences=st.lists(
        st.builds(
            lambda person, start, length: Absence(
                person, FIRST + start * DAY, FIRST + (start + length) * DAY
            ),
            st.sampled_from("abcde"),
            st.integers(-5, 25),
            st.integers(0, 15),
        ),
        max_size=6,
    )
)
def test_the_runs_are_those_of_looking_at_each_day_alone(absences: list[Absence]) -> None:
    found = thin(holdings(KEY, PIN), *absences)
    for n in range(30):
        day = FIRST + n * DAY
        away = {it.person for it in absences if it.first <= day <= it.last}
        thin_today = {
            what
            for what, people in (("keys", "abc"), ("PINs", "de"))
            if len(set(people) - away) < 2
        }
        assert {it.what for it in found if it.first <= day <= it.last} == thin_today

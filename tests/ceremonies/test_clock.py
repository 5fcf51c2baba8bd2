"""The workstation's clock: compared with two others, overruled by two, and never believed."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.ceremonies import clock
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step, Work
from keyvault_kit.ceremonies.plans import opening
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def ceremony(*steps: Step, people: tuple[str, ...] = ("alice", "bob")) -> Ceremony:
    plan = Plan("trial", lambda _register, _request: steps)
    return Ceremony(id="trial-1", plan=plan, request={"about": "x"}, people=people)


def note(name: str) -> Step:
    """A step that enters its own name."""
    fact = ev.FindingMade(rule="note", subject="note", what=name, mend="")
    return Step(id=name, activity=name, by=("alice",), act=lambda _: [fact])


def noted(entries: list[Entry]) -> list[str]:
    return [it.fact.what for it in entries if isinstance(it.fact, ev.FindingMade)]


def read_as(desk: "Desk", *differences: timedelta) -> None:
    """What people read next, that much away from the true time."""
    desk.people.says[Topic.CLOCK] = [
        (desk.time.true + difference).isoformat() for difference in differences
    ]


# --- Within the tolerance


@pytest.mark.parametrize(
    ("first", "second", "offset"), [(0, 0, 0), (60, 0, 30), (-20, 100, 40), (300, 300, 300)]
)
def test_two_readers_who_agree_are_recorded_with_the_offset(
    first: int, second: int, offset: int, desk: "Desk"
) -> None:
    size = desk.register.size
    read_as(desk, timedelta(seconds=first), timedelta(seconds=second))

    register = desk.run(ceremony(note("one"), note("two")))

    entry = desk.entries(size)[0]
    assert entry.fact == ev.ClockChecked(
        ceremony="trial-1", readers=("alice", "bob"), offset=offset
    )
    assert (entry.by, register.offset) == (("alice", "bob"), offset)
    assert desk.kinds(size).count(ev.ClockChecked) == 1
    readers = [it.person for it in desk.people.asked if it.topic is Topic.CLOCK]
    assert readers == ["alice", "bob"]


def test_each_sitting_opens_with_a_look_at_the_clock(desk: "Desk") -> None:
    fails = iter([True, False])

    def act(_: Work) -> list[ev.Fact]:
        if next(fails):
            raise RefusedError("not now")
        return []

    it = ceremony(note("one"), Step(id="two", activity="two", by=("bob",), act=act))
    with pytest.raises(RefusedError, match="not now"):
        desk.run(it)
    desk.time.true += HOUR
    desk.run(it)

    assert len(desk.people.texts(Topic.CLOCK)) == 4
    assert desk.kinds().count(ev.ClockChecked) == 2


def test_one_person_alone_is_refused(desk: "Desk") -> None:
    size = desk.register.size
    with pytest.raises(RefusedError, match="has one person, and two read the time") as caught:
        desk.run(ceremony(note("one"), people=("alice", "alice")))

    assert "witness" in caught.value.mend
    assert desk.register.size == size


# --- Sources apart, and nonsense


def test_sources_that_differ_are_read_again_and_then_refused(desk: "Desk") -> None:
    size = desk.register.size
    read_as(desk, 0 * MINUTE, 3 * MINUTE, 0 * MINUTE, 4 * MINUTE)
    desk.people.says[Topic.RETRY] = [True]

    with pytest.raises(RefusedError, match="the two sources differ by 240 s") as caught:
        desk.run(ceremony(note("one")))

    assert "look at both again" in caught.value.mend
    assert "differ by 180 s" in desk.people.texts(Topic.RETRY)[0]
    assert len(desk.people.texts(Topic.CLOCK)) == 4
    assert desk.register.size == size


def test_what_is_no_time_is_asked_for_again(desk: "Desk") -> None:
    desk.people.says[Topic.CLOCK] = ["half past nine"]
    desk.people.says[Topic.RETRY] = [True]

    register = desk.run(ceremony(note("one")))

    (asked,) = desk.people.texts(Topic.RETRY)
    assert asked.startswith("'half past nine' is no time. Type it as YYYY-MM-DD HH:MM.")
    assert register.offset == 0


# --- Off beyond the tolerance


@pytest.mark.parametrize(("ahead", "told"), [(-10, "600 s behind"), (10, "600 s ahead")])
def test_a_clock_that_is_ten_minutes_off_is_refused_unless_people_go_on(
    ahead: int, told: str, desk: "Desk"
) -> None:
    desk.time.ahead = ahead * MINUTE
    before = desk.raw()

    with pytest.raises(RefusedError, match=f"the workstation's clock is {told}") as caught:
        desk.run(ceremony(note("one")))

    assert "date --set" in caught.value.mend
    assert desk.raw() == before
    (asked,) = desk.people.texts(Topic.OVERRULE)
    assert told in asked


def test_going_on_with_a_wrong_clock_takes_two_signatures(desk: "Desk") -> None:
    desk.time.ahead = -10 * MINUTE
    desk.people.says[Topic.OVERRULE] = [True]
    size, acts = desk.register.size, verify(desk.ledger).acts

    register = desk.run(ceremony(note("one")))

    signed, overruled, *_ = desk.entries(size)
    assert isinstance(signed.fact, ev.ActsSigned)
    assert signed.by == ("alice", "bob")
    assert overruled.fact == ev.ClockOverruled(
        ceremony="trial-1", readers=("alice", "bob"), offset=600
    )
    assert register.offset == 600
    assert verify(desk.ledger).acts == acts + 1
    assert desk.kinds().count(ev.ClockChecked) == 0


def test_a_reader_who_cannot_sign_does_not_overrule_the_clock(desk: "Desk") -> None:
    desk.time.ahead = 10 * MINUTE
    desk.people.says[Topic.OVERRULE] = [True]
    before = desk.raw()

    with pytest.raises(RefusedError, match="takes the signatures of two people, and there are 1"):
        desk.run(ceremony(note("one"), people=("alice", "carol")))
    assert desk.raw() == before


# --- Set back


def backwards(entries: list[Entry]) -> list[Entry]:
    """The entries whose time lies before that of the entry before them."""
    return [after for before, after in pairwise(entries) if after.time < before.time]


def test_a_clock_set_back_between_steps_is_read_again_before_the_next(desk: "Desk") -> None:
    def watch(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("one", "recorded"):
            desk.time.ahead = -HOUR

    desk.people.says[Topic.OVERRULE] = [True]
    size = desk.register.size

    desk.run(ceremony(note("one"), note("two"), note("three")), watch)

    entries = desk.entries(size)
    (back,) = backwards(entries)
    assert back.fact == ev.ClockOverruled(
        ceremony="trial-1", readers=("alice", "bob"), offset=3600, back=3600
    )
    after = [entry.fact for entry in entries if entry.seq > back.seq]
    assert isinstance(after[0], ev.FindingMade)
    assert after[0].what == "two"
    assert len(desk.people.texts(Topic.CLOCK)) == 4
    (asked,) = desk.people.texts(Topic.OVERRULE)
    assert "3600 s behind, and 3600 s before the last entry" in asked
    assert noted(entries) == ["one", "two", "three"]
    verify(desk.ledger)


def test_whoever_does_not_go_on_with_a_clock_set_back_enters_nothing_more(desk: "Desk") -> None:
    def watch(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("one", "recorded"):
            desk.time.ahead = -HOUR

    it = ceremony(note("one"), note("two"))
    size = desk.register.size
    with pytest.raises(RefusedError, match="is 3600 s behind, and 3600 s before"):
        desk.run(it, watch)
    assert noted(desk.entries(size)) == ["one"]

    desk.time.ahead = 0 * MINUTE
    desk.run(it)
    assert noted(desk.entries(size)) == ["one", "two"]
    assert backwards(desk.entries(size)) == []


def test_a_clock_that_goes_back_while_a_step_is_done_leaves_a_finding(desk: "Desk") -> None:
    def act(_: Work) -> list[ev.Fact]:
        desk.time.ahead = -HOUR
        return [ev.FindingMade(rule="note", subject="note", what="one", mend="")]

    size = desk.register.size
    register = desk.run(ceremony(Step(id="one", activity="one", by=("alice",), act=act)))

    (back,) = backwards(desk.entries(size))
    assert back.fact == ev.ClockUnchecked(back=3600)
    (finding,) = [it for it in register.open_findings() if it.rule == "clock"]
    assert (finding.seq, "went back by 3600 s" in finding.what) == (back.seq, True)
    verify(desk.ledger)


def entered(desk: "Desk", fact: ev.FindingMade | ev.ClockUnchecked, back: int) -> Entry:
    """The next entry as a program would write it that does not look at the clock."""
    time = desk.book.now() - timedelta(seconds=back)
    return Entry(desk.register.size, time, ("erin",), fact)


@pytest.mark.parametrize("back", [1, 300, 3600])
def test_no_entry_goes_back_in_time_unsaid(back: int, desk: "Desk") -> None:
    desk.run(ceremony(note("one")))
    seen = ev.FindingMade(rule="note", subject="note", what="two", mend="")

    with pytest.raises(RefusedError, match=f"went back by {back} s, and nothing in the ledger"):
        admit(desk.register, [entered(desk, seen, back)])
    for told in (0, back - 1, back + 1):
        with pytest.raises(RefusedError, match=f"went back by {back} s, not by {told}"):
            admit(desk.register, [entered(desk, ev.ClockUnchecked(back=told), back)])
    said = entered(desk, ev.ClockUnchecked(back=back), back)
    assert admit(desk.register, [said]).time == said.time


# --- Never waited for


def test_a_founding_never_asks_for_the_time(desk: "Desk") -> None:
    assert desk.kinds()[:4] == [
        ev.LedgerFounded,
        ev.CeremonyStarted,
        ev.ClockUnchecked,
        ev.CeremonyStepped,
    ]
    assert [it for it in desk.register.findings if it.rule == "clock"] == []
    assert {type(it) for it in desk.kinds()} & {ev.ClockChecked, ev.ClockOverruled} == set()


@pytest.fixture
def emergency(desk: "Desk") -> Ceremony:
    """An opening of a password that was sealed just now."""
    set_id = desk.seal()
    desk.people.asked.clear()
    request = opening.Request(
        account="bg1",
        set=set_id,
        envelopes=(f"{set_id}-1", f"{set_id}-2"),
        checked=(),
        officers=("alice", "bob"),
        why="emergency",
    )
    return opening.ceremony(request, number=1)


@pytest.mark.parametrize("ahead", [0 * MINUTE, 10 * MINUTE, -10 * MINUTE, -HOUR])
def test_an_opening_never_asks_for_the_time_and_works(
    ahead: timedelta, desk: "Desk", emergency: Ceremony
) -> None:
    size = desk.register.size
    desk.time.ahead = ahead

    register = desk.run(emergency)

    assert register.accounts["bg1"].recovered is True
    assert desk.people.texts(Topic.CLOCK) == desk.people.texts(Topic.PERSONAL_KEY) == []
    first = [entry.fact for entry in desk.entries(size)[:3]]
    assert ev.ClockUnchecked(ceremony=emergency.id) in first
    back = -round(ahead.total_seconds()) if ahead < 0 * MINUTE else 0
    assert [it.fact for it in backwards(desk.entries(size - 1))] == (
        [ev.ClockUnchecked(back=back)] if back else []
    )
    findings = [it.what for it in register.open_findings() if it.rule == "clock"]
    assert len(findings) == (1 if back else 0)
    assert all(f"went back by {back} s" in it for it in findings)
    verify(desk.ledger)


# --- What is typed


@pytest.mark.parametrize(
    "typed",
    [
        "2026-03-02 10:30",
        " 2026-03-02 10:30:00 ",
        "2026-03-02T10:30",
        "2026-03-02t10:30:00",
        "2026-03-02 09:30Z",
        "2026-03-02t09:30z",
        "2026-03-02 09:30:00+00:00",
        "2026-03-02 12:30 +03:00",
        "2026-03-02T04:30:00-05:00",
    ],
)
def test_a_time_is_read_with_and_without_zone_and_seconds(typed: str) -> None:
    assert clock.parse(typed, BERLIN) == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_time_without_a_zone_is_one_of_the_workstation(desk: "Desk") -> None:
    desk.station = dataclasses.replace(desk.station, zone=BERLIN)
    desk.people.says[Topic.CLOCK] = ["2026-03-03 10:00", "2026-03-03 11:00+02:00"]

    register = desk.run(ceremony(note("one")))

    assert register.offset == 0
    assert "in CET unless a zone such as" in desk.people.texts(Topic.CLOCK)[0]


@pytest.mark.parametrize(
    "typed",
    [
        *("", "now", "half past nine", "10:30", "2026-13-02 10:30", "2026-02-29 10:30"),
        *("2026-03-02 25:30", "2026-03-02 10:60", "2026-03-02 10:30 soon", "02.03.2026 10:30"),
    ],
)
def test_nonsense_is_no_time(typed: str) -> None:
    with pytest.raises(InputError, match="is no time") as caught:
        clock.parse(typed, UTC)

    assert caught.value.mend == "Type it as YYYY-MM-DD HH:MM."


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda it: timezone(timedelta(minutes=it)))


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=ZONES),  # noqa: DTZ001 - bounds have no zone
    ZONES,
    st.sampled_from(["minutes", "seconds"]),
)
def test_what_iso_8601_writes_is_read_as_the_same_moment(
    moment: datetime, zone: timezone, precision: str
) -> None:
    moment = moment.replace(second=0, microsecond=0)
    typed = moment.isoformat(" ", precision)

    assert clock.parse(typed, zone) == clock.parse(typed.lower(), UTC) == moment
    assert clock.parse(typed[:16], moment.tzinfo or UTC) == moment


@given(st.text(max_size=30))
def test_anything_typed_is_an_aware_time_or_an_error_of_ours(typed: str) -> None:
    try:
        moment = clock.parse(typed, BERLIN)
    except InputError:
        return
    assert moment.utcoffset() is not None

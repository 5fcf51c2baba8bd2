"""The clock: time that goes back is said, compared, or signed for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.clock import TOLERANCE
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.fold import admit
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError

if TYPE_CHECKING:
    from tests.custody.life import Life

READERS = ("alice", "bob")
STEPPED = ev.CeremonyStepped(ceremony="c", step="seal")


def checked(offset: int, back: int = 0, readers: tuple[str, ...] = READERS) -> ev.ClockChecked:
    return ev.ClockChecked(ceremony="c", readers=readers, offset=offset, back=back)


def overruled(offset: int, back: int = 0) -> ev.ClockOverruled:
    return ev.ClockOverruled(ceremony="c", readers=READERS, offset=offset, back=back)


@pytest.fixture
def running(life: Life) -> Life:
    """A ledger in the middle of a ceremony."""
    started = ev.CeremonyStarted(ceremony="c", plan="seal", people=READERS, request={})
    return life.enter(started)


@given(seconds=st.integers(1, 10**7))
def test_time_that_goes_back_unsaid_is_refused(organised: Register, seconds: int) -> None:
    assert organised.time is not None
    time = organised.time - timedelta(seconds=seconds)
    seen = ev.AccountUsed(account="bg1", why="drill")

    with pytest.raises(RefusedError, match=f"went back by {seconds} s, and nothing") as refused:
        admit(organised, [Entry(organised.size, time, READERS, seen)])
    assert "Look at the clock" in refused.value.mend


def test_two_entries_have_one_time(running: Life) -> None:
    now = running.register.time
    running.enter(STEPPED, at=now)

    assert running.register.time == now


@given(
    seconds=st.integers(-5, TOLERANCE),
    said=st.integers(0, TOLERANCE),
    offset=st.integers(-300, 300),
)
def test_a_look_at_the_clock_says_exactly_how_far_it_went_back(
    organised: Register, seconds: int, said: int, offset: int
) -> None:
    assert organised.time is not None
    entry = Entry(
        organised.size,
        organised.time - timedelta(seconds=seconds),
        READERS,
        checked(offset, said),
    )

    if said == max(seconds, 0):
        after = admit(organised, [entry])
        assert (after.offset, after.time) == (offset, entry.time)
        assert after.findings == []
    else:
        because = f"the clock went back by {max(seconds, 0)} s, not by {said}"
        with pytest.raises(RefusedError, match=because):
            admit(organised, [entry])


def test_the_order_is_that_of_the_last_entry_once_it_was_said(running: Life) -> None:
    before = running.register.time
    assert before is not None
    running.enter(checked(0, 60), at=before - timedelta(seconds=60), signed=())

    running.refuses(STEPPED, at=before - timedelta(seconds=61), signed=(), because="back by 1 s")
    running.enter(STEPPED, at=before - timedelta(seconds=59), signed=())


@pytest.mark.parametrize(
    ("offset", "back"),
    [(TOLERANCE + 1, 0), (-TOLERANCE - 1, 0), (0, TOLERANCE + 1), (5000, 5000)],
)
def test_beyond_the_tolerance_two_sign_that_they_go_on(
    running: Life, offset: int, back: int
) -> None:
    assert running.register.time is not None
    at = running.register.time - timedelta(seconds=back)

    running.refuses(checked(offset, back), at=at, signed=(), because="two people sign")
    running.refuses(checked(offset, back), at=at, because="two people sign")
    for signed, count in ((("alice",), 1), ((), 0)):
        because = f"go on although the clock is wrong .* and there are {count}"
        running.refuses(overruled(offset, back), at=at, signed=signed, because=because)
    running.enter(overruled(offset, back), at=at)

    assert (running.register.offset, running.register.time) == (offset, at)
    assert running.register.findings == []


@pytest.mark.parametrize(("offset", "back"), [(TOLERANCE, 0), (-TOLERANCE, TOLERANCE)])
def test_at_the_tolerance_nobody_signs(running: Life, offset: int, back: int) -> None:
    assert running.register.time is not None
    at = running.register.time - timedelta(seconds=back)

    running.enter(checked(offset, back), at=at, signed=())

    assert running.register.offset == offset


def test_an_overruled_clock_says_exactly_how_far_it_went_back(running: Life) -> None:
    assert running.register.time is not None
    at = running.register.time - timedelta(seconds=4000)

    running.refuses(overruled(0, 3999), at=at, because="by 4000 s, not by 3999")


def test_a_clock_that_nobody_compared_is_a_finding_where_it_went_back(running: Life) -> None:
    assert running.new_findings(ev.ClockUnchecked(ceremony="c"), by=(), signed=()) == []
    assert running.register.time is not None
    at = running.register.time - timedelta(seconds=5000)

    (finding,) = running.new_findings(ev.ClockUnchecked(back=5000), by=(), signed=(), at=at)

    assert (finding.rule, finding.subject) == ("clock", "clock")
    assert "back by 5000 s" in finding.what
    assert finding.seq == running.register.size - 1
    assert running.register.offset is None  # nobody compared it


def test_two_people_read_the_time(running: Life) -> None:
    """One who reads twice, or somebody unknown, is no second source."""
    for readers in ((), ("alice",), ("alice", "alice"), ("alice", "zoe")):
        running.refuses(checked(0, readers=readers), signed=(), because="two|person")

"""The workstation's clock: set by hand, so looked at, and never believed silently."""

from typing import Final

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Finding
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError

TOLERANCE: Final = 300
"""Seconds by which the clock may differ from two other sources, or go back, without signatures."""

CLOCK_FACTS: Final = (ev.ClockChecked, ev.ClockOverruled, ev.ClockUnchecked)


def seconds_back(state: Register, entry: Entry) -> int:
    """How far an entry's time lies before that of the entry before it."""
    if state.time is None or entry.time >= state.time:
        return 0
    return round((state.time - entry.time).total_seconds())


def check_order(state: Register, entry: Entry) -> None:
    """Check that time does not go back unsaid: only a look at the clock itself may say so.

    Raises:
        RefusedError: It does.
    """
    back = seconds_back(state, entry)
    if isinstance(entry.fact, CLOCK_FACTS):
        if back != entry.fact.back:
            raise RefusedError(f"the clock went back by {back} s, not by {entry.fact.back}")
    elif back:
        raise RefusedError(
            f"the clock went back by {back} s, and nothing in the ledger says so",
            mend="Look at the clock of the workstation.",
        )


def _check_readers(state: Register, readers: tuple[str, ...]) -> None:
    """Two sources are two people; one who reads twice is one."""
    for person in readers:
        authority.roles_of(state, person)
    if len(set(readers)) < authority.TWO:
        raise RefusedError("two people read the time, each from a source of their own")


def _checked(state: Register, fact: ev.ClockChecked, _: Entry) -> None:
    _check_readers(state, fact.readers)
    if max(abs(fact.offset), fact.back) > TOLERANCE:
        raise RefusedError(
            f"the clock is off by {fact.offset} s and went back by {fact.back} s: beyond"
            f" {TOLERANCE} s two people sign that they go on"
        )
    state.offset = fact.offset


def _overruled(state: Register, fact: ev.ClockOverruled, _: Entry) -> None:
    _check_readers(state, fact.readers)
    signed = state.warrant.signers if state.warrant else ()
    if not set(fact.readers) <= set(signed):
        raise RefusedError("who read the time signs that the work goes on")
    state.offset = fact.offset


def _unchecked(state: Register, fact: ev.ClockUnchecked, entry: Entry) -> None:
    if fact.back:
        what = f"the clock went back by {fact.back} s, and nobody compared it with another"
        mend = "The order of the entries holds; compare the times of this day with the records."
        state.findings.append(
            Finding(rule="clock", subject="clock", what=what, mend=mend, seq=entry.seq)
        )


HANDLERS: Handlers = {
    ev.ClockChecked: _checked,
    ev.ClockOverruled: _overruled,
    ev.ClockUnchecked: _unchecked,
}

"""The time at the beginning of a sitting: read by two people, each from a source of their own.

The workstation has no network, and its clock is set by hand. What it says is compared with two
other clocks, and the difference is recorded; the entries carry the workstation's own time.
"""

import re
from datetime import datetime, tzinfo
from typing import Final

from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Work
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.changes.clock import TOLERANCE
from keyvault_kit.errors import DeclinedError, InputError, RefusedError

APART: Final = 120
"""Seconds by which two sources may differ: people type minutes, and read one after the other."""

_FORM: Final = "YYYY-MM-DD HH:MM"


def readers(ceremony: Ceremony) -> tuple[str, ...]:
    """The two people who read the time.

    Raises:
        RefusedError: The ceremony has only one.
    """
    people = tuple(dict.fromkeys(ceremony.people))
    if len(people) < TWO:
        raise RefusedError(
            f"ceremony {ceremony.id} has one person, and two read the time",
            mend="Name a second person, who may be a witness.",
        )
    return people[:TWO]


def went_back(now: datetime, before: datetime | None) -> bool:
    """Whether the clock went back since an earlier look at it, beyond the tolerance."""
    return before is not None and (before - now).total_seconds() > TOLERANCE


def read(work: Work, people: tuple[str, ...]) -> ev.ClockChecked | ev.ClockOverruled:
    """Let two people read the time; beyond the tolerance they are asked whether to go on.

    Raises:
        InputError: What was typed is no time.
        RefusedError: The two sources differ, or the clock is to be set first.
    """
    first, second = (_offset(work, person) for person in people)
    if abs(first - second) > APART:
        raise RefusedError(
            f"the two sources differ by {abs(first - second)} s",
            mend="One of them is wrong: look at both again.",
        )
    offset = (first + second) // 2
    last, now = work.register.time, work.station.book.now()
    back = max(0, round((last - now).total_seconds())) if last else 0
    if max(abs(offset), back) <= TOLERANCE:
        return ev.ClockChecked(ceremony=work.ceremony, readers=people, offset=offset)
    _ask_to_go_on(work, offset, back)
    return ev.ClockOverruled(ceremony=work.ceremony, readers=people, offset=offset)


def _offset(work: Work, person: str) -> int:
    """Seconds to add to the workstation's clock to have this person's."""
    zone = work.station.zone
    name = work.station.book.now().astimezone(zone).tzname()
    text = (
        f"{person}: the time from a source of your own, not from this machine"
        f" ({_FORM}, in {name} unless a zone such as Z or +01:00 follows)"
    )
    answer = work.interaction.ask(Prompt(topic=Topic.CLOCK, text=text, person=person))
    return round((parse(answer, zone) - work.station.book.now()).total_seconds())


def parse(text: str, zone: tzinfo) -> datetime:
    """The time that was typed; with seconds or without, in `zone` unless it names its own.

    Raises:
        InputError: It is no time.
    """
    plain = re.sub(r"\s*UTC$", "Z", text.strip().upper())
    wrong = InputError(f"{text.strip()!r} is no time", mend=f"Type it as {_FORM}.")
    if ":" not in plain:  # a day alone
        raise wrong
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError as error:
        raise wrong from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _ask_to_go_on(work: Work, offset: int, back: int) -> None:
    what = f"The workstation's clock is {abs(offset)} s {'behind' if offset > 0 else 'ahead'}"
    if back:
        what += f", and {back} s before the last entry of the ledger"
    text = f"{what}. Go on all the same? Then both of you sign that."
    if not work.interaction.confirm(Prompt(topic=Topic.OVERRULE, text=text)):
        told = f"{what[0].lower()}{what[1:]}"
        mend = "Set it as administrator (date --set), and begin again."
        raise DeclinedError(told, mend=mend)

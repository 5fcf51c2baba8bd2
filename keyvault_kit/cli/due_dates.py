"""Due dates as a calendar that other programs read (RFC 5545)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

from icalendar import Alarm, Calendar, Event

from keyvault_kit.cli.output import sentence
from keyvault_kit.custody.schedule import Due

_BEFORE: Final = timedelta(days=7)
"""How long before its day a duty is called to mind."""

_DAY: Final = timedelta(days=1)


def calendar_of(duties: Iterable[Due], register_id: str, *, entries: int, now: datetime) -> bytes:
    """One event of a day for each duty, with an alarm a week before; people appear by id alone.

    A duty keeps its UID when it comes again, so a calendar that is taken in anew moves its event.

    Args:
        register_id: 64 hex digits; the last part of each UID.
        entries: How many entries the ledger has: a later calendar counts more than an earlier one.
        now: Aware; when it was made.
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//keyvault-kit//keyvault {version('keyvault-kit')}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for it in duties:
        event = _event(it)
        event.add("uid", f"{it.task}-{it.subject}@{register_id}")
        event.add("dtstamp", now)
        event.add("sequence", entries)
        calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text


def _event(it: Due) -> Event:
    who = ", ".join(it.who) or "two officers"
    event = Event()
    event.add("summary", sentence(it.what))
    event.add("description", f"{it.requirement}: {it.trigger}. Who: {who}.")
    event.add("dtstart", it.day)
    event.add("dtend", it.day + _DAY)
    event.add("transp", "TRANSPARENT")  # a duty keeps nobody from other work on that day
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", sentence(it.what))
    alarm.add("trigger", -_BEFORE)
    event.add_component(alarm)
    return event

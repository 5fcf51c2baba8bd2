"""Duties of the sample organisation, by the day on which all of its work was done."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.schedule import Due, Task, due
from tests.custody.life import DIGEST, START

BEGUN: Final = START.date()
"""The day on which all of the sample organisation's work was done."""


def at(days: int) -> datetime:
    """Noon, that many days after that one."""
    return datetime(BEGUN.year, BEGUN.month, BEGUN.day, 12, tzinfo=UTC) + timedelta(days=days)


def on(days: int) -> date:
    return at(days).date()


def only(register: Register, task: Task, subject: str, now: datetime) -> Due:
    """The one duty of that kind for that subject."""
    (found,) = [it for it in due(register, now) if (it.task, it.subject) == (task, subject)]
    return found


def none(register: Register, task: Task, subject: str, now: datetime) -> bool:
    return not [it for it in due(register, now) if (it.task, it.subject) == (task, subject)]


def done(duty: Duty, subject: str) -> ev.DutyDone:
    return ev.DutyDone(duty=duty, subject=subject)


def until(person: str, last: date | None, *roles: Role) -> ev.PersonChanged:
    return ev.PersonChanged(person=person, roles=roles, details=DIGEST, until=last)

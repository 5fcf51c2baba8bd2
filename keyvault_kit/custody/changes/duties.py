"""Work that comes again: done, or set off."""

from typing import Final

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.history import Duty, Noted
from keyvault_kit.custody.register import Register, also, known
from keyvault_kit.errors import RefusedError

PROCESS: Final = "process"
"""The subject of the process document, of which there is one."""

SUBJECTS: Final = {
    Duty.REVIEW: ("account", "accounts"),
    Duty.DRILL: ("account", "accounts"),
    Duty.COMBINATION: ("safe", "safes"),
    Duty.TRAINING: ("person", "people"),
}
"""Duty -> what it is about, and where the register keeps that."""


def _done(state: Register, fact: ev.DutyDone, entry: Entry) -> None:
    if fact.duty in SUBJECTS:
        word, things = SUBJECTS[fact.duty]
        known(getattr(state, things), fact.subject, word)
    elif fact.subject != PROCESS:
        raise RefusedError(f"there is one process document, {PROCESS!r}, and no {fact.subject!r}")
    name = f"{fact.duty}:{fact.subject}"
    state.done[name] = max(entry.when, state.done.get(name, entry.when))
    if fact.duty is Duty.DRILL:
        also(state.uses, fact.subject, entry.when)
    if fact.duty is Duty.COMBINATION:
        also(state.combinations, fact.subject, entry.when)


def _noted(state: Register, fact: ev.TriggerNoted, entry: Entry) -> None:
    state.triggers.append(Noted(trigger=fact.trigger, time=entry.when, seq=entry.seq))


HANDLERS: Handlers = {ev.DutyDone: _done, ev.TriggerNoted: _noted}

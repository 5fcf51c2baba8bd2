"""Ceremonies: started, stepped, returned, closed."""

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import CeremonyRecord, Return
from keyvault_kit.custody.register import Register, add, known
from keyvault_kit.errors import RefusedError


def _started(state: Register, fact: ev.CeremonyStarted, entry: Entry) -> None:
    ceremony = CeremonyRecord(
        id=fact.ceremony,
        plan=fact.plan,
        request=fact.request,
        people=fact.people,
        started=entry.seq,
    )
    add(state.ceremonies, fact.ceremony, ceremony, "ceremony")


def _open_ceremony(state: Register, ceremony: str) -> CeremonyRecord:
    it = known(state.ceremonies, ceremony, "ceremony")
    if it.closed:
        raise RefusedError(f"ceremony {ceremony} is closed")
    return it


def _stepped(state: Register, fact: ev.CeremonyStepped, entry: Entry) -> None:
    it = _open_ceremony(state, fact.ceremony)
    if fact.step in it.done:
        raise RefusedError(f"step {fact.step} of ceremony {it.id} is done already")
    done, times = (*it.done, fact.step), (*it.times, entry.time)
    state.ceremonies[it.id] = msgspec.structs.replace(it, done=done, times=times)


def _returned(state: Register, fact: ev.CeremonyReturned, entry: Entry) -> None:
    it = _open_ceremony(state, fact.ceremony)
    kept = [pair for pair in zip(it.done, it.times, strict=True) if pair[0] not in fact.undone]
    state.ceremonies[it.id] = msgspec.structs.replace(
        it,
        done=tuple(step for step, _ in kept),
        times=tuple(time for _, time in kept),
        returns=(*it.returns, Return(to=fact.to, time=entry.time, why=fact.why)),
    )


def _closed(state: Register, fact: ev.CeremonyClosed, _: Entry) -> None:
    it = _open_ceremony(state, fact.ceremony)
    state.ceremonies[it.id] = msgspec.structs.replace(it, closed=True)


HANDLERS: Handlers = {
    ev.CeremonyStarted: _started,
    ev.CeremonyStepped: _stepped,
    ev.CeremonyReturned: _returned,
    ev.CeremonyClosed: _closed,
}

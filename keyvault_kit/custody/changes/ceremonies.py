"""Ceremonies: started, stepped, returned, closed."""

from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.ceremonies import (
    Agreement,
    CeremonyRecord,
    Exceptional,
    PageCount,
    Return,
)
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.custody.register import Register, add, known, note_contradiction
from keyvault_kit.errors import RefusedError

LYING_OPEN: Final = (EnvelopeState.PRINTED, EnvelopeState.PROVEN)
"""States in which a sheet may be read by whoever is in the room, unless it is in a bag."""


def _started(state: Register, fact: ev.CeremonyStarted, entry: Entry) -> None:
    ceremony = CeremonyRecord(
        id=fact.ceremony,
        plan=fact.plan,
        request=fact.request,
        people=fact.people,
        started=entry.seq,
    )
    add(state.ceremonies, fact.ceremony, ceremony, "ceremony")


def open_ceremony(state: Register, ceremony: str) -> CeremonyRecord:
    """The ceremony of that id, which is not closed.

    Raises:
        RefusedError: There is none, or it is closed.
    """
    it = known(state.ceremonies, ceremony, "ceremony")
    if it.closed:
        raise RefusedError(f"ceremony {ceremony} is closed")
    return it


def _stepped(state: Register, fact: ev.CeremonyStepped, entry: Entry) -> None:
    it = open_ceremony(state, fact.ceremony)
    if fact.step in it.done:
        raise RefusedError(f"step {fact.step} of ceremony {it.id} is done already")
    done, times = (*it.done, fact.step), (*it.times, entry.time)
    state.ceremonies[it.id] = msgspec.structs.replace(it, done=done, times=times)


def _returned(state: Register, fact: ev.CeremonyReturned, entry: Entry) -> None:
    it = open_ceremony(state, fact.ceremony)
    kept = [pair for pair in zip(it.done, it.times, strict=True) if pair[0] not in fact.undone]
    state.ceremonies[it.id] = msgspec.structs.replace(
        it,
        done=tuple(step for step, _ in kept),
        times=tuple(time for _, time in kept),
        returns=(*it.returns, Return(to=fact.to, time=entry.time, why=fact.why)),
    )


def check_pages(state: Register, fact: ev.PagesCounted) -> None:
    """Check that every page is accounted for, and the register agrees: misprints may be more.

    Raises:
        RefusedError: A page is missing, or lies where the register does not have it.
    """
    it = open_ceremony(state, fact.ceremony)
    if fact.printed != fact.sealed + fact.spoiled + fact.destroyed:
        gone = fact.printed - fact.sealed - fact.spoiled - fact.destroyed
        raise RefusedError(
            f"{fact.printed} pages were printed, and {abs(gone)} {'less' if gone > 0 else 'more'}"
            " were sealed, spoiled or destroyed",
            mend="Count again; look into the printer and its trays; then spoil the set.",
        )
    states = [state.envelopes[envelope].state for envelope in it.printed]
    open_still = [e for e, its in zip(it.printed, states, strict=True) if its in LYING_OPEN]
    if open_still:
        raise RefusedError(f"{' and '.join(open_still)} are neither sealed nor spoiled yet")
    spoiled, destroyed = (
        states.count(gone) for gone in (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
    )
    sealed = len(states) - spoiled - destroyed
    if fact.sealed != sealed or fact.spoiled < spoiled or fact.destroyed < destroyed:
        raise RefusedError(
            f"the ledger has {sealed} sheets sealed, {spoiled} spoiled and {destroyed} destroyed,"
            f" and {fact.sealed}, {fact.spoiled} and {fact.destroyed} were counted",
            mend="Count again, bag by bag.",
        )


def _counted(state: Register, fact: ev.PagesCounted, _: Entry) -> None:
    check_pages(state, fact)
    it = state.ceremonies[fact.ceremony]
    pages = PageCount(
        printed=fact.printed, sealed=fact.sealed, spoiled=fact.spoiled, destroyed=fact.destroyed
    )
    state.ceremonies[it.id] = msgspec.structs.replace(it, pages=pages)


def _exception(state: Register, fact: ev.ExceptionNoted, entry: Entry) -> None:
    it = state.ceremonies.get(fact.ceremony)
    if it is None:
        note_contradiction(state, fact.ceremony, "an exception of an unknown ceremony was noted")
        return
    noted = Exceptional(step=fact.step, time=entry.when, details=fact.details)
    state.ceremonies[it.id] = msgspec.structs.replace(it, exceptions=(*it.exceptions, noted))


def _agreed(state: Register, fact: ev.CeremonyAgreed, _: Entry) -> None:
    it = state.ceremonies.get(fact.ceremony)
    if it is None or fact.person not in it.people:
        what = f"{fact.person}, who took no part, said whether its record is true"
        note_contradiction(state, fact.ceremony, what)
        return
    said = Agreement(person=fact.person, agrees=fact.agrees, details=fact.details)
    others = (a for a in it.agreements if a.person != fact.person)
    state.ceremonies[it.id] = msgspec.structs.replace(it, agreements=(*others, said))


def _closed(state: Register, fact: ev.CeremonyClosed, _: Entry) -> None:
    it = open_ceremony(state, fact.ceremony)
    if it.printed and it.pages is None:
        raise RefusedError(
            f"the {len(it.printed)} secret sheets of ceremony {it.id} were not counted",
            mend="Count them: printed = sealed + spoiled + destroyed.",
        )
    state.ceremonies[it.id] = msgspec.structs.replace(it, closed=True)


HANDLERS: Handlers = {
    ev.CeremonyStarted: _started,
    ev.CeremonyStepped: _stepped,
    ev.CeremonyReturned: _returned,
    ev.PagesCounted: _counted,
    ev.ExceptionNoted: _exception,
    ev.CeremonyAgreed: _agreed,
    ev.CeremonyClosed: _closed,
}

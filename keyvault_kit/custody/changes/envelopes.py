"""Envelopes: printed, proven, sealed, deposited, opened, spoiled."""

from typing import Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Envelope, EnvelopeState, SetState
from keyvault_kit.custody.register import Register, add, known, note_contradiction
from keyvault_kit.errors import RefusedError

LYING: Final = (EnvelopeState.PROVEN, EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
"""States in which what was packed is inside."""


def _change(
    register: Register, envelope: str, expected: tuple[EnvelopeState, ...], **changes: object
) -> None:
    it = known(register.envelopes, envelope, "envelope")
    if it.state not in expected:
        raise RefusedError(
            f"envelope {envelope} is {it.state}, not {' or '.join(expected)}",
            mend="Look at its history with 'envelopes list'.",
        )
    register.envelopes[envelope] = msgspec.structs.replace(it, **changes)


def _printed(state: Register, fact: ev.EnvelopePrinted, _: Entry) -> None:
    it = known(state.sets, fact.set, "secret set")
    if it.state is not SetState.MADE:
        raise RefusedError(f"set {it.id} is {it.state}: no more sheets of it are printed")
    if fact.number > it.count:
        raise RefusedError(f"set {it.id} has {it.count} sheets, not {fact.number}")
    if any(e.number == fact.number for e in state.live_envelopes(it.id)):
        raise RefusedError(f"sheet {fact.number} of set {it.id} was printed already")
    envelope = Envelope(
        id=fact.envelope,
        holds=fact.holds,
        state=EnvelopeState.PRINTED,
        set=fact.set,
        number=fact.number,
        proof=fact.proof,
    )
    add(state.envelopes, fact.envelope, envelope, "envelope")


def _proven(state: Register, fact: ev.EnvelopeProven, _: Entry) -> None:
    expected = (EnvelopeState.PRINTED,)
    _change(state, fact.envelope, expected, state=EnvelopeState.PROVEN)


def _packed(state: Register, fact: ev.KeyPacked, _: Entry) -> None:
    known(state.keys, fact.key, "key")
    if fact.holds not in (f"key:{fact.key}", f"evidence:{fact.key}"):
        raise RefusedError(f"an envelope for key {fact.key} cannot hold {fact.holds}")
    for other in state.envelopes.values():
        if other.holds == f"key:{fact.key}" and other.state in LYING:
            raise RefusedError(f"key {fact.key} lies in envelope {other.id}: open it first")
    envelope = Envelope(id=fact.envelope, holds=fact.holds, state=EnvelopeState.PROVEN)
    add(state.envelopes, fact.envelope, envelope, "envelope")


def _sealed(state: Register, fact: ev.EnvelopeSealed, _: Entry) -> None:
    used = next((e.id for e in state.envelopes.values() if e.bag == fact.bag), None)
    if used:
        raise RefusedError(
            f"bag {fact.bag} was used for envelope {used}", mend="Take a new bag, type its number."
        )
    expected = (EnvelopeState.PROVEN,)
    _change(state, fact.envelope, expected, state=EnvelopeState.SEALED, bag=fact.bag)


def _deposited(state: Register, fact: ev.EnvelopeDeposited, _: Entry) -> None:
    known(state.safes, fact.safe, "safe")
    it = known(state.envelopes, fact.envelope, "envelope")
    if it.set and state.sets[it.set].state is not SetState.IN_FORCE:
        raise RefusedError(f"set {it.set} is {state.sets[it.set].state}: it is not deposited")
    expected = (EnvelopeState.SEALED,)
    _change(state, it.id, expected, state=EnvelopeState.DEPOSITED, safe=fact.safe)


def _opened(state: Register, fact: ev.EnvelopeOpened, _: Entry) -> None:
    it = state.envelopes.get(fact.envelope)
    if it is None:
        note_contradiction(
            state, fact.envelope, "an envelope was opened that is not in the register"
        )
        return
    if it.state not in (EnvelopeState.SEALED, EnvelopeState.DEPOSITED):
        note_contradiction(state, it.id, f"the envelope was opened although it is {it.state}")
    if it.state in (EnvelopeState.SPOILED, EnvelopeState.DESTROYED):
        return
    if not fact.intact:
        note_contradiction(state, it.id, "the bag was not intact when the envelope was opened")
    state.envelopes[it.id] = msgspec.structs.replace(it, state=EnvelopeState.OPENED)


def _spoiled(state: Register, fact: ev.EnvelopeSpoiled, _: Entry) -> None:
    it = known(state.envelopes, fact.envelope, "envelope")
    if it.set and state.sets[it.set].state is SetState.IN_FORCE:
        raise RefusedError(f"set {it.set} is in force: change its secret first")
    before = (EnvelopeState.PRINTED, EnvelopeState.PROVEN, EnvelopeState.SEALED)
    _change(state, fact.envelope, before, state=EnvelopeState.SPOILED)


HANDLERS: Handlers = {
    ev.EnvelopePrinted: _printed,
    ev.EnvelopeProven: _proven,
    ev.KeyPacked: _packed,
    ev.EnvelopeSealed: _sealed,
    ev.EnvelopeDeposited: _deposited,
    ev.EnvelopeOpened: _opened,
    ev.EnvelopeSpoiled: _spoiled,
}

"""The fold: from entries to the register.

Acts are checked against the state and refused with what stands in the way; observations are always
accepted, and are findings where they contradict the state. How each fact changes the state stands
in :mod:`keyvault_kit.custody.changes`, a module a subject.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes import (
    ceremonies,
    clock,
    duties,
    envelopes,
    evidence,
    items,
    keys,
    observations,
    organisation,
    secret_sets,
    signers,
)
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import LedgerError, RefusedError

HANDLERS: Final[Handlers] = {
    **signers.HANDLERS,
    **clock.HANDLERS,
    **organisation.HANDLERS,
    **keys.HANDLERS,
    **secret_sets.HANDLERS,
    **envelopes.HANDLERS,
    **observations.HANDLERS,
    **ceremonies.HANDLERS,
    **duties.HANDLERS,
    **evidence.HANDLERS,
    **items.HANDLERS,
}


def fold(entries: Iterable[Entry], start: Register | None = None) -> Register:
    """The register after these entries, in order, from `start` or from nothing.

    Raises:
        LedgerError: An entry is out of place, or is an act that the state before it refuses; its
            `seq` is named.
    """
    state = start.copy() if start else Register()
    for _ in walk(entries, state):
        pass
    return state


def walk(entries: Iterable[Entry], state: Register) -> Iterator[Entry]:
    """Apply entries to a state, one by one, and hand each out when it was applied.

    Whoever walks may look at the state in between, and changes nothing in it.

    Raises:
        LedgerError: As :func:`fold`.
    """
    for entry in entries:
        if entry.seq != state.size:
            raise LedgerError(f"entry {entry.seq} stands where entry {state.size} should be")
        try:
            _apply(state, entry)
        except RefusedError as error:
            raise LedgerError(f"entry {entry.seq} cannot have been accepted: {error}") from error
        yield entry


def admit(register: Register, entries: Iterable[Entry]) -> Register:
    """The register after entries that are about to be written.

    Raises:
        RefusedError: The state refuses one; says what stands in the way.
    """
    state = register.copy()
    for entry in entries:
        _apply(state, entry)
    return state


def _apply(state: Register, entry: Entry) -> None:
    if (state.size == 0) != isinstance(entry.fact, ev.LedgerFounded):
        raise RefusedError("a ledger begins with its founding, and has no other")
    clock.check_order(state, entry)
    if entry.occurred and entry.occurred > entry.time:
        raise RefusedError(
            f"it would have happened ({entry.occurred}) after it was entered",
            mend="Look at the day, the time and its zone.",
        )
    if state.size:
        authority.check(state, entry)
    if state.warrant and isinstance(entry.fact, (ev.ActsSigned, ev.ProposalAccepted)):
        raise RefusedError("signatures stand before the entries that they are for, not among them")
    under_warrant = state.warrant is not None
    HANDLERS[type(entry.fact)](state, entry.fact, entry)
    if under_warrant and state.warrant:
        left = state.warrant.left - 1
        state.warrant = msgspec.structs.replace(state.warrant, left=left) if left else None
    state.size += 1
    state.time = entry.time

"""Envelopes: printed, proven, sealed, deposited, opened, spoiled."""

from typing import Any, Final

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.ceremonies import LYING_OPEN, open_ceremony
from keyvault_kit.custody.changes.handler import Change, Handlers
from keyvault_kit.custody.changes.items import item_in_service
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.history import Stay, end
from keyvault_kit.custody.model import Envelope, EnvelopeState, SetState
from keyvault_kit.custody.pending import waiting_for
from keyvault_kit.custody.register import Register, add, also, known, note_contradiction
from keyvault_kit.errors import RefusedError

ITEM: Final = "item"
"""What the envelope of an item of the station holds: `item:ID`."""

CARD: Final = "card"
"""What the envelope of a site's card holds: `card:SITE`."""

BAGS: Final = ("key", "evidence")
"""What bags hold into which a key is packed: it, or what was found in its place."""

LYING: Final = (EnvelopeState.PROVEN, EnvelopeState.SEALED, EnvelopeState.DEPOSITED)
"""States in which what was packed is inside."""


def _change(
    register: Register, envelope: str, expected: tuple[EnvelopeState, ...], **changes: object
) -> None:
    it = known(register.envelopes, envelope, "envelope")
    if it.state not in expected:
        raise RefusedError(
            f"envelope {envelope} is {it.state}, not {' or '.join(expected)}",
            mend="Look at its history with 'envelopes history'.",
        )
    register.envelopes[envelope] = msgspec.structs.replace(it, **changes)


def _add(state: Register, envelope: Envelope) -> None:
    add(state.envelopes, envelope.id, envelope, "envelope")
    also(state.holding, envelope.holds, envelope.id)
    if envelope.set:
        also(state.sheets, envelope.set, envelope.id)


def _printed(state: Register, fact: ev.EnvelopePrinted, _: Entry) -> None:
    it = known(state.sets, fact.set, "secret set")
    if it.state is not SetState.MADE:
        raise RefusedError(f"set {it.id} is {it.state}: no more sheets of it are printed")
    if fact.number > it.count:
        raise RefusedError(f"set {it.id} has {it.count} sheets, not {fact.number}")
    live = state.live_envelopes(it.id)
    if any(e.number == fact.number for e in live):
        raise RefusedError(f"sheet {fact.number} of set {it.id} was printed already")
    for other in live:
        if other.state in LYING_OPEN and not other.bag:
            raise RefusedError(
                f"sheet {other.number} of set {it.id} is not in its bag yet",
                mend="No two sheets of a set lie open: put it into its bag first, or spoil it.",
            )
    envelope = Envelope(
        id=fact.envelope,
        holds=fact.holds,
        state=EnvelopeState.PRINTED,
        set=fact.set,
        number=fact.number,
        proof=fact.proof,
    )
    _add(state, envelope)
    if fact.ceremony:
        _note_printed(state, fact.ceremony, fact.envelope)


def _note_printed(state: Register, ceremony: str, envelope: str) -> None:
    """A page more to be counted: what was counted before does not hold any more."""
    it = open_ceremony(state, ceremony)
    printed = (*it.printed, envelope)
    state.ceremonies[it.id] = msgspec.structs.replace(it, printed=printed, pages=None)


def _bagged(state: Register, fact: ev.EnvelopeBagged, _: Entry) -> None:
    it = known(state.envelopes, fact.envelope, "envelope")
    if it.set is None or it.bag:
        what = f"lies in bag {it.bag} already" if it.bag else f"holds {it.holds}, and no sheet"
        raise RefusedError(f"envelope {it.id} {what}")
    _change(state, it.id, (EnvelopeState.PROVEN,), bag=fact.bag)
    _use_bag(state, fact.bag, it.id)


def _proven(state: Register, fact: ev.EnvelopeProven, _: Entry) -> None:
    expected = (EnvelopeState.PRINTED,)
    _change(state, fact.envelope, expected, state=EnvelopeState.PROVEN, proven=True)


def _packed(state: Register, fact: ev.KeyPacked, _: Entry) -> None:
    known(state.keys, fact.key, "key")
    if fact.holds not in (f"key:{fact.key}", f"evidence:{fact.key}"):
        raise RefusedError(f"an envelope for key {fact.key} cannot hold {fact.holds}")
    _check_alone(state, f"key:{fact.key}", fact.envelope)
    packed = EnvelopeState.PROVEN
    _add(state, Envelope(id=fact.envelope, holds=fact.holds, state=packed, proven=True))
    _has_now(state, fact.key, fact.envelope)


def _has_now(state: Register, key: str, envelope: str) -> None:
    """This bag has the key, or what was found in its place: earlier ones are empty."""
    state.packed[key] = envelope
    for kind in BAGS:
        for it in state.envelopes_holding(f"{kind}:{key}"):
            if it.hands and not it.set and it.id != envelope:
                state.envelopes[it.id] = msgspec.structs.replace(it, hands=())
    state.keys[key] = msgspec.structs.replace(state.keys[key], hands=())


def _card_packed(state: Register, fact: ev.CardPacked, _: Entry) -> None:
    known(state.sites, fact.site, "site")
    if fact.holds != f"{CARD}:{fact.site}":
        raise RefusedError(f"the card of site {fact.site} is not {fact.holds}")
    packed = EnvelopeState.PROVEN
    _add(state, Envelope(id=fact.envelope, holds=fact.holds, state=packed, proven=True))


def _item_packed(state: Register, fact: ev.ItemPacked, _: Entry) -> None:
    it = item_in_service(state, fact.item)
    if fact.holds != f"{ITEM}:{fact.item}":
        raise RefusedError(f"an envelope for item {fact.item} cannot hold {fact.holds}")
    if it.logged_in:
        raise RefusedError(f"item {it.id} is logged in", mend="Take it out, and log it out first.")
    _check_alone(state, fact.holds, fact.envelope)
    packed = EnvelopeState.PROVEN
    for before in state.envelopes_holding(fact.holds):  # they are empty now
        state.envelopes[before.id] = msgspec.structs.replace(before, hands=())
    _add(state, Envelope(id=fact.envelope, holds=fact.holds, state=packed, proven=True))
    state.items[it.id] = msgspec.structs.replace(it, hands=())


def _check_alone(state: Register, holds: str, envelope: str) -> None:
    """A key, or an item, is in one place: no other envelope may have it inside."""
    for other in state.envelopes_holding(holds):
        if other.id != envelope and other.state in LYING:
            what = holds.replace(":", " ")
            raise RefusedError(f"{what} lies in envelope {other.id}: open it first")


def _sealed(state: Register, fact: ev.EnvelopeSealed, _: Entry) -> None:
    it = known(state.envelopes, fact.envelope, "envelope")
    if it.state is EnvelopeState.PROVEN and it.bag and it.bag != fact.bag:
        raise RefusedError(f"envelope {it.id} lies in bag {it.bag}, not in {fact.bag}")
    _change(state, it.id, (EnvelopeState.PROVEN,), state=EnvelopeState.SEALED, bag=fact.bag)
    if not it.bag:
        _use_bag(state, fact.bag, fact.envelope)


def _use_bag(state: Register, bag: str, envelope: str, *, corrected: bool = False) -> None:
    """A bag is used once: its number stands for one envelope, for ever.

    Args:
        corrected: Whether the same envelope may have the number already.
    """
    used = state.bags.get(bag)
    state.bags[bag] = envelope
    if used is not None and not (corrected and used == envelope):
        raise RefusedError(
            f"bag {bag} was used for envelope {used}", mend="Take a new bag, type its number."
        )


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


def _resealed(state: Register, fact: ev.EnvelopeResealed, _: Entry) -> None:
    it = known(state.envelopes, fact.envelope, "envelope")
    if it.set is None or state.sets[it.set].state is not SetState.IN_FORCE:
        raise RefusedError(
            f"envelope {it.id} holds no sheet of a secret in force: it is not sealed again",
            mend="Destroy a dead sheet; pack a key anew.",
        )
    _change(state, it.id, (EnvelopeState.OPENED,), state=EnvelopeState.SEALED, bag=fact.bag)
    _use_bag(state, fact.bag, it.id)


def _spoiled(state: Register, fact: ev.EnvelopeSpoiled, _: Entry) -> None:
    it = known(state.envelopes, fact.envelope, "envelope")
    its = state.sets[it.set].state if it.set else SetState.MADE
    if its is SetState.IN_FORCE:
        raise RefusedError(f"set {it.set} is in force: change its secret first")
    if its is SetState.DEAD:
        raise RefusedError(f"set {it.set} is dead: what opened something is destroyed, by two")
    opened = (EnvelopeState.OPENED,) if it.set else ()  # by whomever: it was never in force
    before = (EnvelopeState.PRINTED, EnvelopeState.PROVEN, EnvelopeState.SEALED, *opened)
    _change(state, fact.envelope, before, state=EnvelopeState.SPOILED)


def _moved(state: Register, fact: ev.EnvelopeMoved, _: Entry) -> None:
    known(state.safes, fact.safe, "safe")
    it = known(state.envelopes, fact.envelope, "envelope")
    _check_not_dead(state, it, EnvelopeState.DEPOSITED)
    if it.safe == fact.safe:
        raise RefusedError(f"envelope {it.id} lies in safe {fact.safe} already")
    _change(state, it.id, (EnvelopeState.DEPOSITED,), safe=fact.safe)


_DESTROYABLE: Final = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED, EnvelopeState.OPENED)


def _destroyed(state: Register, fact: ev.EnvelopeDestroyed, _: Entry) -> None:
    it = known(state.envelopes, fact.envelope, "envelope")
    if it.set is None and not it.holds.startswith(f"{CARD}:"):
        raise RefusedError(f"envelope {it.id} holds {it.holds}, and no sheet to destroy")
    if it.set and state.sets[it.set].state in (SetState.MADE, SetState.IN_FORCE):
        raise RefusedError(
            f"set {it.set} is {state.sets[it.set].state}: its sheets are still wanted",
            mend="Change the secret first; its sheets are dead then.",
        )
    successor = waiting_for(state, state.sets[it.set]) if it.set else None
    if successor:
        raise RefusedError(
            f"nothing shows yet that the tenant took the password of set {successor.id}, which is"
            f" to replace that of envelope {it.id}",
            mend="Bring the evidence first: were it refused, the old password would be the only"
            " one.",
        )
    _change(state, it.id, _DESTROYABLE, state=EnvelopeState.DESTROYED, safe=None)


def _corrected(state: Register, fact: ev.EnvelopeCorrected, _: Entry) -> None:
    """Two people say what is so; what follows from the proof of a sheet is never theirs to say."""
    it = known(state.envelopes, fact.envelope, "envelope")
    if (fact.state is EnvelopeState.DEPOSITED) != (fact.safe is not None):
        raise RefusedError("a deposited envelope lies in a safe, and no other does")
    if fact.safe is not None:
        known(state.safes, fact.safe, "safe")
    if fact.state in (EnvelopeState.SEALED, EnvelopeState.DEPOSITED) and not fact.bag:
        raise RefusedError(f"a {fact.state} envelope lies in a bag with a number")
    _check_correctable(it, fact.state)
    _check_not_dead(state, it, fact.state)
    if fact.state in LYING and it.holds.startswith(("key:", f"{ITEM}:")):
        _check_alone(state, it.holds, it.id)
    if fact.bag:
        _use_bag(state, fact.bag, it.id, corrected=True)
    waiting = fact.state in (EnvelopeState.SEALED, EnvelopeState.OPENED)  # for its way back
    safe = fact.safe or (it.safe if waiting else None)
    changed = msgspec.structs.replace(it, state=fact.state, bag=fact.bag, safe=safe)
    if changed == it:
        raise RefusedError(f"envelope {it.id} is like that already: nothing would change")
    state.envelopes[it.id] = changed
    key = _key_in(it)
    if key and fact.state in LYING:
        _has_now(state, key, it.id)


_GONE: Final = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)


def _check_correctable(it: Envelope, to: EnvelopeState) -> None:
    if it.state in _GONE and to is not it.state:
        raise RefusedError(
            f"envelope {it.id} is {it.state}: a correction does not bring it back",
            mend="Make and seal a new one.",
        )
    if not it.proven and to not in (it.state, EnvelopeState.PRINTED, *_GONE):
        raise RefusedError(
            f"envelope {it.id} is {it.state}, and was never proven: a correction does not prove it",
            mend="Read its sheet back.",
        )


def _check_not_dead(state: Register, it: Envelope, to: EnvelopeState) -> None:
    """A sheet of a dead set is never deposited, and one of a living set not destroyed."""
    if it.set is None:
        if to is EnvelopeState.DESTROYED:
            raise RefusedError(f"envelope {it.id} holds {it.holds}, and no sheet to destroy")
        return
    its = state.sets[it.set].state
    if to is EnvelopeState.DEPOSITED and its is not SetState.IN_FORCE:
        raise RefusedError(f"set {it.set} is {its}: it is not deposited")
    if to in _GONE and it.state not in _GONE and its is SetState.IN_FORCE:
        raise RefusedError(f"set {it.set} is in force: change its secret first")
    if to is EnvelopeState.DESTROYED and its is SetState.MADE:
        raise RefusedError(f"set {it.set} is made: spoil its sheet, or seal it")


def _followed(change: Change) -> Change:
    """A change after which the register knows where the envelope is, or who has it."""

    def followed(state: Register, fact: Any, entry: Entry) -> None:  # noqa: ANN401 - any fact
        change(state, fact, entry)
        if fact.envelope in state.envelopes:
            _follow(state, state.envelopes[fact.envelope], entry)

    return followed


def _follow(state: Register, it: Envelope, entry: Entry) -> None:
    lies_in = it.safe if it.state is EnvelopeState.DEPOSITED else None
    in_hand = lies_in is None and _has_something(state, it)
    state.envelopes[it.id] = msgspec.structs.replace(it, hands=entry.by if in_hand else ())
    stays = state.stays.get(it.id, ())
    last = stays[-1] if stays else None
    if last and last.until is None:
        if last.safe == lies_in:
            return
        until = end(last.since, entry.when, entry.time)
        stays = (*stays[:-1], msgspec.structs.replace(last, until=until))
    if lies_in:
        stays = (*stays, Stay(safe=lies_in, since=entry.when))
    if stays:
        state.stays[it.id] = stays


def _has_something(state: Register, it: Envelope) -> bool:
    """Whether somebody who handled an envelope has its content in hand.

    A sheet is gone with its envelope. A key is in hand when its bag is spoiled, and in the bag into
    which it was packed last.
    """
    key = _key_in(it)
    return state.packed[key] == it.id if key else it.state not in _GONE


def _key_in(it: Envelope) -> str:
    """The key that was packed into an envelope; empty for a sheet or a card."""
    kind, _, key = it.holds.partition(":")
    return key if it.set is None and kind in BAGS else ""


_CHANGES: Handlers = {
    ev.EnvelopePrinted: _printed,
    ev.EnvelopeProven: _proven,
    ev.EnvelopeBagged: _bagged,
    ev.KeyPacked: _packed,
    ev.CardPacked: _card_packed,
    ev.ItemPacked: _item_packed,
    ev.EnvelopeSealed: _sealed,
    ev.EnvelopeDeposited: _deposited,
    ev.EnvelopeMoved: _moved,
    ev.EnvelopeOpened: _opened,
    ev.EnvelopeResealed: _resealed,
    ev.EnvelopeSpoiled: _spoiled,
    ev.EnvelopeDestroyed: _destroyed,
    ev.EnvelopeCorrected: _corrected,
}
HANDLERS: Handlers = {kind: _followed(change) for kind, change in _CHANGES.items()}

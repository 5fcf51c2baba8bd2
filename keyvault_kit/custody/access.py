"""Access: the register as holdings, with who has what now, and who could have had it before.

What a person once saw, or could have read, counts until the secret was changed; what lies in a safe
is in the reach of all who know its combination, until that was changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from keyvault_kit.custody.holdings import Container, Holdings, Item, Kind, Source, Way
from keyvault_kit.custody.memories import memories, seen_sheets
from keyvault_kit.custody.model import (
    Envelope,
    EnvelopeState,
    Form,
    Person,
    Purpose,
    Retirement,
    SecretSet,
    SecurityKey,
    SetState,
    UnrecordedPin,
)
from keyvault_kit.custody.opening import accounts_of, is_good, keys_of, kind_of, may_open, opens
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed

_GONE: Final = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
NOT_THERE: Final = frozenset(
    {"bag-missing", "bag-content", "sheet-missing", "sheet-unusable", "key-present"}
)
"""Rules of findings by which something does not lie where the register has it, or is no use: nobody
counts on it before two people have settled that."""

_PIECES: Final = {Form.SHARES: Kind.SHARE, Form.PARTS: Kind.PART}


def holdings_of(register: Register, on: date | None = None) -> Holdings:
    """The register as holdings.

    An item is a key in service with a passkey (its id is the tag), a sheet of a secret that may
    still open something (the id of its envelope), or what people saw of one (`seen:SET`).

    Args:
        on: Who has no authority on that day is left out of survival; nobody is where it is absent.
    """
    sheets = tuple(_sheets(register))
    items = (*_keys(register), *sheets, *memories(register, sheets))
    ways = (way for it in items for way in it.now + it.before)
    people = {*register.people, *(person for way in ways for person in way.people)}
    return Holdings(
        people=tuple(sorted(people)),
        unauthorised=frozenset(
            it.id for it in register.people.values() if on and not has_authority(it, on)
        ),
        sites={
            site: tuple(it.id for it in register.safes.values() if it.site == site)
            for site in register.sites
        },
        safes={it.id: Container(frozenset(it.openers), it.need) for it in register.safes.values()},
        signs_in={it.id: it.signed_in is not None for it in register.accounts.values()},
        items=items,
        remarks=tuple(_remarks(register)),
        source=Source.REGISTER,
    )


def has_authority(person: Person, day: date) -> bool:
    """Whether a person may act on a day."""
    return (person.since or day) <= day <= (person.until or day)


# --- Keys


def _keys(register: Register) -> Iterator[Item]:
    for key in register.keys.values():
        if _in_service(key):
            yield _key(register, key)
        elif key.credential and is_good(register, key):
            yield _missing(register, key)
        else:
            continue
        if key.unrecorded:
            yield _unrecorded(key.id, key.unrecorded)


def _in_service(key: SecurityKey) -> bool:
    return key.retired is None and key.credential is not None


def _key(register: Register, key: SecurityKey) -> Item:
    if key.id in register.packed and not register.bag_of(key.id):
        return _missing(register, key, _by_hand(key.hands))
    envelope = register.bag_of(key.id)
    lies = envelope is not None and _lies(envelope)
    now = _now(register, envelope) if envelope and lies else _by_hand(_hands(key, envelope))
    before = _before(register, envelope, readable=False) if envelope else ()
    return Item(
        id=key.id,
        kind=Kind.KEY,
        accounts=(key.account,),
        safe=_safe(envelope),
        holder=_holder(_hands(key, envelope)),
        now=now,
        before=_beside(now, before),
        counts=_lies(envelope) and not _missed(register, key.id, envelope),
    )


def _missed(register: Register, *things: str | Envelope | None) -> bool:
    """Whether somebody found one of these not there, or no use, and nobody settled it."""
    names = {it.id if isinstance(it, Envelope) else it for it in things}
    return any(it.rule in NOT_THERE and it.subject in names for it in register.open_findings())


def _hands(key: SecurityKey, envelope: Envelope | None) -> tuple[str, ...]:
    """Who had a key last that lies in no safe."""
    return tuple(sorted({*key.hands, *(envelope.hands if envelope else ())}))


def _missing(register: Register, key: SecurityKey, now: tuple[Way, ...] = ()) -> Item:
    """A key that is not where it should be: whoever could have taken it may have it.

    Args:
        now: By those who had it in hand since.
    """
    bags = [it for it in register.envelopes_holding(f"key:{key.id}") if not it.set]
    ways: list[Way] = []
    for it in bags[-1:]:
        ways += [*_now(register, it), *_before(register, it, readable=True)]
    return Item(
        id=key.id,
        kind=Kind.KEY,
        accounts=(key.account,),
        now=now,
        before=_beside(now, (*ways, *_by_hand(key.hands))),
        counts=False,
    )


def _unrecorded(key: str, pin: UnrecordedPin) -> Item:
    """A PIN that lies nowhere: whoever gave it to the key knows it."""
    way = Way(frozenset(pin.by), 1, "gave it to the key, and no sheet has it")
    return Item(id=f"seen:{key}:pin", kind=Kind.PIN, keys=(key,), before=(way,), counts=False)


# --- Sheets


def _sheets(register: Register) -> Iterator[Item]:
    seen = seen_sheets(register)
    for its in register.sets.values():
        if may_open(register, its):
            for number, envelopes in _printed(register, its).items():
                item = _sheet(register, its, envelopes, seen.get((its.id, number), ()))
                if item.now or item.before:
                    yield item


def _printed(register: Register, its: SecretSet) -> dict[int | None, list[Envelope]]:
    """Number of a sheet -> the envelopes made for it: all but the last of them are spoiled."""
    found: dict[int | None, list[Envelope]] = defaultdict(list)
    for name in register.sheets.get(its.id, ()):
        envelope = register.envelopes[name]
        found[envelope.number].append(envelope)
    return found


def _sheet(
    register: Register, its: SecretSet, envelopes: list[Envelope], saw: Iterable[Way]
) -> Item:
    """A sheet; one that was printed anew is the same: who saw both has one piece."""
    envelope, now = envelopes[-1], _now(register, envelopes[-1])
    before = (way for it in envelopes for way in _before(register, it, readable=True))
    return Item(
        id=envelope.id,
        kind=_PIECES.get(its.form, kind_of(its)),
        accounts=accounts_of(register, its),
        keys=keys_of(its),
        set=its.id if its.form in _PIECES else "",
        threshold=its.threshold,
        safe=_safe(envelope),
        holder=_holder(envelope.hands),
        now=now,
        before=_beside(now, (*saw, *before)),
        counts=_lies(envelope) and opens(register, its) and not _missed(register, envelope),
    )


# --- Ways


def _lies(envelope: Envelope | None) -> bool:
    return envelope is not None and envelope.state is EnvelopeState.DEPOSITED


def _safe(envelope: Envelope | None) -> str:
    return (envelope.safe or "") if envelope and _lies(envelope) else ""


def _holder(hands: tuple[str, ...]) -> str:
    return hands[0] if len(hands) == 1 else ""


def _by_hand(hands: tuple[str, ...]) -> tuple[Way, ...]:
    return (Way(frozenset(hands), 1, "had it in hand last"),) if hands else ()


def _now(register: Register, envelope: Envelope) -> tuple[Way, ...]:
    """Through its safe, or by the hands of those who handled it last."""
    if _lies(envelope) and envelope.safe:
        safe = register.safes[envelope.safe]
        return (Way(frozenset(safe.openers), safe.need, f"opens safe {safe.id}"),)
    return _by_hand(envelope.hands)


def _beside(now: tuple[Way, ...], before: Iterable[Way]) -> tuple[Way, ...]:
    """The ways that are open, or were, beside those that are open now; each once."""
    open_now = {(way.people, way.need) for way in now}
    return tuple(dict.fromkeys(it for it in before if (it.people, it.need) not in open_now))


def _before(register: Register, envelope: Envelope, *, readable: bool) -> Iterator[Way]:
    """By those who knew the combination of a safe while it lay there, on its list or off it.

    Args:
        readable: Whether it could be read there, and is remembered; a key can only be taken now.
    """
    for stay in register.stays.get(envelope.id, ()):
        for era in register.eras(stay.safe):
            first = max(stay.since, era.since) if era.since else stay.since
            ends = [it for it in (stay.until, era.until) if it]
            last = min(ends) if ends else None
            if (last and first >= last) or (last and not readable):
                continue
            how = f"opened safe {stay.safe} when it lay there"
            if last is None:
                how = f"knows the combination of safe {stay.safe}, unchanged since"
            needs = era.needs(register.safe_terms[stay.safe], last)
            for need in sorted(set(needs.values())):
                yield Way(frozenset(it for it in needs if needs[it] <= need), need, how)


# --- What is odd


def _remarks(register: Register) -> Iterator[str]:
    for key in register.keys.values():
        if key.retired is Retirement.LOST and key.credential and is_good(register, key):
            yield f"key {key.id} is lost, and whoever finds it has it: its passkey is still good"
        elif _in_service(key) and not _lies(register.bag_of(key.id)):
            yield f"key {key.id} lies in no safe"
    for it in register.open_findings():
        if it.rule in NOT_THERE:
            yield f"{it.what}: it is not counted on until that is settled"
    for account in register.accounts.values():
        if account.taken:
            yield (
                f"the tenant took the password of set {account.taken} for {account.id}, of which it"
                f" is none: the one of {account.id} that is in force is not counted on"
            )
    for its in register.sets.values():
        yield from _about_set(register, its)


def _about_set(register: Register, its: SecretSet) -> Iterator[str]:
    if its.lives:
        yield (
            f"the tenant took the password of set {its.id}, which is {its.state}:"
            f" the one of {its.subject} that is in force is not counted on"
        )
    if its.state is SetState.IN_FORCE and its.purpose is not Purpose.IDENTITY:
        out = [it.id for it in register.live_envelopes(its.id) if not _lies(it)]
        if out:
            lie = "lies" if len(out) == 1 else "lie"
            yield f"{listed(out)} of set {its.id}, which is in force, {lie} in no safe"

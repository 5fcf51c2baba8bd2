"""Access: the register as holdings, with who has what now, and who could have had it before.

What a person once saw, or could have read, counts until the secret was changed; what lies in a safe
is in the reach of all who know its combination, until that was changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from keyvault_kit.custody.holdings import Container, Holdings, Item, Kind, Way
from keyvault_kit.custody.model import (
    Envelope,
    EnvelopeState,
    Exposure,
    Form,
    Person,
    Purpose,
    Retirement,
    SecretSet,
    SecurityKey,
    SetState,
)
from keyvault_kit.custody.register import Register

_GONE: Final = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)
_PIECES: Final = {Form.SHARES: Kind.SHARE, Form.PARTS: Kind.PART}
_EYES: Final = 2
"""Whoever stands by under the eyes of another reads nothing, unless the two agree to."""
_HALVES: Final = 2
"""A password is typed at the tenant in two halves, by two people."""


def holdings_of(register: Register, on: date | None = None) -> Holdings:
    """The register as holdings.

    An item is a key in service with a passkey (its id is the tag), a sheet of a secret that may
    still open something (the id of its envelope), or what people saw of one (`seen:SET`).

    Args:
        on: Who has no authority on that day is left out of survival; nobody is where it is absent.
    """
    items = (*_keys(register), *_sheets(register), *_seen(register))
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
    )


def has_authority(person: Person, day: date) -> bool:
    """Whether a person may act on a day."""
    return (person.since or day) <= day <= (person.until or day)


def may_open(it: SecretSet) -> bool:
    """Whether the secret of a set may open something.

    It does while the set is in force; it may when a set that is not was offered to the tenant, or
    its PIN was put on paper and perhaps on the key; and when the tenant took what should be dead.
    """
    if it.purpose is Purpose.IDENTITY:
        return False
    pending = it.state is SetState.MADE and (it.offered or it.purpose is Purpose.PIN)
    return it.state is SetState.IN_FORCE or pending or it.lives


# --- Keys


def _keys(register: Register) -> Iterator[Item]:
    for key in register.keys.values():
        if not _in_service(key):
            continue
        envelope = _envelope_of(register, key)
        now = _now(register, envelope)
        before = _before(register, envelope, readable=False) if envelope else ()
        yield Item(
            id=key.id,
            kind=Kind.KEY,
            accounts=(key.account,),
            safe=_safe(envelope),
            holder=_holder(envelope),
            now=now,
            before=_beside(now, before),
            counts=_lies(envelope),
        )


def _in_service(key: SecurityKey) -> bool:
    return key.retired is None and key.credential is not None


def _envelope_of(register: Register, key: SecurityKey) -> Envelope | None:
    """The envelope of a key; none where the newest bag holds evidence that it is another key."""
    packed = [it for it in register.envelopes_holding(f"key:{key.id}") if it.state not in _GONE]
    evidence = register.envelopes_holding(f"evidence:{key.id}")
    if packed and evidence:
        made = {it: i for i, it in enumerate(register.envelopes)}
        if made[evidence[-1].id] > made[packed[-1].id]:
            return None
    return packed[-1] if packed else None


# --- Sheets


def _sheets(register: Register) -> Iterator[Item]:
    seen = _seen_sheets(register)
    for its in register.sets.values():
        if not may_open(its):
            continue
        for envelope_id in register.sheets.get(its.id, ()):
            envelope = register.envelopes[envelope_id]
            saw = seen.get((its.id, envelope.number), ())
            now = _now(register, envelope)
            before = _beside(now, (*saw, *_before(register, envelope, readable=True)))
            if not (now or before):
                continue
            yield Item(
                id=envelope.id,
                kind=_PIECES.get(its.form, _kind(its)),
                accounts=_accounts(its),
                keys=_for_keys(its),
                set=its.id if its.form in _PIECES else "",
                threshold=its.threshold,
                safe=_safe(envelope),
                holder=_holder(envelope),
                now=now,
                before=before,
                counts=_lies(envelope) and its.state is SetState.IN_FORCE,
            )


def _kind(its: SecretSet) -> Kind:
    return Kind.PIN if its.purpose is Purpose.PIN else Kind.PASSWORD


def _accounts(its: SecretSet) -> tuple[str, ...]:
    return (its.subject,) if its.purpose is Purpose.PASSWORD else ()


def _for_keys(its: SecretSet) -> tuple[str, ...]:
    return (its.subject,) if its.purpose is Purpose.PIN else ()


# --- Ways


def _lies(envelope: Envelope | None) -> bool:
    return envelope is not None and envelope.state is EnvelopeState.DEPOSITED


def _safe(envelope: Envelope | None) -> str:
    return (envelope.safe or "") if envelope and _lies(envelope) else ""


def _holder(envelope: Envelope | None) -> str:
    return envelope.hands[0] if envelope and len(envelope.hands) == 1 else ""


def _now(register: Register, envelope: Envelope | None) -> tuple[Way, ...]:
    """Through its safe, or by the hands of those who handled it last."""
    if envelope is None:
        return ()
    if _lies(envelope) and envelope.safe:
        safe = register.safes[envelope.safe]
        return (Way(frozenset(safe.openers), safe.need, f"opens safe {safe.id}"),)
    return (Way(frozenset(envelope.hands), 1, "had it in hand last"),) if envelope.hands else ()


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
        terms = register.safe_terms[stay.safe]
        for era in register.eras(stay.safe):
            first = max(stay.since, era.since) if era.since else stay.since
            ends = [it for it in (stay.until, era.until) if it]
            last = min(ends) if ends else None
            if (last and first >= last) or (last and not readable):
                continue
            how = f"opened safe {stay.safe} when it lay there"
            if last is None:
                how = f"knows the combination of safe {stay.safe}, unchanged since"
            needs = {it.need for it in terms if it.lasted(first, last)}
            knew = era.knew(terms, last)
            yield from (Way(knew, need, how) for need in sorted(needs))


# --- What was seen


def _seen_sheets(register: Register) -> dict[tuple[str, int | None], list[Way]]:
    """Set and number of a sheet -> by those who saw it."""
    found: dict[tuple[str, int | None], list[Way]] = defaultdict(list)
    for it in register.exposures:
        if it.number is not None:
            found[it.set, it.number].append(_remembers(it))
    return found


def _remembers(it: Exposure) -> Way:
    """Alone, what somebody saw; with another, what they both stood by to (ADR 13)."""
    if not it.present:
        return Way(frozenset((it.person,)), 1, "saw it")
    people = frozenset((it.person, *it.beside))
    return Way(people, min(_EYES, len(people)), "stood by while it lay open")


def _seen(register: Register) -> Iterator[Item]:
    """What people saw of a whole secret, or of the halves in which a password was typed."""
    whole: dict[str, list[Way]] = defaultdict(list)
    halves: dict[tuple[str, int], list[Way]] = defaultdict(list)
    for it in register.exposures:
        if it.half is not None:
            halves[it.set, it.half].append(_remembers(it))
        elif it.number is None:
            whole[it.set].append(_remembers(it))
    for name, ways in whole.items():
        its = register.sets.get(name)
        if its and may_open(its):
            yield _memory(f"seen:{name}", _kind(its), its, ways)
    for (name, half), ways in halves.items():
        its = register.sets.get(name)
        if its and may_open(its):
            yield _memory(f"seen:{name}:half-{half}", Kind.PART, its, ways)


def _memory(name: str, kind: Kind, its: SecretSet, ways: list[Way]) -> Item:
    return Item(
        id=name,
        kind=kind,
        accounts=_accounts(its),
        keys=_for_keys(its),
        set=f"halves:{its.id}" if kind is Kind.PART else "",
        threshold=_HALVES if kind is Kind.PART else 1,
        before=tuple(dict.fromkeys(ways)),
        counts=False,
    )


# --- What is odd


def _remarks(register: Register) -> Iterator[str]:
    for key in register.keys.values():
        if key.retired is Retirement.LOST and key.credential:
            yield f"key {key.id} is lost, and whoever finds it has it: its passkey is still good"
        elif _in_service(key) and not _lies(_envelope_of(register, key)):
            yield f"key {key.id} lies in no safe"
    for its in register.sets.values():
        if its.state is not SetState.IN_FORCE or its.purpose is Purpose.IDENTITY:
            continue
        out = [it.id for it in register.live_envelopes(its.id) if not _lies(it)]
        if out:
            lie = "lies" if len(out) == 1 else "lie"
            yield f"{' and '.join(out)} of set {its.id}, which is in force, {lie} in no safe"

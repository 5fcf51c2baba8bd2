"""What was done with an account, and by whom, from the ledger: what a post-mortem judges (S62)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import has_authority
from keyvault_kit.custody.entries import TIME_FORMAT, Entry, decode
from keyvault_kit.custody.model import Envelope, Purpose, Role
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import listed

_MAY: Final = frozenset({Role.OFFICER, Role.CUSTODIAN, Role.WITNESS})
"""Who handles bags, keys and sheets; auditors look on."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done with an account, or with what opens it.

    Attributes:
        time: When, aware.
        who: Ids of the people that the ledger names; nobody for what the tenant's log says.
        what: In words.
        doubts: Why somebody of them had no authority for it; empty where they had.
    """

    time: datetime
    who: tuple[str, ...]
    what: str
    doubts: tuple[str, ...] = ()

    def __str__(self) -> str:
        by = f"{listed(self.who)}: " if self.who else ""
        return f"{self.time.strftime(TIME_FORMAT)}  {by}{self.what}"


def last_held(register: Register, account: str) -> datetime | None:
    """Up to when the uses of an account were looked into; None where they never were."""
    return max((it.time for it in register.classed.get(account, ())), default=None)


def deeds(book: Book, account: str) -> tuple[Deed, ...]:
    """What was done with an account since its last post-mortem, oldest first.

    What people saw when its secrets were made is none of it.
    """
    since = last_held(book.register, account)
    entries = (decode(body) for body in book.ledger.bodies())
    found = [
        deed
        for entry in entries
        if since is None or entry.when > since
        for deed in _told(book.register, account, entry)
    ]
    return tuple(sorted(found, key=lambda it: it.time))


USES: Final = ("open", "recover", "drill")
"""Plans in which an account is used."""


def took_part(register: Register, account: str) -> frozenset[str]:
    """Who used an account, or saw what opens it, since its last post-mortem."""
    since = last_held(register, account)
    uses = (
        it
        for it in register.ceremonies.values()
        if it.plan in USES and it.request.get("account") == account
    )
    used = {
        person
        for it in uses
        if since is None or max(it.times, default=since) > since
        for person in it.people
    }
    saw = {
        it.person
        for it in register.exposures
        if it.time
        and (since is None or it.time > since)
        and not it.present
        and _came_after(register, account, it.set, it.seq)
    }
    return frozenset(used | saw)


def _told(register: Register, account: str, entry: Entry) -> Iterator[Deed]:
    fact, who = entry.fact, entry.by
    match fact:
        case ev.EnvelopeOpened() if _opens(register, account, fact.envelope):
            its = register.envelopes[fact.envelope]
            state = "" if fact.intact else "; its bag was not intact"
            what = f"opened {its.id}, {contents_in(register, its)} ({fact.why}){state}"
        case ev.SecretExposed() if _came_after(register, account, fact.set, entry.seq):
            who, what = (fact.person,), f"saw {_seen(fact)} of {fact.set}"
        case ev.AccountUsed(account=used) if used == account:
            what = f"used {account}{_with_key(fact.key)} ({fact.why})"
        case ev.PasswordRecovered(account=used) if used == account:
            what = "signed in with its password" if fact.accepted else "tried its password"
        case ev.SignInSeen(account=used) if used == account:
            refused = "" if fact.succeeded else ", refused"
            what = f"the tenant's log has a sign-in{_with_key(fact.key)}{refused}"
            who = ()
        case _:
            return
    doubts = (doubt for person in who for doubt in _doubts(register, person, entry.when))
    yield Deed(time=entry.when, who=who, what=what, doubts=tuple(doubts))


def _with_key(tag: str | None) -> str:
    return f" with key {tag}" if tag else ""


def _opens(register: Register, account: str, envelope: str) -> bool:
    """Whether an envelope holds what opens an account: a key, its PIN, or a sheet."""
    its = register.envelopes.get(envelope)
    if its is None:
        return False
    return _is_of(register, account, its.set) if its.set else _holds_key(register, account, its)


def _holds_key(register: Register, account: str, its: Envelope) -> bool:
    kind, _, tag = its.holds.partition(":")
    return kind == "key" and tag in register.keys and register.keys[tag].account == account


def _came_after(register: Register, account: str, set_id: str, seq: int) -> bool:
    """Whether an entry came after a secret of an account was in force."""
    since = register.sets[set_id].since_seq if set_id in register.sets else None
    return since is not None and since < seq and _is_of(register, account, set_id)


def _is_of(register: Register, account: str, set_id: str) -> bool:
    its = register.sets.get(set_id)
    if its is None:
        return False
    if its.purpose is Purpose.PIN:
        return its.subject in register.keys and register.keys[its.subject].account == account
    return its.purpose is Purpose.PASSWORD and its.subject == account


def _seen(fact: ev.SecretExposed) -> str:
    if fact.half:
        return f"half {fact.half}"
    return f"sheet {fact.number}" if fact.number else "the whole"


def _doubts(register: Register, person: str, when: datetime) -> Iterator[str]:
    its = register.people.get(person)
    if its is None:
        yield f"{person} is not in the register"
    elif not has_authority(its, when.date()):
        yield f"{person} had no authority on {when.date()}"
    elif not set(its.roles) & _MAY:
        yield f"{person} is {listed(its.roles)}, who handles nothing"

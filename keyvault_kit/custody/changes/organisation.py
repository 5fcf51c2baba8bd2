"""Founding, people, places, accounts and decisions."""

from datetime import date, datetime
from typing import Any, Final

import msgspec

from keyvault_kit.custody import authority
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.history import Noted, SafeTerm, Trigger, end
from keyvault_kit.custody.model import (
    ENVELOPES,
    Account,
    Decision,
    EnvelopeFormat,
    PaperSize,
    Person,
    Safe,
    Site,
)
from keyvault_kit.custody.register import Register, add, known
from keyvault_kit.errors import RefusedError

SHORT: Final = 30
"""Characters of an id from which other ids are made."""


def _organisation(state: Register, fact: ev.OrganisationNamed, _: Entry) -> None:
    state.organisation = fact.name


# --- People


def _check_validity(fact: ev.PersonAdded | ev.PersonChanged) -> None:
    if not fact.roles or len(set(fact.roles)) < len(fact.roles):
        raise RefusedError(f"{fact.person} has no role, or one twice", mend="Name each role once.")
    if fact.since and fact.until and fact.until < fact.since:
        raise RefusedError(f"the authority of {fact.person} would end before it begins")


def _person(state: Register, fact: ev.PersonAdded, entry: Entry) -> None:
    _check_validity(fact)
    person = Person(
        id=fact.person,
        roles=fact.roles,
        details=fact.details,
        since=fact.since,
        until=fact.until,
        added=entry.when,
    )
    add(state.people, fact.person, person, "person")


def _person_changed(state: Register, fact: ev.PersonChanged, entry: Entry) -> None:
    _check_validity(fact)
    person = known(state.people, fact.person, "person")
    renamed = (person.details,) if fact.details != person.details else ()
    changed = msgspec.structs.replace(
        person,
        roles=fact.roles,
        details=fact.details,
        since=fact.since,
        until=fact.until,
        former=(*person.former, *renamed),
    )
    _check_changes(person, changed, f"person {person.id}")
    if _may_do_more_or_other(person, changed):
        changed = msgspec.structs.replace(changed, changed=(*person.changed, entry.when))
    if changed.until != person.until:
        known_since = entry.when if changed.until else None
        changed = msgspec.structs.replace(changed, until_known=known_since)
    state.people[person.id] = changed
    authority.check_two_can_act(state, entry)


def _may_do_more_or_other(before: Person, after: Person) -> bool:
    """Whether roles changed, or the authority begins on another day or lasts longer.

    An end that is set, or comes earlier, sets something off on its own day (S55).
    """
    longer = (after.until or date.max) > (before.until or date.max)
    return longer or (set(before.roles), before.since) != (set(after.roles), after.since)


def _check_changes(before: object, after: object, what: str) -> None:
    """A change that changes nothing is a slip of whoever typed it."""
    if before == after:
        raise RefusedError(f"{what} is like that already: nothing would change")


def _absence(state: Register, fact: ev.AbsenceNoted, _: Entry) -> None:
    person = known(state.people, fact.person, "person")
    absences = (*person.absences, fact.details)
    state.people[person.id] = msgspec.structs.replace(person, absences=absences)


def _erased(state: Register, fact: ev.DetailsErased, _: Entry) -> None:
    if not fact.commitments:
        raise RefusedError("nothing was named to erase")
    if fact.person is not None:
        known(state.people, fact.person, "person")
    else:
        _forget_absences(state, frozenset(fact.commitments))


def _forget_absences(state: Register, erased: frozenset[str]) -> None:
    """Rows that are erased as nobody's in particular are kept no longer: those days are over."""
    for person in state.people.values():
        absences = tuple(it for it in person.absences if it not in erased)
        if absences != person.absences:
            state.people[person.id] = msgspec.structs.replace(person, absences=absences)


# --- Sites and safes


def _site(state: Register, fact: ev.SiteAdded, _: Entry) -> None:
    _check_short(fact.site, "site")
    add(state.sites, fact.site, _site_of(fact), "site")


def _site_changed(state: Register, fact: ev.SiteChanged, _: Entry) -> None:
    changed = _site_of(fact)
    _check_changes(known(state.sites, fact.site, "site"), changed, f"site {fact.site}")
    state.sites[fact.site] = changed


def _site_of(fact: ev.SiteAdded | ev.SiteChanged) -> Site:
    paper = PaperSize(fact.paper)
    if fact.envelope is None:
        return Site(id=fact.site, paper=paper)
    envelope = EnvelopeFormat(fact.envelope)
    if envelope not in ENVELOPES[paper]:
        raise RefusedError(
            f"{paper} paper is not folded for an envelope {envelope}",
            mend=f"Choose one of {', '.join(ENVELOPES[paper])}.",
        )
    return Site(id=fact.site, paper=paper, envelope=envelope)


def _check_openers(state: Register, fact: ev.SafeAdded | ev.SafeChanged) -> None:
    for opener in fact.openers:
        known(state.people, opener, "person")
    if not fact.openers or len(set(fact.openers)) < len(fact.openers):
        raise RefusedError(f"safe {fact.safe} has no openers, or one twice")
    if fact.need > len(fact.openers):
        raise RefusedError(f"safe {fact.safe} needs {fact.need} openers and has fewer")


def _safe(state: Register, fact: ev.SafeAdded, entry: Entry) -> None:
    known(state.sites, fact.site, "site")
    _check_openers(state, fact)
    safe = Safe(id=fact.safe, site=fact.site, openers=fact.openers, need=fact.need)
    add(state.safes, fact.safe, safe, "safe")
    _begin_term(state, safe, entry)


def _safe_changed(state: Register, fact: ev.SafeChanged, entry: Entry) -> None:
    safe = known(state.safes, fact.safe, "safe")
    _check_openers(state, fact)
    changed = msgspec.structs.replace(safe, openers=fact.openers, need=fact.need)
    _check_changes(safe, changed, f"safe {safe.id}")
    state.safes[safe.id] = changed
    _begin_term(state, changed, entry)


def _safe_moved(state: Register, fact: ev.SafeMoved, entry: Entry) -> None:
    safe = known(state.safes, fact.safe, "safe")
    known(state.sites, fact.site, "site")
    if safe.site == fact.site:
        raise RefusedError(f"safe {safe.id} stands at {safe.site} already")
    state.safes[safe.id] = msgspec.structs.replace(safe, site=fact.site)
    moved = Noted(trigger=Trigger.RELOCATION, time=entry.when, seq=entry.seq)
    state.triggers.append(moved)


def _begin_term(state: Register, safe: Safe, entry: Entry) -> None:
    """Keep who opens a safe from now on, and until when others did."""
    ended = tuple(
        it if it.until is not None else msgspec.structs.replace(it, until=_end(it, entry))
        for it in state.safe_terms.get(safe.id, ())
    )
    term = SafeTerm(openers=safe.openers, need=safe.need, since=entry.when)
    state.safe_terms[safe.id] = (*ended, term)


def _end(it: SafeTerm, entry: Entry) -> datetime:
    return end(it.since, entry.when, entry.time)


# --- Accounts


def _check_names(state: Register, fact: ev.AccountAdded | ev.AccountChanged) -> None:
    for other in state.accounts.values():
        if other.id == fact.account:
            continue
        if other.upn.casefold() == fact.upn.casefold():
            raise RefusedError(f"{fact.upn} is the sign-in name of account {other.id} already")
        if fact.object_id and other.object_id == fact.object_id:
            raise RefusedError(f"{fact.object_id} is the object id of account {other.id} already")


def _account(state: Register, fact: ev.AccountAdded, entry: Entry) -> None:
    _check_names(state, fact)
    _check_short(fact.account, "account")
    account = Account(id=fact.account, upn=fact.upn, object_id=fact.object_id, added=entry.when)
    add(state.accounts, fact.account, account, "account")


def _check_short(thing: str, word: str) -> None:
    """Ids of sets, envelopes and ceremonies are made from it, and have 64 characters at most."""
    if len(thing) > SHORT:
        raise RefusedError(
            f"the id of a new {word} has {len(thing)} characters, more than {SHORT}",
            mend="Choose a shorter one.",
        )


def _account_changed(state: Register, fact: ev.AccountChanged, _: Entry) -> None:
    account = known(state.accounts, fact.account, "account")
    _check_names(state, fact)
    changes: dict[str, Any] = {"upn": fact.upn, "object_id": fact.object_id}
    changed = msgspec.structs.replace(account, **changes)
    _check_changes(account, changed, f"account {account.id}")
    state.accounts[account.id] = changed


# --- Decisions


def _decision(state: Register, fact: ev.DecisionMade, entry: Entry) -> None:
    conflict = CONFLICTS.get(fact.decision)
    if conflict and fact.choice not in conflict.positions:
        raise RefusedError(
            f"{fact.choice!r} is no position on {fact.decision}",
            mend=f"Choose one of {', '.join(conflict.positions)}.",
        )
    if fact.review < entry.time.date():
        raise RefusedError(
            f"decision {fact.decision} would be looked at again on {fact.review}, in the past",
            mend="Name a later day.",
        )
    state.decisions[fact.decision] = Decision(
        id=fact.decision,
        choice=fact.choice,
        review=fact.review,
        details=fact.details,
        by=entry.by,
        seq=entry.seq,
    )


HANDLERS: Handlers = {
    ev.OrganisationNamed: _organisation,
    ev.PersonAdded: _person,
    ev.PersonChanged: _person_changed,
    ev.AbsenceNoted: _absence,
    ev.DetailsErased: _erased,
    ev.SiteAdded: _site,
    ev.SiteChanged: _site_changed,
    ev.SafeAdded: _safe,
    ev.SafeChanged: _safe_changed,
    ev.SafeMoved: _safe_moved,
    ev.AccountAdded: _account,
    ev.AccountChanged: _account_changed,
    ev.DecisionMade: _decision,
}

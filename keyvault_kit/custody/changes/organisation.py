"""Founding, people, places and accounts."""

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.changes.handler import Handlers
from keyvault_kit.custody.entries import Entry
from keyvault_kit.custody.model import Account, PaperSize, Person, Safe, Site
from keyvault_kit.custody.register import Register, add, known
from keyvault_kit.errors import RefusedError


def _founded(state: Register, fact: ev.LedgerFounded, _: Entry) -> None:
    if len({f.person for f in fact.founders}) < 2:  # noqa: PLR2004 - nobody founds alone
        raise RefusedError("a ledger is founded by two people or more")
    if len({f.public_key for f in fact.founders}) < len(fact.founders):
        raise RefusedError("two founders have one key", mend="Each enrols a key of their own.")
    state.mode = fact.mode
    state.signers = {f.person: f for f in fact.founders}


def _organisation(state: Register, fact: ev.OrganisationNamed, _: Entry) -> None:
    state.organisation = fact.name


def _person(state: Register, fact: ev.PersonAdded, _: Entry) -> None:
    person = Person(id=fact.person, roles=fact.roles, details=fact.details)
    add(state.people, fact.person, person, "person")


def _site(state: Register, fact: ev.SiteAdded, _: Entry) -> None:
    add(state.sites, fact.site, Site(id=fact.site, paper=PaperSize(fact.paper)), "site")


def _safe(state: Register, fact: ev.SafeAdded, _: Entry) -> None:
    known(state.sites, fact.site, "site")
    for opener in fact.openers:
        known(state.people, opener, "person")
    if fact.need > len(set(fact.openers)):
        raise RefusedError(f"safe {fact.safe} needs {fact.need} openers and has fewer")
    safe = Safe(id=fact.safe, site=fact.site, openers=fact.openers, need=fact.need)
    add(state.safes, fact.safe, safe, "safe")


def _account(state: Register, fact: ev.AccountAdded, _: Entry) -> None:
    add(state.accounts, fact.account, Account(id=fact.account, upn=fact.upn), "account")


HANDLERS: Handlers = {
    ev.LedgerFounded: _founded,
    ev.OrganisationNamed: _organisation,
    ev.PersonAdded: _person,
    ev.SiteAdded: _site,
    ev.SafeAdded: _safe,
    ev.AccountAdded: _account,
}

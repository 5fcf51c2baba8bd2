"""The card of a site, from the register: what lies where, and how to get in from paper alone."""

from collections.abc import Iterable
from datetime import date

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.handling import key_envelope
from keyvault_kit.ceremonies.paperwork import heading, name_of
from keyvault_kit.custody.access import NOT_THERE
from keyvault_kit.custody.model import Account, Envelope, EnvelopeState, Form, Purpose, SecurityKey
from keyvault_kit.custody.register import Register, known
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import site_card
from keyvault_kit.sheets.pages.site_card import (
    CardAccount,
    CardEnvelope,
    CardKey,
    CardPerson,
    CardSafe,
    CardSet,
)


def card_of(book: Book, site: str, paper: Paper, *, day: date, envelope: str = "") -> bytes:
    """The card of a site as a PDF; confidential, and nothing on it is secret (S34, S36, S43).

    Args:
        envelope: The envelope that it is sealed in; empty for one to look at.
    """
    known(book.register.sites, site, "site")
    accounts = tuple(_account(book, it) for it in book.register.accounts.values())
    sheet = site_card.SiteCard(
        heading=heading(
            book, label=f"Site card of {site}", sheet_id=envelope or f"card-{site}", day=day
        ),
        site=site,
        accounts=accounts,
        people=_people(book, accounts),
    )
    return site_card.render(sheet, paper)


def _account(book: Book, account: Account) -> CardAccount:
    register = book.register
    lying: dict[str, Envelope] = {}
    keys = tuple(_keys(register, account, lying))
    sets = tuple(_sets(register, account, lying))
    return CardAccount(
        account=account.id,
        sign_in=account.upn,
        envelopes=tuple(_envelope(book, it) for it in lying.values()),
        keys=keys,
        sets=sets,
    )


def _people(book: Book, accounts: Iterable[CardAccount]) -> tuple[CardPerson, ...]:
    """Who opens the safes in which something lies, and how they are reached."""
    safes = dict.fromkeys(it.safe.safe for account in accounts for it in account.envelopes)
    opens: dict[str, list[str]] = {}
    for safe in safes:
        for person in book.register.safes[safe].openers:
            opens.setdefault(person, []).append(safe)
    return tuple(
        CardPerson(name_of(book, person), tuple(its), _contact(book, person))
        for person, its in opens.items()
    )


def _contact(book: Book, person: str) -> str:
    return book.row_behind(book.register.people[person].details).get("contact", "")


def _missed(register: Register) -> frozenset[str]:
    """What somebody found not to lie where it should, or to be no use: nobody is sent for it."""
    return frozenset(it.subject for it in register.open_findings() if it.rule in NOT_THERE)


def _keys(register: Register, account: Account, lying: dict[str, Envelope]) -> list[CardKey]:
    """The keys that lie in safes together with their PINs' mailers; these are added to `lying`."""
    found, missed = [], _missed(register)
    for key in register.keys.values():
        packed, mailer = key_envelope(register, key.id), _mailer(register, key)
        if key.account != account.id or key.retired or packed is None or mailer is None:
            continue
        if packed.safe and mailer.safe and missed.isdisjoint((key.id, packed.id, mailer.id)):
            lying |= {packed.id: packed, mailer.id: mailer}
            found.append(CardKey(key.id, key.product, packed.id, mailer.id))
    return found


def _mailer(register: Register, key: SecurityKey) -> Envelope | None:
    return next(iter(register.live_envelopes(key.pin_set)), None) if key.pin_set else None


def _sets(register: Register, account: Account, lying: dict[str, Envelope]) -> list[CardSet]:
    """The password's shares, if enough of them lie in safes; its sheets are added to `lying`."""
    in_force = register.in_force.get(f"{Purpose.PASSWORD}:{account.id}")
    if in_force is None:
        return []
    its = register.sets[in_force]
    lie = [it for it in register.live_envelopes(its.id) if it.state is EnvelopeState.DEPOSITED]
    there = [it for it in lie if it.safe and it.id not in _missed(register)]
    lying |= {it.id: it for it in there}
    if its.form is not Form.SHARES or len(there) < its.threshold:
        return []
    return [CardSet(its.id, its.threshold, tuple(it.id for it in there))]


def _envelope(book: Book, it: Envelope) -> CardEnvelope:
    safe = book.register.safes[it.safe or ""]
    return CardEnvelope(
        envelope=it.id,
        holds=contents_in(book.register, it),
        bag=it.bag or "",
        safe=CardSafe(
            safe=safe.id,
            site=safe.site,
            openers=tuple(name_of(book, person) for person in safe.openers),
            needed=safe.need,
        ),
    )

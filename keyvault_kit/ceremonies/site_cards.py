"""The card of a site, from the register: what lies where, and how to get in from paper alone."""

from datetime import date

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.handling import key_envelope
from keyvault_kit.ceremonies.paperwork import heading, name_of
from keyvault_kit.custody.model import Account, Envelope, EnvelopeState, Form, Purpose, SecurityKey
from keyvault_kit.custody.register import Register, known
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import site_card
from keyvault_kit.sheets.pages.site_card import (
    CardAccount,
    CardEnvelope,
    CardKey,
    CardSafe,
    CardSet,
)


def card_of(book: Book, site: str, paper: Paper, *, day: date, envelope: str = "") -> bytes:
    """The card of a site as a PDF; confidential, and nothing on it is secret (S34, S36, S43).

    Args:
        envelope: The envelope that it is sealed in; empty for one to look at.
    """
    known(book.register.sites, site, "site")
    sheet = site_card.SiteCard(
        heading=heading(
            book, label=f"Site card of {site}", sheet_id=envelope or f"card-{site}", day=day
        ),
        site=site,
        accounts=tuple(_account(book, it) for it in book.register.accounts.values()),
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


def _keys(register: Register, account: Account, lying: dict[str, Envelope]) -> list[CardKey]:
    """The keys that lie in safes together with their PINs' mailers; these are added to `lying`."""
    found = []
    for key in register.keys.values():
        packed, mailer = key_envelope(register, key.id), _mailer(register, key)
        if key.account != account.id or key.retired or packed is None or mailer is None:
            continue
        if packed.safe and mailer.safe:
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
    there = [
        it
        for it in register.live_envelopes(its.id)
        if it.state is EnvelopeState.DEPOSITED and it.safe
    ]
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

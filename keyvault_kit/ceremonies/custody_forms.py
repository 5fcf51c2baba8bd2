"""The custody map, and the work orders for somebody who leaves, filled from the register."""

import base64
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Final

from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.paperwork import heading, name_of
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import Analysis, analyse
from keyvault_kit.custody.holdings import Holdings, Kind
from keyvault_kit.custody.leaving.leaver import leaver
from keyvault_kit.custody.matrix import matrix_of
from keyvault_kit.custody.sentences import (
    costing_together,
    locking_out_together,
    thin_days_told,
    untold_told,
    who_can_act,
)
from keyvault_kit.custody.survival import usable
from keyvault_kit.custody.thin_days import thin_days, validity
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import custody_map as map_page
from keyvault_kit.sheets.pages import work_orders as orders_page
from keyvault_kit.sheets.pages.custody_map import MapRow
from keyvault_kit.sheets.pages.work_orders import OrderLine

Survival = tuple[str, tuple[str, ...]]
"""What is lost, or who is away -> the accounts that can still be used."""

_WORDS: Final = {Kind.PIN: "PIN"}


def custody_map(book: Book, paper: Paper, *, now: datetime) -> bytes:
    """The custody map of all accounts as a PDF; confidential (S34 to S39, S43).

    Args:
        now: Survival counts on those alone who have authority on that day.

    Raises:
        InputError: A name cannot be printed.
    """
    ledger = book.ledger
    holdings = holdings_of(book.register, now.date())
    found = analyse(holdings)
    its = matrix_of(holdings, found.minimal_coalitions_now, found.minimal_coalitions_ever)
    sheet = map_page.CustodyMap(
        heading=heading(book, label="Custody of all accounts", sheet_id="custody", day=now.date()),
        entries=ledger.size,
        root=base64.b64encode(ledger.checkpoint(ledger.size).root).decode(),
        accounts=its.accounts,
        rows=tuple(
            MapRow(tuple(_name_and_id(book, it) for it in row.people), row.cells, row.ever)
            for row in its.rows
        ),
        survivals=tuple(_survivals(holdings, found)),
        sentences=_whole(who_can_act(holdings, found)),
        days=_whole(_days(book, holdings, now.date())),
        findings=tuple(
            (it.severity.value, f"{it.rule}: {it.what}. {it.why} {it.mend}")
            for it in found.findings
        ),
    )
    return map_page.render(sheet, paper)


def work_orders(book: Book, person: str, on: date, paper: Paper, *, now: datetime) -> bytes:
    """The work orders for somebody who leaves as a PDF; confidential (S39, S42, S55).

    Args:
        on: The last day of the person's authority.

    Raises:
        RefusedError: There is no such person.
        InputError: A text cannot be printed.
    """
    its = leaver(book.register, person, on, now)
    sheet = orders_page.WorkOrders(
        heading=heading(
            book, label=f"{person} leaves", sheet_id=f"leaver-{person}", day=now.date()
        ),
        person=_name_and_id(book, person),
        on=its.on,
        reached=_whole(its.reached),
        remembers=_whole(its.remembers),
        orders=tuple(OrderLine(it.what, it.by, it.why, it.done) for it in its.orders),
    )
    return orders_page.render(sheet, paper)


def _whole(told: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{it}." for it in told)


def _days(book: Book, holdings: Holdings, today: date) -> Iterator[str]:
    """The days on which too few are there, and whose days are not known (S37)."""
    away = (*absences_in(book), *validity(book.register))
    yield from map(thin_days_told, thin_days(holdings, away, today))
    if untold := untold_absences(book, today):
        yield untold_told(untold)


def _name_and_id(book: Book, person: str) -> str:
    name = name_of(book, person)
    return person if name == person else f"{name} ({person})"


def _survivals(holdings: Holdings, found: Analysis) -> Iterator[Survival]:
    """What can be used at the best; each site and safe; of all else what costs an account."""
    every = usable(holdings, holdings.acting)
    yield "nothing lost, everybody there", every
    if not every:
        return
    words = {it.id: f"{_WORDS.get(it.kind, it.kind)} {it.id}" for it in holdings.items}
    yield from ((f"site {site}", left) for site, left in found.site_loss.items())
    yield from ((f"safe {safe}", left) for safe, left in found.safe_loss.items())
    yield from _costly(found.item_loss, every, words.__getitem__, "key or sheet")
    yield from _costly(found.one_person_absent, every, lambda it: f"{it} away", "person away")
    yield from _together(found)


def _together(found: Analysis) -> Iterator[Survival]:
    """What two of these losses cost together, and neither of them alone."""
    for one, other in locking_out_together(found):
        yield f"{one} and {other} away", ()
    for site, person, _ in costing_together(found):
        yield f"site {site}, and {person} away", found.site_loss_and_one_absent[site][person]


def _costly(
    losses: dict[str, tuple[str, ...]],
    every: tuple[str, ...],
    word: Callable[[str], str],
    one: str,
) -> Iterator[Survival]:
    """The losses that cost an account, and a line for all of those that cost none."""
    costly = [(word(lost), left) for lost, left in losses.items() if left != every]
    yield from costly
    if len(costly) < len(losses):
        yield f"any {'other' if costly else 'one'} {one}", every

"""The custody map, and the work orders for somebody who leaves, filled from the register."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.paperwork import heading, name_of
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import Analysis, analyse
from keyvault_kit.custody.holdings import Holdings, Kind
from keyvault_kit.custody.leaving.leaver import leaver
from keyvault_kit.custody.matrix import matrix_of
from keyvault_kit.custody.reasons import sentences
from keyvault_kit.custody.survival import usable
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import custody_map as map_page
from keyvault_kit.sheets.pages import work_orders as orders_page
from keyvault_kit.sheets.pages.custody_map import MapRow
from keyvault_kit.sheets.pages.work_orders import OrderLine

Survival = tuple[str, tuple[str, ...]]
"""What is lost, or who is away -> the accounts that the others can still use."""

_WORDS: Final = {Kind.PIN: "PIN"}


def custody_map(book: Book, paper: Paper, *, now: datetime) -> bytes:
    """The custody map of all accounts as a PDF; confidential (S34 to S39, S43).

    Args:
        now: Survival counts on those alone who have authority on that day.

    Raises:
        InputError: The coalitions cannot be counted, or a name cannot be printed.
    """
    holdings = holdings_of(book.register, now.date())
    found = analyse(holdings)
    its = matrix_of(holdings, found.minimal_coalitions_now, found.minimal_coalitions_ever)
    sheet = map_page.CustodyMap(
        heading=heading(book, label="Custody of all accounts", sheet_id="custody", day=now.date()),
        accounts=its.accounts,
        rows=tuple(
            MapRow(tuple(_name_and_id(book, it) for it in row.people), row.cells, row.ever)
            for row in its.rows
        ),
        survivals=tuple(_survivals(holdings, found)),
        sentences=sentences(holdings, found),
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
        reached=its.reached,
        remembers=its.remembers,
        orders=tuple(OrderLine(it.what, it.by, it.why, it.done) for it in its.orders),
    )
    return orders_page.render(sheet, paper)


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
    for one, other in found.any_two_absent_that_lock_out_everything:
        if found.one_person_absent[one] and found.one_person_absent[other]:
            yield f"{one} and {other} away", ()
    for site, absent in found.site_loss_and_one_absent.items():
        for person, left in absent.items():
            apart = set(found.site_loss[site]) & set(found.one_person_absent[person])
            if apart - set(left):
                yield f"site {site}, and {person} away", left


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

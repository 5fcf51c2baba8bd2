"""Forms to be written on by hand, filled from the register as far as it knows; none is secret."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.documents import contents_in
from keyvault_kit.ceremonies.materials import materials_of
from keyvault_kit.ceremonies.paperwork import heading, name_of, role_of
from keyvault_kit.ceremonies.plan import Ceremony
from keyvault_kit.ceremonies.plans.by_name import PLANS
from keyvault_kit.ceremonies.records import record_of
from keyvault_kit.custody.model import Envelope, EnvelopeState, Purpose
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.schedule import Due, due
from keyvault_kit.custody.triggers import beginning
from keyvault_kit.sheets.forms import ListedBag, Participant
from keyvault_kit.sheets.geometry import Paper
from keyvault_kit.sheets.pages import (
    drill,
    exception,
    inventory,
    liner,
    opening,
    recovery,
    script,
    transfer,
    wall_chart,
)

_IN_SAFES: Final = (EnvelopeState.SEALED, EnvelopeState.DEPOSITED)


def script_of(book: Book, ceremony: Ceremony, paper: Paper, *, day: date) -> bytes:
    """The script of a ceremony that has not begun, to be printed before it (S57, S60)."""
    steps = ceremony.plan.steps(book.register, ceremony.request)
    people = sorted({*ceremony.people, *(who for step in steps for who in step.by)})
    sheet = script.CeremonyScript(
        heading=heading(
            book, label=f"Ceremony {ceremony.plan.name}", sheet_id=ceremony.id, day=day
        ),
        title=f"{ceremony.plan.name.capitalize()}: {ceremony.id}",
        steps=tuple(
            (number, step.activity, ", ".join(step.by)) for number, step in enumerate(steps, 1)
        ),
        participants=_participants(book, people),
        materials=materials_of(ceremony, steps),
    )
    return script.render(sheet, paper)


def ceremony_record(book: Book, ceremony: str, paper: Paper) -> bytes:
    """The record of a closed ceremony, from the ledger alone.

    A plan that is not made from the register and its request alone cannot be made again: of such
    ceremonies the ledger has but the names of the steps, with their people and times.

    Raises:
        RefusedError: There is no such ceremony, or it is not closed.
    """
    its = known(book.register.ceremonies, ceremony, "ceremony")
    plan = PLANS.get(its.plan)
    steps = plan.steps(book.register_at(its.started), its.request) if plan else ()
    return record_of(book, its.id, steps, paper)


def exception_sheet(
    book: Book, ceremony: str, paper: Paper, *, day: date, number: int = 1
) -> bytes:
    """A blank exception sheet; of a ceremony of the ledger where one is named.

    Args:
        number: Which of the ceremony's exception sheets it is, from 1.
    """
    of = known(book.register.ceremonies, ceremony, "ceremony") if ceremony else None
    sheet = exception.ExceptionSheet(
        heading=heading(
            book,
            label="Exception",
            sheet_id=ceremony or "exception",
            day=day,
            number=number,
            count=number,
        ),
        ceremony=f"{of.plan.capitalize()}: {of.id}" if of else "",
        participants=_participants(book, of.people if of else ()),
    )
    return exception.render(sheet, paper)


def transfer_form(
    book: Book, envelopes: tuple[str, ...], to: str, paper: Paper, *, day: date
) -> bytes:
    """A custody transfer of these envelopes to a safe; blank where none are named (S34)."""
    register = book.register
    items = [known(register.envelopes, it, "envelope") for it in envelopes]
    places = dict.fromkeys(_place(register, it.safe) for it in items if it.safe)
    sheet = transfer.CustodyTransfer(
        heading=heading(book, label="Custody transfer", sheet_id="transfer", day=day),
        items=tuple(
            transfer.TransferItem(it.id, contents_in(register, it), it.bag or "") for it in items
        ),
        origin=", ".join(places),
        destination=_place(register, to) if to else "",
    )
    return transfer.render(sheet, paper)


def drill_checklist(book: Book, account: str, paper: Paper, *, day: date) -> bytes:
    """The checklist of a drill of an account (S54, S56, S57)."""
    its = known(book.register.accounts, account, "account")
    sheet = drill.DrillChecklist(
        heading=heading(book, label=f"Drill of {its.id}", sheet_id=f"drill-{its.id}", day=day),
        account=its.upn,
    )
    return drill.render(sheet, paper)


def opening_form(book: Book, account: str, paper: Paper, *, day: date) -> bytes:
    """The form of an opening and its post-mortem; blank where no account is named (S62, S65)."""
    register = book.register
    its = known(register.accounts, account, "account") if account else None
    bags = [it for it in _of_account(register, account) if it.bag] if account else []
    sheet = opening.OpeningForm(
        heading=heading(
            book,
            label=f"Opening of {account}" if account else "Opening",
            sheet_id=f"opening-{account}" if account else "opening",
            day=day,
        ),
        account=its.upn if its else "",
        bags=tuple(ListedBag(it.id, contents_in(register, it), it.bag or "") for it in bags),
    )
    return opening.render(sheet, paper)


def safe_inventory(book: Book, safe: str, paper: Paper, *, day: date) -> bytes:
    """The inventory of a safe for the bag walk (S54)."""
    register = book.register
    its = known(register.safes, safe, "safe")
    lying = (it for it in register.envelopes.values() if it.safe == safe and it.bag)
    sheet = inventory.SafeInventory(
        heading=heading(book, label=f"Safe {safe}", sheet_id=f"inventory-{safe}", day=day),
        safe=safe,
        site=its.site,
        bags=tuple(
            ListedBag(it.id, _seen_through_bag(register, it), it.bag or "")
            for it in lying
            if it.state in _IN_SAFES
        ),
        openers=tuple(name_of(book, person) for person in its.openers),
    )
    return inventory.render(sheet, paper)


def wall_chart_from(book: Book, first: date, now: datetime, paper: Paper) -> bytes:
    """All duties of the twelve months from a day on, and what is overdue (S32, S42, S54 to S59)."""
    items = tuple(
        wall_chart.DueItem(it.day, it.what, _who(book, it), it.requirement)
        for it in due(book.register, max(now, beginning(first)))
    )
    sheet = wall_chart.WallChart(
        heading=heading(
            book, label=f"Twelve months from {first:%Y-%m}", sheet_id="chart", day=now.date()
        ),
        first=first,
        items=items,
    )
    return wall_chart.render(sheet, paper)


def recovery_sheet(book: Book, paper: Paper, *, day: date) -> bytes:
    """The recovery sheet: how a secret comes back from its shares without the kit."""
    top = heading(book, label="Recovery without the kit", sheet_id="recovery", day=day)
    return recovery.render(recovery.RecoverySheet(heading=top), paper)


def liner_sheet(book: Book, paper: Paper, *, day: date) -> bytes:
    """An opaque liner, behind which nothing is read against the light."""
    top = heading(book, label="Liner", sheet_id="liner", day=day)
    return liner.render(liner.LinerSheet(heading=top, set_id="any"), paper)


def _of_account(register: Register, account: str) -> list[Envelope]:
    """The envelopes in safes with what opens an account: its keys, their PINs, its password."""
    tags = [key.id for key in register.keys.values() if key.account == account]
    holding = {f"{kind}:{tag}" for tag in tags for kind in ("key", "pin")}
    live = register.live_envelopes(register.in_force.get(f"{Purpose.PASSWORD}:{account}", ""))
    of_password = {it.id for it in live}
    return [
        it
        for it in register.envelopes.values()
        if it.state in _IN_SAFES and (it.holds in holding or it.id in of_password)
    ]


def _participants(book: Book, people: Iterable[str]) -> tuple[Participant, ...]:
    return tuple(
        Participant(role=role_of(book.register, person), name=name_of(book, person), id=person)
        for person in people
    )


def _seen_through_bag(register: Register, its: Envelope) -> str:
    """What an envelope holds; of a key its serial number too, which a clear bag lets be read."""
    kind, _, what = its.holds.partition(":")
    key = register.keys.get(what) if kind == "key" else None
    serial = f", serial {key.serial or 'none'}" if key else ""
    return f"{contents_in(register, its)}{serial}"


def _who(book: Book, duty: Due) -> str:
    """Who does what is due, by name."""
    return ", ".join(name_of(book, person) for person in duty.who) or "two officers"


def _place(register: Register, safe: str) -> str:
    return f"safe {safe}, {known(register.safes, safe, 'safe').site}"

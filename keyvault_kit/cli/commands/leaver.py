"""`keyvault leaver`: what somebody who leaves could reach or remembers, and what is to be done."""

from datetime import date
from typing import Final

import click
import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies import custody_forms
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.commands.sheets import Where, where_options
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import DAY, ID, by_option, json_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.leaving.leaver import Leaver, leaver
from keyvault_kit.custody.leaving.orders import WorkOrder
from keyvault_kit.custody.model import Person
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import count_of
from keyvault_kit.errors import EXIT_FINDINGS, InputError

_UNDER: Final = " " * len("open  2026-01-31  ")
"""Before what stands below an order."""


@click.command("leaver")
@click.argument("person", type=ID)
@click.option("--on", type=DAY, help="The last day; the recorded one of the authority otherwise.")
@by_option
@where_options(needed=False)
@json_option
def command(
    person: str, on: date | None, *, by: tuple[str, ...], where: Where, as_json: bool
) -> int:
    """Tell what PERSON could reach or remembers, and what is to be done by when.

    Nothing is entered, unless two are named with --by: these sign that the authority of PERSON ends
    with that day. With --out or --printer the work orders are printed, too. An order is done when
    the ledger says so; exit status 1 while one is not. The rules stand in docs/leaver.md.
    """
    if by and as_json:
        raise click.UsageError("--json only shows: enter the last day with --by first")
    if by:
        _enter(where, person, on, by)
    book = open_book(where.ledger)
    now = now_of(book)
    its = leaver(book.register, person, _last_day(book.register, person, on), now)
    if as_json:
        print_json(msgspec.to_builtins(its))
    else:
        _tell(its, now.date())
    if where.named:
        where.put(
            lambda book, paper, _: custody_forms.work_orders(book, person, its.on, paper, now=now),
            private=True,
            as_json=as_json,
        )
    return EXIT_FINDINGS if its.open_orders else 0


def _last_day(register: Register, person: str, on: date | None) -> date:
    """The last day that was named, or that is on record."""
    day = on or known(register.people, person, "person").until
    if day is None:
        raise InputError(
            f"the last day of {person} is neither named nor on record",
            mend="Name it with --on YYYY-MM-DD.",
        )
    return day


def _enter(where: Where, person: str, on: date | None, by: tuple[str, ...]) -> None:
    """Have two sign the end of somebody's authority, unless it is on record."""
    with at_work(where.ledger) as it:
        day = _last_day(it.register, person, on)
        its: Person = known(it.register.people, person, "person")
        if its.until == day:
            say(f"The authority of {person} ends with {day} already.")
            return

        def act(work: Work) -> list[ev.Fact]:
            before = known(work.register.people, person, "person")
            changed = ev.PersonChanged(
                person=person,
                roles=before.roles,
                details=before.details,
                since=before.since,
                until=day,
            )
            return [changed]

        it.change(f"End the authority of {person} with {day}", by, act)


def _tell(its: Leaver, today: date) -> None:
    say(f"{its.person} leaves; the last day is {its.on}.")
    for heading, told in (("Within reach", its.reached), ("Remembered", its.remembers)):
        say(f"\n{heading}:")
        for line in told or ("nothing",):
            say(wrapped(f"{line}.", first="- ", then="  "))
    say("\nTo be done:")
    for it in its.orders:
        say(wrapped(it.what, first=f"{_state(it, today)}  {it.by}  ", then=_UNDER))
        say(wrapped(f"because {it.why}", first=_UNDER, then=_UNDER))
    left, of = len(its.open_orders), count_of(len(its.orders), "order")
    verb = "is" if left == 1 else "are"
    say(f"\n{left} of {of} {verb} open." if left else "\nAll orders are done.")


def _state(it: WorkOrder, today: date) -> str:
    if it.done:
        return "done"
    return "LATE" if it.by < today else "open"

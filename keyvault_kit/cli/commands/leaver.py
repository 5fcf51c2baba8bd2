"""`keyvault leaver`: what somebody who leaves could reach or remembers, and what is to be done."""

from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import click
import msgspec

from keyvault_kit.assembly import demand_paper, open_book
from keyvault_kit.assembly.printing import Onto, PrinterChoice
from keyvault_kit.ceremonies import custody_forms
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.plans import leaver as leaving
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.commands.sheets import Where
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import (
    DAY,
    ID,
    Parsed,
    by_option,
    json_option,
    ledger_option,
    paper_options,
)
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.leaving.leaver import Leaver, leaver
from keyvault_kit.custody.leaving.orders import WorkOrder
from keyvault_kit.custody.model import EnvelopeFormat, Id, PaperSize, Person
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.wording import count_of
from keyvault_kit.errors import EXIT_FINDINGS, InputError
from keyvault_kit.sheets.geometry import paper_for

_UNDER: Final = " " * len("open  2026-01-31  ")
"""Before what stands below an order."""


def _instead(value: str) -> str:
    safe, _, person = value.partition("=")
    try:
        msgspec.convert((safe, person), tuple[Id, Id])
    except msgspec.ValidationError as error:
        raise InputError(f"{value!r} is no SAFE=PERSON") from error
    return f"{safe}:{person}"


@click.command("leaver")
@click.argument("person", type=ID)
@click.option("--on", type=DAY, help="The last day; the recorded one of the authority otherwise.")
@click.option("--ceremony", "through", is_flag=True, help="Go through all that ends on that day.")
@click.option(
    "--instead",
    type=Parsed("SAFE=PERSON", _instead),
    multiple=True,
    help="With --ceremony: who opens a safe from then on; give it once for each.",
)
@by_option
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file for the work orders."
)
@click.option(
    "--paper",
    type=click.Choice([str(it) for it in PaperSize]),
    default=PaperSize.A4.value,
    show_default=True,
)
@click.option("--envelope", type=click.Choice([str(it) for it in EnvelopeFormat]))
@paper_options
@conduct_options
@ledger_option
@json_option
def command(
    person: str,
    on: date | None,
    instead: tuple[str, ...],
    *,
    through: bool,
    by: tuple[str, ...],
    out: Path | None,
    paper: str,
    envelope: str | None,
    onto: Onto,
    how: Conduct,
    ledger: Path,
    as_json: bool,
) -> int:
    """Tell what PERSON could reach or remembers, and what is to be done by when.

    Nothing is entered, unless two are named with --by: these sign that the authority of PERSON ends
    with that day. With --out or --printer the work orders are printed, too. An order is done when
    the ledger says so; exit status 1 while one is not. The rules stand in docs/leaver.md.

    With --ceremony two officers do on that day what ends with it: PERSON is taken off the safes,
    others take the place, the signing key is revoked, combinations are changed; what else is to be
    done is printed as work orders.
    """
    if by and as_json:
        raise click.UsageError("--json only shows: enter the last day with --by first")
    if not through and (instead or how.only_looks or isinstance(onto, Path)):
        raise click.UsageError("--instead, --sheets, --script and --dry-run go with --ceremony")
    if through and as_json:
        raise click.UsageError("--json only shows: go through the ceremony first")
    printer = onto if isinstance(onto, PrinterChoice) and not through else None
    where = Where(ledger, paper_for(paper, envelope or ""), out, printer, needed=False)
    if through:
        status = _go_through(ledger, _Leaving(person, on, instead, by), onto, how)
        if how.only_looks:
            return status
    elif by:
        _enter(where, person, on, by)
    return _show(where, person, on, as_json=as_json)


class _Leaving(NamedTuple):
    """Who leaves, when, and who does what then."""

    person: str
    on: date | None
    instead: tuple[str, ...]
    by: tuple[str, ...]


def _go_through(ledger: Path, who: _Leaving, onto: Onto, how: Conduct) -> int:
    with at_work(ledger, onto=onto) as it:
        request = leaving.Request(
            person=who.person,
            on=_last_day(it.register, who.person, who.on).isoformat(),
            officers=two(both(it.register, who.by)),
            instead=who.instead,
        )
        ceremony = leaving.next_ceremony(it.register, request)
        if ceremony.id not in it.register.ceremonies:
            leaving.check(it.register, request, it.station.clock().date())
        if not how.only_looks:
            demand_paper(it.station)
        return conduct(it, ceremony, how)


def _show(where: Where, person: str, on: date | None, *, as_json: bool) -> int:
    """Tell the orders, and print them where that is wanted; the exit status."""
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

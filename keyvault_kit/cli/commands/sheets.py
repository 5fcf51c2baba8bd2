"""`keyvault sheets`: forms and sheets without a secret, to print before, beside and after the work.

Sheets with a secret come out of the ceremonies that make them, and of nothing else.
"""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.assembly.printing import PrinterChoice, demand_private, print_document
from keyvault_kit.ceremonies import custody_forms, forms, site_cards
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.cli.options import DAY, ID, ledger_option, printer_options
from keyvault_kit.cli.output import say
from keyvault_kit.custody.model import EnvelopeFormat, PaperSize
from keyvault_kit.host.files import write_new
from keyvault_kit.sheets.geometry import Paper, paper_for

F = TypeVar("F", bound=Callable[..., Any])

Draw = Callable[[Book, Paper, datetime], bytes]
"""From the ledger, the paper and the time to a finished PDF."""


class Where:
    """Where a sheet goes, and on what paper.

    Args:
        out: The file; the printer where it is None.
        needed: Whether there must be one of the two.

    Attributes:
        ledger: What the sheet is drawn from.
        named: Whether there is one.

    Raises:
        UsageError: Both were named, or neither where one is needed.
    """

    def __init__(
        self,
        ledger: Path,
        paper: Paper,
        out: Path | None,
        printer: PrinterChoice | None,
        *,
        needed: bool = True,
    ) -> None:
        self.named = out is not None or printer is not None
        if (out and printer) or (needed and not self.named):
            raise click.UsageError("name a file with --out, or a queue with --printer")
        self.ledger = ledger
        self._paper = paper
        self._out = out
        self._printer = printer

    def put(self, draw: Draw, *, private: bool = False, as_json: bool = False) -> None:
        """Draw the sheet, and put it there.

        Args:
            private: Whether the sheet tells what is not for everybody: then no disk has it.
            as_json: Whether standard output carries JSON, and no word about the sheet.
        """
        book = open_book(self.ledger)
        if private and self._out is not None:
            demand_private(self._out.parent, book.register)
        pdf = draw(book, self._paper, datetime.now(UTC))
        if self._out is not None:
            write_new(self._out, pdf)
            say(f"Written to {self._out}.", as_json=as_json)
        elif self._printer is not None:
            print_document(self._printer, pdf, book.register)
            say("CUPS reports it as printed; look whether it is.", as_json=as_json)


def where_options(*, needed: bool) -> Callable[[F], F]:
    """The options that say where a sheet goes; the command takes them as one `where`.

    Args:
        needed: Whether the command is there for the sheet, and one of them must be named.
    """

    def decorated(command: F) -> F:
        @click.option(
            "--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file for the PDF."
        )
        @click.option(
            "--paper",
            type=click.Choice([str(it) for it in PaperSize]),
            default=PaperSize.A4.value,
            show_default=True,
        )
        @click.option(
            "--envelope",
            type=click.Choice([str(it) for it in EnvelopeFormat]),
            help="What it is folded into; the paper's usual envelope where none is named.",
        )
        @printer_options
        @ledger_option
        @functools.wraps(command)
        def wrapped(
            *args: Any,  # noqa: ANN401 - whatever the command takes
            out: Path | None,
            paper: str,
            envelope: str | None,
            printer: PrinterChoice | None,
            ledger: Path,
            **rest: Any,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401
            on = paper_for(paper, envelope or "")
            return command(*args, where=Where(ledger, on, out, printer, needed=needed), **rest)

        return wrapped  # type: ignore[return-value]

    return decorated


_where = where_options(needed=True)


@click.group("sheets")
def command() -> None:
    """Print forms and other sheets without a secret."""


@command.command("recovery")
@_where
def recovery(where: Where) -> None:
    """The recovery sheet: a secret from its shares, without the kit.

    One lies in each envelope with a share; print more to practise with, or to keep elsewhere.
    """
    where.put(lambda book, paper, now: forms.recovery_sheet(book, paper, day=now.date()))


@command.command("liner")
@_where
def liner(where: Where) -> None:
    """An opaque liner: folded together with a sheet, it keeps that from showing through."""
    where.put(lambda book, paper, now: forms.liner_sheet(book, paper, day=now.date()))


@command.command("exception")
@click.argument("ceremony", type=ID, required=False)
@click.option(
    "--number",
    type=click.IntRange(1, 99),
    default=1,
    show_default=True,
    help="Which of the ceremony's exception sheets it is.",
)
@_where
def exception(ceremony: str | None, number: int, where: Where) -> None:
    """A blank exception sheet, for a CEREMONY of the ledger or for any."""
    where.put(
        lambda book, paper, now: forms.exception_sheet(
            book, ceremony or "", paper, day=now.date(), number=number
        )
    )


@command.command("record")
@click.argument("ceremony", type=ID)
@_where
def record(ceremony: str, where: Where) -> None:
    """The record of a closed CEREMONY: steps, exceptions, pages, bags, to be signed.

    It is printed when the ceremony closes; this prints it again, from the ledger alone.
    """
    where.put(lambda book, paper, _: forms.ceremony_record(book, ceremony, paper))


@command.command("transfer")
@click.argument("envelopes", type=ID, nargs=-1, metavar="[ENVELOPE]...")
@click.option("--to", type=ID, help="The safe that they go to.")
@_where
def transfer(envelopes: tuple[str, ...], to: str | None, where: Where) -> None:
    """A custody transfer of these envelopes; a blank one where none are named."""
    where.put(
        lambda book, paper, now: forms.transfer_form(
            book, envelopes, to or "", paper, day=now.date()
        )
    )


@command.command("drill")
@click.argument("account", type=ID)
@_where
def drill(account: str, where: Where) -> None:
    """The checklist of a drill of an ACCOUNT."""
    where.put(lambda book, paper, now: forms.drill_checklist(book, account, paper, day=now.date()))


@command.command("opening")
@click.argument("account", type=ID, required=False)
@_where
def opening(account: str | None, where: Where) -> None:
    """The form of an opening and its post-mortem, for an ACCOUNT or blank."""
    where.put(
        lambda book, paper, now: forms.opening_form(book, account or "", paper, day=now.date())
    )


@command.command("inventory")
@click.argument("safe", type=ID)
@_where
def inventory(safe: str, where: Where) -> None:
    """The inventory of a SAFE, for the walk from bag to bag."""
    where.put(lambda book, paper, now: forms.safe_inventory(book, safe, paper, day=now.date()))


@command.command("chart")
@click.option("--from", "first", type=DAY, help="A day of its first month; today's if none is.")
@_where
def chart(first: date | None, where: Where) -> None:
    """What falls due in twelve months, for the wall."""
    where.put(lambda book, paper, now: forms.wall_chart_from(book, first or now.date(), now, paper))


@command.command("card")
@click.argument("site", type=ID)
@_where
def card(site: str, where: Where) -> None:
    """The card of a SITE, to be sealed: what lies where, and how to get in from paper alone."""
    where.put(
        lambda book, paper, now: site_cards.card_of(book, site, paper, day=now.date()),
        private=True,
    )


@command.command("custody")
@_where
def custody(where: Where) -> None:
    """The custody map: who could use which account, and what survives, for the auditor to sign."""
    where.put(
        lambda book, paper, now: custody_forms.custody_map(book, paper, now=now), private=True
    )

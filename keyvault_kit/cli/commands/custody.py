"""`keyvault custody`: who could use each account, and who always can, from a ledger or a plan."""

import textwrap
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.absences import absences_in
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.cli.commands import assign
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import Analysis, analyse, to_json
from keyvault_kit.custody.findings import RuleFinding
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.matrix import matrix_of
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.reasons import listed, sentences
from keyvault_kit.custody.thin_days import YEAR, ThinDays, thin_days, validity
from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.host.files import read_text

_LARGEST: Final = 16 << 20
"""Bytes of a plan: 10,000 items take two million."""

_MOST_DAYS: Final = 20
"""Runs of thin days that are told; of more, how many there are."""

_ABREAST: Final = 4
"""People that stand in one line of the matrix; a larger class of equals takes several."""

_MEANING: Final = """\
alone: needs nobody else. 2, 3: the size of the smallest group that needs this person.
-: no group needs this person. In brackets: with what was seen or in reach before, too."""

_WIDTH: Final = 100
"""Characters of a line."""


@click.group("custody")
def command() -> None:
    """Who could use the accounts, alone or together, and who still can after a loss."""


@command.command("analyse")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Judge a plan (TOML or JSON, see docs/custody.md) instead of a ledger.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 10 * YEAR),
    default=YEAR,
    show_default=True,
    help="So many days ahead the absences are looked through.",
)
@ledger_option
@json_option
@click.pass_context
def analyse_command(
    ctx: click.Context, plan: Path | None, days: int, ledger: Path, *, as_json: bool
) -> int:
    """Tell who could use each account alone or together, and who still can after a loss.

    Needs no ledger with --plan. Ends with status 1 where something is found.
    """
    thin: tuple[ThinDays, ...] = ()
    if plan is not None:
        _demand_no_ledger(ctx)
        holdings = parse(read_text(plan, "plan", _LARGEST), str(plan))
    else:
        book = open_book(ledger)
        today = _today(book)
        holdings = holdings_of(book.register, today)
        away = (*absences_in(book), *validity(book.register))
        thin = thin_days(holdings, away, today, days)
    analysis = analyse(holdings)
    _tell(holdings, analysis, thin, as_json=as_json)
    if as_json:
        print_json(to_json(analysis))
    return EXIT_FINDINGS if analysis.findings else 0


def _demand_no_ledger(ctx: click.Context) -> None:
    for name in ("ledger", "days"):
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--plan and --{name} do not go together")


def _today(book: Book) -> date:
    """The day; that of the last entry where a rehearsal told a longer time."""
    now = datetime.now(UTC)
    return max(now, book.register.time or now).date()


def _tell(
    holdings: Holdings, analysis: Analysis, thin: tuple[ThinDays, ...], *, as_json: bool
) -> None:
    """Everything for people: the matrix, the sentences, the thin days, the findings."""

    def tell(text: str = "", indent: str = "  ") -> None:
        say(_wrapped(text, indent), as_json=as_json)

    if holdings.people and holdings.accounts:
        say(f"{_matrix_table(holdings, analysis)}\n{_MEANING}\n", as_json=as_json)
    for line in sentences(holdings, analysis):
        tell(f"- {line}.")
    if thin:
        tell()
        tell("Days on which fewer than two people can reach what they must (S37):")
        for days in thin[:_MOST_DAYS]:
            tell(f"  {_thin(days)}", "    ")
        if len(thin) > _MOST_DAYS:
            tell(f"  and {len(thin) - _MOST_DAYS} more")
    tell()
    tell(_counted(analysis.findings))
    for finding in analysis.findings:
        tell(f"  {finding.severity} {finding.rule}: {finding.what}.", "    ")
        tell(f"    {finding.why} {finding.mend}", "    ")


def _wrapped(text: str, indent: str) -> str:
    """A text in lines, whose words and ids stay whole."""
    return textwrap.fill(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _matrix_table(holdings: Holdings, analysis: Analysis) -> str:
    its = matrix_of(holdings, analysis.minimal_coalitions_now, analysis.minimal_coalitions_ever)
    rows = []
    for row in its.rows:
        cells = [
            now if now == ever else f"{now} ({ever})"
            for now, ever in zip(row.cells, row.ever, strict=True)
        ]
        for at in range(0, len(row.people), _ABREAST):
            rows.append((", ".join(row.people[at : at + _ABREAST]), *cells))
            cells = [""] * len(cells)
    return table(("people", *its.accounts), rows)


def _thin(days: ThinDays) -> str:
    """'2026-12-24 to 2026-12-31: bg1, its keys: dave alone, while carol is away'."""
    when = f"{days.first}" if days.first == days.last else f"{days.first} to {days.last}"
    who = f"{listed(days.people)} alone" if days.people else "nobody"
    verb = "is" if len(days.away) == 1 else "are"
    away = f", while {listed(days.away)} {verb} away" if days.away else ""
    return f"{when}: {days.account}, its {days.what}: {who}{away}"


def _counted(findings: tuple[RuleFinding, ...]) -> str:
    if not findings:
        return "Nothing was found."
    return f"{len(findings)} finding{'s' * (len(findings) > 1)}:"


command.add_command(assign.command)

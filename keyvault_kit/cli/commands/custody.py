"""`keyvault custody`: who could use each account, and who always can, from a ledger or a plan."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.cli.commands import assign
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, tables, wrapped
from keyvault_kit.cli.plans import plan_of, plan_option
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import Analysis, analyse, to_json
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.matrix import UNCOUNTED, Matrix, matrix_of
from keyvault_kit.custody.sentences import sentences, thin_days_told, untold_told
from keyvault_kit.custody.thin_days import YEAR, ThinDays, thin_days, validity
from keyvault_kit.custody.wording import count_of
from keyvault_kit.errors import EXIT_FINDINGS

_MOST_DAYS: Final = 20
"""Runs of thin days that are told; of more, how many there are."""

_ABREAST: Final = 4
"""People that stand in one line of the matrix; a larger class of equals takes several."""

_MEANING: Final = (
    "alone: needs nobody else. 2, 3: the size of the smallest group that needs this person. -: no"
    " group needs this person. In brackets: with what was seen or in reach before, too."
)
_NOT_COUNTED: Final = f" {UNCOUNTED}: not alone, and how many it takes was not counted."


@click.group("custody")
def command() -> None:
    """Who could use the accounts, alone or together, and who still can after a loss."""


@command.command("analyse")
@plan_option
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
    untold: tuple[str, ...] = ()
    if plan is not None:
        holdings = plan_of(ctx, plan, "ledger", "days")
    else:
        book = open_book(ledger)
        today = now_of(book).date()
        holdings = holdings_of(book.register, today)
        away = (*absences_in(book), *validity(book.register))
        thin = thin_days(holdings, away, today, days)
        untold = untold_absences(book, today)
    analysis = analyse(holdings)
    _tell(holdings, analysis, as_json=as_json)
    _tell_days(thin, untold, as_json=as_json)
    _tell_findings(analysis, as_json=as_json)
    if as_json:
        print_json(to_json(analysis))
    return EXIT_FINDINGS if analysis.findings else 0


# --- For people


def _tell(holdings: Holdings, analysis: Analysis, *, as_json: bool) -> None:
    """The matrix, and the sentences."""
    if holdings.people and holdings.accounts:
        its = matrix_of(holdings, analysis.minimal_coalitions_now, analysis.minimal_coalitions_ever)
        shown = _table(its)
        meaning = f"{_MEANING}{_NOT_COUNTED if UNCOUNTED in shown else ''}"
        say(f"{shown}\n{wrapped(meaning)}\n", as_json=as_json)
    for line in sentences(holdings, analysis):
        say(wrapped(f"{line}.", first="- ", then="  "), as_json=as_json)


def _table(its: Matrix) -> str:
    rows = []
    for row in its.rows:
        cells = [
            now if now == ever else f"{now} ({ever})"
            for now, ever in zip(row.cells, row.ever, strict=True)
        ]
        for at in range(0, len(row.people), _ABREAST):
            rows.append((", ".join(row.people[at : at + _ABREAST]), *cells))
            cells = [""] * len(cells)
    return tables(("people", *its.accounts), rows)


def _tell_days(thin: tuple[ThinDays, ...], untold: Collection[str], *, as_json: bool) -> None:
    """The days on which too few are there, and whose days are not known (S37)."""
    lines = [thin_days_told(it) for it in thin[:_MOST_DAYS]]
    if len(thin) > _MOST_DAYS:
        lines.append(f"and {len(thin) - _MOST_DAYS} more")
    if untold:
        lines.append(f"{untold_told(untold)}.")
    if lines:
        head = "Days on which fewer than two people can reach what they must (S37):"
        say(f"\n{wrapped(head)}", as_json=as_json)
    for line in lines:
        say(wrapped(line, first="  ", then="    "), as_json=as_json)


def _tell_findings(analysis: Analysis, *, as_json: bool) -> None:
    count = len(analysis.findings)
    say(f"\n{count_of(count, 'finding')}:" if count else "\nNothing was found.", as_json=as_json)
    for it in analysis.findings:
        what = f"{it.severity} {it.rule}: {it.what}."
        say(wrapped(what, first="  ", then="    "), as_json=as_json)
        say(wrapped(f"{it.why} {it.mend}", first="    ", then="    "), as_json=as_json)


command.add_command(assign.command)

"""`keyvault decide`: choices where the sources disagree, exceptions, and settled findings."""

from datetime import date
from pathlib import Path

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.options import DAY, ID, KEPT, TEXT, by_option, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.decisions import CONFLICTS
from keyvault_kit.custody.requirements import COVERAGE
from keyvault_kit.errors import InputError


@click.group("decide")
def command() -> None:
    """Record choices and exceptions, and settle findings."""


@command.command("list")
@ledger_option
@json_option
def list_decisions(ledger: Path, *, as_json: bool) -> None:
    """List the conflicts of the sources with what holds, and every exception."""
    book = open_book(ledger)
    made = _rows(book)
    if as_json:
        print_json(made)
        return
    heads = ("id", "about", "holds", "decided by", "look again", "why")
    say(table(heads, [tuple(str(value or "-") for value in row.values()) for row in made]))


def _rows(book: Book) -> list[dict[str, object]]:
    """A row for each conflict, decided or not, and for each other decision."""
    decisions = book.register.decisions
    rows: list[dict[str, object]] = []
    for name in (*CONFLICTS, *(it for it in decisions if it not in CONFLICTS)):
        it, conflict = decisions.get(name), CONFLICTS.get(name)
        rows.append(
            {
                "id": name,
                "about": conflict.about if conflict else "an exception",
                "choice": it.choice if it else f"{conflict.default if conflict else ''} (default)",
                "by": ", ".join(it.by) if it else None,
                "review": it.review.isoformat() if it else None,
                "why": book.row_behind(it.details).get("why", "(erased)") if it else None,
            }
        )
    return rows


@command.command("show")
@click.argument("decision", type=click.Choice(list(CONFLICTS), case_sensitive=False))
def show(decision: str) -> None:
    """Show the positions of the sources on a conflict. Needs no ledger."""
    conflict = CONFLICTS[decision]
    say(f"{decision}: {conflict.about}")
    for choice, position in conflict.positions.items():
        mark = " (default)" if choice == conflict.default else ""
        say(f"  {choice}: {position}{mark}")


@command.command("make")
@click.argument("decision", type=ID)
@click.argument("choice", type=ID)
@click.option("--why", type=TEXT, required=True, help="Kept in an erasable row.")
@click.option("--review", type=DAY, required=True, help="When it is looked at again.")
@by_option
@ledger_option
def make(
    decision: str, choice: str, why: str, review: date, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Decide: DECISION is one of C1 to C8, a requirement (S33), or an id of your own.

    CHOICE is a position ('decide show C6'), or a word for what an exception allows. On a
    requirement 'met' says that it is so, and 'accepted' that it is lived with: these silence its
    rule until the day of the review ('rules'); no other word does.
    """
    conflict = CONFLICTS.get(decision.upper())
    name = decision.upper() if decision.upper() in COVERAGE else decision
    if conflict and choice not in conflict.positions:
        raise InputError(
            f"{choice!r} is no position on {name}",
            mend=f"Choose one of {', '.join(conflict.positions)}.",
        )

    def act(work: Work) -> list[ev.Fact]:
        row = {"decision": name, "why": why}
        details = work.write_down(row, keep_until=review + KEPT)
        made = ev.DecisionMade(decision=name, choice=choice, review=review, details=details)
        return [made]

    with at_work(ledger) as it:
        told = f"{choice}, because: {why}; to be looked at again on {review}"
        it.change(f"Decide {name}: {told}", by, act)


# --- Findings


@command.command("findings")
@click.option("--all", "everything", is_flag=True, help="Settled ones too.")
@ledger_option
@json_option
def findings(ledger: Path, *, everything: bool, as_json: bool) -> None:
    """List the findings that nobody has settled."""
    register = open_book(ledger).register
    found = register.findings if everything else register.open_findings()
    if as_json:
        print_json(
            [
                {"entry": f.seq, "rule": f.rule, "subject": f.subject, "what": f.what}
                | {"mend": f.mend, "settled": f.settled}
                for f in found
            ]
        )
        return
    if not found:
        say("There is no open finding.")
        return
    rows = [(str(f.seq), f.rule, f.subject, f.what, str(f.settled or "-")) for f in found]
    say(table(("entry", "rule", "about", "what", "settled"), rows))


@command.command("settle")
@click.argument("entry", type=click.IntRange(min=0))
@click.argument("subject", type=ID)
@click.option("--why", type=TEXT, required=True, help="What came of it; kept in an erasable row.")
@by_option
@ledger_option
def settle(entry: int, subject: str, why: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Settle the finding of ENTRY about SUBJECT; two officers sign it."""

    def act(work: Work) -> list[ev.Fact]:
        row = {"finding": f"{entry} {subject}", "why": why}
        details = work.write_down(row, keep_until=work.station.clock().date() + KEPT)
        return [ev.FindingSettled(finding=entry, subject=subject, details=details)]

    with at_work(ledger) as it:
        it.change(f"Settle the finding of entry {entry} about {subject}: {why}", by, act)

"""`keyvault give-up`: a ceremony that was begun, and that nobody will end."""

from pathlib import Path

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.plans import giving_up
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.options import ID, by_option, ledger_option
from keyvault_kit.cli.output import say, table


@click.command("give-up")
@click.argument("ceremony", type=ID, required=False)
@by_option
@ledger_option
def command(ceremony: str | None, *, by: tuple[str, ...], ledger: Path) -> None:
    """Give up a CEREMONY that cannot go on: its sheets are shredded, its pages counted.

    Without CEREMONY, lists those that were begun and not ended. Any two officers do it, whoever
    began. What is in force stays so, and what it lacks is entered as findings; what the tenant may
    have is asked for first, and what a key may have is not given up.
    """
    if ceremony is None:
        _list(ledger)
        return
    with at_work(ledger) as it:
        giving_up.check(it.register, ceremony)
        officers = two(both(it.register, by))
        request = giving_up.Request(ceremony=ceremony, officers=officers)
        it.run(giving_up.ceremony(it.register, request))
        say(f"Ceremony {ceremony} is given up, and closed.")


def _list(ledger: Path) -> None:
    begun = [it for it in open_book(ledger).register.ceremonies.values() if not it.closed]
    rows = [(it.id, it.plan, ", ".join(it.people)) for it in begun]
    say(table(("ceremony", "plan", "by"), rows) if rows else "No ceremony was left open.")

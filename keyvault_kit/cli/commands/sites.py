"""`keyvault sites`: where safes stand, and the paper that is printed on there."""

from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.options import ID, by_option, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import PaperSize

PAPER: Final = click.Choice([str(size) for size in PaperSize])


@click.group("sites")
def command() -> None:
    """Where safes stand."""


@command.command("list")
@ledger_option
@json_option
def list_sites(ledger: Path, *, as_json: bool) -> None:
    """List all sites."""
    register = open_book(ledger).register
    safes = {
        site: [safe.id for safe in register.safes.values() if safe.site == site]
        for site in register.sites
    }
    if as_json:
        sites = register.sites.values()
        print_json([{"id": s.id, "paper": str(s.paper), "safes": safes[s.id]} for s in sites])
        return
    rows = [(s.id, str(s.paper), ", ".join(safes[s.id]) or "-") for s in register.sites.values()]
    say(table(("id", "paper", "safes"), rows))


@command.command("add")
@click.argument("site", type=ID)
@click.option("--paper", type=PAPER, default=str(PaperSize.A4), show_default=True)
@by_option
@ledger_option
def add(site: str, paper: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Add a site; two officers sign it."""
    fact = ev.SiteAdded(site=site, paper=PaperSize(paper))
    with at_work(ledger) as it:
        it.change(f"Add site {site}, which prints on {paper}", by, lambda _: [fact])


@command.command("change")
@click.argument("site", type=ID)
@click.option("--paper", type=PAPER, required=True)
@by_option
@ledger_option
def change(site: str, paper: str, *, by: tuple[str, ...], ledger: Path) -> None:
    """Change the paper of a site; two officers sign it."""
    fact = ev.SiteChanged(site=site, paper=PaperSize(paper))
    with at_work(ledger) as it:
        it.change(f"Let site {site} print on {paper}", by, lambda _: [fact])

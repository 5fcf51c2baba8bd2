"""`keyvault sites`: where safes stand, the paper printed on there, the envelope it goes into."""

from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import demand_paper, open_book
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.plans import card
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.options import (
    ID,
    by_option,
    json_option,
    ledger_option,
    paper_options,
)
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import ENVELOPES, EnvelopeFormat, PaperSize, Site
from keyvault_kit.custody.register import known

PAPER: Final = click.Choice([str(size) for size in PaperSize])

_envelope_option = click.option(
    "--envelope",
    type=click.Choice([str(it) for it in EnvelopeFormat]),
    help="What sheets are folded into; the usual one of the paper where not named.",
)


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
    sites = register.sites.values()
    if as_json:
        print_json(
            [
                {"id": s.id, "paper": str(s.paper), "envelope": _envelope(s), "safes": safes[s.id]}
                for s in sites
            ]
        )
        return
    rows = [(s.id, str(s.paper), _envelope(s), ", ".join(safes[s.id]) or "-") for s in sites]
    say(table(("id", "paper", "envelope", "safes"), rows))


def _envelope(site: Site) -> str:
    return str(site.envelope or ENVELOPES[site.paper][0])


@command.command("add")
@click.argument("site", type=ID)
@click.option("--paper", type=PAPER, default=str(PaperSize.A4), show_default=True)
@_envelope_option
@by_option
@ledger_option
def add(site: str, paper: str, envelope: str | None, *, by: tuple[str, ...], ledger: Path) -> None:
    """Add a site; two officers sign it."""
    fact = ev.SiteAdded(
        site=site, paper=PaperSize(paper), envelope=EnvelopeFormat(envelope) if envelope else None
    )
    with at_work(ledger) as it:
        it.change(
            f"Add site {site}, which prints on {_said(paper, envelope)}", by, lambda _: [fact]
        )


@command.command("change")
@click.argument("site", type=ID)
@click.option("--paper", type=PAPER, help="Without --envelope: in its usual envelope.")
@_envelope_option
@by_option
@ledger_option
def change(
    site: str, paper: str | None, envelope: str | None, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Change the paper of a site, or the envelope; two officers sign it."""
    if not (paper or envelope):
        raise click.UsageError("name what changes: --paper, --envelope")

    def act(work: Work) -> list[ev.Fact]:
        before = known(work.register.sites, site, "site")
        after = ev.SiteChanged(
            site=site,
            paper=PaperSize(paper) if paper else before.paper,
            envelope=EnvelopeFormat(envelope) if envelope else None,
        )
        return [after]

    with at_work(ledger) as it:
        it.change(f"Let site {site} print on {_said(paper or 'its paper', envelope)}", by, act)


def _said(paper: str, envelope: str | None) -> str:
    return f"{paper} for {envelope} envelopes" if envelope else paper


@command.command("card")
@click.argument("site", type=ID)
@click.option("--safe", type=ID, required=True, help="Where the card goes; it stands at the site.")
@by_option
@paper_options
@conduct_options
@ledger_option
def make_card(
    *,
    site: str,
    safe: str,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Print the card of SITE, seal it and deposit it; the one before it is destroyed.

    The card says what lies where, and how to get in from paper alone, when the workstation is
    dead. Make it anew when envelopes moved. 'sheets card' shows it without any of that.
    """
    with at_work(ledger, onto=onto) as it:
        officers = two(both(it.register, by))
        request = card.Request(site=site, safe=safe, officers=officers)
        card.check(it.register, request)
        ceremony = card.next_ceremony(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how)
        demand_paper(it.station)
        it.run(ceremony)
        say(f"The card of site {site} is sealed, in safe {safe}.")
        return 0

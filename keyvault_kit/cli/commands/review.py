"""`keyvault review`: the 90-day review of accounts, point by point."""

from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import review
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.found import tell_found
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.custody.wording import listed


@click.command("review")
@click.argument("accounts", metavar="[ACCOUNT]...", type=ID, nargs=-1)
@by_option
@paper_options
@conduct_options
@ledger_option
def command(
    *,
    accounts: tuple[str, ...],
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Review each ACCOUNT, or all of them, as is due every 90 days.

    Who is authorised, what changed, what custody, rules and evidence say, whether bags, access,
    alert and documents were looked at, who was trained: the register tells what it knows of each
    point, and two officers answer. A no is a finding. In the end both sign that the accounts were
    reviewed, and the report is printed; exit status 1 where something was found.
    """
    with at_work(ledger, onto=onto) as it:
        request = review.Request(
            accounts=accounts or tuple(it.register.accounts),
            officers=two(both(it.register, by)),
            number=0,
        )
        review.check(it.register, request)
        ceremony = review.next_ceremony(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how)
        demand_paper(it.station)
        it.run(ceremony)
        say(f"Reviewed: {listed(request.accounts)}.")
        return tell_found(it.register, ceremony.id)

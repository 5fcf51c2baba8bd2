"""`keyvault reseal`: sheets in force that were opened go back into new bags and their safes."""

from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import reseal
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.found import tell_found
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say


@click.command("reseal")
@click.argument("envelopes", metavar="[ENVELOPE]...", type=ID, nargs=-1)
@by_option
@paper_options
@conduct_options
@ledger_option
def command(
    *, envelopes: tuple[str, ...], by: tuple[str, ...], onto: Onto, how: Conduct, ledger: Path
) -> int:
    """Put the sheet of each ENVELOPE, or all that were opened, into new bags and back.

    Each is read back first, and compared with what was sealed: another sheet is a finding, and is
    not sealed. Who reads a sheet back stands by while it lies open, and that is entered.
    """
    with at_work(ledger, onto=onto) as it:
        people, begun = two(both(it.register, by)), reseal.begun(it.register)
        if begun and not envelopes and set(begun.people) == set(people):
            request = begun
        else:
            these = envelopes or reseal.opened(it.register)
            request = reseal.Request(envelopes=these, people=people)
        ceremony = reseal.next_ceremony(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how)
        demand_paper(it.station)
        it.run(ceremony)
        say(f"Closed: {ceremony.id}.")
        return tell_found(it.register, ceremony.id)

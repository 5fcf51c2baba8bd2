"""`keyvault destroy`: sheets that open nothing any more, shredded before two and certified."""

from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import destroy
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.found import tell_found
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say


@click.command("destroy")
@click.argument("envelopes", metavar="[ENVELOPE]...", type=ID, nargs=-1)
@by_option
@paper_options
@conduct_options
@ledger_option
def command(
    *, envelopes: tuple[str, ...], by: tuple[str, ...], onto: Onto, how: Conduct, ledger: Path
) -> int:
    """Destroy the sheet of each ENVELOPE, or all that open nothing any more.

    Two fetch each bag, type its number, shred it before each other's eyes, and sign; then a
    certificate is printed. A sheet that is not found is a finding, and stays on the list. The
    sheets of an old password wait until evidence says that the tenant took the new one. What was
    destroyed outside of a ceremony is entered with 'envelopes destroy'.
    """
    with at_work(ledger, onto=onto) as it:
        people, begun = two(both(it.register, by)), destroy.begun(it.register)
        if begun and not envelopes and set(begun.people) == set(people):
            request = begun
        else:
            these = envelopes or destroy.all_doomed(it.register)
            request = destroy.Request(envelopes=these, people=people)
        ceremony = destroy.next_ceremony(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how)
        demand_paper(it.station)
        it.run(ceremony)
        say(f"Closed: {ceremony.id}. The certificate is printed: tick it, and sign it in ink.")
        return tell_found(it.register, ceremony.id)

"""`keyvault drill`: one envelope is verified, or a key signs in: never as much as opens it all."""

from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import drill
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.errors import EXIT_FINDINGS


@click.command("drill")
@click.argument("account", type=ID)
@click.option("--envelope", type=ID, help="A share of its password, to be verified.")
@click.option("--key", type=ID, help="A key to sign in with: the yearly practice.")
@by_option
@paper_options
@conduct_options
@ledger_option
def command(
    *,
    account: str,
    envelope: str | None,
    key: str | None,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Practise with one envelope, or with one key, of ACCOUNT.

    One share is opened, read, compared with its proof and put back in a new bag: alone it tells
    nothing. It is refused where those two would have seen, or one of them could take, as many as
    open the account. A key is taken out with its PIN, signs in, the alert is waited for, and both
    go back in new bags; its PIN was seen by that, and is to be changed then: 'rotate KEY'.

    Exit status 1: something did not work, and was recorded.
    """
    with at_work(ledger, onto=onto) as it:
        people = two(both(it.register, by))
        request = drill.Request(
            account=account, envelope=envelope or "", key=key or "", people=people, number=0
        )
        ceremony = drill.next_ceremony(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how)
        demand_paper(it.station)
        found = len(it.register.findings)
        conduct(it, ceremony, how)
        for finding in it.register.findings[found:]:
            say(f"Found: {finding.what}. {finding.mend}")
        say("The drill is entered. 'keyvault due' says what is to be done now.")
        return EXIT_FINDINGS if len(it.register.findings) > found else 0

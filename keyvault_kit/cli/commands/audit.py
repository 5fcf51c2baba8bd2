"""`keyvault audit`: safe by safe, each bag compared with the register, and each key challenged."""

from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import audit
from keyvault_kit.cli.at_work import AtWork, at_work
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.found import tell_found
from keyvault_kit.cli.options import ID, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.custody.wording import count_of


@click.command("audit")
@click.argument("safes", metavar="[SAFE]...", type=ID, nargs=-1)
@click.option("--auditor", type=ID, required=True, help="Who looks on, and handles nothing.")
@click.option("--custodian", type=ID, required=True, help="Who opens the bags of keys, and signs.")
@click.option("--witness", type=ID, required=True, help="Who reads the new bags too, and signs.")
@click.option(
    "--key", "keys", type=ID, multiple=True, help="Challenge this key alone; once for each."
)
@paper_options
@conduct_options
@ledger_option
def command(
    *,
    safes: tuple[str, ...],
    auditor: str,
    custodian: str,
    witness: str,
    keys: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Walk through each SAFE, or all of them: what lies there, and whether the keys are the keys.

    In each safe the numbers of the bags are scanned or typed, and compared with the register. Each
    key is taken out of its bag, answers a fresh challenge and goes into a new bag: that is no use
    of it. PINs and shares stay sealed. With --key and no SAFE, no safe is walked through. What is
    missing, unknown, damaged or not the key is a finding. The report is printed; exit status 1
    where something was found.
    """
    with at_work(ledger, onto=onto) as it:
        request = audit.Request(
            safes=safes or (() if keys else tuple(it.register.safes)),
            keys=keys,
            auditor=auditor,
            custodian=custodian,
            witness=witness,
            number=0,
        )
        audit.check(it.register, request)
        return _conduct(it, request, how)


def _conduct(it: AtWork, request: audit.Request, how: Conduct) -> int:
    ceremony = audit.next_ceremony(it.register, request)
    if how.only_looks:
        return conduct(it, ceremony, how)
    demand_paper(it.station)
    it.run(ceremony)
    say(f"Closed: {ceremony.id}, {count_of(len(request.safes), 'safe')} walked through.")
    return tell_found(it.register, ceremony.id)

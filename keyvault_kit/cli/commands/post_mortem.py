"""`keyvault post-mortem`: the uses of an account are looked into, and classed."""

from pathlib import Path

import click

from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import post_mortem
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.errors import EXIT_FINDINGS


@click.command("post-mortem")
@click.argument("account", type=ID)
@by_option
@paper_options
@conduct_options
@ledger_option
def command(*, account: str, by: tuple[str, ...], onto: Onto, how: Conduct, ledger: Path) -> int:
    """Look into the uses of ACCOUNT since the last time, and class them; two officers sign it.

    The logs are to be preserved. What the ledger has of openings, exposures and sign-ins is told,
    with who did it, and who of them had no authority. Then the use is classed: drill, emergency or
    misuse; what happened, in words, lies in an erasable row. Bring evidence of the sign-ins first:
    'entra check'. It is due within seven days of an emergency.

    Exit status 1: something was not kept, or not allowed.
    """
    with at_work(ledger, onto=onto) as it:
        officers = two(both(it.register, by))
        request = post_mortem.Request(account=account, officers=officers, number=0)
        post_mortem.check(it.register, request)
        found = len(it.register.findings)
        status = conduct(it, post_mortem.next_ceremony(it.register, request), how)
        if how.only_looks:
            return status
        for finding in it.register.findings[found:]:
            say(f"Found: {finding.what}. {finding.mend}")
        verdict = it.register.classed[account][-1].verdict
        say(f"The use of {account} is classed: {verdict}.")
        return EXIT_FINDINGS if len(it.register.findings) > found else 0

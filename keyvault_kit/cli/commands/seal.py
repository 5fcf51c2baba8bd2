"""`keyvault seal`: a new password of an account, from random bits to sealed envelopes in safes."""

from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.paperwork import paper_at
from keyvault_kit.ceremonies.plans import seal
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.new_password import say_outcome, say_strength
from keyvault_kit.cli.options import (
    ID,
    TEXT,
    by_option,
    ledger_option,
    paper_options,
    transfer_option,
)
from keyvault_kit.custody.model import Form
from keyvault_kit.errors import InputError


@click.command("seal")
@click.argument("account", type=ID)
@click.option(
    "--safe",
    "safes",
    type=ID,
    multiple=True,
    required=True,
    help="Where a sheet goes; once for each sheet, the first first.",
)
@click.option(
    "--form",
    type=click.Choice([str(it) for it in Form]),
    default=Form.SHARES.value,
    show_default=True,
    help="SLIP-39 shares; literal parts, all of which are needed; or the whole on one sheet.",
)
@click.option("--threshold", type=int, help="How many shares give the password back.")
@click.option(
    "--policy",
    type=TEXT,
    default="base58-44",
    show_default=True,
    help="An alphabet and a length: base58-44, symbols-60.",
)
@transfer_option
@by_option
@paper_options
@conduct_options
@ledger_option
def command(
    *,
    account: str,
    safes: tuple[str, ...],
    form: str,
    threshold: int | None,
    policy: str,
    transfer: Path | None,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Make a new password of ACCOUNT, put it on paper, set it at the tenant, and lock it away.

    Two officers do it. One sheet lies open at a time: the next is printed when both have read the
    number of the last one's bag. The password is set once all of its paper is proven, sealed and
    counted; if the ceremony is cut short before that, its sheets are void, and the same command
    begins anew. It ends when evidence says that the tenant took the password; until then it waits,
    and goes on with the same command.
    """
    with at_work(ledger, onto=onto, transfer=transfer) as it:
        request = seal.Request(
            account=account,
            threshold=_threshold(Form(form), threshold, len(safes)),
            officers=two(both(it.register, by)),
            safes=safes,
            form=Form(form),
            policy=policy,
        )
        seal.check(it.station, request)
        ceremony = seal.next_ceremony(it.register, request)
        if how.only_looks:
            return conduct(it, ceremony, how, paper_at(it.register, safes[0]))
        demand_paper(it.station)
        say_strength(policy)
        it.run(ceremony)
        return say_outcome(it, account, ceremony.id)


def _threshold(form: Form, given: int | None, count: int) -> int:
    """All parts are needed, and the one sheet of a whole; of shares it must be said."""
    if form is not Form.SHARES:
        if given not in (None, count):
            raise InputError(f"of {count} sheets of a password as {form}, all are needed")
        return count
    if given is None:
        raise InputError(
            "how many shares give the password back is not said", mend="Say it with --threshold."
        )
    return given

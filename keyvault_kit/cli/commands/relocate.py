"""`keyvault relocate`: envelopes go to another safe, or a safe to another site."""

from collections.abc import Callable
from pathlib import Path

import click

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import relocation
from keyvault_kit.cli.at_work import at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import EXIT_FINDINGS

_receiver_option = click.option(
    "--receiver", type=ID, help="Who receives; the second of those named otherwise."
)
_why_option = click.option(
    "--why", type=ID, default="relocation", show_default=True, help="In a word."
)


@click.group("relocate")
def command() -> None:
    """Move envelopes to another safe, or a safe to another site: every bag compared twice."""


@command.command("envelopes")
@click.argument("envelopes", type=ID, nargs=-1, required=True)
@click.option("--to", type=ID, required=True, help="The safe that they go to.")
@_receiver_option
@_why_option
@by_option
@paper_options
@conduct_options
@ledger_option
def envelopes(
    envelopes: tuple[str, ...],
    to: str,
    *,
    receiver: str | None,
    why: str,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Move unopened ENVELOPES to another safe; two sign what arrived.

    The first with --by gives, the second goes along. What gets worse by the move is told before it
    begins. Refused where somebody who opens that safe alone would have a second sheet of a secret.
    Exit status 1 where a bag was missing, damaged or another one.
    """

    def request(officers: tuple[str, str]) -> relocation.Request:
        return relocation.Request(
            envelopes=envelopes, to=to, officers=officers, receiver=receiver or "", why=why
        )

    return _relocate(ledger, by, onto, how, request)


@command.command("safe")
@click.argument("safe", type=ID)
@click.option("--to", type=ID, required=True, help="The site that it goes to.")
@_receiver_option
@_why_option
@by_option
@paper_options
@conduct_options
@ledger_option
def move_safe(
    safe: str,
    to: str,
    *,
    receiver: str | None,
    why: str,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Move SAFE with all that lies in it to another site; its combination is changed there.

    Its bags are compared before and after. That a safe moved sets off a review of every account.
    Exit status 1 where a bag was missing, damaged or another one, or its combination is as before.
    """

    def request(officers: tuple[str, str]) -> relocation.Request:
        return relocation.Request(
            safe=safe, to=to, officers=officers, receiver=receiver or "", why=why
        )

    return _relocate(ledger, by, onto, how, request)


def _relocate(
    ledger: Path,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    request: Callable[[tuple[str, str]], relocation.Request],
) -> int:
    with at_work(ledger, onto=onto) as it:
        wanted = request(two(both(it.register, by)))
        ceremony = relocation.next_ceremony(it.register, wanted)
        if ceremony.id not in it.register.ceremonies:
            relocation.check(it.register, wanted, it.station.clock().date())
        if how.only_looks:
            return conduct(it, ceremony, how)
        demand_paper(it.station)
        register = it.run(ceremony)
        return _say_found(register, ceremony.id)


def _say_found(register: Register, ceremony: str) -> int:
    """What was found on the way; the exit status that it stands for."""
    started = register.ceremonies[ceremony].started
    found = [it for it in register.open_findings() if it.seq > started]
    for it in found:
        say(f"Found: {it.what}. {it.mend}")
    if not found:
        say("All of it arrived, each bag whole.")
    return EXIT_FINDINGS if found else 0

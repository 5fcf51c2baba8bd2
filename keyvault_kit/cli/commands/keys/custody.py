"""`keyvault keys register`, `retire`, `reset`: into custody, out of it, and back to the factory."""

from pathlib import Path

import click

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.plans import registering
from keyvault_kit.cli.at_work import at_work, one
from keyvault_kit.cli.commands.keys.naming import Naming, at_key, naming_options
from keyvault_kit.cli.options import ID, KEPT, TEXT, by_option, ledger_option
from keyvault_kit.cli.output import say, sentence
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import GENUINE, Retirement, Use
from keyvault_kit.errors import EXIT_FINDINGS


@click.command("register")
@click.argument("tag", type=ID)
@click.option("--account", type=ID, required=True, help="The account that it is for.")
@click.option("--use", type=click.Choice([str(use) for use in Use]), required=True)
@click.option("--by", type=ID, required=True, help="The custodian who holds the key.")
@ledger_option
@click.option("--in-ports", is_flag=True, help="In a rehearsal: the keys in this machine's ports.")
def register(tag: str, account: str, use: str, by: str, ledger: Path, *, in_ports: bool) -> int:
    """Register a key under its asset tag: what it says, who made it, and how it is known again.

    The key is named by the serial number typed from its label, or by a touch where it has none. It
    makes a custody credential (one touch), by which it proves later that it is the same key, and
    with it proves its maker. Exit status 1 where that verdict is not 'genuine'.
    """
    with at_work(ledger, in_ports=in_ports) as it:
        person = one(it.register, (by,))
        request = registering.Request(tag=tag, account=account, use=Use(use), custodian=person)
        done = it.run(registering.ceremony(it.register, request))
        key = done.keys[tag]
        say(f"Key {tag} is registered: {key.product}, serial number {key.serial or 'none'}.")
        say(f"Its maker: {key.proven}.")
    return 0 if key.proven == GENUINE else EXIT_FINDINGS


@click.command("retire")
@click.argument("tag", type=ID)
@click.option("--why", type=click.Choice([str(why) for why in Retirement]), required=True)
@click.option("--note", type=TEXT, help="Kept in an erasable row.")
@by_option
@ledger_option
def retire(tag: str, why: str, note: str | None, *, by: tuple[str, ...], ledger: Path) -> None:
    """Take a key out of service for good; two people sign it.

    'reset': it holds nothing of ours any more. 'lost' and 'broken': what it holds is still good,
    and has to be removed at the tenant, which the register keeps as a finding.
    """

    def act(work: Work) -> list[ev.Fact]:
        details = None
        if note:
            until = work.station.clock().date() + KEPT
            details = work.write_down({"key": tag, "note": note}, keep_until=until)
        return [ev.KeyRetired(key=tag, why=Retirement(why), details=details)]

    with at_work(ledger) as it:
        it.change(f"Retire key {tag}: it is {why}", by, act, words=f"retire {tag}")


@click.command("reset")
@naming_options
def reset(naming: Naming) -> None:
    """Set a key back to its factory state: its PIN and every passkey on it are gone for good.

    Exact words first; then the key is unplugged, the same key plugged in again, and touched.
    """
    with at_key(naming) as at:
        key_work.reset(at)
    say(sentence(f"{at.name} is as it left the factory."))

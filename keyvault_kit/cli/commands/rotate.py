"""`keyvault rotate`: a new password of an account, or a new PIN of a key, and the old one goes."""

from pathlib import Path

import click
import msgspec

from keyvault_kit.assembly import demand_paper
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.paperwork import paper_at
from keyvault_kit.ceremonies.plans import pin, rotate
from keyvault_kit.cli.at_work import AtWork, at_work, both, two
from keyvault_kit.cli.conducting import Conduct, conduct, conduct_options
from keyvault_kit.cli.found import tell_found
from keyvault_kit.cli.new_password import say_outcome, say_strength
from keyvault_kit.cli.options import (
    ID,
    TEXT,
    by_option,
    ledger_option,
    paper_options,
    transfer_option,
)
from keyvault_kit.cli.output import say


@click.command("rotate")
@click.argument("what", metavar="ACCOUNT|KEY", type=ID)
@click.option(
    "--safe",
    "safes",
    type=ID,
    multiple=True,
    help="Where a new sheet goes, once for each; as before where it is not said.",
)
@click.option("--policy", type=TEXT, help="Another alphabet or length: base58-44, symbols-60.")
@click.option("--key-safe", type=ID, help="Where the key goes; as before where it is not said.")
@click.option("--custodian", type=ID, help="Who holds the key, and sees no PIN.")
@click.option("--witness", type=ID, help="Who reads the bag of the key beside the custodian.")
@transfer_option
@by_option
@paper_options
@conduct_options
@ledger_option
def command(
    *,
    what: str,
    safes: tuple[str, ...],
    policy: str | None,
    key_safe: str | None,
    custodian: str | None,
    witness: str | None,
    transfer: Path | None,
    by: tuple[str, ...],
    onto: Onto,
    how: Conduct,
    ledger: Path,
) -> int:
    """Give an ACCOUNT a new password, or a KEY in service a new PIN, on paper first.

    The two named with --by make it, print it, seal it and, of a password, type it at the tenant.
    Form, threshold and safes are those from before. The old sheets are destroyed in the end, with a
    certificate: of a password, once evidence says that the tenant took the new one. A key is held
    by its custodian, who sees no PIN. What was cut short goes on with the same command.
    """
    with at_work(ledger, onto=onto, transfer=transfer) as it:
        officers = two(both(it.register, by))
        if what in it.register.accounts or what not in it.register.keys:
            if key_safe or custodian or witness:
                raise click.UsageError("--key-safe, --custodian and --witness go with a key")
            return _password(it, _new_password(it, what, officers, safes, policy), how)
        if policy or not custodian or not witness:
            raise click.UsageError("a key takes --custodian and --witness, and no --policy")
        return _pin(it, _new_pin(it, what, (custodian, witness), officers, safes, key_safe), how)


# --- A password


def _new_password(
    it: AtWork, account: str, by: tuple[str, str], safes: tuple[str, ...], policy: str | None
) -> rotate.Request:
    """What was begun, or else as it was before, but for what is named."""
    begun = rotate.begun(it.register, account)
    if begun and set(begun.officers) == set(by):
        wanted = begun
    else:
        wanted = rotate.as_before(it.register, account, by, safes)
    return msgspec.structs.replace(
        wanted, safes=safes or wanted.safes, policy=policy or wanted.policy
    )


def _password(it: AtWork, request: rotate.Request, how: Conduct) -> int:
    rotate.check(it.station, request)
    ceremony = rotate.next_ceremony(it.register, request)
    if how.only_looks:
        return conduct(it, ceremony, how, paper_at(it.register, request.safes[0]))
    demand_paper(it.station)
    say_strength(request.policy)
    it.run(ceremony)
    return say_outcome(it, request.account, ceremony.id)


# --- A PIN


def _new_pin(
    it: AtWork,
    key: str,
    hands: tuple[str, str],
    pin_people: tuple[str, str],
    safes: tuple[str, ...],
    key_safe: str | None,
) -> pin.Request:
    """The request, with the safes from before where none is named."""
    if len(safes) > 1:
        raise click.UsageError("a PIN stands on one sheet, which goes into one --safe")
    key_before, pin_before = pin.safes_before(it.register, key)
    custodian, witness = hands
    return pin.Request(
        key=key,
        custodian=custodian,
        witness=witness,
        pin_people=pin_people,
        key_safe=key_safe or key_before,
        pin_safe=safes[0] if safes else pin_before,
    )


def _pin(it: AtWork, request: pin.Request, how: Conduct) -> int:
    ceremony = pin.next_ceremony(it.register, request)
    if how.only_looks:
        return conduct(it, ceremony, how, paper_at(it.register, request.pin_safe))
    demand_paper(it.station)
    it.run(ceremony)
    say(f"Key {request.key} has a new PIN; key and PIN lie in their safes.")
    return tell_found(it.register, ceremony.id)

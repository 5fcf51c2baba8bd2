"""`keyvault share verify`: one share against the ledger, alone."""

from pathlib import Path

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.cli.sheets import share_from_person, share_from_sheet
from keyvault_kit.custody.model import Envelope, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import MismatchError
from keyvault_kit.sharing.proofs import share_proof, short_proof


@click.group("share")
def command() -> None:
    """Look at single shares."""


@command.command("verify")
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False), required=False)
@ledger_option
@json_option
def verify(sheet: Path | None, ledger: Path, *, as_json: bool) -> None:
    """Verify one share against its proof in the ledger, without any other share.

    SHEET is a PDF or an image of the share's sheet; without it, the share is typed. The share is
    not shown and nothing is recorded.
    """
    register = open_book(ledger).register
    share = share_from_sheet(sheet) if sheet else share_from_person("Share (words, not shown)")
    with share:
        proof = share_proof(share.expose_text())
    envelope = _envelope_of(register, proof)
    it = register.sets[envelope.set or ""]
    if as_json:
        fields = {
            "envelope": envelope.id,
            "set": it.id,
            "number": envelope.number,
            "threshold": it.threshold,
            "count": it.count,
            "state": str(envelope.state),
            "set_state": str(it.state),
            "proof": proof,
        }
        print_json(fields)
        return
    say(f"Right: this is share {envelope.number} of {it.count} of set {it.id}.")
    say(f"  {it.threshold} of them recover the {it.purpose} of {it.subject}.")
    say(f"  Envelope {envelope.id} is {envelope.state}; the set is {it.state}.")
    if it.state in (SetState.VOID, SetState.DEAD):
        say("  Its secret is no longer in use: this share opens nothing.")


def _envelope_of(register: Register, proof: str) -> Envelope:
    for envelope in register.envelopes.values():
        if envelope.proof == proof:
            return envelope
    raise MismatchError(
        f"no share in this ledger has the proof {short_proof(proof)}",
        mend="It belongs to another ledger, or is not what was printed.",
    )

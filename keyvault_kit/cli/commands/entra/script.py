"""`keyvault entra evidence-script`: what exports evidence at the tenant."""

from pathlib import Path

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.entra.evidence.script import NAME, evidence_script_of
from keyvault_kit.host.files import make_folder, write_new


@click.command("evidence-script")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for it, on the transfer medium.",
)
@ledger_option
@json_option
def evidence_script(*, out: Path, ledger: Path, as_json: bool) -> None:
    """Write the PowerShell script that exports evidence at the tenant, for these accounts.

    It reads, and changes nothing there. Run it on an online machine, in Windows PowerShell 5.1 or
    PowerShell 7, and bring the folder that it writes here: 'entra check'.
    """
    book = open_book(ledger)
    with book.ledger:
        script = evidence_script_of(book.register)
    make_folder(out)
    file = out / NAME
    write_new(file, script)
    say(f"Written to {file}.", as_json=as_json)
    if as_json:
        print_json({"file": str(file)})

"""`keyvault ledger`: show, verify, checkpoint, allowed-signers."""

from pathlib import Path

import click
import msgspec

from keyvault_kit.assembly import open_book, read_sheet
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_bytes, print_json, say, table
from keyvault_kit.custody.entries import TIME_FORMAT, decode
from keyvault_kit.errors import InputError
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.pgpwords import encode
from keyvault_kit.ledger.sshsig import PublicKey, allowed_signers
from keyvault_kit.ledger.verify import Report, verify


@click.group("ledger")
def command() -> None:
    """Show and verify a ledger; write out its checkpoint and signers. Nothing is ever changed."""


@command.command("show")
@click.option("--raw", is_flag=True, help="The exact bytes of each entry, one a line.")
@ledger_option
@json_option
def show(ledger: Path, *, raw: bool, as_json: bool) -> None:
    """List the entries of a ledger."""
    if raw and as_json:
        raise click.UsageError("--raw and --json do not go together")
    book = open_book(ledger)
    if raw:
        print_bytes(b"".join(body + b"\n" for body in book.ledger.bodies()))
        return
    entries = [decode(body) for body in book.ledger.bodies()]
    if as_json:
        print_json([msgspec.json.decode(body) for body in book.ledger.bodies()])
        return
    rows = [
        (str(e.seq), e.time.strftime(TIME_FORMAT), _kind(e.fact), ", ".join(e.by), _about(e.fact))
        for e in entries
    ]
    say(table(("seq", "time", "kind", "by", "about"), rows))


@command.command("verify")
@click.option(
    "--checkpoint",
    "papers",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A checkpoint that the ledger must extend: its text, or a PDF or image of its sheet.",
)
@ledger_option
@json_option
def verify_command(ledger: Path, papers: tuple[Path, ...], *, as_json: bool) -> None:
    """Recompute the whole ledger and hold it against its signatures and the given papers."""
    book = open_book(ledger)
    report = verify(book.ledger, papers=tuple(_read_checkpoint(paper) for paper in papers))
    if as_json:
        print_json(_report_fields(report))
        return
    say(f"The ledger verifies: {report.size} entries, register {report.register_id}.")
    for size, people in report.signed.items():
        say(f"  {size} entries are signed by {', '.join(people)}.")
    for size in report.papers:
        say(f"  The paper covers {size} entries, and the ledger extends it.")
    say(f"  {report.uncovered} entries are covered by no signature and no given paper.")


@command.command("checkpoint")
@click.option("--words", is_flag=True, help="Its root as PGP words, to read aloud.")
@ledger_option
def checkpoint(ledger: Path, *, words: bool) -> None:
    """Write out the checkpoint of a ledger: the exact bytes that are signed."""
    now = open_book(ledger).ledger.checkpoint()
    if words:
        say(" ".join(encode(now.root)))
    else:
        print_bytes(now.text())


@command.command("allowed-signers")
@ledger_option
def allowed_signers_command(ledger: Path) -> None:
    """Write out the signers in the form that `ssh-keygen -Y verify -f` takes."""
    signers = open_book(ledger).register.signers.values()
    keys = {signer.person: (PublicKey.parse(signer.public_key),) for signer in signers}
    click.echo(allowed_signers(keys), nl=False)


def _read_checkpoint(path: Path) -> Checkpoint:
    codes = read_sheet(path)
    if len(codes) != 1:
        raise InputError(f"{path} shows {len(codes)} different codes, not one checkpoint")
    return Checkpoint.parse(codes[0].encode())


def _report_fields(report: Report) -> dict[str, object]:
    return {
        "register": report.register_id,
        "size": report.size,
        "root": report.root.hex(),
        "signed": {str(size): list(people) for size, people in report.signed.items()},
        "papers": list(report.papers),
        "uncovered": report.uncovered,
    }


def _kind(fact: object) -> str:
    return str(type(fact).__struct_config__.tag)  # type: ignore[attr-defined]


def _about(fact: object) -> str:
    """The ids that a fact is about, in its own order."""
    wanted = ("ceremony", "step", "account", "key", "set", "envelope", "bag", "safe", "person")
    found = ((name, getattr(fact, name, None)) for name in wanted)
    return " ".join(str(value) for _, value in found if value is not None)

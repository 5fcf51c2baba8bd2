"""`keyvault ledger`: show, verify, checkpoint, sign, allowed-signers; and the exchange."""

from pathlib import Path

import click
import msgspec

from keyvault_kit.assembly import demand_paper, open_book
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies import handling
from keyvault_kit.ceremonies.plans import checkpoint as checkpoints
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.commands import exchange
from keyvault_kit.cli.options import ID, json_option, ledger_option, paper_options
from keyvault_kit.cli.output import print_bytes, print_json, say, table
from keyvault_kit.cli.papers import checkpoint_of, checkpoint_option, trust_of, trust_option
from keyvault_kit.custody.entries import TIME_FORMAT, decode
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.custody.register import known
from keyvault_kit.errors import InputError
from keyvault_kit.ledger.acts import ACT_NAMESPACE
from keyvault_kit.ledger.checkpoint import CHECKPOINT_NAMESPACE
from keyvault_kit.ledger.pgpwords import encode
from keyvault_kit.ledger.sshsig import PublicKey, allowed_signers
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.trail import PROPOSAL_NAMESPACE
from keyvault_kit.ledger.verify import Report, verify

NAMESPACES = (CHECKPOINT_NAMESPACE, ACT_NAMESPACE, PROPOSAL_NAMESPACE)


@click.group("ledger")
def command() -> None:
    """Show, verify and sign a ledger; exchange proposals; back it up and restore it."""


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
@checkpoint_option
@trust_option
@ledger_option
@json_option
def verify_command(
    ledger: Path, papers: tuple[str, ...], trust: str | None, *, as_json: bool
) -> None:
    """Recompute the whole ledger and hold it against its signatures and the given papers."""
    book = open_book(ledger)
    given = tuple(checkpoint_of(book.ledger, paper) for paper in papers)
    report = verify(book.ledger, papers=given, trust=None if trust is None else trust_of(trust))
    if as_json:
        print_json(_report_fields(report))
        return
    say(f"The ledger verifies: {report.size} entries, register {report.register_id}.")
    if report.trusted:
        say("  Its signers are those of the founding sheet, and whom they vouched for.")
    else:
        say("  Its signers are taken from itself: give the founding sheet with --trust.")
    if report.founded_again:
        told = "only the founding sheets made then vouch for it"
        say(f"  It was FOUNDED AGAIN at entry {report.founded_again}: {told}.")
    say(f"  {report.acts} entries stand under signatures, which hold.")
    for size, people in report.signed.items():
        say(f"  {size} entries are signed by {', '.join(people) or 'nobody who counts'}.")
    for size in report.papers:
        say(f"  The paper covers {size} entries, and the ledger extends it.")
    say(f"  {report.uncovered} entries are covered by no checkpoint of two and no given paper.")
    if report.findings:
        say(f"  {report.findings} findings are open: see 'decide findings'.")


@command.command("checkpoint")
@click.option("--words", is_flag=True, help="Its root as 32 PGP words, to read aloud.")
@click.option("--size", type=click.IntRange(min=1), help="That of the first SIZE entries.")
@click.option("--signature", type=ID, metavar="PERSON", help="Instead: that person's signature.")
@ledger_option
def checkpoint(ledger: Path, *, words: bool, size: int | None, signature: str | None) -> None:
    """Write out the checkpoint of a ledger: the exact bytes that are signed."""
    book = open_book(ledger)
    its = book.ledger.checkpoint(_within(book.ledger, size))
    if signature:
        signed = book.ledger.signatures(its.size)
        if signature not in signed:
            raise InputError(f"{signature} has not signed the checkpoint of {its.size} entries")
        click.echo(signed[signature], nl=False)
    elif words:
        say(" ".join(encode(its.root)))
    else:
        print_bytes(its.text())


@command.command("allowed-signers")
@ledger_option
def allowed_signers_command(ledger: Path) -> None:
    """Write out the signers in the form that `ssh-keygen -Y verify -f` takes."""
    signers = open_book(ledger).register.signers.values()
    keys = {signer.person: (PublicKey.parse(signer.public_key),) for signer in signers}
    click.echo(allowed_signers(keys, *NAMESPACES), nl=False)


@command.command("sign")
@click.argument("signers", type=ID, nargs=-1, required=True)
@click.option("--witness", type=ID, help="Reads the time beside a signer who is alone.")
@click.option("--size", type=click.IntRange(min=1), help="An earlier checkpoint, once more.")
@paper_options
@ledger_option
def sign(
    signers: tuple[str, ...],
    *,
    witness: str | None,
    size: int | None,
    onto: Onto,
    ledger: Path,
) -> None:
    """Sign the checkpoint of the ledger with the keys of SIGNERS, and print it."""
    with at_work(ledger, onto=onto) as it:
        demand_paper(it.station)
        register = it.register
        for person in signers:
            known(register.signers, person, "signer")
        verify(it.station.book.ledger)  # nobody vouches for what does not verify
        request = checkpoints.Request(
            signers=tuple(dict.fromkeys(signers)),
            paper=next((site.paper for site in register.sites.values()), PaperSize.A4),
            number=0,
            size=_within(it.station.book.ledger, size) or register.size,
            witness=witness or "",
        )
        number = handling.number_for(register, "checkpoint", msgspec.to_builtins(request))
        request = msgspec.structs.replace(request, number=number)
        it.run(checkpoints.ceremony(request))
        everybody = ", ".join(it.station.book.ledger.signatures(request.size))
        say(f"The checkpoint of {request.size} entries is signed by {everybody}.")
        say("Two copies of its sheet: one leaves with somebody who does not run the station.")


def _within(ledger: Ledger, size: int | None) -> int | None:
    """The size that was asked for, if there are so many entries.

    Raises:
        InputError: There are not.
    """
    if size is not None and size > ledger.size:
        raise InputError(f"the ledger has {ledger.size} entries, not {size}")
    return size


def _report_fields(report: Report) -> dict[str, object]:
    return {
        "register": report.register_id,
        "size": report.size,
        "root": report.root.hex(),
        "trusted": report.trusted,
        "signers": report.signers,
        "acts": report.acts,
        "signed": {str(size): list(people) for size, people in report.signed.items()},
        "papers": list(report.papers),
        "founded_again": report.founded_again,
        "uncovered": report.uncovered,
        "findings": report.findings,
    }


def _kind(fact: object) -> str:
    return str(type(fact).__struct_config__.tag)  # type: ignore[attr-defined]


def _about(fact: object) -> str:
    """The ids that a fact is about, in its own order."""
    wanted = (
        *("ceremony", "step", "account", "key", "set", "envelope", "bag", "safe", "site"),
        *("person", "decision", "choice", "rule", "subject", "count", "size", "number", "half"),
    )
    found = ((name, getattr(fact, name, None)) for name in wanted)
    return " ".join(str(value) for _, value in found if value is not None)


for _verb in exchange.VERBS:
    command.add_command(_verb)

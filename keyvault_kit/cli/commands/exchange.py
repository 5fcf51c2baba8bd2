"""`keyvault ledger propose|accept|backup|restore`: what leaves the station, what comes in."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import SOFT_KEYS, Bench, demand_paper, read_sheet, reading
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies import proposing
from keyvault_kit.ceremonies.plans import accept as accepting
from keyvault_kit.ceremonies.plans import identity as identities
from keyvault_kit.cli.at_work import at_work, both, proposing_station
from keyvault_kit.cli.options import ID, by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.cli.papers import checkpoint_of, checkpoint_option, trust_of, trust_option
from keyvault_kit.cli.prompts import ask_new_passphrase, ask_secret
from keyvault_kit.custody.model import Mode
from keyvault_kit.custody.register import known
from keyvault_kit.errors import EXIT_FINDINGS, InputError
from keyvault_kit.host.files import read_file, read_text, write_new
from keyvault_kit.host.memory import demand_memory
from keyvault_kit.ledger import age, bundle
from keyvault_kit.ledger.backup import back_up, restore
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import verify
from keyvault_kit.secret import Secret
from keyvault_kit.sheets import typed
from keyvault_kit.sheets.codes import MAGIC, Kind, SheetCode

BACKUP_LIMIT: Final = 1 << 31
"""Bytes of a backup that is read: two GiB, some millions of entries."""

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_out_option = click.option("--out", type=_FILE, required=True, help="The file to write; new.")
_to_option = click.option(
    "--to", "recipients", multiple=True, help="An age recipient (age1...); the station's otherwise."
)
_passphrase_option = click.option(
    "--passphrase", is_flag=True, help="A typed passphrase in the place of an identity."
)
_identity_option = click.option(
    "--identity",
    type=_FILE,
    help="The identity's sheet, a PDF or an image in memory; scanned or typed where none is named.",
)


# --- To the outside


def _encryption(
    recipients: tuple[str, ...], station: str, *, passphrase: bool
) -> Callable[[bytes], bytes]:
    """How to encrypt: by a passphrase that is typed twice, or to recipients."""
    if passphrase and recipients:
        raise click.UsageError("--to and --passphrase do not go together")
    if passphrase:
        secret = ask_new_passphrase()
        return lambda data: age.encrypt_with_passphrase(data, secret)
    chosen = recipients or ((station,) if station else ())
    if not chosen:
        raise click.UsageError(
            "this ledger has no identity: name --to RECIPIENT, or take --passphrase"
        )
    keys = [age.parse_recipient(each) for each in chosen]
    return lambda data: age.encrypt(data, keys)


@click.command("propose")
@click.argument("entries", type=_FILE, nargs=-1, required=True)
@_out_option
@_to_option
@_passphrase_option
@click.option("--by", "by", type=ID, multiple=True, help="Who proposes and signs.")
@ledger_option
def propose(
    entries: tuple[Path, ...],
    *,
    out: Path,
    recipients: tuple[str, ...],
    passphrase: bool,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Sign and encrypt proposals for the ledger's station, at another site, on a copy of it.

    Each file ENTRIES is a proposal: a JSON list of objects with `kind` and its fields, and perhaps
    `by`, `occurred` and `row` (docs/formats.md). Everybody named in it signs it.
    """
    with proposing_station(ledger) as it:
        encrypt = _encryption(recipients, it.register.recipient, passphrase=passphrase)
        signed = []
        for file in entries:
            text = read_text(file, "file of proposed entries")
            now = it.station.clock()
            wanted = proposing.read_wanted(text, str(file), by=by, now=now, station=it.station)
            signed.append(proposing.make(it.station, it.people, wanted))
        write_new(out, encrypt(bundle.pack(signed)))
    say(
        f"{out} holds {len(signed)} proposal(s). Carry it to the ledger's station: 'ledger accept'."
    )


@click.command("backup")
@_out_option
@_to_option
@_passphrase_option
@ledger_option
def backup(*, out: Path, recipients: tuple[str, ...], passphrase: bool, ledger: Path) -> None:
    """Write an encrypted copy of the ledger, also while it is in use; stock `age` opens it."""
    with Ledger.open(ledger, read_only=True) as source:
        station = reading(source).register.recipient
        encrypt = _encryption(recipients, station, passphrase=passphrase)
        entries = back_up(source, out, encrypt)
    to = "the passphrase" if passphrase else " or ".join(recipients or (station,))
    say(f"{out} holds the ledger with {entries} entries, and opens with {to}.")


# --- From the outside


def _decryption(sheet: Path | None, *, passphrase: bool) -> Callable[[bytes], bytes]:
    """How to decrypt: the secret is asked for, or read from its sheet, and wiped after its use."""

    def decrypt(data: bytes) -> bytes:
        if passphrase:
            with ask_secret("The passphrase") as secret:
                return age.decrypt_with_passphrase(data, secret)
        with _from_sheet(sheet) if sheet else _typed_identity() as identity:
            return age.decrypt(data, identity)

    return decrypt


def _typed_identity() -> Secret:
    with ask_secret("The station's identity, scanned or typed (not shown)") as given:
        return _parse_identity(given.expose_text())


def _from_sheet(path: Path) -> Secret:
    for code in read_sheet(path):
        if code.startswith(f"KVK1 {Kind.IDENTITY} "):
            return _parse_identity(code)
    raise InputError(f"{path} is no sheet of the station's identity")


def _parse_identity(text: str) -> Secret:
    """The identity as typed, or as a scanner types the code of its sheet."""
    if text.strip()[:3].upper() == MAGIC[:3]:  # whatever the scanner's keyboard makes of a digit
        code = SheetCode.parse(typed.read(text))
        if code.content is None:
            raise InputError("this code holds no identity")
        with code.content as content:
            return age.parse_identity(content.expose_text())
    return age.parse_identity(text)


@click.command("accept")
@click.argument("file", type=_FILE)
@_identity_option
@_passphrase_option
@by_option
@ledger_option
def accept(
    file: Path, *, identity: Path | None, passphrase: bool, by: tuple[str, ...], ledger: Path
) -> int:
    """Open the bundle FILE of another site; enter or refuse each of its proposals, by name."""
    data = read_file(file, "bundle", bundle.LARGEST)
    age.demand_kind(data, passphrase=passphrase)  # before a bag is opened for it
    outcome = accepting.Outcome()

    with at_work(ledger) as it:
        officers = both(it.register, by)
        accepting.demand_officers(it.register, officers)
        if identity and it.station.mode is Mode.LIVE:
            demand_memory(identity.parent)
        if identity:
            _from_sheet(identity).wipe()  # the wrong sheet is said before a bag is opened, too

        def unpack() -> tuple[bundle.Signed, ...]:
            return bundle.read_bundle(data, _decryption(identity, passphrase=passphrase))

        ceremony = accepting.ceremony(
            it.register, officers, unpack, outcome, with_identity=not passphrase
        )
        it.run(ceremony)
    for name in outcome.accepted:
        say(f"entered  {name}")
    for name, why in outcome.refused:
        say(f"REFUSED  {name}: {why}")
    return EXIT_FINDINGS if outcome.refused else 0


@click.command("restore")
@click.argument("file", type=_FILE)
@_identity_option
@_passphrase_option
@click.option("--give-up", is_flag=True, help="Set entries aside that the backup lacks.")
@checkpoint_option
@trust_option
@ledger_option
def restore_command(
    file: Path,
    *,
    identity: Path | None,
    passphrase: bool,
    give_up: bool,
    papers: tuple[str, ...],
    trust: str | None,
    ledger: Path,
) -> None:
    """Put the backup FILE back: verified first, in place last; what was there is kept beside it."""
    encrypted = read_file(file, "backup", BACKUP_LIMIT)
    age.demand_kind(encrypted, passphrase=passphrase)
    if identity and not Bench.begun(ledger.parent / SOFT_KEYS):  # those are of a rehearsal
        demand_memory(identity.parent)
    data = _decryption(identity, passphrase=passphrase)(encrypted)

    def check(its: Ledger) -> None:
        given = tuple(checkpoint_of(its, paper) for paper in papers)
        verify(its, papers=given, trust=None if trust is None else trust_of(trust))

    restored = restore(data, ledger, check, now=datetime.now(UTC), give_up=give_up)
    say(f"{ledger} has {restored.entries} entries, and verifies.")
    if restored.kept:
        say(f"What was there before lies in {restored.kept}.")


@click.command("renew-identity")
@click.option("--safe", type=ID, required=True, help="Where its sheet goes.")
@by_option
@paper_options
@ledger_option
def renew_identity(*, safe: str, by: tuple[str, ...], onto: Onto, ledger: Path) -> None:
    """Make a new identity of the station: the first one, or where somebody saw the old one.

    What was encrypted to the old one still opens with the old sheet: make new backups.
    """
    with at_work(ledger, onto=onto) as it:
        demand_paper(it.station)
        known(it.register.safes, safe, "safe")
        it.run(identities.ceremony(it.register, both(it.register, by), safe))
        say(f"Other sites encrypt to {it.register.recipient} from now on.")


VERBS: Final = (propose, accept, backup, restore_command, renew_identity)

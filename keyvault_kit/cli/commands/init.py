"""`keyvault init`: found a ledger, or found it again where fewer than two signers are left."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from keyvault_kit.assembly import SOFT_KEYS, Bench, Folder, demand_paper, demand_sheets, reading
from keyvault_kit.assembly.printing import Onto
from keyvault_kit.ceremonies.plans import founding, refounding
from keyvault_kit.ceremonies.station import Paper
from keyvault_kit.cli.at_work import AtWork, at_work, put_together
from keyvault_kit.cli.options import by_option, ledger_option, paper_options
from keyvault_kit.cli.output import say
from keyvault_kit.cli.papers import checkpoint_of, checkpoint_option
from keyvault_kit.custody import organisation as organisations
from keyvault_kit.custody.authority import TWO
from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import RefusedError
from keyvault_kit.host.files import make_folder, read_text
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import verify


@click.command("init")
@click.argument("organisation", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--rehearsal", is_flag=True, help="On software keys, to practise; never becomes live."
)
@click.option("--refound", is_flag=True, help="Found an existing ledger again, against its paper.")
@checkpoint_option
@by_option
@paper_options
@ledger_option
def command(
    organisation: Path | None,
    *,
    rehearsal: bool,
    refound: bool,
    papers: tuple[str, ...],
    by: tuple[str, ...],
    onto: Onto,
    ledger: Path,
) -> None:
    """Found a ledger for the organisation that the file ORGANISATION (TOML) describes.

    Its founders enrol signing keys of their own; the organisation is entered, and signed by both;
    the founding sheets are printed: one for each site, one for the auditor. If it is interrupted,
    the same command goes on.

    With --refound: where fewer than two signers are left, two people (--by, twice) enrol new keys,
    and the ledger goes on from its last checkpoint on paper (--checkpoint).
    """
    if refound:
        _refound(ledger, papers, by, onto)
    elif organisation is None:
        raise click.UsageError("name the organisation file")
    else:
        _found(organisation, ledger, Mode.REHEARSAL if rehearsal else Mode.LIVE, onto)


def _found(organisation: Path, path: Path, mode: Mode, onto: Onto) -> None:
    its = organisations.parse(read_text(organisation, "organisation file"), str(organisation))
    founding.check_printable(its, str(organisation))
    ceremony = founding.ceremony(its)
    with _new_or_begun(path, mode, onto) as it:
        if it.register.size == 0:
            _demand_empty(it.station.paper)
        begun = it.register.ceremonies.get(ceremony.id)
        if begun and begun.closed:
            raise RefusedError(f"{path} is founded already", mend="Choose another --ledger.")
        register = it.run(ceremony)
        book = it.station.book
        say(f"Founded: register {book.ledger.register_id}, {register.size} entries, {mode}.")
        say("Sign the founding sheets in ink; one copy to each site and one to the auditor.")
        if len(register.signers) == TWO:
            say("Enrol a third signer ('people enrol'): with two, one lost key means re-founding.")


def _demand_empty(paper: Paper) -> None:
    """Sheets of another ledger must not be written over: its backups open with one of them."""
    if isinstance(paper, Folder) and any(paper.path.glob("*.pdf")):
        raise RefusedError(
            f"{paper.path} holds sheets already, perhaps of another ledger",
            mend="Name an empty folder with --sheets.",
        )


@contextmanager
def _new_or_begun(path: Path, mode: Mode, onto: Onto) -> Iterator[AtWork]:
    if not path.exists():
        if mode is Mode.LIVE:
            demand_sheets(onto)
        make_folder(path.parent)
        Ledger.create(path).close()
    with Ledger.open(path) as ledger:
        begun = reading(ledger).register.mode
        if begun not in (None, mode):
            raise RefusedError(f"{path} was begun as a {begun} ledger, not as a {mode} one")
        if mode is Mode.LIVE:
            demand_sheets(onto)
        keys = path.parent / SOFT_KEYS
        if mode is Mode.REHEARSAL and not Bench.begun(keys):
            Bench.begin(keys, seed=os.urandom(32), now=datetime.now(UTC))
        yield put_together(ledger, mode, onto=onto)


def _refound(path: Path, papers: tuple[str, ...], by: tuple[str, ...], onto: Onto) -> None:
    if len(set(by)) < TWO or len(papers) != 1:
        raise click.UsageError(
            "--refound takes two people (--by, twice) and the last paper (--checkpoint)"
        )
    with at_work(path, onto=onto) as it:
        demand_paper(it.station)
        paper = checkpoint_of(it.station.book.ledger, papers[0])
        verify(it.station.book.ledger, papers=(paper,))
        it.run(refounding.ceremony(it.register, by, paper))
        say("Founded again. Sign the new founding sheets in ink; those of before vouch no more.")

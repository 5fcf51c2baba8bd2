"""`keyvault entra export`: files for the tenant, merged with what evidence says it has."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.runbook import runbook
from keyvault_kit.cli.evidence import evidence_files
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import MOMENT, TEXT, Parsed, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.entra.artefacts.artefact import Artefact
from keyvault_kit.entra.artefacts.change import Change
from keyvault_kit.entra.artefacts.collection import collect
from keyvault_kit.entra.artefacts.deploy import DEPLOY
from keyvault_kit.entra.artefacts.graph import changes, told
from keyvault_kit.entra.artefacts.requests import REQUESTS, ROLLBACK
from keyvault_kit.entra.artefacts.runbook import PRINTED
from keyvault_kit.entra.artefacts.wanted import REHEARSAL, Names, Wanted
from keyvault_kit.entra.evidence import read_evidence
from keyvault_kit.errors import DeclinedError, InputError, RefusedError
from keyvault_kit.host.delivery import Comparison, compare, deliver
from keyvault_kit.sheets.geometry import paper_for

REPLACE: Final = "replace files"
"""What is typed before a folder that is not empty is written to."""

_NAMES: Final = tuple(field.name for field in msgspec.structs.fields(Names))


def _name(value: str) -> tuple[str, str]:
    what, sign, name = value.partition("=")
    if what not in _NAMES or not sign:
        raise InputError(f"{value!r} is no WHAT=NAME", mend=f"WHAT is one of {listed(_NAMES)}.")
    return what, TEXT.convert(name, None, None)


@click.command("export")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder for the files: new or empty, or it is asked for a word.",
)
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    help="What was exported from the tenant within the last 7 days: a folder, or a file.",
)
@click.option("--greenfield", is_flag=True, help="The tenant is new: there is nothing to merge.")
@click.option("--taken", type=MOMENT, help="When that was, where it does not say it itself.")
@click.option(
    "--name",
    "names",
    type=Parsed("WHAT=NAME", _name),
    multiple=True,
    help=f"What something is called in the tenant; WHAT is one of {', '.join(_NAMES)}.",
)
@click.option("--replace", is_flag=True, help="Replace files in the folder without asking.")
@ledger_option
@json_option
def export(
    *,
    out: Path,
    evidence: Path | None,
    greenfield: bool,
    taken: datetime | None,
    names: Sequence[tuple[str, str]],
    replace: bool,
    ledger: Path,
    as_json: bool,
) -> None:
    """Write what the tenant is to be, as files: requests, alerts, scripts and a runbook.

    They are merged with what EVIDENCE says the tenant has, so that nothing of anybody else is lost:
    what changes is shown, and a roll-back is written. Evidence on record will not do: it holds what
    rules ask, and not the tenant's objects. Nothing is sent anywhere.
    """
    if (evidence is None) is not greenfield:
        raise _neither(both=greenfield)
    book = open_book(ledger)
    with book.ledger:
        it = _wanted(book, evidence, taken, Names(**dict(names)))
        made = collect(it)
        found = changes(it)
        paper = next((site.paper for site in book.register.sites.values()), PaperSize.A4)
        pdf = runbook(book, it, paper_for(paper))
    files = {artefact.name: artefact.content for artefact in made} | {PRINTED: pdf}
    compared = compare(out, files)
    _tell_changes(it, found, as_json=as_json)
    _tell_files(out, compared, as_json=as_json)
    if not compared.empty and not replace:
        _demand_word(out)
    deliver(out, files, start=(ROLLBACK, REQUESTS))
    if as_json:
        print_json(_document(out, it, made, files, found, compared))
    say(f"{count_of(len(files), 'file')} in {out}. Begin with {PRINTED}.", as_json=as_json)
    say(
        wrapped(f"{DEPLOY} takes it until {it.until:%Y-%m-%d %H:%M} UTC; then export again."),
        as_json=as_json,
    )


def _neither(*, both: bool) -> RefusedError | click.UsageError:
    if both:
        return click.UsageError("a tenant is new (--greenfield), or there is --evidence of it")
    return RefusedError(
        "without evidence of the tenant nothing can be merged with what it has",
        mend="Export it ('entra evidence-script'), and name the folder: --evidence FOLDER. Of a"
        " tenant that is new say so: --greenfield.",
    )


def _wanted(book: Book, evidence: Path | None, taken: datetime | None, names: Names) -> Wanted:
    it = Wanted(register=book.register, now=now_of(book), names=names)
    if evidence is None:
        return it
    accounts = tuple(book.register.accounts.values())
    read = read_evidence(evidence_files(evidence), accounts, taken=taken)
    return msgspec.structs.replace(
        it,
        facts=read.facts,
        objects=read.objects,
        evidence=read.sha256,
        tenant=read.tenant_id,
    )


def _demand_word(out: Path) -> None:
    """Have the exact word typed before files are replaced.

    Raises:
        DeclinedError: It was not.
    """
    text = (
        f"{out} is not empty. What it was carried out from is replaced, its roll-back included: a"
        f" new folder keeps both. To replace it, type exactly: {REPLACE}"
    )
    typed: str = click.prompt(text, default="", show_default=False, err=True)
    if typed.strip() != REPLACE:
        raise DeclinedError(
            f"the words were not typed, and {out} is as it was", mend="Name a new folder."
        )


# --- Told


def _tell_changes(it: Wanted, found: Iterable[Change], *, as_json: bool) -> None:
    if it.rehearsal:
        say(f"{REHEARSAL}: no tenant takes any of it.", as_json=as_json)
    for change in found:
        numbers = ", ".join(change.serves)
        say(wrapped(f"{change.title} ({numbers}; step {change.step})"), as_json=as_json)
        for line in told(change):
            say(wrapped(line, first="  - ", then="    "), as_json=as_json)
    say(as_json=as_json)


def _tell_files(out: Path, compared: Comparison, *, as_json: bool) -> None:
    if compared.empty:
        return
    told_of = {
        "to be replaced": compared.other,
        "of an earlier export, to be removed": compared.stale,
        "of somebody else, to be kept": compared.foreign,
    }
    for what, names in told_of.items():
        if names:
            say(f"{out}: {count_of(len(names), 'file')} {what}:", as_json=as_json)
            say(wrapped(", ".join(names), first="  ", then="  "), as_json=as_json)


def _document(
    out: Path,
    it: Wanted,
    made: Iterable[Artefact],
    files: Mapping[str, bytes],
    found: Iterable[Change],
    compared: Comparison,
) -> dict[str, object]:
    about = {artefact.name: artefact for artefact in made}
    return {
        "folder": str(out),
        "rehearsal": it.rehearsal,
        "evidence": it.evidence or None,
        "tenant": it.tenant or None,
        "until": f"{it.until:{TIME_FORMAT}}",
        "files": [
            {"name": name, "sha256": hashlib.sha256(content).hexdigest()}
            | _serving(about.get(name))
            for name, content in sorted(files.items())
        ],
        "changes": [_change(change) for change in found],
        "removed": list(compared.stale),
        "kept": list(compared.foreign),
    }


def _serving(artefact: Artefact | None) -> dict[str, object]:
    if artefact is None:
        return {}
    return {"about": artefact.about, "step": artefact.step or None, "serves": list(artefact.serves)}


def _change(change: Change) -> dict[str, object]:
    return {
        "title": change.title,
        "step": change.step,
        "serves": list(change.serves),
        "changes": change.call is not None,
        "moves": [msgspec.to_builtins(it) for it in change.moves],
        "notes": list(change.notes),
    }

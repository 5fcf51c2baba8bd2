"""`keyvault metadata`: what the FIDO Alliance publishes of models, brought in as a file."""

from pathlib import Path

import click

from keyvault_kit.assembly import makers_anchors, open_book
from keyvault_kit.ceremonies import metadata
from keyvault_kit.ceremonies.plan import Work, printable
from keyvault_kit.cli.at_work import at_work, one
from keyvault_kit.cli.options import ID, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.host.files import read_file
from keyvault_kit.keys.mds import SIZE_LIMIT, Blob, read_blob


@click.group("metadata")
def command() -> None:
    """The FIDO metadata by which attestations are judged, besides the shipped roots."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", type=ID, multiple=True, help="Who brings it in.")
@ledger_option
def import_blob(file: Path, *, by: tuple[str, ...], ledger: Path) -> None:
    """Verify a metadata BLOB (from https://mds3.fidoalliance.org) and judge keys by it.

    Its signature must lead to GlobalSign's root R3. What cannot be read in it is named and left
    out. One that is older than the one in use, or past its date, takes a decision of two people:
    'decide make older-metadata allowed', 'decide make stale-metadata allowed'.
    """
    data = read_file(file, "metadata BLOB", SIZE_LIMIT)
    with at_work(ledger) as it:
        person = one(it.register, by)
        blob = read_blob(data, now=it.station.clock())

        def act(_: Work) -> list[ev.Fact]:
            return [metadata.keep_blob(ledger, data, blob)]

        for line in _lines(blob):
            say(line)
        try:
            it.change_alone(f"Import metadata no. {blob.number}", person, act)
        finally:
            metadata.let_go(ledger, blob, it.register.metadata)


@command.command("show")
@ledger_option
@json_option
def show(ledger: Path, *, as_json: bool) -> int:
    """Show which metadata is in use. Exit status 1 where there is none."""
    book = open_book(ledger)
    imported, blob = book.register.metadata, makers_anchors(book).blob
    if imported is None or blob is None:
        say("No metadata was imported: keys are judged by the shipped roots.", as_json=as_json)
        if as_json:
            print_json(None)
        return EXIT_FINDINGS
    if as_json:
        print_json(
            {
                "number": blob.number,
                "next_update": blob.next_update.isoformat(),
                "entries": len(blob.entries),
                "left_out": list(blob.left_out),
                "sha256": imported.sha256,
                "imported": f"{imported.time:%Y-%m-%dT%H:%M:%SZ}",
            }
        )
        return 0
    for line in _lines(blob):
        say(line)
    return 0


def _lines(blob: Blob) -> list[str]:
    lines = [
        f"Metadata no. {blob.number}, {len(blob.entries)} models, next update {blob.next_update}"
    ]
    return lines + [f"  left out: {printable(each)}" for each in blob.left_out]

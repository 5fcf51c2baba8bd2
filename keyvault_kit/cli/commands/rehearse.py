"""`keyvault rehearse`: the whole life of two accounts on software keys."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from keyvault_kit.cli.options import json_option
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.host.files import read_text
from keyvault_kit.rehearsal.papers import SOUND
from keyvault_kit.rehearsal.run import Options, rehearse


@click.command("rehearse")
@click.option(
    "--organisation",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An organisation file (TOML); the sample that ships with the kit where none is given.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("rehearsal"),
    show_default=True,
    help="The folder: new or empty, or of an unfinished rehearsal, which is resumed.",
)
@click.option("--seed", type=int, help="The same seed gives the same rehearsal.")
@click.option("--year", is_flag=True, help="A whole year, with all that happens in one.")
@json_option
def command(
    organisation: Path | None, out: Path, seed: int | None, *, year: bool, as_json: bool
) -> int:
    """Run the whole life of two emergency accounts on software keys.

    Needs no hardware and touches no network. Afterwards the folder holds the ledger, every sheet
    as a PDF marked REHEARSAL, the records, the audit report and a summary.
    """
    given = None
    if organisation is not None:
        given = (read_text(organisation, "organisation file"), str(organisation))
    options = Options(out=out, organisation=given, seed=seed, year=year)
    outcome = rehearse(options, now=datetime.now(UTC), say=lambda line: say(line, as_json=as_json))
    if as_json:
        print_json(
            {
                "folder": str(out),
                "kept": outcome.kept,
                "promises": [
                    {"what": it.what, "kept": it.kept, "how": it.how} for it in outcome.promises
                ],
                "custody": msgspec.to_builtins(outcome.custody),
            }
        )
    say("", as_json=as_json)
    for promise in outcome.promises:
        mark = "kept  " if promise.kept else "BROKEN"
        say(f"{mark}  {promise.what}: {promise.how}", as_json=as_json)
    say("\nWho could act, and who always could, when all was sealed:", as_json=as_json)
    for it in outcome.custody:
        say(f"- {it.severity}: {it.what} ({it.rule}). {it.mend}", as_json=as_json)
    if not outcome.custody:
        say(f"- {SOUND}", as_json=as_json)
    say(f"\nRead {out / 'summary.md'}; the sheets lie in {out / 'sheets'}.", as_json=as_json)
    return 0 if outcome.kept else EXIT_FINDINGS

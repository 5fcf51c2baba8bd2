"""`keyvault share verify`: one secret sheet against the ledger, alone."""

from pathlib import Path
from typing import Final

import click

from keyvault_kit.cli.known import KnownSheet, KnownSheets
from keyvault_kit.cli.options import json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, sentence
from keyvault_kit.cli.sheets import Brought, from_person, on_sheet, warn_of_disk
from keyvault_kit.cli.word_entry import entry_screen, is_possible
from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import EXIT_FINDINGS, MismatchError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39 import DamagedShareError

_PROMPT: Final = "The share: type its words from the sheet, or scan the code of any secret sheet"


@click.group("share")
def command() -> None:
    """Look at single shares."""


@command.command("verify")
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False), required=False)
@ledger_option
@json_option
def verify(sheet: Path | None, ledger: Path, *, as_json: bool) -> int:
    """Verify one secret sheet against its proof in the ledger, without any other sheet.

    SHEET is a PDF or an image of it, on a tmpfs; without it, a share is typed word by word, or a
    sheet is scanned by a scanner that types. Shares are verified by their words; PIN mailers,
    passwords and parts by their codes, which carry the salt. Nothing is shown, nothing recorded.

    Exit status 1: the ledger has no such sheet; or the words contradict their checksum, and it
    is said which row is wrong; or the sheet is right, but its set is dead or void: it opens
    nothing, and should have been destroyed.
    """
    known = KnownSheets.of_ledger(ledger)
    brought = _from_file(sheet, known) if sheet else _from_person(known)
    try:
        found = known.share(brought) if isinstance(brought, Secret) else known.sheet(brought)
    except DamagedShareError as error:
        for line in known.mended(error):
            say(line, as_json=True)
        raise MismatchError(error.what, mend=error.mend) from None
    if as_json:
        print_json(_fields(found))
    else:
        _say_found(found)
    return EXIT_FINDINGS if found.is_over else 0


def _from_file(sheet: Path, known: KnownSheets) -> Brought:
    brought = on_sheet(sheet)
    if known.mode != Mode.REHEARSAL:
        warn_of_disk(sheet, lambda text: say(text, as_json=True))
    return brought


def _from_person(known: KnownSheets) -> Brought:
    if not is_possible():
        return from_person("Share (words, not shown)", known.proofs, None)
    with entry_screen(lambda text: say(text, as_json=True)) as screen:
        return from_person(_PROMPT, known.proofs, screen)


def _say_found(found: KnownSheet) -> None:
    it = found.set
    say(f"Right: this is {found}.")
    say(f"  {sentence(_opening(found))} the {it.purpose} of {it.subject}.")
    say(f"  Envelope {found.envelope.id} is {found.envelope.state}; the set is {it.state}.")
    for text in found.warnings():
        say(f"  {text}")


def _opening(found: KnownSheet) -> str:
    if found.set.count == 1:
        return "it is"
    return f"{found.set.threshold} of {found.set.count} recover"


def _fields(found: KnownSheet) -> dict[str, str | int | None]:
    return {
        "envelope": found.envelope.id,
        "set": found.set.id,
        "number": found.envelope.number,
        "threshold": found.set.threshold,
        "count": found.set.count,
        "state": str(found.envelope.state),
        "set_state": str(found.set.state),
        "proof": found.envelope.proof,
    }

"""`keyvault recover`: a secret from shares or parts. No ledger and no sign-in stand before it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import click

from keyvault_kit.cli.joining import Parts, as_typed, check_letters
from keyvault_kit.cli.known import KnownSheets
from keyvault_kit.cli.output import say
from keyvault_kit.cli.prompts import demand_terminal, show_secret
from keyvault_kit.cli.recovering import Found, Shares
from keyvault_kit.cli.sheets import (
    Brought,
    from_person,
    is_code,
    line_from_person,
    on_sheets,
    understand,
    warn_of_disk,
)
from keyvault_kit.cli.word_entry import EntryScreen, entry_screen, is_possible
from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import InputError, KeyvaultError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import parts as literal

SHOWN_SECONDS: Final = 300

_LINE: Final = "Next share (words, not shown)"
_SCREEN: Final = "Next share: type its words as they stand on the sheet, or scan a code of it"

Table = Shares | Parts
"""What people have laid on the table so far."""


@click.command("recover")
@click.argument("sheets", nargs=-1, type=click.Path(path_type=Path), metavar="[SHEET]...")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    help="A ledger that names each share and confirms what is mended; never needed.",
)
@click.option(
    "--parts",
    "count",
    type=click.IntRange(min(literal.COUNTS), max(literal.COUNTS)),
    help="Join so many literal parts of a password in place of shares.",
)
def command(sheets: tuple[Path, ...], ledger: Path | None, count: int | None) -> None:
    """Recover a password or a PIN from enough of its shares, in any order.

    Each SHEET is a PDF or an image of shares' sheets, on a tmpfs; shares that are still missing
    are typed word by word, or sent by a scanner that types. With --parts the sheets are those of
    a password that was cut in two or three. The code of a whole password's sheet shows it.

    A share that cannot be used is said so, and those before it are kept; shares of different sets
    are kept apart. Where a ledger does not know the sheets, or one share alone gave the secret, it
    is said so first. The secret appears on a screen of its own, and the screen is wiped after it.
    """
    demand_terminal()
    known = _known(ledger)
    table: Table = Parts(count, known) if count else Shares(known)
    for sheet in sheets:
        _lay_file(table, sheet, known)
    found = _wanted(table, known)
    title = "\n".join((found.title, *(f"Careful: {it}" for it in found.doubts)))
    with found.secret as secret:
        show_secret(title, secret.expose_text(), seconds=SHOWN_SECONDS)
    _tell("Write down who saw it and why; its rotation is due.")


def _tell(text: str) -> None:
    """A line for people, on stderr."""
    say(text, as_json=True)


def _known(ledger: Path | None) -> KnownSheets | None:
    """What the ledger knows, if there is one that can be read."""
    if ledger is None:
        return None
    try:
        return KnownSheets.of_ledger(ledger)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a ledger, recovery goes on
        why = str(error) if isinstance(error, KeyvaultError) else type(error).__name__
        _tell(f"Warning: the ledger {ledger} is of no use: {why}. It goes on without.")
        return None


def _lay_file(table: Table, sheet: Path, known: KnownSheets | None) -> None:
    """Lay what is in a file on the table; what is wrong with it is told."""
    try:
        brought = on_sheets(sheet)
    except KeyvaultError as error:
        _tell(str(error))
        return
    if known is None or known.mode != Mode.REHEARSAL:
        warn_of_disk(sheet, _tell)
    for it in brought:
        with _telling(f"{sheet}: "):
            _lay(table, it)


@contextmanager
def _telling(before: str = "", tell: Callable[[str], None] = _tell) -> Iterator[None]:
    """Tell what is wrong with one sheet, and go on."""
    try:
        yield
    except KeyvaultError as error:
        tell(f"{before}{error}")


def _lay(table: Table, brought: Brought) -> None:
    for text in (*table.add(brought), table.status):
        _tell(text)


def _wanted(table: Table, known: KnownSheets | None) -> Found:
    """The first secret that is beyond doubt, or that people want to see all the same."""
    while True:
        found = _found(table) or _ask(table, known)
        if not found.doubts or not _is_asking():
            return found
        doubts = " ".join((found.title, *found.doubts))
        if click.confirm(f"{doubts} It may be forged. Show it all the same?", err=True):
            return found
        found.secret.wipe()
        _tell("It is put aside, and all else is kept.")


def _found(table: Table) -> Found | None:
    """What the table gives; shares that give nothing are told, and are off the table then."""
    while True:
        with _telling():
            return table.found()


def _ask(table: Table, known: KnownSheets | None) -> Found:
    """Ask for what is missing until there is enough."""
    if isinstance(table, Parts):
        return _ask_for_parts(table)
    proofs = known.proofs if known else frozenset()
    if is_possible():
        with entry_screen(_tell) as screen:
            return _ask_on(screen, table, proofs)
    return _until_found(table, lambda: from_person(_LINE, proofs, None))


def _ask_for_parts(table: Parts) -> Found:
    """Ask for parts, each in a hidden line; what is typed is compared by its check letters."""

    def ask() -> Brought:
        prompt = f"Part {table.next} (its characters, or scan its code; not shown)"
        line = line_from_person(prompt).strip("\r\n")
        return understand(line) if is_code(line) else _compared(as_typed(line))

    return _until_found(table, ask)


def _compared(part: Secret) -> Secret:
    """A part that was typed, once somebody has compared its check letters with the sheet."""
    letters = f"The check letters of its rows are {check_letters(part)}"
    if not _is_asking():
        _tell(f"{letters}: compare them with the sheet.")
    elif not click.confirm(f"{letters}. Does the sheet say so?", err=True):
        raise InputError("this part was typed wrong", mend="Type it again.")
    return part


def _until_found(table: Table, ask: Callable[[], Brought]) -> Found:
    """Lay on the table what is asked for, until there is enough."""
    # Behind a pipe there is nobody who could try again.
    each = _telling if _is_asking() else nullcontext
    while True:
        with each():
            _lay(table, ask())
            if found := table.found():
                return found


def _is_asking() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask_on(screen: EntryScreen, table: Shares, proofs: frozenset[str]) -> Found:
    """Ask on a screen of its own; what is there stands on top of it."""
    while True:
        with _telling(tell=screen.tell):
            for text in table.add(from_person(f"{_SCREEN}\n{table.status}", proofs, screen)):
                screen.tell(text)
            status = table.status
            if found := table.found():
                screen.tell(status)
                return found

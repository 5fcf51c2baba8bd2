"""Secret sheets as people bring them to the command line: as files, by a scanner, or typed."""

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import read_sheet
from keyvault_kit.cli.output import say
from keyvault_kit.cli.prompts import ending_in_order
from keyvault_kit.cli.word_entry import EntryScreen
from keyvault_kit.errors import InputError, KeyvaultError
from keyvault_kit.host.memory import demand_memory
from keyvault_kit.secret import Secret
from keyvault_kit.sheets import codes, typed
from keyvault_kit.sheets.codes import SECRET_KINDS, SheetCode

LONGEST_LINE: Final = 10_000
"""Characters of a line that is looked at; a share has some hundreds."""

_AIMED: Final = 12
"""Characters at the beginning of a code, with what scanners send before it."""

Brought = Secret | SheetCode
"""What a secret sheet says: a share's words, as they came; or the code of a PIN, a password, a part
or an identity."""


def understand(text: str, tell: Callable[[str], None] | None = None) -> Brought:
    """What was typed, or sent by a scanner.

    Args:
        tell: Gets a sentence where what a wrong setting did to a share was put right.

    Raises:
        InputError: It is neither a share nor the code of a secret sheet; says what it is.
    """
    exact = typed.read(text, tell)
    if not exact.startswith(codes.MAGIC):
        return codes.parse_share(exact)
    code = SheetCode.parse(exact)
    if code.kind not in SECRET_KINDS:
        raise InputError(
            f"this is the code of a sheet of kind {code.kind}, with nothing secret on it",
            mend="Scan the code of the sheet that was inside.",
        )
    return code


def is_code(text: str) -> bool:
    """Whether a line is meant to be a sheet's code, and not what people type from it."""
    return codes.MAGIC in text[:_AIMED].upper()


def on_sheets(path: Path) -> tuple[Brought, ...]:
    """What the secret sheets in a file say, a PDF or an image; all of its pages are read.

    Raises:
        InputError: There is none, or the file cannot be read.
    """
    found: list[Brought] = []
    why = "it shows no code that can be read"
    for text in read_sheet(path):
        try:
            found.append(understand(text))
        except InputError as error:
            why = error.what  # a label's code beside the sheet's, say
    if not found:
        raise InputError(f"there is no secret sheet in {path}: {why}", mend="Scan the sheet again.")
    return tuple(found)


def on_sheet(path: Path) -> Brought:
    """What the one secret sheet in a file says.

    Raises:
        InputError: There is none, there are several, or the file cannot be read.
    """
    found = on_sheets(path)
    if len(found) != 1:
        raise InputError(
            f"{path} shows {len(found)} secret sheets, not one", mend="Give one sheet at a time."
        )
    return found[0]


def warn_of_disk(path: Path, say: Callable[[str], None]) -> None:
    """Say so where an image of a sheet lies on a disk; that never keeps anybody from opening."""
    try:
        demand_memory(path.absolute().parent)
    except KeyvaultError as error:
        say(
            f"Warning: {path} is an image of a secret, and {error.what}. Scans belong on a tmpfs:"
            " destroy this one when you are done, and have the secret changed."
        )


def from_person(prompt: str, proofs: Collection[str], screen: EntryScreen | None) -> Brought:
    """What is typed or sent by a scanner that types: on the screen, or as a hidden line.

    Where standard input is no terminal, its next line is it.

    Raises:
        InputError: As `understand`.
    """
    if screen is not None:
        with screen.ask(prompt, proofs) as text:
            return understand(text.expose_text())
    return understand(line_from_person(prompt), lambda text: say(text, as_json=True))


def line_from_person(prompt: str) -> str:
    """A line that is not shown while it is typed; an empty one is an answer too.

    Raises:
        InputError: Standard input is closed or has ended, or what came is no text.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed", mend="Name the sheet as an argument.")
    try:
        if not sys.stdin.isatty():
            return _next_line()
        with ending_in_order():  # or the terminal would stay without an echo
            line: str = click.prompt(
                prompt, default="", show_default=False, hide_input=True, err=True
            )
        line.encode()
    except UnicodeError:
        # Not chained: that error carries what was typed.
        raise InputError("what was typed is no text", mend="Type it again.") from None
    return line


def _next_line() -> str:
    line = sys.stdin.readline(LONGEST_LINE)
    if not line:
        raise InputError(
            "nothing was typed: standard input has ended",
            mend="Send every sheet that is needed, each in a line.",
        )
    return line

"""Shares as people bring them to the command line: on a sheet, by a scanner, or typed."""

import sys
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import read_sheet
from keyvault_kit.errors import InputError, KeyvaultError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing.slip39 import Share

LONGEST_LINE: Final = 10_000
"""Characters of a line that is looked at; a share has some hundreds."""


def share_from_sheet(path: Path) -> Secret:
    """The one share on a sheet, a PDF or an image.

    Raises:
        InputError: There is none, or several.
    """
    found: dict[str, None] = {}
    for code in read_sheet(path):
        try:
            found[Share.parse(code).mnemonic()] = None
        except InputError:
            continue  # another kind of code, such as a label's
    if len(found) != 1:
        raise InputError(
            f"{path} shows {len(found)} shares, not one", mend="Give the sheet of one share."
        )
    return Secret.from_text(next(iter(found)))


def share_from_person(prompt: str) -> Secret:
    """The share that is typed, or sent by a scanner that types; asked again until it is right.

    Where standard input is no terminal, its next line is the share, and is not asked for again.

    Raises:
        InputError: The line is no share.
    """
    if sys.stdin is None:
        raise InputError("standard input is closed", mend="Name the share's sheet as an argument.")
    if not sys.stdin.isatty():
        return Secret.from_text(Share.parse(sys.stdin.readline(LONGEST_LINE)).mnemonic())
    while True:
        line: str = click.prompt(prompt, hide_input=True, err=True)
        try:
            return Secret.from_text(Share.parse(line).mnemonic())
        except KeyvaultError as error:
            click.echo(str(error), err=True)

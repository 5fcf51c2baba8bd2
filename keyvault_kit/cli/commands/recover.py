"""`keyvault recover`: a password from its shares. No ledger and no sign-in stand before it."""

import sys
from pathlib import Path

import click

from keyvault_kit.cli.output import say
from keyvault_kit.cli.prompts import demand_terminal, show_secret
from keyvault_kit.cli.sheets import share_from_person, share_from_sheet
from keyvault_kit.errors import KeyvaultError
from keyvault_kit.secret import Secret
from keyvault_kit.sharing import passwords
from keyvault_kit.sharing.recovery import RecoveryState

SHOWN_SECONDS = 300


@click.command("recover")
@click.argument(
    "sheets", nargs=-1, type=click.Path(path_type=Path, dir_okay=False), metavar="[SHEET]..."
)
def command(sheets: tuple[Path, ...]) -> None:
    """Recover a password from enough of its shares, in any order.

    Each SHEET is a PDF or an image of a share's sheet; shares that are still missing are typed, or
    sent by a scanner that types. The password appears on a screen of its own, and
    the screen is wiped after it.
    """
    demand_terminal()
    state = RecoveryState()
    for sheet in sheets:
        _add(state, share_from_sheet(sheet))
    while not state.complete:
        _add_typed(state)
    with state.recover() as secret, passwords.password_from_secret(secret) as password:
        show_secret("The password:", password.expose_text(), seconds=SHOWN_SECONDS)
    say("Write down who saw it and why; its rotation is due.", as_json=True)


def _add(state: RecoveryState, share: Secret) -> None:
    with share:
        state.add(share.expose_text())
    say(state.status(), as_json=True)


def _add_typed(state: RecoveryState) -> None:
    """One more share from the keyboard; a wrong one is named, and what was typed before is kept."""
    try:
        _add(state, share_from_person("Next share (words, not shown)"))
    except KeyvaultError as error:
        if not sys.stdin.isatty():
            raise
        say(str(error), as_json=True)

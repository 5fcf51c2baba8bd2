"""`keyvault`: finds the verb, loads its file, runs it, and turns every error into one clear line.

Importing this module imports click and nothing else of weight, so help is quick.
"""

import os
import signal
import sys
from importlib import import_module
from typing import Any, Final, NamedTuple

import click

from keyvault_kit.cli.output import report
from keyvault_kit.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE, KeyvaultError
from keyvault_kit.host.hygiene import no_core_dumps

CJK_FONT: Final = "KEYVAULT_CJK_FONT"
"""What names the optional font; spelled here, so that help does not load the fonts."""

_WITHOUT_FONT: Final = frozenset({"doctor", "recover", "share"})
"""Verbs that open, read and mend, and print no name: the font is not even looked at."""


class Verb(NamedTuple):
    """A verb of the command line.

    Attributes:
        module: The file under `commands`, whose `command` attribute is the click command.
        help: One line for the list of verbs.
    """

    module: str
    help: str


VERBS: Final = {
    "accounts": Verb("accounts", "The emergency access accounts."),
    "audit": Verb("audit", "Walk through the safes: every bag compared, every key challenged."),
    "custody": Verb("custody", "Who could use the accounts, and who always can."),
    "decide": Verb("decide", "Record choices and exceptions, and settle findings."),
    "destroy": Verb("destroy", "Destroy sheets that open nothing any more; with a certificate."),
    "doctor": Verb("doctor", "What is missing on this workstation, and how to mend it."),
    "drill": Verb("drill", "Practise with one envelope, or with one key."),
    "due": Verb("due", "What is due, by when and why; enter what was done."),
    "enroll": Verb("enroll", "Passkeys for the accounts: keys, the online script, its evidence."),
    "entra": Verb("entra", "Files for the Entra tenant, and evidence from it."),
    "envelopes": Verb("envelopes", "What lies where; move, destroy and correct envelopes."),
    "give-up": Verb("give_up", "Give up a ceremony that nobody will end."),
    "init": Verb("init", "Found a ledger for an organisation."),
    "keys": Verb("keys", "Read the security keys that are plugged in."),
    "leaver": Verb("leaver", "Somebody leaves: what is to be done, by when, until it is done."),
    "ledger": Verb("ledger", "Show, verify and sign a ledger; proposals, backup, restore."),
    "metadata": Verb("metadata", "What the FIDO Alliance publishes of models, as a file."),
    "open": Verb("open", "Open envelopes or keys of an account, and sign in; it never waits."),
    "people": Verb("people", "Who may act: roles, validity, absences, signing keys."),
    "post-mortem": Verb("post_mortem", "Look into the uses of an account, and class them."),
    "recover": Verb("recover", "Recover a secret from its shares or parts. Needs no ledger."),
    "rehearse": Verb("rehearse", "Run the whole life of two accounts on software keys."),
    "relocate": Verb("relocate", "Envelopes go to another safe, or a safe to another site."),
    "requirements": Verb("requirements", "What is asked of the accounts, and what covers it."),
    "reseal": Verb("reseal", "Sheets that were opened go into new bags and back to their safes."),
    "review": Verb("review", "The 90-day review of accounts, point by point."),
    "rotate": Verb("rotate", "A new password of an account, or a new PIN of a key."),
    "rules": Verb("rules", "Judge the requirements: failed, unknown, decided, passed."),
    "safes": Verb("safes", "Containers and who opens them."),
    "seal": Verb("seal", "A new password: made, put on paper, sealed, set and deposited."),
    "share": Verb("share", "Verify one secret sheet against the ledger, alone."),
    "sheets": Verb("sheets", "Print forms and other sheets without a secret."),
    "sites": Verb("sites", "Where safes stand."),
    "station": Verb("station", "The machine, its printer and its media under custody."),
}


class Verbs(click.Group):
    """A group that loads a verb's file when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All verbs, by name."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a verb."""
        verb = VERBS.get(name)
        if verb is None:
            return None
        command: click.Command = import_module(f"keyvault_kit.cli.commands.{verb.module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of verbs, without loading any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in sorted(VERBS.items())])


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if wanted:
        version = import_module("importlib.metadata").version("keyvault-kit")
        click.echo(f"keyvault {version}")
        ctx.exit()


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 findings or a mismatch, 2 usage or input, 3 key or device, "
    "4 ledger integrity, 5 refused by policy, 70 our own fault, 130 interrupted.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def keyvault(ctx: click.Context) -> None:
    """Offline custody of emergency-access accounts: keys, passwords, envelopes, ledger."""
    if CJK_FONT in os.environ and ctx.invoked_subcommand not in _WITHOUT_FONT:
        _take_font()


def _take_font() -> None:
    """Take the optional font; a name that cannot be printed without it is refused when it comes."""
    try:
        import_module("keyvault_kit.assembly.typeface").take_cjk_font(os.environ)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a font, the work goes on
        why = error.what if isinstance(error, KeyvaultError) else type(error).__name__
        click.echo(f"Warning: {CJK_FONT}: {why}. It goes on without that font.", err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    no_core_dumps()
    if hasattr(signal, "SIGPIPE"):
        # A reader that has seen enough is no error: end as every other program does.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit status.
    """
    try:
        result: Any = keyvault.main(arguments, prog_name="keyvault", standalone_mode=False)
    except KeyvaultError as error:
        report(error)
        return error.exit_status
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        click.echo(f"keyvault: the system refused:{where} {error.strerror}", err=True)
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - the last resort: our own fault, without locals
        click.echo(f"keyvault: our own fault: {type(error).__name__} in {_place(error)}", err=True)
        return EXIT_INTERNAL
    return result if isinstance(result, int) else 0


def _place(error: BaseException) -> str:
    """Where an error was raised; its text is left out, since it might quote a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}"


if __name__ == "__main__":
    main()

"""`keyvault-tui`: reads the options, puts the desk together and runs the application.

Importing this module imports click and nothing else of weight, so help is quick.
"""

import os
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

import click

from keyvault_kit.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE
from keyvault_kit.host.hygiene import no_core_dumps

DEFAULT_LEDGER: Final = Path("ledger.db")


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 2 usage, 70 our own fault, 130 interrupted.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The ledger file; ./{DEFAULT_LEDGER} where there is one.",
)
@click.option(
    "--rehearsal", is_flag=True, help="To practise: software keys and a ledger made for the day."
)
def command(*, ledger: Path | None, rehearsal: bool) -> int:
    """Emergency keys, the ledger and what is due, on one screen.

    Works without a ledger, too: the Keys screen needs none.
    """
    if rehearsal and ledger:
        raise click.UsageError("--rehearsal makes a ledger of its own: leave --ledger out")
    if not (_is_terminal(sys.__stdin__) and _is_terminal(sys.__stderr__)):
        # Textual reads the one and draws on the other (textual.drivers.linux_driver).
        raise click.UsageError("the interface needs a terminal; 'keyvault' works without one")
    return _run(ledger, rehearsal=rehearsal)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _run(ledger: Path | None, *, rehearsal: bool) -> int:
    _forget_debugging()
    # Imported only now: these settings are read when Textual is loaded.
    from tui.app import KeyvaultApp  # noqa: PLC0415
    from tui.desk import open_desk  # noqa: PLC0415
    from tui.rehearsal import rehearse_in, temporary_folder  # noqa: PLC0415

    with ExitStack() as cleanup:
        if rehearsal:
            folder = cleanup.enter_context(temporary_folder())
            app = KeyvaultApp(partial(rehearse_in, folder), rehearsal=True)
        else:
            found = DEFAULT_LEDGER if DEFAULT_LEDGER.exists() else None
            app = KeyvaultApp(partial(open_desk, ledger or found))
        app.run()
    if app.fault:
        click.echo(app.fault, err=True)
        return EXIT_INTERNAL
    return 0


def _forget_debugging() -> None:
    """Textual's own settings can write every key that is pressed into a file: none is obeyed."""
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]


def main(arguments: list[str] | None = None) -> None:
    """Run the interface and exit with its status."""
    no_core_dumps()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the interface.

    Returns:
        The exit status.
    """
    try:
        result: Any = command.main(arguments, prog_name="keyvault-tui", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - the last resort: our own fault, without locals
        from tui.crash import fault_of  # noqa: PLC0415

        click.echo(fault_of(error), err=True)
        return EXIT_INTERNAL
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()

"""Options and arguments that several verbs share."""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from keyvault_kit.assembly.printing import PrinterChoice
from keyvault_kit.custody.model import Id
from keyvault_kit.errors import InputError
from keyvault_kit.sheets import fonts

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("ledger.db"),
    show_default=True,
    help="The ledger file.",
)
transfer_option = click.option(
    "--transfer",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the transfer medium, where it is mounted. Where none is named it is the"
    " ledger's own: on a live ledger, name it.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


class Parsed(click.ParamType[T]):
    """A parameter that a function reads; what it raises is said as a usage error.

    Args:
        name: What help calls it.
        parse: From what was typed to the value.
    """

    def __init__(self, name: str, parse: Callable[[str], T]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> T:
        """The value, or a usage error that says what is wrong."""
        try:
            return self._parse(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


def _id(value: str) -> str:
    try:
        return msgspec.convert(value, Id)
    except msgspec.ValidationError as error:
        what = f"{value!r} is no id: letters, digits, - and _ alone, 64 at most"
        raise InputError(what) from error


def _text(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise InputError("it is empty, or holds a character that cannot be shown")
    return value.strip()


def _name(value: str) -> str:
    """A name, which sheets print."""
    name = _text(value)
    fonts.require(name)
    return name


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputError(f"{value!r} is no day", mend="Type it as YYYY-MM-DD.") from error


def _moment(value: str) -> datetime:
    """A time to the second, UTC; one without a zone might be anybody's."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(
            f"{value!r} is no time", mend="Type it as YYYY-MM-DDTHH:MMZ (UTC), or with +HH:MM."
        )
    return moment.astimezone(UTC).replace(microsecond=0)


ID: Final = Parsed("ID", _id)
TEXT: Final = Parsed("TEXT", _text)
NAME: Final = Parsed("NAME", _name)
DAY: Final = Parsed("YYYY-MM-DD", _day)
MOMENT: Final = Parsed("YYYY-MM-DDTHH:MMZ", _moment)

KEPT: Final = timedelta(days=10 * 365)
"""How long free text is kept: past what it was about, by the longest usual duty to keep records."""

by_option = click.option(
    "--by", "by", type=ID, multiple=True, help="Who does it and signs; give it twice."
)

occurred_option = click.option(
    "--occurred-at", "occurred", type=MOMENT, help="When it happened, where that was not just now."
)


def printer_options(command: F) -> F:
    """The options that name a printer; the command takes them as one `printer`."""

    @click.option("--printer", metavar="QUEUE", help="A CUPS queue of this machine.")
    @click.option("--tray", metavar="NAME", help="One of the queue's trays; see 'doctor printing'.")
    @click.option("--duplex", is_flag=True, help="On both sides, for sheets of several pages.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        printer: str | None,
        tray: str | None,
        duplex: bool,
        **rest: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if printer is None and (tray or duplex):
            raise click.UsageError("--tray and --duplex are a printer's: name one with --printer")
        choice = PrinterChoice(printer, tray or "", duplex) if printer else None
        return command(*args, printer=choice, **rest)

    return wrapped  # type: ignore[return-value]


def paper_options(command: F) -> F:
    """What sheets are printed on: a printer or a folder; the command takes it as `onto`."""

    @click.option(
        "--sheets",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder for the sheets, on a tmpfs; a rehearsal's lies beside its ledger.",
    )
    @printer_options
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        sheets: Path | None,
        printer: PrinterChoice | None,
        **rest: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if sheets and printer:
            raise click.UsageError("sheets go to --sheets or to --printer, not to both")
        return command(*args, onto=sheets or printer, **rest)

    return wrapped  # type: ignore[return-value]

"""Options and arguments that several verbs share."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from keyvault_kit.custody.model import Id
from keyvault_kit.errors import InputError
from keyvault_kit.sheets import fonts

ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("ledger.db"),
    show_default=True,
    help="The ledger file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


class IdType(click.ParamType[str]):
    """An id: letters, digits, - and _."""

    name = "ID"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The id, or a usage error that says what one looks like."""
        try:
            return msgspec.convert(value, Id)
        except msgspec.ValidationError:
            self.fail(f"{value!r} is no id: letters, digits, - and _ alone, 64 at most", param, ctx)


class TextType(click.ParamType[str]):
    """A line of text that can be shown: not empty, no control character."""

    name = "TEXT"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The text, or a usage error."""
        text = str(value)
        if not text.strip() or not text.isprintable():
            self.fail("it is empty, or holds a character that cannot be shown", param, ctx)
        return text.strip()


class NameType(TextType):
    """A person's name, which sheets print."""

    name = "NAME"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The name, or a usage error that says what cannot be printed."""
        name = super().convert(value, param, ctx)
        try:
            fonts.require(name)
        except InputError as error:
            self.fail(str(error), param, ctx)
        return name


ID = IdType()
TEXT = TextType()
NAME = NameType()
DAY = click.DateTime(formats=["%Y-%m-%d"])

KEPT: Final = timedelta(days=10 * 365)
"""How long free text is kept: past what it was about, by the longest usual duty to keep records."""

by_option = click.option(
    "--by", "by", type=ID, multiple=True, help="Who does it and signs; give it twice."
)
sheets_option = click.option(
    "--sheets",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the sheets, on a tmpfs; a rehearsal's lies beside its ledger.",
)


def day(value: datetime | None) -> Any:  # noqa: ANN401 - a date, or None as it came
    """The date of an option of type DAY."""
    return value.date() if value else None

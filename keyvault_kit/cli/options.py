"""Options that several verbs share."""

from pathlib import Path

import click

ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("ledger.db"),
    show_default=True,
    help="The ledger file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")

"""A plan file in the place of a ledger (`--plan FILE`)."""

from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.plan import parse
from keyvault_kit.host.files import read_text

_LARGEST: Final = 16 << 20
"""Bytes of a plan: 10,000 items take two million."""

plan_option = click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A plan (TOML or JSON, see docs/custody.md) instead of a ledger.",
)


def plan_of(ctx: click.Context, plan: Path, *others: str) -> Holdings:
    """The holdings of a plan.

    Args:
        others: Options that speak of a ledger: none of them goes with a plan.

    Raises:
        InputError: It cannot be read, or is no plan.
        UsageError: One of these options was given.
    """
    for name in others:
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--plan and --{name} do not go together")
    return parse(read_text(plan, "plan", _LARGEST), str(plan))

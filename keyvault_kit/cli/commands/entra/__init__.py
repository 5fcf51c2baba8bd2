"""`keyvault entra`: what goes to the tenant, and what comes from it."""

import click

from keyvault_kit.cli.commands.entra import check, export, script


@click.group("entra")
def command() -> None:
    """What goes to the Entra tenant, and what comes from it: always as files."""


command.add_command(check.check)
command.add_command(export.export)
command.add_command(script.evidence_script)

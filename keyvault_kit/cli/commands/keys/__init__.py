"""`keyvault keys`: what a custodian does with the key in the hand."""

import click

from keyvault_kit.cli.commands.keys import credentials, custody, pins, proof, reading


@click.group("keys")
def command() -> None:
    """Read, prove and write to the security keys that are plugged in."""


command.add_command(reading.list_keys)
command.add_command(reading.show)
for verb in (
    proof.identify,
    proof.verify,
    pins.check_pin,
    pins.set_pin,
    pins.change_pin,
    credentials.credentials,
    custody.register,
    custody.retire,
    custody.reset,
):
    command.add_command(verb)

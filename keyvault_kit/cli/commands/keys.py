"""`keyvault keys list`: the security keys that are plugged in. Needs no ledger."""

import click
import msgspec

from keyvault_kit.assembly import plugged_in_keys
from keyvault_kit.cli.options import json_option
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.reading import Reading, Unreadable, read_all

HEADS = ("product", "serial", "firmware", "PIN", "attempts left", "passkeys left", "AAGUID")


@click.group("keys")
def command() -> None:
    """Read the security keys that are plugged in."""


@command.command("list")
@json_option
def list_keys(*, as_json: bool) -> int:
    """List every FIDO2 key that is plugged in, with what it says about itself.

    Spends no PIN attempt and wants no touch. A key that fails spoils nothing but its own row.
    """
    found = read_all(plugged_in_keys())
    if as_json:
        print_json([msgspec.to_builtins(it) for it in found])
    elif not found:
        say("No FIDO2 key is plugged in, or none may be opened.")
    readable = [it for it in found if isinstance(it, Reading)]
    broken = [it for it in found if isinstance(it, Unreadable)]
    if readable and not as_json:
        say(table(HEADS, [_row(it) for it in readable]))
    for it in broken:
        say(f"{it.plugged.name}: {it.error}", as_json=True)
    return DeviceError.exit_status if broken else 0


def _row(it: Reading) -> tuple[str, ...]:
    pin = "must change" if it.force_pin_change else "set" if it.pin_set else "not set"
    cells = (
        it.product,
        it.serial,
        it.firmware,
        pin,
        it.pin_retries,
        it.remaining_credentials,
        it.aaguid,
    )
    return tuple("-" if cell is None else str(cell) for cell in cells)

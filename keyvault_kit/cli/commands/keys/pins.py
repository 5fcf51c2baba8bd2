"""`keyvault keys check-pin`, `set-pin`, `change-pin`: PINs, with the lockout guard before each."""

from typing import Final

import click

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.cli.commands.keys.naming import Naming, at_key, naming_options
from keyvault_kit.cli.output import print_json, say
from keyvault_kit.cli.prompts import demand_terminal
from keyvault_kit.keys.failures import PinState

DIGITS: Final = 8

_generate_option = click.option(
    "--generate", is_flag=True, help="Draw the PIN and show it, to be typed once."
)
_length_option = click.option(
    "--length",
    type=click.IntRange(4, 63),
    help=f"Digits of a drawn PIN, {DIGITS} by default; more where the key wants more.",
)
_min_length_option = click.option(
    "--min-length", type=click.IntRange(4, 63), help="The key takes no shorter PIN from now on."
)
_force_option = click.option(
    "--force-change", is_flag=True, help="The PIN must be changed before it is used."
)


def _digits(length: int | None, *, generate: bool) -> int | None:
    if length is not None and not generate:
        raise click.UsageError("--length goes with --generate")
    if not generate:
        return None
    demand_terminal()
    return length or DIGITS


def _fields(tag: str, state: PinState) -> dict[str, object]:
    return {
        "tag": tag or None,
        "retries": state.retries,
        "power_cycle_needed": state.power_cycle_needed,
    }


@click.command("check-pin")
@naming_options
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def check_pin(naming: Naming, *, as_json: bool) -> None:
    """Prove that a PIN is right. Nothing else happens at the key.

    A right PIN gives the key its full number of attempts back. A third wrong PIN in a row is not
    sent, and the last attempts take exact words.
    """
    with at_key(naming) as at:
        state = key_work.check_pin(at)
    if as_json:
        print_json(_fields(at.tag, state) | {"right": True})
    say(f"The PIN of {at.name} is right ({state}).", as_json=as_json)


@click.command("set-pin")
@naming_options
@_generate_option
@_length_option
@_min_length_option
@_force_option
def set_pin(
    naming: Naming,
    length: int | None,
    min_length: int | None,
    *,
    generate: bool,
    force_change: bool,
) -> None:
    """Give a key its first PIN, typed twice or drawn.

    For keys of your own. The PIN of a key under custody is drawn, printed and sealed when the key
    is enrolled; one that is set here lies in no envelope.
    """
    digits = _digits(length, generate=generate)
    policy = PinPolicy(min_length=min_length, force_change=force_change)
    with at_key(naming) as at:
        state = key_work.set_pin(at, policy, generate=digits)
    say(f"The PIN of {at.name} is set ({state}).")


@click.command("change-pin")
@naming_options
@_generate_option
@_length_option
@_min_length_option
@_force_option
def change_pin(
    naming: Naming,
    length: int | None,
    min_length: int | None,
    *,
    generate: bool,
    force_change: bool,
) -> None:
    """Change a key's PIN; also where the key demands it.

    A PIN that is sealed for this key opens it no more after that: the register says so.
    """
    digits = _digits(length, generate=generate)
    policy = PinPolicy(min_length=min_length, force_change=force_change)
    with at_key(naming) as at:
        state = key_work.change_pin(at, policy, generate=digits)
    say(f"The PIN of {at.name} is changed ({state}).")

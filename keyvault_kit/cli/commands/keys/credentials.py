"""`keyvault keys credentials list`, `delete`: the discoverable credentials on a key."""

import click

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.plan import printable
from keyvault_kit.cli.commands.keys.naming import Naming, at_key, naming_options
from keyvault_kit.cli.options import Parsed, json_option
from keyvault_kit.cli.output import print_json, say, sentence, table
from keyvault_kit.errors import InputError
from keyvault_kit.keys.credentials import ResidentCredential


def _credential_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no credential id", mend="Type its hex digits.") from error


@click.group("credentials")
def credentials() -> None:
    """The passkeys on a key: list and delete them. Wants the PIN."""


@credentials.command("list")
@naming_options
@json_option
def list_credentials(naming: Naming, *, as_json: bool) -> None:
    """List the passkeys on a key, with their account and relying party."""
    with at_key(naming) as at:
        found = key_work.credentials(at)
    if as_json:
        print_json([_fields(each) for each in found])
    elif found:
        heads = ("relying party", "account", "credential id")
        say(table(heads, [_row(each) for each in found]))
    else:
        say(sentence(f"{at.name} holds no passkey."))


def _fields(it: ResidentCredential) -> dict[str, str]:
    return {
        "rp_id": it.rp_id,
        "user_name": it.user_name,
        "user_id": it.user_id.hex(),
        "credential": it.credential_id.hex(),
    }


def _row(it: ResidentCredential) -> tuple[str, str, str]:
    return printable(it.rp_id), printable(it.user_name) or "-", it.credential_id.hex()


@credentials.command("delete")
@click.argument("credential", type=Parsed("ID", _credential_id))
@naming_options
def delete_credential(credential: bytes, naming: Naming) -> None:
    """Delete one passkey for good, after exact words. ID: as 'credentials list' shows it."""
    with at_key(naming) as at:
        gone = key_work.delete_credential(at, credential)
    say(f"The passkey of {printable(gone.user_name or 'an account')} is off {at.name}.")

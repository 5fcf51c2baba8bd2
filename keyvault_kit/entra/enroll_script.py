"""`Enroll.ps1`: one script for the online legs of an enrolment and for the password (S17, S20)."""

from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Final

from keyvault_kit.custody.model import Account, Mode
from keyvault_kit.custody.register import Register, known
from keyvault_kit.entra.artefacts.wanted import REHEARSAL
from keyvault_kit.errors import InputError, RefusedError

NAME: Final = "Enroll.ps1"
_TO_FILL: Final = "$Rehearsal = $true\n$Accounts = @()\n"


def script(register: Register, new_keys: Mapping[str, str]) -> bytes:
    """The script with the accounts of the register and the tags of their keys; no secret is in it.

    Args:
        new_keys: Tags that are not registered yet -> the account that they will be for.

    Raises:
        RefusedError: There is no account, no such one, or a key is registered for another one.
        InputError: A sign-in name has a character that no script should have.
    """
    if not register.accounts:
        raise RefusedError(
            "the register has no emergency access account", mend="Add them: 'accounts add'."
        )
    for tag, account in new_keys.items():
        known(register.accounts, account, "account")
        key = register.keys.get(tag)
        if key and key.account != account:
            raise RefusedError(f"key {tag} is registered for {key.account}, not for {account}")
    rehearsal = register.mode is Mode.REHEARSAL
    accounts = (
        _row(it, _tags(register, new_keys, it.id), rehearsal=rehearsal)
        for it in register.accounts.values()
    )
    filled = f"$Rehearsal = ${str(rehearsal).lower()}\n$Accounts = @(\n{''.join(accounts)})\n"
    template = resources.files(__package__).joinpath("templates", NAME).read_text("ascii")
    before, after = template.split(_TO_FILL)
    mark = f"# {REHEARSAL}: for no tenant.\n" if rehearsal else ""
    return f"{mark}{before}{filled}{after}".encode("ascii")


def _tags(register: Register, new_keys: Mapping[str, str], account: str) -> Iterator[str]:
    """The tags of an account's keys in service, and of those that are to be."""
    ours = {it.id for it in register.keys.values() if it.account == account and not it.retired}
    yield from sorted(ours | {tag for tag, its in new_keys.items() if its == account})


def _row(account: Account, tags: Iterator[str], *, rehearsal: bool) -> str:
    object_id = f"{REHEARSAL}-{account.id}" if rehearsal else account.object_id
    fields = {
        "Account": _quoted(account.id),
        "Upn": _quoted(account.upn),
        "ObjectId": _quoted(object_id) if object_id else "$null",
        "Tags": f"@({', '.join(_quoted(tag) for tag in tags)})",
    }
    return f"    @{{ {'; '.join(f'{name} = {value}' for name, value in fields.items())} }}\n"


def _quoted(text: str) -> str:
    """A literal of PowerShell, which takes typographic quotes for quotes as well."""
    if not (text.isascii() and text.isprintable()):
        raise InputError(
            f"{text!r} cannot stand in a script: it has characters beyond ASCII",
            mend="Use the account's sign-in name as Graph writes it.",
        )
    return "'" + text.replace("'", "''") + "'"

"""The script that exports evidence at the tenant, for the accounts of a register."""

from importlib import resources
from typing import Final

from keyvault_kit.custody.model import Account, Mode
from keyvault_kit.custody.register import Register

NAME: Final = "Export-Evidence.ps1"

_REHEARSAL: Final = "REHEARSAL"
_ACCOUNTS: Final = "[string[]] $AccountId = @(),"
"""The line of the script that has the accounts."""


def evidence_script_of(register: Register) -> bytes:
    """The script with the object ids of the accounts, or their sign-in names where it has none.

    In a rehearsal it names no account that a tenant has.
    """
    rehearsal = register.mode is Mode.REHEARSAL
    names = [
        f"{_REHEARSAL}-{it.id}" if rehearsal else _name(it) for it in register.accounts.values()
    ]
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    text = resources.files("keyvault_kit.entra").joinpath("templates", NAME).read_text("ascii")
    mark = f"# {_REHEARSAL}: for no tenant.\n" if rehearsal else ""
    script = text.replace(_ACCOUNTS, _ACCOUNTS.replace("@()", f"@({quoted})"))
    return f"{mark}{script}".encode()


def _name(account: Account) -> str:
    return account.object_id or account.upn

"""`keyvault accounts`: the emergency access accounts."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.cli.at_work import at_work
from keyvault_kit.cli.late import enter
from keyvault_kit.cli.options import ID, by_option, json_option, ledger_option, occurred_option
from keyvault_kit.cli.output import print_json, say, table
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.model import OBJECT_ID_PATTERN, Account, Purpose
from keyvault_kit.custody.register import Register, known
from keyvault_kit.custody.triggers import seen
from keyvault_kit.custody.wording import listed
from keyvault_kit.errors import InputError, RefusedError

_UPN: Final = r"[^@\s]{1,64}@[^@\s]{1,48}"
_object_option = click.option("--object-id", help="The tenant's object id of it (S7).")


@click.group("accounts")
def command() -> None:
    """The emergency access accounts."""


@command.command("list")
@ledger_option
@json_option
def list_accounts(ledger: Path, *, as_json: bool) -> None:
    """List all accounts with their keys, password set and what is known of their use."""
    register = open_book(ledger).register
    accounts = register.accounts.values()
    if as_json:
        print_json([_fields(register, account) for account in accounts])
        return
    heads = ("id", "sign-in name", "keys", "password set", "used, rotation due")
    rows = [
        (
            account.id,
            account.upn,
            ", ".join(_keys(register, account)) or "-",
            account.password_set or "-",
            account.used.strftime(TIME_FORMAT) if account.used else "-",
        )
        for account in accounts
    ]
    say(table(heads, rows))


def _keys(register: Register, account: Account) -> list[str]:
    return [key.id for key in register.keys.values() if key.account == account.id]


def _fields(register: Register, account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "upn": account.upn,
        "object_id": account.object_id,
        "keys": _keys(register, account),
        "password_set": account.password_set,
        "used": account.used and account.used.strftime(TIME_FORMAT),
    }


def _checked(upn: str | None, object_id: str | None) -> tuple[str | None, str | None]:
    """The two as they are entered.

    Raises:
        InputError: One is of the wrong form.
    """
    if upn is not None and not (re.fullmatch(_UPN, upn) and upn.isprintable()):
        raise InputError(f"{upn!r} is no sign-in name", mend="It has the form name@domain.")
    plain = object_id.strip().lower() if object_id else None
    if plain is not None and not re.fullmatch(OBJECT_ID_PATTERN, plain):
        raise InputError(f"{plain!r} is no object id", mend="Copy it from the tenant, whole.")
    return upn, plain


@command.command("add")
@click.argument("account", type=ID)
@click.argument("upn", metavar="SIGN-IN-NAME")
@_object_option
@by_option
@ledger_option
def add(
    account: str, upn: str, object_id: str | None, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Add an account; two officers sign it."""
    _, plain = _checked(upn, object_id)
    fact = ev.AccountAdded(account=account, upn=upn, object_id=plain)
    with at_work(ledger) as it:
        told = f" and the object id {plain}" if plain else ""
        what = f"Add account {account} with the sign-in name {upn}{told}"
        it.change(what, by, lambda _: [fact])


@command.command("change")
@click.argument("account", type=ID)
@click.option("--upn", help="The new sign-in name.")
@_object_option
@by_option
@ledger_option
def change(
    account: str, upn: str | None, object_id: str | None, *, by: tuple[str, ...], ledger: Path
) -> None:
    """Change the sign-in name or object id of an account; two officers sign it."""
    if not (upn or object_id):
        raise click.UsageError("name what changes: --upn, --object-id")
    new_upn, plain = _checked(upn, object_id)

    def act(work: Work) -> list[ev.Fact]:
        before = known(work.register.accounts, account, "account")
        changed = ev.AccountChanged(
            account=account, upn=new_upn or before.upn, object_id=plain or before.object_id
        )
        return [changed]

    with at_work(ledger) as it:
        told = f"{upn or 'its old sign-in name'} and object id {plain or 'as before'}"
        it.change(f"Let account {account} have {told}", by, act)


@command.command("used")
@click.argument("account", type=ID)
@click.option("--why", type=ID, required=True, help="In a word: emergency, drill, misuse.")
@click.option("--key", type=ID, help="With which key; its password where none is named.")
@click.option("--seen-by", type=ID, multiple=True, help="Who saw the PIN of that key.")
@occurred_option
@by_option
@ledger_option
def used(
    account: str,
    why: str,
    key: str | None,
    seen_by: tuple[str, ...],
    occurred: datetime | None,
    *,
    by: tuple[str, ...],
    ledger: Path,
) -> None:
    """Enter that somebody signed in to ACCOUNT, or could have: its rotation falls due (S32).

    With a key, it is the PIN of that key that falls due, once it is on record who saw it.
    """
    if seen_by and not key:
        raise click.UsageError("--seen-by is about the PIN of a key: name it with --key")
    register = open_book(ledger).register
    known(register.accounts, account, "account")
    facts: list[ev.Fact] = [ev.AccountUsed(account=account, why=why, key=key)]
    if key:
        _demand_of(register, key, account)
        facts += _exposures(register, key, seen_by)
    told = f" with key {key}" if key else ""
    enter(ledger, by, f"Account {account} was used{told} ({why})", facts, occurred)
    if key:
        _say_unseen(open_book(ledger).register, key)


def _demand_of(register: Register, key: str, account: str) -> None:
    """Check that a key signs in to that account.

    Raises:
        RefusedError: There is no such key, or it is another account's.
    """
    its = known(register.keys, key, "key")
    if its.account != account:
        raise RefusedError(
            f"key {key} is one of {its.account}, and does not sign in to {account}",
            mend="Name a key of that account; or none, and its password falls due.",
        )


def _exposures(register: Register, key: str, people: Iterable[str]) -> list[ev.SecretExposed]:
    """That people saw the PIN of a key.

    Raises:
        RefusedError: No sheet of the register tells it.
    """
    pin = _pin_of(register, key)
    exposures = [ev.SecretExposed(person=it, set=pin) for it in dict.fromkeys(people)]
    if exposures and not pin:
        raise RefusedError(
            f"the PIN of key {key} is on no sheet, and not on record",
            mend="Leave --seen-by out; then give the key one that is sealed.",
        )
    return exposures


def _pin_of(register: Register, key: str) -> str:
    """The set of the PIN that a key has; empty where none is on record."""
    return register.in_force.get(f"{Purpose.PIN}:{key}", "")


def _say_unseen(register: Register, key: str) -> None:
    """Tell that somebody is missing who knew the PIN, if nobody is on record."""
    its = register.sets.get(_pin_of(register, key))
    if its and not any(seen(register, its)):
        mailers = listed(it.id for it in register.live_envelopes(its.id))
        say(
            f"Nobody is on record who saw the PIN of key {key}, and it does not fall due. Enter who"
            f" did: 'envelopes opened' or 'envelopes seen', of {mailers}."
        )

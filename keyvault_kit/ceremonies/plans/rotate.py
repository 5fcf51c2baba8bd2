"""Rotate a password: all of sealing a new one, and the sheets of the old are destroyed (S32).

A set dies only with its secret: its sheets are destroyed once evidence says that the tenant took
the new password, and not before. What is sealed is restored as it was, unless something else is
asked for.
"""

import msgspec

from keyvault_kit.ceremonies import destroying, new_password
from keyvault_kit.ceremonies.new_password import Request
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step
from keyvault_kit.ceremonies.plans import seal
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Envelope, Form, SecretSet
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import RefusedError

__all__ = [
    "PLAN",
    "Request",
    "as_before",
    "begun",
    "ceremony",
    "check",
    "next_ceremony",
    "policy_of",
    "steps",
]


def begun(register: Register, account: str) -> Request | None:
    """The request of the account's rotation that was begun and not ended; None without one."""
    for it in reversed(register.ceremonies.values()):
        if it.plan == PLAN.name and not it.closed and it.request.get("account") == account:
            return msgspec.convert(it.request, Request)
    return None


def as_before(
    register: Register, account: str, officers: tuple[str, str], safes: tuple[str, ...] = ()
) -> Request:
    """The request that restores storage identically (S32): form, threshold, safes and policy.

    Args:
        safes: Where the new sheets go; those from before where it is empty. Of another number of
            sheets, shares need as many as before, and parts all.

    Raises:
        RefusedError: There is no such account, it has no password in force, or of a sheet it is
            not known where it belongs.
    """
    old = _in_force(register, account)
    sheets = register.live_envelopes(old.id)
    before = tuple(_home(register, it) for it in sheets)
    if not safes and (len(sheets) < old.count or "" in before):
        raise RefusedError(
            f"not of every sheet of set {old.id} it is known in which safe it belongs",
            mend="Name the safe of each new sheet with --safe.",
        )
    safes = safes or before
    return Request(
        account=account,
        threshold=old.threshold if old.form is Form.SHARES else len(safes),
        officers=officers,
        safes=safes,
        form=old.form,
        policy=policy_of(old),
    )


def policy_of(old: SecretSet) -> str:
    """Name of the policy that a password was drawn by; the usual one where that is not known."""
    return f"{old.alphabet}-{old.length}" if old.alphabet and old.length else "base58-44"


def _home(register: Register, it: Envelope) -> str:
    """The safe in which a sheet lies, or lay last; empty where it never lay in one."""
    stays = register.stays.get(it.id, ())
    return it.safe or (stays[-1].safe if stays else "")


def _in_force(register: Register, account: str) -> SecretSet:
    """The password of an account that is in force.

    Raises:
        RefusedError: There is no such account, or it has none.
    """
    set_id = known(register.accounts, account, "account").password_set
    if set_id is None:
        raise RefusedError(
            f"account {account} has no password in force", mend="Seal its first one: 'seal'."
        )
    return register.sets[set_id]


def check(station: Station, request: Request) -> None:
    """Say what cannot be before anything is begun.

    Raises:
        InputError: As :func:`keyvault_kit.ceremonies.new_password.check`.
        RefusedError: As that; or the account has no password in force.
    """
    _in_force(station.book.register, request.account)
    new_password.check(station, request, PLAN.name)


def ceremony(request: Request, *, number: int) -> Ceremony:
    """The ceremony that rotates an account's password for the `number`-th time."""
    return new_password.ceremony_of(PLAN, request, number)


def next_ceremony(register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the account's next one.

    Raises:
        RefusedError: One was cut short that was about something else: it is ended first.
    """
    return new_password.next_of(PLAN, register, request)


def steps(register: Register, request: ev.Request) -> tuple[Step, ...]:
    """Those of sealing, then one for each old sheet, and the certificate."""
    it = msgspec.convert(request, Request)
    old = register.accounts[it.account].password_set
    sheets = register.live_envelopes(old) if old else ()
    return (*seal.steps(register, request), *destroying.steps_for(sheets, it.officers))


PLAN = Plan("rotate", steps)

"""What a new password is asked for with, and what is looked at before anything is begun.

Sealing and rotating have the same request; they differ in what becomes of the password before.
"""

from contextlib import ExitStack

import msgspec

from keyvault_kit.ceremonies import handling, secret_sheets, splitting
from keyvault_kit.ceremonies.plan import Ceremony, Plan
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.changes.secret_sets import check_length
from keyvault_kit.custody.model import Form, Purpose, SecretSet, SetState
from keyvault_kit.custody.placing.guard import NewSet, check_new
from keyvault_kit.custody.register import Register, known
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sharing import parts
from keyvault_kit.sharing.policy import policy_named
from keyvault_kit.sharing.slip39 import MAX_SHARES


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed.

    Attributes:
        threshold: How many sheets give the password back; of parts all of them.
        officers: Two; each types one half of the password at the tenant.
        safes: Where each sheet goes, sheet 1 first.
        policy: Name of the policy that the password is drawn by.
    """

    account: str
    threshold: int
    officers: tuple[str, str]
    safes: tuple[str, ...]
    form: Form = Form.SHARES
    policy: str = "base58-44"

    @property
    def count(self) -> int:
        """How many sheets there are."""
        return len(self.safes)


def check(station: Station, it: Request, plan: str = "seal") -> None:
    """Say what cannot be before anything is begun.

    Args:
        plan: Name of the plan by which the password is made.

    Raises:
        InputError: No password is put on so many sheets in that form; there is no such policy; or
            a sheet would have no room on the paper of its site.
        RefusedError: Account or a safe is not in the register; somebody would have two sheets of
            the password alone, or the rest of what they type of it; it would be shorter than was
            decided; or a ceremony of another plan makes a password of that account just now.
    """
    register = station.book.register
    known(register.accounts, it.account, "account")
    _demand_no_other(register, it.account, plan)
    for safe in it.safes:
        known(register.safes, safe, "safe")
    fits = {
        Form.WHOLE: it.count == 1 == it.threshold,
        Form.PARTS: it.count in parts.COUNTS and it.threshold == it.count,
        Form.SHARES: 1 < it.threshold <= it.count <= MAX_SHARES,
    }
    if not fits[it.form]:
        raise InputError(
            f"a password cannot be sealed as {it.form}, {it.threshold} of {it.count}",
            mend="Take 2 to 16 shares with a threshold of 2 or more, 2 or 3 parts, or one whole.",
        )
    new = NewSet(
        what=f"the new password of {it.account}", form=it.form, safes=it.safes, typists=it.officers
    )
    check_new(register, new, station.clock().date())
    _check_room(station, it)


def _demand_no_other(register: Register, account: str, plan: str) -> None:
    """One new password at a time: else it is not clear which of them the tenant has."""
    for it in register.sets_of(account, Purpose.PASSWORD):
        made_in = register.ceremonies.get(it.ceremony or "")
        if it.state is SetState.MADE and made_in and not made_in.closed and made_in.plan != plan:
            raise RefusedError(
                f"ceremony {made_in.id} is making a password of {account} already",
                mend="End it, or give it up: 'give-up'.",
            )


def _check_room(station: Station, it: Request) -> None:
    """Lay out sheets of a password that nobody will have: else the second one might not fit."""
    drawn_by = policy_named(it.policy)
    check_length(station.book.register, drawn_by.length, station.clock())
    with ExitStack() as wiped:
        made = splitting.make(drawn_by, it.form, it.threshold, it.count, station.random)
        for secret in (made.password, *made.sheets):
            wiped.enter_context(secret)
        trial = SecretSet(
            id=handling.next_id(f"{it.account}-pw", station.book.register.sets),
            purpose=Purpose.PASSWORD,
            subject=it.account,
            threshold=it.threshold,
            count=it.count,
            form=it.form,
        )
        secret_sheets.demand_room(station, trial, made.sheets, it.safes, drawn_by)


def ceremony_of(plan: Plan, request: Request, number: int) -> Ceremony:
    """The `number`-th ceremony of a plan for an account."""
    return Ceremony(
        id=f"{plan.name}-{request.account}-{number}",
        plan=plan,
        request=msgspec.to_builtins(request),
        people=tuple(sorted(request.officers)),
    )


def next_of(plan: Plan, register: Register, request: Request) -> Ceremony:
    """The ceremony of this request that was cut short, or else the account's next one.

    Raises:
        RefusedError: One was cut short that was about something else: it is ended first.
    """
    before = [
        it
        for it in register.ceremonies.values()
        if it.plan == plan.name and it.request.get("account") == request.account
    ]
    if before and not before[-1].closed:
        begun = msgspec.convert(before[-1].request, Request)
        if begun != msgspec.structs.replace(request, officers=begun.officers) or set(
            begun.officers
        ) != set(request.officers):
            raise RefusedError(
                f"ceremony {before[-1].id} was begun and not ended: {begun.threshold} of"
                f" {begun.count} {begun.form} in {', '.join(begun.safes)}, {begun.policy}, by"
                f" {' and '.join(begun.officers)}",
                mend="End it with the options that it was begun with, or give it up: 'give-up'.",
            )
        return ceremony_of(plan, begun, len(before))
    return ceremony_of(plan, request, len(before) + 1)

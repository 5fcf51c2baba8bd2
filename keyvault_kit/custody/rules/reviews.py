"""Rules about reviews, what sets them off, and sign-ins that nobody accounts for (S54 to S65)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import Findings, Rule, each_account
from keyvault_kit.custody.schedule import review_period
from keyvault_kit.custody.tenant import PERSONAL, SignIn, TenantAccount, TenantFacts
from keyvault_kit.custody.triggers import day_of, reviews_set_off
from keyvault_kit.custody.wording import count_of

AROUND: Final = timedelta(hours=4)
"""A sign-in this near to what is on record of its account belongs to that.

An opening never waits for the ledger, so its entry may come later; and whoever signed in goes on
working. The clock's own tolerance, five minutes, is small beside it.
"""


# --- Reviews


def s54(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Each account was validated within the last 90 days (S54)."""
    today = day_of(now)
    for account in register.accounts.values():
        period = review_period(register, account)
        if period.day < today:
            yield RuleFinding(
                rule="S54",
                severity=Severity.MEDIUM,
                what=f"account {account.id} was to be reviewed by {period.day}: {period.words}",
                why="Whether it still opens, and who can open it, is validated at least every 90"
                " days.",
                mend=_review(account),
                subject=account.id,
            )


def s55(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Each account was validated since the last thing happened that sets off a review (S55)."""
    happened = [it for it in reviews_set_off(register) if it.since <= now]
    for account in register.accounts.values():
        last = review_period(register, account).since
        since = [it for it in happened if it.since > last]
        if since:
            told = "; ".join(f"{it.words} ({it.day})" for it in since)
            yield RuleFinding(
                rule="S55",
                severity=Severity.MEDIUM,
                what=f"account {account.id} has not been reviewed since this happened: {told}",
                why="Who can use the account may be other than what was validated.",
                mend=_review(account),
                subject=account.id,
            )


def _review(account: Account) -> str:
    return f"Review it, and enter that with 'due done review {account.id}'."


# --- What the tenant says


def s58(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """No account has a method that is somebody's own: phone, mailbox, authenticator (S58)."""
    what = "which methods are registered for {}"
    yield from each_account("S58", what, _personal, register, tenant)


def _personal(account: Account, seen: TenantAccount) -> Iterator[RuleFinding] | None:
    if seen.methods is None:
        return None
    kinds = sorted({it.kind for it in seen.methods} & PERSONAL)
    return (
        RuleFinding(
            rule="S58",
            severity=Severity.HIGH,
            what=f"account {account.id} has a method {kind} at the tenant",
            why="Whoever has that phone, mailbox or computer can sign in, or set another password,"
            " without any envelope.",
            mend="Remove the method at the tenant, and find out who registered it.",
            subject=account.id,
        )
        for kind in kinds
    )


def s65(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Each sign-in belongs to a drill, an opening or another ceremony on record (S65).

    One that does not is an emergency that nobody entered, or a compromise.
    """
    judge = partial(_unaccounted, register)
    yield from each_account("S65", "who signed in to {}, and when", judge, register, tenant)


def _unaccounted(
    register: Register, account: Account, seen: TenantAccount
) -> Iterator[RuleFinding] | None:
    if seen.sign_ins is None:
        return None
    moments = _on_record(register, account)
    left = [
        it
        for it in seen.sign_ins
        if not any(abs(it.created_date_time - moment) <= AROUND for moment in moments)
    ]
    return _accusations(account, left)


def _accusations(account: Account, left: list[SignIn]) -> Iterator[RuleFinding]:
    entered = [it for it in left if it.succeeded]
    if entered:
        yield RuleFinding(
            rule="S65",
            severity=Severity.HIGH,
            what=f"somebody signed in to {account.id} with no drill or opening on record:"
            f" {_told(entered)}",
            why="That is an emergency that nobody entered, or a compromise.",
            mend="Find out who it was; enter the opening late, or treat it as misuse and change"
            f" the password of {account.id}.",
            subject=account.id,
        )
    tried = [it for it in left if not it.succeeded]
    if tried:
        yield RuleFinding(
            rule="S65",
            severity=Severity.LOW,
            what=f"somebody tried to sign in to {account.id}, and was refused: {_told(tried)}",
            why="Nobody has a reason to try outside a drill or an opening.",
            mend="Find out who it was.",
            subject=account.id,
        )


def _told(sign_ins: list[SignIn]) -> str:
    """How often, and the last time in full."""
    last = max(sign_ins, key=lambda it: it.created_date_time)
    where = f" from {last.ip_address}" if last.ip_address else ""
    device = f" on {last.device}" if last.device else ""
    when = last.created_date_time.astimezone(UTC)
    last_at = "the last at" if len(sign_ins) > 1 else "at"
    times = count_of(len(sign_ins), "time")
    return f"{times}, {last_at} {when:%Y-%m-%d %H:%M} UTC{where}{device}"


def _on_record(register: Register, account: Account) -> list[datetime]:
    """When the ledger says that somebody worked with an account."""
    steps = [
        time
        for it in register.ceremonies.values()
        if it.request.get("account") == account.id
        for time in it.times
    ]
    recovered = [account.signed_in] if account.signed_in else []
    return [*steps, *register.uses.get(account.id, ()), *recovered]


RULES: Final[dict[str, Rule]] = {"S54": s54, "S55": s55, "S58": s58, "S65": s65}

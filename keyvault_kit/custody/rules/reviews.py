"""Rules about reviews, what sets them off, and what no review lets pass (S54, S55, S58)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import Findings, Rule, each_account
from keyvault_kit.custody.schedule import review_period
from keyvault_kit.custody.tenant import MEANT, TenantAccount, TenantFacts
from keyvault_kit.custody.triggers import day_of, reviews_set_off

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
    return f"Review it: 'review {account.id}'."


# --- What the tenant says


def s58(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """No account has a method but passkeys and its password (S58).

    A phone, a mailbox or an authenticator is somebody's own; a temporary pass was handed out; and
    of a method that is not known here nobody knows whose it is.
    """
    what = "which methods are registered for {}"
    yield from each_account("S58", what, _personal, register, tenant)


def _personal(account: Account, seen: TenantAccount) -> Iterator[RuleFinding] | None:
    if seen.methods is None:
        return None
    kinds = sorted({it.kind for it in seen.methods} - MEANT)
    return (
        RuleFinding(
            rule="S58",
            severity=Severity.HIGH,
            what=f"account {account.id} has a method {kind} at the tenant",
            why="Whoever has that phone, mailbox, computer or pass can sign in, or set another"
            " password, without any envelope.",
            mend="Remove the method at the tenant, and find out who registered it.",
            subject=account.id,
        )
        for kind in kinds
    )


RULES: Final[dict[str, Rule]] = {"S54": s54, "S55": s55, "S58": s58}

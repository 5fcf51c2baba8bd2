"""Rules about passwords: when they are changed, and that they lie on paper (S32, S33)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from keyvault_kit.custody.decisions import position
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account, EnvelopeState, Purpose, SecretSet
from keyvault_kit.custody.pending import pending
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import Findings, Rule, for_people
from keyvault_kit.custody.schedule import NOT_KEPT, Due, Task, due, overdue
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.custody.wording import password_anew, pin_anew

_WORDS: Final = {Task.PASSWORD: "password", Task.PIN: "PIN"}


def s32(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """Passwords, and PINs that somebody saw, are changed after use, and passwords yearly.

    What falls due when is the schedule's; an account whose password nobody made here is unknown,
    unless none is kept by decision (C7).
    """
    for it in due(register, now):
        happened = it.day == it.since.date()
        if it.requirement == "S32" and (happened or overdue(it, now)):
            secret = _WORDS[it.task]
            yield RuleFinding(
                rule="S32",
                severity=Severity.MEDIUM,
                what=f"the {secret} of {it.subject} has been due for a change since {it.day}:"
                f" {it.trigger}",
                why="Whoever learned it, or finds an old copy, can use it until it is changed.",
                mend=f"Make and seal another {secret} of {it.subject}: {_how(register, it)}.",
                subject=it.subject,
            )
    yield from _pending(register)
    if position(register, "C7", now) != NOT_KEPT:
        for account in _without_password(register):
            why = "An account at the tenant has one, and whoever set it may know it."
            what = f"when the password of account {account.id} was changed: none is sealed here"
            yield for_people("S32", what, why)


def _pending(register: Register) -> Iterator[RuleFinding]:
    for account in register.accounts.values():
        if account.password_set is None:
            continue
        for lacking in pending(register, register.sets[account.password_set]):
            yield RuleFinding(
                rule="S32",
                severity=Severity.MEDIUM,
                what=lacking,
                why="Until then nobody knows whether what is sealed opens the account.",
                mend="End the ceremony that set the password: the same command goes on in it.",
                subject=account.id,
            )


def _how(register: Register, it: Due) -> str:
    if it.task is Task.PIN:
        return pin_anew(it.subject)
    return password_anew(it.subject, register.accounts[it.subject].password_set)


def _without_password(register: Register) -> Iterator[Account]:
    return (it for it in register.accounts.values() if it.password_set is None)


def s33(register: Register, _tenant: TenantFacts | None, now: datetime) -> Findings:
    """No password is kept only where that very sign-in is needed to read it.

    Enough sheets of it in the safes are a copy that needs no sign-in, and the register knows where
    they lie; without them nobody knows but people. A password that nobody keeps (C7) is nowhere.
    """
    if position(register, "C7", now) == NOT_KEPT:
        return
    for account in register.accounts.values():
        in_force = register.sets.get(account.password_set or "")
        doubtful = any(it.lives for it in register.sets_of(account.id, Purpose.PASSWORD))
        if in_force is None or doubtful or not _lies_on_paper(register, in_force):
            yield for_people(
                "S33",
                f"whether the password of account {account.id} can be read without that sign-in",
                "Too few of its sheets lie in the safes, or the tenant took another one; and a copy"
                " elsewhere may be out of reach on the day when nobody can sign in.",
            )


def _lies_on_paper(register: Register, it: SecretSet) -> bool:
    lying = [e for e in register.live_envelopes(it.id) if e.state is EnvelopeState.DEPOSITED]
    return len(lying) >= it.threshold


RULES: Final[dict[str, Rule]] = {"S32": s32, "S33": s33}

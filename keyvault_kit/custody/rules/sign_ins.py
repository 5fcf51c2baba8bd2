"""Rules about sign-ins: those that nobody accounts for, and drills without any (S57, S65).

What evidence had of them stays on record when the tenant's own logs are gone.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import compress
from operator import not_
from typing import Final

from keyvault_kit.custody.ceremonies import CeremonyRecord
from keyvault_kit.custody.changes.clock import TOLERANCE
from keyvault_kit.custody.evidence import SeenSignIn
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import Findings, Rule, for_people, unseen
from keyvault_kit.custody.schedule import Task, due, overdue
from keyvault_kit.custody.tenant import SignIn, TenantFacts
from keyvault_kit.custody.wording import count_of

AROUND: Final = timedelta(hours=4)
"""A sign-in this near to what is on record of its account belongs to that.

An opening never waits for the ledger, so its entry may come later; and whoever signed in goes on
working. By how much the clocks may differ comes on top.
"""

LOGGED: Final = timedelta(days=30)
LOGGED_WITHOUT: Final = timedelta(days=7)
"""How long the tenant keeps its log of sign-ins, with P1 or P2 and without."""

ASKED: Final = timedelta(days=90)
"""Refused attempts are told for so long; by then the accounts were reviewed (S54)."""

_SIGNED: Final = frozenset({"drill", "enrol"})
"""Plans in which somebody signs in, and which two people sign before they are closed."""
_SAID: Final = frozenset({"open", "recover"})
"""Plans in which somebody signs in, and which wait for nobody's signature."""

_HOUR: Final = timedelta(hours=1)
"""Of what repeats within it, the first alone is on record."""


# --- S57


def s57(register: Register, tenant: TenantFacts | None, now: datetime) -> Findings:
    """Each account was practised with within its year, and the tenant's log shows it (S57)."""
    for it in due(register, now):
        if it.task is Task.DRILL and overdue(it, now):
            yield RuleFinding(
                rule="S57",
                severity=Severity.MEDIUM,
                what=f"a drill of account {it.subject} has been due since {it.day}: {it.trigger}",
                why="Whether it opens, and whether the alert fires, nobody knows.",
                mend=f"Practise its use: 'drill {it.subject}'.",
                subject=it.subject,
            )
    for account in register.accounts.values():
        drilled = register.done.get(f"{Duty.DRILL}:{account.id}")
        if drilled is None:
            why = "Whether it opens, and whether the alert fires, only a drill can show."
            what = f"whether account {account.id} works: its use was never practised"
            yield for_people("S57", what, why)
        elif not _signed_in(register, tenant, account, drilled):
            yield _not_shown(tenant, account, drilled)


def _not_shown(tenant: TenantFacts | None, account: Account, drilled: datetime) -> RuleFinding:
    if not _covers(tenant, account, drilled):
        return unseen("S57", "whether {} was signed in to at its last drill", (account.id,))
    return RuleFinding(
        rule="S57",
        severity=Severity.MEDIUM,
        what=f"the drill of account {account.id} at {_minute(drilled)} is on record, and the"
        " tenant's log has no sign-in near it",
        why="Then nothing was signed in to, or something else: it shows nothing.",
        mend=f"Find out what was done, and practise its use again: 'drill {account.id}'.",
        subject=account.id,
    )


def _signed_in(
    register: Register, tenant: TenantFacts | None, account: Account, drilled: datetime
) -> bool:
    moments = [drilled, *_steps_before(register, account, drilled)]
    seen = (it for it in _known(register, tenant, account) if it.succeeded)
    return any(_near(register, it.created_date_time, moments) for it in seen)


def _steps_before(register: Register, account: Account, end: datetime) -> Iterator[datetime]:
    """The steps of the ceremony in which that was entered."""
    for it in register.ceremonies.values():
        about = it.request.get("account") == account.id
        if about and any(abs(time - end) <= _HOUR for time in it.times):
            yield from it.times


def _covers(tenant: TenantFacts | None, account: Account, moment: datetime) -> bool:
    """Whether the evidence has the whole log of an account around a moment."""
    seen = tenant.account(account) if tenant else None
    if tenant is None or seen is None or seen.sign_ins is None:
        return False
    premium = any(it.startswith("AAD_PREMIUM") for it in tenant.service_plans or ())
    logged = LOGGED if premium else LOGGED_WITHOUT
    if tenant.log_days is not None:
        logged = min(logged, timedelta(days=tenant.log_days))
    return tenant.taken - logged + AROUND <= moment <= tenant.taken - AROUND


# --- S65


def s65(register: Register, tenant: TenantFacts | None, now: datetime) -> Findings:
    """Each sign-in belongs to a drill that two signed, or a post-mortem looked into it (S65).

    One with nothing on record near it is an emergency that nobody entered, or a compromise. One
    near a use that no two people signed may be either still: a single person can enter a use, and
    afterwards at that.
    """
    unknown = []
    for account in register.accounts.values():
        signed, said = _signed(register, account), _said(register, account)
        looked_into = _looked_into(register, account)
        left = [
            it
            for it in _known(register, tenant, account)
            if not _near(register, it.created_date_time, signed)
            and not _is_among(it, looked_into)
            and (it.succeeded or now - it.created_date_time <= ASKED)
        ]
        entered = [_near(register, it.created_date_time, said) for it in left]
        yield from _unsigned(account, [*compress(left, entered)])
        yield from _accusations(account, [*compress(left, map(not_, entered))])
        seen = tenant.account(account) if tenant else None
        if seen is None or seen.sign_ins is None:
            unknown.append(account.id)
    if unknown:
        yield unseen("S65", "who signed in to {}, and when", unknown)


def _known(register: Register, tenant: TenantFacts | None, account: Account) -> list[SignIn]:
    """The sign-ins of an account that are on record, and those of the evidence; each once."""
    found = {}
    for it in register.sign_ins.get(account.id, ()):
        its = SignIn(created_date_time=it.time, succeeded=it.succeeded, interactive=it.interactive)
        found[it.time, it.succeeded, it.interactive] = its
    seen = tenant.account(account) if tenant else None
    for its in (seen.sign_ins or ()) if seen else ():  # these say more
        time = its.created_date_time.replace(microsecond=0)
        found[time, its.succeeded, its.interactive] = its
    return list(found.values())


def _near(register: Register, time: datetime, moments: Iterable[datetime]) -> bool:
    """Whether a time of the tenant's clock belongs to one of the workstation's."""
    clocks = timedelta(seconds=TOLERANCE + abs(register.offset or 0))
    return any(abs(time - moment) <= AROUND + clocks for moment in moments)


def _looked_into(register: Register, account: Account) -> tuple[SeenSignIn, ...]:
    """The sign-ins that were on record when a post-mortem was held (S62)."""
    entered = {it.sha256: it.entered for it in register.evidence}
    held = [it.time for it in register.classed.get(account.id, ())]
    return tuple(
        it
        for it in register.sign_ins.get(account.id, ())
        if any(time >= max(it.time, entered.get(it.evidence, it.time)) for time in held)
    )


def _is_among(it: SignIn, seen: Iterable[SeenSignIn]) -> bool:
    alike = (s for s in seen if (s.succeeded, s.interactive) == (it.succeeded, it.interactive))
    return any(abs(it.created_date_time - s.time) <= _HOUR for s in alike)


def _signed(register: Register, account: Account) -> list[datetime]:
    """When an account was signed in to as two people signed: to practise, or looked into since.

    Of an opening those steps count that were entered before its post-mortem, at the time of their
    entry: what is entered later was not looked into, whenever it is said to have been.
    """
    found = [time for it in _about(register, account, _SIGNED) if it.closed for time in it.times]
    held = max((it.time for it in register.classed.get(account.id, ())), default=None)
    opened = (time for it in _about(register, account, _SAID) for time in it.times)
    found += [time for time in opened if held and time <= held]
    drilled = register.done.get(f"{Duty.DRILL}:{account.id}")
    return [*found, drilled] if drilled else found


def _said(register: Register, account: Account) -> list[datetime]:
    """When an account was used, as anybody may enter it."""
    steps = (time for it in _about(register, account, _SAID) for time in it.times)
    recovered = [account.signed_in] if account.signed_in else []
    return [*steps, *register.uses.get(account.id, ()), *recovered]


def _about(register: Register, account: Account, plans: frozenset[str]) -> Iterator[CeremonyRecord]:
    its = (it for it in register.ceremonies.values() if it.plan in plans)
    return (it for it in its if it.request.get("account") == account.id)


def _unsigned(account: Account, left: list[SignIn]) -> Findings:
    entered = [it for it in left if it.succeeded]
    if entered:
        yield RuleFinding(
            rule="S65",
            severity=Severity.LOW,
            what=f"{account.id} was signed in to when a use of it is on record that no two people"
            f" signed: {_told(entered)}",
            why="One person alone can enter that it was an emergency, or a drill.",
            mend=f"Look into it with two officers: 'post-mortem {account.id}'.",
            subject=account.id,
        )


def _accusations(account: Account, left: list[SignIn]) -> Findings:
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
    last_at = "the last at" if len(sign_ins) > 1 else "at"
    times = count_of(len(sign_ins), "time")
    return f"{times}, {last_at} {_minute(last.created_date_time)}{where}{device}"


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


RULES: Final[dict[str, Rule]] = {"S57": s57, "S65": s65}

"""Rules about monitoring: that a use of an account is seen, soon, and by others (S44 to S53)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules.rule import Findings, Rule, each_account, unseen
from keyvault_kit.custody.tenant import AlertRule, TenantAccount, TenantFacts

PREMIUM: Final = frozenset({"AAD_PREMIUM", "AAD_PREMIUM_P2"})
"""The service plans without which a tenant sends no sign-in log anywhere: P1 and P2."""

SIGN_INS: Final = "SignInLogs"
NON_INTERACTIVE: Final = "NonInteractiveUserSignInLogs"
AUDIT: Final = "AuditLogs"
"""Log categories of a diagnostic setting. Sources that tick the audit logs alone see no sign-in."""

_SIGN_IN_TABLE: Final = "signinlogs"
_NON_INTERACTIVE_TABLE: Final = "aadnoninteractiveusersigninlogs"
_AUDIT_TABLE: Final = "auditlogs"
_WATCHLIST: Final = "_getwatchlist"
"""How queries name these, in lower case."""


def s44(_register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """What alerts need is there: a subscription of P1 or P2, and the logs in a workspace."""
    if tenant is None or tenant.service_plans is None:
        yield unseen("S44", "whether the tenant has P1 or P2")
    elif PREMIUM.isdisjoint(tenant.service_plans):
        yield _no_log("the tenant has neither P1 nor P2", "Subscribe to one: it needs few seats.")
    if tenant is None or tenant.diagnostic_settings is None:
        yield unseen("S44", "where the logs go")
        return
    kept = {c for it in tenant.diagnostic_settings if it.workspace_id for c in it.categories}
    missing = [it for it in (SIGN_INS, NON_INTERACTIVE, AUDIT) if it not in kept]
    if missing:
        mend = "Tick them in a diagnostic setting that sends them to a workspace; allow 15 minutes."
        yield _no_log(f"no workspace gets these logs: {', '.join(missing)}", mend)


def _no_log(what: str, mend: str) -> RuleFinding:
    return RuleFinding(
        rule="S44",
        severity=Severity.HIGH,
        what=what,
        why="A use of the accounts leaves no trace that an alert could see.",
        mend=mend,
    )


# --- Alerts


def s47(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Each account has an alert on its sign-ins that leaves out no moment and no kind of sign-in.

    An alert that is run more rarely than the time that it reads misses what lies between.
    """
    rules = tenant.alert_rules if tenant else None
    what = "what alerts there are on {}"
    yield from each_account("S47", what, partial(_s47, rules), register, tenant)
    for rule in rules or ():
        if tenant and _is_ours(rule, tenant) and not _reads(rule, _AUDIT_TABLE):
            yield from _gaps(rule)


def _s47(
    rules: tuple[AlertRule, ...] | None, account: Account, seen: TenantAccount
) -> Iterable[RuleFinding] | None:
    if rules is None:
        return None
    on = [it for it in rules if it.enabled]
    wanted = {"interactive": _SIGN_IN_TABLE, "non-interactive": _NON_INTERACTIVE_TABLE}
    blind = [
        kind
        for kind, table in wanted.items()
        if not any(_reads(it, table) and _names(it, seen) for it in on)
    ]
    unclear = {
        kind
        for kind in blind  # whom a watchlist names is not in its query
        if any(_reads(it, wanted[kind]) and _reads(it, _WATCHLIST) for it in on)
    }
    if blind and unclear.issuperset(blind):
        return None
    return [_unseen_use(account, kind) for kind in blind if kind not in unclear]


def _unseen_use(account: Account, kind: str) -> RuleFinding:
    return RuleFinding(
        rule="S47",
        severity=Severity.HIGH,
        what=f"no alert sees {kind} sign-ins of account {account.id}",
        why="Somebody can use it, and nobody is told.",
        mend="Make an alert rule whose query names its object id and reads both sign-in logs.",
        subject=account.id,
    )


def _reads(rule: AlertRule, table: str) -> bool:
    """Whether a query names a table; the name of one may stand in that of another."""
    query = rule.query.casefold()
    if table == _SIGN_IN_TABLE:
        query = query.replace(_NON_INTERACTIVE_TABLE, "")
    return table in query


def _names(rule: AlertRule, seen: TenantAccount) -> bool:
    query = rule.query.casefold()
    return seen.id.casefold() in query or seen.user_principal_name.casefold() in query


def _is_ours(rule: AlertRule, tenant: TenantFacts) -> bool:
    """Whether an alert that is on is about one of the accounts; others are no matter of ours."""
    return rule.enabled and any(_names(rule, it) for it in tenant.accounts or ())


def _gaps(rule: AlertRule) -> Findings:
    often, granularity = _minutes(rule.evaluation_frequency), _minutes(rule.window_size)
    if rule.evaluation_frequency > rule.period:
        yield _misses(rule, f"is run every {often} and reads the last {_minutes(rule.period)}")
    elif rule.window_size < rule.evaluation_frequency:
        yield _misses(rule, f"is run every {often} and counts by {granularity}")


def _minutes(time: timedelta) -> str:
    return f"{time // timedelta(minutes=1)} min"


def _misses(rule: AlertRule, what: str) -> RuleFinding:
    return RuleFinding(
        rule="S47",
        severity=Severity.HIGH,
        what=f"alert {rule.name!r} {what}",
        why="What happens in between is never seen.",
        mend="Run it at least as often as the time that it reads and counts by: every 5 minutes.",
    )


def s53(register: Register, tenant: TenantFacts | None, _now: datetime) -> Findings:
    """Changes of the accounts are watched too, and other administrators are told."""
    if tenant is None or tenant.alert_rules is None or tenant.action_groups is None:
        yield unseen("S53", "whether the audit logs are watched, and who is told")
        return
    on = [it for it in tenant.alert_rules if it.enabled]
    audits = [it for it in on if _reads(it, _AUDIT_TABLE)]
    judge_one = partial(_s53, audits)
    what = "whether changes of {} are watched"
    yield from each_account("S53", what, judge_one, register, tenant)
    telling = {it.id for it in tenant.action_groups if it.enabled and it.receivers}
    for rule in on:
        if _is_ours(rule, tenant) and telling.isdisjoint(rule.action_groups):
            yield _unwatched(f"alert {rule.name!r} tells nobody")


def _s53(
    audits: list[AlertRule], account: Account, seen: TenantAccount
) -> Iterable[RuleFinding] | None:
    if any(_names(it, seen) for it in audits):
        return ()
    if any(_reads(it, _WATCHLIST) for it in audits):
        return None  # whom a watchlist names is not in its query
    return [_unwatched(f"no alert sees changes of account {account.id}", account.id)]


def _unwatched(what: str, subject: str = "") -> RuleFinding:
    return RuleFinding(
        rule="S53",
        severity=Severity.MEDIUM,
        what=what,
        why="Another password, method or role is set first, and used later.",
        mend="Let an alert read the audit logs as well, and tell all administrators.",
        subject=subject,
    )


RULES: Final[dict[str, Rule]] = {"S44": s44, "S47": s47, "S53": s53}

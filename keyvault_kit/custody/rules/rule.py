"""What all rules share: their type, what the organisation decided, and how to say 'unknown'."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.model import Account
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.tenant import Group, TenantAccount, TenantFacts
from keyvault_kit.custody.wording import listed

MET: Final = "met"
"""What two people decide on a requirement that they saw to be met."""
ACCEPTED: Final = "accepted"
"""What they decide where it is not, and they live with that."""

Rule = Callable[[Register, TenantFacts | None, datetime], Iterable[RuleFinding]]
"""One requirement, judged: what it finds is wrong or unknown, and nothing where all is well."""

Findings = Iterator[RuleFinding]


def unseen(rule: str, what: str, accounts: Sequence[str] = ()) -> RuleFinding:
    """That no evidence from the tenant says something.

    Args:
        what: What nothing says, in words that follow 'it is not known'; `{}` in it stands for the
            accounts.
        accounts: Which accounts it is about; none where it is about the tenant.
    """
    about = what.replace("{}", listed(accounts)) if accounts else what
    return RuleFinding(
        rule=rule,
        severity=Severity.UNKNOWN,
        subject=accounts[0] if len(accounts) == 1 else "",
        what=f"it is not known {about}",
        why="Only the tenant can tell, and there is no evidence of it that is young enough.",
        mend="Bring evidence ('entra evidence-script', 'entra check'); or check it at the tenant,"
        " and let two officers say what they saw:"
        f" 'decide make {rule} {MET} --why ... --review ...'.",
    )


def for_people(rule: str, what: str, why: str) -> RuleFinding:
    """That neither register nor tenant can tell something, and people must.

    Args:
        what: In words that follow 'it is not known'.
        why: Why it matters, in a whole sentence.
    """
    return RuleFinding(
        rule=rule,
        severity=Severity.UNKNOWN,
        what=f"it is not known {what}",
        why=why,
        mend="Find out, and let two officers say so by name: "
        f"'decide make {rule} {MET} --why ... --review ...'.",
    )


def each_account(
    rule: str,
    what: str,
    judge_one: Callable[[Account, TenantAccount], Iterable[RuleFinding] | None],
    register: Register,
    tenant: TenantFacts | None,
) -> Findings:
    """Judge every account by what the tenant says of it.

    Args:
        what: What is not known of `{}` where the tenant does not say it; see :func:`unseen`.
        judge_one: From an account to what is wrong with it; None where the evidence lacks that.
    """
    unknown = []
    for account in register.accounts.values():
        seen = tenant.account(account) if tenant else None
        found = judge_one(account, seen) if seen else None
        if found is None:
            unknown.append(account.id)
        else:
            yield from found
    if unknown:
        yield unseen(rule, what, unknown)


def own_groups(register: Register, tenant: TenantFacts | None) -> tuple[Group, ...] | None:
    """The groups of emergency access accounts alone; None where the evidence does not say."""
    if tenant is None or tenant.groups is None or any(it.members is None for it in tenant.groups):
        return None
    seen = (tenant.account(it) for it in register.accounts.values())
    ours = {it.id for it in seen if it}
    return tuple(it for it in tenant.groups if it.members and ours.issuperset(it.members))

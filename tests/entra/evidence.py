"""Evidence read for the sample organisation, and what rules make of it."""

from datetime import datetime
from typing import Final

from keyvault_kit.custody.rules import judge
from keyvault_kit.custody.tenant import TenantAccount
from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from tests.custody.rules.tenants import now, register
from tests.entra.export_folder import Files, plain
from tests.entra.tenant_objects import Tenant

ACCOUNTS: Final = tuple(register().accounts.values())


def read(files: Files, taken: datetime | None = None) -> TenantEvidence:
    """What files say."""
    return read_evidence(files, ACCOUNTS, taken=taken)


def of(its: Tenant) -> TenantEvidence:
    """What a tenant's files say."""
    return read(plain(its))


def first(its: Tenant) -> TenantAccount:
    """What is known of the first account."""
    seen = of(its).facts.account(ACCOUNTS[0])
    assert seen
    return seen


def outcome(its: Tenant | Files, rule: str) -> str:
    """What a rule comes to by a tenant, or by files from it."""
    evidence = of(its) if isinstance(its, Tenant) else read(its)
    judged = judge(register(), evidence.facts, now())
    return next(str(it.outcome) for it in judged if it.rule == rule)

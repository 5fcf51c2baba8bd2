"""Rules: each requirement that can be judged, judged from the register and the tenant's evidence.

A rule finds what is wrong, or what cannot be judged; where it finds nothing, the requirement is
met. What cannot be judged is *unknown* and never passes. Two people can decide to live with what a
rule finds, or say that a requirement is met: a decision by the rule's number that says so silences
it, until the day of its review and no longer.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

import msgspec

from keyvault_kit.custody.decisions import counting, position
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.rules import (
    accounts,
    authentication,
    conditional_access,
    custody,
    monitoring,
    passwords,
    reviews,
    sign_ins,
)
from keyvault_kit.custody.rules.rule import ACCEPTED, MET, Rule
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.custody.thin_days import Absence
from keyvault_kit.custody.wording import listed

__all__ = ["EVIDENCE_LASTS", "RULES", "Judgement", "Outcome", "Rule", "judge", "position"]

EVIDENCE_LASTS: Final = timedelta(days=90)
"""Older evidence is none: accounts are validated at least that often (S54)."""

_ROOMS: Final = (
    accounts,
    authentication,
    conditional_access,
    passwords,
    custody,
    monitoring,
    reviews,
    sign_ins,
)


def _numbered(rule: tuple[str, Rule]) -> int:
    return int(rule[0].removeprefix("S"))


RULES: Final[dict[str, Rule]] = dict(
    sorted((it for room in _ROOMS for it in room.RULES.items()), key=_numbered)
)
"""Requirement -> the rule that judges it, by number."""

_GIVEN_UP: Final = {
    "S8": ("C4", "direct"),
    "S23": ("C1", "none"),
    "S26": ("C2", "all"),
    "S27": ("C2", "all"),
    "S36": ("C6", "with-key"),
}
"""Rules that ask for nothing where a conflict of the sources was decided in that way."""

_WORST_FIRST: Final = tuple(Severity)


class Outcome(StrEnum):
    """What a rule comes to."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    DECIDED = "decided"
    """Two people decided, for a time, that it asks for nothing here."""
    PASSED = "passed"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule came to.

    Attributes:
        rule: The requirement, `S36`.
        findings: The worst first; kept where a decision silences them.
        decision: The decision about the rule, in words, also one that counts no more; empty where
            there is none.
    """

    rule: str
    outcome: Outcome
    findings: tuple[RuleFinding, ...] = ()
    decision: str = ""


def judge(
    register: Register,
    tenant: TenantFacts | None,
    now: datetime,
    absences: Sequence[Absence] = (),
    untold: Collection[str] = (),
) -> tuple[Judgement, ...]:
    """Judge every requirement that has a rule, by number.

    Args:
        tenant: What evidence told of the tenant; None without any. Past 90 days it tells nothing.
        now: Aware.
        absences: When people are away (S37).
        untold: Of whom an absence was noted whose days are not known any more.
    """
    fresh = tenant if tenant and now - tenant.taken <= EVIDENCE_LASTS else None
    rules = RULES | {"S37": partial(custody.s37, absences=absences, untold=untold)}
    return tuple(
        _judgement(name, rule(register, fresh, now), register, now) for name, rule in rules.items()
    )


def _judgement(
    name: str, found: Iterable[RuleFinding], register: Register, now: datetime
) -> Judgement:
    worst = sorted(found, key=lambda it: (_WORST_FIRST.index(it.severity), it.subject, it.what))
    findings = tuple(worst) or _nothing_yet(name, register)
    decision, counts = _decision_about(name, register, now)
    return Judgement(
        rule=name,
        outcome=Outcome.DECIDED if counts else _outcome(findings),
        findings=findings,
        decision=decision,
    )


def _nothing_yet(name: str, register: Register) -> tuple[RuleFinding, ...]:
    """Where there is nothing to judge, nothing passes."""
    if register.accounts:
        return ()
    return (
        RuleFinding(
            rule=name,
            severity=Severity.UNKNOWN,
            what="there is nothing to judge yet",
            why="The register has no emergency access account.",
            mend="Add the accounts: 'accounts add'.",
        ),
    )


def _outcome(findings: Sequence[RuleFinding]) -> Outcome:
    if not findings:
        return Outcome.PASSED
    only_unknown = all(it.severity is Severity.UNKNOWN for it in findings)
    return Outcome.UNKNOWN if only_unknown else Outcome.FAILED


def _decision_about(name: str, register: Register, now: datetime) -> tuple[str, bool]:
    """The decision that takes a rule out, in words, and whether it does so still.

    Of several the one that counts is told. A decision on a conflict that takes another position is
    none about the rule.
    """
    told = ""
    for decision, silencing in _silencing(name).items():
        made = register.decisions.get(decision)
        if made is None or (decision != name and made.choice not in silencing):
            continue
        said = f"{decision} is decided ({made.choice}) by {listed(made.by)}, until {made.review}"
        if made.choice not in silencing:
            told = told or f"{said}; only {' or '.join(map(repr, silencing))} silences the rule"
        elif counting(register, decision, now) is None:
            told = told or f"{said}, which is over"
        else:
            return said, True
    return told, False


def _silencing(name: str) -> dict[str, tuple[str, ...]]:
    """The decisions that may silence a rule, and what they have to say for that."""
    conflict, choice = _GIVEN_UP.get(name, ("", ""))
    return {name: (MET, ACCEPTED)} | ({conflict: (choice,)} if conflict else {})

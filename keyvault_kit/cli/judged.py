"""What rules came to, for people and as JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from keyvault_kit.cli.output import say, sentence, wrapped
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.requirements import REQUIREMENTS
from keyvault_kit.custody.rules import Judgement, Outcome
from keyvault_kit.custody.tenant import TenantFacts


def document(
    judged: Iterable[Judgement], entries: int, now: datetime, tenant: TenantFacts | None
) -> dict[str, object]:
    """The JSON document; `evidence` is when the tenant's was exported, null without any."""
    rows = [
        {
            "rule": it.rule,
            "section": REQUIREMENTS[it.rule].section,
            "requirement": REQUIREMENTS[it.rule].text,
            "outcome": it.outcome,
            "decision": it.decision or None,
            "findings": [
                {"subject": f.subject or None, "severity": f.severity, "what": f.what}
                | {"why": f.why, "mend": f.mend}
                for f in it.findings
            ],
        }
        for it in judged
    ]
    counts = Counter(str(row["outcome"]) for row in rows)
    return {
        "time": now.strftime(TIME_FORMAT),
        "entries": entries,
        "evidence": tenant.taken.strftime(TIME_FORMAT) if tenant else None,
        "outcomes": {str(it): counts[it] for it in Outcome},
        "rules": rows,
    }


def tell(judged: Sequence[Judgement], *, in_full: bool, as_json: bool = False) -> None:
    """What failed first, then what is unknown, then what was decided; all where it is in full.

    Args:
        as_json: Whether it goes to stderr, since stdout carries JSON.
    """
    for outcome in Outcome:
        its = [it for it in judged if it.outcome is outcome]
        if its and (in_full or outcome is not Outcome.PASSED):
            say(as_json=as_json)
            say(f"{sentence(outcome)}:", as_json=as_json)
            for it in its:
                whole = in_full or outcome is Outcome.FAILED
                for line in _lines(it, in_full=whole):
                    say(line, as_json=as_json)
    say(as_json=as_json)
    counts = Counter(it.outcome for it in judged)
    say(", ".join(f"{counts[it]} {it}" for it in Outcome) + ".", as_json=as_json)
    if not in_full and counts[Outcome.UNKNOWN]:
        told = "'keyvault rules RULE' says why one is unknown, and how to make it known."
        say(told, as_json=as_json)


def _lines(it: Judgement, *, in_full: bool) -> Iterable[str]:
    requirement = REQUIREMENTS[it.rule]
    yield _indented(f"{it.rule:<4} {requirement.section}: {requirement.text}", 2)
    if it.decision:
        yield _indented(f"{it.decision}.", 7)
    for finding in it.findings:
        yield from _finding(finding, in_full=in_full)


def _finding(it: RuleFinding, *, in_full: bool) -> Iterable[str]:
    unknown = it.severity is Severity.UNKNOWN
    yield _indented(f"- {sentence(it.what) if unknown else f'{it.severity}: {it.what}'}.", 7)
    if in_full:
        yield _indented(it.why, 9)
        yield _indented(it.mend, 9)


def _indented(text: str, indent: int) -> str:
    """A text for people, its further lines under the first."""
    return wrapped(text, first=" " * indent, then=" " * (indent + 2))

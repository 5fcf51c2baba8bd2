"""`keyvault rules`: every requirement that can be judged, judged."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import Parsed, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, sentence, wrapped
from keyvault_kit.custody.entries import TIME_FORMAT
from keyvault_kit.custody.findings import RuleFinding, Severity
from keyvault_kit.custody.requirements import REQUIREMENTS
from keyvault_kit.custody.rules import RULES, Judgement, Outcome, judge
from keyvault_kit.errors import EXIT_FINDINGS, InputError

_NO_EVIDENCE: Final = (
    "There is no evidence from the tenant: what it alone can tell is unknown, and does not pass."
)


def _rule(value: str) -> str:
    number = value.upper()
    if number in RULES:
        return number
    if number in REQUIREMENTS:
        raise InputError(
            f"no rule judges {number}",
            mend=f"'keyvault requirements {number}' says what covers it.",
        )
    raise InputError(f"there is no rule {value}", mend="'keyvault requirements' lists them.")


@click.command("rules")
@click.argument("rules", metavar="[RULE]...", nargs=-1, type=Parsed("RULE", _rule))
@click.option("--all", "everything", is_flag=True, help="List what is passed, and every mend.")
@ledger_option
@json_option
def command(rules: tuple[str, ...], ledger: Path, *, everything: bool, as_json: bool) -> int:
    """Judge the requirements by their rules: all of them, or those named (S36).

    What failed comes first, then what is unknown, then what two people decided to live with, and
    until when. Exit status 1 where a rule failed. What is unknown did not pass, and does not change
    the exit status: read it, or count it in the JSON.
    """
    book = open_book(ledger)
    now = now_of(book)
    untold = untold_absences(book, now.date())
    judged = judge(book.register, None, now, absences_in(book), untold)
    mine = [it for it in judged if not rules or it.rule in rules]
    if as_json:
        print_json(_document(mine, book.register.size, now))
    else:
        say(f"Judged on {now:%Y-%m-%d %H:%M} UTC, from the ledger's {book.register.size} entries.")
        say(wrapped(_NO_EVIDENCE))
        _tell(mine, in_full=bool(rules) or everything)
    return EXIT_FINDINGS if any(it.outcome is Outcome.FAILED for it in mine) else 0


def _document(judged: Iterable[Judgement], entries: int, now: datetime) -> dict[str, object]:
    """The JSON document; `evidence` is when the tenant's was taken, null without any."""
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
        "evidence": None,
        "outcomes": {str(it): counts[it] for it in Outcome},
        "rules": rows,
    }


# --- For people


def _tell(judged: list[Judgement], *, in_full: bool) -> None:
    for outcome in Outcome:
        its = [it for it in judged if it.outcome is outcome]
        if its and (in_full or outcome is not Outcome.PASSED):
            say()
            say(f"{sentence(outcome)}:")
            for it in its:
                _tell_one(it, in_full=in_full or outcome is Outcome.FAILED)
    say()
    counts = Counter(it.outcome for it in judged)
    say(", ".join(f"{counts[it]} {it}" for it in Outcome) + ".")
    if not in_full and counts[Outcome.UNKNOWN]:
        say("'keyvault rules RULE' says why one is unknown, and how to make it known.")


def _tell_one(it: Judgement, *, in_full: bool) -> None:
    requirement = REQUIREMENTS[it.rule]
    _say(f"{it.rule:<4} {requirement.section}: {requirement.text}", 2)
    if it.decision:
        _say(f"{it.decision}.", 7)
    for finding in it.findings:
        _tell_finding(finding, in_full=in_full)


def _tell_finding(it: RuleFinding, *, in_full: bool) -> None:
    unknown = it.severity is Severity.UNKNOWN
    _say(f"- {sentence(it.what) if unknown else f'{it.severity}: {it.what}'}.", 7)
    if in_full:
        _say(it.why, 9)
        _say(it.mend, 9)


def _say(text: str, indent: int) -> None:
    """A text for people, its further lines under the first."""
    say(wrapped(text, first=" " * indent, then=" " * (indent + 2)))

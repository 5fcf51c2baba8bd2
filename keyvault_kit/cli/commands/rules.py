"""`keyvault rules`: every requirement that can be judged, judged."""

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.ceremonies.tenant_evidence import facts_on_record
from keyvault_kit.cli.judged import document, tell
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import Parsed, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody.requirements import REQUIREMENTS
from keyvault_kit.custody.rules import EVIDENCE_LASTS, RULES, Outcome, judge
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.errors import EXIT_FINDINGS, InputError

_UNTOLD: Final = "what the tenant alone can tell is unknown, and does not pass."
_NO_EVIDENCE: Final = f"There is no evidence from the tenant: {_UNTOLD}"


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
    until when. What the tenant alone knows is taken from the newest evidence on record: see 'entra
    check'. Exit status 1 where a rule failed. What is unknown did not pass, and does not change the
    exit status: read it, or count it in the JSON.
    """
    book = open_book(ledger)
    now = now_of(book)
    untold = untold_absences(book, now.date())
    tenant = facts_on_record(book)
    judged = judge(book.register, tenant, now, absences_in(book), untold)
    mine = [it for it in judged if not rules or it.rule in rules]
    if as_json:
        print_json(document(mine, book.register.size, now, tenant))
    else:
        say(f"Judged on {now:%Y-%m-%d %H:%M} UTC, from the ledger's {book.register.size} entries.")
        say(wrapped(_about(tenant, now)))
        tell(mine, in_full=bool(rules) or everything)
    return EXIT_FINDINGS if any(it.outcome is Outcome.FAILED for it in mine) else 0


def _about(tenant: TenantFacts | None, now: datetime) -> str:
    """On what evidence from the tenant they are judged."""
    if tenant is None:
        return _NO_EVIDENCE
    when = f"The newest evidence from the tenant is of {tenant.taken:%Y-%m-%d %H:%M} UTC"
    if now - tenant.taken > EVIDENCE_LASTS:
        return f"{when}, which is more than {EVIDENCE_LASTS.days} days ago: {_UNTOLD}"
    return f"{when}."

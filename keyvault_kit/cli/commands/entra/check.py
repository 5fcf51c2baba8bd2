"""`keyvault entra check`: evidence from the tenant, judged, and entered."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.plan import printable
from keyvault_kit.ceremonies.tenant_evidence import (
    Entered,
    enter,
    facts_on_record,
    newest_evidence,
)
from keyvault_kit.cli.at_work import at_work, one
from keyvault_kit.cli.evidence import evidence_files
from keyvault_kit.cli.judged import document, tell
from keyvault_kit.cli.now import now_of
from keyvault_kit.cli.options import ID, KEPT, MOMENT, json_option, ledger_option
from keyvault_kit.cli.output import print_json, say, wrapped
from keyvault_kit.custody.changes.clock import TOLERANCE
from keyvault_kit.custody.rules import EVIDENCE_LASTS, RULES, Judgement, Outcome, judge
from keyvault_kit.custody.tenant import TenantFacts
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.entra.evidence import TenantEvidence, read_evidence
from keyvault_kit.errors import EXIT_FINDINGS, InputError

_OF_THE_TENANT: Final = (
    *(f"S{n}" for n in range(1, 28)),
    *(f"S{n}" for n in range(44, 54)),
    *("S57", "S58", "S65"),
)
"""What evidence from the tenant is judged for."""


@click.command("check")
@click.argument("evidence", type=click.Path(path_type=Path))
@click.option("--by", type=ID, multiple=True, help="Who brings it in: it is entered.")
@click.option("--taken", type=MOMENT, help="When it was exported, where it does not say it itself.")
@click.option("--all", "everything", is_flag=True, help="Judge all requirements, and list all.")
@ledger_option
@json_option
def check(
    evidence: Path,
    *,
    by: tuple[str, ...],
    taken: datetime | None,
    everything: bool,
    ledger: Path,
    as_json: bool,
) -> int:
    """Judge what EVIDENCE says: a folder that was exported from the tenant, or one of its files.

    EVIDENCE is what 'entra evidence-script' exports, a folder of EntraExporter, or plain JSON of
    Microsoft Graph. With --by it is entered: its hash and its day, each sign-in, and what became of
    passkeys; what it says is kept, and 'rules' judges by it. Exit status 1 where a rule failed.
    """
    files = evidence_files(evidence)
    book = open_book(ledger)
    with book.ledger:
        accounts = book.register.accounts.values()
        its = read_evidence(files, accounts, taken=taken)
        _demand_past(its, now_of(book))
    entered = _enter(ledger, its, by) if by else None
    book = open_book(ledger)
    with book.ledger:
        now = now_of(book)
        tenant = its.facts if its.says_something else facts_on_record(book)
        judged = _judged(book, tenant, now, everything=everything)
        remarks = [*its.remarks, *_about_age(book, its, now)]
        if as_json:
            print_json(_document(book, its, tenant, judged, now) | _entered(entered))
        else:
            _tell(its, remarks, entered)
            tell(judged, in_full=everything)
    return EXIT_FINDINGS if any(it.outcome is Outcome.FAILED for it in judged) else 0


def _demand_past(its: TenantEvidence, now: datetime) -> None:
    """Check that evidence is not of the future.

    Raises:
        InputError: It is, by more than clocks may differ.
    """
    if its.facts.taken - now > timedelta(seconds=TOLERANCE):
        raise InputError(
            f"the evidence would be of {its.facts.taken:%Y-%m-%d %H:%M} UTC, and here it is"
            f" {now:%Y-%m-%d %H:%M} UTC",
            mend="Look at the clocks of both machines, and at --taken.",
        )


def _enter(ledger: Path, its: TenantEvidence, by: tuple[str, ...]) -> Entered:
    with at_work(ledger) as work:
        person, station = one(work.register, by), work.station
        keep_until = station.clock().date() + KEPT
        return enter(station.book, its, (person,), random=station.random, keep_until=keep_until)


def _judged(
    book: Book, tenant: TenantFacts | None, now: datetime, *, everything: bool
) -> list[Judgement]:
    untold = untold_absences(book, now.date())
    judged = judge(book.register, tenant, now, absences_in(book), untold)
    wanted = RULES if everything else _OF_THE_TENANT
    return [it for it in judged if it.rule in wanted]


# --- Told


def _about_age(book: Book, its: TenantEvidence, now: datetime) -> Iterable[str]:
    newest = newest_evidence(book.register)
    if newest and its.says_something and its.facts.taken < newest.taken:
        yield (
            f"There is newer evidence on record, of {newest.taken:%Y-%m-%d %H:%M} UTC: 'rules'"
            " judges by that."
        )
    if now - its.facts.taken > EVIDENCE_LASTS:
        yield (
            f"It is more than {EVIDENCE_LASTS.days} days old: what the tenant alone can tell is"
            " unknown by it."
        )


def _document(
    book: Book,
    its: TenantEvidence,
    tenant: TenantFacts | None,
    judged: list[Judgement],
    now: datetime,
) -> dict[str, object]:
    return document(judged, book.register.size, now, tenant) | {
        "sha256": its.sha256,
        "remarks": [*its.remarks, *_about_age(book, its, now)],
        "ignored": dict(its.ignored),
    }


def _entered(entered: Entered | None) -> dict[str, object]:
    """What was entered, for JSON: null where nothing was to be."""
    if entered is None:
        return {"entered": None}
    told = {"sign_ins": entered.sign_ins, "passkeys": list(entered.passkeys)}
    return {"entered": told | {"known": entered.known}}


def _tell(its: TenantEvidence, remarks: Iterable[str], entered: Entered | None) -> None:
    say(f"Evidence of {its.facts.taken:%Y-%m-%d %H:%M} UTC, SHA-256 {its.sha256[:16]}...")
    for remark in remarks:
        say(wrapped(printable(remark), first="- ", then="  "))
    if its.ignored:
        say(f"Left alone: {count_of(len(its.ignored), 'kind')} of files and fields; see --json.")
    if entered:
        say(wrapped(_told(entered)))


def _told(entered: Entered) -> str:
    if entered.known and not entered.sign_ins and not entered.passkeys:
        return "It is on record already: nothing was entered."
    told = [count_of(entered.sign_ins, "sign-in")]
    told += (
        [f"what became of the passkeys of {listed(entered.passkeys)}"] if entered.passkeys else []
    )
    return f"Entered, with {listed(told)} that were not on record."

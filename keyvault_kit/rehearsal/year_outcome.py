"""What a rehearsed year came to: exactly the findings that it was to have, and no others."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.ceremonies.tenant_evidence import facts_on_record
from keyvault_kit.ceremonies.walking import BAG_MISSING, BAG_UNKNOWN
from keyvault_kit.custody.organisation import KeyPlan, Organisation
from keyvault_kit.custody.pending import pending
from keyvault_kit.custody.rules import Judgement
from keyvault_kit.custody.rules import Outcome as Judged
from keyvault_kit.custody.rules import judge as judge_rules
from keyvault_kit.custody.schedule import due, overdue
from keyvault_kit.custody.wording import count_of
from keyvault_kit.rehearsal import outcome
from keyvault_kit.rehearsal.outcome import Outcome, Promise
from keyvault_kit.rehearsal.plants import Plants

Named = tuple[str, str]
"""What judged, and what it is about: `key-reset`, `K4`; `S17`, `bg1`."""

UNKNOWN: Final = "unknown"


class Expected(msgspec.Struct, frozen=True):
    """What an audit and the rules must find at the end of the year.

    Attributes:
        plants: The keys of which one was exchanged, and one reset.
        taken_away: The envelope that somebody took.
        strange_bag: The number of a bag that nobody knows.
    """

    plants: Plants
    taken_away: str
    strange_bag: str

    def findings(self) -> set[Named]:
        """Those of the ledger that nobody settled."""
        return self.plants.expected() | {
            (BAG_MISSING, self.taken_away),
            (BAG_UNKNOWN, self.strange_bag),
        }

    def failed(self, in_service: Collection[KeyPlan]) -> set[Named]:
        """Those of the rules, which follow: both keys are in doubt, and each was one of two.

        An account opens with the key that is left, and so not without its site. The password does
        not help: a sheet of it is missing, or it was never shown that it signs in.
        """
        accounts = {it.tag: it.account for it in in_service}
        keys = (self.plants.stranger, self.plants.reset)
        return {
            *(("S19", key) for key in keys),
            *((rule, accounts[key]) for rule in ("S17", "S35") for key in keys),
        }


def judge(
    station: Station,
    organisation: Organisation,
    expected: Expected,
    in_service: Collection[KeyPlan],
    sheets: Path,
) -> Outcome:
    """Judge the year from the ledger alone, and from its paper.

    Args:
        in_service: The keys that the audit was to find.
        sheets: The folder of the rehearsal's paper.
    """
    report, verified = outcome.verify_paper(station)
    judged = _rules(station)
    promises = (
        outcome.paper_promise(station),
        outcome.recovery_promise(station, organisation),
        outcome.station_dead_promise(station, organisation, sheets),
        _findings_promise(station, expected),
        _rules_promise(judged, expected.failed(in_service)),
        _duties_promise(station),
        _passwords_promise(station),
        verified,
    )
    custody = outcome.custody_before(station, organisation)
    return Outcome(promises, outcome.due_now(station), report, custody)


def _rules(station: Station) -> tuple[Judgement, ...]:
    book, now = station.book, station.clock()
    untold = untold_absences(book, now.date())
    facts = facts_on_record(book)
    return judge_rules(book.register, facts, now, absences_in(book), untold)


def _findings_promise(station: Station, expected: Expected) -> Promise:
    found = {(it.rule, it.subject) for it in station.book.register.open_findings()}
    return _exactly(
        "The ledger has the findings of the audit, and no other", found, expected.findings()
    )


def _rules_promise(judged: Iterable[Judgement], expected: Collection[Named]) -> Promise:
    found = {
        (it.rule, each.subject)
        for it in judged
        if it.outcome is Judged.FAILED
        for each in it.findings
    }
    found |= {(it.rule, UNKNOWN) for it in judged if it.outcome is Judged.UNKNOWN}
    what = "The rules fail for what follows from these findings, and nothing is unknown"
    return _exactly(what, found, expected)


def _exactly(what: str, found: Collection[Named], expected: Collection[Named]) -> Promise:
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    told = [f"missing {_told(missing)}"] if missing else []
    told += [f"not expected {_told(extra)}"] if extra else []
    how = "; ".join(told) or _told(expected)
    return Promise(what, kept=not told, how=how)


def _told(named: Iterable[Named]) -> str:
    return ", ".join(f"{rule}: {subject}" for rule, subject in sorted(named))


def _duties_promise(station: Station) -> Promise:
    now = station.clock()
    late = [it for it in due(station.book.register, now) if overdue(it, now)]
    return Promise(
        what="At the end of the year nothing is overdue",
        kept=not late,
        how="; ".join(it.what for it in late) or "every duty was done in its time",
    )


def _passwords_promise(station: Station) -> Promise:
    register = station.book.register
    sets = [register.sets[it.password_set] for it in register.accounts.values() if it.password_set]
    lacking = [what for its in sets for what in pending(register, its)]
    return Promise(
        what="Evidence says that the tenant took every password that is in force",
        kept=not lacking,
        how="; ".join(lacking) or count_of(len(sets), "password"),
    )

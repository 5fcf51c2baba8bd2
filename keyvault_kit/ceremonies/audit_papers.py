"""The report of an audit, from the ledger: what was expected in each safe, and what was there."""

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from keyvault_kit.ceremonies import walking
from keyvault_kit.ceremonies.paperwork import (
    heading,
    name_of,
    role_of,
    sheet_name,
    today,
    usual_paper,
)
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.recognition import SERIAL_ONLY
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.fold import fold
from keyvault_kit.custody.model import Envelope, Finding, SecurityKey
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.wording import count_of, listed
from keyvault_kit.sheets.pages import audit
from keyvault_kit.sheets.pages.audit import BagVerdict, SafeVerdict

_INTACT: Final = "found intact"
_DAMAGED: Final = "FOUND DAMAGED"
_MISSING: Final = "MISSING"
_ELSEWHERE: Final = "LIES IN ANOTHER SAFE"
_MISPLACED: Final = {
    walking.BAG_UNKNOWN: "UNKNOWN BAG",
    walking.BAG_ELSEWHERE: "SHOULD NOT LIE HERE",
}
_NOT_TOLD: Final = "(not told)"
"""In place of a number that may be a secret, so that no entry has it."""

_THERE: Final = (_INTACT, _DAMAGED, *_MISPLACED.values())
"""Verdicts on bags that lie in the safe, rightly or not."""


def report_name(number: int) -> str:
    """The name of the sheet with the report of the `number`-th audit."""
    return sheet_name("audit-report", str(number))


def findings_of(register: Register, ceremony: str) -> tuple[Finding, ...]:
    """What was found since a ceremony began, oldest first."""
    started = register.ceremonies[ceremony].started
    return tuple(it for it in register.findings if it.seq > started)


def print_report(work: Work, safes: Sequence[str], *, people: Sequence[str], number: int) -> None:
    """Print the report of the audit that this ceremony is.

    Args:
        safes: Those that were walked through.
        people: Who signs it in ink.

    Raises:
        InputError: A name on it cannot be printed.
    """
    register, book = work.register, work.station.book
    started = register.ceremonies[work.ceremony].started
    found = findings_of(register, work.ceremony)
    done = [*_steps_done(work, started)]
    keys = [register.keys[it.what] for it in done if it.kind in ("inspect", "miss")]
    bags = _bags(done, register)
    sheet = audit.AuditReport(
        heading=heading(
            book, label="Bag walk and key audit", sheet_id=work.ceremony, day=today(work)
        ),
        scope=_scope(safes, len(keys)),
        checkpoint=started,
        root=base64.b64encode(book.ledger.checkpoint(started).root).decode(),
        verdicts=tuple(_key_verdict(key, {it.subject: it for it in found}) for key in keys),
        findings=tuple(
            audit.AuditFinding(subject=it.subject, rule=it.rule, what=it.what, mend=it.mend)
            for it in found
        ),
        signatures=tuple(
            audit.Signature(role=role_of(register, it), name=name_of(book, it)) for it in people
        ),
        bags=tuple(bags),
        safes=tuple(_safe_verdict(register, it) for it in done if it.kind == walking.WALK),
    )
    work.station.paper.put(report_name(number), audit.render(sheet, usual_paper(register)))


def _scope(safes: Sequence[str], keys: int) -> str:
    challenged = count_of(keys, "security key")
    if not safes:
        return challenged
    return f"{'Safe' if len(safes) == 1 else 'Safes'} {listed(safes)}; {challenged}"


class _Done(NamedTuple):
    """A step that was done: `walk` of a safe, or `inspect` of a key.

    Attributes:
        before: The register just before it, with which a walk compared what it found.
        facts: What was entered in it.
    """

    audit: str
    kind: str
    what: str
    before: Register
    facts: tuple[ev.Fact, ...]


def _steps_done(work: Work, started: int) -> Iterator[_Done]:
    """The steps of this ceremony, in order, as the ledger has them."""
    book = work.station.book
    before, since = book.register_at(started), []
    for entry in map(decode, book.ledger.bodies(started)):
        since.append(entry)
        fact = entry.fact
        if isinstance(fact, ev.CeremonyStepped) and fact.ceremony == work.ceremony:
            kind, _, what = fact.step.partition("-")
            yield _Done(work.ceremony, kind, what, before, tuple(it.fact for it in since))
            before, since = fold(since, before), []


# --- Safes and bags


def _safe_verdict(register: Register, walk: _Done) -> SafeVerdict:
    rows = [*_walked(walk)]
    return SafeVerdict(
        safe=walk.what,
        site=register.safes[walk.what].site,
        expected=len(walking.lying_in(walk.before, walk.what)),
        found=sum(it.verdict in _THERE for it in rows),
        gaps=tuple(it.bag for it in rows if it.verdict != _INTACT),
    )


def _bags(done: Iterable[_Done], now: Register) -> list[BagVerdict]:
    """Each bag as it was found, once, and the new ones."""
    rows: list[BagVerdict] = []
    for it in done:
        if it.kind == walking.WALK:
            rows += _walked(it)
        elif it.kind == "inspect":
            rows += (row for row in _inspected(it, now) if row not in rows)
    return rows


def _walked(walk: _Done) -> Iterator[BagVerdict]:
    """The bags that were expected in a safe, and those that should not lie there."""
    found = [it for it in walk.facts if isinstance(it, ev.FindingMade)]
    said = {(it.rule, it.subject) for it in found}
    for its in walking.lying_in(walk.before, walk.what):
        yield _row(its, walk.what, _how_found(its, said, walk))
    for it in found:
        if it.rule in _MISPLACED:
            yield _misplaced(it, walk)


def _how_found(its: Envelope, said: Collection[tuple[str, str]], walk: _Done) -> str:
    if (walking.BAG_MISSING, its.id) in said:
        return _MISSING
    if walking.gap(walk.before, walk.audit, its.id):
        return _ELSEWHERE
    return _DAMAGED if (walking.BAG_DAMAGED, its.id) in said else _INTACT


def _misplaced(found: ev.FindingMade, walk: _Done) -> BagVerdict:
    verdict = _MISPLACED[found.rule]
    if found.rule == walking.BAG_ELSEWHERE:
        return _row(walk.before.envelopes[found.subject], walk.what, verdict)
    bag = _NOT_TOLD if found.subject == walk.what else found.subject
    return BagVerdict(envelope="", safe=walk.what, bag=bag, verdict=verdict)


def _inspected(inspection: _Done, now: Register) -> Iterator[BagVerdict]:
    """The bag that a key came out of, and the one that it lies in now."""
    tag, before = inspection.what, inspection.before.envelopes
    for fact in inspection.facts:
        if isinstance(fact, ev.EnvelopeOpened) and fact.envelope in before:
            its = before[fact.envelope]
            if its.holds == f"key:{tag}":
                yield _row(its, its.safe or "", _INTACT if fact.intact else _DAMAGED)
        elif isinstance(fact, ev.KeyPacked) and fact.key == tag:
            its = now.envelopes[fact.envelope]
            yield _row(its, its.safe or "", "new")


def _row(its: Envelope, safe: str, verdict: str) -> BagVerdict:
    return BagVerdict(envelope=its.id, safe=safe, bag=its.bag or "", verdict=verdict)


# --- Keys


def _key_verdict(key: SecurityKey, findings: Mapping[str, Finding]) -> audit.KeyVerdict:
    found = findings.get(key.id)
    if found:
        verdict, how = "finding", found.rule
    elif key.answers:
        verdict, how = "proven", "signed a fresh challenge with a registered credential"
    else:
        verdict = SERIAL_ONLY
        how = "claims its number; signs with its PIN only, or nothing is on record"
    return audit.KeyVerdict(
        tag=key.id, product=key.product, serial=key.serial, verdict=verdict, how=how
    )

"""Examples of the reports of audits and reviews."""

from collections.abc import Callable
from datetime import date

from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import audit, review
from tests.sheets.example import Example

ROOT = "Zm9v" * 10 + "abc="


def a_walk(heading: Heading) -> audit.AuditReport:
    return audit.AuditReport(
        heading=heading,
        scope="Safes hq-1 and vault-1; 1 security key",
        checkpoint=142,
        root=ROOT,
        safes=(
            audit.SafeVerdict(
                safe="hq-1", site="Hamburg", expected=2, found=2, gaps=("A 004712", "X-99")
            ),
            audit.SafeVerdict(safe="vault-1", site="Kiel", expected=1, found=1),
        ),
        verdicts=(
            audit.KeyVerdict(
                tag="KEY-01",
                product="YubiKey 5 NFC",
                serial=21873344,
                verdict="proven",
                how="signed a fresh challenge",
            ),
        ),
        bags=(
            audit.BagVerdict(envelope="bg1-pw-1-2", safe="hq-1", bag="A 004712", verdict="MISSING"),
            audit.BagVerdict(envelope="", safe="hq-1", bag="X-99", verdict="UNKNOWN BAG"),
            audit.BagVerdict(
                envelope="KEY-01-key1", safe="vault-1", bag="A 004713", verdict="found intact"
            ),
        ),
        findings=(
            audit.AuditFinding(
                subject="bg1-pw-1-2",
                rule="bag-missing",
                what="bag A 004712 does not lie in safe hq-1",
                mend="Look for it in the other safes.",
            ),
        ),
        signatures=(
            audit.Signature(role="auditor", name="Zoë Müller"),
            audit.Signature(role="custodian", name="Зоя Иванова"),
            audit.Signature(role="witness", name="Ελένη Παππά"),
        ),
    )


def a_review(heading: Heading) -> review.ReviewReport:
    return review.ReviewReport(
        heading=heading,
        scope="Review of bg1 and bg2",
        points=(
            review.Point(statement="Nobody is missing", requirement="S40", answer="yes"),
            review.Point(
                statement="The process document is up to date",
                requirement="S59",
                answer="FINDING",
                remark="Die Telefonliste ist alt",
            ),
        ),
        people=(
            review.Authorised(
                name="Anna Berg",
                id="anna",
                roles="officer",
                until=date(2026, 12, 31),
                opens="hq-1, vault-1",
                saw="bg1-pw1",
            ),
            review.Authorised(
                name="Зоя Иванова", id="zoya", roles="auditor", until=None, opens="", saw=""
            ),
        ),
        findings=(
            review.ReviewFinding(
                subject="process",
                rule="review-document",
                what="the process document is not up to date",
                mend="Bring it up to date.",
            ),
        ),
        duties=("Due by 2026-05-31: practise the use of account bg1 (a year since the last).",),
        signatures=(("officer", "Anna Berg"), ("officer", "Boris Novák")),
    )


def _walk(heading: Heading) -> Example:
    data = a_walk(heading)
    return Example(lambda paper: audit.render(data, paper), audit.payload(data), 1, (), data)


def _review(heading: Heading) -> Example:
    data = a_review(heading)
    return Example(lambda paper: review.render(data, paper), review.payload(data), 1, (), data)


PAGES: dict[str, Callable[[Heading], Example]] = {"walk": _walk, "review": _review}

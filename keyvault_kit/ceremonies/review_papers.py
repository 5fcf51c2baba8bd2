"""The report of a review, from the ledger: what was answered to each point, and who has access."""

from collections.abc import Iterator, Sequence

from keyvault_kit.ceremonies import review_facts
from keyvault_kit.ceremonies.audit_papers import findings_of
from keyvault_kit.ceremonies.paperwork import (
    heading,
    name_of,
    role_of,
    sheet_name,
    today,
    usual_paper,
)
from keyvault_kit.ceremonies.plan import Work
from keyvault_kit.ceremonies.reviewing import Check
from keyvault_kit.custody.access import has_authority
from keyvault_kit.custody.wording import listed
from keyvault_kit.sheets.pages import review


def report_name(number: int) -> str:
    """The name of the sheet with the report of the `number`-th review."""
    return sheet_name("review-report", str(number))


def print_report(
    work: Work,
    accounts: Sequence[str],
    checks: Sequence[Check],
    *,
    people: Sequence[str],
    number: int,
) -> None:
    """Print the report of the review that this ceremony is.

    Args:
        people: Who signs it in ink.

    Raises:
        InputError: A name on it cannot be printed.
    """
    register, book = work.register, work.station.book
    found = findings_of(register, work.ceremony)
    sheet = review.ReviewReport(
        heading=heading(book, label="Review", sheet_id=work.ceremony, day=today(work)),
        scope=f"Review of {listed(accounts)}",
        points=tuple(_points(work, checks)),
        people=tuple(_people(work)),
        findings=tuple(
            review.ReviewFinding(subject=it.subject, rule=it.rule, what=it.what, mend=it.mend)
            for it in found
        ),
        duties=tuple(it.text for it in review_facts.duties((), work)),
        signatures=tuple((role_of(register, it), name_of(book, it)) for it in people),
    )
    work.station.paper.put(report_name(number), review.render(sheet, usual_paper(register)))


def _points(work: Work, checks: Sequence[Check]) -> Iterator[review.Point]:
    """Each point with its answer: it is a finding where one of its rule was made in its step."""
    found = findings_of(work.register, work.ceremony)
    for it in checks:
        mine = [f for f in found if f.rule == it.rule and (f.subject == it.about or it.each)]
        yield review.Point(
            statement=it.statement,
            requirement=it.requirement,
            answer="FINDING" if mine else "yes",
            remark=_remarks(work, it.step),
        )


def _remarks(work: Work, step: str) -> str:
    """What people said of a no, in their own words."""
    book = work.station.book
    noted = work.register.ceremonies[work.ceremony].exceptions
    rows = (book.row_behind(it.details) for it in noted if it.step == step)
    return "; ".join(row.get("happened", "(erased)") for row in rows)


def _people(work: Work) -> Iterator[review.Authorised]:
    register, day = work.register, today(work)
    for it in register.people.values():
        if has_authority(it, day):
            yield review.Authorised(
                name=name_of(work.station.book, it.id),
                id=it.id,
                roles=", ".join(it.roles),
                until=it.until,
                opens=", ".join(review_facts.opened_by(register, it.id)),
                saw=", ".join(review_facts.seen_by(register, it.id)),
            )

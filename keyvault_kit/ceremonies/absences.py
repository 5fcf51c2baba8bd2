"""The absences that were noted, from the erasable rows in which their days lie."""

from datetime import date

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import Person
from keyvault_kit.custody.thin_days import Absence


def absences_in(book: Book) -> tuple[Absence, ...]:
    """All absences that were noted and not erased, by person."""
    rows = (
        (person.id, book.row_behind(commitment))
        for person in book.register.people.values()
        for commitment in person.absences
    )
    return tuple(
        Absence(person, date.fromisoformat(row["from"]), date.fromisoformat(row["until"]))
        for person, row in rows
        if row
    )


def untold_absences(book: Book, today: date) -> tuple[str, ...]:
    """Who may be away on days that nobody can tell any more: their row is gone before its time.

    Whoever has no authority any more counts as away anyhow; and what was noted of somebody after
    their rows were erased stands in the place of these.

    Returns:
        Ids of people, sorted.

    Raises:
        LedgerError: The log cannot be read.
    """
    people = [it for it in book.register.people.values() if not (it.until and it.until < today)]
    untold = {it.id for it in people if it.absences and not book.row_behind(it.absences[-1])}
    unclear = [it for it in people if it.id not in untold and _gone(book, it)]
    if unclear:  # a row that was erased and noted again, or one that was lost: the log can tell
        stands = _noted_since_erasing(book)
        untold |= {it.id for it in unclear if _gone(book, it) & stands[it.id]}
    return tuple(sorted(untold))


def _gone(book: Book, person: Person) -> frozenset[str]:
    return frozenset(it for it in person.absences if not book.row_behind(it))


def _noted_since_erasing(book: Book) -> dict[str, frozenset[str]]:
    """Person -> what was noted of them since their rows were last erased, or ever."""
    noted: dict[str, frozenset[str]] = {}
    for body in book.ledger.bodies():
        fact = decode(body).fact
        if isinstance(fact, ev.AbsenceNoted):
            noted[fact.person] = noted.get(fact.person, frozenset()) | {fact.details}
        elif isinstance(fact, ev.DetailsErased) and fact.person:
            noted[fact.person] = frozenset()
    return noted

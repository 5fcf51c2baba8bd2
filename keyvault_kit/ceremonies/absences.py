"""The absences that were noted, from the erasable rows in which their days lie."""

from datetime import date

from keyvault_kit.ceremonies.book import Book
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
    """
    return tuple(
        sorted(
            it.id
            for it in book.register.people.values()
            if it.absences
            and not book.row_behind(it.absences[-1])
            and not (it.until and it.until < today)
        )
    )

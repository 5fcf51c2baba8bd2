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

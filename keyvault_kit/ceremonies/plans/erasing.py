"""Erase names, contacts, absences and free text; the log verifies as before."""

from datetime import date

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.plan import Ceremony, Work
from keyvault_kit.ceremonies.plans import change
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.register import known
from keyvault_kit.errors import InputError


def of_person(book: Book, person: str, by: tuple[str, ...]) -> Ceremony:
    """Erase what is kept of a person.

    Raises:
        InputError: Nothing is kept of them.
        RefusedError: There is no such person.
    """
    its = known(book.register.people, person, "person")
    kept = [it for it in (its.details, *its.former, *its.absences) if book.ledger.detail(it)]
    what = f"Erase the name, contact and absences of {person}"
    return _ceremony(book, what, f"erase {person}", kept, person, by)


def of_expired(book: Book, today: date, by: tuple[str, ...]) -> Ceremony:
    """Erase every row whose retention time is over.

    Raises:
        InputError: There is none.
    """
    kept = [it.commitment for it in book.ledger.expired_details(today)]
    about = sorted({book.row_behind(it).get("person", "free text") for it in kept})
    what = f"Erase {len(kept)} rows, kept until before {today}, about {', '.join(about)}"
    return _ceremony(book, what, "erase expired", kept, None, by)


def _ceremony(
    book: Book, what: str, words: str, kept: list[str], person: str | None, by: tuple[str, ...]
) -> Ceremony:
    if not kept:
        raise InputError("there is nothing to erase")

    def act(work: Work) -> list[ev.Fact]:
        work.erase.extend(kept)
        return [ev.DetailsErased(commitments=tuple(sorted(kept)), person=person)]

    return change.ceremony(book.register, what, by, act, words=words)

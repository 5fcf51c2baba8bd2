"""The time for which a ledger is judged."""

from datetime import UTC, datetime

from keyvault_kit.ceremonies.book import Book


def now_of(book: Book) -> datetime:
    """The time now, aware; that of the last entry where a rehearsal told a longer time."""
    now = datetime.now(UTC)
    return max(now, book.register.time or now)

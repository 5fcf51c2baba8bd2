"""Absences whose rows are gone: erased and noted anew, or lost before their time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.absences import absences_in, untold_absences
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.commitments import SALT_SIZE, commit
from keyvault_kit.custody.entries import canonical_json, encode
from keyvault_kit.ledger.reading import Detail
from keyvault_kit.ledger.store import Ledger
from tests.custody.sample import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LOST, ERASED, EXPIRED = "lost", "erased", "expired"


def row(day: int) -> Detail:
    """That dave is away on a day of August."""
    away = {"person": "dave", "from": f"2026-08-{day:02}", "until": f"2026-08-{day:02}"}
    salt = bytes(SALT_SIZE)
    return Detail(commit(salt, away), salt, canonical_json(dict(away)))


class Absences:
    """The sample's ledger, in which dave's absences are noted, erased and lost."""

    def __init__(self, path: Path) -> None:
        self._life = sample()
        self.ledger = Ledger.create(path)
        self.ledger.append([encode(it) for it in self._life.entries])
        self.book = Book(self.ledger, lambda: NOW)
        self._rows: list[str] = []

    def note(self, day: int) -> None:
        its = row(day)
        self._enter(ev.AbsenceNoted(person="dave", details=its.commitment), details=[its])
        self._rows.append(its.commitment)

    def erase(self, person: str | None = "dave") -> None:
        """All rows that are there still, as `people erase` does."""
        gone = [it for it in self._rows if self.ledger.detail(it)]
        self._enter(ev.DetailsErased(commitments=tuple(sorted(gone)), person=person), erase=gone)

    def lose(self, which: int) -> None:
        """A row is gone, and no entry says why."""
        self.ledger.erase_detail(self._rows[which])

    def _enter(
        self, fact: ev.Fact, details: list[Detail] | None = None, erase: list[str] | None = None
    ) -> None:
        before = len(self._life.entries)
        self._life.enter(fact)
        bodies = [encode(it) for it in self._life.entries[before:]]
        self.ledger.append(bodies, details=details or (), erase=erase or ())


@pytest.fixture
def its(tmp_path: Path) -> Iterator[Absences]:
    found = Absences(tmp_path / "its.db")
    with found.ledger:
        yield found


@pytest.mark.parametrize(
    ("what", "untold"),
    [
        ((1,), False),
        ((1, 2), False),
        ((1, LOST), True),
        ((1, LOST, 2), True),
        ((1, 2, LOST), True),
        ((1, ERASED), True),
        ((1, 2, ERASED), True),
        ((1, 2, ERASED, 3), False),
        ((1, LOST, 2, ERASED, 3), False),
        ((1, ERASED, 2, LOST, 3), True),
        ((1, EXPIRED), False),
        ((1, EXPIRED, 2), False),
        ((1, ERASED, 2, EXPIRED), True),
    ],
)
def test_a_row_that_is_gone_is_untold_until_rows_are_erased_and_noted_anew(
    its: Absences, what: tuple[int | str, ...], *, untold: bool
) -> None:
    for it in what:
        if isinstance(it, int):
            its.note(it)
        elif it == LOST:
            its.lose(-1)
        else:
            its.erase("dave" if it == ERASED else None)

    assert untold_absences(its.book, TODAY) == (("dave",) if untold else ())


def test_of_two_absences_of_which_one_is_lost_the_other_is_told(its: Absences) -> None:
    for day in (1, 2):
        its.note(day)
    its.lose(0)

    assert [it.first.day for it in absences_in(its.book)] == [2]
    assert untold_absences(its.book, TODAY) == ("dave",)

"""The matrix: people against accounts, and in each cell how large a group it takes with them."""

from collections.abc import Mapping
from typing import Final

import msgspec

from keyvault_kit.custody.coalitions import (
    Coalitions,
    Uncounted,
    classes,
    minimal_coalitions,
    smallest_with,
)
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.judging import alone
from keyvault_kit.custody.reasons import Reasons

By = Mapping[str, Coalitions]
"""Account -> its minimal coalitions."""

ALONE: Final = "alone"
"""The cell of somebody who needs nobody else."""

NOT_NEEDED: Final = "-"
"""The cell of somebody without whom whoever can use the account can do so too."""

UNCOUNTED: Final = "?"
"""The cell of somebody who needs others, of an account whose coalitions were not counted."""


class MatrixRow(msgspec.Struct, frozen=True):
    """People who go the same ways, and what they could do.

    Attributes:
        people: A class of equals, sorted.
        cells: For each account 'alone', or how many people the smallest minimal coalition has that
            such a person belongs to, '-' where there is none, '?' where that was not counted.
        ever: The same, with what was seen, remembered or in reach before.
    """

    people: tuple[str, ...]
    cells: tuple[str, ...]
    ever: tuple[str, ...]


class Matrix(msgspec.Struct, frozen=True):
    """Who could use which account, alone or together (S38).

    Attributes:
        accounts: The accounts that an item names, sorted: one a column.
        rows: All people, in classes of equals.
    """

    accounts: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def matrix(holdings: Holdings) -> Matrix:
    """The matrix of these holdings."""
    now, ever = (minimal_coalitions(holdings, ever=it) for it in (False, True))
    return matrix_of(holdings, now, ever)


def matrix_of(holdings: Holdings, now: By, ever: By) -> Matrix:
    """The matrix of these holdings, whose coalitions were worked out already."""
    accounts = tuple(sorted(now))
    cells, cells_ever = _Cells(holdings, now, ever=False), _Cells(holdings, ever, ever=True)
    rows = (
        MatrixRow(
            people,
            tuple(cells.of(people[0], account) for account in accounts),
            tuple(cells_ever.of(people[0], account) for account in accounts),
        )
        for people in classes(holdings, ever=True)
    )
    return Matrix(accounts, tuple(rows))


class _Cells:
    """What the cells say, now or ever."""

    def __init__(self, holdings: Holdings, coalitions: By, *, ever: bool) -> None:
        self._smallest = {account: smallest_with(its) for account, its in coalitions.items()}
        self._uncounted = {
            account for account, its in coalitions.items() if isinstance(its, Uncounted)
        }
        self._alone = alone(holdings, ever=ever) if self._uncounted else {}

    def of(self, person: str, account: str) -> str:
        if account in self._uncounted:
            return ALONE if account in self._alone.get(person, ()) else UNCOUNTED
        size = len(self._smallest[account].get(person, ()))
        return {0: NOT_NEEDED, 1: ALONE}.get(size, str(size))


class Explained:
    """The reason of each cell of a matrix: by which smallest group with them, and how (S38)."""

    def __init__(self, holdings: Holdings, now: By, ever: By) -> None:
        self._reasons = Reasons(holdings)
        self._smallest = {
            counts_memories: {account: smallest_with(its) for account, its in coalitions.items()}
            for counts_memories, coalitions in ((False, now), (True, ever))
        }

    def __call__(self, person: str, account: str, ever: bool) -> str:  # noqa: FBT001 - the widget's
        """Why the cell says what it does, in a whole sentence.

        Args:
            ever: Whether what was seen, remembered and in reach before counts too.

        Raises:
            KeyError: The matrix has no such account.
        """
        group = self._smallest[ever][account].get(person, (person,))
        return f"{self._reasons.of(account, group, ever=ever)}."

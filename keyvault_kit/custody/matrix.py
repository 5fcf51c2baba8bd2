"""The matrix: people against accounts, and in each cell how large a group it takes with them."""

from typing import Final

import msgspec

from keyvault_kit.custody.coalitions import Coalitions, classes, minimal_coalitions, smallest_with
from keyvault_kit.custody.holdings import Holdings

ALONE: Final = "alone"
"""The cell of somebody who needs nobody else."""

NOT_NEEDED: Final = "-"
"""The cell of somebody without whom whoever can use the account can do so too."""


class MatrixRow(msgspec.Struct, frozen=True):
    """People who go the same ways, and what they could do.

    Attributes:
        people: A class of equals, sorted.
        cells: For each account 'alone', or how many people the smallest minimal coalition has that
            such a person belongs to, or '-' where there is none.
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
    """The matrix of these holdings.

    Raises:
        InputError: The coalitions cannot be counted.
    """
    now = minimal_coalitions(holdings, ever=False)
    return matrix_of(holdings, now, minimal_coalitions(holdings, ever=True))


def matrix_of(
    holdings: Holdings, now: dict[str, Coalitions], ever: dict[str, Coalitions]
) -> Matrix:
    """The matrix of these holdings, whose coalitions were worked out already."""
    accounts = tuple(sorted(now))
    sizes = [{account: smallest_with(its[account]) for account in accounts} for its in (now, ever)]
    rows = []
    for people in classes(holdings, ever=True):
        cells, cells_ever = (
            tuple(_cell(its[account].get(people[0], ())) for account in accounts) for its in sizes
        )
        rows.append(MatrixRow(people, cells, cells_ever))
    return Matrix(accounts, tuple(rows))


def _cell(coalition: tuple[str, ...]) -> str:
    if not coalition:
        return NOT_NEEDED
    return ALONE if len(coalition) == 1 else str(len(coalition))

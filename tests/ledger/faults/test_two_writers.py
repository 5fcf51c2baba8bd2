"""Two processes append at once: nothing is lost, nothing doubled."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from keyvault_kit.ledger.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.faults.conftest import Appender, Orders

ENTRIES: Final = 500
PAUSE: Final = 0.001
"""Seconds between two appends. SQLite's lock is not fair: one would write all of its own first."""


def test_two_processes_append_500_entries_each(
    two_appenders: tuple[Appender, Appender], order: Orders, runs: Path
) -> None:
    path = runs / "ledger.db"
    Ledger.create(path).close()
    written = [[b"%s %d" % (name, n) for n in range(ENTRIES)] for name in (b"first", b"second")]
    for appender, bodies in zip(two_appenders, written, strict=True):
        appender.begin(order(folder=runs, bodies=bodies, pause=PAUSE))
    outcomes = [appender.end() for appender in two_appenders]

    assert [(it.error, it.foreign, it.acknowledged) for it in outcomes] == [
        (None, None, ENTRIES)
    ] * 2
    with Ledger.open(path) as ledger:
        ledger.check()
        found = list(ledger.bodies())
    assert len(found) == 2 * ENTRIES
    for bodies in written:  # each process's in its order, and so each of them once
        assert [body for body in found if body in set(bodies)] == bodies
    first = set(written[0])
    turns = sum((a in first) != (b in first) for a, b in pairwise(found))
    assert turns > 2, "they did not write at once"

"""Somebody who knows the format rewrites a ledger so that it agrees with itself.

Places, leaves and tree are made anew, and what no longer belongs is left out. What the paper covers
is found all the same; what was entered after it is counted.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.custody.entries import canonical_json
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger.reading import IN_MEMORY
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import Report, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.ledger.tampering.conftest import Original

    Bodies = Sequence[bytes]
    Change = Callable[[Bodies, int], Bodies]
    Forge = Callable[..., Report]

SIZE: Final = 200
COVERED: Final = 195
"""Entries that the paper covers."""
SIGNED: Final = 150
"""Entries that the signed checkpoint covers; an entry after them says that it was signed."""
FOUNDED: Final = 7
"""Entries of the founding, most of them under one pair of signatures."""


@pytest.fixture
def forge(original: Original, tmp_path: Path) -> Forge:
    """A ledger of these entries, as good as can be made without anybody's key, and verified."""
    with Ledger.create(tmp_path / "empty.db") as made:
        empty = made.path.read_bytes()

    def make(bodies: Bodies, *, paper: bool = True) -> Report:
        said = b"".join(bodies)
        rows = [row for row in original.content.rows if row.commitment.encode() in said]
        database = sqlite3.connect(":memory:", isolation_level=None)
        database.deserialize(empty)
        with Ledger(IN_MEMORY, database) as ledger:
            ledger.append(bodies, details=rows)
            if ledger.size >= original.signed:
                for person, armored in original.signatures.items():
                    ledger.add_signature(original.signed, person, armored)
            return verify(ledger, papers=[original.paper] if paper else [])

    return make


def moved(bodies: Bodies, source: int, place: int) -> bytes:
    """An entry as it would be at another place, with that one's time."""
    there = json.loads(bodies[place])
    fields = json.loads(bodies[source]) | {name: there[name] for name in ("seq", "time")}
    return canonical_json(fields)


def deleted(bodies: Bodies, place: int) -> Bodies:
    """Without that entry; those after it move up."""
    later = (moved(bodies, source, source - 1) for source in range(place + 1, len(bodies)))
    return [*bodies[:place], *later]


def swapped(bodies: Bodies, place: int) -> Bodies:
    """That entry and the one before it exchanged."""
    pair = (moved(bodies, place, place - 1), moved(bodies, place - 1, place))
    return [*bodies[: place - 1], *pair, *bodies[place + 1 :]]


def rewritten(bodies: Bodies, place: int) -> Bodies:
    """That entry a second later: a change that no rule minds."""
    changed = bodies[place].replace(b':00Z"', b':01Z"')
    return [*bodies[:place], changed, *bodies[place + 1 :]]


def test_what_is_forged_unchanged_verifies(original: Original, forge: Forge) -> None:
    report = forge(original.content.bodies)
    assert (report.size, report.uncovered) == (SIZE, SIZE - COVERED)
    assert (report.root, report.signed) == (original.content.root, {SIGNED: ("alice", "bob")})


@pytest.mark.parametrize(("change", "first"), [(deleted, 0), (swapped, 1), (rewritten, 0)])
def test_a_change_under_the_paper_is_found_and_one_after_it_is_counted(
    original: Original, forge: Forge, change: Change, first: int
) -> None:
    for place in range(first, SIZE):
        forged = change(original.content.bodies, place)
        assert forged != original.content.bodies
        reached = place - first  # the first entry that is not what it was
        if reached < COVERED:
            with pytest.raises(LedgerError):
                forge(forged)
        else:
            report = forge(forged)
            assert report.size == len(forged)
            assert report.uncovered == len(forged) - COVERED


@pytest.mark.parametrize("change", [deleted, swapped, rewritten])
def test_without_the_paper_only_what_was_signed_is_found(
    original: Original, forge: Forge, change: Change
) -> None:
    for place in range(SIGNED + 2, COVERED, 5):
        forged = change(original.content.bodies, place)
        assert forge(forged, paper=False).uncovered == len(forged) - SIGNED
        with pytest.raises(LedgerError, match="not those that the paper was made from"):
            forge(forged)
    with pytest.raises(LedgerError, match=f"of {SIGNED} entries"):
        forge(change(original.content.bodies, SIGNED - 2), paper=False)


def test_an_end_that_was_cut_off_is_missed_or_counted(original: Original, forge: Forge) -> None:
    for size in range(1, SIZE):
        kept = original.content.bodies[:size]
        if size >= COVERED:
            assert forge(kept).uncovered == size - COVERED
            continue
        torn = 2 <= size < FOUNDED
        told = "not all there" if torn else "is missing, or it is an older copy"
        with pytest.raises(LedgerError, match=told):
            forge(kept)


def test_an_older_copy_is_told_by_the_paper(original: Original) -> None:
    with Ledger.from_bytes(original.older) as older:
        assert verify(older).uncovered == older.size == 100
        with pytest.raises(LedgerError, match="it is an older copy"):
            verify(older, papers=[original.paper])

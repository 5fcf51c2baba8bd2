"""What lies beside the entries: rows that are erased in time, and the snapshot."""

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.ledger.store import Detail, Ledger

Made = Callable[[str], Detail]

DAYS = ("2026-02-28", "2026-03-01", "2027-01-01", None)
MOVED = [
    (int(size.rstrip("-")), size.endswith("-"))
    for size in """
    1 1 1 1- 4000 1 1- 40- 1 1- 200 900- 1- 900 1 1 200- 900 200- 200 900 1- 200- 1- 40 40
    200- 4000 200- 4000 900- 4000 4000 4000- 1- 200- 1- 1-
    """.split()
]
"""Sizes of rows; after those with a minus another one is erased. SQLite moves one of these between
two pages, and a DELETE of it would leave the copy that it was moved from."""

BODIES = [f"entry {i}".encode() for i in range(20)]


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody would who knows SQL."""
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
    database.close()


# --- Rows, and their retention


def test_rows_are_listed_with_their_retention(ledger: Ledger, detail: Made) -> None:
    kept = {day: msgspec.structs.replace(detail(f"{day}"), keep_until=day) for day in DAYS}
    ledger.append([b"x"], details=kept.values())

    assert sorted(ledger.details(), key=lambda it: it.row) == sorted(
        kept.values(), key=lambda it: it.row
    )
    assert ledger.detail(kept["2027-01-01"].commitment) == kept["2027-01-01"]
    assert ledger.detail("ff" * 32) is None


@pytest.mark.parametrize(
    ("today", "over"),
    [
        (date(2026, 2, 28), set()),
        (date(2026, 3, 1), {"2026-02-28"}),
        (date(2026, 3, 2), {"2026-02-28", "2026-03-01"}),
        (date(9999, 12, 31), {"2026-02-28", "2026-03-01", "2027-01-01"}),
    ],
)
def test_a_row_is_kept_through_its_last_day(
    ledger: Ledger, detail: Made, today: date, over: set[str]
) -> None:
    rows = [msgspec.structs.replace(detail(f"{day}"), keep_until=day) for day in DAYS]
    ledger.append([b"x"], details=rows)

    assert {row.keep_until for row in ledger.expired_details(today)} == over


def test_rows_are_erased_with_the_entry_that_says_so(ledger: Ledger, detail: Made) -> None:
    ada, bob, eve = (detail(name) for name in ("ada", "bob", "eve"))
    ledger.append([b"x"], details=[ada, bob, eve])

    assert ledger.append([b"erased"], erase=[ada.commitment, eve.commitment]) == range(1, 2)

    assert ledger.details() == [bob]
    assert ada.row not in ledger.path.read_bytes()


def test_where_there_is_no_row_to_erase_nothing_is_written(ledger: Ledger, detail: Made) -> None:
    ada, bob = detail("ada"), detail("bob")
    ledger.append([b"x"], details=[ada])

    with pytest.raises(InputError, match=f"no detail {bob.commitment}"):
        ledger.append([b"erased"], details=[], erase=[ada.commitment, bob.commitment])
    with pytest.raises(InputError, match="no detail"):
        ledger.append([b"erased"], erase=[ada.commitment, ada.commitment])

    assert (ledger.size, ledger.details()) == (1, [ada])
    ledger.check()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plan=st.lists(st.tuples(st.sampled_from([1, 40, 200, 900, 4000]), st.booleans()), min_size=20)
)
@example(plan=MOVED)
def test_of_rows_of_any_size_no_byte_outlives_them(
    tmp_path: Path, plan: list[tuple[int, bool]]
) -> None:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
    alive: list[Detail] = []
    gone: list[Detail] = []
    with Ledger.create(path) as ledger:
        for number, (size, erase) in enumerate(plan):
            row = b"<row %d>" % number + b"." * size
            salt = hashlib.sha256(row).digest()[:16]
            victims = [alive.pop(number * 7 % len(alive))] if erase and alive else []
            alive.append(Detail(f"{number:064x}", salt, row))
            ledger.append(
                [b"%d" % number], details=alive[-1:], erase=[it.commitment for it in victims]
            )
            gone += victims
        for content in (path.read_bytes(), ledger.serialize()):
            for it in alive:
                assert it.salt in content
            for it in gone:
                assert it.salt not in content
                assert it.row[: it.row.index(b">") + 1] not in content


# --- The snapshot


def test_a_snapshot_is_kept_and_replaced(ledger: Ledger) -> None:
    ledger.append(BODIES)
    assert ledger.snapshot() is None

    for size, state in [(7, b"seven"), (20, b"twenty"), (3, b"")]:
        ledger.keep_snapshot(size, state)
        assert ledger.snapshot() == (size, state)
    with Ledger.open(ledger.path, read_only=True) as reader:
        assert reader.snapshot() == (3, b"")
    ledger.append([b"more"])
    assert ledger.snapshot() == (3, b"")
    ledger.check()


@pytest.mark.parametrize("size", [0, -1, 21])
def test_there_is_no_snapshot_of_entries_that_are_not_there(ledger: Ledger, size: int) -> None:
    ledger.append(BODIES)
    with pytest.raises(InputError, match="no entry"):
        ledger.keep_snapshot(size, b"state")
    assert ledger.snapshot() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE snapshot SET state = x'00'",
        "UPDATE snapshot SET size = 8",
        "UPDATE snapshot SET size = 21",
        "UPDATE snapshot SET size = 0",
        "UPDATE snapshot SET size = 'many'",
        "UPDATE snapshot SET digest = zeroblob(32)",
        "UPDATE snapshot SET leaf = zeroblob(32)",
        "UPDATE snapshot SET state = 'text'",
        "UPDATE entry SET leaf = zeroblob(32) WHERE seq = 6",
        "DELETE FROM entry WHERE seq = 6",
        "DELETE FROM snapshot",
    ],
)
def test_a_snapshot_that_does_not_fit_is_none(ledger: Ledger, statement: str) -> None:
    ledger.append(BODIES)
    ledger.keep_snapshot(7, b"state")
    tamper(ledger.path, statement)

    assert ledger.snapshot() is None


def test_a_snapshot_of_another_ledger_is_none(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(BODIES)
    ledger.keep_snapshot(7, b"state")
    with Ledger.create(tmp_path / "other.db") as other:
        other.append([b"other " + body for body in BODIES])
        tamper(
            other.path,
            f"ATTACH '{ledger.path}' AS source",
            "INSERT INTO snapshot SELECT * FROM source.snapshot",
        )
        assert other.snapshot() is None

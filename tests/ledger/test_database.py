"""The SQLite file beneath: what it refuses by itself, and each way in which it can fail."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, InternalError, LedgerError, RefusedError
from keyvault_kit.ledger.database import SCHEMA
from keyvault_kit.ledger.store import Detail, Ledger

Bodies = Callable[[int], list[bytes]]

TRIGGERS = [sql.split()[2] for sql in SCHEMA if sql.startswith("CREATE TRIGGER")]
DETAIL = Detail(commitment="ab" * 32, salt=b"s" * 16, row=b'{"name":"Ada"}')


def drop_triggers(path: Path, *statements: str) -> None:
    """Take away what keeps the file append-only, then change it."""
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)


# --- Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO entry VALUES (1, x'00', x'00')",
        "REPLACE INTO entry (seq, body, leaf) VALUES (2, x'00', x'00')",
        "UPDATE OR REPLACE entry SET seq = 1 WHERE seq = 2",
        "INSERT INTO entry VALUES (1, x'00', x'00') ON CONFLICT DO UPDATE SET body = x'00'",
        "INSERT INTO entry VALUES (7, x'00', x'00')",
        "INSERT INTO entry VALUES (-1, x'00', x'00')",
        "INSERT INTO entry (body, leaf) VALUES (x'00', x'00')",
        "DELETE FROM entry",
    ],
)
def test_the_file_itself_refuses_what_is_no_append(
    ledger: Ledger, path: Path, bodies: Bodies, statement: str
) -> None:
    ledger.append(bodies(3))
    with (
        closing(sqlite3.connect(path)) as database,
        pytest.raises(sqlite3.IntegrityError, match="entry of the ledger"),
    ):
        database.execute(statement)

    assert list(ledger.bodies()) == bodies(3)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO signature VALUES (2, 'ada', 'forged')",
        "REPLACE INTO signature VALUES (2, 'ada', 'forged')",
        "INSERT INTO signature VALUES (2, 'ada', 'b') ON CONFLICT DO UPDATE SET armored = 'b'",
        "UPDATE signature SET armored = 'forged'",
        "UPDATE OR REPLACE signature SET person = 'ada' WHERE person = 'bob'",
        "DELETE FROM signature WHERE person = 'bob'",
    ],
)
def test_the_file_itself_refuses_to_touch_a_signature(
    ledger: Ledger, path: Path, bodies: Bodies, statement: str
) -> None:
    ledger.append(bodies(3))
    ledger.add_signature(2, "ada", "A")
    ledger.add_signature(2, "bob", "B")
    with (
        closing(sqlite3.connect(path)) as database,
        pytest.raises(sqlite3.IntegrityError, match="signature of the ledger"),
    ):
        database.execute(statement)

    assert ledger.signatures(2) == {"ada": "A", "bob": "B"}
    ledger.check()


@pytest.mark.parametrize(
    "statement",
    [
        *(f"DROP TRIGGER {name}" for name in TRIGGERS),
        "CREATE TRIGGER more AFTER INSERT ON entry BEGIN DELETE FROM detail; END",
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE INDEX more ON signature (person)",
        "DROP TABLE snapshot",
    ],
)
def test_a_schema_with_less_or_more_is_found(
    ledger: Ledger, path: Path, bodies: Bodies, statement: str
) -> None:
    ledger.append(bodies(3))
    ledger.check()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)
    with pytest.raises(LedgerError, match="append-only, were changed"):
        ledger.check()


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("UPDATE signature SET person = x'41'", lambda it: it.signatures(2)),
        ("UPDATE signature SET armored = x'41'", lambda it: it.signatures(2)),
        ("UPDATE signature SET size = x'41'", Ledger.signed_sizes),
        ("UPDATE detail SET commitment = x'41'", Ledger.details),
        ("UPDATE detail SET commitment = NULL", Ledger.details),
        ("UPDATE detail SET salt = 'text'", Ledger.details),
        ("UPDATE detail SET row = 7", Ledger.details),
        ("UPDATE detail SET keep_until = x'41'", Ledger.details),
    ],
)
def test_a_value_of_another_kind_is_an_error_of_ours(
    ledger: Ledger,
    path: Path,
    bodies: Bodies,
    statement: str,
    read: Callable[[Ledger], object],
) -> None:
    ledger.append(bodies(3), details=[DETAIL])
    ledger.add_signature(2, "ada", "A")
    drop_triggers(path, statement)
    with pytest.raises(LedgerError, match="was changed: it is no longer"):
        read(ledger)


def test_a_file_that_lost_its_triggers_is_found(ledger: Ledger, path: Path, bodies: Bodies) -> None:
    ledger.append(bodies(3))
    ledger.check()
    drop_triggers(path)
    with pytest.raises(LedgerError, match="append-only, were changed"):
        ledger.check()


def test_text_in_the_place_of_bytes_is_found(ledger: Ledger, path: Path, bodies: Bodies) -> None:
    ledger.append(bodies(10))
    drop_triggers(path, "UPDATE entry SET body = CAST(body AS TEXT) WHERE seq = 5")

    with pytest.raises(LedgerError, match="entry 5 was changed"):
        ledger.check()
    with pytest.raises(LedgerError, match="entry 5 was changed"):
        list(ledger.bodies())
    with pytest.raises(LedgerError, match="entry 5 was changed"):
        ledger.body(5)


def test_reading_does_not_pass_a_gap_by(ledger: Ledger, path: Path, bodies: Bodies) -> None:
    ledger.append(bodies(10))
    drop_triggers(path, "DELETE FROM entry WHERE seq = 3")

    reading = ledger.bodies()
    assert [next(reading) for _ in range(3)] == bodies(3)
    with pytest.raises(LedgerError, match="entry 3 is missing"):
        next(reading)
    with pytest.raises(LedgerError, match="entry 3 is missing"):
        ledger.body(3)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE tree SET size = 'many'", "lost the state"),
        ("UPDATE tree SET frontier = 'text'", "lost the state"),
        ("DROP TABLE tree", "no such table"),
    ],
)
def test_a_tree_that_cannot_be_read_is_said_so(
    ledger: Ledger, path: Path, bodies: Bodies, statement: str, told: str
) -> None:
    ledger.append(bodies(3))
    drop_triggers(path, statement)
    with pytest.raises(LedgerError, match=told) as caught:
        _ = ledger.size
    assert "backup" in caught.value.mend


@pytest.mark.parametrize("seq", [-1, 3, 1 << 80])
def test_an_entry_that_is_not_there_is_said_so(ledger: Ledger, bodies: Bodies, seq: int) -> None:
    ledger.append(bodies(3))
    with pytest.raises(InputError, match=f"3 entries, and no entry {seq}"):
        ledger.body(seq)


# --- Failures


def test_a_full_disk_loses_nothing(ledger: Ledger, bodies: Bodies) -> None:
    ledger.append(bodies(3))
    ledger._database.execute("PRAGMA max_page_count = 20")

    with pytest.raises(LedgerError, match="no room") as caught:
        ledger.append([b"x" * 1_000_000], details=[DETAIL])

    assert "Free space" in caught.value.mend
    assert ledger.detail(DETAIL.commitment) is None
    ledger.check()
    assert ledger.append([b"small"]) == range(3, 4)


def test_while_somebody_reads_others_write(ledger: Ledger, path: Path, bodies: Bodies) -> None:
    ledger.append(bodies(2500))
    reading = ledger.bodies()
    next(reading)

    with Ledger.open(path) as other:
        other._database.execute("PRAGMA busy_timeout = 0")
        assert other.append([b"meanwhile"]) == range(2500, 2501)

    assert list(reading)[-1] == b"meanwhile"


def test_a_file_in_use_is_said_so(ledger: Ledger, path: Path, bodies: Bodies) -> None:
    ledger.append(bodies(1))
    with Ledger.open(path) as other:
        other._database.execute("PRAGMA busy_timeout = 0")
        with ledger._transaction(), pytest.raises(RefusedError, match="another process"):
            other.append([b"at once"])
        assert other.append([b"in turn"]) == range(1, 2)


def test_damaged_pages_are_an_error_of_ours(ledger: Ledger, path: Path, bodies: Bodies) -> None:
    ledger.append(bodies(5000))
    ledger.close()
    data = bytearray(path.read_bytes())
    data[4096 * 8 : 4096 * 40] = b"\xa5" * (4096 * 32)
    path.write_bytes(data)

    with Ledger.open(path) as damaged, pytest.raises(LedgerError) as caught:
        damaged.check()
    assert "backup" in caught.value.mend


def test_a_closed_ledger_is_our_own_fault(ledger: Ledger) -> None:
    ledger.close()
    with pytest.raises(InternalError, match="closed"):
        _ = ledger.size


def test_erasing_what_is_not_there_is_said_so(ledger: Ledger, bodies: Bodies) -> None:
    ledger.append(bodies(1), details=[DETAIL])
    ledger.erase_detail(DETAIL.commitment)
    with pytest.raises(InputError, match="no detail"):
        ledger.erase_detail(DETAIL.commitment)


def test_nothing_is_signed_before_there_is_an_entry(ledger: Ledger, bodies: Bodies) -> None:
    ledger.append(bodies(2))
    with pytest.raises(RefusedError, match="2 entries: 0 cannot be signed"):
        ledger.add_signature(0, "alice", "A")


# --- Making and opening


def test_nothing_is_made_over_a_ledger(ledger: Ledger, bodies: Bodies) -> None:
    ledger.append(bodies(2))
    with pytest.raises(InputError, match="exists already"):
        Ledger.create(ledger.path)
    assert ledger.size == 2
    assert [file.name for file in ledger.path.parent.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("begun", [True, False])
def test_what_an_interrupted_creation_left_is_taken_up(path: Path, *, begun: bool) -> None:
    half = path.with_name(".ledger.db.half")
    if begun:
        Ledger.create(path).close()
        path.rename(half)
    else:
        half.touch()

    with Ledger.create(path) as ledger:
        ledger.append([b"first"])
        ledger.check()
    assert not half.exists()


def test_a_folder_that_is_missing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened or written"):
        Ledger.create(tmp_path / "missing" / "ledger.db")


def test_a_path_with_the_signs_of_a_uri_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=memory&b#c%20 d.db"
    with Ledger.create(path) as ledger:
        ledger.append([b"first"])
    with Ledger.open(path, read_only=True) as again:
        assert again.body(0) == b"first"
    assert path.exists()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_missing_file_is_not_made(path: Path, *, read_only: bool) -> None:
    with pytest.raises(InputError, match="there is no ledger"):
        Ledger.open(path, read_only=read_only)
    assert not path.exists()

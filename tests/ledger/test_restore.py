"""Restoring: verified first, in place last, and nothing that only the target has is lost."""

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, KeyvaultError, LedgerError, RefusedError
from keyvault_kit.ledger.backup import Restored, restore
from keyvault_kit.ledger.store import Ledger

Bodies = Callable[[int], list[bytes]]
Made = Callable[[Path, list[bytes]], bytes]
Read = Callable[[Path], list[bytes]]
Tear = Callable[[Path, Path], None]

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=timezone(timedelta(hours=1)))
KEPT = "ledger.db.before-20260302T093000Z"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)


def change_entry(path: Path) -> None:
    """Change an entry, and leave no other trace."""
    with closing(sqlite3.connect(path)) as database, database:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        triggers = database.execute(query).fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE entry SET body = x'00' WHERE seq = 5")
        for _, sql in triggers:
            database.execute(sql)


def changed(make: Callable[[Path], object]) -> Callable[[bytes, Path], bytes]:
    def made(data: bytes, folder: Path) -> bytes:
        path = folder / "hostile"
        path.write_bytes(data)
        make(path)
        hostile = path.read_bytes()
        path.unlink()
        return hostile

    return made


def check_refused(data: bytes, target: Path, told: str) -> None:
    """Restoring is refused, and all is as it was."""
    before = (target.read_bytes(), target.stat().st_ino, names(target.parent))
    with pytest.raises(RefusedError, match=told):
        restore(data, target, Ledger.check, now=NOW)
    assert (target.read_bytes(), target.stat().st_ino, names(target.parent)) == before


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("before", [None, 0, 1, 60, 100])
def test_a_backup_is_put_back(
    made: Made, read: Read, path: Path, bodies: Bodies, *, before: int | None
) -> None:
    data = made(path.with_name("source.db"), bodies(100))
    if before is not None:
        made(path, bodies(before))
    verified: list[bytes] = []

    done = restore(data, path, lambda it: verified.append(it.root()), now=NOW)

    kept = None if before is None else path.with_name(KEPT)
    assert done == Restored(100, kept)
    assert read(path) == bodies(100)
    with Ledger.open(path) as after:
        assert verified == [after.root()]
        after.append([b"and on"])
    assert kept is None or read(kept) == bodies(before or 0)
    assert names(path.parent) == sorted(["ledger.db", "source.db", *([KEPT] if kept else [])])


def test_a_restored_ledger_is_as_private_as_the_one_before(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(3))
    restore(data, path, Ledger.check, now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    path.chmod(0o640)
    restore(data, path, Ledger.check, now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_to_the_ledger_stays_one(
    made: Made, read: Read, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(3))
    (tmp_path / "real").mkdir()
    made(tmp_path / "real" / "ledger.db", bodies(1))
    path.symlink_to(tmp_path / "real" / "ledger.db")

    assert restore(data, path, Ledger.check, now=NOW).kept == tmp_path / "real" / KEPT
    assert path.is_symlink()
    assert read(tmp_path / "real" / "ledger.db") == bodies(3)


@pytest.mark.parametrize("present", [11, 35])
def test_entries_that_the_backup_lacks_are_counted_and_given_up_by_word(
    made: Made, read: Read, path: Path, bodies: Bodies, tmp_path: Path, present: int
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(path, bodies(present))
    told = f"has {present} entries, and {present - 10} of them are not in the backup"
    check_refused(data, path, told)

    assert restore(data, path, Ledger.check, now=NOW, give_up=True).entries == 10
    assert read(tmp_path / KEPT) == bodies(present)


def test_entries_that_differ_are_counted_from_the_first(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(path, [*bodies(6), b"another", b"history"])
    check_refused(data, path, "has 8 entries, and 2 of them are not in the backup")


def test_another_register_is_not_replaced(
    made: Made, read: Read, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(path, [b"other", *bodies(10)[1:]])
    check_refused(data, path, "ledger of another register, with 10 entries")

    restore(data, path, Ledger.check, now=NOW, give_up=True)
    assert read(path) == bodies(10)
    assert read(tmp_path / KEPT)[0] == b"other"


def test_a_file_of_another_kind_is_not_replaced(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    path.write_bytes(b"my notes")
    check_refused(data, path, "no ledger of keyvault-kit.*nobody knows what is in it")

    restore(data, path, Ledger.check, now=NOW, give_up=True)
    assert (tmp_path / KEPT).read_bytes() == b"my notes"


@pytest.mark.parametrize("give_up", [True, False])
def test_a_folder_is_not_replaced(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path, *, give_up: bool
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    path.mkdir()
    with pytest.raises(InputError, match="is a folder"):
        restore(data, path, Ledger.check, now=NOW, give_up=give_up)
    assert path.is_dir()


@pytest.mark.parametrize(
    "damage",
    [
        change_entry,
        lambda path: run_sql(path, "DELETE FROM tree"),
        lambda path: run_sql(path, "DROP TABLE entry"),
        lambda path: path.write_bytes(path.read_bytes()[:8192]),
        lambda path: path.write_bytes(path.read_bytes()[:100] + bytes(20_000)),
    ],
)
def test_a_damaged_ledger_is_replaced_and_kept(
    made: Made,
    read: Read,
    path: Path,
    bodies: Bodies,
    tmp_path: Path,
    damage: Callable[[Path], object],
) -> None:
    data = made(tmp_path / "source.db", bodies(100))
    made(path, bodies(100))
    damage(path)
    damaged = path.read_bytes()

    restore(data, path, Ledger.check, now=NOW)

    assert read(path) == bodies(100)
    assert (tmp_path / KEPT).read_bytes() == damaged


def test_a_damaged_ledger_that_went_on_is_given_up_by_word(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(path, bodies(12))
    change_entry(path)
    check_refused(data, path, "is damaged, and has 2 entries more than the backup")


def test_what_is_kept_is_never_overwritten(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(path, bodies(5))
    (tmp_path / KEPT).write_bytes(b"older")
    check_refused(data, path, f"{KEPT} exists already")
    assert (tmp_path / KEPT).read_bytes() == b"older"


def test_a_torn_ledger_is_mended_before_it_is_kept(
    made: Made, read: Read, path: Path, bodies: Bodies, tmp_path: Path, tear: Tear
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(tmp_path / "before.db", bodies(5))
    tear(tmp_path / "before.db", path)

    restore(data, path, Ledger.check, now=NOW)

    assert read(path) == bodies(10)
    assert read(tmp_path / KEPT) == bodies(5)


def test_a_stray_journal_would_spoil_the_restored_ledger(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path, tear: Tear
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(tmp_path / "before.db", bodies(5))
    tear(tmp_path / "before.db", path)
    path.unlink()  # somebody moved the torn ledger away, and forgot its journal

    with pytest.raises(RefusedError, match=r"ledger\.db-journal back into the restored"):
        restore(data, path, Ledger.check, now=NOW)
    assert names(tmp_path) == ["before.db", "ledger.db-journal", "source.db"]


def test_while_somebody_writes_nothing_is_restored(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    made(path, bodies(5))
    monkeypatch.setattr("keyvault_kit.ledger.database.BUSY_SECONDS", 0.1)
    with Ledger.open(path) as other, other._transaction():
        check_refused(data, path, "in use by another process")


def test_a_ledger_that_somebody_else_restores_is_looked_at_first(
    made: Made, path: Path, bodies: Bodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(path.with_name("source.db"), bodies(10))
    made(path, bodies(5))
    check = Ledger.check

    def check_and_lose_the_race(ledger: Ledger) -> None:
        check(ledger)
        made(path.with_name("theirs.db"), bodies(99))
        path.with_name("theirs.db").replace(path)

    monkeypatch.setattr(Ledger, "check", check_and_lose_the_race)
    with pytest.raises(RefusedError, match="was replaced a moment ago"):
        restore(data, path, lambda _: None, now=NOW)
    with Ledger.open(path) as theirs:
        assert theirs.size == 99
    assert names(path.parent) == ["ledger.db", "source.db"]


# --- Hostile backups


def test_nothing_of_a_refused_backup_reaches_the_disk(
    made: Made, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(10))
    seen: list[list[str]] = []

    def verify(_: Ledger) -> None:
        seen.append(names(tmp_path))
        raise LedgerError("the paper says something else")

    with pytest.raises(LedgerError, match="the paper says"):
        restore(data, path, verify, now=NOW)
    assert seen == [["source.db"]] == [names(tmp_path)]


@pytest.mark.parametrize(
    ("make", "kind", "told"),
    [
        (lambda _, __: b"", InputError, "the backup is no ledger of keyvault-kit"),
        (lambda _, __: b"text" * 999, InputError, "the backup is no ledger of keyvault-kit"),
        (lambda data, _: data[:50], InputError, "the backup is no ledger of keyvault-kit"),
        (lambda data, _: data[:9000], LedgerError, "the backup cannot be used"),
        (lambda data, _: data[: len(data) // 2], LedgerError, "the backup cannot be used"),
        (
            changed(lambda path: run_sql(path, "PRAGMA application_id = 7")),
            InputError,
            "the backup is no ledger of keyvault-kit",
        ),
        (
            changed(lambda path: run_sql(path, "PRAGMA user_version = 2")),
            InputError,
            "the backup has ledger format 2",
        ),
        (changed(change_entry), LedgerError, "entry 5 was changed"),
        (changed(run_sql), LedgerError, "the tables of the backup"),
        (changed(lambda path: run_sql(path, "DROP TABLE tree")), LedgerError, "no such table"),
    ],
)
def test_a_hostile_backup_is_named_and_the_target_untouched(
    made: Made,
    path: Path,
    bodies: Bodies,
    tmp_path: Path,
    make: Callable[[bytes, Path], bytes],
    kind: type[KeyvaultError],
    told: str,
) -> None:
    data = make(made(tmp_path / "source.db", bodies(300)), tmp_path)
    made(path, bodies(5))
    before = (path.read_bytes(), path.stat().st_ino, names(tmp_path))

    with pytest.raises(kind, match=told):
        restore(data, path, Ledger.check, now=NOW, give_up=True)

    assert (path.read_bytes(), path.stat().st_ino, names(tmp_path)) == before

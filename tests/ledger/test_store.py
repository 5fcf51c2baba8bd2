"""The ledger file: nothing acknowledged is lost, nothing changed goes unnoticed."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, KeyvaultError, LedgerError, RefusedError
from keyvault_kit.ledger.merkle import leaf_hash, root_of
from keyvault_kit.ledger.store import Detail, Ledger

BODIES = [f"entry {i}".encode() for i in range(20)]

APPENDER = """
import sys
from pathlib import Path
from keyvault_kit.ledger.store import Ledger
name, count = sys.argv[2], int(sys.argv[3])
with Ledger.open(Path(sys.argv[1])) as ledger:
    for i in range(count):
        seqs = ledger.append([f"{name} {i}".encode()])
        print(seqs[0], flush=True)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        yield ledger


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody would who knows SQL."""
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
    database.close()


def appender(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_is_appended_is_read(ledger: Ledger) -> None:
    assert ledger.append(BODIES[:3]) == range(3)
    assert ledger.append(BODIES[3:]) == range(3, 20)

    assert list(ledger.bodies()) == BODIES
    assert list(ledger.bodies(18)) == BODIES[18:]
    assert ledger.body(7) == BODIES[7]
    assert ledger.size == 20
    assert ledger.register_id == leaf_hash(BODIES[0]).hex()
    ledger.check()


def test_checkpoints_of_now_and_of_then(ledger: Ledger) -> None:
    ledger.append(BODIES)
    leaves = [leaf_hash(body) for body in BODIES]

    for size in (1, 7, 20):
        assert ledger.checkpoint(size).root == root_of(leaves[:size])
    assert ledger.checkpoint() == ledger.checkpoint(20)
    with pytest.raises(LedgerError, match="20 entries, not 21"):
        ledger.checkpoint(21)


def test_an_empty_ledger_has_no_register(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="not founded yet"):
        _ = ledger.register_id
    with pytest.raises(InputError, match="no entry 0"):
        ledger.body(0)


def test_a_ledger_that_moved_on_is_not_appended_to(ledger: Ledger) -> None:
    ledger.append(BODIES[:2])

    with pytest.raises(RefusedError, match="2 entries, not 1"):
        ledger.append([b"late"], expected_size=1)
    assert ledger.size == 2


def test_an_append_is_all_or_nothing(ledger: Ledger) -> None:
    row = Detail(commitment="aa", salt=b"s" * 16, row=b"{}")
    ledger.append([b"first"], details=[row])

    with pytest.raises(LedgerError):
        ledger.append([b"second"], details=[row])  # the commitment is taken

    assert (ledger.size, list(ledger.bodies())) == (1, [b"first"])
    ledger.check()


def test_sqlite_itself_refuses_to_change_or_delete_an_entry(ledger: Ledger) -> None:
    ledger.append(BODIES)
    with sqlite3.connect(ledger.path) as database:
        for statement in ("UPDATE entry SET body = x'00'", "DELETE FROM entry WHERE seq = 3"):
            with pytest.raises(sqlite3.IntegrityError, match="is never"):
                database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE entry SET body = x'00' WHERE seq = 7", "entry 7 was changed"),
        ("UPDATE entry SET leaf = x'00' WHERE seq = 7", "entry 7 was changed"),
        ("DELETE FROM entry WHERE seq = 7", "entry 7 is missing"),
        ("DELETE FROM entry WHERE seq = 19", "entry 19 is the first"),
        ("INSERT INTO entry SELECT 20, body, leaf FROM entry WHERE seq = 3", "entry 20"),
        ("UPDATE tree SET size = 19", "damaged"),
        ("UPDATE tree SET frontier = zeroblob(64)", "not that of its entries"),
        ("DELETE FROM tree", "lost the state"),
    ],
)
def test_a_change_of_the_file_is_found(ledger: Ledger, statement: str, named: str) -> None:
    ledger.append(BODIES)
    tamper(ledger.path, statement)

    with pytest.raises(LedgerError, match=named):
        ledger.check()


def test_two_entries_exchanged_are_found(ledger: Ledger) -> None:
    ledger.append(BODIES)
    tamper(
        ledger.path,
        "UPDATE entry SET seq = 99 WHERE seq = 5",
        "UPDATE entry SET seq = 5 WHERE seq = 6",
        "UPDATE entry SET seq = 6 WHERE seq = 99",
    )

    with pytest.raises(LedgerError, match="not that of its entries"):
        ledger.check()


def test_a_file_that_is_no_ledger_is_said_so(tmp_path: Path) -> None:
    empty, text, other = tmp_path / "empty", tmp_path / "text", tmp_path / "other"
    empty.touch()
    text.write_text("not a database" * 100)
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()

    for path in (empty, text, other):
        with pytest.raises(InputError, match="no ledger of keyvault-kit"):
            Ledger.open(path)
    with pytest.raises(InputError, match="there is no ledger"):
        Ledger.open(tmp_path / "nowhere")
    with pytest.raises(InputError, match="exists already"):
        Ledger.create(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "other", "text"]


def test_a_newer_format_is_not_touched(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()

    with pytest.raises(InputError, match="format 2"):
        Ledger.open(ledger.path)


def test_a_read_only_ledger_reads_and_does_not_write(ledger: Ledger) -> None:
    ledger.append(BODIES)
    ledger.close()
    ledger.path.chmod(0o444)
    before = ledger.path.read_bytes()

    with Ledger.open(ledger.path, read_only=True) as reader:
        assert reader.size == 20
        with pytest.raises(InputError, match="cannot be opened or written"):
            reader.append([b"no"])
    assert ledger.path.read_bytes() == before


def test_signatures_are_kept_once(ledger: Ledger) -> None:
    ledger.append(BODIES)
    ledger.add_signature(7, "bob", "B")
    ledger.add_signature(7, "alice", "A")

    assert ledger.signatures(7) == {"alice": "A", "bob": "B"}
    assert ledger.signed_sizes() == (7,)
    with pytest.raises(RefusedError, match="signed the checkpoint of 7 entries already"):
        ledger.add_signature(7, "bob", "C")
    with pytest.raises(RefusedError, match="21 cannot be signed"):
        ledger.add_signature(21, "bob", "C")


def test_an_erased_row_leaves_no_byte_in_the_file(ledger: Ledger) -> None:
    name = b"Alice Archer of the example"
    ledger.append([b"x"], details=[Detail(commitment="aa", salt=b"salt of sixteen.", row=name)])
    assert name in ledger.path.read_bytes()

    ledger.erase_detail("aa")

    assert ledger.detail("aa") is None
    assert name not in ledger.path.read_bytes()
    assert b"salt of sixteen." not in ledger.path.read_bytes()
    ledger.check()


def test_every_acknowledged_entry_outlives_a_kill(ledger: Ledger) -> None:
    for n in range(10):
        process = appender(ledger.path, f"run{n}", 10_000)
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(3 + 7 * n)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines() if line]
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL

        bodies = list(ledger.bodies())
        first = acknowledged[0]
        assert [bodies[seq] for seq in acknowledged] == [
            f"run{n} {seq - first}".encode() for seq in acknowledged
        ]
        ledger.check()


def test_two_processes_lose_and_double_nothing(ledger: Ledger) -> None:
    processes = [appender(ledger.path, name, 100) for name in ("a", "b")]
    seqs = [int(seq) for it in processes for seq in it.communicate()[0].split()]

    assert [it.returncode for it in processes] == [0, 0]
    assert sorted(seqs) == list(range(200))
    expected = {f"{name} {i}".encode() for name in ("a", "b") for i in range(100)}
    assert set(ledger.bodies()) == expected
    ledger.check()


def test_one_bit_flipped_anywhere_is_found_or_changes_nothing_that_is_read(ledger: Ledger) -> None:
    ledger.append(BODIES)
    ledger.close()
    whole = ledger.path.read_bytes()
    root = root_of([leaf_hash(body) for body in BODIES])
    twin = ledger.path.with_name("twin.db")

    for place in range(0, len(whole), 61):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        twin.write_bytes(changed)
        try:
            with Ledger.open(twin, read_only=True) as reader:
                reader.check()
                found = (list(reader.bodies()), reader.root())
        except KeyvaultError:
            continue
        assert found == (BODIES, root), place

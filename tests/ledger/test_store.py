"""The ledger file: nothing acknowledged is lost, nothing changed goes unnoticed."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, LedgerError, RefusedError
from keyvault_kit.ledger.merkle import Tree, leaf_hash, root_of
from keyvault_kit.ledger.store import Detail, Ledger

Made = Callable[[str], Detail]

BODIES = [f"entry {i}".encode() for i in range(20)]


@pytest.fixture
def many(ledger: Ledger) -> Ledger:
    """A ledger of 20 entries."""
    ledger.append(BODIES)
    return ledger


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody would who knows SQL."""
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
    database.close()


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.sets(st.integers(0, len(BODIES))))
def test_the_roots_of_many_sizes_are_those_of_their_trees(sizes: set[int], many: Ledger) -> None:
    leaves = [leaf_hash(body) for body in BODIES]
    statements: list[str] = []
    many._database.set_trace_callback(statements.append)

    expected = {size: Tree.of(leaves[:size]).root() for size in sizes if size}
    assert many.roots(sizes) == expected
    assert len(statements) == 1  # one pass, however many sizes


@pytest.mark.parametrize("sizes", [{21}, {1, 20, 21}, {7, 1 << 40}])
def test_there_is_no_root_of_more_entries_than_there_are(many: Ledger, sizes: set[int]) -> None:
    with pytest.raises(LedgerError, match=f"20 entries, not {max(sizes)}"):
        many.roots(sizes)


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


def test_a_checkpoints_signatures_are_kept_with_the_entry_that_tells_of_them(many: Ledger) -> None:
    signatures = [(7, "bob", "B"), (20, "alice", "A"), (7, "alice", "C")]

    assert many.append([b"signed"], signatures=signatures) == range(20, 21)

    assert many.signed_sizes() == (7, 20)
    assert many.signatures(7) == {"alice": "C", "bob": "B"}
    assert many.signatures(20) == {"alice": "A"}
    many.check()


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ((7, "alice", "again"), "alice has signed the checkpoint of 7 entries already"),
        ((20, "bob", "twice"), "bob has signed the checkpoint of 20 entries already"),
        ((22, "bob", "too early"), "21 entries: 22 cannot be signed"),
        ((0, "bob", "of nothing"), "21 entries: 0 cannot be signed"),
    ],
)
def test_with_a_signature_that_is_refused_nothing_is_appended(
    many: Ledger, detail: Made, refused: tuple[int, str, str], told: str
) -> None:
    kept, more = detail("kept"), detail("more")
    many.append([b"signed"], details=[kept], signatures=[(7, "alice", "A")])
    before = many.serialize()

    with pytest.raises(RefusedError, match=told):
        many.append(
            [b"more"],
            details=[more],
            erase=[kept.commitment],
            signatures=[(20, "bob", "B"), refused],
        )

    assert many.serialize() == before
    assert many.append([b"after"]) == range(21, 22)


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


# --- Copies


def test_a_copy_is_the_whole_ledger(ledger: Ledger, detail: Made, tmp_path: Path) -> None:
    ledger.append(BODIES, details=[detail("ada")])
    ledger.add_signature(7, "ada", "A")
    ledger.keep_snapshot(7, b"state")
    data = ledger.serialize()
    copy = tmp_path / "copy.db"
    copy.write_bytes(data)

    with Ledger.open(copy) as opened, Ledger.from_bytes(data) as loaded:
        for it in (opened, loaded):
            it.check()
            assert list(it.bodies()) == BODIES
            assert it.details() == ledger.details()
            assert it.signatures(7) == {"ada": "A"}
            assert it.snapshot() == (7, b"state")
        assert opened.serialize() == loaded.serialize() != b""
        opened.append([b"more"])
    assert ledger.size == 20


def test_a_copy_in_memory_is_not_written_to(ledger: Ledger) -> None:
    ledger.append(BODIES)
    with (
        Ledger.from_bytes(ledger.serialize()) as copy,
        pytest.raises(InputError, match="the copy in memory cannot be opened or written"),
    ):
        copy.append([b"no"])


@pytest.mark.parametrize("data", [b"", b"not a database" * 100, b"SQLite format 3\0"])
def test_bytes_that_are_no_ledger_are_said_so(data: bytes) -> None:
    with pytest.raises(InputError, match="the thing is no ledger of keyvault-kit"):
        Ledger.from_bytes(data, Path("the thing"))

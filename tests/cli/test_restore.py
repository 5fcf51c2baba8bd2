"""`keyvault ledger backup|restore`: a copy that stock age opens, and how it comes back."""

import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from keyvault_kit.assembly import open_book, read_sheet
from keyvault_kit.sheets.codes import SheetCode

if TYPE_CHECKING:
    from tests.cli.conftest import Desk, Done

Refusal = Callable[..., bool]

PASSPHRASE: Final = "gravel tuba oxide lemur quartz nine"


# --- Backups


def backed_up(desk: "Desk", name: str) -> str:
    desk.read("ledger", "backup", "--out", name)
    return name


def bodies(file: Path) -> list[bytes]:
    book = open_book(file)
    with book.ledger:
        return list(book.ledger.bodies())


def test_a_backup_is_whole_while_another_process_appends(desk: "Desk") -> None:
    writing = threading.Thread(
        target=lambda: [desk.sit("sites", "add", f"site-{n}", *desk.by) for n in range(4)]
    )
    writing.start()
    names: list[str] = []
    while writing.is_alive():
        names.append(backed_up(desk, f"{len(names)}.age"))
    writing.join()

    final = bodies(desk.ledger)
    assert len(names) > 1
    for name in (names[0], names[-1]):
        out = f"{name}.db"
        desk.read("ledger", "restore", name, *desk.identity, "--ledger", out)
        restored = bodies(desk.folder / out)
        assert restored == final[: len(restored)]
    assert {f"site-{number}" for number in range(4)} <= set(desk.register.sites)


@pytest.mark.needs("age")
def test_stock_age_opens_a_backup(desk: "Desk") -> None:
    backed_up(desk, "b.age")
    (code,) = read_sheet(desk.folder / desk.identity[1])
    content = SheetCode.parse(code).content
    assert content is not None
    (desk.folder / "key.txt").write_text(content.expose_text())

    subprocess.run(
        ["age", "-d", "-i", "key.txt", "-o", "b.db", "b.age"], cwd=desk.folder, check=True
    )

    assert bodies(desk.folder / "b.db") == bodies(desk.ledger)
    database = sqlite3.connect(desk.folder / "b.db")
    assert database.execute("SELECT count(*) FROM entry").fetchone() == (len(desk.entries),)
    database.close()


def test_a_backup_never_replaces_a_file_and_needs_a_recipient(
    desk: "Desk", refusal: Refusal
) -> None:
    (desk.folder / "b.age").write_text("mine")

    assert refusal(desk.ask("ledger", "backup", "--out", "b.age"), 2, "b.age exists already")
    assert (desk.folder / "b.age").read_text() == "mine"
    done = desk.ask("ledger", "backup", "--out", "c.age", "--to", "age1nobody")
    assert refusal(done, 2, "no age recipient")
    assert not (desk.folder / "c.age").exists()


def test_a_backup_takes_one_way_to_be_opened(desk: "Desk") -> None:
    words = ("--passphrase", "--to", desk.register.recipient)

    done = desk.run("ledger", "backup", "--out", "b.age", *words, typed=(PASSPHRASE, PASSPHRASE))

    assert done.returncode == 2, "of a passphrase and a recipient one is dropped unsaid"


# --- Restoring


def restore(desk: "Desk", name: str, *words: str) -> "Done":
    return desk.ask("ledger", "restore", name, *desk.identity, *words)


def kept(desk: "Desk") -> list[Path]:
    """Ledgers that were set aside."""
    return sorted(desk.folder.glob("ledger.db.before-*"))


def test_onto_nothing(desk: "Desk") -> None:
    backed_up(desk, "b.age")
    before = bodies(desk.ledger)
    desk.ledger.unlink()

    done = restore(desk, "b.age", "--trust", "sheets/founding-hq.pdf")

    assert done.returncode == 0, done.stderr
    assert f"has {len(before)} entries, and verifies" in done.stdout
    assert bodies(desk.ledger) == before
    assert kept(desk) == []
    desk.do("sites", "add", "north")


def test_onto_an_older_copy_which_is_kept(desk: "Desk") -> None:
    older = desk.ledger.read_bytes()
    desk.do("sites", "add", "north")
    newer = bodies(desk.ledger)
    backed_up(desk, "b.age")
    desk.ledger.write_bytes(older)

    assert restore(desk, "b.age").returncode == 0

    assert bodies(desk.ledger) == newer
    (before,) = kept(desk)
    assert before.read_bytes() == older


def test_onto_a_longer_ledger_only_where_its_end_is_given_up(
    desk: "Desk", refusal: Refusal
) -> None:
    backed_up(desk, "b.age")
    shorter = bodies(desk.ledger)
    desk.do("sites", "add", "north")
    longer = bodies(desk.ledger)
    lost = len(longer) - len(shorter)

    done = restore(desk, "b.age")
    assert refusal(done, 5, f"{lost} of them are not in the backup", "--give-up")
    assert bodies(desk.ledger) == longer
    done = restore(desk, "b.age", "--give-up")

    assert done.returncode == 0, done.stderr
    assert bodies(desk.ledger) == shorter
    (before,) = kept(desk)
    assert bodies(before) == longer
    assert str(before) in done.stdout


def test_onto_another_register(desk: "Desk", stranger: "Desk", refusal: Refusal) -> None:
    backed_up(desk, "b.age")
    shutil.copy(stranger.ledger, desk.ledger)
    theirs = desk.ledger.read_bytes()

    assert refusal(restore(desk, "b.age"), 5, "is the ledger of another register")
    assert desk.ledger.read_bytes() == theirs
    assert kept(desk) == []


def test_with_the_identity_of_another_station(
    desk: "Desk", stranger: "Desk", refusal: Refusal
) -> None:
    backed_up(desk, "b.age")
    before = desk.ledger.read_bytes()
    sheet = str(stranger.folder / stranger.identity[1])

    done = desk.ask("ledger", "restore", "b.age", "--identity", sheet)
    assert refusal(done, 1, "not encrypted to"), done.stderr
    done = desk.ask("ledger", "restore", "b.age", "--identity", "sheets/founding-hq.pdf")
    assert refusal(done, 2, "is no sheet of the station's identity")
    assert desk.ledger.read_bytes() == before


def test_against_papers_that_it_does_not_extend(
    desk: "Desk", stranger: "Desk", refusal: Refusal
) -> None:
    backed_up(desk, "b.age")
    desk.do("sites", "add", "north")
    paper = desk.read("ledger", "checkpoint")
    before = desk.ledger.read_bytes()

    done = restore(desk, "b.age", "--give-up", "--checkpoint", paper)
    assert refusal(done, 4, "its end is missing, or it is an older copy")
    sheet = str(stranger.folder / "sheets" / "founding-hq.pdf")
    assert refusal(restore(desk, "b.age", "--give-up", "--trust", sheet), 4, "is of register")
    assert desk.ledger.read_bytes() == before
    assert kept(desk) == []


def test_by_a_passphrase_a_wrong_one_opens_nothing(desk: "Desk", refusal: Refusal) -> None:
    words = ("ledger", "backup", "--out", "b.age", "--passphrase")
    assert desk.run(*words, typed=(PASSPHRASE, PASSPHRASE)).returncode == 0
    again = ("ledger", "restore", "b.age", "--passphrase", "--ledger", "again.db")

    done = desk.run(*again, typed=("gravel tuba oxide lemur quartz ten",))
    assert refusal(done, 1, "the passphrase is wrong")
    assert not (desk.folder / "again.db").exists()
    done = desk.run(*again, typed=(PASSPHRASE,))

    assert done.returncode == 0, done.stderr
    assert bodies(desk.folder / "again.db") == bodies(desk.ledger)

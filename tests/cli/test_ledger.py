"""`keyvault ledger` and `share verify` on the ledger of a finished rehearsal."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from keyvault_kit.cli.main import run
from keyvault_kit.ledger.pgpwords import decode


@pytest.fixture
def folder(finished_rehearsal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a finished rehearsal, which is also where the command is called."""
    copy = tmp_path / "copy"
    shutil.copytree(finished_rehearsal, copy)
    monkeypatch.chdir(copy)
    return copy


def test_show_lists_every_entry(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "show", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert run(["ledger", "show"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == len(entries) + 1
    assert entries[0]["kind"] == "ledger.founded"
    assert folder.exists()


def test_raw_prints_the_exact_bytes(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["ledger", "show", "--raw"]) == 0

    with sqlite3.connect(folder / "ledger.db") as database:
        rows = database.execute("SELECT body FROM entry ORDER BY seq").fetchall()
    assert capfdbinary.readouterr().out == b"".join(body + b"\n" for (body,) in rows)


def test_verify_takes_the_checkpoint_as_text_and_as_a_sheet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sheet,) = (folder / "sheets").glob("checkpoint-1*.pdf")

    for paper in ("checkpoint.txt", str(sheet)):
        assert run(["ledger", "verify", "--checkpoint", paper, "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert len(report["papers"]) == 1
        assert all(people == ["alice", "bob"] for people in report["signed"].values())


def test_verify_names_what_was_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(folder / "ledger.db") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE entry SET body = replace(body, 'bg1', 'bg2') WHERE seq = 40")

    assert run(["ledger", "verify"]) == 4
    assert "entry 40" in capsys.readouterr().err


def test_verify_refuses_the_paper_of_another_ledger(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "checkpoint.txt").read_text()
    other = folder / "other.txt"
    other.write_text(text.replace(text[13:21], "00000000", 1))

    assert run(["ledger", "verify", "--checkpoint", str(other)]) == 4
    assert "the paper is of register 00000000" in capsys.readouterr().err


def test_checkpoint_and_its_words_agree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.exists()
    assert run(["ledger", "verify", "--json"]) == 0
    root = json.loads(capsys.readouterr().out)["root"]
    assert run(["ledger", "checkpoint", "--words"]) == 0

    assert decode(capsys.readouterr().out.split()).hex() == root


def test_a_share_is_verified_alone_from_its_sheet_and_as_typed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for sheet in sorted((folder / "sheets").glob("share-*.pdf")):
        assert run(["share", "verify", str(sheet), "--json"]) == 0
        fields = json.loads(capsys.readouterr().out)
        assert fields["envelope"] in sheet.name
        assert (fields["threshold"], fields["count"]) == (2, 3)


def test_a_sheet_without_a_share_is_said_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = next((folder / "sheets").glob("label-*.pdf"))

    assert run(["share", "verify", str(sheet)]) == 2
    assert "with nothing secret on it" in capsys.readouterr().err


def test_verify_finds_a_name_that_was_changed_or_silently_removed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(folder / "ledger.db") as database:
        changed = "UPDATE detail SET row = CAST(replace(row, 'Alice', 'Malice') AS BLOB)"
        database.execute(changed)
    database.close()

    assert run(["ledger", "verify"]) == 4
    assert "the name or text of entry" in capsys.readouterr().err
    with sqlite3.connect(folder / "ledger.db") as database:
        database.execute("DELETE FROM detail")
    database.close()

    assert run(["ledger", "verify"]) == 4
    assert "is gone, and no entry says that it was erased" in capsys.readouterr().err

"""`keyvault rehearse` as a user runs it: killed, started again, on a bare PATH, from anywhere."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.custody.model import SetState

COMMAND = [sys.executable, "-m", "keyvault_kit.cli.main", "rehearse"]


def rehearse(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def kill_when_it_says(words: str, *arguments: str) -> None:
    """Start a rehearsal and kill it as soon as a line of its progress holds these words."""
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL, f"it never said {words!r}"


def test_a_rehearsal_with_nothing_given(tmp_path: Path) -> None:
    done = rehearse("--out", str(tmp_path / "out"), PATH="/usr/bin:/bin", HOME="/nonexistent")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "BROKEN" not in done.stdout
    sealed = "\nWho could act, and who always could, when all was sealed:\n- Nobody could use"
    assert sealed in done.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {
        *("ledger.db", "sheets", "checkpoint.txt", "allowed_signers", "summary.md"),
        *("checkpoint.alice.sig", "checkpoint.bob.sig"),
    }


def test_json_is_one_document_and_nothing_else(
    tmp_path: Path, small_organisation: tuple[str, str]
) -> None:
    file = tmp_path / "small.toml"
    file.write_text(small_organisation[0])

    done = rehearse("--organisation", str(file), "--out", str(tmp_path / "out"), "--json")

    assert json.loads(done.stdout)["kept"] is True
    assert "enrol-K1" in done.stderr


def test_killed_three_times_it_ends_like_one_that_was_not(tmp_path: Path) -> None:
    out, arguments = tmp_path / "out", ("--out", str(tmp_path / "out"))
    kill_when_it_says("Make the passkey of bg1 on key K2", *arguments)
    kill_when_it_says("seal-bg2-1 6/", *arguments)
    kill_when_it_says("audit-1 7/", *arguments)

    done = rehearse(*arguments)

    assert done.returncode == 0, done.stderr
    register = open_book(out / "ledger.db").register
    assert all(it.closed for it in register.ceremonies.values())
    assert len(register.ceremonies) == 15
    in_force = [it for it in register.sets.values() if it.state is SetState.IN_FORCE]
    assert len(in_force) == 7
    lost = {e.id for e in register.envelopes.values() if e.state in ("spoiled", "destroyed")}
    assert lost
    assert not [path for path in (out / "sheets").iterdir() if path.stem.partition("-")[2] in lost]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('name = "Alice Archer"', 'name = "Alice"\nrank = 1', "people[0].rank"),
        ('openers = ["carol"]', "openers = []", "safes[1].openers"),
        ('model = "five"', 'model = "six"', "keys[0].model"),
        ('holds = ["key:K1"]', 'holds = ["key:K1", "pin:K1"]', "envelopes[0].holds"),
    ],
)
def test_a_wrong_organisation_file_is_said_so(
    old: str, new: str, path: str, tmp_path: Path, small_organisation: tuple[str, str]
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(small_organisation[0].replace(old, new, 1))

    done = rehearse("--organisation", str(file), "--out", str(tmp_path / "out"))

    assert done.returncode == 2
    assert f"{file}: {path}: " in done.stderr
    assert not (tmp_path / "out").exists()


def test_two_at_once_do_not_share_a_folder(tmp_path: Path) -> None:
    arguments = ("--out", str(tmp_path / "out"))
    first = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdout.readline()

    second = rehearse(*arguments)
    first.communicate()

    assert second.returncode == 5
    assert "is in use by another process" in second.stderr
    assert first.returncode == 0

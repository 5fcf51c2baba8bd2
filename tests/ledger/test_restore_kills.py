"""Restoring while things go wrong: kills at each step, disks that fail, and others who write."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.ledger.backup import back_up, restore
from keyvault_kit.ledger.store import Ledger

Bodies = Callable[[int], list[bytes]]
Made = Callable[[Path, list[bytes]], bytes]
Read = Callable[[Path], list[bytes]]

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KEPT = "ledger.db.before-20260302T093000Z"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- Kills

# Restores, and kills itself before its n-th change of a file or a folder, or says 'done'.
KILLED = """
import errno, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from keyvault_kit.ledger.backup import restore
from keyvault_kit.ledger.store import Ledger

source, target, left, links = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

def step(name):
    global left
    left -= 1
    if left == 0:
        print(name, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

def counted(name):
    original = getattr(os, name)
    def call(*arguments, **named):
        step(name)
        if name == "link" and links == "no":
            raise OSError(errno.EPERM, "no hard links here")
        return original(*arguments, **named)
    setattr(os, name, call)

def torn_fdopen(handle, mode, original=os.fdopen):
    file = original(handle, mode)
    class Torn:
        def __enter__(self): return self
        def __exit__(self, *_): file.close()
        def flush(self): step("flush"); file.flush()
        def fileno(self): return file.fileno()
        def write(self, data):
            step("open")
            os.write(handle, data[: len(data) // 2])
            step("write")
            os.write(handle, data[len(data) // 2 :])
    return Torn()

for name in ("link", "rename", "replace", "unlink", "fsync", "chmod", "open"):
    counted(name)
os.fdopen = torn_fdopen
restore(source.read_bytes(), target, Ledger.check, now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
print("done", flush=True)
"""


def killed(data: Path, target: Path, step: int, *, links: bool) -> str:
    """Before what the restoration was killed; `done` if it was not."""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(data), str(target), str(step), "yes" if links else "no"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode in {0, -signal.SIGKILL}, child.stderr
    assert (child.returncode == 0) == child.stdout.endswith("done\n")
    return child.stdout.strip()


@pytest.mark.parametrize(("present", "links"), [(True, True), (True, False), (False, True)])
def test_a_kill_at_any_step_leaves_the_old_ledger_or_the_new(
    made: Made,
    read: Read,
    path: Path,
    bodies: Bodies,
    tmp_path: Path,
    *,
    present: bool,
    links: bool,
) -> None:
    source = tmp_path / "source.db"
    data = made(source, bodies(200))
    folder = tmp_path / "there"
    steps: list[str] = []
    while "done" not in steps:
        folder.mkdir()
        target = folder / path.name
        if present:
            made(target, bodies(50))

        steps.append(killed(source, target, len(steps) + 1, links=links))

        kept = folder / KEPT
        if target.exists() or (present and links):
            assert read(target) in ([bodies(50)] if present else []) + [bodies(200)]
        elif present:
            assert read(kept) == bodies(50)
        if kept.exists():
            assert read(kept) == bodies(50)
        check_repeated(read, data, target, bodies)
        shutil.rmtree(folder)
    assert {"write", "fsync", "link"} <= set(steps)
    assert ("replace" in steps) == present
    assert ("rename" in steps) == (not links)


def check_repeated(read: Read, data: bytes, target: Path, bodies: Bodies) -> None:
    """After a kill the same is done again, and what the killed one left is gone."""
    restore(data, target, Ledger.check, now=NOW + timedelta(seconds=1))
    assert read(target) == bodies(200)
    assert not [name for name in names(target.parent) if name.endswith((".half", "-journal"))]


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("failing", ["fsync", "link", "replace"])
def test_a_disk_that_fails_leaves_the_target_as_it_was(
    made: Made, path: Path, bodies: Bodies, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    data = made(path.with_name("source.db"), bodies(10))
    made(path, bodies(5))
    before = (path.read_bytes(), path.stat().st_ino, names(path.parent))

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(InputError, match=r"cannot write .*Input/output error"):
        restore(data, path, Ledger.check, now=NOW)
    monkeypatch.undo()

    assert (path.read_bytes(), path.stat().st_ino, names(path.parent)) == before


@pytest.mark.needs("mount")
def test_a_full_disk_leaves_the_target_as_it_was(
    made: Made, read: Read, bodies: Bodies, tmp_path: Path, medium: tuple[Path, Callable[[], None]]
) -> None:
    place, _ = medium
    data = made(tmp_path / "source.db", bodies(20_000))
    made(place / "ledger.db", bodies(5))
    subprocess.run(["mount", "-o", "remount,size=300k", place], check=True)

    with pytest.raises(InputError, match="No space left"):
        restore(data, place / "ledger.db", Ledger.check, now=NOW)
    with (
        Ledger.from_bytes(data) as source,
        pytest.raises(InputError, match="No space left"),
    ):
        back_up(source, place / "backup.age", bytes)

    assert names(place) == ["ledger.db"]
    assert read(place / "ledger.db") == bodies(5)


# --- Others who write

# Appends until it cannot, and says so after each append.
APPEND = """
import sys, time
from pathlib import Path
from keyvault_kit.ledger.store import Ledger
with Ledger.open(Path(sys.argv[1])) as ledger:
    while True:
        (seq,) = ledger.append([b'{"seq":%d}' % ledger.size])
        print(seq, flush=True)
        time.sleep(0.002)
"""


def test_what_is_acknowledged_meanwhile_is_in_the_file_that_is_kept(
    made: Made, read: Read, path: Path, bodies: Bodies, tmp_path: Path
) -> None:
    data = made(tmp_path / "source.db", bodies(20_000))
    made(path, bodies(5))
    with subprocess.Popen(
        [sys.executable, "-c", APPEND, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        restore(data, path, Ledger.check, now=NOW)
        told, failed = child.communicate(timeout=60)

    assert "was replaced since it was opened" in failed
    acknowledged = [5, *map(int, told.split())]
    assert read(tmp_path / KEPT) == bodies(acknowledged[-1] + 1)
    assert read(path) == bodies(20_000)

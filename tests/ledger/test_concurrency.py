"""Several processes and one file: checks, creations and torn writes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.ledger.store import Ledger

Tear = Callable[[Path, Path], None]
Medium = tuple[Path, Callable[[], None]]

# Appends until it is killed, and says so after each append.
APPEND_FOR_EVER = """
import sys, time
from pathlib import Path
from keyvault_kit.ledger.store import Ledger
with Ledger.open(Path(sys.argv[1])) as ledger:
    while True:
        body = b"%d" % ledger.size
        (seq,) = ledger.append([body])
        print(seq, flush=True)
        time.sleep(float(sys.argv[2]))
"""

CREATE = """
import sys
from pathlib import Path
from keyvault_kit.errors import InputError
from keyvault_kit.ledger.store import Ledger
sys.stdin.readline()
try:
    with Ledger.create(Path(sys.argv[1])) as ledger:
        ledger.append([b"mine"])
except InputError as error:
    print(error.what)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_check_sees_one_state_while_somebody_appends(ledger: Ledger, path: Path) -> None:
    ledger.append([b"%d" % seq for seq in range(2000)])
    with start(APPEND_FOR_EVER, str(path), "0.005") as child:
        assert child.stdout is not None
        child.stdout.readline()
        for _ in range(20):
            ledger.check()
        os.kill(child.pid, signal.SIGKILL)
    assert ledger.size > 2001


def test_of_two_who_create_it_at_once_one_is_refused(tmp_path: Path) -> None:
    for round_ in range(3):
        path = tmp_path / f"{round_}.db"
        children = [start(CREATE, str(path)) for _ in range(2)]
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        told = [child.communicate(timeout=60) for child in children]

        assert [child.returncode for child in children] == [0, 0], told
        assert sorted(out for out, _ in told) == ["", f"{path} exists already\n"]
        with Ledger.open(path) as ledger:
            assert list(ledger.bodies()) == [b"mine"]


@pytest.mark.parametrize("read_only", [True, False])
def test_a_torn_append_is_rolled_back_by_whoever_opens_next(
    ledger: Ledger, path: Path, tmp_path: Path, tear: Tear, *, read_only: bool
) -> None:
    ledger.append([b"first"])
    ledger.close()
    torn = tmp_path / "torn.db"
    tear(path, torn)
    assert torn.stat().st_size > path.stat().st_size

    with Ledger.open(torn, read_only=read_only) as after:
        after.check()
        assert list(after.bodies()) == [b"first"]


def test_a_copy_is_one_state_while_somebody_appends(ledger: Ledger, path: Path) -> None:
    ledger.append([b"%d" % seq for seq in range(2000)])
    with start(APPEND_FOR_EVER, str(path), "0.002") as child:
        assert child.stdout is not None
        child.stdout.readline()
        sizes = []
        for _ in range(20):
            with Ledger.from_bytes(ledger.serialize()) as copy:
                copy.check()
                sizes.append(copy.size)
        os.kill(child.pid, signal.SIGKILL)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] <= ledger.size


def test_what_is_locked_is_written_by_nobody(ledger: Ledger, path: Path) -> None:
    ledger.append([b"first"])
    with Ledger.open(path) as other:
        other._database.execute("PRAGMA busy_timeout = 0")
        with ledger.locked():
            assert other.size == 1
            with pytest.raises(RefusedError, match="another process"):
                other.append([b"second"])
        assert other.append([b"second"]) == range(1, 2)


def test_whoever_has_a_replaced_file_open_writes_no_more(
    ledger: Ledger, path: Path, tmp_path: Path
) -> None:
    ledger.append([b"first"])
    copy = tmp_path / "copy.db"
    copy.write_bytes(ledger.serialize())
    copy.replace(path)

    with pytest.raises(RefusedError, match="was replaced since it was opened"):
        ledger.append([b"into nowhere"])


# --- Read-only media


@pytest.mark.needs("mount")
def test_a_ledger_is_read_from_read_only_media(medium: Medium) -> None:
    place, protect = medium
    with Ledger.create(place / "ledger.db") as ledger:
        ledger.append([b"first", b"second"])
    protect()

    with Ledger.open(place / "ledger.db", read_only=True) as reader:
        reader.check()
        assert list(reader.bodies()) == [b"first", b"second"]
        with Ledger.from_bytes(reader.serialize()) as copy:
            assert copy.root() == reader.root()
        with pytest.raises(InputError, match="cannot be opened or written"):
            reader.append([b"third"])
    with pytest.raises(InputError, match="cannot be opened or written"):
        Ledger.open(place / "ledger.db")


@pytest.mark.needs("mount")
@pytest.mark.parametrize("read_only", [True, False])
def test_a_torn_ledger_on_read_only_media_is_to_be_copied_with_its_journal(
    medium: Medium, tear: Tear, tmp_path: Path, *, read_only: bool
) -> None:
    place, protect = medium
    with Ledger.create(place / "ledger.db") as ledger:
        ledger.append([b"first"])
    tear(place / "ledger.db", place / "torn.db")
    protect()

    with pytest.raises(InputError, match="left in the middle of a write") as caught:
        Ledger.open(place / "torn.db", read_only=read_only)
    assert "-journal" in caught.value.mend

    for name in ("torn.db", "torn.db-journal"):  # the mend helps
        (tmp_path / name).write_bytes((place / name).read_bytes())
    with Ledger.open(tmp_path / "torn.db", read_only=read_only) as after:
        after.check()
        assert list(after.bodies()) == [b"first"]

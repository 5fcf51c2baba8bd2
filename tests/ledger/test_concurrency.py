"""Several processes and one file: checks, creations and torn writes."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from keyvault_kit.ledger.store import Ledger

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
    ledger: Ledger, path: Path, tmp_path: Path, *, read_only: bool
) -> None:
    ledger.append([b"first"])
    ledger.close()
    torn = tmp_path / "torn.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_spill = 1")
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        for seq in range(1, 500):
            writer.execute("INSERT INTO entry VALUES (?, zeroblob(999), zeroblob(32))", (seq,))
        # A copy in the middle of a transaction is what a power cut leaves.
        torn.write_bytes(path.read_bytes())
        journal = path.with_name("ledger.db-journal").read_bytes()
        torn.with_name("torn.db-journal").write_bytes(journal)
        writer.execute("ROLLBACK")
    assert torn.stat().st_size > path.stat().st_size

    with Ledger.open(torn, read_only=read_only) as after:
        after.check()
        assert list(after.bodies()) == [b"first"]

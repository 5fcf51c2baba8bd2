"""Files that are old or new, never half, and a lock that dies with its holder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.host.files import read_file, write_atomically
from keyvault_kit.host.locks import lock_file

HOLDER = """
import sys, time
from pathlib import Path
from keyvault_kit.host.locks import lock_file
with lock_file(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_file_is_written_whole_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"

    write_atomically(file, b"old")
    write_atomically(file, b"new")

    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*No such file"):
        write_atomically(tmp_path / "nowhere" / "file", b"x")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(10))

    assert read_file(file, "thing", limit=10) == bytes(10)
    with pytest.raises(InputError, match=r"the thing .* is larger than 9 bytes"):
        read_file(file, "thing", limit=9)
    with pytest.raises(InputError, match="cannot read the thing"):
        read_file(tmp_path, "thing")


def test_a_lock_is_held_by_one_process_and_goes_with_it(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with pytest.raises(RefusedError, match="it is in use"), lock_file(file, "it"):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()

    with lock_file(file, "it"):
        assert file.exists()

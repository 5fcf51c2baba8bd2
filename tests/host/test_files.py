"""Files that are old or new, never half, and a lock that dies with its holder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.host.files import read_file, read_folder, write_atomically
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


# --- Folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files, one of them further down, and a hidden one."""
    below = tmp_path / "folder" / "a" / "b"
    below.mkdir(parents=True)
    (below / "one.json").write_bytes(b"1")
    (tmp_path / "folder" / "TWO.JSON").write_bytes(b"22")
    (tmp_path / "folder" / ".hidden.json").write_bytes(b"3")
    (tmp_path / "folder" / "notes.txt").write_bytes(b"4")
    return tmp_path / "folder"


def test_a_folder_is_read_with_all_below_it(folder: Path) -> None:
    its = read_folder(folder, "export", suffix=".json")

    assert its == {"a/b/one.json": b"1", "TWO.JSON": b"22"}
    assert "notes.txt" in read_folder(folder, "export")


def test_a_folder_may_hold_so_much_and_no_more(folder: Path) -> None:
    assert len(read_folder(folder, "export", suffix=".json", files=2, limit=3)) == 2
    for bounds in ({"files": 1}, {"limit": 2}):
        with pytest.raises(InputError, match="has more than") as caught:
            read_folder(folder, "export", suffix=".json", **bounds)
        assert str(folder) in str(caught.value)


def test_what_is_no_file_of_the_folder_itself_is_refused(folder: Path) -> None:
    (folder / "a" / "loop").symlink_to(folder)
    with pytest.raises(InputError, match="loop is no file and no folder"):
        read_folder(folder, "export")
    (folder / "a" / "loop").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputError, match="pipe is no file and no folder"):
        read_folder(folder, "export")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the export"):
        read_folder(tmp_path / "nowhere", "export")


def test_a_link_that_lies_in_the_place_of_the_half_is_not_followed(tmp_path: Path) -> None:
    medium, ledger = tmp_path / "medium", tmp_path / "ledger.db"
    medium.mkdir()
    ledger.write_bytes(b"all that counts")
    for name in (".answer.json.half", "answer.json"):
        (medium / name).symlink_to(ledger)

    write_atomically(medium / "answer.json", b"an answer")

    assert ledger.read_bytes() == b"all that counts"
    assert (medium / "answer.json").read_bytes() == b"an answer"
    assert not (medium / "answer.json").is_symlink()


def test_a_link_is_not_followed_to_a_file_that_nobody_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"all that counts")
    (tmp_path / "evidence.json").symlink_to(tmp_path / "ledger.db")

    with pytest.raises(InputError, match=r"evidence\.json is a link") as refused:
        read_file(tmp_path / "evidence.json", "evidence")

    assert refused.value.mend == "Name the file itself."


def test_nobody_waits_for_a_pipe_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InputError, match="is no file"):
            read_file(path, "evidence")


def test_a_folder_above_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "a.json").write_bytes(b"1")
    (tmp_path / "medium").symlink_to(tmp_path / "mounted")

    assert read_file(tmp_path / "medium" / "a.json", "evidence") == b"1"

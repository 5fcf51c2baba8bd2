"""Real disks that fill up or cannot be written. Each test mounts in a name space of its own."""

from __future__ import annotations

import shutil
import signal
from itertools import count
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.faults.conftest import Appender, Found, Orders

DISK: Final = 300 * 1024
"""Bytes of the small disk."""
FILLER: Final = 100 * 1024


@pytest.mark.needs("unshare", "mount", "fallocate")
@pytest.mark.parametrize("size", [100, 5_000, 50_000])
def test_a_disk_fills_up_and_has_room_again(
    secluded_appender: Appender, order: Orders, found: Found, tmp_path: Path, size: int
) -> None:
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    filler = str(disk / "filler")
    work = order(
        folder=disk,
        bodies=[(b"%d " % n).ljust(size, b"x") for n in range(DISK // size)],
        commands=(
            ("mount", "-t", "tmpfs", "-o", f"size={DISK}", "small", str(disk)),
            ("fallocate", "-l", str(FILLER), filler),
        ),
        mend=(("rm", filler),),
        afterwards=b"after the fault",
    )
    outcome = secluded_appender(work)
    away = (("cp", "-r", str(disk), str(copy)), ("umount", str(disk)))
    secluded_appender(order(bodies=[b"elsewhere"], commands=away))

    assert (outcome.error, outcome.appended) == ("LedgerError", True), outcome
    assert "no room on its disk, and nothing was written" in outcome.text
    assert outcome.acknowledged > 0
    found(work, outcome, folder=copy, ahead=0)


@pytest.mark.needs("unshare", "mount", "sh")
def test_whoever_opens_a_ledger_on_a_full_disk_is_told_that_it_is_full(
    secluded_appender: Appender, order: Orders, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    small = ("mount", "-t", "tmpfs", "-o", f"size={DISK}", "small", str(disk))
    filler = str(disk / "filler")
    fill = ("sh", "-c", f"cat /dev/zero > '{filler}' 2> /dev/null || true")
    first = secluded_appender(order(folder=disk, bodies=[b"first"], commands=(small,)))
    full = order(folder=disk, commands=(fill,), mend=(("rm", filler),), afterwards=b"second")
    outcome = secluded_appender(full)
    reading = order(folder=disk, read_only=True)
    sizes = secluded_appender(reading).size
    secluded_appender(order(bodies=[b"elsewhere"], commands=(("umount", str(disk)),)))

    assert (first.error, first.acknowledged) == (None, 1), first
    assert (outcome.error, outcome.acknowledged) == ("LedgerError", -1), outcome
    assert "no room on its disk, and nothing was written" in outcome.text
    assert (outcome.appended, sizes) == (True, 2), outcome


def unwritable(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Programs that make a folder a read-only file system, in their name space."""
    return (
        ("mount", "--bind", str(folder), str(folder)),
        ("mount", "-o", "remount,bind,ro", str(folder)),
    )


@pytest.mark.needs("unshare", "mount")
def test_a_read_only_file_system_is_said_so_and_read(
    appender: Appender, secluded_appender: Appender, order: Orders, found: Found
) -> None:
    first = order(bodies=[b"first", b"second"])
    state = found(first, appender(first), ahead=0)

    folder = first.folder
    reading = secluded_appender(order(folder=folder, read_only=True, commands=unwritable(folder)))
    writable = (("mount", "-o", "remount,bind,rw", str(folder)),)
    work = order(folder=folder, mend=writable, afterwards=b"after the fault")
    writing = secluded_appender(work)

    assert (reading.error, reading.size) == (None, 2), reading
    assert (writing.error, writing.acknowledged) == ("InputError", -1), writing
    assert "cannot be opened or written" in writing.text
    assert writing.appended
    found(work, writing, before=state, ahead=0)


@pytest.mark.needs("unshare", "mount", "gcc")
def test_a_ledger_that_cannot_be_rolled_back_where_it_lies_is_never_read_half(
    faulty_appender: Appender,
    secluded_appender: Appender,
    order: Orders,
    found: Found,
    runs: Path,
    tmp_path: Path,
) -> None:
    secluded_appender(order(read_only=True, commands=unwritable(runs)))
    told = 0
    for nth in count(40):
        work = order(fault={"kind": "kill", "nth": nth, "half": True})
        killed = faulty_appender(work)
        reading = secluded_appender(order(folder=work.folder, read_only=True))
        assert reading.foreign is None
        assert (reading.error is None) == (reading.size >= 0)

        writable = shutil.copytree(work.folder, tmp_path / f"copy{nth}")
        bodies = found(work, killed, folder=writable).bodies
        assert reading.size in {-1, len(bodies)}
        if reading.error:
            assert reading.error == "InputError"
            assert "left in the middle of a write" in reading.text
            told += 1
        if killed.status != -signal.SIGKILL:
            break
    assert told > 10

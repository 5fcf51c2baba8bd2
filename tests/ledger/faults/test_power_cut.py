"""The power goes: whatever was not yet synced may be lost, in any choice of it.

A run is recorded call by call (faults.c). After each call the files are put together as a disk
might hold them: a write, a truncation or a sync of a file's content counts for the file; a name
that was made, changed or removed counts for the folder, and is certain only once the folder was
synced.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from msgspec import structs

from keyvault_kit.errors import KeyvaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.ledger.faults.conftest import Appender, Found, Order, Orders, Outcome

    Survives = Callable[[int, "Files"], int]

Files = dict[str, bytes]

NAMING: Final = {"create", "unlink", "rename"}
CHANGING: Final = NAMING | {"write", "truncate"}


class Call(NamedTuple):
    """A call that was recorded.

    Attributes:
        kind: `create`, `unlink`, `rename`, `write`, `truncate`, `sync` or `acknowledge`.
        file: Number of the file, by the order in which files were made; -1 for the folder.
        name: Its name within the folder, or its new one.
        number: A write's offset, or a truncation's size, in bytes.
        data: What was written.
    """

    kind: str
    file: int
    name: str
    number: int = 0
    data: bytes = b""


def recorded(log: Path, folder: Path) -> list[Call]:
    """The calls of a log, each with the file that it was for."""
    files: dict[str, int] = {str(folder): -1}
    made, calls = 0, []
    for line in log.read_text().splitlines():
        kind, *rest = line.split("\t")
        path = rest[0] if rest else str(folder)
        if kind == "create":
            files[path], made = made, made + 1
        elif kind == "rename":
            files[rest[1]] = files.pop(path)
            path = rest[1]
        name = path.rpartition("/")[2]
        number = int(rest[1]) if kind in {"write", "truncate"} else 0
        data = bytes.fromhex(rest[2]) if kind == "write" else b""
        calls.append(Call(kind, files[path], name, number, data))
    return calls


def unsynced(calls: Sequence[Call]) -> list[int]:
    """Places of the calls whose effect is not certain to be on the disk after all of them."""
    pending: dict[int, list[int]] = {}
    for place, call in enumerate(calls):
        if call.kind == "sync":
            pending.pop(call.file, None)
        elif call.kind in CHANGING:
            owner = -1 if call.kind in NAMING else call.file
            pending.setdefault(owner, []).append(place)
    return sorted(place for places in pending.values() for place in places)


def losses(pending: list[int]) -> Iterator[set[int]]:
    """Which of them are lost: none, all, each alone, all but each."""
    whole = set(pending)
    yield set()
    yield whole
    for one in pending:
        yield {one}
        yield whole - {one}


def on_disk(calls: Sequence[Call], lost: set[int]) -> Files:
    """The folder's files when those calls never reached the disk."""
    contents: dict[int, bytearray] = {}
    names: dict[str, int] = {}
    for place, (kind, file, name, number, data) in enumerate(calls):
        content = contents.setdefault(file, bytearray())
        if place in lost:
            continue
        if kind == "create":
            names[name] = file
        elif kind == "unlink":
            names.pop(name, None)
        elif kind == "rename":
            names = {known: it for known, it in names.items() if it != file} | {name: file}
        elif kind in {"write", "truncate"}:
            content.extend(bytes(max(0, number - len(content))))
            end = number + len(data) if kind == "write" else len(content)
            content[number:end] = data
    return {name: bytes(contents[file]) for name, file in names.items()}


def cuts(calls: Sequence[Call]) -> Iterator[tuple[int, Files]]:
    """Each state of the files after each call, and what had been acknowledged (-1: nothing)."""
    seen = set()
    acknowledged = -1
    for place, call in enumerate(calls, 1):
        acknowledged += call.kind == "acknowledge"
        past = calls[:place]
        states = [on_disk(past, lost) for lost in losses(unsynced(past))]
        if call.kind == "write":  # the last write may also be there by half
            torn = call._replace(data=call.data[: len(call.data) // 2])
            states.append(on_disk([*past[:-1], torn], set()))
        for state in states:
            key = (acknowledged, frozenset(state.items()))
            if key not in seen:
                seen.add(key)
                yield acknowledged, state


@pytest.fixture
def run(faulty_appender: Appender, order: Orders, tmp_path: Path) -> tuple[Order, Outcome, Path]:
    """A run that was recorded, and where."""
    log = tmp_path / "calls"
    work = order(fault={"kind": "record", "log": str(log)})
    return work, faulty_appender(work), log


@pytest.fixture
def survives(run: tuple[Order, Outcome, Path], found: Found, runs: Path) -> Survives:
    """Check that a ledger of these files holds at least what was acknowledged, and say that."""
    disk = runs / "disk"

    def check(acknowledged: int, files: Files) -> int:
        disk.mkdir()
        for name, content in files.items():
            (disk / name).write_bytes(content)
        work, outcome, _ = run
        found(work, structs.replace(outcome, acknowledged=acknowledged), folder=disk)
        shutil.rmtree(disk)
        return acknowledged

    return check


@pytest.mark.needs("gcc")
def test_the_record_is_the_run(run: tuple[Order, Outcome, Path]) -> None:
    work, _, log = run
    calls = recorded(log, work.folder)

    real = {file.name: file.read_bytes() for file in work.folder.iterdir()}
    assert on_disk(calls, set()) == real
    assert on_disk(calls, set(unsynced(calls))) == real


@pytest.mark.needs("gcc")
def test_after_a_power_cut_at_any_call_all_that_was_acknowledged_is_there(
    run: tuple[Order, Outcome, Path], survives: Survives
) -> None:
    work, _, log = run
    acknowledged = [survives(*cut) for cut in cuts(recorded(log, work.folder))]

    assert sorted(set(acknowledged)) == list(range(-1, len(work.steps) + 1))
    assert len(acknowledged) > 500


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("synced", ["folder", "files"])
def test_without_the_syncs_something_would_be_lost(
    run: tuple[Order, Outcome, Path], survives: Survives, synced: str
) -> None:
    work, _, log = run
    calls = recorded(log, work.folder)
    fewer = [it for it in calls if it.kind != "sync" or (it.file == -1) == (synced == "files")]
    assert len(fewer) < len(calls)

    with pytest.raises((AssertionError, KeyvaultError)):  # noqa: PT012 - one of the cuts
        for cut in cuts(fewer):
            survives(*cut)

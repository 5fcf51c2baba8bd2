"""Killed at every step of every ceremony, a rehearsal goes on to the same register.

An undisturbed run leaves a copy of its folder before each ceremony. From such a copy a child
process runs until it kills itself at a step, and another goes on to the end of that ceremony.
"""

import functools
import itertools
import os
import shutil
import signal
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.custody.model import EnvelopeState, SetState
from keyvault_kit.custody.register import Register
from keyvault_kit.rehearsal.run import Options, rehearse
from keyvault_kit.sheets.scan import read_codes

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CEREMONIES = (
    "founding",
    "enrol-K1",
    "seal-bg1-1",
    "card-1",
    "checkpoint-1",
    "open-bg1-1",
    "audit-1",
)


class EndOfCeremonyError(Exception):
    """The ceremony that was to be run has ended."""


class Undisturbed(NamedTuple):
    """Copies of the folder before and after each ceremony, and the steps of each."""

    before: dict[str, Path]
    after: dict[str, Path]
    steps: dict[str, list[str]]


def go(out: Path, small_organisation: tuple[str, str], watch: Watcher) -> None:
    options = Options(out=out, organisation=small_organisation, seed=1)
    rehearse(options, now=NOW, say=lambda _: None, watch=watch)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, small_organisation: tuple[str, str]
) -> Undisturbed:
    root = tmp_path_factory.mktemp("undisturbed")
    out, seen = root / "out", Undisturbed({}, {}, {})

    def watch(ceremony: str, step: str, moment: str) -> None:
        if moment == "begins" and ceremony not in seen.steps:
            copy = root / f"before-{ceremony}"
            shutil.copytree(out, copy)
            for earlier in set(seen.steps) - set(seen.after):
                seen.after[earlier] = copy
            seen.before[ceremony], seen.steps[ceremony] = copy, []
        if moment == "begins":
            seen.steps[ceremony].append(step)

    go(out, small_organisation, watch)
    for last in set(seen.steps) - set(seen.after):
        seen.after[last] = out
    return seen


def in_child(work: Callable[[], None]) -> int:
    """Run it in a child process.

    Returns:
        The child's exit status, or minus the signal that ended it.
    """
    child = os.fork()
    if child == 0:
        try:
            work()
        except EndOfCeremonyError:
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child must end here, whatever happens
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(ceremony: str, step: str, moment: str) -> Watcher:
    def watch(*now: str) -> None:
        if now == (ceremony, step, moment):
            os.kill(os.getpid(), signal.SIGKILL)

    return watch


def until_end_of(ceremony: str) -> Watcher:
    def watch(now: str, _: str, moment: str) -> None:
        if now != ceremony and moment == "begins":
            raise EndOfCeremonyError

    return watch


def register_in(folder: Path) -> Register:
    return open_book(folder / "ledger.db").register


GONE = (EnvelopeState.SPOILED, EnvelopeState.DESTROYED)


def comparable(register: Register) -> dict[str, Any]:
    """A register without what must differ: spoiled envelopes, ids of sets, proofs, bags, times.

    Fresh randomness (credentials, salted commitments) differs as well.
    """
    live = [e for e in register.envelopes.values() if e.state not in GONE]
    sets = [s for s in register.sets.values() if s.state in (SetState.MADE, SetState.IN_FORCE)]
    return {
        "people": sorted(register.people),
        "safes": register.safes,
        "accounts": {
            a.id: (a.upn, bool(a.password_set), a.recovered) for a in register.accounts.values()
        },
        "keys": {
            k.id: (k.serial, k.aaguid, k.proven, bool(k.pin_set), bool(k.credential))
            for k in register.keys.values()
        },
        "sets": sorted((s.purpose, s.subject, s.threshold, s.count, s.state) for s in sets),
        "envelopes": sorted((e.holds, e.number or 0, e.state, e.safe or "") for e in live),
        "ceremonies": {c.id: (c.plan, c.done, c.closed) for c in register.ceremonies.values()},
        "exposures": sorted({(x.person, x.number or 0, x.half or 0) for x in register.exposures}),
        "findings": sorted((f.rule, f.subject) for f in register.findings),
        "signers": sorted(register.signers),
    }


def lost_papers(folder: Path) -> Iterator[str]:
    """Secret sheets that lie in the folder although their envelope is spoiled or unknown."""
    envelopes = register_in(folder).envelopes
    yield from (half.name for half in (folder / "sheets").glob(".*.half"))
    for sheet in (folder / "sheets").glob("*.pdf"):
        kind, _, envelope = sheet.stem.partition("-")
        if kind not in ("share", "pin"):
            continue
        known = envelopes.get(envelope)
        if known is None or known.state in GONE:
            yield sheet.name


@pytest.mark.parametrize("ceremony", CEREMONIES)
def test_each_ceremony_killed_at_each_of_its_steps(
    ceremony: str, undisturbed: Undisturbed, small_organisation: tuple[str, str], tmp_path: Path
) -> None:
    expected = comparable(register_in(undisturbed.after[ceremony]))
    assert len(undisturbed.steps[ceremony]) > 1

    for step in undisturbed.steps[ceremony]:
        for moment in ("acted", "recorded"):
            out = tmp_path / f"{step}-{moment}"
            shutil.copytree(undisturbed.before[ceremony], out)

            killer = functools.partial(go, out, small_organisation, kill_at(ceremony, step, moment))
            finisher = functools.partial(go, out, small_organisation, until_end_of(ceremony))
            killed, resumed = in_child(killer), in_child(finisher)

            assert (killed, resumed) == (-signal.SIGKILL, 0), (step, moment)
            assert comparable(register_in(out)) == expected, (step, moment)
            assert list(lost_papers(out)) == [], (step, moment)
            shutil.rmtree(out)


def test_a_killed_seal_spoils_what_it_printed(
    undisturbed: Undisturbed, small_organisation: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(undisturbed.before["seal-bg1-1"], out)
    in_child(lambda: go(out, small_organisation, kill_at("seal-bg1-1", "prove-2", "recorded")))
    printed = sorted((out / "sheets").glob("share-bg1-pw1-*.pdf"))
    assert len(printed) == 2

    in_child(lambda: go(out, small_organisation, until_end_of("seal-bg1-1")))

    register = register_in(out)
    assert [e.state for e in register.envelopes.values() if e.set == "bg1-pw1"] == ["spoiled"] * 2
    assert register.sets["bg1-pw1"].state is SetState.VOID
    assert not [sheet for sheet in printed if sheet.exists()]
    codes = [read_codes(sheet.read_bytes()) for sheet in (out / "sheets").glob("share-*.pdf")]
    assert len(codes) == 2
    returns = register.ceremonies["seal-bg1-1"].returns
    assert [(it.to, it.why) for it in returns] == [
        ("make", "what step bag-2 needs was lost: password, sheets")
    ]


def test_the_ledger_file_is_whole_after_each_kill(
    undisturbed: Undisturbed, small_organisation: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(undisturbed.before["enrol-K1"], out)
    before = register_in(out)
    in_child(lambda: go(out, small_organisation, kill_at("enrol-K1", "set-pin", "acted")))

    with sqlite3.connect(out / "ledger.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    after = register_in(out)
    assert after.size > before.size
    assert msgspec.to_builtins(after.people) == msgspec.to_builtins(before.people)


def kill_at_write(number: int) -> Watcher:
    """A watcher that, once its process runs, kills it just before a file's `number`-th renaming."""
    renamings = itertools.count(1)
    replace = Path.replace

    def replace_or_die(path: Path, target: Path) -> Path:
        if next(renamings) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(path, target)

    Path.replace = replace_or_die  # type: ignore[assignment, method-assign]
    return lambda *_: None


@pytest.mark.parametrize(("ceremony", "stride"), [("seal-bg1-1", 1), ("enrol-K1", 3)])
def test_a_ceremony_killed_in_the_middle_of_its_writes(
    ceremony: str,
    stride: int,
    undisturbed: Undisturbed,
    small_organisation: tuple[str, str],
    tmp_path: Path,
) -> None:
    expected = comparable(register_in(undisturbed.after[ceremony]))
    ends = until_end_of(ceremony)

    for number in itertools.count(1, stride):
        out = tmp_path / str(number)
        shutil.copytree(undisturbed.before[ceremony], out)

        def doomed(out: Path = out, number: int = number) -> None:
            kill_at_write(number)
            go(out, small_organisation, ends)

        killed = in_child(doomed)
        finisher = functools.partial(go, out, small_organisation, ends)
        assert in_child(finisher) == 0, number
        assert comparable(register_in(out)) == expected, number
        assert list(lost_papers(out)) == [], number
        shutil.rmtree(out)
        if killed == 0:
            assert number > 5  # it was killed at some writes at least
            break


def test_the_paper_of_a_password_that_the_tenant_has_is_never_destroyed(
    undisturbed: Undisturbed, small_organisation: tuple[str, str], tmp_path: Path
) -> None:
    """Killed between the tenant's yes and its entry, the only sheets that open it must survive."""
    out = tmp_path / "out"
    shutil.copytree(undisturbed.before["seal-bg1-1"], out)
    in_child(lambda: go(out, small_organisation, kill_at("seal-bg1-1", "set", "acted")))
    before = sorted(path.name for path in (out / "sheets").glob("share-*.pdf"))

    in_child(lambda: go(out, small_organisation, until_end_of("seal-bg1-1")))

    register = register_in(out)
    assert sorted(path.name for path in (out / "sheets").glob("share-*.pdf")) == before
    assert register.sets["bg1-pw1"].state is SetState.IN_FORCE
    assert register.accounts["bg1"].password_set == "bg1-pw1"
    assert {x.half for x in register.exposures if not x.present} == {1, 2}

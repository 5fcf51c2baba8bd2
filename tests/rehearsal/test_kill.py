"""Killed at every step of every plan of a year, a rehearsal goes on to the same register."""

import itertools
import signal
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from keyvault_kit.ceremonies.engine import Watcher
from keyvault_kit.ceremonies.plans.by_name import PLANS
from keyvault_kit.custody.model import SetState
from keyvault_kit.rehearsal.run import Options, rehearse
from keyvault_kit.sheets.scan import read_codes
from tests.rehearsal import rest
from tests.rehearsal.killing import (
    Tell,
    Undisturbed,
    assert_goes_on,
    assert_survives,
    copies_at_writes,
    copy,
    in_child,
    kill_at,
    register_in,
    until_end_of,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

CEREMONIES = {
    "founding": ["founding"],
    "signers": ["signers-1"],
    "enrol": ["enrol-K1"],
    "seal": ["seal-bg1-1"],
    "card": ["card-1"],
    "drill": ["drill-bg1-1", "drill-bg1-3"],
    "pin": ["pin-K1-1"],
    "checkpoint": ["checkpoint-1"],
    "pack": ["pack-1"],
    "take-out": ["take-out-1"],
    "review": ["review-1"],
    "leaver": ["leaver-1"],
    "open": ["open-bg1-1"],
    "rotate": ["rotate-bg1-1"],
    "post-mortem": ["post-mortem-bg1-1"],
    "relocate": ["relocate-1"],
    "audit": ["audit-1"],
}
"""Plan -> the ceremonies of it that are killed: a drill of a key, and one of an envelope."""

Copier = Callable[[str], Path]

TRIED = tuple(itertools.chain.from_iterable(CEREMONIES.values()))


@pytest.fixture(scope="module")
def tell(year_organisation: tuple[str, str]) -> Tell:
    def telling(out: Path, watch: Watcher) -> None:
        options = Options(out=out, organisation=year_organisation, seed=1, year=True)
        rehearse(options, now=NOW, say=lambda _: None, watch=watch)

    return telling


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, tell: Tell) -> Undisturbed:
    watcher = Undisturbed(tmp_path_factory.mktemp("undisturbed") / "out", TRIED)
    tell(watcher.out, watcher)
    watcher.end()
    return watcher


def test_every_plan_is_killed() -> None:
    assert CEREMONIES.keys() | rest.CEREMONIES.keys() == PLANS.keys() | {"founding"}


@pytest.mark.parametrize(
    ("plan", "ceremony"), [(p, it) for p in CEREMONIES for it in CEREMONIES[p]]
)
def test_each_ceremony_killed_at_each_of_its_steps(
    plan: str, ceremony: str, undisturbed: Undisturbed, tell: Tell
) -> None:
    assert_survives(tell, undisturbed, plan, ceremony)


@pytest.mark.parametrize(("ceremony", "stride"), [("seal-bg1-1", 3), ("enrol-K1", 5)])
def test_a_ceremony_killed_in_the_middle_of_its_writes(
    ceremony: str, stride: int, undisturbed: Undisturbed, tell: Tell
) -> None:
    copies = copies_at_writes(tell, undisturbed.before[ceremony], ceremony)
    assert len(copies) > 10 * stride / 3

    for out in copies[::stride]:
        assert_goes_on(tell, out, ceremony, undisturbed.after[ceremony])


# --- Really killed


@pytest.fixture
def before(undisturbed: Undisturbed, tmp_path: Path) -> Copier:
    """A fresh copy of the folder from the beginning of a ceremony."""
    return lambda ceremony: copy(undisturbed.before[ceremony], tmp_path / "out")


def test_a_killed_seal_spoils_what_it_printed(before: Copier, tell: Tell) -> None:
    out = before("seal-bg1-1")
    watch = kill_at("seal-bg1-1", "prove-2", "recorded")
    assert in_child(lambda: tell(out, watch)) == -signal.SIGKILL
    printed = sorted((out / "sheets").glob("share-bg1-pw1-*.pdf"))
    assert len(printed) == 2

    in_child(lambda: tell(out, until_end_of("seal-bg1-1")))

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


def test_the_ledger_file_is_whole_after_a_kill(before: Copier, tell: Tell) -> None:
    out = before("enrol-K1")
    earlier = register_in(out)
    watch = kill_at("enrol-K1", "set-pin", "acted")
    assert in_child(lambda: tell(out, watch)) == -signal.SIGKILL

    with sqlite3.connect(out / "ledger.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    later = register_in(out)
    assert later.size > earlier.size
    assert msgspec.to_builtins(later.people) == msgspec.to_builtins(earlier.people)


def test_the_paper_of_a_password_that_the_tenant_has_is_never_destroyed(
    before: Copier, tell: Tell
) -> None:
    """Killed between the tenant's yes and its entry, the only sheets that open it must survive."""
    out = before("seal-bg1-1")
    watch = kill_at("seal-bg1-1", "set", "acted")
    assert in_child(lambda: tell(out, watch)) == -signal.SIGKILL
    printed = sorted(path.name for path in (out / "sheets").glob("share-*.pdf"))

    in_child(lambda: tell(out, until_end_of("seal-bg1-1")))

    register = register_in(out)
    assert sorted(path.name for path in (out / "sheets").glob("share-*.pdf")) == printed
    assert register.sets["bg1-pw1"].state is SetState.IN_FORCE
    assert register.accounts["bg1"].password_set == "bg1-pw1"
    assert {x.half for x in register.exposures if not x.present} == {1, 2}

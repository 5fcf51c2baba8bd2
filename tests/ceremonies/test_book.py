"""The book: its snapshot says what the entries say, and a ledger without its end takes no more."""

import dataclasses
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from keyvault_kit.assembly import open_book
from keyvault_kit.ceremonies import book
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.custody import events as ev
from keyvault_kit.custody import snapshot
from keyvault_kit.custody.register import Register
from keyvault_kit.custody.snapshot import decode_register, encode_register
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk, Trial

EVERY = 5


@pytest.fixture
def quick(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> "Desk":
    """A desk whose book keeps a snapshot every few entries."""
    monkeypatch.setattr(book, "SNAPSHOT_EVERY", EVERY)
    return desk


def see(desk: "Desk", count: int) -> None:
    for n in range(count):
        fact = ev.FindingMade(rule="seen", subject="hq", what=f"finding {n}", mend="")
        desk.book.record([fact], ("erin",))


# --- Snapshots


def test_a_ledger_of_few_entries_has_no_snapshot(desk: "Desk") -> None:
    see(desk, EVERY)

    assert desk.ledger.size < book.SNAPSHOT_EVERY
    assert desk.ledger.snapshot() is None


def test_a_ledger_that_has_grown_opens_by_its_snapshot_with_the_same_register(
    quick: "Desk",
) -> None:
    quick.enrol("carol")
    quick.seal()
    see(quick, EVERY - 1)

    kept = quick.ledger.snapshot()
    assert kept is not None
    size, state = kept
    assert quick.ledger.size - EVERY < size < quick.ledger.size
    assert decode_register(state) == quick.folded(size)
    assert open_book(quick.path).register == quick.folded() == quick.register
    verify(quick.ledger)


@pytest.mark.parametrize(("every", "share"), [(3, 10**6), (1, 8), (4, 12)])
def test_a_snapshot_is_never_older_than_the_share_of_new_entries(
    every: int, share: int, desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "SNAPSHOT_EVERY", every)
    monkeypatch.setattr(book, "SNAPSHOT_SHARE", share)
    sizes = []

    for _ in range(16):
        see(desk, 1)
        size, _state = desk.ledger.snapshot() or (0, b"")
        assert desk.ledger.size - size < max(every, desk.ledger.size // share)
        sizes.append(size)

    steps = sorted(set(sizes))
    gaps = [later - before for before, later in pairwise(steps)]
    assert gaps
    assert all(gap >= max(every, before // share) for gap, before in zip(gaps, steps, strict=False))


def test_what_another_process_appended_behind_the_snapshot_is_taken_in(quick: "Desk") -> None:
    see(quick, EVERY)
    with Ledger.open(quick.path) as other:
        theirs = Book(other, quick.time.at_the_workstation)
        theirs.record([ev.AccountUsed(account="bg1", why="emergency")], ("erin",))

    assert quick.register.accounts["bg1"].used == quick.time.true
    assert quick.register == open_book(quick.path).register == quick.folded()


def test_a_snapshot_that_was_changed_is_opened_but_found_by_verify(quick: "Desk") -> None:
    """A snapshot is a cache: only who folds the entries knows whether it says the same."""
    see(quick, EVERY)
    size, _ = quick.ledger.snapshot() or (0, b"")
    quick.ledger.keep_snapshot(size, encode_register(doctored(quick.folded(size))))
    assert open_book(quick.path).register.people["erin"].roles == ("officer",)

    with pytest.raises(
        LedgerError, match=f"the snapshot of the register at {size} entries was changed"
    ) as caught:
        verify(quick.ledger)
    assert "restore the newest backup" in caught.value.mend


def doctored(register: Register) -> Register:
    """The register in which an auditor is made an officer."""
    erin = msgspec.structs.replace(register.people["erin"], roles=("officer",))
    return dataclasses.replace(register, people=register.people | {"erin": erin})


def other_version(register: Register) -> bytes:
    """As a program with other rules would write it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "RULES", snapshot.RULES + 1)
        snapshot._version.cache_clear()
        state = encode_register(register)
    snapshot._version.cache_clear()
    return state


def damaged(register: Register) -> bytes:
    state = bytearray(encode_register(register))
    state[-9] ^= 1
    return bytes(state)


@pytest.mark.parametrize("written", [other_version, damaged, lambda _: b"", lambda _: b"{}"])
def test_a_snapshot_of_another_version_or_a_damaged_one_is_folded_anew(
    written: Callable[[Register], bytes], quick: "Desk"
) -> None:
    see(quick, EVERY)
    size, _ = quick.ledger.snapshot() or (0, b"")
    quick.ledger.keep_snapshot(size, written(doctored(quick.folded(size))))

    assert open_book(quick.path).register == quick.folded()
    verify(quick.ledger)
    with Ledger.open(quick.path) as again:  # and kept anew by who writes next
        quick_again = Book(again, quick.time.at_the_workstation)
        seen = ev.FindingMade(rule="seen", subject="hq", what="again", mend="")
        quick_again.record([seen], ("erin",))
        kept = again.snapshot()
    assert kept is not None
    assert decode_register(kept[1]) == quick.folded()


# --- A ledger whose end is missing


@pytest.fixture
def cut(desk: "Desk", signed_trial: "Trial", tmp_path: Path) -> Iterator[Callable[[int], "Desk"]]:
    """Makes a desk on a ledger that ends so many entries behind its last signatures."""
    desk.run(signed_trial())
    signed = max(it.seq for it in desk.entries() if isinstance(it.fact, ev.ActsSigned))
    bodies, opened = list(desk.ledger.bodies()), []

    def made(behind: int) -> "Desk":
        ledger = Ledger.create(tmp_path / f"cut-{behind}.db")
        opened.append(ledger)
        ledger.append(bodies[: signed + 1 + behind], details=desk.ledger.details())
        return type(desk)(desk.folder, ledger, desk.time.true)

    yield made
    for ledger in opened:
        ledger.close()


@pytest.mark.parametrize("behind", range(4))
def test_a_ledger_that_ends_in_the_middle_of_signed_acts_takes_no_more(
    behind: int, cut: Callable[[int], "Desk"], signed_trial: "Trial"
) -> None:
    desk = cut(behind)
    before = desk.raw()
    seen = ev.FindingMade(rule="seen", subject="hq", what="seen", mend="")

    for write in (
        lambda: desk.book.record([seen], ("alice",)),
        lambda: desk.run(signed_trial()),
        lambda: desk.enrol("carol"),
    ):
        with pytest.raises(LedgerError, match="ends in the middle of signed acts") as caught:
            write()
        assert "Restore the newest backup" in caught.value.mend
    assert desk.raw() == before
    signed = desk.register.size - 1 - behind
    with pytest.raises(LedgerError, match=f"entry {signed} has signatures for are not all there"):
        verify(desk.ledger)


def test_a_ledger_that_ends_behind_its_signed_acts_goes_on(
    cut: Callable[[int], "Desk"],
) -> None:
    desk = cut(4)
    verify(desk.ledger)

    assert "carol" in desk.enrol("carol").signers
    verify(desk.ledger)

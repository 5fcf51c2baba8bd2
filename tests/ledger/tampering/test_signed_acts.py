"""A signature on acts is bound to the history before them: it holds at no other place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import decode
from keyvault_kit.custody.model import PaperSize
from keyvault_kit.errors import LedgerError
from keyvault_kit.ledger import acts
from keyvault_kit.ledger.checkpoint import Checkpoint
from keyvault_kit.ledger.merkle import leaf_hash, root_of
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.ledger.verify import Report, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.ledger.tampering.conftest import Original

    Bodies = Sequence[bytes]
    Signed = Callable[[Bodies, Sequence[ev.AnyFact]], Bodies]
    Verified = Callable[[Bodies], Report]

BEFORE = 12
"""Entries before the signed ones: the founding with its organisation, and some more."""
ANNEXE = ev.SiteAdded(site="annexe", paper=PaperSize.A4)


@pytest.fixture
def verified(original: Original, tmp_path: Path) -> Verified:
    """Verifies a ledger of these entries."""

    def make(bodies: Bodies) -> Report:
        said = b"".join(bodies)
        rows = [row for row in original.content.rows if row.commitment.encode() in said]
        with Ledger.create(tmp_path / "ledger.db") as ledger:
            ledger.append(bodies, details=rows)
            return verify(ledger)

    return make


def test_what_is_signed_is_the_checkpoint_before_and_the_exact_bytes_of_each_entry() -> None:
    before = Checkpoint(register="ab" * 32, size=7, root=bytes(32))
    bodies = [b'{"seq":8}', b'{"seq":9}']
    text = b"keyvault-kit/" + b"ab" * 32 + b"\n7\n" + b"A" * 43 + b"=\n"

    assert acts.message(before, bodies) == text + b'{"seq":8}\n{"seq":9}\n'
    assert acts.message(before, iter(bodies)) == acts.message(before, bodies)


def test_where_they_were_signed_signatures_hold(
    original: Original, signed: Signed, verified: Verified
) -> None:
    before = original.content.bodies[:BEFORE]
    report = verified([*before, *signed(before, [ANNEXE])])

    founding = decode(before[1]).fact
    assert isinstance(founding, ev.ActsSigned)
    assert report.acts == founding.count + 1


def another_history(bodies: Bodies) -> Bodies:
    """The last of them is another one, which nobody need sign."""
    last = bodies[-1].replace(b"drill", b"fraud")
    return [*bodies[:-1], last]


def another_order(bodies: Bodies) -> Bodies:
    """The last two say each what the other said; each still stands at its time and place."""
    *first, a, b = bodies
    return [*first, a.replace(b"drill 10", b"drill 11"), b.replace(b"drill 11", b"drill 10")]


@pytest.mark.parametrize("change", [another_history, another_order])
def test_after_another_history_no_signature_holds(
    original: Original, signed: Signed, verified: Verified, change: Callable[[Bodies], Bodies]
) -> None:
    before = original.content.bodies[:BEFORE]
    moved = change(before)
    assert [decode(it).seq for it in moved] == list(range(BEFORE))
    assert moved != before

    told = f"entries {BEFORE + 1} to {BEFORE + 1} are not what was signed: the signature of alice"
    with pytest.raises(LedgerError, match=told):
        verified([*moved, *signed(before, [ANNEXE])])


def test_in_another_ledger_of_the_same_founders_no_signature_holds(
    original: Original, verified: Verified
) -> None:
    first, *rest = original.content.bodies[:BEFORE]
    founded = decode(first)
    assert isinstance(founded.fact, ev.LedgerFounded)
    twin = first.replace(founded.fact.nonce.encode(), b"00" * 32)
    assert decode(twin).fact != founded.fact

    with pytest.raises(LedgerError, match="are not what was signed: the signature of alice"):
        verified([twin, *rest])


@pytest.mark.parametrize("part", ["register", "size", "root"])
def test_register_size_and_root_are_each_signed(
    original: Original, signed: Signed, part: str
) -> None:
    bodies = original.content.bodies[:BEFORE]
    leaves = [leaf_hash(body) for body in bodies]
    before = Checkpoint(leaves[0].hex(), BEFORE, root_of(leaves))
    entry, *acted = signed(bodies, [ANNEXE])
    fact, founded = decode(entry).fact, decode(bodies[0]).fact
    assert isinstance(fact, ev.ActsSigned)
    assert isinstance(founded, ev.LedgerFounded)
    signers = {it.person: it for it in founded.founders}
    acts.check(fact.signatures, acts.message(before, acted), acts.ACT_NAMESPACE, signers)

    others = {
        "register": Checkpoint("00" * 32, before.size, before.root),
        "size": Checkpoint(before.register, BEFORE + 1, before.root),
        "root": Checkpoint(before.register, before.size, leaf_hash(before.root)),
    }
    with pytest.raises(LedgerError, match="the signature of alice does not hold"):
        acts.check(fact.signatures, acts.message(others[part], acted), acts.ACT_NAMESPACE, signers)

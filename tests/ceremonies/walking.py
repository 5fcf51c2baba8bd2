"""Safes with keys and papers in them, as an audit finds them: shared by the tests of audits."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pypdfium2

from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step
from keyvault_kit.ceremonies.plans import audit, card
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState, Purpose
from keyvault_kit.keys.hid import plugged
from keyvault_kit.keys.session import open_session
from keyvault_kit.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ceremonies.conftest import Desk

SAFES: Final = ("hq-1", "hq-2", "vault-1")
PIN: Final = "48302951"


class Shelves:
    """What really lies in each safe, by the numbers on the bags; people read them one by one.

    Attributes:
        bags: Safe -> the numbers that are read there, in that order.
        began: How many entries the ledger had before.
    """

    def __init__(self, desk: Desk) -> None:
        self.bags: dict[str, list[str]] = {safe: [] for safe in SAFES}
        self.began = desk.ledger.size
        self._left: dict[str, list[str]] = {}
        for it in desk.register.envelopes.values():
            if it.state is EnvelopeState.DEPOSITED:
                self.bags[it.safe or ""].append(it.bag or "")
        desk.people.found = self.next

    def next(self, safe: str) -> str:
        left = self._left.setdefault(safe, [*self.bags[safe]])
        return left.pop(0) if left else ""

    def add_stranger(self, safe: str, number: str) -> None:
        """Lay a bag there that nobody knows: its number is read twice."""
        self.bags[safe] += (number, number)

    def from_the_first(self) -> None:
        """Begin each safe anew, as people do whose walk was cut short."""
        self._left.clear()


def stored(desk: Desk) -> Desk:
    """A site's card lies in hq-1, key K1 in hq-2, and K2 with the station's identity in vault-1."""
    desk.enrol("carol", "erin")
    desk.run(card.ceremony(card.Request(site="hq", safe="hq-1", officers=("alice", "bob"))))
    for tag, safe in (("K1", "hq-2"), ("K2", "vault-1")):
        desk.register_key(tag)
        _give_pin(desk, tag)
        _put_away(desk, tag, safe)
    return desk


@contextmanager
def copied(desk: Desk, kept: Path, folder: Path) -> Iterator[Desk]:
    """A copy of such safes; the keys are plugged in when their bags are opened.

    Args:
        desk: Where they are filled, the first time.
        kept: Where that time leaves a copy of them for the next.
    """
    if not kept.exists():
        shutil.copytree(stored(desk).folder, kept)
    shutil.copytree(kept, folder)
    with Ledger.open(folder / "ledger.db") as ledger:
        copy = type(desk)(folder, ledger, desk.time.true)
        for tag in ("K1", "K2"):
            copy.add_key(tag)
        yield copy


def _give_pin(desk: Desk, tag: str) -> None:
    """A PIN on the key and in a sealed envelope, entered as an enrolment does."""
    made = f"{tag}-pin1"
    sheet = f"{made}-1"
    enter(
        desk,
        f"pin-{tag}",
        ("alice", "bob"),
        ev.SetMade(set=made, purpose=Purpose.PIN, subject=tag, threshold=1, count=1),
        ev.EnvelopePrinted(envelope=sheet, holds=f"pin:{tag}", set=made, number=1, proof="ab" * 32),
        ev.EnvelopeProven(envelope=sheet),
        ev.EnvelopeSealed(envelope=sheet, bag=f"PIN-{tag}"),
    )
    desk.book.record([ev.PinSet(key=tag, set=made)], ("carol",))
    hashed = hashlib.sha256(PIN.encode()).digest()[:16]
    desk.change_key(tag, pin_hash=hashed, pin_length=len(PIN))


def _put_away(desk: Desk, tag: str, safe: str) -> None:
    bag = f"{tag}-key1"
    enter(
        desk,
        f"pack-{tag}",
        ("alice", "carol"),
        ev.KeyPacked(envelope=bag, holds=f"key:{tag}", key=tag),
        ev.EnvelopeSealed(envelope=bag, bag=f"BAG-{tag}"),
        ev.EnvelopeDeposited(envelope=bag, safe=safe),
    )
    desk.bench.unplug(tag)


def enter(desk: Desk, name: str, by: tuple[str, ...], *facts: ev.Fact) -> None:
    step = Step(id="enter", activity="Enter it", by=by, act=lambda _: facts, signed=True)
    plan = Plan("trial", lambda _register, _request: (step,), clock=False)
    desk.run(Ceremony(id=name, plan=plan, request={"about": "x"}, people=by))


def request(**fields: Any) -> audit.Request:
    usual: dict[str, Any] = {
        "safes": SAFES,
        "auditor": "erin",
        "custodian": "carol",
        "witness": "alice",
        "number": 1,
    }
    return audit.Request(**(usual | fields))


def walk(desk: Desk, wanted: audit.Request | None = None) -> None:
    """Audit what is wanted, all of it where nothing is said, or go on with it."""
    wanted = wanted or request()
    audit.check(desk.register, wanted)
    desk.run(audit.next_ceremony(desk.register, wanted))


def bag_of(desk: Desk, envelope: str) -> str:
    """The number of the bag in which an envelope lies."""
    return desk.register.envelopes[envelope].bag or ""


def opened(desk: Desk, since: int) -> list[ev.EnvelopeOpened]:
    """What was opened since the ledger had so many entries."""
    facts = (it.fact for it in desk.entries(since))
    return [it for it in facts if isinstance(it, ev.EnvelopeOpened)]


def found(desk: Desk) -> list[tuple[str, str]]:
    """Rule and subject of every finding, sorted."""
    return sorted((it.rule, it.subject) for it in desk.register.findings)


def reset(desk: Desk, tag: str) -> None:
    """Wipe a key, and put it back into its bag."""
    desk.bench.plug(tag)
    path = desk.bench.path(tag)
    (key,) = (it for it in plugged(desk.bench.bus) if it.path == path)
    with open_session(desk.bench.bus, key) as session:
        session.reset()
    desk.bench.unplug(tag)


def replace(desk: Desk, tag: str) -> None:
    """Put another key, with a PIN of its own and the same serial number, in the place of a key."""
    desk.bench.add("stranger", "five", claimed=tag)
    desk.bench.put_in_place_of(tag, "stranger")
    hashed = hashlib.sha256(b"60417283").digest()[:16]
    desk.change_key(tag, pin_hash=hashed, pin_length=8)


def text_of(desk: Desk, sheet: str) -> str:
    """What is written on a sheet that was printed."""
    document = pypdfium2.PdfDocument((desk.folder / "sheets" / f"{sheet}.pdf").read_bytes())
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return " ".join(" ".join(texts).split())

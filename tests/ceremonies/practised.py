"""A password in its safes and a key with its PIN, to be opened: shared by tests of their use."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from keyvault_kit.ceremonies.interaction import OffScript, Prompt, Topic
from keyvault_kit.ceremonies.plan import Ceremony, Plan, Step
from keyvault_kit.ceremonies.plans import opening
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Form, Purpose
from keyvault_kit.ledger.store import Ledger
from tests.ceremonies.conftest import A_DAY, FOUNDED, Desk
from tests.ceremonies.sealing import OFFICERS, request, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

A_WEEK: Final = timedelta(days=7)


@contextmanager
def copied(folder: Path, to: Path, now: datetime = FOUNDED + A_WEEK) -> Iterator[Desk]:
    """A copy of a ledger's folder with its people, later."""
    shutil.copytree(folder, to)
    with Ledger.open(to / "ledger.db") as ledger:
        yield Desk(to, ledger, now)


def prepared(founded: Path, to: Path, prepare: Callable[[Desk], object]) -> Path:
    """A founded ledger's folder in which something was done; to be copied."""
    with copied(founded, to, FOUNDED + A_DAY) as desk:
        prepare(desk)
    return to


def with_password(desk: Desk, form: Form = Form.SHARES, count: int = 3) -> Desk:
    """A password of bg1 in its safes; alice opens that of sheet 1, bob that of the last one."""
    desk.enrol("carol")
    sealing(desk, request(form, count))
    return desk


def with_key(desk: Desk) -> Desk:
    """Key K1 of bg1 in safe hq-2, its PIN in hq-1."""
    desk.enrol("carol")
    desk.register_key("K1")
    enter(
        desk,
        "make",
        ("alice", "bob"),
        ev.SetMade(set="K1-pin1", purpose=Purpose.PIN, subject="K1", threshold=1, count=1),
        ev.EnvelopePrinted(
            envelope="K1-pin1-1", holds="pin:K1", set="K1-pin1", number=1, proof="ab" * 32
        ),
        ev.EnvelopeProven(envelope="K1-pin1-1"),
        ev.EnvelopeSealed(envelope="K1-pin1-1", bag="PIN-1"),
    )
    enter(
        desk,
        "pack",
        ("carol", "alice"),
        ev.KeyPacked(envelope="K1-key1", holds="key:K1", key="K1"),
        ev.EnvelopeSealed(envelope="K1-key1", bag="KEY-1"),
        ev.EnvelopeDeposited(envelope="K1-key1", safe="hq-2"),
    )
    desk.book.record([ev.PinSet(key="K1", set="K1-pin1")], ("carol",))
    desk.book.record([ev.EnvelopeDeposited(envelope="K1-pin1-1", safe="hq-1")], ("alice",))
    desk.bench.unplug("K1")
    return desk


def enter(desk: Desk, name: str, by: tuple[str, ...], *facts: ev.Fact) -> None:
    """Enter facts that two sign."""
    step = Step(id="enter", activity="Enter it", by=by, act=lambda _: facts, signed=True)
    plan = Plan("trial", lambda _register, _request: (step,), clock=False)
    desk.run(Ceremony(id=name, plan=plan, request={"about": "x"}, people=by))


def opened(
    *envelopes: str,
    keys: tuple[str, ...] = (),
    why: str = "emergency",
    officers: tuple[str, ...] = OFFICERS,
) -> opening.Request:
    return opening.Request(
        account="bg1",
        set="bg1-pw1" if envelopes else "",
        envelopes=envelopes,
        keys=keys,
        why=why,
        officers=officers,
    )


def open_(desk: Desk, wanted: opening.Request) -> str:
    """Open; the id of the ceremony."""
    opening.check(desk.register, wanted)
    ceremony = opening.next_ceremony(desk.register, wanted)
    desk.run(ceremony)
    return ceremony.id


def found(desk: Desk) -> list[tuple[str, str]]:
    """Rule and subject of every finding, in order."""
    return [(it.rule, it.subject) for it in desk.register.findings]


def off_script_once(desk: Desk, topic: Topic) -> None:
    """The next question about that is answered with `!`, and what happened is then said."""
    confirm, asked = desk.people.confirm, iter([True])

    def surprised(prompt: Prompt) -> bool:
        if prompt.topic is topic and next(asked, False):
            raise OffScript
        return confirm(prompt)

    desk.people.confirm = surprised  # type: ignore[method-assign]
    desk.people.says[Topic.EXCEPTION] = ["it opens", "the lock is stuck", "we fetch a drill"]

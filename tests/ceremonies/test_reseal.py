"""Sealed again: what was opened is read back, and goes into a new bag and to its safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import reseal
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.errors import RefusedError
from tests.ceremonies.sealing import OFFICERS, Printer, request, sealing

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

FIRST, SECOND = "bg1-pw1-1", "bg1-pw1-2"


class KilledError(Exception):
    pass


@pytest.fixture
def opened(desk: Desk) -> Desk:
    """Both shares of the account were opened for an inspection."""
    sealing(desk, request())
    for envelope in (FIRST, SECOND):
        opened = ev.EnvelopeOpened(envelope=envelope, why="inspection", intact=True)
        desk.book.record([opened], OFFICERS)
    return desk


def resealing(desk: Desk, *envelopes: str) -> None:
    these = envelopes or reseal.opened(desk.register)
    wanted = reseal.begun(desk.register) or reseal.Request(envelopes=these, people=OFFICERS)
    desk.run(reseal.next_ceremony(desk.register, wanted))


def states(desk: Desk) -> list[tuple[EnvelopeState, str | None]]:
    return [(it.state, it.safe) for it in desk.register.live_envelopes("bg1-pw1")]


BACK = [(EnvelopeState.DEPOSITED, "hq-1"), (EnvelopeState.DEPOSITED, "vault-1")]


def test_all_that_was_opened_goes_back_in_new_bags_and_two_sign(opened: Desk) -> None:
    before = [it.bag for it in opened.register.live_envelopes("bg1-pw1")]

    resealing(opened)

    assert states(opened) == BACK
    after = [it.bag for it in opened.register.live_envelopes("bg1-pw1")]
    assert not set(before) & set(after)
    signed = [it.by for it in opened.entries() if isinstance(it.fact, ev.EnvelopeResealed)]
    assert signed == [OFFICERS] * 2
    verified = [it.fact for it in opened.entries() if isinstance(it.fact, ev.ShareVerified)]
    assert verified == [ev.ShareVerified(envelope=it) for it in (FIRST, SECOND)]


def test_who_reads_a_sheet_back_stands_by_while_it_lies_open(opened: Desk) -> None:
    size = opened.ledger.size

    resealing(opened, FIRST)

    seen = [it.fact for it in opened.entries(size) if isinstance(it.fact, ev.SecretExposed)]
    assert seen == [
        ev.SecretExposed(person=person, set="bg1-pw1", number=1, present=True)
        for person in OFFICERS
    ]


def test_another_sheet_is_a_finding_and_is_not_sealed_as_if_it_were_the_one(opened: Desk) -> None:
    sheets = opened.folder / "sheets"
    (sheets / f"share-{FIRST}.pdf").write_bytes((sheets / f"share-{SECOND}.pdf").read_bytes())

    resealing(opened)

    (finding,) = opened.register.open_findings()
    assert (finding.rule, finding.subject) == ("sheet-unusable", FIRST)
    assert states(opened) == [(EnvelopeState.OPENED, "hq-1"), (EnvelopeState.DEPOSITED, "vault-1")]


def test_a_sheet_that_people_cannot_read_is_sealed_and_that_is_a_finding(opened: Desk) -> None:
    printer = Printer(opened.folder / "sheets")
    object.__setattr__(opened.station, "paper", printer)
    opened.people.sheets = lambda _: "a stain"
    opened.people.says[Topic.RETRY] = [True]

    resealing(opened, FIRST)

    (finding,) = opened.register.open_findings()
    assert (finding.rule, finding.subject) == ("sheet-unread", FIRST)
    assert states(opened)[0] == BACK[0]
    assert len(opened.people.texts(Topic.RETRY)) == 2


@pytest.mark.parametrize("step", [f"{verb}-{FIRST}" for verb in ("verify", "bag", "deposit")])
@pytest.mark.parametrize("moment", ["begins", "acted", "recorded"])
def test_killed_at_each_step_it_goes_on_to_the_same_end(
    opened: Desk, step: str, moment: str
) -> None:
    def kill(_: str, now: str, at: str) -> None:
        if (now, at) == (step, moment):
            raise KilledError

    wanted = reseal.Request(envelopes=(FIRST, SECOND), people=OFFICERS)
    with pytest.raises(KilledError):
        opened.run(reseal.next_ceremony(opened.register, wanted), kill)

    resealing(opened)

    assert states(opened) == BACK
    assert opened.register.ceremonies["reseal-1"].closed


def test_what_cannot_be_sealed_again_is_said(opened: Desk) -> None:
    resealing(opened, FIRST)

    with pytest.raises(RefusedError, match=f"envelope {FIRST} is deposited: it was not opened"):
        resealing(opened, FIRST)
    with pytest.raises(RefusedError, match="no envelope 'nothing'"):
        resealing(opened, "nothing")


def test_a_dead_sheet_is_destroyed_and_not_sealed_again(opened: Desk) -> None:
    sealing(opened, request())

    with pytest.raises(RefusedError, match="holds no sheet of a secret in force") as caught:
        resealing(opened, FIRST)

    assert "'destroy'" in caught.value.mend
    assert reseal.opened(opened.register) == ()
    with pytest.raises(RefusedError, match="no sheet in force is out of its bag"):
        resealing(opened)


def test_no_sheet_is_read_while_a_medium_is_plugged_in(opened: Desk) -> None:
    object.__setattr__(opened.station, "media", lambda: (ItemKind.TRANSFER_MEDIUM.value,))

    with pytest.raises(RefusedError, match="plugged in while a secret is in memory"):
        resealing(opened)

"""Destroying what is dead: nothing in force goes, nothing goes unseen, and paper says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import destroy, rotate
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.errors import RefusedError
from tests.ceremonies.sealing import OFFICERS, evidence_of, request, sealing, text_on

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

OLD = ("bg1-pw1-1", "bg1-pw1-2")


class KilledError(Exception):
    pass


@pytest.fixture
def dead(desk: Desk) -> Desk:
    """The account's first password is dead, and its sheets lie in their safes still."""
    sealing(desk, request())
    sealing(desk, request())
    return desk


def destroying(desk: Desk, *envelopes: str) -> None:
    these = envelopes or destroy.all_doomed(desk.register)
    wanted = destroy.begun(desk.register) or destroy.Request(envelopes=these, people=OFFICERS)
    desk.run(destroy.next_ceremony(desk.register, wanted))


def test_all_that_is_dead_is_destroyed_and_nothing_else(dead: Desk) -> None:
    assert destroy.all_doomed(dead.register) == OLD

    destroying(dead)

    states = {it.id: it.state for it in dead.register.envelopes.values() if "pw" in it.id}
    assert states == {
        **dict.fromkeys(OLD, EnvelopeState.DESTROYED),
        "bg1-pw2-1": EnvelopeState.DEPOSITED,
        "bg1-pw2-2": EnvelopeState.DEPOSITED,
    }
    assert not [it for it in OLD if (dead.folder / "sheets" / f"share-{it}.pdf").exists()]
    assert destroy.all_doomed(dead.register) == ()
    assert "2 sheets destroyed" in text_on(dead.folder / "sheets" / "certificate-destroy-1.pdf")


def test_a_named_sheet_alone_is_destroyed(dead: Desk) -> None:
    destroying(dead, OLD[1])

    assert destroy.all_doomed(dead.register) == OLD[:1]


def test_an_opened_sheet_is_known_by_what_is_printed_on_it(dead: Desk) -> None:
    dead.book.record([ev.EnvelopeOpened(envelope=OLD[0], why="drill", intact=True)], ("alice",))
    dead.people.bags = lambda envelope: envelope

    destroying(dead, OLD[0])

    assert dead.register.envelopes[OLD[0]].state is EnvelopeState.DESTROYED


@pytest.mark.parametrize(
    ("envelope", "said"),
    [
        ("bg1-pw2-1", "set bg1-pw2 of envelope bg1-pw2-1 is in force"),
        ("nothing", "no envelope 'nothing'"),
        ("station-id1-1", "is in force: its sheets are still wanted"),
    ],
)
def test_what_is_wanted_is_not_destroyed(dead: Desk, envelope: str, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        destroying(dead, envelope)


def test_what_was_destroyed_once_is_not_destroyed_again(dead: Desk) -> None:
    destroying(dead)

    with pytest.raises(RefusedError, match="is destroyed: nothing is to destroy"):
        destroying(dead, OLD[0])
    with pytest.raises(RefusedError, match="no sheet that opens nothing any more"):
        destroying(dead)


def test_sheets_wait_for_the_evidence_about_what_replaces_them(desk: Desk) -> None:
    sealing(desk, request())
    desk.people.evidence = lambda it: evidence_of(desk, it, action="register")
    with pytest.raises(RefusedError, match="says nothing of a password"):
        sealing(desk, request())

    assert destroy.all_doomed(desk.register) == ()
    with pytest.raises(RefusedError, match="nothing shows yet that the tenant took") as caught:
        destroying(desk, *OLD)
    assert "Bring the evidence first" in caught.value.mend


@pytest.mark.parametrize("step", [f"destroy-{OLD[0]}", f"destroy-{OLD[1]}", "certificate"])
@pytest.mark.parametrize("moment", ["acted", "recorded"])
def test_killed_at_each_step_it_goes_on_to_the_same_end(dead: Desk, step: str, moment: str) -> None:
    def kill(_: str, now: str, at: str) -> None:
        if (now, at) == (step, moment):
            raise KilledError

    wanted = destroy.Request(envelopes=OLD, people=OFFICERS)
    with pytest.raises(KilledError):
        dead.run(destroy.next_ceremony(dead.register, wanted), kill)

    destroying(dead)

    assert destroy.all_doomed(dead.register) == ()
    assert dead.register.ceremonies["destroy-1"].closed
    assert "2 sheets destroyed" in text_on(dead.folder / "sheets" / "certificate-destroy-1.pdf")


def test_nothing_is_entered_as_destroyed_before_people_say_so(dead: Desk) -> None:
    dead.people.says[Topic.SHRED] = [False]

    with pytest.raises(RefusedError, match=f"the sheet of envelope {OLD[0]} is not destroyed"):
        destroying(dead)

    assert dead.register.envelopes[OLD[0]].state is EnvelopeState.DEPOSITED


def test_a_rotation_leaves_nothing_for_it(dead: Desk) -> None:
    destroying(dead)
    wanted = rotate.as_before(dead.register, "bg1", OFFICERS)
    dead.run(rotate.next_ceremony(dead.register, wanted))

    assert destroy.all_doomed(dead.register) == ()

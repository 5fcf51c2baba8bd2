"""The card of a site: one lies in its safe, whatever cut its making short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import card
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.errors import RefusedError

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


def make(desk: Desk, *officers: str) -> None:
    first, second = officers or ("alice", "bob")
    request = card.Request(site="hq", safe="hq-1", officers=(first, second))
    card.check(desk.register, request)
    desk.run(card.next_ceremony(desk.register, request))


def states(desk: Desk) -> dict[str, EnvelopeState]:
    return {it.id: it.state for it in desk.register.envelopes_holding("card:hq")}


def test_a_new_card_takes_the_place_of_all_before_it(desk: Desk) -> None:
    make(desk)
    desk.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        make(desk)
    assert states(desk) == {
        "card-hq-1": EnvelopeState.DEPOSITED,
        "card-hq-2": EnvelopeState.PROVEN,
    }

    make(desk, "bob", "alice")

    assert states(desk) == {
        "card-hq-1": EnvelopeState.DESTROYED,
        "card-hq-2": EnvelopeState.SPOILED,
        "card-hq-3": EnvelopeState.DEPOSITED,
    }


def test_a_card_that_was_cut_short_goes_on(desk: Desk) -> None:
    desk.people.says[Topic.BAG_NUMBER] = ["A-1", "A-2"] * 3
    with pytest.raises(RefusedError, match="did not agree"):
        make(desk)

    make(desk)

    assert states(desk) == {"card-hq-1": EnvelopeState.DEPOSITED}


def test_an_old_card_that_is_not_shredded_is_asked_for_again(desk: Desk) -> None:
    make(desk)
    desk.people.says[Topic.SHRED] = [False]
    with pytest.raises(RefusedError, match="card-hq-1 is not destroyed"):
        make(desk)

    make(desk)

    assert states(desk)["card-hq-1"] is EnvelopeState.DESTROYED

"""The card of a site: one lies in its safe, whatever cut its making short."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies import site_cards
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.paperwork import person_row
from keyvault_kit.ceremonies.plans import card, change, relocation
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.errors import RefusedError
from keyvault_kit.sheets.geometry import A4
from tests.ceremonies.sealing import request as to_seal
from tests.ceremonies.sealing import sealing
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from keyvault_kit.ceremonies.plan import Work
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


def test_a_card_that_came_with_its_safe_gives_way_to_that_of_the_new_site(desk: Desk) -> None:
    make(desk)
    moving = relocation.Request(to="vault", safe="hq-1", officers=("alice", "bob"))
    desk.run(relocation.next_ceremony(desk.register, moving))

    request = card.Request(site="vault", safe="vault-1", officers=("alice", "bob"))
    desk.run(card.next_ceremony(desk.register, request))

    assert states(desk) == {"card-hq-1": EnvelopeState.DESTROYED}
    (new,) = desk.register.envelopes_holding("card:vault")
    assert new.state is EnvelopeState.DEPOSITED


def test_nobody_is_sent_for_what_was_found_missing(desk: Desk) -> None:
    sealing(desk, to_seal(count=3))
    found = ev.FindingMade(rule="bag-missing", subject="bg1-pw1-2", what="gone", mend="look")
    desk.book.record([found], ("alice", "bob"))

    text = text_of(site_cards.card_of(desk.book, "hq", A4, day=date(2026, 3, 3)))

    assert "bg1-pw1 all 2 bg1-pw1-1, bg1-pw1-3" in text
    assert "bg1-pw1-2" not in text


def test_the_card_says_how_those_are_reached_who_open_the_safes(desk: Desk) -> None:
    sealing(desk, to_seal())

    def act(work: Work) -> list[ev.Fact]:
        row = person_row("alice", "Alice Archer", "+1 555 0101")
        roles = work.register.people["alice"].roles
        return [ev.PersonChanged(person="alice", roles=roles, details=work.write_down(row))]

    desk.run(change.ceremony(desk.register, "Alice has a telephone", ("alice", "bob"), act))

    text = text_of(site_cards.card_of(desk.book, "hq", A4, day=date(2026, 3, 3)))

    assert "Alice Archer hq-1 +1 555 0101" in text
    assert "Bob Baker vault-1 not on record" in text

"""The station's own things in the register, and that they disturb nothing else there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.leaving.leaver import leaver
from keyvault_kit.custody.leaving.orders import OrderKind
from keyvault_kit.custody.model import EnvelopeState
from tests.custody.life import DIGEST, TWO

if TYPE_CHECKING:
    from tests.custody.life import Life


def added(item: str = "ws-1", kind: ItemKind = ItemKind.WORKSTATION) -> ev.ItemAdded:
    return ev.ItemAdded(item=item, item_kind=kind, details=DIGEST)


def medium(item: str = "usb-1") -> ev.ItemAdded:
    return added(item, ItemKind.TRANSFER_MEDIUM)


def packed(number: int = 1, item: str = "ws-1", holds: str = "") -> ev.ItemPacked:
    name = f"item-{item}-{number}"
    return ev.ItemPacked(envelope=name, holds=holds or f"item:{item}", item=item)


def lying(life: Life, number: int = 1) -> Life:
    """The workstation lies in its bag in the safe hq-1."""
    name = f"item-ws-1-{number}"
    return life.enter(
        packed(number),
        ev.EnvelopeSealed(envelope=name, bag=f"B-{name}"),
        ev.EnvelopeDeposited(envelope=name, safe="hq-1"),
    )


def opened(number: int = 1) -> ev.EnvelopeOpened:
    return ev.EnvelopeOpened(envelope=f"item-ws-1-{number}", why="work", intact=True)


# --- Bags


def test_an_item_goes_into_a_bag_and_out_of_it_and_into_another(life: Life) -> None:
    lying(life.enter(added()))
    life.enter(opened())
    lying(life, 2)

    states = [it.state for it in life.register.envelopes_holding("item:ws-1")]
    assert states == [EnvelopeState.OPENED, EnvelopeState.DEPOSITED]
    assert life.register.items["ws-1"].hands == ()
    assert [it.hands for it in life.register.envelopes_holding("item:ws-1")] == [(), ()]


def test_an_item_lies_in_one_bag_at_a_time(life: Life) -> None:
    lying(life.enter(added()))

    life.refuses(packed(2), because="item ws-1 lies in envelope item-ws-1-1: open it first")


@pytest.mark.parametrize(
    ("fact", "because"),
    [
        (packed(item="ws-9"), "there is no item 'ws-9'"),
        (packed(holds="item:ws-2"), "an envelope for item ws-1 cannot hold item:ws-2"),
        (packed(holds="key:K1"), "an envelope for item ws-1 cannot hold key:K1"),
        (packed(item="usb-1"), "item usb-1 is logged in"),
        (packed(item="old-1"), r"item old-1 is retired \(broken\)"),
        (added(), "there is a item 'ws-1' already"),
        (ev.ItemRetired(item="usb-1", why="lost"), "item usb-1 is logged in"),
        (ev.ItemRetired(item="old-1", why="lost"), "item old-1 is retired"),
        (ev.EnvelopeDestroyed(envelope="item-ws-1-1", why="dead"), "no sheet to destroy"),
    ],
)
def test_what_cannot_be_done_with_an_item_is_refused(
    life: Life, fact: ev.Fact, because: str
) -> None:
    life.enter(added(), medium(), added("old-1"), ev.ItemRetired(item="old-1", why="broken"))
    if isinstance(fact, ev.EnvelopeDestroyed):
        lying(life)
    life.enter(ev.MediumLoggedIn(item="usb-1"))

    life.refuses(fact, because=because)


@pytest.mark.parametrize("fact", [added(), ev.ItemRetired(item="ws-1", why="broken")])
def test_nobody_adds_or_retires_an_item_alone(life: Life, fact: ev.Fact) -> None:
    if isinstance(fact, ev.ItemRetired):
        life.enter(added())

    life.refuses(fact, because="takes the signatures of two people", signed=("alice",))


# --- Media


def test_a_medium_is_at_the_station_from_when_it_is_logged_in_until_it_is_out(life: Life) -> None:
    life.enter(medium(), ev.MediumLoggedIn(item="usb-1"), by=TWO)
    assert life.register.items["usb-1"].logged_in == life.register.time

    life.enter(ev.MediumLoggedOut(item="usb-1"), by=("carol",), signed=())

    its = life.register.items["usb-1"]
    assert (its.logged_in, its.hands) == (None, ("carol",))


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ([ev.MediumLoggedIn(item="mouse")], "a medium was plugged in that is no transfer medium"),
        ([ev.MediumLoggedIn(item="ws-1")], "a medium was plugged in that is no transfer medium"),
        ([ev.MediumLoggedOut(item="usb-1")], "a medium was taken out that was not logged in"),
        (
            [ev.MediumLoggedIn(item="usb-1")] * 2,
            "a medium was plugged in that never was logged out",
        ),
        (
            [ev.ItemRetired(item="usb-1", why="lost"), ev.MediumLoggedIn(item="usb-1")],
            "a medium was plugged in that is out of service",
        ),
    ],
)
def test_what_should_not_be_with_a_medium_is_a_finding(
    life: Life, facts: list[ev.Fact], what: str
) -> None:
    life.enter(added(), medium())

    assert [it.what for it in life.new_findings(*facts)] == [what]


# --- All else


def test_bags_of_items_open_no_account(living: Life) -> None:
    before = analyse(holdings_of(living.register))
    items = holdings_of(living.register).items

    lying(living.enter(added()))

    assert holdings_of(living.register).items == items
    assert analyse(holdings_of(living.register)) == before


def test_a_leaver_gives_back_what_was_in_hand_and_not_what_was_packed_again(living: Life) -> None:
    lying(living.enter(added()))
    living.enter(opened(), by=("carol",), signed=())

    def returned() -> list[str]:
        now = living.next_time
        its = leaver(living.register, "carol", now.date(), now)
        return [it.subject for it in its.orders if it.kind is OrderKind.RETURN]

    assert returned() == ["item-ws-1-1"]
    lying(living, 2)
    assert returned() == []


def test_a_leaver_who_opens_the_safe_is_told_to_reach_the_station(living: Life) -> None:
    lying(living.enter(added()))

    its = leaver(living.register, "alice", living.next_time.date(), living.next_time)

    assert any("item ws-1 (item-ws-1-1)" in it for it in its.reached)

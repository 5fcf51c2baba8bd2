"""The station under custody: packed when work is over, inspected when it is taken out again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from keyvault_kit.ceremonies import forms
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.media import bag_with
from keyvault_kit.ceremonies.plans import by_name, packing, taking_out
from keyvault_kit.ceremonies.walking import BAG_ANOTHER
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.items import ItemKind
from keyvault_kit.custody.model import EnvelopeState
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sheets.geometry import A4
from tests.ceremonies.items import BOTH, add_item, enter, log_in
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

ITEMS = {
    "ws-1": ItemKind.WORKSTATION,
    "boot-1": ItemKind.BOOT_MEDIUM,
    "usb-1": ItemKind.TRANSFER_MEDIUM,
}


@pytest.fixture
def station(desk: Desk) -> Desk:
    """A desk whose workstation, boot medium and transfer medium are under custody."""
    for item, kind in ITEMS.items():
        add_item(desk, item, kind)
    return desk


def pack(desk: Desk, *items: str) -> None:
    wanted = packing.Request(items=items, safe="hq-1", officers=BOTH)
    ceremony = packing.next_ceremony(desk.register, wanted)
    if ceremony.id not in desk.register.ceremonies:
        packing.check(desk.register, wanted)
    desk.run(ceremony)


def take_out(desk: Desk, *items: str) -> None:
    wanted = taking_out.Request(items=items, officers=BOTH)
    taking_out.check(desk.register, wanted)
    desk.run(taking_out.next_ceremony(desk.register, wanted))


def rules(desk: Desk) -> list[tuple[str, str]]:
    return [(it.rule, it.subject) for it in desk.register.open_findings()]


def states(desk: Desk) -> dict[str, EnvelopeState]:
    return {it.id: it.state for it in desk.register.envelopes_holding("item:ws-1")}


# --- Packed


def test_each_item_lies_in_a_bag_of_its_own_in_the_safe(station: Desk) -> None:
    pack(station, *ITEMS)

    register = station.register
    packed = [register.envelopes[bag_with(register, item)] for item in ITEMS]
    assert [it.state for it in packed] == [EnvelopeState.DEPOSITED] * 3
    assert {it.safe for it in packed} == {"hq-1"}
    assert len({it.bag for it in packed}) == 3
    assert [it.hands for it in register.items.values()] == [()] * 3


def test_a_label_for_each_names_the_item_and_the_safe(station: Desk) -> None:
    pack(station, "ws-1")

    text = text_of((station.folder / "sheets" / "label-item-ws-1-1.pdf").read_bytes())
    assert "ws-1" in text
    assert "hq-1" in text


def test_both_sign_once_for_all_bags(station: Desk) -> None:
    size = station.register.size

    pack(station, *ITEMS)

    signed = [it for it in station.entries(size) if isinstance(it.fact, ev.ActsSigned)]
    assert len(signed) == 2  # the bags, and the end
    assert signed[0].by == BOTH


def test_what_the_work_needs_to_its_end_goes_last_and_on_the_word_of_both(station: Desk) -> None:
    pack(station, "ws-1", "usb-1")

    asked = station.people.texts(Topic.DEPOSIT)
    assert asked[0].startswith("Does envelope item-usb-1-1 lie in safe hq-1")
    assert asked[1].startswith("When this ceremony is closed, ws-1 goes into bag ")


def test_who_does_not_answer_for_it_has_not_deposited_it(station: Desk) -> None:
    station.people.says[Topic.DEPOSIT] = [False]
    with pytest.raises(RefusedError, match="ws-1 does not go into safe hq-1"):
        pack(station, "ws-1")
    assert states(station) == {"item-ws-1-1": EnvelopeState.SEALED}

    pack(station, "ws-1")

    assert states(station) == {"item-ws-1-1": EnvelopeState.DEPOSITED}


def test_two_items_in_one_bag_are_read_again(station: Desk) -> None:
    station.people.says[Topic.BAG_NUMBER] = ["A-1"] * 4
    station.people.says[Topic.RETRY] = [True]

    pack(station, "ws-1", "boot-1")

    bags = {station.register.envelopes[it].bag for it in ("item-ws-1-1", "item-boot-1-1")}
    assert len(bags) == 2


@pytest.mark.parametrize(
    ("items", "safe", "error", "because"),
    [
        ((), "hq-1", InputError, "name each item that is packed, once"),
        (("ws-1", "ws-1"), "hq-1", InputError, "name each item that is packed, once"),
        (("ws-9",), "hq-1", RefusedError, "no item 'ws-9'"),
        (("ws-1",), "hq-9", RefusedError, "no safe 'hq-9'"),
        (("usb-1",), "hq-1", RefusedError, "item usb-1 is logged in"),
        (("boot-1",), "hq-1", RefusedError, "item boot-1 is retired"),
    ],
)
def test_what_cannot_be_packed_is_said_before(
    station: Desk, items: tuple[str, ...], safe: str, error: type[Exception], because: str
) -> None:
    log_in(station, "usb-1")
    enter(station, ev.ItemRetired(item="boot-1", why="broken"))

    with pytest.raises(error, match=because):
        packing.check(station.register, packing.Request(items=items, safe=safe, officers=BOTH))


def test_what_lies_in_a_bag_is_not_packed_again(station: Desk) -> None:
    pack(station, "ws-1")

    with pytest.raises(RefusedError, match="item ws-1 lies in envelope item-ws-1-1 already"):
        packing.check(
            station.register, packing.Request(items=("ws-1",), safe="hq-1", officers=BOTH)
        )


# --- Taken out


def test_a_bag_is_compared_and_opened_and_the_next_one_is_another(station: Desk) -> None:
    pack(station, "ws-1")
    first = station.register.envelopes["item-ws-1-1"].bag
    station.time.true += timedelta(days=1)

    take_out(station, "ws-1")
    assert station.register.envelopes["item-ws-1-1"].state is EnvelopeState.OPENED
    assert bag_with(station.register, "ws-1") == ""

    pack(station, "ws-1")
    assert bag_with(station.register, "ws-1") == "item-ws-1-2"
    assert station.register.envelopes["item-ws-1-2"].bag != first
    assert station.register.envelopes["item-ws-1-1"].hands == ()
    assert station.register.open_findings() == ()


def test_nobody_waits_for_a_clock_or_a_signature_to_take_it_out(station: Desk) -> None:
    pack(station, "ws-1")
    before = len(station.people.asked)

    take_out(station, "ws-1")

    topics = {it.topic for it in station.people.asked[before:]}
    assert not {Topic.CLOCK, Topic.PERSONAL_KEY, Topic.TOUCH} & topics


def test_a_damaged_bag_is_a_finding_and_people_are_warned(station: Desk) -> None:
    pack(station, "ws-1")
    station.people.says[Topic.BAG_INTACT] = [False]

    take_out(station, "ws-1")

    assert ("bag-damaged", "item-ws-1-1") in rules(station)
    assert station.register.envelopes["item-ws-1-1"].state is EnvelopeState.OPENED
    assert any("make no secret with it" in it for it in station.people.texts(Topic.NOTE))


def test_another_bag_in_its_place_is_a_finding_that_repeats_nothing_unknown(station: Desk) -> None:
    pack(station, "ws-1")
    station.people.says[Topic.BAG_SHOWN] = ["SECRET-WORDS"] * 3

    take_out(station, "ws-1")

    assert (BAG_ANOTHER, "item-ws-1-1") in rules(station)
    assert b"SECRET-WORDS" not in station.raw()


def test_a_slip_of_whoever_types_is_no_finding(station: Desk) -> None:
    pack(station, "ws-1")
    bag = station.register.envelopes["item-ws-1-1"].bag or ""
    station.people.says[Topic.BAG_SHOWN] = ["BAG-O", bag]

    take_out(station, "ws-1")

    assert rules(station) == []


def test_what_is_not_there_is_a_finding_and_the_others_are_taken_out(station: Desk) -> None:
    pack(station, "ws-1", "boot-1")
    station.people.says[Topic.BAG_SHOWN] = [""]

    take_out(station, "ws-1", "boot-1")

    assert rules(station) == [("bag-missing", "item-ws-1-1")]
    assert station.register.envelopes["item-ws-1-1"].state is EnvelopeState.DEPOSITED
    assert station.register.envelopes["item-boot-1-1"].state is EnvelopeState.OPENED


def test_it_can_be_entered_afterwards(station: Desk) -> None:
    pack(station, "ws-1")
    station.time.true += timedelta(hours=3)
    when = station.time.true.replace(microsecond=0) - timedelta(hours=1)
    wanted = taking_out.Request(items=("ws-1",), officers=BOTH)

    station.run(taking_out.next_ceremony(station.register, wanted, when))

    (opened,) = [it for it in station.entries() if isinstance(it.fact, ev.EnvelopeOpened)]
    assert opened.occurred == when
    assert opened.time > when


@pytest.mark.parametrize(
    ("items", "error", "because"),
    [
        ((), InputError, "name each item that is taken out, once"),
        (("ws-9",), RefusedError, "no item 'ws-9'"),
        (("ws-1",), RefusedError, "item ws-1 lies in no bag"),
    ],
)
def test_what_cannot_be_taken_out_is_said_before(
    station: Desk, items: tuple[str, ...], error: type[Exception], because: str
) -> None:
    with pytest.raises(error, match=because):
        taking_out.check(station.register, taking_out.Request(items=items, officers=BOTH))


# --- Papers and records


def test_plans_follow_from_the_register_and_the_request_alone(station: Desk) -> None:
    pack(station, "ws-1")
    take_out(station, "ws-1")

    for name in ("pack-1", "take-out-1"):
        its = station.register.ceremonies[name]
        steps = by_name.PLANS[its.plan].steps(station.book.register_at(its.started), its.request)
        assert [step.id for step in steps] == list(its.done)
        assert msgspec.json.decode(msgspec.json.encode(its.request)) is not None


def test_the_inventory_of_the_safe_lists_the_bag(station: Desk) -> None:
    pack(station, "ws-1")
    bag = station.register.envelopes["item-ws-1-1"].bag or ""

    pdf = forms.safe_inventory(station.book, "hq-1", A4, day=station.time.true.date())

    text = text_of(pdf)
    assert "ws-1" in text
    assert bag in text


def test_what_the_ledger_lies_on_is_not_packed_by_a_ceremony_that_writes_to_it(
    station: Desk,
) -> None:
    add_item(station, "vol-1", ItemKind.VOLUME)

    with pytest.raises(RefusedError, match="the ledger lies on vol-1") as refused:
        pack(station, "vol-1")

    assert "put it away with the workstation" in refused.value.mend

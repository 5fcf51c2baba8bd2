"""Which key it is: by tag, by the number on its label, by touch; and twins and strangers told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.which_key import Named, TwinKeysError, find_key
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.errors import DeviceError, InputError, RefusedError

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk


def known(desk: Desk, tag: str, **changes: object) -> SecurityKey:
    """Have the register say something else of a key."""
    key = structs.replace(desk.register.keys[tag], **changes)
    desk.register.keys[tag] = key
    return key


# --- With a serial number


def test_a_key_is_found_by_its_tag_and_by_its_number_among_others(desk: Desk) -> None:
    for tag in ("K1", "K2", "K3"):
        desk.register_key(tag)
    desk.add_key("K9", "other")

    for tag in ("K1", "K2", "K3"):
        number = desk.bench.serial(tag)
        assert desk.keys().find(Named(tag=tag)).reading.serial == number
        by_number = desk.keys().find(Named(serial=number))
        assert (by_number.tag, by_number.name) == (tag, f"key {tag}")
    stranger = desk.keys().find(Named(serial=desk.bench.serial("K9")))
    assert stranger.tag == ""
    assert "Software key of another maker" in stranger.name


def test_a_key_that_is_not_in_yet_is_asked_for(desk: Desk) -> None:
    desk.register_key("K1")
    desk.bench.unplug("K1")

    assert desk.at("K1").reading.serial == desk.bench.serial("K1")

    assert desk.people.texts(Topic.PLUG) == ["Plug in key K1"]


def test_another_key_than_the_one_asked_for_is_not_taken(desk: Desk) -> None:
    desk.register_key("K1")
    desk.bench.unplug("K1")
    desk.people.at_plug = lambda _: desk.add_key("K9")

    number = desk.bench.serial("K1")
    with pytest.raises(DeviceError, match=f"has the serial number {number} of key K1") as caught:
        desk.at("K1")
    assert "look at the number on its label again" in caught.value.mend


def test_twins_are_not_told_apart_by_guessing(desk: Desk) -> None:
    desk.register_key("K1")
    desk.add_key("stranger", claimed="K1")
    number = desk.bench.serial("K1")

    for named in (Named(tag="K1"), Named(serial=number)):
        with pytest.raises(TwinKeysError, match=f"2 plugged-in keys claim the .* {number}"):
            desk.keys().find(named)
    with pytest.raises(TwinKeysError) as caught:
        desk.at("K1")
    assert "plug in one at a time" in caught.value.mend


def test_a_tag_that_nobody_knows_is_refused_before_any_key_is_read(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="there is no key 'K9'"):
        desk.at("K9")
    assert desk.people.texts(Topic.PLUG) == []


def test_no_name_at_all_is_an_input_error(desk: Desk) -> None:
    with pytest.raises(InputError, match="no key is named"):
        desk.keys().find(Named())


def test_how_a_key_is_named_reads_well() -> None:
    assert str(Named(tag="K1")) == "key K1"
    assert str(Named(serial=7)) == "the key with number 7"
    assert str(Named(touch=True)) == "the key that is touched"


# --- Without one


@pytest.fixture
def alike(desk: Desk) -> Desk:
    """Three keys of one model without serial numbers: K1 and K2 are registered, K9 is not."""
    for tag in ("K1", "K2"):
        desk.register_key(tag, "security-key")
        desk.bench.unplug(tag)
    desk.add_key("K9", "security-key")
    for tag in ("K1", "K2"):
        desk.bench.plug(tag)
    return desk


def touch_only(desk: Desk, *tags: str) -> None:
    """From now on these keys alone are touched."""
    desk.bench.touch = lambda name: name in tags


def test_a_key_without_a_number_is_found_by_its_custody_credential(alike: Desk) -> None:
    for tag in ("K1", "K2"):
        found = alike.at(tag)
        assert found.reading.path.encode() == alike.bench.path(tag)
        assert found.tag == tag


def test_one_that_fails_does_not_stand_in_its_way(
    alike: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = alike.bench.bus.open
    seen: list[bytes] = []

    def failing(path: bytes) -> object:
        seen.append(path)
        if path == alike.bench.path("K9") and seen.count(path) > 1:  # it was read, and then failed
            raise OSError("gone")
        return opened(path)

    monkeypatch.setattr(alike.bench.bus, "open", failing)

    assert alike.at("K2").tag == "K2"


def test_where_none_of_those_that_are_like_it_proves_itself_the_touched_one_is_taken(
    alike: Desk,
) -> None:
    """It may have been reset: 'keys verify' says so of it, and nothing else is done to it."""
    alike.bench.unplug("K1")
    touches = len(alike.people.texts(Topic.TOUCH))

    found = alike.at("K1")

    assert len(alike.people.texts(Topic.TOUCH)) == touches + 1
    with pytest.raises(RefusedError, match="nothing was sent to this key"):
        key_work.check_pin(found)
    assert [it.rule for it in alike.register.findings] == ["key-stranger"]
    assert alike.people.texts(Topic.KEY_PIN) == []


def test_no_plugged_in_key_is_like_it(alike: Desk) -> None:
    for tag in ("K1", "K2", "K9"):
        alike.bench.unplug(tag)
    alike.people.at_plug = lambda _: alike.add_key("K5")

    with pytest.raises(DeviceError, match="no plugged-in key is like key K1"):
        alike.at("K1")


@pytest.mark.parametrize("tag", ["K1", "K2"])
def test_a_registered_key_is_known_whatever_it_was_named_by(alike: Desk, tag: str) -> None:
    """Else its PIN could be tried, and it could be reset, without a trace in the ledger."""
    touch_only(alike, tag)

    assert alike.keys().find(Named(touch=True)).tag == tag


def test_a_stranger_that_is_touched_is_none_of_them(alike: Desk) -> None:
    touch_only(alike, "K9")

    found = alike.keys().find(Named(touch=True))

    assert found.tag == ""
    assert found.reading.path.encode() == alike.bench.path("K9")


def test_where_nothing_could_be_asked_the_touch_of_one_like_it_counts(alike: Desk) -> None:
    known(alike, "K1", custody_credential=None, custody_public_key=None)
    touch_only(alike, "K9")

    assert alike.at("K1").reading.path.encode() == alike.bench.path("K9")
    assert alike.people.texts(Topic.TOUCH)[-1].startswith("Touch the key that is meant")


# --- In ceremonies


@pytest.mark.parametrize(("typed", "words"), [("12x", "no serial number"), ("-5", "no serial")])
def test_what_is_typed_from_a_label_is_digits(desk: Desk, typed: str, words: str) -> None:
    desk.people.says[Topic.SERIAL] = [typed]

    with pytest.raises(InputError, match=words):
        find_key(desk.work("carol"), "K7")


def test_a_key_without_a_number_blinks_until_a_person_says_that_it_is_the_one(
    desk: Desk,
) -> None:
    for tag in ("K1", "K2"):
        desk.add_key(tag, "security-key")
    desk.people.says[Topic.SERIAL] = [""] * 2
    desk.people.says[Topic.BLINKING] = [False, True]

    assert find_key(desk.work("carol"), "K7").path == desk.bench.path("K2")

    assert [desk.bench.winks(tag) for tag in ("K1", "K2")] == [1, 1]
    desk.people.says[Topic.BLINKING] = [False, False]
    with pytest.raises(DeviceError, match="key K7 is not among the plugged-in keys without"):
        find_key(desk.work("carol"), "K7")

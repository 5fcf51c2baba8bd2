"""Reset: the very key comes back, or nothing is wiped; and passkeys that are deleted one by one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.interaction import Prompt, Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.ceremonies.which_key import Named
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import DeclinedError, DeviceError, InputError, RefusedError
from keyvault_kit.keys.credentials import CredentialRequest, MadeCredential
from keyvault_kit.keys.failures import WrongPinError
from keyvault_kit.keys.hid import HidHandle
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN, WRONG = "40718295", "40718296"


def facts(desk: Desk, start: int) -> list[ev.Fact]:
    return [entry.fact for entry in desk.entries(start)]


def made(desk: Desk, rp_id: str, user_name: str) -> MadeCredential:
    """A passkey on K1, made by somebody."""
    request = CredentialRequest(
        client_data_hash=os.urandom(32),
        rp_id=rp_id,
        rp_name=rp_id,
        user_id=user_name.encode(),
        user_name=user_name,
        user_display_name=user_name,
    )
    with desk.at("K1").session() as session:
        return session.make_credential(request, pin=Secret.from_text(PIN))


@pytest.fixture
def keyed(desk: Desk) -> Desk:
    """K1 is registered and has a PIN; whoever is asked for the words of its reset types them."""
    desk.register_key("K1")
    desk.people.pins = [PIN, PIN]
    key_work.set_pin(desk.at("K1"), PinPolicy())
    desk.people.says[Topic.RESET] = ["reset K1"]
    return desk


def comes_back(desk: Desk, swap: Callable[[], None]) -> None:
    """What happens to K1 when it is to be unplugged and plugged in again."""

    def at_plug(prompt: Prompt) -> None:
        assert prompt.topic is Topic.RESET
        desk.bench.unplug("K1")
        swap()

    desk.people.at_plug = at_plug


# --- Reset


def test_the_same_key_comes_back_and_is_wiped(keyed: Desk) -> None:
    made(keyed, "example.com", "bg1")
    size = keyed.ledger.size

    key_work.reset(keyed.at("K1"))

    assert facts(keyed, size) == [ev.KeyReset(key="K1", why="reset by hand")]
    assert keyed.state_of("K1").pin_hash is None
    assert keyed.state_of("K1").credentials == ()
    (asked,) = keyed.people.texts(Topic.TOUCH)[-1:]
    assert asked == "Touch key K1, which blinks"


@pytest.mark.parametrize("typed", ["", "yes", "reset", "reset K2", "Reset K1"])
def test_without_the_exact_words_the_key_is_not_even_unplugged(keyed: Desk, typed: str) -> None:
    size, keyed.people.says[Topic.RESET] = keyed.ledger.size, [typed]

    with pytest.raises(DeclinedError, match="A reset takes the PIN and every passkey off key K1"):
        key_work.reset(keyed.at("K1"))

    assert len(keyed.people.texts(Topic.RESET)) == 1
    assert keyed.ledger.size == size


def test_the_account_that_loses_its_passkey_is_named(keyed: Desk) -> None:
    at, keyed.people.says[Topic.RESET] = keyed.at("K1"), [""]
    enrolled = structs.replace(at.desk.register.keys["K1"], credential="a0")
    at.desk.register.keys["K1"] = enrolled

    with pytest.raises(DeclinedError, match="every passkey, that of bg1 among them"):
        key_work.reset(at)


def test_another_key_that_comes_back_is_not_wiped(keyed: Desk) -> None:
    keyed.bench.add("K9", "five")
    comes_back(keyed, lambda: keyed.bench.plug("K9"))
    size = keyed.ledger.size

    with pytest.raises(RefusedError, match="another key came back in the place of key K1"):
        key_work.reset(keyed.at("K1"))

    assert keyed.state_of("K1").pin_hash is not None
    assert keyed.ledger.size == size


def test_a_key_that_signs_with_its_pin_only_is_compared_by_what_it_says(keyed: Desk) -> None:
    keyed.change_key("K1", always_uv=True)
    at = keyed.at("K1")
    at.desk.register.keys.clear()
    keyed.bench.add("K9", "five")
    keyed.change_key("K9", pin_hash=b"\0" * 16, pin_length=8)
    comes_back(keyed, lambda: keyed.bench.plug("K9"))

    with pytest.raises(RefusedError, match="another key came back"):
        key_work.reset(at)

    assert keyed.state_of("K9").pin_hash is not None


class OnePath:
    """A bus with one port, whose path is the same at each plugging, as outside Linux."""

    def __init__(self, desk: Desk) -> None:
        self._bench = desk.bench

    def enumerate(self) -> list[dict[str, object]]:
        return [entry | {"path": b"port"} for entry in self._bench.bus.enumerate()]

    def open(self, path: bytes) -> HidHandle:
        assert path == b"port"
        return self._bench.bus.open(self._bench.path("K1"))


def test_a_key_comes_back_on_the_same_path_and_its_row_of_wrong_pins_is_over(
    keyed: Desk,
) -> None:
    desk = replace(keyed.keys(), bus=OnePath(keyed), sleep=lambda _: keyed.bench.plug("K1"))
    keyed.people.pins = [WRONG, WRONG]
    at = desk.find(Named(tag="K1"))
    for _ in range(2):
        with pytest.raises(WrongPinError):
            key_work.check_pin(at)
    comes_back(keyed, lambda: None)

    key_work.reset(at)

    assert keyed.state_of("K1").pin_hash is None
    assert keyed.station.guard.unproven(at.reading.plugged) == 0


def test_a_stranger_with_the_same_number_model_and_a_pin_is_not_wiped(keyed: Desk) -> None:
    """What a key says of itself is all the same; its private key is not."""
    at = keyed.at("K1")

    def swap() -> None:
        keyed.bench.add("stranger", "five", claimed="K1")
        keyed.bench.put_in_place_of("K1", "stranger")
        keyed.change_key("K1", pin_hash=b"\0" * 16, pin_length=8)
        keyed.bench.plug("K1")

    comes_back(keyed, swap)

    with pytest.raises(RefusedError, match="another key came back") as caught:
        key_work.reset(at)

    assert "Nothing was done" in caught.value.mend
    assert keyed.state_of("K1").pin_hash == b"\0" * 16


def test_an_unregistered_key_must_come_back_too(desk: Desk) -> None:
    """It makes a credential for that alone, and signs with it when it comes back."""
    desk.add_key("K1")
    at = desk.keys("").find(Named(serial=desk.bench.serial("K1")))
    desk.people.says[Topic.RESET] = [f"reset {at.reading.serial}"] * 2

    def swap() -> None:
        desk.bench.add("stranger", "five", claimed="K1")
        desk.bench.put_in_place_of("K1", "stranger")
        desk.bench.plug("K1")

    comes_back(desk, swap)
    with pytest.raises(RefusedError, match="another key came back"):
        key_work.reset(at)

    del desk.bench._in_place_of["K1"]
    desk.bench.plug("K1")
    comes_back(desk, lambda: desk.bench.plug("K1"))
    at = desk.keys("").find(Named(serial=desk.bench.serial("K1")))
    size = desk.ledger.size
    key_work.reset(at)
    assert desk.ledger.size == size


def test_a_key_that_does_not_come_back_in_time_is_said(keyed: Desk) -> None:
    comes_back(keyed, lambda: None)

    with pytest.raises(DeviceError, match="key K1 was not unplugged and plugged in again"):
        key_work.reset(keyed.at("K1"))


def test_a_twin_that_is_plugged_in_beside_it_is_not_taken_for_it(keyed: Desk) -> None:
    """One that wants its PIN for a signature could not be told by that."""
    at = keyed.at("K1")
    at.desk.register.keys.clear()
    keyed.bench.add("twin", "five", claimed="K1")
    keyed.change_key("twin", pin_hash=b"\0" * 16, pin_length=8)
    keyed.change_key("K1", always_uv=True)
    keyed.people.at_plug = lambda _: keyed.bench.plug("twin")

    with pytest.raises(DeviceError, match="was not unplugged"):
        key_work.reset(at)

    assert keyed.state_of("twin").pin_hash is not None


def test_two_keys_that_come_back_are_not_guessed_among(keyed: Desk) -> None:
    keyed.bench.add("K9", "five")

    def both() -> None:
        keyed.bench.plug("K9")
        keyed.bench.plug("K1")

    comes_back(keyed, both)

    with pytest.raises(DeviceError, match="several keys were plugged in"):
        key_work.reset(keyed.at("K1"))

    assert keyed.state_of("K1").pin_hash is not None


def test_after_the_first_seconds_a_key_is_not_wiped_and_it_is_said_why(keyed: Desk) -> None:
    seconds = [0.0]
    soft = keyed.bench._lying("K1")
    soft._body = structs.replace(soft._body, clock=lambda: seconds[0])

    def slowly() -> None:
        keyed.bench.plug("K1")
        seconds[0] += 11

    comes_back(keyed, slowly)
    at, size = keyed.at("K1"), keyed.ledger.size

    with pytest.raises(DeviceError, match="key K1 could not be reset: it does not allow") as caught:
        key_work.reset(at)

    assert "only in the first seconds after plugging in" in caught.value.mend
    assert keyed.state_of("K1").pin_hash is not None
    assert keyed.ledger.size == size


# --- Passkeys


def test_passkeys_are_listed_with_their_account(keyed: Desk) -> None:
    one, two = made(keyed, "a.example", "bg1"), made(keyed, "b.example", "bg2")
    keyed.people.pins = [PIN]

    found = key_work.credentials(keyed.at("K1"))

    assert {(it.rp_id, it.user_name, it.credential_id) for it in found} == {
        ("a.example", "bg1", one.credential_id),
        ("b.example", "bg2", two.credential_id),
    }


def test_one_passkey_is_deleted_after_exact_words_and_entered(keyed: Desk) -> None:
    one, two = made(keyed, "a.example", "bg1"), made(keyed, "b.example", "bg2")
    size, keyed.people.pins = keyed.ledger.size, [PIN, PIN]
    keyed.people.says[Topic.CHANGE] = ["delete b.example", "delete a.example"]
    with pytest.raises(DeclinedError, match=r"credential of bg1 at a\.example is deleted"):
        key_work.delete_credential(keyed.at("K1"), one.credential_id)
    assert keyed.kinds(size) == [ev.PinChecked]

    gone = key_work.delete_credential(keyed.at("K1"), one.credential_id)

    assert gone.user_name == "bg1"
    deleted = ev.CredentialDeleted(key="K1", credential=one.credential_id.hex(), rp_id="a.example")
    assert facts(keyed, size)[-1] == deleted
    left = [it.id for it in keyed.state_of("K1").credentials if it.discoverable]
    assert left == [two.credential_id]


def test_a_passkey_that_is_not_there_is_said_and_nothing_asked(keyed: Desk) -> None:
    keyed.people.pins = [PIN]

    with pytest.raises(InputError, match="key K1 holds no credential abcd") as caught:
        key_work.delete_credential(keyed.at("K1"), b"\xab\xcd")

    assert "keys credentials list" in caught.value.mend
    assert keyed.people.texts(Topic.CHANGE) == []


def test_names_that_would_draw_on_the_screen_are_shown_without_that(keyed: Desk) -> None:
    evil = made(keyed, "a.example", "bg1\x1b[2J")
    keyed.people.pins, keyed.people.says[Topic.CHANGE] = [PIN], ["delete a.example"]

    key_work.delete_credential(keyed.at("K1"), evil.credential_id)

    (asked,) = keyed.people.texts(Topic.CHANGE)
    assert asked.isprintable()
    assert "The credential of bg1?[2J at a.example is deleted" in asked

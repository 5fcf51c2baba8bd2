"""Registering a key: named by its label, bound to its private key, its maker's verdict entered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.ceremonies.plans import change, registering
from keyvault_kit.ceremonies.station import Anchors
from keyvault_kit.ceremonies.which_key import Named
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Mode, Retirement, Use
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import DeviceError, InputError, RefusedError
from keyvault_kit.keys.failures import TouchTimeoutError
from keyvault_kit.keys.reading import Reading, read_all
from keyvault_kit.keys.relying_party import RP_ID, is_software
from keyvault_kit.keys.session import KeySession
from keyvault_kit.softkey.profiles import AAGUID_PREFIX, PROFILES

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN = "40718295"


def register(
    desk: Desk, tag: str, *typed: str, account: str = "bg1", custodian: str = "carol"
) -> Register:
    """Register a key, whose custodian types this from its label."""
    desk.people.says[Topic.SERIAL] = list(typed)
    request = registering.Request(tag=tag, account=account, use=Use.BACKUP, custodian=custodian)
    return desk.run(registering.ceremony(desk.register, request))


def number(desk: Desk, tag: str) -> str:
    return str(desk.bench.serial(tag))


# --- As it should be


def test_what_a_key_says_who_made_it_and_how_it_is_known_again_is_entered(desk: Desk) -> None:
    desk.add_key("K5")
    size = desk.ledger.size

    key = register(desk, "K5", number(desk, "K5")).keys["K5"]

    assert desk.kinds(size) == [
        ev.CeremonyStarted,
        ev.ClockUnchecked,
        ev.KeyRegistered,
        ev.KeyProven,
        ev.KeyBound,
        ev.KeyAsserted,
        ev.CeremonyStepped,
        ev.CeremonyClosed,
    ]
    assert (key.account, key.use, key.serial) == ("bg1", Use.BACKUP, desk.bench.serial("K5"))
    assert (key.product, key.firmware) == ("Software key like a YubiKey 5 NFC", "5.7.4")
    assert key.proven == "genuine"
    (mine,) = desk.state_of("K5").credentials
    assert (mine.rp_id, mine.discoverable, mine.protection) == (RP_ID, False, 1)
    assert key.custody_credential == mine.id.hex()
    assert isinstance(key_work.recognise(desk.at("K5")), ev.KeyAsserted)


def test_a_key_that_was_reset_is_bound_anew_and_registered_no_second_time(desk: Desk) -> None:
    desk.add_key("K5")
    register(desk, "K5", number(desk, "K5"))
    before = desk.register.keys["K5"].custody_public_key
    desk.people.says[Topic.RESET] = ["reset K5"]
    key_work.reset(desk.at("K5"))
    size = desk.ledger.size

    key = register(desk, "K5", number(desk, "K5")).keys["K5"]

    assert ev.KeyRegistered not in desk.kinds(size)
    assert key.custody_public_key not in (None, before)
    assert isinstance(key_work.recognise(desk.at("K5")), ev.KeyAsserted)


def test_another_key_is_not_bound_in_the_place_of_one_that_was_reset(desk: Desk) -> None:
    desk.add_key("K5")
    desk.add_key("K6")
    register(desk, "K5", number(desk, "K5"))
    desk.people.says[Topic.RESET] = ["reset K5"]
    key_work.reset(desk.at("K5"))

    with pytest.raises(RefusedError, match="registered with other numbers: this is another key"):
        register(desk, "K5", number(desk, "K6"))


def test_a_key_that_is_not_in_yet_is_asked_for(desk: Desk) -> None:
    desk.bench.fetch("K5")
    desk.bench.unplug("K5")

    assert register(desk, "K5", number(desk, "K5")).keys["K5"].serial
    assert desk.people.texts(Topic.PLUG) == ["Plug in key K5"]


def test_a_key_without_a_number_is_touched(desk: Desk) -> None:
    desk.add_key("K5", "security-key")

    key = register(desk, "K5", "").keys["K5"]

    assert key.serial is None
    assert key.custody_credential is not None
    assert desk.people.texts(Topic.TOUCH)[0].startswith("Touch the key that is meant")


def test_a_verdict_that_is_not_good_is_entered_as_it_is(desk: Desk) -> None:
    desk.add_key("K5")
    desk.station = replace(desk.station, anchors=lambda: Anchors(()))

    key = register(desk, "K5", number(desk, "K5")).keys["K5"]

    assert key.proven == "unknown maker"
    assert key.custody_credential is not None


def test_a_pin_is_asked_for_where_the_key_wants_it_even_for_that(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add_key("K5")
    at = desk.keys().find(Named(touch=True))
    desk.people.pins = [PIN, PIN]
    key_work.set_pin(at, PinPolicy())
    monkeypatch.setattr(KeySession, "makes_only_with_pin", True)
    size, desk.people.pins = desk.ledger.size, [PIN]

    register(desk, "K5", number(desk, "K5"))

    assert desk.kinds(size)[2:6] == [ev.KeyRegistered, ev.PinChecked, ev.KeyProven, ev.KeyBound]


# --- Refused


def test_a_key_is_registered_once(desk: Desk) -> None:
    desk.register_key("K1")
    size = desk.ledger.size

    with pytest.raises(RefusedError, match="this key is registered already, as K1"):
        register(desk, "K5", number(desk, "K1"))
    with pytest.raises(RefusedError, match="key K1 is registered already"):
        register(desk, "K1", number(desk, "K1"))

    assert ev.KeyRegistered not in desk.kinds(size)
    assert len(desk.state_of("K1").credentials) == 1


def test_a_key_without_a_number_is_registered_once_too(desk: Desk) -> None:
    desk.register_key("K1", "security-key")

    with pytest.raises(RefusedError, match="this key is registered already, as K1"):
        register(desk, "K5", "")

    assert len(desk.state_of("K1").credentials) == 1


def test_a_retired_key_does_not_come_back_under_another_tag(desk: Desk) -> None:
    desk.register_key("K1")
    retired = ev.KeyRetired(key="K1", why=Retirement.BROKEN)
    desk.run(change.ceremony(desk.register, "Retire K1", ("alice", "bob"), lambda _: [retired]))

    with pytest.raises(RefusedError, match="this key is registered already, as K1"):
        register(desk, "K5", number(desk, "K1"))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("12345x", "'12345x' is no serial number"),
        ("", "the key that was touched has the serial number"),
    ],
)
def test_the_number_is_typed_from_the_label_as_it_stands_there(
    desk: Desk, typed: str, why: str
) -> None:
    desk.add_key("K5")

    with pytest.raises(InputError, match=why):
        register(desk, "K5", typed)

    assert "K5" not in desk.register.keys


def test_another_number_than_that_of_the_key_is_not_taken(desk: Desk) -> None:
    desk.add_key("K5")

    with pytest.raises(DeviceError, match="no plugged-in key has the serial number 12345678"):
        register(desk, "K5", "12345678")

    assert desk.state_of("K5").credentials == ()


def test_an_account_that_there_is_not_is_said_before_the_key_is_touched(desk: Desk) -> None:
    desk.add_key("K5")

    with pytest.raises(RefusedError, match="there is no account 'bg9'"):
        register(desk, "K5", number(desk, "K5"), account="bg9")

    assert desk.people.texts(Topic.SERIAL) == []
    assert desk.state_of("K5").credentials == ()


def test_somebody_who_is_no_custodian_registers_nothing(desk: Desk) -> None:
    desk.add_key("K5")

    with pytest.raises(RefusedError, match="erin is no custodian"):
        register(desk, "K5", number(desk, "K5"), custodian="erin")

    assert desk.people.texts(Topic.SERIAL) == []
    assert "K5" not in desk.register.keys


def test_without_a_touch_nothing_is_entered_and_it_can_be_begun_again(desk: Desk) -> None:
    desk.add_key("K5")
    desk.bench.touch = lambda _: False
    with pytest.raises(TouchTimeoutError, match="key K5 could not make a credential"):
        register(desk, "K5", number(desk, "K5"))
    assert "K5" not in desk.register.keys
    desk.bench.touch = lambda _: True

    assert register(desk, "K5", number(desk, "K5")).keys["K5"].proven == "genuine"


# --- Software keys


def test_a_live_station_takes_no_software_key(desk: Desk) -> None:
    desk.add_key("K5")
    desk.people.says[Topic.SERIAL] = [number(desk, "K5")]
    request = registering.Request(tag="K5", account="bg1", use=Use.BACKUP, custodian="carol")
    (step,) = registering.steps(desk.register, registering.ceremony(desk.register, request).request)
    work = desk.work("carol")
    object.__setattr__(work.station, "mode", Mode.LIVE)

    with pytest.raises(RefusedError, match="is a software key: a live ledger takes none") as caught:
        step.act(work)

    assert "rehearsal" in caught.value.mend
    assert desk.state_of("K5").credentials == ()


@pytest.mark.parametrize("model", PROFILES)
def test_a_software_key_of_every_model_is_told_by_its_aaguid(desk: Desk, model: str) -> None:
    desk.add_key("K5", model)

    (reading,) = [it for it in read_all(desk.bench.bus) if isinstance(it, Reading)]

    assert is_software(reading.aaguid)


def test_no_other_aaguid_is_a_software_keys() -> None:
    assert not is_software("ee882879-721c-4913-9775-3dfcce97072a")
    assert not is_software("00000000-0000-0000-0000-000000000000")
    nearly = UUID(bytes=AAGUID_PREFIX[:-1] + b"X" + bytes(4))
    assert not is_software(str(nearly))

"""A stranger in the place of a registered key: nothing is sent to it, and nothing is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from keyvault_kit.ceremonies import genuineness, key_work
from keyvault_kit.ceremonies.at_keys import AtKey
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.custody import events as ev
from keyvault_kit.errors import RefusedError
from keyvault_kit.keys import pin as pins
from keyvault_kit.keys.failures import UnreachableKeyError
from keyvault_kit.keys.session import KeySession

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN, OTHER = "48302951", "60417283"


@pytest.fixture
def strange(desk: Desk) -> Desk:
    """K1 is registered; in its place lies a key of the same make that claims its number."""
    desk.register_key("K1")
    desk.bench.add("stranger", "five", claimed="K1")
    desk.bench.put_in_place_of("K1", "stranger")
    desk.bench.plug("K1")
    give_pin(desk)
    return desk


@pytest.fixture
def keyed(desk: Desk) -> Desk:
    """K1 is registered and has a PIN."""
    desk.register_key("K1")
    give_pin(desk)
    return desk


def give_pin(desk: Desk) -> None:
    hashed = hashlib.sha256(PIN.encode()).digest()[:16]
    desk.change_key("K1", pin_hash=hashed, pin_length=len(PIN))


def facts(desk: Desk, since: int) -> list[ev.Fact]:
    return [it.fact for it in desk.entries(since)]


@pytest.mark.parametrize(
    "work",
    [
        key_work.check_pin,
        lambda at: key_work.change_pin(at, PinPolicy()),
        key_work.credentials,
        lambda at: key_work.delete_credential(at, b"id"),
        key_work.reset,
    ],
    ids=["check-pin", "change-pin", "list", "delete", "reset"],
)
def test_nothing_is_done_to_it_and_no_pin_is_asked_for(
    strange: Desk, work: Callable[[AtKey], Any]
) -> None:
    size, before = strange.ledger.size, strange.state_of("K1")

    with pytest.raises(RefusedError, match="nothing was sent to this key: in the place of key K1"):
        work(strange.at("K1"))

    (found,) = facts(strange, size)
    assert isinstance(found, ev.FindingMade)
    assert found.rule == "key-stranger"
    assert strange.people.texts(Topic.KEY_PIN) == []
    assert (before.pin_hash, before.pin_retries) == (
        strange.state_of("K1").pin_hash,
        strange.state_of("K1").pin_retries,
    )


def test_an_auditor_changes_nothing_at_a_registered_key(keyed: Desk) -> None:
    erin = keyed.keys("erin")
    key = AtKey(erin, keyed.at("K1").reading, "K1")

    with pytest.raises(RefusedError, match="erin is auditor: custodians and officers change keys"):
        key_work.reset(key)


# --- What was done is entered, whatever comes after it


def test_a_pin_that_was_stored_before_the_key_failed_is_entered(
    keyed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: KeySession) -> None:
        raise UnreachableKeyError("key K1 could not say what it is")

    size, keyed.people.pins = keyed.ledger.size, [PIN, OTHER, OTHER]
    monkeypatch.setattr(KeySession, "refresh", gone)

    with pytest.raises(pins.PinStoredError, match="the PIN was changed; after that"):
        key_work.change_pin(keyed.at("K1"), PinPolicy())

    assert keyed.state_of("K1").pin_hash == hashlib.sha256(OTHER.encode()).digest()[:16]
    entered = facts(keyed, size)
    assert ev.PinChanged(key="K1") in entered
    assert ev.PinChecked(key="K1", right=True, retries=8) in entered


def test_an_attempt_that_somebody_interrupts_is_entered(
    keyed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    size, keyed.people.pins = keyed.ledger.size, [PIN]
    monkeypatch.setattr("keyvault_kit.keys.session.ClientPin.get_pin_token", interrupted)

    with pytest.raises(KeyboardInterrupt):
        key_work.check_pin(keyed.at("K1"))

    assert facts(keyed, size) == [ev.PinChecked(key="K1")]


def test_a_right_pin_is_entered_although_the_key_fails_after_it(
    keyed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError("gone")

    size, keyed.people.pins = keyed.ledger.size, [PIN]
    monkeypatch.setattr("keyvault_kit.keys.session.AnyCredentialManagement.enumerate_rps", failing)

    with pytest.raises(UnreachableKeyError):
        key_work.credentials(keyed.at("K1"))

    assert facts(keyed, size) == [ev.PinChecked(key="K1", right=True, retries=8)]


# --- Whose make it is


def test_a_key_that_attests_as_another_model_than_it_says_is_not_genuine(keyed: Desk) -> None:
    at = keyed.at("K1")
    lying = msgspec.structs.replace(at.reading, aaguid="fcc0118f-cd45-435b-8da1-9782b2da0715")
    size = keyed.ledger.size

    verdict = key_work.prove(AtKey(at.desk, lying, at.tag))

    assert verdict.outcome == "not genuine"
    assert "it says that it is of model fcc0118f" in verdict.reasons[0]
    (proven,) = facts(keyed, size)
    assert isinstance(proven, ev.KeyProven)
    assert (proven.verdict, proven.aaguid) == ("not genuine", at.reading.aaguid)


def test_a_u2f_statement_that_names_no_model_is_not_held_against_a_key(keyed: Desk) -> None:
    verdict = key_work.prove(keyed.at("K1"))
    silent = msgspec.structs.replace(verdict, aaguid="00000000-0000-0000-0000-000000000000")

    assert genuineness.compared(silent, verdict.aaguid).outcome == "genuine"

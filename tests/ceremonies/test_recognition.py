"""Is it the very key? Its private keys tell, and where they cannot be asked, that is said."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from keyvault_kit.ceremonies import key_work
from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.key_work import PinPolicy
from keyvault_kit.ceremonies.recognition import credentials_of, recognise
from keyvault_kit.ceremonies.which_key import Named
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import SecurityKey
from keyvault_kit.errors import RefusedError
from keyvault_kit.keys.credentials import CredentialRequest
from keyvault_kit.keys.relying_party import RP_ID
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

PIN = "40718295"
LOGIN = "login.microsoft.com"


@pytest.fixture
def registered(desk: Desk) -> Desk:
    """K1 is registered, bound by a custody credential, and has no PIN."""
    desk.register_key("K1")
    return desk


def passkey(desk: Desk, protection: int | None = None) -> SecurityKey:
    """K1 as the register would have it if it were enrolled, too."""
    request = CredentialRequest(
        client_data_hash=os.urandom(32),
        rp_id=LOGIN,
        rp_name="Login",
        user_id=b"bg1",
        user_name="bg1",
        user_display_name="bg1",
        protection=protection,
    )
    at = desk.at("K1")
    with at.session() as session:
        has_pin = session.info.options["clientPin"]
        pin = Secret.from_text(PIN) if has_pin else None
        made = session.make_credential(request, pin=pin)
    return structs.replace(
        desk.register.keys["K1"],
        rp_id=LOGIN,
        credential=made.credential_id.hex(),
        public_key=made.public_key.hex(),
    )


def told(desk: Desk, key: SecurityKey) -> ev.Fact:
    """What the plugged-in K1 shows, if the register has it like that."""
    at = desk.at("K1")
    with at.session() as session:
        return recognise(session, key, at.reading, os.urandom)


def found(fact: ev.Fact) -> ev.FindingMade:
    assert isinstance(fact, ev.FindingMade)
    return fact


def put_stranger(desk: Desk, *, pin: bool) -> None:
    """A key of the same model that claims the serial number of K1 lies in its place."""
    desk.bench.add("stranger", "five", claimed="K1")
    desk.bench.put_in_place_of("K1", "stranger")
    desk.bench.plug("K1")
    if pin:
        desk.change_key("K1", pin_hash=b"\0" * 16, pin_length=8)


def test_a_key_that_is_only_registered_is_known_by_its_custody_credential(
    registered: Desk,
) -> None:
    size, touches = registered.ledger.size, len(registered.people.texts(Topic.TOUCH))

    fact = key_work.recognise(registered.at("K1"))

    assert isinstance(fact, ev.KeyAsserted)
    assert fact.custody
    assert registered.entries(size)[0].fact == fact
    assert registered.register.findings == []
    assert len(registered.people.texts(Topic.TOUCH)) == touches


def test_the_passkey_is_asked_first_and_no_challenge_is_used_twice(registered: Desk) -> None:
    key = passkey(registered)

    facts = [told(registered, key) for _ in range(2)]

    assert all(isinstance(it, ev.KeyAsserted) and not it.custody for it in facts)
    assert len({it.nonce for it in facts if isinstance(it, ev.KeyAsserted)}) == 2


def test_neither_pin_nor_touch_is_asked_for(registered: Desk) -> None:
    registered.people.pins = [PIN, PIN]
    key_work.set_pin(registered.at("K1"), PinPolicy())
    asked = len(registered.people.asked)
    registered.bench.touch = lambda _: False

    assert isinstance(key_work.recognise(registered.at("K1")), ev.KeyAsserted)

    assert len(registered.people.asked) == asked


@pytest.mark.parametrize("pin", [True, False])
def test_a_stranger_that_claims_the_serial_number_is_found_out(
    registered: Desk,
    pin: bool,  # noqa: FBT001 - parametrised
) -> None:
    put_stranger(registered, pin=pin)
    size = registered.ledger.size

    fact = found(key_work.recognise(registered.at("K1")))

    serial = registered.bench.serial("K1")
    assert (fact.rule, fact.subject) == ("key-stranger", "K1")
    assert f"a stranger claims the serial number {serial}" in fact.what
    assert ("has a PIN" if pin else "has no PIN") in fact.what
    assert "Treat key K1 as lost" in fact.mend
    assert registered.entries(size)[0].fact == fact
    assert [it.rule for it in registered.register.findings] == ["key-stranger"]


def test_a_key_that_was_reset_is_told_from_a_stranger_by_its_missing_pin(
    registered: Desk,
) -> None:
    key = structs.replace(registered.register.keys["K1"], pin_set="K1-pin1")
    registered.change_key("K1", credentials=())

    fact = found(told(registered, key))

    assert fact.rule == "key-reset"
    assert "it holds neither its passkey nor a PIN: it was reset" in fact.what


def test_another_model_in_its_place_is_said(registered: Desk) -> None:
    key = structs.replace(registered.register.keys["K1"], firmware="5.2.1")
    registered.change_key("K1", credentials=())

    assert "its model or firmware differs too" in found(told(registered, key)).what


def test_a_passkey_that_is_gone_is_found_although_the_key_is_the_same(registered: Desk) -> None:
    key = passkey(registered)
    kept = [it for it in registered.state_of("K1").credentials if it.rp_id == RP_ID]
    registered.change_key("K1", credentials=tuple(kept))

    fact = found(told(registered, key))

    assert fact.rule == "key-passkey"
    assert "key K1 is the registered one, and does not show its passkey" in fact.what
    assert "keys credentials list" in fact.mend


def test_a_passkey_that_is_shown_with_the_pin_only_is_not_called_deleted(
    registered: Desk,
) -> None:
    """Under credProtect 3 and without the PIN, the key says that it has none (CTAP 2.1, 12.1)."""
    registered.people.pins = [PIN, PIN]
    key_work.set_pin(registered.at("K1"), PinPolicy())

    fact = found(told(registered, passkey(registered, protection=3)))

    assert fact.rule == "key-passkey"
    assert "it was deleted, or it is shown with the PIN only" in fact.what


def test_a_signature_by_another_private_key_is_a_finding(registered: Desk) -> None:
    key = registered.register.keys["K1"]
    registered.register_key("K2")
    other = registered.register.keys["K2"].custody_public_key
    mixed = structs.replace(key, custody_public_key=other)

    fact = found(told(registered, mixed))

    assert fact.rule == "key-assertion"
    assert "key K1 signed wrongly" in fact.what


def test_a_key_with_no_credential_on_record_is_known_by_its_serial_only(registered: Desk) -> None:
    key = structs.replace(
        registered.register.keys["K1"], custody_credential=None, custody_public_key=None
    )
    assert credentials_of(key) == ()

    assert told(registered, key) == ev.KeySeen(key="K1", why="no credential of it is on record")


def test_a_key_that_answered_before_and_wants_its_pin_now_is_a_finding(registered: Desk) -> None:
    """So that nobody puts an always-UV key in the place of another."""
    key = registered.register.keys["K1"]
    assert key.answers
    registered.bench.add("other", "always-uv", claimed="K1")
    registered.bench.put_in_place_of("K1", "other")
    registered.bench.plug("K1")

    fact = found(told(registered, key))

    assert fact.rule == "key-assertion"
    assert "signed without its PIN before" in fact.what
    never = structs.replace(key, answers=False)
    assert told(registered, never) == ev.KeySeen(key="K1", why="it answers with its PIN only")


def test_a_key_that_is_not_registered_is_no_one_to_recognise(desk: Desk) -> None:
    desk.add_key("K1")
    at = desk.keys().find(Named(serial=desk.bench.serial("K1")))

    with pytest.raises(RefusedError, match="is not registered here") as caught:
        key_work.recognise(at)
    assert "keys register" in caught.value.mend

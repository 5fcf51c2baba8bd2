"""Enrolling: options in, no medium beside a PIN, a passkey of the right user, the answer out."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import structs
from webauthn import verify_registration_response
from webauthn.helpers.structs import AttestationFormat

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import GENUINE, EnvelopeState, Purpose, SetState, Use
from keyvault_kit.errors import DeviceError, MismatchError, RefusedError
from keyvault_kit.keys.credentials import Assertion, AssertionRequest
from keyvault_kit.keys.session import KeySession
from tests.ceremonies.enrolling import (
    UPN,
    Online,
    enrolling,
    handed_over,
    request,
    unplugged_for_a_reset,
)

if TYPE_CHECKING:
    from keyvault_kit.secret import Secret
    from tests.ceremonies.conftest import Desk


@pytest.fixture
def online(desk: Desk) -> Online:
    """Somebody online; K1 lies there, carol can sign."""
    desk.enrol("carol")
    desk.add_key("K1")
    return Online(desk)


def test_a_key_is_enrolled_from_the_options_to_two_deposited_envelopes(
    desk: Desk, online: Online
) -> None:
    register = enrolling(desk, request())

    key = register.keys["K1"]
    assert (key.proven, key.rp_id) == (GENUINE, "login.microsoft.com")
    assert key.user == hashlib.sha256(online.user).hexdigest()
    assert key.custody_credential
    lying = {it.holds: (it.state, it.safe) for it in register.envelopes.values() if "K1" in it.id}
    deposited = EnvelopeState.DEPOSITED
    assert lying == {"key:K1": (deposited, "hq-2"), "pin:K1": (deposited, "hq-1")}
    assert register.ceremonies["enrol-K1"].closed


def test_the_answer_is_taken_by_an_independent_server(desk: Desk, online: Online) -> None:
    enrolling(desk, request())

    credential = handed_over(desk)["publicKeyCredential"]
    # Graph takes neither `rawId` nor `type`; a server of WebAuthn wants both.
    credential |= {"rawId": credential["id"], "type": "public-key"}
    verified = verify_registration_response(
        credential=credential,
        expected_challenge=hashlib.sha256(b"%d" % online.fetched).digest(),
        expected_rp_id="login.microsoft.com",
        expected_origin="https://login.microsoft.com",
        require_user_verification=True,
        pem_root_certs_bytes_by_fmt={AttestationFormat.PACKED: [pem(desk.bench.roots[0])]},
    )

    key = desk.register.keys["K1"]
    assert verified.fmt == AttestationFormat.PACKED
    assert verified.user_verified
    assert verified.credential_id.hex() == key.credential
    assert verified.credential_public_key.hex() == key.public_key
    assert verified.aaguid == key.aaguid


def pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def test_the_answer_is_what_graph_takes_and_the_ledger_has_its_hash(
    desk: Desk, online: Online
) -> None:
    enrolling(desk, request())

    assert online.fetched == 1
    data = (desk.station.transfer / "registration-K1.json").read_bytes()
    answer = json.loads(data)
    assert set(answer) == {"displayName", "publicKeyCredential"}
    assert set(answer["publicKeyCredential"]) == {"id", "response", "clientExtensionResults"}
    assert set(answer["publicKeyCredential"]["response"]) == {"clientDataJSON", "attestationObject"}
    assert answer["displayName"] == "K1"
    (enrolled,) = [it.fact for it in desk.entries() if isinstance(it.fact, ev.PasskeyEnrolled)]
    assert enrolled.answer == hashlib.sha256(data).hexdigest()
    assert enrolled.answer in "".join(desk.people.texts(Topic.NOTE))
    assert (desk.folder / "sheets" / "outgoing-enrol-K1-hand-over.pdf").exists()


def test_what_the_tenant_asks_of_the_passkey_reaches_the_key(desk: Desk, online: Online) -> None:
    policy = "userVerificationOptionalWithCredentialIDList"
    online.change = {
        "extensions": {
            "hmacCreateSecret": True,
            "enforceCredentialProtectionPolicy": True,
            "credentialProtectionPolicy": policy,
        }
    }

    enrolling(desk, request())

    (made,) = [it for it in desk.state_of("K1").credentials if it.rp_id == "login.microsoft.com"]
    assert (made.protection, made.hmac_secret, made.user_name) == (2, True, UPN)
    assert handed_over(desk)["publicKeyCredential"]["clientExtensionResults"] == {
        "hmacCreateSecret": True
    }


# --- The key


def test_a_registered_key_is_recognised_and_not_entered_again(desk: Desk, online: Online) -> None:
    desk.bench.unplug("K1")
    desk.register_key("K1")
    before = desk.register.keys["K1"].custody_credential

    register = enrolling(desk, request())

    assert online.fetched == 1
    assert desk.kinds().count(ev.KeyRegistered) == desk.kinds().count(ev.KeyBound) == 1
    assert register.keys["K1"].custody_credential == before
    assert register.keys["K1"].credential


def test_a_stranger_in_the_place_of_a_registered_key_is_found(desk: Desk, online: Online) -> None:
    desk.bench.unplug("K1")
    desk.register_key("K1")
    desk.bench.add("evil", "five", claimed="K1")
    desk.bench.put_in_place_of("K1", "evil")

    with pytest.raises(RefusedError, match="nothing was done to this key: in the place of key K1"):
        enrolling(desk, request())

    assert online.fetched == 0
    assert [it.rule for it in desk.register.open_findings()] == ["key-stranger"]


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"account": "bg2"}, "no account 'bg2'"),
        ({"key_safe": "moon"}, "no safe 'moon'"),
        ({"use": Use.BACKUP}, "registered as primary key of bg1"),
        ({"witness": "carol"}, "one person would stand for two"),
        ({"pin_people": ("alice", "alice")}, "one person would stand for two"),
        ({"pin_people": ("alice", "carol")}, "carol would hold key K1 and print its PIN"),
        ({"pin_safe": "hq-2"}, "key K1 and its PIN would both lie in safe hq-2"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_begun(
    desk: Desk, fields: dict[str, Any], because: str
) -> None:
    desk.register_key("K1")

    with pytest.raises(RefusedError, match=because):
        enrolling(desk, request(**fields))

    assert "enrol-K1" not in desk.register.ceremonies


def test_a_key_that_is_enrolled_is_not_enrolled_again(desk: Desk, online: Online) -> None:
    enrolling(desk, request())

    with pytest.raises(RefusedError, match="key K1 holds a passkey already"):
        enrolling(desk, request())

    assert online.fetched == 1


def test_a_key_with_a_pin_of_somebodys_is_reset_first(desk: Desk) -> None:
    desk.register_key("K1")
    desk.book.record([ev.PinChanged(key="K1")], ("carol",))

    with pytest.raises(RefusedError, match="key K1 has a PIN already"):
        enrolling(desk, request())


def test_an_enrolment_that_was_begun_goes_on_with_the_same_request_alone(
    desk: Desk, online: Online
) -> None:
    online.life = timedelta(0)
    with pytest.raises(RefusedError, match="expired"):
        enrolling(desk, request())

    with pytest.raises(RefusedError, match="enrol-K1 was begun with other people"):
        enrolling(desk, request(pin_safe="vault-1"))

    online.life = timedelta(hours=1)
    assert enrolling(desk, request()).keys["K1"].credential


def test_a_key_that_was_reset_is_enrolled_in_a_ceremony_of_its_own(
    desk: Desk, online: Online
) -> None:
    first = enrolling(desk, request()).keys["K1"].credential
    desk.book.record([ev.KeyReset(key="K1", why="a test")], ("carol",))
    desk.change_key("K1", pin_hash=None, credentials=())
    with pytest.raises(RefusedError, match="key K1 lies in envelope K1-key1"):
        enrolling(desk, request())
    desk.book.record([ev.EnvelopeOpened(envelope="K1-key1", why="a test", intact=True)], ("carol",))

    register = enrolling(desk, request())

    assert online.fetched == 2
    assert register.keys["K1"].credential not in (None, first)
    assert register.ceremonies["enrol-K1-1"].closed


def test_a_key_pulled_out_before_its_passkey_is_asked_for_and_nothing_is_lost(
    desk: Desk, online: Online
) -> None:
    def pull(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("passkey", "begins"):
            desk.bench.unplug("K1")

    enrolling(desk, request(), pull)

    assert online.fetched == 1
    assert "Plug in key K1" in desk.people.texts(Topic.PLUG)
    assert [it.state for it in desk.register.sets_of("K1", Purpose.PIN)] == [SetState.IN_FORCE]


def test_a_key_that_does_not_come_back_ends_it_and_its_pin_is_given_up(
    desk: Desk, online: Online
) -> None:
    def pull(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("passkey", "begins"):
            desk.bench.unplug("K1")
            desk.people.at_plug = lambda _: None

    with pytest.raises(DeviceError, match="no plugged-in key has the serial number"):
        enrolling(desk, request(), pull)

    desk.people.at_plug = lambda prompt: desk.bench.fetch(prompt.subject)
    desk.people.says[Topic.RESET] = ["reset K1"]
    unplugged_for_a_reset(desk)
    register = enrolling(desk, request())
    assert online.fetched == 2
    assert [it.state for it in register.sets_of("K1", Purpose.PIN)] == [
        SetState.DEAD,
        SetState.IN_FORCE,
    ]
    assert register.keys["K1"].credential


# --- The user


def test_the_keys_of_an_account_hold_passkeys_of_one_user(desk: Desk, online: Online) -> None:
    enrolling(desk, request())
    desk.add_key("K2")

    register = enrolling(desk, request("K2"))

    assert register.keys["K1"].user == register.keys["K2"].user
    assert online.fetched == 2


def test_a_twin_for_another_user_is_refused_by_name(desk: Desk, online: Online) -> None:
    enrolling(desk, request())
    desk.add_key("K2")
    online.user = b"another user"

    with pytest.raises(RefusedError, match="key K2 would hold a passkey of another user than K1"):
        enrolling(desk, request("K2"))

    assert not desk.register.sets_of("K2", Purpose.PIN)


def test_a_key_that_keeps_another_user_with_its_passkey_is_not_entered(
    desk: Desk, online: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = KeySession.get_assertion

    def lying(self: KeySession, asked: AssertionRequest, *, pin: Secret | None) -> Assertion:
        return structs.replace(real(self, asked, pin=pin), user_id=b"somebody else")

    monkeypatch.setattr(KeySession, "get_assertion", lying)

    with pytest.raises(MismatchError, match="another passkey than the new one"):
        enrolling(desk, request())

    assert online.fetched == 1
    assert not desk.register.keys["K1"].credential

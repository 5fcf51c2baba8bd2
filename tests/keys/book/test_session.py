"""A session with a key: credentials, assertions, audits, touches, and keys that go away."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

import pytest
from fido2.webauthn import AttestationObject
from msgspec import structs

from keyvault_kit.errors import DeviceError, InputError, MismatchError
from keyvault_kit.keys.audit import audit_hash, fresh_assertion
from keyvault_kit.keys.credentials import (
    AssertionRequest,
    CredentialRequest,
    MadeCredential,
    ResidentCredential,
)
from keyvault_kit.keys.failures import (
    CancelledAtKeyError,
    CredentialExcludedError,
    KeyFullError,
    NoCredentialError,
    PinRequiredError,
    TouchTimeoutError,
    UnreachableKeyError,
    UnsupportedByKeyError,
    WrongPinError,
)
from keyvault_kit.keys.metadata import verify_assertion, verify_attestation
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from tests.keys.book.conftest import BookKey, Open
    from tests.keys.conftest import FakeClock, ScriptedBus

PIN = Secret.from_text("40718295")
CHANNEL = bytes.fromhex("00c0ffee")
HASH = hashlib.sha256(b"client data").digest()
NONCE = bytes(range(32))
REQUEST = CredentialRequest(
    client_data_hash=HASH,
    rp_id="login.example.com",
    rp_name="Example",
    user_id=b"user-1",
    user_name="breakglass1@example.com",
    user_display_name="Break glass 1",
)


def make(session: KeySession, **changes: object) -> MadeCredential:
    return session.make_credential(structs.replace(REQUEST, **changes), pin=PIN)


def ask(made: MadeCredential, *, touch: bool = True) -> AssertionRequest:
    return AssertionRequest(
        rp_id=REQUEST.rp_id,
        client_data_hash=HASH,
        allow=(made.credential_id,),
        user_presence=touch,
    )


def prove(session: KeySession, made: MadeCredential, public_key: bytes | None = None) -> None:
    fresh_assertion(
        session,
        rp_id=REQUEST.rp_id,
        credential_id=made.credential_id,
        public_key=public_key or made.public_key,
        nonce=NONCE,
    )


# --- Credentials and assertions


def test_a_credential_is_made_with_pin_and_touch(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, key):
        made = make(session)
        assert key.permission == (0x01, REQUEST.rp_id)
        assert key.touches == 1
    assert made.user_verified
    assert made.aaguid == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    attestation = AttestationObject(made.attestation_object)
    assert attestation.fmt == "packed"
    assert attestation.auth_data.credential_data is not None
    assert attestation.auth_data.credential_data.credential_id == made.credential_id
    verdict = verify_attestation(
        made.attestation_object, HASH, roots=[], now=datetime(2026, 11, 1, tzinfo=UTC)
    )
    assert verdict.outcome == "unknown maker"


def test_what_the_key_signs_is_verified(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, _):
        made = make(session)
        with_pin = session.get_assertion(ask(made), pin=PIN)
        without = session.get_assertion(ask(made, touch=False), pin=None)
    assert (with_pin.flags, with_pin.user_present, with_pin.user_verified) == (5, True, True)
    assert (without.flags, without.user_present, without.user_verified) == (0, False, False)
    for assertion in (with_pin, without):
        verify_assertion(made.public_key, REQUEST.rp_id, HASH, assertion)


def test_a_key_may_leave_out_the_name_of_the_only_allowed_credential(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        made = make(session)
        key.names_credential = False
        assert session.get_assertion(ask(made), pin=None).credential_id == made.credential_id
        with pytest.raises(DeviceError, match="cannot be read"):
            session.get_assertion(structs.replace(ask(made), allow=()), pin=None)


def test_a_credential_that_is_excluded_is_not_made_again(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        made = make(session)
        with pytest.raises(CredentialExcludedError, match="already holds"):
            make(session, exclude=(made.credential_id,))
        assert len(key.credentials) == 1


def test_a_full_key_says_so(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, key):
        key.room = 0
        with pytest.raises(KeyFullError, match="no room"):
            make(session)


def test_without_its_pin_a_key_asks_for_it(open_book: Open, book_key: type[BookKey]) -> None:
    with (
        open_book(book_key("40718295")) as (session, _),
        pytest.raises(PinRequiredError, match="wants its PIN"),
    ):
        session.make_credential(REQUEST, pin=None)


def test_a_wrong_pin_makes_nothing_and_says_what_is_left(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        with pytest.raises(WrongPinError, match="7 attempts left"):
            session.make_credential(REQUEST, pin=Secret.from_text("40718296"))
        assert (key.touches, key.pins_seen, len(key.credentials)) == (0, 1, 0)


@pytest.mark.parametrize("management", [(0x0A,), (0x41,), (0x0A, 0x41)])
@pytest.mark.parametrize("advertised", [True, False])
def test_credentials_are_listed_and_deleted_whatever_the_key_advertises(
    open_book: Open,
    book_key: type[BookKey],
    management: tuple[int, ...],
    advertised: bool,  # noqa: FBT001 - a case
) -> None:
    mine = book_key("40718295")
    mine.management = management
    if not advertised:
        del mine.options["credMgmt"]
    with open_book(mine) as (session, _):
        assert session.credentials(PIN) == ()
        first, second = make(session), make(session, user_name="two", user_id=b"user-2")
        other = make(session, rp_id="other.example.com")
        listed = session.credentials(PIN)
        assert set(listed) == {
            ResidentCredential(
                rp_id=rp, user_id=user, user_name=name, credential_id=made.credential_id
            )
            for rp, user, name, made in (
                ("login.example.com", b"user-1", "breakglass1@example.com", first),
                ("login.example.com", b"user-2", "two", second),
                ("other.example.com", b"user-1", "breakglass1@example.com", other),
            )
        }
        session.delete_credential(first.credential_id, PIN)
        assert len(session.credentials(PIN)) == 2
        with pytest.raises(NoCredentialError):
            session.delete_credential(first.credential_id, PIN)


def test_a_key_that_cannot_list_its_credentials_says_so(
    open_book: Open, book_key: type[BookKey]
) -> None:
    mine = book_key("40718295")
    mine.management = ()
    with (
        open_book(mine) as (session, _),
        pytest.raises(UnsupportedByKeyError, match="does not know that command"),
    ):
        session.credentials(PIN)


# --- Audits


def test_an_audit_needs_neither_touch_nor_pin(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, key):
        made = make(session)
        touches, pins = key.touches, key.pins_seen
        prove(session, made)
        assert (key.touches, key.pins_seen) == (touches, pins)


def test_a_stranger_fails_the_audit(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, _):
        made, other = make(session), make(session)
        with pytest.raises(MismatchError, match="not signed by the registered"):
            prove(session, made, other.public_key)
    with (
        open_book(book_key("40718295")) as (session, _),
        pytest.raises(NoCredentialError, match="whether it was reset"),
    ):
        prove(session, made)


def test_a_key_that_answers_with_another_credential_fails_the_audit(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        made, other = make(session), make(session)
        key.credentials = {other.credential_id: key.credentials[other.credential_id]}
        key.answer_with_any = True
        with pytest.raises(MismatchError, match="another credential"):
            prove(session, made)


def test_a_key_that_always_verifies_users_refuses_the_audit(
    open_book: Open, book_key: type[BookKey]
) -> None:
    with open_book(book_key("40718295")) as (session, key):
        made = make(session)
        key.user_verification_always = True
        with pytest.raises(PinRequiredError):
            prove(session, made)


def test_the_audit_hash_is_the_published_one() -> None:
    expected = hashlib.sha256(b"keyvault-kit/audit/v1" + NONCE).digest()
    assert audit_hash(NONCE) == expected
    with pytest.raises(InputError, match="32 bytes"):
        audit_hash(NONCE[1:])


# --- Touches


@pytest.mark.parametrize("versions", [["FIDO_2_1"], ["FIDO_2_0"]])
@pytest.mark.parametrize("pin", ["40718295", None])
def test_a_touch_selects_a_key_old_or_new_and_costs_nothing(
    open_book: Open, book_key: type[BookKey], versions: list[str], pin: str | None
) -> None:
    mine = book_key(pin)
    mine.versions = versions
    with open_book(mine) as (session, key):
        session.selection()
        assert (key.touches, key.pins_seen, len(key.credentials)) == (1, 0, 0)
        key.touched = False
        with pytest.raises(TouchTimeoutError, match="nobody touched it"):
            session.selection()


def test_a_key_blinks(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key()) as (session, key):
        session.wink()
        assert key.winks == 1


def test_a_reset_wipes_and_is_seen_at_once(open_book: Open, book_key: type[BookKey]) -> None:
    with open_book(book_key("40718295")) as (session, key):
        make(session)
        session.reset()
        assert session.info.options["clientPin"] is False
        assert key.credentials == {}


def test_the_caller_hears_once_that_a_touch_is_wanted(bus: ScriptedBus, clock: FakeClock) -> None:
    heard: list[str] = []

    def answer(_: int, payload: bytes) -> bytes:
        if payload[0] != 0x04:
            for status in (1, 2, 2, 2):
                wire.send(CHANNEL, 0x3B, bytes([status]))
            return b"\0"
        return b"\x00\xa1\x01\x81\x68FIDO_2_1"

    key, wire = bus.plug_answer(answer)
    with open_session(bus, key, clock=clock, on_touch=lambda: heard.append("touch")) as session:
        session.selection()
    assert heard == ["touch"]


def test_a_mistake_in_the_callback_comes_out_as_itself(bus: ScriptedBus, clock: FakeClock) -> None:
    def answer(_: int, payload: bytes) -> bytes:
        if payload[0] != 0x04:
            wire.send(CHANNEL, 0x3B, b"\x02")
        return b"\x00\xa1\x01\x81\x68FIDO_2_1"

    def mistaken() -> None:
        raise KeyError("ours")

    key, wire = bus.plug_answer(answer)
    with (
        open_session(bus, key, clock=clock, on_touch=mistaken) as session,
        pytest.raises(KeyError, match="ours"),
    ):
        session.selection()


def test_an_operation_can_be_cancelled(bus: ScriptedBus, clock: FakeClock) -> None:
    cancel = Event()

    def answer(command: int, payload: bytes) -> bytes | None:
        if command == 0x11:
            wire.send(CHANNEL, 0x10, b"\x2d")
            return None
        if payload[0] != 0x04:
            wire.send(CHANNEL, 0x3B, b"\x02")
            return None
        return b"\x00\xa1\x01\x81\x68FIDO_2_1"

    key, wire = bus.plug_answer(answer)
    with (
        open_session(bus, key, clock=clock, on_touch=cancel.set, cancel=cancel) as session,
        pytest.raises(CancelledAtKeyError, match="was cancelled"),
    ):
        session.selection()


# --- Keys that go away


@pytest.mark.parametrize("packets", range(11))
def test_a_key_unplugged_in_the_middle_is_named(
    bus: ScriptedBus, clock: FakeClock, book_key: type[BookKey], packets: int
) -> None:
    plugged_key, wire = bus.plug_answer(book_key("40718295"))
    left = packets

    def write(data: bytes) -> int:
        nonlocal left
        left -= 1
        return -1 if left < 0 else type(wire).write(wire, data)

    wire.write = write  # type: ignore[method-assign]
    with (
        pytest.raises(UnreachableKeyError, match=r"Scripted key \(/dev/hidraw0\) could not"),
        open_session(bus, plugged_key, clock=clock) as session,
    ):
        make(session)
    assert wire.closed

"""The room against the kit's software keys: another hand's reading of the same specification."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from keyvault_kit.errors import RefusedError
from keyvault_kit.keys.audit import fresh_assertion
from keyvault_kit.keys.credentials import AssertionRequest, CredentialRequest, MadeCredential
from keyvault_kit.keys.failures import (
    NoCredentialError,
    PinReplugError,
    TouchTimeoutError,
    UnreachableKeyError,
)
from keyvault_kit.keys.hid import PluggedKey, plugged
from keyvault_kit.keys.metadata import verify_assertion, verify_attestation
from keyvault_kit.keys.pin import PinGuard, WrongPinError, change_pin, check_pin, set_pin
from keyvault_kit.keys.reading import Reading, Unreadable, read, read_all
from keyvault_kit.keys.session import KeySession, open_session
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.state import KeyState

START = datetime(2026, 11, 1, tzinfo=UTC)
HASH = hashlib.sha256(b"client data").digest()
PIN, WRONG = Secret.from_text("40718295"), Secret.from_text("40718296")
SERIAL = 31245678
REQUEST = CredentialRequest(
    client_data_hash=HASH,
    rp_id="login.example.com",
    rp_name="Example",
    user_id=b"user-1",
    user_name="breakglass1@example.com",
    user_display_name="Break glass 1",
)


class Desk:
    """A bus, and a drawer of software keys by one maker."""

    def __init__(self) -> None:
        self.bus = SoftBus()
        self.maker = AttestationAuthority(seed=bytes(32), not_before=START)
        self.seconds = 0.0
        self.touch = True
        self.on_touch: Callable[[], None] | None = None

    def key(self, profile: str = "five", serial: int | None = SERIAL) -> SoftKey:
        state = KeyState.new(profile, label=profile, serial=serial, seed=profile.encode().ljust(32))
        return SoftKey(
            state,
            authority=self.maker,
            touch=self._finger,
            clock=lambda: self.seconds,
            save=lambda _: None,
        )

    def _finger(self, _: str) -> bool:
        if self.on_touch:
            self.on_touch()
        return self.touch

    def plug(self, key: SoftKey) -> PluggedKey:
        path = self.bus.plug(key)
        return next(each for each in plugged(self.bus) if each.path == path)

    @contextmanager
    def session(self, key: SoftKey, guard: PinGuard | None = None) -> Iterator[KeySession]:
        with open_session(self.bus, self.plug(key), guard=guard) as session:
            yield session


@pytest.fixture
def desk() -> Desk:
    return Desk()


def with_credential(session: KeySession) -> MadeCredential:
    set_pin(session, PIN)
    return session.make_credential(REQUEST, pin=PIN)


@pytest.mark.parametrize(
    ("profile", "serial", "firmware"),
    [("five", SERIAL, "5.7.4"), ("security-key", None, "5.7.4"), ("other", SERIAL, None)],
)
def test_each_make_is_read(
    desk: Desk, profile: str, serial: int | None, firmware: str | None
) -> None:
    key = desk.key(profile, serial)
    with desk.session(key) as session:
        reading = read(session)
        assert (reading.serial, reading.pin_set, reading.pin_retries) == (serial, False, None)
        assert reading.aaguid.replace("-", "") == key.profile.aaguid.hex()
        assert firmware is None or reading.firmware == firmware
        set_pin(session, PIN)
        assert read(session).pin_retries == 8


def test_all_keys_are_read_at_once_and_one_that_went_away_spoils_its_row(desk: Desk) -> None:
    for profile in ("five", "security-key", "other"):
        desk.plug(desk.key(profile, None if profile == "security-key" else SERIAL))
    assert [type(row) for row in read_all(desk.bus)] == [Reading] * 3
    entries = desk.bus.enumerate()
    desk.bus.unplug(plugged(desk.bus)[1].path)
    desk.bus.enumerate = lambda: entries  # type: ignore[method-assign]
    assert [type(row) for row in read_all(desk.bus)] == [Reading, Unreadable, Reading]


def test_a_software_key_is_genuine_by_its_own_root_alone(desk: Desk) -> None:
    with desk.session(desk.key()) as session:
        made = with_credential(session)
    now, stranger = START + timedelta(days=1), AttestationAuthority(b"\1" * 32, START)
    for maker, outcome in ((desk.maker, "genuine"), (stranger, "unknown maker")):
        roots = [maker.root_certificate]
        verdict = verify_attestation(made.attestation_object, HASH, roots=roots, now=now)
        assert verdict.outcome == outcome
    other = verify_attestation(
        made.attestation_object, bytes(32), roots=[desk.maker.root_certificate], now=now
    )
    assert other.outcome == "not genuine"
    assert made.user_verified


def test_a_credential_signs_is_listed_audited_and_deleted(desk: Desk) -> None:
    with desk.session(desk.key()) as session:
        made = with_credential(session)
        ask = AssertionRequest(
            rp_id=REQUEST.rp_id, client_data_hash=HASH, allow=(made.credential_id,)
        )
        assertion = session.get_assertion(ask, pin=PIN)
        verify_assertion(made.public_key, REQUEST.rp_id, HASH, assertion)
        assert (assertion.user_present, assertion.user_verified) == (True, True)
        desk.touch = False  # an audit needs no finger

        def audit() -> None:
            proof = fresh_assertion(
                session,
                rp_id=REQUEST.rp_id,
                credential_id=made.credential_id,
                public_key=made.public_key,
                nonce=bytes(32),
            )
            assert (proof.user_present, proof.user_verified) == (False, False)

        audit()
        [listed] = session.credentials(PIN)
        assert (listed.rp_id, listed.user_name) == (REQUEST.rp_id, REQUEST.user_name)
        session.delete_credential(listed.credential_id, PIN)
        assert session.credentials(PIN) == ()
        with pytest.raises(NoCredentialError):
            audit()


@pytest.mark.parametrize("profile", ["five", "other"])
def test_the_guard_holds_across_replugging(desk: Desk, profile: str) -> None:
    key, guard = desk.key(profile), PinGuard()
    with desk.session(key, guard) as session:
        set_pin(session, PIN)
        for left in (7, 6):
            with pytest.raises(WrongPinError, match=f"{left} attempts left"):
                check_pin(session, WRONG)
        with pytest.raises(RefusedError, match="third wrong"):
            check_pin(session, PIN)
        assert session.pin_state().retries == 6
        desk.bus.unplug(session.plugged.path)
    with desk.session(key, guard) as session:
        assert check_pin(session, PIN).retries == 8
        new = Secret.from_text("83940261")
        change_pin(session, PIN, new)
        assert check_pin(session, new).retries == 8


def test_a_key_locked_by_another_program_takes_nothing_until_replugged(desk: Desk) -> None:
    key = desk.key()
    with desk.session(key) as session:
        set_pin(session, PIN)
        careless = session.plugged
        for _ in range(2):
            with pytest.raises(WrongPinError):
                check_pin(session, WRONG, PinGuard())
        with pytest.raises(PinReplugError, match="5 attempts left, replug first"):
            check_pin(session, WRONG, PinGuard())
        with pytest.raises(PinReplugError):
            check_pin(session, PIN, PinGuard())
        assert session.pin_state().retries == 5
        desk.bus.unplug(careless.path)
    with desk.session(key) as session:
        assert check_pin(session, PIN).retries == 8


def test_nobody_touches_the_key(desk: Desk) -> None:
    with desk.session(desk.key()) as session:
        desk.touch = False
        with pytest.raises(TouchTimeoutError, match="nobody touched it in time"):
            session.selection()


def test_a_key_pulled_out_while_it_waits_for_the_touch_is_named(desk: Desk) -> None:
    with desk.session(desk.key()) as session:
        set_pin(session, PIN)
        desk.on_touch = lambda: desk.bus.unplug(session.plugged.path)
        with pytest.raises(UnreachableKeyError, match="could not make a credential"):
            session.make_credential(REQUEST, pin=PIN)
        with pytest.raises(UnreachableKeyError, match="Unplug the key, plug it in again"):
            check_pin(session, PIN)


def test_a_key_blinks_and_is_wiped(desk: Desk) -> None:
    key = desk.key()
    with desk.session(key) as session:
        session.wink()
        assert key.winks == 1
        with_credential(session)
        session.reset()
        assert read(session).pin_set is False

"""What the kit does with keys, and what the keys are like before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest

from keyvault_kit.keys.audit import fresh_assertion
from keyvault_kit.keys.credentials import AssertionRequest, CredentialRequest
from keyvault_kit.keys.metadata import verify_attestation
from keyvault_kit.keys.pin import change_pin, check_pin, raise_policy, set_pin
from keyvault_kit.keys.reading import read
from keyvault_kit.keys.relying_party import RP_ID, custody, throw_away
from keyvault_kit.keys.session import QUICK_LIMIT_S, TOUCH_LIMIT_S, KeySession
from keyvault_kit.secret import Secret
from keyvault_kit.softkey.state import KeyState

if TYPE_CHECKING:
    from keyvault_kit.softkey.attestation import AttestationAuthority
    from tests.keys.faults.conftest import NewTrial

HASH = hashlib.sha256(b"client data").digest()
PIN, WRONG, NEW = (Secret.from_text(pin) for pin in ("40718295", "40718296", "83940261"))
SERIAL = 31245678
NOW = datetime(2026, 12, 1, tzinfo=UTC)
CUSTODY = custody(lambda size: b"\1" * size, "KEY-1")


def passkey(rp_id: str) -> CredentialRequest:
    return CredentialRequest(
        client_data_hash=HASH,
        rp_id=rp_id,
        rp_name="Example",
        user_id=b"user-1",
        user_name="breakglass1@example.com",
        user_display_name="Break glass 1",
    )


class States(NamedTuple):
    """What keys are like before an operation, and what they hold."""

    fresh: KeyState
    used: KeyState
    resident: bytes
    custody: bytes
    public_key: bytes
    root: bytes


@pytest.fixture
def states(trial: NewTrial, maker: AttestationAuthority) -> States:
    fresh = KeyState.new("five", label="One", serial=SERIAL, seed=bytes(32))
    desk = trial(fresh)
    with desk.session() as session:
        set_pin(session, PIN)
        made = [session.make_credential(passkey(f"{n}.example.com"), pin=PIN) for n in "ab"]
        kept = session.make_credential(CUSTODY, pin=PIN)
    return States(
        fresh=fresh,
        used=desk.state,
        resident=made[0].credential_id,
        custody=kept.credential_id,
        public_key=kept.public_key,
        root=maker.root_certificate,
    )


# --- Operations


def signing(session: KeySession, states: States) -> object:
    ask = AssertionRequest(rp_id=RP_ID, client_data_hash=HASH, allow=(states.custody,))
    return session.get_assertion(ask, pin=PIN)


def proof_by_assertion(session: KeySession, states: States) -> object:
    return fresh_assertion(
        session,
        rp_id=RP_ID,
        credential_id=states.custody,
        public_key=states.public_key,
        nonce=bytes(32),
    )


def proof_by_attestation(session: KeySession, states: States) -> object:
    request = throw_away(lambda size: b"\2" * size)
    made = session.make_credential(request, pin=PIN)
    return verify_attestation(
        made.attestation_object, request.client_data_hash, roots=[states.root], now=NOW
    )


class Operation(NamedTuple):
    """What is done with a key.

    Attributes:
        name: For people.
        do: Does it.
        fresh: Whether it wants a key without a PIN.
        limit: Seconds that it may take.
        is_wrong: Whether its PIN is the wrong one.
    """

    name: str
    do: Callable[[KeySession, States], object]
    fresh: bool = False
    limit: float = QUICK_LIMIT_S
    is_wrong: bool = False


OPERATIONS = (
    Operation("reading", lambda session, _: read(session)),
    Operation("check of the PIN", lambda session, _: check_pin(session, PIN)),
    Operation("check of a wrong PIN", lambda session, _: check_pin(session, WRONG), is_wrong=True),
    Operation("first PIN", lambda session, _: set_pin(session, PIN), fresh=True),
    Operation("change of the PIN", lambda session, _: change_pin(session, PIN, NEW)),
    Operation(
        "change with a wrong PIN", lambda session, _: change_pin(session, WRONG, NEW), is_wrong=True
    ),
    Operation(
        "change of the PIN policy", lambda session, _: raise_policy(session, PIN, min_length=6)
    ),
    Operation(
        "making of a passkey",
        lambda session, _: session.make_credential(passkey("c.example.com"), pin=PIN),
        limit=TOUCH_LIMIT_S,
    ),
    Operation("signing", signing, limit=TOUCH_LIMIT_S),
    Operation("proof by assertion", proof_by_assertion, limit=TOUCH_LIMIT_S),
    Operation("proof by attestation", proof_by_attestation, limit=TOUCH_LIMIT_S),
    Operation(
        "list of credentials", lambda session, _: session.credentials(PIN), limit=TOUCH_LIMIT_S
    ),
    Operation("deletion", lambda session, states: session.delete_credential(states.resident, PIN)),
    Operation("selection", lambda session, _: session.selection(), limit=TOUCH_LIMIT_S),
    Operation("wink", lambda session, _: session.wink()),
    Operation("reset", lambda session, _: session.reset(), limit=TOUCH_LIMIT_S),
)


@pytest.fixture(params=OPERATIONS, ids=[each.name for each in OPERATIONS])
def operation(request: pytest.FixtureRequest) -> Operation:
    """Each in turn."""
    return cast("Operation", request.param)


@pytest.fixture
def operations() -> tuple[Operation, ...]:
    """All of them."""
    return OPERATIONS

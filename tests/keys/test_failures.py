"""Nothing but errors of the kit leaves the room, whatever a key answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fido2 import cbor
from fido2.ctap import CtapError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import DeviceError, KeyvaultError
from keyvault_kit.keys.credentials import AssertionRequest, CredentialRequest
from keyvault_kit.keys.failures import (
    CallbackError,
    NoCredentialError,
    PinBlockedError,
    PinReplugError,
    WrongPinError,
    in_our_words,
)
from keyvault_kit.keys.pin import check_pin, set_pin
from keyvault_kit.keys.reading import read
from keyvault_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyvault_kit.keys.session import KeySession
    from tests.keys.conftest import ScriptedBus, SessionOf

INFO = cbor.encode({1: ["FIDO_2_1"], 4: {"clientPin": True, "credMgmt": True}, 6: [2, 1]})
FRESH = cbor.encode({1: ["FIDO_2_0"], 4: {"clientPin": False}, 6: [1]})
MAKE = CredentialRequest(
    client_data_hash=bytes(32),
    rp_id="example.com",
    rp_name="Example",
    user_id=b"1",
    user_name="one",
    user_display_name="One",
)
ASK = AssertionRequest(rp_id="example.com", client_data_hash=bytes(32), allow=(b"id",))

OPERATIONS: list[Callable[[KeySession], object]] = [
    lambda session: session.make_credential(MAKE, pin=None),
    lambda session: session.get_assertion(ASK, pin=None),
    lambda session: session.credentials(Secret(b"40718295")),
    lambda session: session.delete_credential(b"id", Secret(b"40718295")),
    lambda session: check_pin(session, Secret(b"40718295")),
    lambda session: session.selection(),
    lambda session: session.wink(),
    lambda session: session.reset(),
    read,
]


@pytest.mark.parametrize("code", range(1, 256))
def test_every_status_is_a_device_error_that_names_key_task_and_mend(code: int) -> None:
    with pytest.raises(DeviceError) as caught, in_our_words("One (7)", "sign"):
        raise CtapError(code)
    assert str(caught.value).startswith("One (7) could not sign: ")
    assert isinstance(caught.value.__cause__, CtapError)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (0x31, WrongPinError, "the PIN is wrong"),
        (0x32, PinBlockedError, "blocked for good.*wipes the key"),
        (0x34, PinReplugError, "not even the right one.*plug it in again"),
        (0x2E, NoCredentialError, "holds none of these"),
        (0x28, DeviceError, "no room"),
        (0x19, DeviceError, "already holds"),
        (0x2F, DeviceError, "nobody touched it"),
        (0x37, DeviceError, "policy refuses this PIN"),
        (0xF7, DeviceError, "status 0xF7"),
    ],
)
def test_the_status_that_people_meet_have_words(
    code: int, kind: type[DeviceError], words: str
) -> None:
    with pytest.raises(kind, match=words), in_our_words("One", "sign"):
        raise CtapError(code)


def test_a_mistake_in_the_callers_own_callback_is_not_blamed_on_the_key() -> None:
    mistake = TypeError("ours")
    with pytest.raises(TypeError, match="ours"), in_our_words("One", "sign"):
        raise CallbackError(mistake)


def test_an_interrupt_passes() -> None:
    with pytest.raises(KeyboardInterrupt), in_our_words("One", "sign"):
        raise KeyboardInterrupt


def status_and_cbor() -> st.SearchStrategy[bytes]:
    values = st.recursive(
        st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.binary(max_size=70)
        | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.integers(-3, 9) | st.sampled_from(["id", "name", "alg", "x5c", "sig"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
    maps = st.dictionaries(st.integers(0, 12), values, max_size=6)
    return maps.map(lambda value: b"\0" + cbor.encode(value))


REPLIES = st.binary(max_size=200) | status_and_cbor() | st.just(b"\0" + b"\x81" * 5000)


@given(operation=st.sampled_from(OPERATIONS), info=st.just(INFO), data=st.data())
@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_after_a_good_greeting_any_answer_is_survived(
    bus: ScriptedBus,
    session_of: SessionOf,
    operation: Callable[[KeySession], object],
    info: bytes,
    data: st.DataObject,
) -> None:
    greeted = False

    def answer(_: int, __: bytes) -> bytes:
        nonlocal greeted
        if not greeted:
            greeted = True
            return b"\0" + info
        return data.draw(REPLIES)

    key, _ = bus.plug_answer(answer)
    with session_of(key) as session:
        try:
            operation(session)
        except KeyvaultError as error:
            assert key.name in str(error)  # noqa: PT017 - success is an outcome too


@given(reply=REPLIES)
@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_greeting_is_survived(bus: ScriptedBus, session_of: SessionOf, reply: bytes) -> None:
    key, _ = bus.plug_answer(lambda _, __: reply)
    try:
        with session_of(key) as session:
            read(session)
    except DeviceError as error:
        assert key.name in str(error)  # noqa: PT017 - success is an outcome too


@given(reports=st.lists(st.binary(max_size=70), max_size=8))
@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_report_is_survived(
    bus: ScriptedBus, session_of: SessionOf, reports: list[bytes]
) -> None:
    key, wire = bus.plug_answer(lambda _, __: None)
    wire._outgoing = [bytes.fromhex("ffffffff") + report for report in reports]
    with pytest.raises(DeviceError, match="Scripted key"), session_of(key):
        pass


def test_a_wiped_pin_is_our_mistake_not_the_keys(bus: ScriptedBus, session_of: SessionOf) -> None:
    key, _ = bus.plug_answer(lambda _, __: b"\0" + FRESH)
    pin = Secret(b"40718295")
    pin.wipe()
    with session_of(key) as session, pytest.raises(ValueError, match="wiped"):
        set_pin(session, pin)

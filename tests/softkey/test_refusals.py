"""Requests that no proper platform sends, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fido2.ctap import CtapError
from fido2.ctap2.credman import CredentialManagement

from keyvault_kit.softkey import cbor
from keyvault_kit.softkey.information import read_config
from keyvault_kit.softkey.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from fido2.ctap2.base import AttestationResponse

    from tests.softkey.conftest import Bench, Platform

ERR = CtapError.ERR
CBOR = 0x10
GET_ASSERTION, GET_INFO, CLIENT_PIN, SELECTION = 0x02, 0x04, 0x06, 0x0B


def status(platform: Platform, command: int, fields: cbor.Value | None = None) -> ERR:
    request = bytes([command]) + (b"" if fields is None else cbor.encode(fields))
    return ERR(platform.device.call(CBOR, request)[0])


def test_what_is_no_request_is_refused(fresh: Platform) -> None:
    assert status(fresh, 0x7E) == ERR.INVALID_COMMAND
    assert status(fresh, GET_INFO, [1]) == ERR.CBOR_UNEXPECTED_TYPE
    assert status(fresh, GET_INFO, b"x" * 1194) == ERR.CBOR_UNEXPECTED_TYPE
    assert status(fresh, GET_INFO, b"x" * 1197) == ERR.REQUEST_TOO_LARGE
    assert status(fresh, CLIENT_PIN) == ERR.MISSING_PARAMETER


@pytest.mark.parametrize(
    "change",
    [
        {1: 3},  # another kind of key
        {-1: 2},  # another curve
        {-2: b"\1" * 32},  # a point off the curve
        {-2: b"\xff" * 40},  # no coordinate
    ],
)
def test_a_key_agreement_key_off_the_curve_is_refused(
    platform: Platform, change: dict[int, int | bytes]
) -> None:
    good, _ = platform.pin.protocol.encapsulate(
        platform.ctap.client_pin(2, 0x02)[1]  # the key's own will do for a platform's
    )
    fields: Any = {1: 2, 2: 5, 3: {**good, **change}, 6: b"x" * 32}
    assert status(platform, CLIENT_PIN, fields) == ERR.INVALID_PARAMETER
    assert platform.pin.get_pin_retries() == (8, False)


def test_a_legacy_token_is_asked_for_without_permissions(platform: Platform) -> None:
    assert status(platform, CLIENT_PIN, {1: 2, 2: 5, 9: 1}) == ERR.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("padded", "expected"),
    [
        (b"12345678".ljust(48, b"\0"), ERR.INVALID_PARAMETER),
        (b"\xff\xfe\xfd\xfc\xfb".ljust(64, b"\0"), ERR.PIN_POLICY_VIOLATION),
        (b"\0" * 64, ERR.PIN_POLICY_VIOLATION),
    ],
)
def test_a_new_pin_is_padded_to_64_bytes_of_utf8(
    fresh: Platform, padded: bytes, expected: ERR
) -> None:
    protocol = fresh.pin.protocol
    key_agreement, shared = protocol.encapsulate(fresh.ctap.client_pin(2, 0x02)[1])
    new_pin = protocol.encrypt(shared, padded)
    proof = protocol.authenticate(shared, new_pin)
    fields: Any = {1: 2, 2: 3, 3: dict(key_agreement), 4: proof, 5: new_pin}
    assert status(fresh, CLIENT_PIN, fields) == expected
    assert status(fresh, CLIENT_PIN, {**fields, 4: b"x" * 32}) == ERR.PIN_AUTH_INVALID
    assert fresh.ctap.get_info().options["clientPin"] is False


def test_salts_are_one_or_two_and_go_with_a_touch(platform: Platform) -> None:
    platform.make(extensions={"hmac-secret": True})
    protocol = platform.pin.protocol

    def asked(salts: bytes) -> dict[str, Any]:
        key_agreement, shared = protocol.encapsulate(platform.ctap.client_pin(2, 0x02)[1])
        encrypted = protocol.encrypt(shared, salts)
        proof = protocol.authenticate(shared, encrypted)
        return {"hmac-secret": {1: key_agreement, 2: encrypted, 3: proof, 4: 2}}

    for size, options, expected in (
        (16, {}, ERR.INVALID_PARAMETER),
        (96, {}, ERR.INVALID_PARAMETER),
        (32, {"up": False}, ERR.UNSUPPORTED_OPTION),
    ):
        with pytest.raises(CtapError) as caught:
            platform.sign(extensions=asked(b"s" * size), options=options)
        assert caught.value.code == expected
    signed = platform.sign(extensions=asked(b"s" * 32))
    assert signed.auth_data.extensions is not None
    assert len(signed.auth_data.extensions["hmac-secret"]) == 16 + 32


def test_an_assertion_signs_a_hash_and_nothing_else(platform: Platform) -> None:
    assert status(platform, GET_ASSERTION, {1: "a", 2: b"short"}) == ERR.INVALID_PARAMETER


def test_there_is_nothing_to_list_at_a_stranger(platform: Platform) -> None:
    token = platform.token(0x04, None)
    manager = CredentialManagement(platform.ctap, platform.pin.protocol, token)
    assert manager.enumerate_creds(b"x" * 32) == []


def test_a_cancel_counts_even_before_the_finger_is_wanted(
    bench: Bench, fresh: Platform, id_of: Callable[[AttestationResponse], bytes]
) -> None:
    made = fresh.make(with_pin=False)
    touches = len(bench.touched)
    channel = fresh.device._channel_id.to_bytes(4)
    handle = fresh.device._connection.handle  # type: ignore[attr-defined]
    with bench.key._chip:  # the key computes
        for command, payload in ((0x90, bytes([SELECTION])), (0x91, b"")):
            packet = channel + bytes([command]) + len(payload).to_bytes(2) + payload
            handle.write(b"\0" + packet.ljust(64, b"\0"))
    answer = bytes(handle.read(64, 3000))
    while answer[4] == 0xBB:
        answer = bytes(handle.read(64, 3000))
    assert answer[4:8] == bytes([0x90, 0, 1, ERR.KEEPALIVE_CANCEL])
    assert len(bench.touched) == touches
    fresh.verify(made, fresh.sign(id_of(made)))


def test_only_yubicos_keys_have_a_configuration_to_read() -> None:
    with pytest.raises(ValueError, match="other has no read-config"):
        read_config(PROFILES["other"], None)


def test_what_has_no_place_in_cbor_is_our_own_fault() -> None:
    with pytest.raises(TypeError, match="float"):
        cbor.encode(1.5)  # type: ignore[arg-type]


def test_a_key_shows_its_label_and_make_alone(bench: Bench) -> None:
    assert repr(bench.key) == "SoftKey('K1', profile='five')"

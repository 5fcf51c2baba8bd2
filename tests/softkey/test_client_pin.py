"""The PIN: set, changed, got wrong; python-fido2 is the platform, by both PIN protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fido2.ctap import CtapError
from fido2.ctap2.config import Config
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from fido2.ctap2.pin import PinProtocol
    from fido2.hid import CtapHidDevice

    from tests.softkey.conftest import Bench, Platform

ERR = CtapError.ERR
MC, GA, CM, ACFG = 0x01, 0x02, 0x04, 0x20
WRONG = "00000000"


@pytest.fixture(params=[PinProtocolV1, PinProtocolV2])
def fresh(
    request: pytest.FixtureRequest, device: CtapHidDevice, make_platform: type[Platform]
) -> Platform:
    protocol: PinProtocol = request.param()
    return make_platform(device, protocol)


def again(bench: Bench, platform: Platform) -> Platform:
    """The same platform after the key was pulled and plugged in."""
    return type(platform)(bench.plug(), platform.pin.protocol)


def status_of_wrong_pin(platform: Platform) -> ERR:
    with pytest.raises(CtapError) as caught:
        platform.pin.get_pin_token(WRONG, platform.pin.PERMISSION(GA), platform.RP)
    return caught.value.code


def test_a_fresh_key_has_no_pin(fresh: Platform) -> None:
    assert fresh.ctap.info.options["clientPin"] is False
    with pytest.raises(CtapError) as caught:
        fresh.pin.get_pin_retries()
    assert caught.value.code == ERR.PIN_NOT_SET
    with pytest.raises(CtapError) as caught:
        fresh.token(GA)
    assert caught.value.code == ERR.PIN_NOT_SET
    with pytest.raises(CtapError) as caught:
        fresh.pin.change_pin(WRONG, fresh.PIN)
    assert caught.value.code == ERR.PIN_NOT_SET


def test_a_pin_is_set_once_and_then_changed(platform: Platform) -> None:
    assert platform.ctap.get_info().options["clientPin"] is True
    assert platform.pin.get_pin_retries() == (8, False)
    with pytest.raises(CtapError) as caught:
        platform.pin.set_pin("11112222")
    assert caught.value.code == ERR.PIN_AUTH_INVALID
    platform.pin.change_pin(platform.PIN, "11112222")
    with pytest.raises(CtapError) as caught:
        platform.token(GA)
    assert caught.value.code == ERR.PIN_INVALID
    assert len(platform.pin.get_pin_token("11112222")) == 32


@given(pin=st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=4, max_size=15))
@settings(max_examples=15)
def test_any_text_that_fits_is_a_pin(
    make_bench: type[Bench], make_platform: type[Platform], pin: str
) -> None:
    platform = make_platform(make_bench().plug())
    platform.pin.set_pin(pin)
    platform.pin.get_pin_token(pin)


@pytest.mark.parametrize(
    "pin",
    ["éàü", "x" * 64],  # code points count, not bytes; 63 bytes are the most
)
def test_a_pin_against_the_policy_is_refused(fresh: Platform, pin: str) -> None:
    shared = fresh.pin._get_shared_secret()  # type: ignore[no-untyped-call]
    padded = fresh.pin.protocol.encrypt(shared[1], pin.encode().ljust(64, b"\0"))
    with pytest.raises(CtapError) as caught:
        fresh.ctap.client_pin(
            fresh.pin.protocol.VERSION,
            0x03,
            key_agreement=shared[0],
            new_pin_enc=padded,
            pin_uv_param=fresh.pin.protocol.authenticate(shared[1], padded),
        )
    assert caught.value.code == ERR.PIN_POLICY_VIOLATION


def test_three_wrong_pins_in_a_row_block_until_the_power_is_cut(
    bench: Bench, platform: Platform
) -> None:
    assert [status_of_wrong_pin(platform) for _ in range(4)] == [
        ERR.PIN_INVALID,
        ERR.PIN_INVALID,
        ERR.PIN_AUTH_BLOCKED,
        ERR.PIN_AUTH_BLOCKED,
    ]
    assert platform.pin.get_pin_retries() == (5, True)
    with pytest.raises(CtapError) as caught:
        platform.token(GA)
    assert caught.value.code == ERR.PIN_AUTH_BLOCKED
    with pytest.raises(CtapError) as caught:
        platform.pin.change_pin(platform.PIN, "11112222")
    assert caught.value.code == ERR.PIN_AUTH_BLOCKED
    platform = again(bench, platform)
    assert platform.pin.get_pin_retries() == (5, False)
    platform.token(GA)
    assert platform.pin.get_pin_retries() == (8, False)


def test_a_right_pin_starts_the_count_anew(platform: Platform) -> None:
    for _ in range(4):
        assert status_of_wrong_pin(platform) == ERR.PIN_INVALID
        assert status_of_wrong_pin(platform) == ERR.PIN_INVALID
        assert platform.pin.get_pin_retries() == (6, False)
        platform.token(GA)


def test_eight_wrong_pins_block_for_good(bench: Bench, platform: Platform) -> None:
    statuses = []
    for n in range(8):
        if n in (3, 6):
            platform = again(bench, platform)
        statuses.append(status_of_wrong_pin(platform))
    assert statuses[-1] == ERR.PIN_BLOCKED
    platform = type(platform)(bench.reborn(), platform.pin.protocol)
    assert platform.pin.get_pin_retries()[0] == 0
    with pytest.raises(CtapError) as caught:
        platform.token(GA)
    assert caught.value.code == ERR.PIN_BLOCKED
    platform.ctap.reset()
    platform.pin.set_pin(platform.PIN)
    assert platform.pin.get_pin_retries() == (8, False)


def test_a_wrong_pin_is_counted_before_the_answer(bench: Bench, platform: Platform) -> None:
    assert status_of_wrong_pin(platform) == ERR.PIN_INVALID
    assert bench.last_state().pin_retries == 7


def test_a_garbled_pin_hash_counts_as_a_wrong_pin(platform: Platform) -> None:
    key_agreement, _ = platform.pin._get_shared_secret()  # type: ignore[no-untyped-call]
    with pytest.raises(CtapError) as caught:
        platform.ctap.client_pin(
            platform.pin.protocol.VERSION,
            0x05,
            key_agreement=key_agreement,
            pin_hash_enc=b"odd",
        )
    assert caught.value.code == ERR.PIN_INVALID
    assert platform.pin.get_pin_retries() == (7, False)


@pytest.mark.parametrize(
    ("permissions", "rp_id", "status"),
    [
        (0, "a.example", ERR.INVALID_PARAMETER),
        (0x08, "a.example", ERR.UNAUTHORIZED_PERMISSION),
        (0x10, "a.example", ERR.UNAUTHORIZED_PERMISSION),
        (0x40, None, ERR.UNAUTHORIZED_PERMISSION),
        (GA, None, ERR.MISSING_PARAMETER),
        (MC | CM, None, ERR.MISSING_PARAMETER),
    ],
)
def test_permissions_that_cannot_be_had(
    platform: Platform, permissions: int, rp_id: str | None, status: ERR
) -> None:
    with pytest.raises(CtapError) as caught:
        platform.token(permissions, rp_id)
    assert caught.value.code == status
    assert platform.pin.get_pin_retries() == (8, False)


def test_a_token_opens_what_it_was_asked_for_and_nothing_else(platform: Platform) -> None:
    made = platform.make()
    assert made.auth_data.is_user_verified()
    for token in (platform.token(MC), platform.token(GA, "other.example"), b"\0" * 32):
        with pytest.raises(CtapError) as caught:
            platform.sign(
                pin_uv_param=platform.pin.protocol.authenticate(token, platform.HASH),
                pin_uv_protocol=platform.pin.protocol.VERSION,
            )
        assert caught.value.code == ERR.PIN_AUTH_INVALID


def test_a_token_is_spent_by_a_touch(platform: Platform) -> None:
    proof = platform.proof(MC | GA)
    version = platform.pin.protocol.VERSION
    platform.make(with_pin=False, pin_uv_param=proof, pin_uv_protocol=version)
    with pytest.raises(CtapError) as caught:
        platform.sign(pin_uv_param=proof, pin_uv_protocol=version)
    assert caught.value.code == ERR.PIN_AUTH_INVALID


def test_a_legacy_token_belongs_to_the_first_relying_party(platform: Platform) -> None:
    token = platform.pin.get_pin_token(platform.PIN)
    proof = platform.pin.protocol.authenticate(token, platform.HASH)
    version = platform.pin.protocol.VERSION
    with pytest.raises(CtapError) as caught:
        platform.sign(options={"up": False}, pin_uv_param=proof, pin_uv_protocol=version)
    assert caught.value.code == ERR.NO_CREDENTIALS
    with pytest.raises(CtapError) as caught:
        platform.sign(rp="other.example", pin_uv_param=proof, pin_uv_protocol=version)
    assert caught.value.code == ERR.PIN_AUTH_INVALID


@pytest.mark.parametrize(("uses", "wait", "good"), [(0, 30.5, False), (1, 30.5, True)])
def test_a_token_lasts_thirty_seconds_unused_and_ten_minutes_used(
    bench: Bench, platform: Platform, wait: float, *, uses: int, good: bool
) -> None:
    made = platform.make()
    proof = platform.proof(GA)
    more: dict[str, Any] = {"pin_uv_param": proof, "pin_uv_protocol": platform.pin.protocol.VERSION}
    for _ in range(uses):
        platform.sign(options={"up": False}, **more)
    bench.now += wait
    if good:
        platform.verify(made, platform.sign(options={"up": False}, **more))
        bench.now += 600
    with pytest.raises(CtapError) as caught:
        platform.sign(options={"up": False}, **more)
    assert caught.value.code == ERR.PIN_AUTH_INVALID


def test_a_token_dies_with_the_old_pin(platform: Platform) -> None:
    platform.make()
    proof = platform.proof(GA)
    platform.pin.change_pin(platform.PIN, "27182818")
    with pytest.raises(CtapError) as caught:
        platform.sign(pin_uv_param=proof, pin_uv_protocol=platform.pin.protocol.VERSION)
    assert caught.value.code == ERR.PIN_AUTH_INVALID


def test_a_token_dies_with_the_power(bench: Bench, platform: Platform) -> None:
    platform.make()
    proof = platform.proof(GA)
    platform = again(bench, platform)
    with pytest.raises(CtapError) as caught:
        platform.sign(pin_uv_param=proof, pin_uv_protocol=platform.pin.protocol.VERSION)
    assert caught.value.code == ERR.PIN_AUTH_INVALID


def test_an_unknown_protocol_or_subcommand_is_refused(platform: Platform) -> None:
    for version, subcommand, status in (
        (3, 0x02, ERR.INVALID_PARAMETER),
        (1, 0x06, ERR.INVALID_SUBCOMMAND),
        (1, 0x7F, ERR.INVALID_SUBCOMMAND),
    ):
        with pytest.raises(CtapError) as caught:
            platform.ctap.client_pin(version, subcommand)
        assert caught.value.code == status


def config(platform: Platform) -> Config:
    info = platform.ctap.get_info()
    if not info.options["clientPin"]:
        return Config(platform.ctap)
    return Config(platform.ctap, platform.pin.protocol, platform.token(ACFG, None))


def test_a_forced_change_closes_the_key_until_the_pin_is_another(platform: Platform) -> None:
    config(platform).set_min_pin_length(force_change_pin=True)
    assert platform.ctap.get_info().force_pin_change
    with pytest.raises(CtapError) as caught:
        platform.token(GA)
    assert caught.value.code == ERR.PIN_POLICY_VIOLATION
    with pytest.raises(CtapError) as caught:
        platform.pin.get_pin_token(platform.PIN)
    assert caught.value.code == ERR.PIN_INVALID
    with pytest.raises(CtapError) as caught:
        platform.pin.change_pin(platform.PIN, platform.PIN)
    assert caught.value.code == ERR.PIN_POLICY_VIOLATION
    platform.pin.change_pin(platform.PIN, "27182818")
    assert not platform.ctap.get_info().force_pin_change
    platform.pin.get_pin_token("27182818")


def test_the_minimum_length_only_grows_and_forces_a_short_pin_out(platform: Platform) -> None:
    config(platform).set_min_pin_length(10)
    info = platform.ctap.get_info()
    assert (info.min_pin_length, info.force_pin_change) == (10, True)
    with pytest.raises(CtapError) as caught:
        platform.pin.change_pin(platform.PIN, "123456789")
    assert caught.value.code == ERR.PIN_POLICY_VIOLATION
    platform.pin.change_pin(platform.PIN, "1234567890")
    token = platform.pin.get_pin_token("1234567890", platform.pin.PERMISSION(ACFG))
    with pytest.raises(CtapError) as caught:
        Config(platform.ctap, platform.pin.protocol, token).set_min_pin_length(8)
    assert caught.value.code == ERR.PIN_POLICY_VIOLATION


def test_configuration_needs_the_pin_once_there_is_one(fresh: Platform) -> None:
    config(fresh).set_min_pin_length(6)
    with pytest.raises(CtapError) as caught:
        config(fresh).set_min_pin_length(force_change_pin=True)
    assert caught.value.code == ERR.PIN_NOT_SET
    fresh.pin.set_pin(fresh.PIN)
    for bad, status in (
        (Config(fresh.ctap), ERR.PUAT_REQUIRED),
        (Config(fresh.ctap, fresh.pin.protocol, fresh.token(GA)), ERR.PIN_AUTH_INVALID),
    ):
        with pytest.raises(CtapError) as caught:
            bad.set_min_pin_length(7)
        assert caught.value.code == status
    with pytest.raises(CtapError) as caught:
        config(fresh).set_min_pin_length(rp_ids=["example.com", "other.example"])
    assert caught.value.code == ERR.KEY_STORE_FULL

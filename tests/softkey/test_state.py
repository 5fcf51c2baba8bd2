"""What a key keeps: through power cuts, through files, and the same for the same seed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest
from fido2.ctap import CtapError
from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.profiles import PROFILES
from keyvault_kit.softkey.state import Credential, KeyState, Memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from fido2.ctap2.base import AttestationResponse

    from tests.softkey.conftest import Bench, Platform

ERR = CtapError.ERR
SEED = b"\x01" * 32

BYTES_32 = st.binary(min_size=32, max_size=32)
TEXTS = st.text(max_size=20)
CREDENTIALS = st.builds(
    Credential,
    id=BYTES_32,
    rp_id=TEXTS,
    user_id=st.binary(max_size=64),
    user_name=st.none() | TEXTS,
    user_display_name=st.none() | TEXTS,
    private_key=BYTES_32,
    discoverable=st.booleans(),
    protection=st.integers(1, 3),
    hmac_secret=st.booleans(),
)
STATES = st.builds(
    KeyState,
    label=TEXTS,
    profile=st.sampled_from(sorted(PROFILES)),
    serial=st.none() | st.integers(0, 2**32 - 1),
    seed=BYTES_32,
    min_pin_length=st.integers(4, 63),
    drawn=st.integers(0, 2**40),
    pin_hash=st.none() | st.binary(min_size=16, max_size=16),
    pin_length=st.integers(0, 63),
    pin_retries=st.integers(0, 8),
    force_pin_change=st.booleans(),
    min_pin_length_rp_ids=st.lists(TEXTS, max_size=1).map(tuple),
    always_uv=st.booleans(),
    enterprise_attestation=st.booleans(),
    reset_blocked=st.booleans(),
    sign_count=st.integers(0, 2**32 - 1),
    credentials=st.lists(CREDENTIALS, max_size=3).map(tuple),
)


@given(STATES)
@settings(max_examples=50)
def test_a_state_is_read_back_as_it_was_written(state: KeyState) -> None:
    assert KeyState.from_json(state.to_json()) == state


def document(**fields: object) -> bytes:
    state = KeyState.new("five", label="K1", serial=1, seed=SEED)
    return msgspec.json.encode(msgspec.to_builtins(state) | fields)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff",
        document() + b"\n",
        document().replace(b'"drawn":0', b'"drawn":0,"drawn":0'),
        document(profile="six"),
        document(pin_retries=9),
        document(seed="AAAA"),
        document(serial=1 << 32),
        document(more=1),
        document().replace(b'"always_uv":false,', b""),  # as an earlier version wrote it
        document(credentials=[{}]),
    ],
)
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        KeyState.from_json(data)


@pytest.mark.parametrize(
    ("profile", "serial", "seed"),
    [("six", 1, SEED), ("five", 1 << 32, SEED), ("five", 1, b"short")],
)
def test_what_can_be_no_key_is_refused(profile: str, serial: int, seed: bytes) -> None:
    with pytest.raises(InputError):
        KeyState.new(profile, label="K1", serial=serial, seed=seed)


@given(STATES)
@settings(max_examples=20)
def test_nothing_secret_is_in_a_repr(state: KeyState) -> None:
    for value in (state, *state.credentials):
        assert "seed" not in repr(value)
        assert "private" not in repr(value)
        assert "pin" not in repr(value).replace(state.label, "")


@given(st.lists(st.integers(0, 100), max_size=8))
def test_the_generator_goes_on_where_the_saved_state_left_it(sizes: list[int]) -> None:
    saved: list[bytes] = []
    state = KeyState.new("five", label="K1", serial=1, seed=SEED)
    whole = Memory(state, saved.append)
    expected = [whole.random(size) for size in sizes]
    drawn = []
    for size in sizes:
        memory = Memory(state, saved.append)
        drawn.append(memory.random(size))
        memory.commit()
        state = KeyState.from_json(saved[-1]) if saved else state
    assert drawn == expected
    long_enough = [one for one in expected if len(one) >= 16]
    assert len(set(long_enough)) == len(long_enough)


def test_a_key_made_of_its_last_state_is_the_same_key(
    bench: Bench, platform: Platform, id_of: Callable[[AttestationResponse], bytes]
) -> None:
    made, plain = platform.make(), platform.make(b"plain", options={})
    count = platform.sign(id_of(made)).auth_data.counter
    platform = type(platform)(bench.reborn())
    assert platform.ctap.info.options["clientPin"] is True
    assert platform.pin.get_pin_retries() == (8, False)
    signed = platform.sign(id_of(plain), with_pin=True)
    platform.verify(plain, signed)
    assert signed.auth_data.counter == count + 1
    platform.verify(made, platform.sign())


def test_the_state_is_saved_before_the_answer_leaves(bench: Bench, platform: Platform) -> None:
    """A key that cannot save does not answer; what it acknowledged before is what it has."""
    made = platform.make()
    before = bench.last_state()
    failing = OSError("disk full")

    def fail(_: bytes) -> None:
        raise failing

    bench.key._memory._save = fail
    with pytest.raises(OSError, match="broke down") as caught:
        platform.make(b"another")
    assert caught.value.__cause__ is failing
    with pytest.raises(OSError, match="broke down"):
        platform.ctap.get_info()
    bench.key._memory._save = bench.saved.append
    platform = type(platform)(bench.plug())
    assert bench.key._memory.state == before
    platform.verify(made, platform.sign())
    assert bench.last_state().sign_count == before.sign_count + 1


def test_commands_that_change_nothing_save_nothing(bench: Bench, platform: Platform) -> None:
    saves = len(bench.saved)
    platform.ctap.get_info()
    platform.ctap.selection()
    platform.pin.get_pin_retries()
    assert len(bench.saved) == saves


def test_a_finger_that_breaks_breaks_the_key(bench: Bench, fresh: Platform) -> None:
    def hurt(_: str) -> bool:
        raise RuntimeError("ouch")

    bench.finger = hurt
    with pytest.raises(OSError, match="broke down"):
        fresh.ctap.selection()
    bench.finger = lambda _: True
    type(fresh)(bench.plug()).ctap.selection()


def life(platform: Platform) -> list[bytes]:
    """What a key says in a life without PIN, whose encryption has the platform's randomness."""
    made = [platform.make(user, with_pin=False) for user in (b"a", b"b")]
    signed = platform.sign()
    return [
        *(bytes(one.auth_data) + one.att_stmt["sig"] + one.att_stmt["x5c"][0] for one in made),
        bytes(signed.auth_data) + signed.signature,
    ]


def test_the_same_seed_and_the_same_life_give_the_same_bytes(
    make_bench: type[Bench], make_platform: type[Platform]
) -> None:
    lives = [life(make_platform(make_bench(seed=seed).plug())) for seed in (SEED, SEED, b"x" * 32)]
    assert lives[0] == lives[1]
    assert not set(lives[0]) & set(lives[2])


def test_the_authority_follows_from_its_seed_and_date() -> None:
    day = dt.datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
    one, same = (AttestationAuthority(seed=SEED, not_before=day) for _ in range(2))
    other = AttestationAuthority(seed=b"x" * 32, not_before=day)
    assert one.root_certificate == same.root_certificate != other.root_certificate


def test_a_reset_in_time_leaves_nothing(
    bench: Bench, platform: Platform, id_of: Callable[[AttestationResponse], bytes]
) -> None:
    old = platform.make()
    token = platform.proof(0x02)
    platform = type(platform)(bench.plug())
    bench.now += 10.0
    platform.ctap.reset()
    info = platform.ctap.get_info()
    assert info.options["clientPin"] is False
    assert info.remaining_disc_creds == 100
    with pytest.raises(CtapError) as caught:
        platform.sign(id_of(old))
    assert caught.value.code == ERR.NO_CREDENTIALS
    with pytest.raises(CtapError) as caught:
        platform.sign(pin_uv_param=token, pin_uv_protocol=platform.pin.protocol.VERSION)
    assert caught.value.code == ERR.PIN_AUTH_INVALID
    assert id_of(platform.make(with_pin=False)) != id_of(old)
    assert bench.last_state().serial == 12345678


def test_a_reset_too_late_or_without_a_finger_changes_nothing(
    bench: Bench, platform: Platform
) -> None:
    made = platform.make()
    bench.now += 10.1
    with pytest.raises(CtapError) as caught:
        platform.ctap.reset()
    assert caught.value.code == ERR.NOT_ALLOWED
    platform = type(platform)(bench.plug())
    bench.finger = lambda _: False
    with pytest.raises(CtapError) as caught:
        platform.ctap.reset()
    assert caught.value.code == ERR.USER_ACTION_TIMEOUT
    bench.finger = lambda _: True
    platform.verify(made, platform.sign())

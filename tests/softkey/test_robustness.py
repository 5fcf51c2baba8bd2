"""Whatever comes in: the key answers, and nothing is raised out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from keyvault_kit.softkey import cbor
from keyvault_kit.softkey.profiles import PROFILES

if TYPE_CHECKING:
    from keyvault_kit.softkey.bus import SoftHandle
    from tests.softkey.conftest import Bench, Platform

CBOR, INIT, ERROR, KEEPALIVE = 0x90, 0x86, 0xBF, 0xBB
COMMANDS = (0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0A, 0x0B, 0x0D, 0x41)
# The untidy make answers in another encoding; what it does with requests it shares with the rest.
TIDY = sorted(name for name, profile in PROFILES.items() if profile.canonical)

LEAVES = (
    st.booleans()
    | st.integers(-300, 300)
    | st.binary(max_size=70)
    | st.text(max_size=8)
    | st.sampled_from(["public-key", "example.com", b"\x5a" * 32])
)
NAMES = st.sampled_from(["id", "type", "alg", "rk", "up", "uv", "credProtect", "hmac-secret"])
INNER = st.lists(LEAVES, max_size=3) | st.dictionaries(
    NAMES | st.integers(-3, 4), LEAVES, max_size=4
)
VALUES = LEAVES | INNER | st.lists(INNER, max_size=2) | st.dictionaries(NAMES, INNER, max_size=2)
REQUESTS = st.builds(
    lambda command, fields: bytes([command]) + cbor.encode(fields),
    st.sampled_from(COMMANDS),
    st.dictionaries(st.integers(0, 11), VALUES, max_size=8),
)
# Reports that look like the real thing: channels that exist, commands that are known.
REPORTS = st.builds(
    lambda channel, kind, size, rest: (channel + bytes([kind]) + size + rest)[:64].ljust(64, b"\0"),
    st.sampled_from([b"\0\0\0\1", b"\0\0\0\2", b"\xff" * 4, b"\0" * 4])
    | st.binary(min_size=4, max_size=4),
    st.sampled_from([0x81, 0x86, 0x88, 0x90, 0x91, 0xC2, 0, 1, 2]) | st.integers(0, 255),
    st.sampled_from([b"\0\0", b"\0\1", b"\0\x08", b"\0\x80", b"\x1d\xb9"]),
    st.binary(max_size=57),
)


def answers_init(handle: SoftHandle) -> bool:
    """Whether the key still gives a channel away, after whatever it has yet to say."""
    nonce = b"are you?"
    handle.write(b"\0" + (b"\xff" * 4 + bytes([INIT, 0, 8]) + nonce).ljust(64, b"\0"))
    while report := bytes(handle.read(64, 3000)):
        if report[4] == INIT and report[7:15] == nonce:
            return True
    return False


@given(st.lists(REPORTS | st.binary(min_size=64, max_size=64), max_size=25))
@settings(max_examples=100)
def test_any_reports_leave_a_key_that_answers(
    make_bench: type[Bench], reports: list[bytes]
) -> None:
    bench = make_bench()
    bench.plug()
    handle = bench.bus.open(bench.path)
    for report in reports:
        assert handle.write(b"\0" + report) == 65
    assert answers_init(handle)
    bench.bus.unplug(bench.path)


@given(
    st.sampled_from(TIDY),
    st.booleans(),
    st.lists(REQUESTS | st.binary(min_size=1, max_size=1300), min_size=1, max_size=4),
)
@settings(max_examples=200)
def test_any_request_gets_a_status_and_canonical_cbor(
    make_bench: type[Bench],
    make_platform: type[Platform],
    profile: str,
    with_pin: bool,  # noqa: FBT001 - an example's value
    requests: list[bytes],
) -> None:
    bench = make_bench(profile)
    platform = make_platform(bench.plug())
    if with_pin:
        platform.pin.set_pin(platform.PIN)
        platform.make()
    for request in requests:
        answer = platform.device.call(0x10, request)
        assert answer[0] < 0x80
        if answer[0] == 0 and len(answer) > 1:
            assert isinstance(cbor.decode(answer[1:]), dict)
        else:
            assert len(answer) == 1
    bench.bus.unplug(bench.path)

"""Answers of a key, changed at random: what comes of them is right by type, or a DeviceError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from fido2 import cbor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyvault_kit.errors import InputError, MismatchError, RefusedError
from keyvault_kit.softkey.framing import MESSAGE_LIMIT, Message, packets

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyvault_kit.keys.session import KeySession
    from tests.keys.faults.conftest import Fault, Line, NewTrial
    from tests.keys.faults.operations.conftest import Operation, States

COMMAND, INIT_BIT, CBOR, KEEPALIVE = 4, 0x80, 0x10, 0x3B
BIG = [-(2**64), -1, 0, 9, 2**31, 2**53, 2**64 - 1]

VALUES = st.recursive(
    st.booleans()
    | st.sampled_from(BIG)
    | st.integers(-300, 300)
    | st.binary(max_size=70)
    # Whatever a terminal, a file name or JSON might stumble over.
    | st.text(max_size=9)
    | st.sampled_from(["\x1b[2J", "\u202e", "\0", "public-key", "none"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.integers(-3, 9) | st.sampled_from(["id", "name", "alg", "x5c", "sig", "fmt"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)

# Changes to the bytes of an answer, or to one of its members.
EDITS = st.lists(
    st.tuples(st.sampled_from(["flip", "drop", "add"]), st.integers(0, 900), st.binary(min_size=1)),
    min_size=1,
    max_size=3,
)
MEMBERS = st.tuples(st.integers(0, 31), st.none() | VALUES)
CHANGES = (
    EDITS.map(lambda edits: lambda payload: edited(payload, edits))
    | MEMBERS.map(lambda change: lambda payload: with_member(payload, *change))
    | st.binary(max_size=120).map(lambda payload: lambda _: payload)
    | VALUES.map(lambda value: lambda _: b"\0" + cbor.encode(value))
)


def edited(payload: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    for kind, where, what in edits:
        at = where % (len(payload) or 1)
        old = payload[at : at + 1]
        flipped = bytes(byte ^ what[0] for byte in old)
        new = {"flip": flipped, "drop": b"", "add": what + old}[kind]
        payload = payload[:at] + new + payload[at + 1 :]
    return payload


def with_member(payload: bytes, member: int, value: object) -> bytes:
    """One member of a CBOR answer set to something else, or left out."""
    if not payload[1:]:
        return payload
    members: Any = cbor.decode(payload[1:])
    key = sorted(members)[member % len(members)] if member > 15 else member
    kept = {name: each for name, each in members.items() if name != key}
    return b"\0" + cbor.encode(kept if value is None else kept | {key: value})


def changed(change: Callable[[bytes], bytes]) -> Fault:
    def instead(line: Line, packet: bytes) -> list[bytes]:
        payload = change(line.rest_of_answer(packet))
        channel, command = int.from_bytes(packet[:4]), packet[COMMAND] & ~INIT_BIT
        return packets(Message(channel, command, payload[:MESSAGE_LIMIT]))

    return instead


def demand_types(value: object) -> None:
    """Every field of what the kit hands out is what its annotation says."""
    for each in value if isinstance(value, tuple) else [value]:
        if isinstance(each, msgspec.Struct):
            plain = msgspec.to_builtins(each, builtin_types=(bytes,))
            assert msgspec.convert(plain, type(each), builtin_types=(bytes,)) == each


@given(data=st.data())
@settings(
    max_examples=500,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_a_key_answers_only_a_device_error_leaves_the_room(
    data: st.DataObject,
    operations: tuple[Operation, ...],
    trial: NewTrial,
    states: States,
) -> None:
    operation = data.draw(st.sampled_from(operations))
    state = states.fresh if operation.fresh else states.used

    def do(session: KeySession) -> object:
        try:
            return operation.do(session, states)
        except RefusedError:  # the guard, by a counter that the key made up
            return None
        except InputError:  # a PIN that is too short for what the key says it wants
            return None
        except MismatchError:  # an assertion by another key than the registered one
            assert operation.name == "proof by assertion"
            return None

    sample = trial(state)
    sample.run(do)
    answers = [
        at
        for at, (from_key, packet) in enumerate(sample.line.seen)
        if from_key and packet[COMMAND] in {INIT_BIT | CBOR, INIT_BIT | 0x42, INIT_BIT | 0x08}
    ]
    attempt = trial(state, changed(data.draw(CHANGES)))
    ended = attempt.run(do, data.draw(st.sampled_from(answers)))
    assert attempt.line.happened is not None
    assert attempt.pins <= 1
    if ended.error:
        assert attempt.plugged.name in str(ended.error)
        assert ended.error.mend
        return
    demand_types(ended.result)

"""Every packet of every operation, with every fault that it can have."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fido2.ctap import CtapError

from keyvault_kit.keys.failures import PinError
from keyvault_kit.keys.hid import SILENCE_LIMIT_S
from keyvault_kit.keys.pin import PinState
from keyvault_kit.keys.reading import Reading
from keyvault_kit.softkey.framing import Message, packets

if TYPE_CHECKING:
    from keyvault_kit.keys.session import KeySession
    from tests.keys.faults.conftest import Ended, Fault, Line, NewTrial, Trial
    from tests.keys.faults.operations.conftest import Operation, States

COMMAND, FIRST, NEXT = 4, 7, 5
INIT_BIT, INIT, CBOR, KEEPALIVE, ERROR = 0x80, 0x06, 0x10, 0x3B, 0x3F
LONGEST = 7609
HID_ERRORS = (1, 2, 3, 4, 5, 6, 0x0B, 0x7F, 0x2E, 0x31)
STATUS_CODES = sorted({int(code) for code in CtapError.ERR} | {0x99})


def message(channel: bytes, command: int, payload: bytes) -> list[bytes]:
    return packets(Message(int.from_bytes(channel), command, payload))


def other_channel(packet: bytes) -> bytes:
    return bytes([packet[0] ^ 0x55]) + packet[1:]


def with_size(packet: bytes, size: int) -> bytes:
    return packet[:NEXT] + size.to_bytes(2) + packet[FIRST:]


def size_of(packet: bytes) -> int:
    return int.from_bytes(packet[NEXT:FIRST])


def garbage(_: Line, packet: bytes) -> list[bytes]:
    return [random.Random(packet).randbytes(64)]  # noqa: S311 - the same each time


def garbage_on_our_channel(line: Line, packet: bytes) -> list[bytes]:
    return [packet[:4] + each[4:] for each in garbage(line, packet)]


def removed(line: Line, _: bytes) -> list[bytes]:
    line.dead = True
    return []


def silent(line: Line, _: bytes) -> list[bytes]:
    line.mute = True
    return []


def late(line: Line, packet: bytes) -> list[bytes]:
    """It comes, and all that follows it, when something else was asked."""
    line.mute = True
    line.late = [packet]
    while more := line.next_of_key():
        line.late.append(more)
    return []


def out_of_sequence(_: Line, packet: bytes) -> list[bytes]:
    changed = packet[COMMAND] ^ (INIT_BIT if packet[COMMAND] & INIT_BIT else 1)
    return [packet[:COMMAND] + bytes([changed]) + packet[NEXT:]]


def endless(status: int) -> Fault:
    def stuck(line: Line, packet: bytes) -> list[bytes]:
        (line.stuck,) = message(packet[:4], KEEPALIVE, bytes([status]))
        return []

    return stuck


def meaningless_keepalive(_: Line, packet: bytes) -> list[bytes]:
    return [*message(packet[:4], KEEPALIVE, b"\x09"), packet]


def hid_error(code: int) -> Fault:
    def refuse(line: Line, packet: bytes) -> list[bytes]:
        line.rest_of_answer(packet)
        return message(packet[:4], ERROR, bytes([code]))

    return refuse


def answered_with(change: Callable[[bytes], bytes]) -> Fault:
    """The whole answer with another payload, well framed."""

    def instead(line: Line, packet: bytes) -> list[bytes]:
        payload = change(line.rest_of_answer(packet))
        return message(packet[:4], packet[COMMAND] & ~INIT_BIT, payload)

    return instead


def answering_another_command(_: Line, packet: bytes) -> list[bytes]:
    return [packet[:COMMAND] + bytes([packet[COMMAND] ^ 0x02]) + packet[NEXT:]]


ANY_PACKET: dict[str, Fault] = {
    "removed": removed,
    "silent": silent,
    "late": late,
    "lost": lambda _, __: [],
    "twice": lambda _, packet: [packet, packet],
    "garbage": garbage,
    "garbage on our channel": garbage_on_our_channel,
    "wrong channel": lambda _, packet: [other_channel(packet)],
    "foreign packet before": lambda _, packet: [other_channel(packet), packet],
    "wrong sequence": out_of_sequence,
    "short report": lambda _, packet: [packet[:8]],
    "endless keepalive": endless(1),
    "endless wait for a touch": endless(2),
    "meaningless keepalive": meaningless_keepalive,
}
SILENCES = {"removed", "silent", "late", "not taken"}
HARMLESS = {"foreign packet before"}
FIRST_PACKET: dict[str, Fault] = {
    "one byte longer than it is": lambda _, p: [with_size(p, size_of(p) + 1)],
    "longer than it is": lambda _, p: [with_size(p, size_of(p) + 200)],
    "one byte shorter than it is": lambda _, p: [with_size(p, max(0, size_of(p) - 1))],
    "half as long as it is": lambda _, p: [with_size(p, size_of(p) // 2)],
    "of no length": lambda _, p: [with_size(p, 0)],
    "longer than any may be": lambda _, p: [with_size(p, LONGEST + 1)],
    "as long as can be said": lambda _, p: [with_size(p, 0xFFFF)],
    "to another command": answering_another_command,
    "cut by one byte": answered_with(lambda payload: payload[:-1]),
    "cut by half": answered_with(lambda payload: payload[: len(payload) // 2]),
    "cut to one byte": answered_with(lambda payload: payload[:1]),
    "empty": answered_with(lambda _: b""),
    "too long by one byte": answered_with(lambda payload: payload + b"\0"),
} | {f"HID error 0x{code:02x}": hid_error(code) for code in HID_ERRORS}
UNKNOWN_COMMAND = {"HID error 0x01", "sequence flipped", "command unknown"}
STATUS: dict[str, Fault] = {
    f"status 0x{code:02x}": answered_with(lambda _, code=code: bytes([code]))  # type: ignore[misc]
    for code in STATUS_CODES
}


def lost_on_the_way(_: Line, __: bytes) -> list[bytes]:
    return []


def flipped(at: int) -> Fault:
    return lambda _, p: [p[:at] + bytes([p[at] ^ 0x01]) + p[at + 1 :]]


def not_taken(line: Line, _: bytes) -> list[bytes]:
    line.takes = -1
    return []


def busy(line: Line, packet: bytes) -> list[bytes]:
    """Another program is at it: the message is not taken, and the key says so."""
    line.busy = True
    line.answer(message(packet[:4], ERROR, b"\x06")[0])
    return []


SENT_PACKET: dict[str, Fault] = {
    "removed": removed,
    "silent": silent,
    "not taken": not_taken,
    "lost": lost_on_the_way,
    "channel flipped": flipped(3),
    "sequence flipped": flipped(4),
    "content flipped": flipped(20),
}
SENT_FIRST_PACKET: dict[str, Fault] = {
    "length flipped": flipped(6),
    "command unknown": flipped(4),
    "busy": busy,
}


def applicable(packet: bytes, *, from_key: bool) -> Iterator[tuple[str, Fault]]:
    """The faults that a packet can have."""
    first = bool(packet[COMMAND] & INIT_BIT)
    if not from_key:
        yield from SENT_PACKET.items()
        if first:
            yield from SENT_FIRST_PACKET.items()
        return
    yield from ANY_PACKET.items()
    if first and packet[COMMAND] != INIT_BIT | KEEPALIVE:
        yield from FIRST_PACKET.items()
    if packet[COMMAND] == INIT_BIT | CBOR:
        yield from STATUS.items()


# --- What must hold


def is_believed(operation: Operation, fault: str, ended: Ended, clean: Ended) -> bool:
    """Whether another outcome is right, because the key said so in an orderly way."""
    if fault in {"HID error 0x06", "content flipped"}:
        # 'Busy' by a key that did it; and names in another spelling, of which nobody can know.
        return True
    if operation.name == "list of credentials" and fault in {"status 0x2e", "HID error 0x2e"}:
        assert isinstance(ended.result, tuple)
        assert isinstance(clean.result, tuple)
        return set(ended.result) < set(clean.result)
    if isinstance(ended.result, Reading) and fault in UNKNOWN_COMMAND:
        return ended.result.yubico is None
    if operation.name == "change with a wrong PIN" and fault == "status 0x00":
        return ended.result == PinState(7, power_cycle_needed=False)
    return False


def judge(operation: Operation, fault: str, attempt: Trial, ended: Ended, clean: Ended) -> None:
    """One error that helps, or the right result; no time and no attempt wasted."""
    happened, error = attempt.line.happened, ended.error
    assert happened is not None, "the fault did not happen"
    limit = SILENCE_LIMIT_S if fault in SILENCES else operation.limit
    assert attempt.ended - happened <= limit + 1
    if error:
        assert attempt.plugged.name in str(error)
        assert error.mend
    elif not is_believed(operation, fault, ended, clean):
        assert not operation.is_wrong, "a wrong PIN passed"
        assert ended.result == clean.result
        assert ended.state == clean.state
    if fault in HARMLESS:
        assert str(error) == str(clean.error)
    if fault == "busy" and not operation.is_wrong:
        assert not error or "busy with another program" in str(error)
    spent = 8 - ended.state.pin_retries
    counted = attempt.guard.unproven(attempt.plugged)
    assert spent <= attempt.pins <= 1
    assert spent <= counted <= 1 if error else counted == 0
    if isinstance(error, PinError) and error.state:
        assert error.state.retries == ended.state.pin_retries
    if fault not in STATUS:
        attempt.read_after_replug()


def test_any_fault_in_any_packet_is_one_error_that_helps_or_makes_no_difference(
    operation: Operation, trial: NewTrial, states: States, injected: Callable[[str], None]
) -> None:
    state = states.fresh if operation.fresh else states.used

    def do(session: KeySession) -> object:
        return operation.do(session, states)

    sample = trial(state)
    clean = sample.run(do)
    assert bool(clean.error) is operation.is_wrong
    failures = []
    for at, (from_key, packet) in enumerate(sample.line.seen):
        for fault, inject in applicable(packet, from_key=from_key):
            attempt = trial(state, inject)
            ended = attempt.run(do, at)
            try:
                judge(operation, fault, attempt, ended, clean)
            except AssertionError as failure:
                failures.append(f"packet {at}: {fault}: {ended.error}: {failure}")
            injected(operation.name)
    assert not failures, "\n".join(failures)

"""CTAPHID framing below the wire; on the wire it is a matter of conformance/test_hid.py."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyvault_kit.softkey.framing import (
    MESSAGE_LIMIT,
    Assembler,
    Command,
    Message,
    packets,
)


@given(st.binary(max_size=MESSAGE_LIMIT))
@settings(max_examples=30)
@example(b"")
@example(b"x" * 57)
@example(b"x" * 58)
@example(b"x" * MESSAGE_LIMIT)
def test_a_message_survives_its_packets(payload: bytes) -> None:
    assembler = Assembler(frozenset({Command.PING}))
    message = Message(assembler.new_channel(), Command.PING, payload)
    *before, last = packets(message)
    assert all(assembler.feed(packet, 0.0) is None for packet in before)
    assert assembler.feed(last, 0.0) == message

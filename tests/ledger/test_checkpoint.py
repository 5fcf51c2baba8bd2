"""Checkpoints: one way to write each, and every other one refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import InputError
from keyvault_kit.ledger.checkpoint import Checkpoint

REGISTER = "0123456789abcdef" * 4
TEXT = b"keyvault-kit/" + REGISTER.encode() + b"\n12\n" + b"A" * 43 + b"=\n"


@given(st.integers(0, 10**17), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_three_lines_and_back(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(REGISTER, size, root)

    assert checkpoint.text().count(b"\n") == 3
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (TEXT[:-1], "three lines"),
        (TEXT + b"\n", "three lines"),
        (TEXT.replace(b"\n", b"\r\n"), "line 1"),
        (TEXT.replace(b"keyvault-kit", b"keyvault"), "line 1"),
        (TEXT.replace(b"abcdef", b"ABCDEF"), "line 1"),
        (TEXT.replace(b"\n12", b"\n012"), "line 2"),
        (TEXT.replace(b"\n12", b"\n-1"), "line 2"),
        (TEXT.replace(b"\n12", b"\n1_2"), "line 2"),
        (TEXT.replace(b"\n12", b"\n" + b"9" * 5000), "line 2"),
        (TEXT.replace(b"=", b""), "line 3"),
        (TEXT.replace(b"A=", b"B="), "line 3"),
        (TEXT.replace(b"AAAA", b"", 1), "line 3 holds 29 bytes"),
        (TEXT.replace(b"AA", b"A ", 1), "line 3"),
        (b"\xff" + TEXT, "ASCII"),
        (b"", "three lines"),
    ],
)
def test_any_other_way_to_write_it_is_refused(text: bytes, because: str) -> None:
    with pytest.raises(InputError, match=because):
        Checkpoint.parse(text)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        Checkpoint.parse(data)

"""Canonical CBOR, held against python-fido2's encoder."""

from __future__ import annotations

import pytest
from fido2 import cbor as peer
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.softkey.cbor import Value, decode, encode
from keyvault_kit.softkey.status import CtapError, Status

SCALARS = (
    st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=300)
    | st.text(max_size=30)
)
KEYS = st.integers(-(2**40), 2**40) | st.text(max_size=30)


def nested(depth: int) -> st.SearchStrategy[Value]:
    if not depth:
        return SCALARS
    inner = nested(depth - 1)
    return SCALARS | st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)


@given(nested(4))
def test_what_is_encoded_is_decoded_and_the_peer_encodes_alike(value: Value) -> None:
    data = encode(value)
    assert data == peer.encode(value)
    assert decode(data) == value


def refusal(data: bytes) -> Status | None:
    try:
        decode(data)
    except CtapError as error:
        return error.status
    return None


@given(st.binary(max_size=60))
def test_any_bytes_are_canonical_or_refused(data: bytes) -> None:
    assert refusal(data) is Status.INVALID_CBOR or encode(decode(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        "",
        "1800",  # 0 in two bytes
        "190017",  # 23 in three bytes
        "1b",  # a head cut short
        "6161ff",  # a byte left over
        "61ff",  # no UTF-8
        "5f40ff",  # of indefinite length
        "f6",  # null
        "f93c00",  # a float
        "c000",  # a tag
        "a2020001 00",  # keys out of order
        "a201000100",  # a key twice
        "a1f500",  # true for a key
        "a1410000",  # bytes for a key
        "a161610161",  # a value cut short
        "8181818180",  # an array five deep
        "9bffffffffffffffff",  # an array without end
    ],
)
def test_what_is_not_canonical_is_refused(data: str) -> None:
    assert refusal(bytes.fromhex(data)) is Status.INVALID_CBOR


def test_an_integer_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        encode(1 << 64)


def test_what_has_no_place_in_cbor_is_our_own_fault() -> None:
    with pytest.raises(TypeError, match="float"):
        encode(1.5)  # type: ignore[arg-type]


def test_maps_are_left_in_their_order_where_that_is_asked_for() -> None:
    untidy: Value = [{"plat": False, "rk": True, 2: {"b": 1, "a": 2}, 1: 0}]
    data = encode(untidy, sort=False)
    assert data.hex() == "81a464706c6174f462726bf502a261620161610201" + "00"
    assert peer.decode(data) == untidy
    assert refusal(data) is Status.INVALID_CBOR

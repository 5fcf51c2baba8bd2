"""CBOR as far as CTAP2 needs it, written for the suite alone, so that no codec checks itself."""

from typing import Any

_HEADS = {24: 1, 25: 2, 26: 4, 27: 8}
_SIMPLE = 7


def encode(value: Any) -> bytes:
    """The canonical encoding (CTAP 2.1, section 8)."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(item)) for key, item in value.items())
        # Shorter keys go first within a major type; bytewise order says the same of short heads.
        pairs.sort(key=lambda pair: (pair[0][0] >> 5, len(pair[0]), pair[0]))
        return _head(5, len(value)) + b"".join(key + item for key, item in pairs)
    raise TypeError(type(value).__name__)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    short = next(n for n, size in _HEADS.items() if number < 1 << 8 * size)
    return bytes([major << 5 | short]) + number.to_bytes(_HEADS[short])


def decode(data: bytes) -> Any:
    """The one value that these bytes are, canonical or not."""
    value, rest = decode_from(data)
    assert not rest, "bytes left over"
    return value


def decode_from(data: bytes) -> tuple[Any, bytes]:
    """The first value, and what comes after it."""
    major, number = data[0] >> 5, data[0] & 0x1F
    data = data[1:]
    if major == _SIMPLE:
        return {20: False, 21: True}[number], data
    if number >= 24:
        size = _HEADS[number]
        number, data = int.from_bytes(data[:size]), data[size:]
    return _body(major, number, data)


def _body(major: int, number: int, data: bytes) -> tuple[Any, bytes]:
    match major:
        case 0 | 1:
            return (-1 - number if major else number), data
        case 2:
            return data[:number], data[number:]
        case 3:
            return data[:number].decode(), data[number:]
        case 4:
            return _array(number, data)
        case 5:
            flat, data = _array(2 * number, data)
            return dict(zip(flat[::2], flat[1::2], strict=True)), data
        case _:
            raise ValueError(f"major type {major}")


def _array(count: int, data: bytes) -> tuple[list[Any], bytes]:
    items = []
    for _ in range(count):
        item, data = decode_from(data)
        items.append(item)
    return items, data

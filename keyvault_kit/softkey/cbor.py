"""CTAP2 canonical CBOR (CTAP 2.1, section 8): one encoding for each value, and no other is read.

Integers, byte and text strings, arrays, maps with integer or text keys, true and false.
"""

from typing import Final, TypeAlias

from keyvault_kit.softkey.status import CtapError, Status

Key: TypeAlias = int | str
Value: TypeAlias = "int | bool | bytes | str | list[Value] | dict[Key, Value]"
Map: TypeAlias = dict[Key, Value]

DEPTH_LIMIT: Final = 4

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FALSE, _TRUE = 20, 21
_ONE_BYTE = 24
"""From here on the head says how many bytes the argument has: one of `_SIZES`."""
_SIZES = (1, 2, 4, 8)


def encode(value: Value, *, sort: bool = True) -> bytes:
    """The canonical encoding of a value.

    Args:
        value: The value.
        sort: Whether maps are sorted, without which the encoding is not canonical.

    Raises:
        TypeError: A part of the value is of none of the types above.
        OverflowError: An integer needs more than 64 bits.
    """
    match value:
        case bool():
            return _head(_SIMPLE, _TRUE if value else _FALSE)
        case int():
            return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
        case bytes():
            return _head(_BYTES, len(value)) + value
        case str():
            text = value.encode()
            return _head(_TEXT, len(text)) + text
        case list():
            return _head(_ARRAY, len(value)) + b"".join(encode(v, sort=sort) for v in value)
        case dict():
            pairs = [(encode(k), encode(v, sort=sort)) for k, v in value.items()]
            if sort:
                pairs.sort(key=_order)
            return _head(_MAP, len(value)) + b"".join(key + item for key, item in pairs)
    raise TypeError(f"{type(value).__name__} has no place in CTAP2 CBOR")


def _head(major: int, argument: int) -> bytes:
    if argument < _ONE_BYTE:
        return bytes([major << 5 | argument])
    for exponent, size in enumerate(_SIZES):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | _ONE_BYTE + exponent]) + argument.to_bytes(size)
    raise OverflowError("an integer in CBOR has at most 64 bits")


def _order(pair: tuple[bytes, bytes]) -> tuple[int, int, bytes]:
    """Keys sort by major type, then by length, then bytewise."""
    key = pair[0]
    return key[0] >> 5, len(key), key


def decode(data: bytes) -> Value:
    """The value that these bytes encode, all of them.

    Raises:
        CtapError: INVALID_CBOR, for anything but one canonical value nested at most 4 deep.
    """
    value = _Reader(data).value(DEPTH_LIMIT)
    # Shortest heads, sorted and unique keys and no byte left over, in one comparison.
    if encode(value) != data:
        raise CtapError(Status.INVALID_CBOR)
    return value


class _Reader:
    """Reads values one after the other; what is not canonical about them is not its affair."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self, depth: int) -> Value:
        """The next value, nested at most `depth` deep."""
        major, argument = self._head()
        result: Value
        match major:
            case 0:
                result = argument
            case 1:
                result = -1 - argument
            case 2:
                result = self._take(argument)
            case 3:
                result = self._text(argument)
            case 4 if depth:
                result = [self.value(depth - 1) for _ in range(argument)]
            case 5 if depth:
                result = dict(self._pair(depth - 1) for _ in range(argument))
            case 7 if argument in (_FALSE, _TRUE):
                result = argument == _TRUE
            case _:
                raise CtapError(Status.INVALID_CBOR)
        return result

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        major, short = first >> 5, first & 0x1F
        if short < _ONE_BYTE:
            return major, short
        if short >= _ONE_BYTE + len(_SIZES):
            raise CtapError(Status.INVALID_CBOR)
        return major, int.from_bytes(self._take(_SIZES[short - _ONE_BYTE]))

    def _take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise CtapError(Status.INVALID_CBOR)
        return self._data[start : self._at]

    def _text(self, size: int) -> str:
        try:
            return self._take(size).decode()
        except UnicodeDecodeError as error:
            raise CtapError(Status.INVALID_CBOR) from error

    def _pair(self, depth: int) -> tuple[Key, Value]:
        key = self.value(depth)
        if isinstance(key, bool) or not isinstance(key, (int, str)):
            raise CtapError(Status.INVALID_CBOR)
        return key, self.value(depth)

"""JSON from the online side: in whatever encoding it came, and with what a later version adds.

Windows PowerShell 5.1 writes UTF-16 with `>` and a byte order mark with `-Encoding UTF8`. What a
later version adds is left alone, and counted, so that people can be told.
"""

import codecs
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 in either order, with or without a byte order mark.

    Raises:
        ValueError: It is neither.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    # JSON begins with an ASCII character: without a mark, the zero beside it tells the order.
    first = data[:2]
    if len(first) == 2 and 0 in first:  # noqa: PLR2004 - one UTF-16 unit
        return data.decode("utf-16-be" if first[0] == 0 else "utf-16-le")
    return data.decode("utf-8-sig")


def json_of(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The value in a JSON file.

    Raises:
        ValueError: It is no JSON, names a member of an object twice, or is nested too deep.
    """
    try:
        return json.loads(text_of(data), object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(name for name, times in Counter(n for n, _ in pairs).items() if times > 1)
        raise ValueError(f"it names {twice!r} twice in one object")
    return members


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number in JSON")


def read_as(kind: type[T], data: bytes) -> tuple[T, Mapping[str, int]]:
    """What a JSON file says, and the members that were not understood.

    Args:
        kind: A msgspec struct; members that it does not have are left out.

    Returns:
        The struct, and name -> how often it was left out. Annotations of OData do not count.

    Raises:
        ValueError: The file is no JSON, or not of that form.
    """
    raw = json_of(data)
    read = msgspec.convert(raw, kind)
    return read, Counter(_left_out(raw, msgspec.to_builtins(read)))


def _left_out(raw: object, read: object) -> Iterator[str]:
    """Names of members that are in the file, and not in what was read from it."""
    if isinstance(raw, dict) and isinstance(read, dict):
        for name, value in raw.items():
            if name in read:
                yield from _left_out(value, read[name])
            elif not name.startswith("@odata."):
                yield name
    elif isinstance(raw, list) and isinstance(read, list | tuple):
        for one, other in zip(raw, read, strict=False):
            yield from _left_out(one, other)

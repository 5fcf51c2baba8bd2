"""The Internet Printing Protocol as far as a CUPS queue needs it: messages to bytes and back.

Sources: RFC 8010 (encoding), RFC 8011 (operations, attributes, status codes), and 'CUPS
Implementation of IPP' for `purge-job` and CUPS-Get-Printers. A message holds nothing secret: the
document follows it and is never part of it here.
"""

import struct
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final, TypeAlias

import msgspec

from keyvault_kit.sheets.printing.errors import ServerFaultError

VERSION: Final = (1, 1)
MAX_DEPTH: Final = 8
"""Collections within collections that are read."""


class Operation(IntEnum):
    """Operation ids (RFC 8011, 5.4.15; CUPS's own from 0x4000)."""

    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_PRINTER_ATTRIBUTES = 0x000B
    CUPS_GET_PRINTERS = 0x4002


class Group(IntEnum):
    """Delimiter tags (RFC 8010, 3.5.1)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """Value tags (RFC 8010, 3.5.2)."""

    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    NATURAL_LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


class Status(IntEnum):
    """The status codes that are told apart (RFC 8011, appendix B); below 0x0100 all is well."""

    FORBIDDEN = 0x0401
    NOT_AUTHENTICATED = 0x0402
    NOT_AUTHORIZED = 0x0403
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    FORMAT_NOT_SUPPORTED = 0x040A
    VALUES_NOT_SUPPORTED = 0x040B
    NOT_ACCEPTING_JOBS = 0x0506


Value: TypeAlias = "str | int | bytes | Mapping[str, tuple[Value, ...]] | None"
Attributes: TypeAlias = Mapping[str, tuple[Value, ...]]

_OUT_OF_BAND: Final = range(0x10, 0x20)
_NUMBERS: Final = (Tag.INTEGER, Tag.ENUM)
_TEXTS: Final = range(0x40, 0x60)
_SUCCESS: Final = 0x0100


class Attribute(msgspec.Struct, frozen=True):
    """An attribute to send.

    Attributes:
        value: A tuple of attributes is a collection.
    """

    name: str
    tag: Tag
    value: "str | int | tuple[Attribute, ...]"


class Response(msgspec.Struct, frozen=True):
    """What a server answered.

    Attributes:
        status: See `Status`; there are more.
        groups: The groups of attributes in order, each with its delimiter tag.
    """

    status: int
    groups: tuple[tuple[int, Attributes], ...]

    @property
    def well(self) -> bool:
        """Whether the operation was carried out."""
        return self.status < _SUCCESS

    def first(self, group: Group) -> Attributes:
        """The first group of a kind; empty where there is none."""
        return next((attributes for tag, attributes in self.groups if tag == group), {})

    @property
    def message(self) -> str:
        """What the server says to people (`status-message`), or the status as a number."""
        return first_text(self.first(Group.OPERATION), "status-message") or f"0x{self.status:04x}"


def texts(attributes: Attributes, name: str) -> tuple[str, ...]:
    """The values of an attribute that are texts, keywords, names or the like."""
    return tuple(value for value in attributes.get(name, ()) if isinstance(value, str))


def first_text(attributes: Attributes, name: str) -> str:
    """The first such value, or nothing."""
    return next(iter(texts(attributes, name)), "")


def number(attributes: Attributes, name: str) -> int | None:
    """The first value that is a number; None where there is none, or it has no value yet."""
    return next((value for value in attributes.get(name, ()) if isinstance(value, int)), None)


# --- To bytes


def request(
    operation: Operation,
    number: int,
    attributes: Iterable[Attribute],
    job: Iterable[Attribute] = (),
) -> bytes:
    """A request as bytes (RFC 8010, 3.1), before the document.

    Args:
        operation: What is asked for.
        number: The request id, from 1.
        attributes: Operation attributes after charset and language, which stand first.
        job: Job attributes.
    """
    head = struct.pack(">BBHI", *VERSION, operation, number)
    language = (
        Attribute("attributes-charset", Tag.CHARSET, "utf-8"),
        Attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, "en"),
    )
    body = _group(Group.OPERATION, (*language, *attributes))
    of_job = tuple(job)
    return head + body + (_group(Group.JOB, of_job) if of_job else b"") + bytes([Group.END])


def _group(tag: Group, attributes: Iterable[Attribute]) -> bytes:
    """The attributes in order; those that follow with the same name are further values of it."""
    parts, before = [bytes([tag])], ""
    for attribute in attributes:
        name = "" if attribute.name == before else attribute.name
        parts.append(_encoded(name, attribute))
        before = attribute.name
    return b"".join(parts)


def _encoded(name: str, attribute: Attribute) -> bytes:
    value = attribute.value
    if isinstance(value, tuple):
        members = b"".join(
            _field(Tag.MEMBER_NAME, "", member.name.encode()) + _encoded("", member)
            for member in value
        )
        return _field(attribute.tag, name, b"") + members + _field(Tag.END_COLLECTION, "", b"")
    if attribute.tag is Tag.BOOLEAN:
        return _field(attribute.tag, name, bytes([bool(value)]))
    if isinstance(value, int):
        return _field(attribute.tag, name, struct.pack(">i", value))
    return _field(attribute.tag, name, value.encode())


def _field(tag: Tag, name: str, value: bytes) -> bytes:
    key = name.encode()
    return struct.pack(f">BH{len(key)}sH", tag, len(key), key, len(value)) + value


# --- From bytes


def response(data: bytes) -> Response:
    """Read a server's answer (RFC 8010, 3.1).

    Raises:
        ServerFaultError: It is no IPP message, or is cut short.
    """
    try:
        return _Reader(data).message()
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ServerFaultError("the print server's answer is no IPP message") from error


class _Reader:
    """Reads a message from the front; every length is checked before it is believed."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def message(self) -> Response:
        """The whole message."""
        _, _, status, _ = struct.unpack(">BBHI", self._take(8))
        groups: list[tuple[int, dict[str, tuple[Value, ...]]]] = []
        while (tag := self._take(1)[0]) != Group.END:
            groups.append((tag, self._attributes()))
        return Response(status, tuple(groups))

    def _attributes(self) -> dict[str, tuple[Value, ...]]:
        """One group, up to the next delimiter."""
        attributes: dict[str, tuple[Value, ...]] = {}
        name = ""
        while self._peek() >= _OUT_OF_BAND.start:
            tag, key, data = self._field()
            name = key or name
            attributes[name] = (*attributes.get(name, ()), self._value(tag, data, MAX_DEPTH))
        return attributes

    def _value(self, tag: int, data: bytes, depth: int) -> Value:
        if tag == Tag.BEGIN_COLLECTION:
            return self._collection(depth)
        if tag in _OUT_OF_BAND:
            return None
        if tag == Tag.BOOLEAN:
            return data != b"\0"
        if tag in _NUMBERS:
            return int(struct.unpack(">i", data)[0])
        if tag in (Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE):
            inner = _Reader(data)
            inner._sized()  # the language
            return inner._sized().decode()
        return data.decode() if tag in _TEXTS else data

    def _collection(self, depth: int) -> dict[str, tuple[Value, ...]]:
        """The members of a collection, up to its end (RFC 8010, 3.1.6)."""
        if not depth:
            raise ValueError("collections in collections, too deep")
        members: dict[str, tuple[Value, ...]] = {}
        name = ""
        while True:
            tag, _, data = self._field()
            if tag == Tag.END_COLLECTION:
                return members
            if tag == Tag.MEMBER_NAME:
                name = data.decode()
            else:
                members[name] = (*members.get(name, ()), self._value(tag, data, depth - 1))

    def _field(self) -> tuple[int, str, bytes]:
        tag = self._take(1)[0]
        return tag, self._sized().decode(), self._sized()

    def _sized(self) -> bytes:
        return self._take(struct.unpack(">H", self._take(2))[0])

    def _peek(self) -> int:
        if self._at >= len(self._data):
            raise ValueError("cut short")
        return self._data[self._at]

    def _take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise ValueError("cut short")
        self._at += count
        return piece

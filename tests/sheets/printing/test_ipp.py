"""IPP messages: what is asked, and what answers that are broken come to."""

import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyvault_kit.errors import KeyvaultError
from keyvault_kit.sheets.printer import Options, Queue, Server
from keyvault_kit.sheets.printing.errors import (
    LeftInSpoolError,
    NoServerError,
    NotPermittedError,
    ServerFaultError,
    ServerLostError,
)
from keyvault_kit.sheets.printing.ipp import (
    Attribute,
    Group,
    Operation,
    Status,
    Tag,
    request,
    response,
)
from keyvault_kit.sheets.printing.state import queue_state
from keyvault_kit.sheets.printing.trouble import trouble
from tests.sheets.printing.cups import PATIENT

OK = 0x0000


def field(tag: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def answer(status: int, *groups: bytes) -> bytes:
    """An answer with charset and language, as every one has."""
    head = struct.pack(">BBHI", 1, 1, status, 1)
    said = field(0x47, b"attributes-charset", b"utf-8")
    said += field(0x48, b"attributes-natural-language", b"en")
    return head + b"\x01" + said + b"".join(groups) + b"\x03"


JOB = b"\x02" + field(0x21, b"job-id", struct.pack(">i", 7))


def test_a_request_is_laid_out_as_rfc_8010_has_it() -> None:
    uri = Attribute("printer-uri", Tag.URI, "ipp://localhost/printers/x")
    message = request(Operation.GET_PRINTER_ATTRIBUTES, 9, (uri,))
    assert message == bytes.fromhex("0101000b00000009") + (
        b"\x01"
        b"\x47\x00\x12attributes-charset\x00\x05utf-8"
        b"\x48\x00\x1battributes-natural-language\x00\x02en"
        b"\x45\x00\x0bprinter-uri\x00\x1aipp://localhost/printers/x"
        b"\x03"
    )


def test_what_is_asked_can_be_read_again() -> None:
    size = (Attribute("x-dimension", Tag.INTEGER, 21000), Attribute("y", Tag.INTEGER, -1))
    attributes = (
        Attribute("wanted", Tag.KEYWORD, "a"),
        Attribute("wanted", Tag.KEYWORD, "b"),
        Attribute("strict", Tag.BOOLEAN, 1),
        Attribute(
            "media-col",
            Tag.BEGIN_COLLECTION,
            (
                Attribute("media-size", Tag.BEGIN_COLLECTION, size),
                Attribute("from", Tag.KEYWORD, "main"),
            ),
        ),
    )
    read = response(
        request(Operation.CREATE_JOB, 1, attributes, (Attribute("copies", Tag.INTEGER, 1),))
    )
    said = read.first(Group.OPERATION)
    assert said["wanted"] == ("a", "b")
    assert said["strict"] == (True,)
    assert said["media-col"] == (
        {"media-size": ({"x-dimension": (21000,), "y": (-1,)},), "from": ("main",)},
    )
    assert read.first(Group.JOB) == {"copies": (1,)}


def test_kinds_of_values_that_are_answered_and_never_asked() -> None:
    named = struct.pack(">H", 2) + b"en" + struct.pack(">H", 3) + b"abc"
    group = b"\x04" + field(0x13, b"time", b"") + field(0x36, b"name", named)
    group += field(0x33, b"range", struct.pack(">ii", 1, 9)) + field(0x35, b"text", named)
    said = response(answer(OK, group)).first(Group.PRINTER)
    assert said["time"] == (None,)
    assert said["name"] == said["text"] == ("abc",)
    assert said["range"] == (b"\0\0\0\x01\0\0\0\x09",)


def test_an_answer_that_is_cut_short_anywhere_is_none() -> None:
    collection = field(0x34, b"col", b"") + field(0x4A, b"", b"m") + field(0x44, b"", b"v")
    whole = answer(OK, JOB, b"\x04" + collection + field(0x37, b"", b""))
    assert response(whole).first(Group.PRINTER) == {"col": ({"m": ("v",)},)}
    for length in range(len(whole)):
        with pytest.raises(ServerFaultError):
            response(whole[:length])


@given(st.binary(max_size=200))
def test_whatever_else_is_answered_is_a_clear_error(data: bytes) -> None:
    whole = answer(OK)[:-1] + data
    try:
        read = response(whole)
    except ServerFaultError:
        return
    assert read.well


def test_collections_in_collections_have_an_end() -> None:
    deep = field(0x34, b"col", b"") + (field(0x4A, b"", b"m") + field(0x34, b"", b"")) * 5000
    with pytest.raises(ServerFaultError):
        response(answer(OK, b"\x04" + deep))


# --- A server that is none


@pytest.fixture
def at() -> Iterator[Path]:
    """A path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="kvk-") as folder:
        yield Path(folder) / "sock"


class Answering:
    """Listens on a socket, and answers each request with the next of some bytes; None: silence."""

    def __init__(self, at: Path, *answers: bytes | None) -> None:
        self.got: list[bytes] = []
        self._answers = answers
        self._done = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(at))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(timeout=10)
        self._listener.close()

    def _serve(self) -> None:
        with ExitStack() as open_until_the_end:
            for data in self._answers:
                connection, _ = self._listener.accept()
                with connection:
                    self.got.append(self._request(connection))
                    if data is not None:
                        with suppress(OSError):  # who has heard enough hangs up
                            connection.sendall(data)
                    else:
                        open_until_the_end.enter_context(connection.dup())
            self._done.wait(10)

    def _request(self, connection: socket.socket) -> bytes:
        """Headers, and the body that they announce."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        while len(body) < length:
            body += connection.recv(65536)
        return body


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (http(b""), ServerFaultError),
        (http(b"<html>It works!</html>"), ServerFaultError),
        (http(b"", "500 Internal Server Error"), ServerFaultError),
        (http(b"", "404 Not Found"), ServerFaultError),
        (http(b"", "401 Unauthorized"), NotPermittedError),
        (http(b"", "403 Forbidden"), NotPermittedError),
        (http(answer(Status.FORBIDDEN)), NotPermittedError),
        (http(answer(Status.NOT_AUTHORIZED)), NotPermittedError),
        (http(answer(0x0500)), ServerFaultError),
        (http(b"x" * (5 << 20)), ServerFaultError),
        (b"", ServerLostError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ServerLostError),
        (http(b"x" * 100)[:-50], ServerFaultError),
        (None, ServerLostError),
    ],
)
def test_what_answers_in_place_of_cups(
    data: bytes | None, error: type[KeyvaultError], at: Path
) -> None:
    with Answering(at, data), pytest.raises(error):
        Queue("x", Server(str(at), timeout=0.3), PATIENT).state()


def test_a_socket_that_nobody_listens_on(at: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unheard:
        unheard.bind(str(at))
        with pytest.raises(NoServerError):
            Queue("x", Server(str(at)), PATIENT).state()


QUEUE = b"\x04" + field(0x42, b"printer-name", b"x") + field(0x23, b"printer-state", b"\0\0\0\3")
QUEUE += field(0x22, b"printer-is-accepting-jobs", b"\1")
QUEUE += field(0x45, b"device-uri", b"usb://Maker/Model")
QUEUE += field(0x49, b"document-format-supported", b"application/pdf")
PDF = b"%PDF-1.4 the sheet"


def test_a_server_that_dies_as_it_gets_the_sheet_may_have_it(at: Path) -> None:
    answers = (http(answer(OK, QUEUE)), http(answer(OK, JOB)), b"")
    with Answering(at, *answers) as server:
        queue = Queue("x", Server(str(at), timeout=0.3), PATIENT)
        with pytest.raises(LeftInSpoolError) as caught:
            queue.submit(PDF, title="keyvault-sheet-00000000", options=Options())
        assert caught.value.may_be_on_paper
        assert "job 7" in caught.value.what
        assert server.got[2].endswith(PDF)


def test_a_server_that_does_not_take_the_job_never_gets_the_sheet(at: Path) -> None:
    refused = b"\x05" + field(0x10, b"media", b"")
    answers = (http(answer(OK, QUEUE)), http(answer(Status.VALUES_NOT_SUPPORTED, refused)))
    with Answering(at, *answers) as server:
        with pytest.raises(KeyvaultError, match="media"):
            Queue("x", Server(str(at), timeout=0.3), PATIENT).submit(
                PDF, title="keyvault-sheet-00000000", options=Options()
            )
        assert not any(PDF in got for got in server.got)


# --- What a printer reports


@pytest.mark.parametrize(
    "reasons",
    [
        (),
        ("none",),
        ("toner-low-warning", "media-low-report"),
        ("paused", "moving-to-paused"),
        ("cups-waiting-for-job-completed",),
        ("cups-ipp-conformance-failure-report",),
        ("media-empty-report",),
    ],
)
def test_reports_that_stop_nothing_are_no_severe_trouble(reasons: tuple[str, ...]) -> None:
    found = trouble(reasons)
    assert found is None or not found.severe


# --- What is behind a queue


@pytest.mark.parametrize(
    "device",
    [
        "usb://HP/LaserJet%20P2055?serial=[X1",
        "hp:/usb/LaserJet?serial=1",
        "parallel:/dev/lp0",
        "serial:/dev/ttyS0?baud=9600",
        "ippusb://Maker%20Model/ipp/print",
        "ipp://localhost:60000/ipp/print",
        "IPPS://127.0.0.1:60000/ipp/print",
        "ipp://[::1]:60000/ipp/print",
    ],
)
def test_a_printer_on_a_cable_is_known_by_its_uri(device: str) -> None:
    assert queue_state({"device-uri": (device,)}).is_direct


@pytest.mark.parametrize(
    "device",
    [
        "",
        "ipp://printer.example/ipp/print",
        "IPPS://192.0.2.7/ipp/print",
        "ipp://localhost.example/ipp/print",
        "ipp://localhost@192.0.2.7/ipp/print",
        "ipp://[broken/ipp/print",
        "ipp://localhost/printers/far",  # a queue of a queue
        "ipp://localhost:6310/classes/far",
        "socket://localhost:9100",  # whatever listens there
        "socket://192.0.2.7:9100",
        "dnssd://Office._ipp._tcp.local/?uuid=1",
        "hp:/net/LaserJet?ip=192.0.2.7",
        "hpfax:/usb/LaserJet?serial=1",
        "implicitclass://far/",
        "beh:/1/3/5/socket://192.0.2.7:9100",
        "bjnp://192.0.2.7",
        "ipp14://192.0.2.7/ipp/print",
        "tea4cups:socket://192.0.2.7:9100",
        "cups-pdf:/",
        "file:///dev/null",
    ],
)
def test_any_other_way_to_a_printer_is_not_a_cable(device: str) -> None:
    assert not queue_state({"device-uri": (device,)}).is_direct

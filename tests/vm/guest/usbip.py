"""A software key as a true USB device: the device's side of USB/IP, for the kernel's vhci_hcd.

The kernel is given one end of a socket and sends USB requests down it; the other end is answered
here. Sources: Linux, Documentation/usb/usbip_protocol.rst and Documentation/ABI/testing/
sysfs-platform_vhci_hcd; USB 2.0, chapter 9; USB HID 1.11; CTAP 2.1, 11.2.8.
"""

import errno
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from keyvault_kit.softkey.bus import USAGE, USAGE_PAGE, SoftBus, SoftHandle

PACKET: Final = 64
VHCI: Final = Path("/sys/devices/platform/vhci_hcd.0")

_SUBMIT, _UNLINK, _SUBMITTED, _UNLINKED = 1, 2, 3, 4
_OUT, _IN = 0, 1
_HEADER = struct.Struct(">5I")
_REQUEST = struct.Struct(">IiiiI8s")
_RESULT = struct.Struct(">iiiiI8x")
_UNLINK_REQUEST = struct.Struct(">I24x")
_UNLINK_RESULT = struct.Struct(">i24x")
_HEADER_SIZE = 48

_FULL_SPEED = 2
_PORT_IS_FREE = "004"
_INIT_BIT, _CANCEL = 0x80, 0x91
_DEVICE, _CONFIGURATION, _STRING, _HID, _REPORT = 1, 2, 3, 0x21, 0x22
_ENGLISH = b"\x04\x03\x09\x04"

_DECOY_PAGE = 0xFF00  # of usages that a maker defines


class Setup(NamedTuple):
    """A control request (USB 2.0, 9.3)."""

    kind: int
    request: int
    value: int
    about: int
    length: int


class Traffic:
    """What went over the wire to a key and back."""

    def __init__(self) -> None:
        self.reports = 0
        self.transactions = 0

    def to_key(self, report: bytes) -> int:
        """Count a report to the key; with the highest bit set a message begins."""
        self.transactions += bool(report[4] & _INIT_BIT) and report[4] != _CANCEL
        return self.from_key()

    def from_key(self) -> int:
        """Count a report, and say how many there were."""
        self.reports += 1
        return self.reports


class Descriptors:
    """What the device says of itself when it is plugged in.

    Args:
        entry: The key, as the bus of software keys lists it.
        usage_page: What its reports are for.
    """

    def __init__(self, entry: dict[str, object], usage_page: int = USAGE_PAGE) -> None:
        self._report = _report(usage_page)
        texts = [str(entry[name]) for name in ("manufacturer_string", "product_string")]
        self._strings = [_ENGLISH, *map(_string, (*texts, str(entry["serial_number"])))]
        numbers = [int(str(entry[name])) for name in ("vendor_id", "product_id")]
        release = int(str(entry["release_number"]))
        serial_index = 3 if entry["serial_number"] else 0
        self._device = struct.pack(
            "<BBHBBBBHHHBBBB",
            *(18, _DEVICE, 0x0200, 0, 0, 0, PACKET, *numbers, release, 1, 2, serial_index, 1),
        )

    def answer(self, setup: Setup) -> bytes | None:
        """The data of a control request; None for one that the device does not know."""
        match setup:
            case Setup(kind=0x80 | 0x81, request=6):  # GET_DESCRIPTOR
                found = self._descriptor(setup.value >> 8, setup.value & 0xFF)
                return None if found is None else found[: setup.length]
            case Setup(kind=0x80, request=0):  # GET_STATUS
                return b"\0\0"
            case Setup(kind=0x00, request=9) | Setup(kind=0x21, request=10):
                return b""  # SET_CONFIGURATION, SET_IDLE
        return None

    def _descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == _STRING:
            return self._strings[index] if index < len(self._strings) else None
        hid = struct.pack("<BBHBBBH", 9, _HID, 0x0111, 0, 1, _REPORT, len(self._report))
        known = {
            _DEVICE: self._device,
            _CONFIGURATION: _configuration(hid),
            _HID: hid,
            _REPORT: self._report,
        }
        return known.get(kind)


def _string(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return bytes([2 + len(data), _STRING]) + data


def _report(usage_page: int) -> bytes:
    """The report descriptor of a security key (CTAP 2.1, 11.2.8.1)."""
    return bytes.fromhex(
        f"06{usage_page.to_bytes(2, 'little').hex()} 09{USAGE:02x} a101"  # a collection of
        " 0920 1500 26ff00 7508 9540 8102"  # 64 bytes in,
        " 0921 1500 26ff00 7508 9540 9102"  # 64 bytes out
        " c0"
    )


def _configuration(hid: bytes) -> bytes:
    """One interface, HID without a boot protocol, an interrupt endpoint each way, every 5 ms."""
    interface = struct.pack("<9B", 9, 4, 0, 0, 2, 3, 0, 0, 0)
    endpoints = [struct.pack("<BBBBHB", 7, 5, address, 3, PACKET, 5) for address in (0x81, 0x01)]
    body = b"".join((interface, hid, *endpoints))
    return struct.pack("<BBHBBBBB", 9, _CONFIGURATION, 9 + len(body), 1, 1, 0, 0x80, 50) + body


class UsbKey:
    """A software key in a port of the kernel's virtual host controller.

    Args:
        bus: Where the key is plugged in.
        path: Its path there.
        unplug: Takes it away from there, as its owner does; doing so twice is no error.
        pull_at: At which report, both ways, it is pulled out, which is lost; 0 for never.
        decoy: Whether its reports are for something else than FIDO.

    Attributes:
        traffic: What went over the wire.
        port: The number of the port.
    """

    def __init__(
        self,
        bus: SoftBus,
        path: bytes,
        unplug: Callable[[], None],
        *,
        pull_at: int = 0,
        decoy: bool = False,
    ) -> None:
        (entry,) = (it for it in bus.enumerate() if it["path"] == path)
        self.traffic = Traffic()
        self._unplug, self._pull_at = unplug, pull_at
        self._descriptors = Descriptors(entry, _DECOY_PAGE if decoy else USAGE_PAGE)
        self._handle: SoftHandle = bus.open(path)
        self._wire, kernel = socket.socketpair()
        self._lock = threading.Condition()
        self._waiting: deque[int] = deque()  # requests for a report, by their sequence numbers
        self._in = True
        with kernel:
            self.port = _attach(kernel)
        for work in (self._answer_requests, self._bring_reports):
            threading.Thread(target=work, daemon=True).start()

    def pull(self) -> None:
        """Pull the key out; pulling twice is no error."""
        with self._lock:
            if not self._in:
                return
            self._in = False
            self._lock.notify_all()
        self._unplug()
        self._wire.shutdown(socket.SHUT_RDWR)

    def _answer_requests(self) -> None:
        with self._wire:
            try:
                while True:
                    self._answer(self._receive(_HEADER_SIZE))
            except OSError:
                self.pull()

    def _receive(self, size: int) -> bytes:
        data = self._wire.recv(size, socket.MSG_WAITALL) if size else b""
        if len(data) < size:
            raise OSError(errno.ENODEV, "the kernel let go of the device")
        return data

    def _answer(self, header: bytes) -> None:
        command, number, _, direction, endpoint = _HEADER.unpack_from(header)
        if command == _UNLINK:
            self._unlink(number, *_UNLINK_REQUEST.unpack_from(header, _HEADER.size))
            return
        _, length, *_, setup = _REQUEST.unpack_from(header, _HEADER.size)
        data = self._receive(length) if direction == _OUT else b""
        if endpoint == 0:
            answer = self._descriptors.answer(Setup(*struct.unpack("<BBHHH", setup)))
            status = -errno.EPIPE if answer is None else 0
            self._reply(number, status, answer or b"", len(answer or b""))
        elif direction == _IN:
            with self._lock:
                self._waiting.append(number)
                self._lock.notify_all()
        else:
            with self._lock:
                count = self.traffic.to_key(data)
            self._demand_in_port(count)
            self._handle.write(b"\0" + data)
            self._reply(number, 0, b"", len(data))

    def _unlink(self, number: int, unlinked: int) -> None:
        with self._lock:
            waited = unlinked in self._waiting
            if waited:
                self._waiting.remove(unlinked)
        status = -errno.ECONNRESET if waited else 0
        self._send(_HEADER.pack(_UNLINKED, number, 0, 0, 0) + _UNLINK_RESULT.pack(status))

    def _bring_reports(self) -> None:
        try:
            while True:
                report = bytes(self._handle.read(PACKET))
                with self._lock:
                    count = self.traffic.from_key()
                self._demand_in_port(count)
                self._bring(report)
        except OSError:
            self.pull()

    def _bring(self, report: bytes) -> None:
        # In one: the kernel drops a device that answers a request which it has just taken back.
        with self._lock:
            self._lock.wait_for(lambda: self._waiting or not self._in)
            if not self._in:
                raise OSError(errno.ENODEV, "the key was pulled out")
            self._reply(self._waiting.popleft(), 0, report, len(report))

    def _demand_in_port(self, count: int) -> None:
        if count == self._pull_at:
            raise OSError(errno.ENODEV, "the key was pulled out")

    def _reply(self, number: int, status: int, data: bytes, length: int) -> None:
        result = _RESULT.pack(status, length, 0, 0, 0)
        self._send(_HEADER.pack(_SUBMITTED, number, 0, 0, 0) + result + data)

    def _send(self, message: bytes) -> None:
        with self._lock:
            self._wire.sendall(message)


def _attach(kernel: socket.socket) -> int:
    """Give the kernel its end of the wire, at the first free port of a full-speed hub."""
    rows = [line.split() for line in (VHCI / "status").read_text(encoding="ascii").splitlines()]
    port = next(int(row[1]) for row in rows if (row[0], row[2]) == ("hs", _PORT_IS_FREE))
    request = f"{port} {kernel.fileno()} {port + 1} {_FULL_SPEED}"
    (VHCI / "attach").write_text(request, encoding="ascii")
    return port

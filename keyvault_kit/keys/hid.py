"""The seam at the hardware: HID reports of 64 bytes, out and in.

Everything above this seam runs the same with a real key and with a software key. The shape is
hidapi's, so that the real bus is a thin wrapper; python-fido2 does the framing (CTAP 2.1, 11.2).
"""

import importlib
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import msgspec
from fido2.hid import CTAPHID
from fido2.hid.base import FIDO_USAGE, FIDO_USAGE_PAGE, CtapHidConnection

from keyvault_kit.errors import DeviceError

PACKET_SIZE = 64
# A key that works on something says so every 100 ms (CTAP 2.1, 11.2.9.2.2), so this is generous.
SILENCE_LIMIT_S = 3.0
_POLL_MS = 50
_NAME_LIMIT = 64
# udev gives a new node to the person at the console some 10 ms after it appears; a slow machine
# gets more.
_SETTLING_S = 2.0
# A packet (CTAP 2.1, 11.2.4): channel, then command and length, or a sequence number.
_COMMAND, _LENGTH, _INIT_HEAD, _CONTINUATION_HEAD = 4, slice(5, 7), 7, 5
_INIT_BIT = 0x80
_NONCE = slice(_INIT_HEAD, _INIT_HEAD + 8)
# What may come in the place of any answer, or before it.
_BETWEEN = {_INIT_BIT | CTAPHID.ERROR, _INIT_BIT | CTAPHID.KEEPALIVE}
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

Clock = Callable[[], float]


class HidHandle(Protocol):
    """An open HID device, as hidapi's `device`."""

    def write(self, data: bytes) -> int:
        """Send one report: the report id 0, then 64 bytes. Returns the bytes taken, or -1."""
        ...

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        """One report of 64 bytes, or nothing where none came in time."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class HidBus(Protocol):
    """Where keys are plugged in, as the module hidapi."""

    def enumerate(self) -> list[dict[str, object]]:
        """All HID devices, as hidapi's dictionaries."""
        ...

    def open(self, path: bytes) -> HidHandle:
        """Open the device at `path`; OSError or DeviceError where that fails."""
        ...


class _Backend(Protocol):
    """The part of hidapi's module that the kit uses; it ships no type information."""

    def enumerate(self) -> list[dict[str, object]]: ...

    def device(self) -> "_BackendDevice": ...


class _BackendDevice(HidHandle, Protocol):
    def open_path(self, path: bytes) -> None: ...


class HidapiBus:
    """The real bus. hidapi is loaded at the first use: importing the kit must stay cheap."""

    def enumerate(self) -> list[dict[str, object]]:
        """All HID devices of this machine.

        Raises:
            DeviceError: hidapi is missing, or the system refused.
        """
        try:
            return _backend().enumerate()
        except OSError as error:
            raise DeviceError("the HID devices of this machine cannot be listed") from error

    def open(self, path: bytes) -> HidHandle:
        """Open a device.

        Raises:
            DeviceError: It is gone, in use, or this user may not open it.
        """
        device = _backend().device()
        try:
            with _awake(path):
                device.open_path(path)
        except OSError as error:
            where = os.fsdecode(path)
            raise DeviceError(f"{where} cannot be opened", mend=_mend_for(where)) from error
        return device


@contextmanager
def _awake(path: bytes) -> Iterator[None]:
    """Hold a device open for the time of the block, so that hidapi need not wait for it.

    The first to open a USB HID device sleeps 50 ms in the kernel, or longer where the key does
    (usbhid_open, Linux drivers/hid/usbhid/hid-core.c), and hidapi keeps Python's lock while it
    does: many keys would be opened one after another, and a stuck one would stop everything.

    Raises:
        OSError: It is gone, in use, or this user may not open it.
    """
    if sys.platform != "linux":
        yield
        return
    wait_for_rights(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield
    finally:
        os.close(descriptor)


def wait_for_rights(
    path: bytes, clock: Clock = time.time, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until this user may open a device node, for as long as the node is new.

    Args:
        path: The node.
        clock: Seconds since 1970, as the node's own time is given in.
        sleep: Waits for some seconds.

    Raises:
        OSError: There is no such node.
    """
    until = min(Path(os.fsdecode(path)).stat().st_ctime, clock()) + _SETTLING_S
    while not os.access(path, os.R_OK | os.W_OK) and clock() < until:
        sleep(_POLL_MS / 1000)


def _backend() -> _Backend:
    # On Linux the wheel's `hid` is the libusb backend: no usage pages, and it takes the key away
    # from the kernel. `hidraw` is the right one there, `hid` everywhere else.
    name = "hidraw" if sys.platform == "linux" else "hid"
    try:
        return cast("_Backend", importlib.import_module(name))
    except ImportError as error:
        raise DeviceError(
            f"the module {name} of hidapi cannot be loaded",
            mend="Install the kit's locked requirements again.",
        ) from error


def _mend_for(path: str) -> str:
    if sys.platform == "win32":
        return "Windows gives security keys to Administrators only: run the kit as one."
    if not Path(path).exists():
        return "Plug the key in again."
    if not os.access(path, os.R_OK | os.W_OK):
        return (
            "This user may not open it: install the udev rules, then plug the key in again;"
            " 'keyvault doctor keys' says what is missing."
        )
    return "Close other programs that use the key, then plug it in again."


class PluggedKey(msgspec.Struct, frozen=True):
    """A security key as the operating system sees it, before it was asked anything.

    Attributes:
        path: Where hidapi opens it.
        vendor_id: USB vendor id.
        product_id: USB product id.
        manufacturer: USB manufacturer string, printable characters only; may be empty.
        product: USB product string, printable characters only; may be empty.
        usb_serial: USB serial string; few makers fill it in, and it is a claim.
        release: USB release number, binary-coded decimal (0x0543 is 5.43).
        plugging: Identity of this plugging, where the system tells it; a replugged key has another.
    """

    path: bytes
    vendor_id: int
    product_id: int
    manufacturer: str = ""
    product: str = ""
    usb_serial: str = ""
    release: int = 0
    plugging: str = ""

    @property
    def where(self) -> str:
        """The path for people, printable characters only."""
        return printable(os.fsdecode(self.path))

    @property
    def name(self) -> str:
        """The key for people: product and USB serial, or product and path."""
        product = self.product or f"security key {self.vendor_id:04x}:{self.product_id:04x}"
        return f"{product} ({self.usb_serial or self.where})"


def plugged(bus: HidBus) -> tuple[PluggedKey, ...]:
    """The FIDO security keys on the bus, sorted by path.

    Raises:
        DeviceError: The bus cannot be listed.
    """
    try:
        entries = bus.enumerate()
    except OSError as error:
        raise DeviceError("the HID devices cannot be listed") from error
    # A path can stand in the list once for each of its usages.
    keys = {key.path: key for key in map(_plugged_key, filter(_is_fido, entries))}
    return tuple(keys[path] for path in sorted(keys))


def _is_fido(entry: dict[str, object]) -> bool:
    return (entry.get("usage_page"), entry.get("usage")) == (FIDO_USAGE_PAGE, FIDO_USAGE)


def _plugged_key(entry: dict[str, object]) -> PluggedKey:
    def number(field: str) -> int:
        value = entry.get(field)
        return value if isinstance(value, int) else 0

    found = entry.get("path")
    path = found if isinstance(found, bytes) else os.fsencode(str(found))
    return PluggedKey(
        path=path,
        vendor_id=number("vendor_id"),
        product_id=number("product_id"),
        manufacturer=printable(entry.get("manufacturer_string")),
        product=printable(entry.get("product_string")),
        usb_serial=printable(entry.get("serial_number")),
        release=number("release_number"),
        plugging=_plugging(path),
    )


def _plugging(path: bytes) -> str:
    """The boot and the inode of the device node: Linux makes a new node at each plugging."""
    if sys.platform != "linux":
        return ""
    try:
        return f"{_boot()}/{Path(os.fsdecode(path)).stat().st_ino}"
    except (OSError, ValueError):
        return ""  # no such node: a software key, or one that was pulled out just now


@cache
def _boot() -> str:
    return _BOOT_ID.read_text().strip()


def printable(text: object) -> str:
    """A device chooses its own strings: no control character of theirs reaches a terminal."""
    if not isinstance(text, str):
        return ""
    return "".join(filter(str.isprintable, text)).strip()[:_NAME_LIMIT]


class KeyConnection(CtapHidConnection):
    """python-fido2's packets over a :class:`HidHandle`, with an end to every wait.

    Args:
        handle: The open device.
        clock: Monotonic seconds.

    Attributes:
        deadline: On the same clock: when the operation as a whole is given up, however busy the
            key claims to be.
    """

    def __init__(self, handle: HidHandle, clock: Clock = time.monotonic) -> None:
        self._handle = handle
        self._clock = clock
        self._request = bytes(PACKET_SIZE)
        self._missing = 0
        self.deadline = math.inf

    def give(self, seconds: float) -> None:
        """Give the coming operation this many seconds from now."""
        self.deadline = self._clock() + seconds

    def write_packet(self, data: bytes) -> None:
        """Send one packet of 64 bytes.

        Raises:
            OSError: The key is gone, or the time for the operation is over.
        """
        if data[_COMMAND] & _INIT_BIT and data[_COMMAND] != _INIT_BIT | CTAPHID.CANCEL:
            self._request, self._missing = bytes(data), 0
        if self._clock() >= self.deadline:
            raise TimeoutError("the key did not finish in time")
        report = b"\0" + data
        if self._handle.write(report) != len(report):
            raise OSError("the key took no report")

    def read_packet(self) -> bytes:
        """The next packet of 64 bytes of the answer to what was sent last.

        hidraw hands every program all packets of a key, so those that are another's are passed by,
        and so is what is left of an answer that nobody waited for to the end.

        Raises:
            OSError: The key is gone, is silent, or the time for the operation is over.
            ValueError: The key answers another command than the one that was sent.
        """
        silent_at = self._clock() + SILENCE_LIMIT_S
        while self._clock() < min(silent_at, self.deadline):
            packet = bytes(self._handle.read(PACKET_SIZE, _POLL_MS))
            if packet and len(packet) != PACKET_SIZE:
                raise OSError(f"the key sent a report of {len(packet)} bytes")
            if packet and self._is_ours(packet):
                return packet
        raise TimeoutError("the key is silent, or did not finish in time")

    def _is_ours(self, packet: bytes) -> bool:
        """Whether it belongs to the answer that is waited for (CTAP 2.1, 11.2.4 and 11.2.9.1.3)."""
        if packet[:_COMMAND] != self._request[:_COMMAND]:
            return False
        if self._missing > 0:
            self._missing -= PACKET_SIZE - _CONTINUATION_HEAD
            return True
        command, asked = packet[_COMMAND], self._request[_COMMAND]
        if not command & _INIT_BIT:
            return False
        if command in _BETWEEN:
            return True
        if asked == _INIT_BIT | CTAPHID.INIT:
            # All programs greet a key on one channel; the nonce tells whose answer it is.
            return command == asked and packet[_NONCE] == self._request[_NONCE]
        if command != asked:
            raise ValueError(f"an answer to command 0x{command:02x}, not to 0x{asked:02x}")
        self._missing = int.from_bytes(packet[_LENGTH]) - (PACKET_SIZE - _INIT_HEAD)
        return True

    def rest(self, seconds: float) -> bool:
        """Wait before the key is asked again; what it sends meanwhile is passed by.

        Returns:
            Whether there is time left for that.

        Raises:
            OSError: The key is gone.
        """
        until = self._clock() + seconds
        while self._clock() < until:
            self._handle.read(PACKET_SIZE, _POLL_MS)
        return self._clock() < self.deadline

    def close(self) -> None:
        """Let go of the device."""
        self._handle.close()

"""The seam at the hardware: HID reports of 64 bytes, out and in.

Everything above this seam runs the same with a real key and with a software key. The shape is
hidapi's, so that the real bus is a thin wrapper; python-fido2 does the framing (CTAP 2.1, 11.2).
"""

import importlib
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import msgspec
from fido2.hid.base import FIDO_USAGE, FIDO_USAGE_PAGE, CtapHidConnection

from keyvault_kit.errors import DeviceError

PACKET_SIZE = 64
# A key that works on something says so every 100 ms (CTAP 2.1, 11.2.9.2.2), so this is generous.
SILENCE_LIMIT_S = 3.0
_POLL_MS = 50
_NAME_LIMIT = 64

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
            device.open_path(path)
        except OSError as error:
            where = os.fsdecode(path)
            raise DeviceError(f"{where} cannot be opened", mend=_mend_for(where)) from error
        return device


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
        return "This user may not open it: install the udev rules, then plug the key in again."
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
    """

    path: bytes
    vendor_id: int
    product_id: int
    manufacturer: str = ""
    product: str = ""
    usb_serial: str = ""
    release: int = 0

    @property
    def name(self) -> str:
        """The key for people: product and USB serial, or product and path."""
        product = self.product or f"security key {self.vendor_id:04x}:{self.product_id:04x}"
        return f"{product} ({self.usb_serial or _printable(os.fsdecode(self.path))})"


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

    path = entry.get("path")
    return PluggedKey(
        path=path if isinstance(path, bytes) else os.fsencode(str(path)),
        vendor_id=number("vendor_id"),
        product_id=number("product_id"),
        manufacturer=_printable(entry.get("manufacturer_string")),
        product=_printable(entry.get("product_string")),
        usb_serial=_printable(entry.get("serial_number")),
        release=number("release_number"),
    )


def _printable(text: object) -> str:
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
        self._channel = b""
        self.deadline = math.inf

    def give(self, seconds: float) -> None:
        """Give the coming operation this many seconds from now."""
        self.deadline = self._clock() + seconds

    def write_packet(self, data: bytes) -> None:
        """Send one packet of 64 bytes.

        Raises:
            OSError: The key is gone, or the time for the operation is over.
        """
        self._channel = bytes(data[:4])
        if self._clock() >= self.deadline:
            raise TimeoutError("the key did not finish in time")
        report = b"\0" + data
        if self._handle.write(report) != len(report):
            raise OSError("the key took no report")

    def read_packet(self) -> bytes:
        """The next packet of 64 bytes on our channel.

        hidraw hands every program all packets of a key, so those on other channels are passed by.

        Raises:
            OSError: The key is gone, is silent, or the time for the operation is over.
        """
        silent_at = self._clock() + SILENCE_LIMIT_S
        while self._clock() < min(silent_at, self.deadline):
            packet = bytes(self._handle.read(PACKET_SIZE, _POLL_MS))
            if packet and len(packet) != PACKET_SIZE:
                raise OSError(f"the key sent a report of {len(packet)} bytes")
            if packet and packet[:4] == self._channel:
                return packet
        raise TimeoutError("the key is silent, or did not finish in time")

    def close(self) -> None:
        """Let go of the device."""
        self._handle.close()

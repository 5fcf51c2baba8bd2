"""A USB bus of software keys in the shape of hidapi, so that one caller serves both."""

import threading
from typing import Final

from keyvault_kit.errors import DeviceError
from keyvault_kit.softkey.framing import PACKET_SIZE
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.port import Port
from keyvault_kit.softkey.profiles import MANUFACTURER, SerialPlace

USAGE_PAGE: Final = 0xF1D0
USAGE: Final = 0x01

_REPORT_ID = 0
_FOR_EVER_S = float("inf")


class SoftHandle:
    """An open key, as hidapi's `device`."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._reports = port.attach()
        self._is_open = True

    def write(self, data: bytes) -> int:
        """Send one report: the report id 0, then 64 bytes.

        Returns:
            How many bytes were taken; -1 for what is no such report.

        Raises:
            OSError: The key was pulled out, or broke down.
            ValueError: The handle was closed.
        """
        self._require_open()
        if len(data) != 1 + PACKET_SIZE or data[0] != _REPORT_ID:
            return -1
        self._port.take(bytes(data[1:]))
        return len(data)

    def read(self, max_length: int, timeout_ms: int = 0) -> list[int]:
        """The next report, cut to `max_length` bytes; [] where none came within the time.

        Args:
            max_length: In bytes.
            timeout_ms: How long to wait; as in hidapi, 0 waits until a report comes.

        Raises:
            OSError: The key was pulled out, or broke down.
            ValueError: The handle was closed.
        """
        self._require_open()
        seconds = timeout_ms / 1000 if timeout_ms > 0 else _FOR_EVER_S
        report = self._port.next_report(self._reports, seconds)
        return list(report[:max_length]) if report else []

    def close(self) -> None:
        """Let go of the key; closing twice is no error."""
        self._is_open = False
        self._port.detach(self._reports)

    def _require_open(self) -> None:
        if not self._is_open:
            raise ValueError("not open")


class SoftBus:
    """The ports that software keys are plugged into."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plugged: dict[bytes, tuple[SoftKey, Port]] = {}
        self._count = 0

    def plug(self, key: SoftKey) -> bytes:
        """Plug a key in, which powers it on.

        Returns:
            Its path, another one at each plugging.

        Raises:
            DeviceError: It is plugged in already.
        """
        with self._lock:
            port = key.power_on()
            path = b"/dev/softkey%d" % self._count
            self._count += 1
            self._plugged[path] = (key, port)
            return path

    def unplug(self, path: bytes) -> None:
        """Pull the key at this path out; its open handles raise OSError from then on.

        Raises:
            DeviceError: There is none.
        """
        with self._lock:
            if path not in self._plugged:
                raise DeviceError(f"no software key is plugged in at {path.decode()}")
            key, _ = self._plugged.pop(path)
            key.power_off()

    def enumerate(self) -> list[dict[str, object]]:
        """The keys that are plugged in, as hidapi's dictionaries."""
        with self._lock:
            return [_entry(path, key) for path, (key, _) in self._plugged.items()]

    def open(self, path: bytes) -> SoftHandle:
        """Open the key at this path.

        Raises:
            OSError: There is none, or it broke down.
        """
        with self._lock:
            if path not in self._plugged:
                raise OSError("open failed")
            _, port = self._plugged[path]
        return SoftHandle(port)


def _entry(path: bytes, key: SoftKey) -> dict[str, object]:
    profile = key.profile
    shows_serial = profile.serial_place is SerialPlace.USB and key.serial is not None
    return {
        "path": path,
        "vendor_id": profile.vendor_id,
        "product_id": profile.product_id,
        "serial_number": f"{key.serial:08d}" if shows_serial else "",
        "release_number": profile.release,
        "manufacturer_string": MANUFACTURER,
        "product_string": profile.product,
        "usage_page": USAGE_PAGE,
        "usage": USAGE,
        "interface_number": 0,
    }

"""Several buses as one: a rehearsal's software keys, and the keys in this machine's ports."""

from collections.abc import Sequence

from keyvault_kit.errors import DeviceError
from keyvault_kit.keys.hid import HidBus, HidHandle


class Ports:
    """The keys of several buses; each is opened where it was listed.

    Args:
        buses: In the order in which they are asked.
    """

    def __init__(self, buses: Sequence[HidBus]) -> None:
        self._buses = tuple(buses)

    def enumerate(self) -> list[dict[str, object]]:
        """All HID devices, as hidapi's dictionaries.

        Raises:
            DeviceError: A bus cannot be listed.
        """
        return [entry for bus in self._buses for entry in bus.enumerate()]

    def open(self, path: bytes) -> HidHandle:
        """Open the device at this path.

        Raises:
            DeviceError: It is gone, in use, or this user may not open it.
        """
        for bus in self._buses:
            if any(entry.get("path") == path for entry in bus.enumerate()):
                return bus.open(path)
        raise DeviceError("the key is gone", mend="Plug it in again.")

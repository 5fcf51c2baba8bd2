"""Hot-plug: which keys have come and gone since the last look. Nothing is opened for it."""

import msgspec

from keyvault_kit.keys.hid import HidBus, PluggedKey, plugged


class Seen(msgspec.Struct, frozen=True):
    """What one look found; each in the order of :func:`hid.plugged`.

    A key that was replugged since the last look stands in `gone` and in `arrived`.

    Attributes:
        present: The keys that are plugged in.
        arrived: Those of them that were not there at the last look.
        gone: Those of the last look that are no longer there.
    """

    present: tuple[PluggedKey, ...]
    arrived: tuple[PluggedKey, ...]
    gone: tuple[PluggedKey, ...]


class Watch:
    """Looks at the bus whenever it is told to: a few times a second see every key in time.

    Args:
        bus: Where keys are plugged in.
    """

    def __init__(self, bus: HidBus) -> None:
        self._bus = bus
        self._last: tuple[PluggedKey, ...] = ()

    def look(self) -> Seen:
        """What is plugged in, and what has changed; at the first look all keys have arrived.

        Raises:
            DeviceError: The bus cannot be listed; the last look then stands as it was.
        """
        before, self._last = self._last, plugged(self._bus)
        return Seen(
            present=self._last,
            arrived=tuple(key for key in self._last if key not in before),
            gone=tuple(key for key in before if key not in self._last),
        )

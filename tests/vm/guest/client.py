"""How a test gives orders to the board."""

import socket
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from keyvault_kit.keys.hid import HidapiBus, PluggedKey, plugged
from tests.vm.guest.orders import Answer, Look, Order, Plug, Pull, Run, Touch

BOARD: Final = Path("/run/board")


class OrderError(Exception):
    """The board could not follow an order."""


class Plugged(NamedTuple):
    """A key in a port of the real bus.

    Attributes:
        serial: The number on its label; None where it has none.
    """

    name: str
    key: PluggedKey
    serial: int | None

    @property
    def node(self) -> str:
        """Its device node."""
        return self.key.path.decode()


class Board:
    """The board with its keys, as a test sees it."""

    def __init__(self) -> None:
        self._plugged: set[str] = set()

    def plug(self, order: Plug) -> Plugged:
        """Plug a key in, and find it on the real bus."""
        node, serial = self.plug_unseen(order)
        key = next(key for key in plugged(HidapiBus()) if key.path == node.encode())
        return Plugged(order.name, key, serial)

    def plug_unseen(self, order: Plug) -> tuple[str, int | None]:
        """Plug a key in; its device node, which may be none of a security key, and its serial."""
        self._plugged.add(order.name)
        answer = self._order(order)
        return answer.path, answer.serial

    def clear(self) -> None:
        """Pull all keys out."""
        for name in self._plugged:
            self.pull(name)

    def throw_in(self, order: Plug) -> None:
        """Plug a key in, and wait for nothing."""
        self._plugged.add(order.name)
        self._order(msgspec.structs.replace(order, settled=False))

    def pull(self, name: str, *, settled: bool = True) -> None:
        """Pull a key out, and wait for the kernel, or not."""
        self._order(Pull(name, settled))

    def touch(self, name: str) -> None:
        """Touch a patient key."""
        self._order(Touch(name))

    def look(self, name: str) -> Answer:
        """What went over a key's wire, and whether it waits for a touch."""
        return self._order(Look(name))

    def run(self, command: str) -> Answer:
        """Run a shell command as root."""
        return self._order(Run(command))

    def _order(self, order: Order) -> Answer:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.connect(str(BOARD))
            with wire.makefile("rwb") as stream:
                stream.write(msgspec.json.encode(order) + b"\n")
                stream.flush()
                answer = msgspec.json.decode(stream.read(), type=Answer)
        if answer.error:
            raise OrderError(answer.error)
        return answer

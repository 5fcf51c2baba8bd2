"""The board: plugs software keys into the kernel, as told over a socket. Runs as root.

`python -m tests.vm.guest.board SOCKET USER-ID SOFTKEYS COMMAND`: the keys are those of a rehearsal,
in its folder of that name. The command runs as that user, who alone may give orders.
"""

import os
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial, singledispatchmethod
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.assembly.bench import Bench
from tests.vm.guest.orders import Answer, Look, Order, Plug, Pull, Run, Touch
from tests.vm.guest.usbip import VHCI, UsbKey

_LIMIT_S: Final = 20.0
_TOUCH_LIMIT_S: Final = 60.0


class Board:
    """The software keys of a rehearsal, and the ports that they are in.

    Args:
        folder: Where the rehearsal keeps them.
    """

    def __init__(self, folder: Path) -> None:
        self._bench = Bench.again(folder)
        self._bench.touch = self._touched
        self._plugged: dict[str, UsbKey] = {}
        self._fingers: dict[str, threading.Event] = {}
        self._waiting: set[str] = set()

    def _touched(self, name: str) -> bool:
        self._waiting.add(name)
        try:
            return self._fingers[name].wait(_TOUCH_LIMIT_S)
        finally:
            self._waiting.discard(name)

    @singledispatchmethod
    def follow(self, order: object) -> Answer:
        """Follow an order."""
        raise TypeError(f"no such order: {order}")

    @follow.register
    def _(self, order: Plug) -> Answer:
        name = order.name
        self._pull(name)
        finger = self._fingers.setdefault(name, threading.Event())
        finger.clear() if order.patient else finger.set()
        self._bench.add(name, order.model)
        self._bench.plug(name)
        plugged = UsbKey(
            self._bench.bus,
            self._bench.path(name),
            partial(self._bench.unplug, name),
            pull_at=order.pull_at,
            decoy=order.decoy,
        )
        self._plugged[name] = plugged
        path = _node(plugged.port) if order.settled else ""
        return Answer(path=path, serial=self._bench.serial(name))

    @follow.register
    def _(self, order: Pull) -> Answer:
        self._pull(order.name, settled=order.settled)
        return Answer()

    @follow.register
    def _(self, order: Touch) -> Answer:
        self._fingers[order.name].set()
        return Answer()

    @follow.register
    def _(self, order: Look) -> Answer:
        traffic = self._plugged[order.name].traffic
        return Answer(
            transactions=traffic.transactions,
            reports=traffic.reports,
            waiting=order.name in self._waiting,
        )

    @follow.register
    def _(self, order: Run) -> Answer:
        done = subprocess.run(
            ["sh", "-c", order.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Answer(status=done.returncode, output=done.stdout)

    def _pull(self, name: str, *, settled: bool = True) -> None:
        plugged = self._plugged.pop(name, None)
        if plugged:
            plugged.pull()
            self._fingers[name].set()  # nobody waits for it any more
            if settled:
                _await("taken apart", lambda: not _in_port(plugged.port).exists())


def _in_port(port: int) -> Path:
    """What the kernel knows of the device in this port."""
    return VHCI / f"usb1/1-{port + 1}"


def _node(port: int) -> str:
    """The device node of the key in this port, once udev is done with it."""
    device = _in_port(port)
    _await("given a node", lambda: any(device.glob("*/*/hidraw/*")))
    (node,) = device.glob("*/*/hidraw/*")
    subprocess.run(["udevadm", "settle", f"--timeout={_LIMIT_S:.0f}"], check=True)
    return f"/dev/{node.name}"


def _await(what: str, done: Callable[[], bool]) -> None:
    """Wait for the kernel.

    Raises:
        TimeoutError: It does not come to it.
    """
    until = time.monotonic() + _LIMIT_S
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"the key was not {what}")
        time.sleep(0.01)


def main(path: Path, user: int, folder: Path, command: str) -> int:
    """Take orders while the command runs, as that user; its exit status."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        os.chown(path, user, user)
        listener.listen()
        threading.Thread(target=_serve, args=(Board(folder), listener), daemon=True).start()
        return subprocess.run(
            ["sh", "-c", command],
            user=user,
            group=user,
            extra_groups=[],
            start_new_session=True,
            check=False,
        ).returncode


def _serve(board: Board, listener: socket.socket) -> None:
    """Follow orders, one after the other, for ever."""
    while True:
        caller, _ = listener.accept()
        with caller, caller.makefile("rwb") as stream:
            stream.write(msgspec.json.encode(_followed(board, stream.readline())))


def _followed(board: Board, line: bytes) -> Answer:
    try:
        return board.follow(msgspec.json.decode(line, type=Order))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test that ordered it shall show it
        return Answer(error="".join(traceback.format_exception(error)))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))

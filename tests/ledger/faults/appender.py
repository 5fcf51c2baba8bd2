"""A program that appends to ledgers as it is told, and dies as it is told.

It reads orders from standard input, a JSON object a line, and answers each by one on standard
output. Everything is imported once: each order is carried out by a fork of this process. Preloaded
with faults.c it can also be told what goes wrong below SQLite.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from keyvault_kit.errors import KeyvaultError
from keyvault_kit.ledger.store import Detail, Ledger

LIBRARY: Final = ctypes.CDLL(None)
"""All that is loaded into this process, faults.c with it if it was preloaded."""
FAULTS: Final = {"count": 0, "kill": 1, "fail": 2, "record": 3}


class Below:
    """The layer of faults.c, or nothing where an order names no fault."""

    def __init__(self, folder: str, fault: dict[str, Any] | None) -> None:
        self._armed = fault is not None
        if fault is not None:
            LIBRARY.faults_arm(
                folder.encode(),
                FAULTS[fault["kind"]],
                ctypes.c_long(fault["nth"]),
                fault["half"],
                fault["error"],
                fault["lasting"],
                fault["log"].encode(),
            )

    def mark(self) -> None:
        """Note in the record that something was acknowledged."""
        if self._armed:
            LIBRARY.faults_mark()

    def disarm(self) -> int:
        """End the fault, and say how many calls there were."""
        if not self._armed:
            return 0
        self._armed = False
        calls: int = LIBRARY.faults_disarm()
        return calls


def take(ledger: Ledger, step: dict[str, Any]) -> None:
    """One step: entries with their details and signatures, or a signature."""
    if step["signature"]:
        ledger.add_signature(*step["signature"])
        return
    ledger.append(
        msgspec.convert(step["bodies"], list[bytes]),
        details=msgspec.convert(step["details"], list[Detail]),
        erase=step["erase"],
        signatures=msgspec.convert(step["signatures"], list[tuple[int, str, str]]),
    )


def work(order: dict[str, Any], tell: Callable[..., None]) -> None:
    """Make or open the ledger, take each step, tell of each what became of it.

    The first failure ends the fault, and the steps; then `afterwards` is appended.
    """
    path = Path(order["folder"]) / "ledger.db"
    below = Below(order["folder"], order["fault"])
    reach = Ledger.open if path.exists() else Ledger.create
    ledger = None
    try:
        ledger = reach(path)
        tell(acknowledged=0)
        below.mark()
        for number, step in enumerate(order["steps"], 1):
            take(ledger, step)
            tell(acknowledged=number)
            below.mark()
            time.sleep(order["pause"])
        tell(calls=below.disarm())
    except KeyvaultError as error:
        tell(calls=below.disarm())
        tell(error=type(error).__name__, text=str(error))
        run(order["mend"])
        if ledger is None:
            ledger = Ledger.open(path) if path.exists() else Ledger.create(path)
        ledger.append([msgspec.convert(order["afterwards"], bytes)])
        tell(appended=True)
    ledger.close()


def read(order: dict[str, Any], tell: Callable[..., None]) -> None:
    """Check the ledger without writing, and tell how many entries it has."""
    try:
        with Ledger.open(Path(order["folder"]) / "ledger.db", read_only=True) as ledger:
            ledger.check()
            tell(size=ledger.size)
    except KeyvaultError as error:
        tell(error=type(error).__name__, text=str(error))


def run(commands: Iterable[list[str]]) -> None:
    """Run programs, each of which must succeed."""
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def child(order: dict[str, Any], answers: int) -> None:
    """Carry an order out and end; whatever escapes is told, too."""

    def tell(**said: object) -> None:
        os.write(answers, json.dumps(said).encode() + b"\n")

    try:
        (read if order["read_only"] else work)(order, tell)
    except BaseException as error:  # noqa: BLE001 - the test judges it
        tell(foreign=f"{type(error).__module__}.{type(error).__name__}: {error}")
    os._exit(0)


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait or kill, and gather what the child told."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(order, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        said = []
        if order["kill"]:
            after, seconds = order["kill"]
            said = [answers.readline() for _ in range(after)]
            time.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
        said += answers.readlines()
    _, status = os.waitpid(pid, 0)
    told: dict[str, Any] = {"acknowledged": -1, "error": None, "text": "", "calls": 0, "size": -1}
    told |= {"foreign": None, "appended": False, "status": os.waitstatus_to_exitcode(status)}
    for line in filter(None, said):
        told |= json.loads(line)
    return told


def main() -> None:
    """Carry out each order on standard input."""
    for line in sys.stdin:
        order = json.loads(line)
        run(order["commands"])
        sys.stdout.write(json.dumps(carry_out(order)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""The printer of a station: a CUPS queue of this machine, looked at before a sheet goes there."""

import os
import time
from pathlib import Path
from typing import Final

import msgspec

from keyvault_kit.assembly.paper import Printed
from keyvault_kit.custody.model import Mode
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import RefusedError
from keyvault_kit.host import cups
from keyvault_kit.host.doctor import Finding
from keyvault_kit.host.memory import demand_memory
from keyvault_kit.sheets.printer import Options, Queue, Server, Waiting
from keyvault_kit.sheets.printing.errors import PrinterError

SPOOL_ON_DISK: Final = "spool-on-disk"
INDIRECT_PRINTER: Final = "indirect-printer"
ALLOWED: Final = "allowed"
"""Decisions by which a printer is taken that the kit would refuse, and their choice."""


class PrinterChoice(msgspec.Struct, frozen=True):
    """Which printer people chose.

    Attributes:
        queue: A CUPS queue of this machine.
        tray: One of the queue's own trays; empty for the printer's choice.
        duplex: Whether sheets of several pages are printed on both sides.
    """

    queue: str
    tray: str = ""
    duplex: bool = False


Onto = Path | PrinterChoice | None
"""What a station prints on: a folder, a printer, or nothing."""


def printed_paper(choice: PrinterChoice, register: Register, *, rehearsed: bool) -> Printed:
    """The chosen printer as a station's paper; nothing is sent to it yet.

    Args:
        rehearsed: Whether nothing on the sheets is real.

    Raises:
        RefusedError: CUPS would leave sheets on a disk, or runs on another machine, and that was
            not decided upon (a rehearsal's sheets hold nothing real, and go anywhere).
        PrinterError: There is no such queue, or it takes no jobs.
    """
    places = cups.Places()
    on_disk = rehearsed or _is_allowed(register, SPOOL_ON_DISK)
    address = cups.configured_server(os.environ, Path.home(), places)
    server = Server(address)
    cups.demand_safe_spool(places, server=address, decided=on_disk)
    indirect = rehearsed or _is_allowed(register, INDIRECT_PRINTER)
    waiting = Waiting(time.monotonic, time.sleep)
    queue = Queue(choice.queue, server, waiting, indirect=indirect)
    options = Options(
        tray=choice.tray, sides="two-sided-long-edge" if choice.duplex else "one-sided"
    )
    queue.demand_ready(options)
    return Printed(queue, options, os.urandom)


class QueueCheck(msgspec.Struct, frozen=True):
    """A queue, and whether sheets can go there.

    Attributes:
        trouble: Why not; empty where they can.
        direct: Whether its printer is on a cable of this machine.
        trays: Names for `--tray`; none where the queue has no driver.
    """

    name: str
    direct: bool
    trays: tuple[str, ...]
    trouble: str = ""


class PrintingCheck(msgspec.Struct, frozen=True):
    """What there is to print on, and what speaks against it."""

    server: str
    queues: tuple[QueueCheck, ...]
    findings: tuple[Finding, ...]


def check_printing() -> PrintingCheck:
    """Look at CUPS, its spool and all of its queues; nothing is sent and nothing changed."""
    places = cups.Places()
    address = cups.configured_server(os.environ, Path.home(), places)
    findings = cups.check_spool(places, address)
    try:
        server = Server(address)
        queues = tuple(_queue_check(name, server) for name in server.queues())
    except (PrinterError, RefusedError) as error:
        unanswered = Finding(error.what, "sheets with a secret go to CUPS alone", error.mend)
        return PrintingCheck(address, (), (*findings, unanswered))
    return PrintingCheck(address, queues, findings)


def _queue_check(name: str, server: Server) -> QueueCheck:
    try:
        state = Queue(name, server, Waiting(time.monotonic, time.sleep)).state()
    except PrinterError as error:
        return QueueCheck(name, direct=False, trays=(), trouble=error.what)
    try:
        state.demand_ready()
    except PrinterError as error:
        return QueueCheck(name, state.is_direct, state.trays, error.what)
    return QueueCheck(name, state.is_direct, state.trays)


def print_document(choice: PrinterChoice, pdf: bytes, register: Register) -> None:
    """Print one sheet that is not part of a ceremony.

    Raises:
        RefusedError, PrinterError: As `printed_paper`, and where the sheet was not printed.
    """
    rehearsed = register.mode is Mode.REHEARSAL
    printed_paper(choice, register, rehearsed=rehearsed).put("document", pdf)


def _is_allowed(register: Register, decision: str) -> bool:
    made = register.decisions.get(decision)
    return made is not None and made.choice == ALLOWED


def demand_private(folder: Path, register: Register) -> None:
    """Check that a sheet which is not for everybody lies in memory; a rehearsal's lies anywhere.

    Raises:
        RefusedError: It would lie on a disk.
    """
    if register.mode is Mode.LIVE:
        demand_memory(folder)

"""The composition root: it makes a station, and is the only place that knows software keys."""

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from keyvault_kit.assembly.attempts import pin_guard
from keyvault_kit.assembly.bench import SOFT_KEYS, SOFTWARE_MODELS, Bench
from keyvault_kit.assembly.paper import SHEET_LIMIT, Folder, NoPaper, Spool, nothing_to_print_on
from keyvault_kit.assembly.ports import Ports
from keyvault_kit.assembly.printing import Onto, PrinterChoice, printed_paper
from keyvault_kit.assembly.scanning import read_scan
from keyvault_kit.assembly.seeded import RehearsalClock, SeededRandom
from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.media import logged_in
from keyvault_kit.ceremonies.metadata import imported_blob
from keyvault_kit.ceremonies.station import Anchors, Paper, Station
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import Mode
from keyvault_kit.custody.register import known
from keyvault_kit.errors import InputError
from keyvault_kit.host.files import make_folder, read_file
from keyvault_kit.host.media import plugged_in
from keyvault_kit.host.memory import demand_memory
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import HidapiBus, HidBus
from keyvault_kit.keys.makers import shipped_roots
from keyvault_kit.ledger.store import Ledger

__all__ = [
    "SHEET_LIMIT",
    "SOFTWARE_MODELS",
    "SOFT_KEYS",
    "Bench",
    "Folder",
    "RehearsalClock",
    "SeededRandom",
    "demand_paper",
    "demand_sheets",
    "live_station",
    "makers_anchors",
    "observe",
    "open_book",
    "pin_guard",
    "plugged_in_keys",
    "practice_station",
    "read_sheet",
    "reading",
    "rehearsal_station",
]


def plugged_in_keys() -> HidBus:
    """The real security keys of this machine."""
    return HidapiBus()


def makers_anchors(book: Book | None = None) -> Anchors:
    """What real keys are judged by: the makers' roots that the kit ships, and imported metadata.

    Args:
        book: The ledger that says which metadata was imported; its file lies beside it.

    Raises:
        LedgerError: That file is not the one that was imported.
        InputError: It is missing or cannot be read.
    """
    imported = book.register.metadata if book else None
    if book is None or imported is None:
        return Anchors(shipped_roots())
    return Anchors(shipped_roots(), imported_blob(book.ledger.path, imported))


def demand_sheets(onto: Onto) -> None:
    """Check, before anything is made, what a live station is to print its sheets on.

    Raises:
        RefusedError: None was named, or it lies on a disk.
        InputError: There is no such folder.
    """
    if onto is None:
        raise nothing_to_print_on("a sheet")
    if isinstance(onto, Path):
        demand_memory(onto)


def demand_paper(station: Station) -> None:
    """Check, before people sign anything, that a sheet can come out in the end.

    Raises:
        RefusedError: It cannot.
    """
    if isinstance(station.paper, NoPaper):
        raise nothing_to_print_on("a sheet")


def live_station(ledger: Ledger, *, onto: Onto = None, transfer: Path | None = None) -> Station:
    """A station on real keys, the system's randomness and the workstation's clock.

    Args:
        onto: A printer, or a folder on a tmpfs, for the sheets, secret ones among them.
        transfer: Folder of the transfer medium; the ledger's own where it is None.

    Raises:
        RefusedError: The folder lies on a disk, the printer cannot be trusted, or the ledger is a
            rehearsal's.
        PrinterError: The printer is not ready.
    """
    book = Book(ledger, _now)
    return Station(
        mode=Mode.LIVE,
        clock=_now,
        random=os.urandom,
        book=book,
        bus=HidapiBus(),
        guard=pin_guard(),
        paper=_live_paper(book, onto),
        anchors=lambda: makers_anchors(book),
        transfer=transfer or ledger.path.parent,
        zone=_zone(),
        media=lambda: (*plugged_in(ledger.path.resolve()), *logged_in(book.register)),
    )


def _live_paper(book: Book, onto: Onto) -> Paper:
    if isinstance(onto, PrinterChoice):
        return printed_paper(onto, book.register, rehearsed=False)
    if onto is None:
        return NoPaper()
    demand_memory(onto)
    return Spool(onto)


def practice_station(
    ledger: Ledger,
    bench: Bench,
    *,
    onto: Onto = None,
    in_ports: bool = False,
    transfer: Path | None = None,
) -> Station:
    """A station on software keys for people who practise: real time, real randomness.

    Args:
        onto: A folder for the sheets, one beside the ledger where it is None; or a printer, and
            then people read what comes out of it.
        in_ports: Whether the keys in this machine's ports are there as well.
        transfer: As for a live one.
    """
    clock = _practice_clock(ledger)
    book = Book(ledger, clock)

    def anchors() -> Anchors:
        makers = makers_anchors(book)
        return Anchors((*bench.roots, *(makers.roots if in_ports else ())), makers.blob)

    return Station(
        mode=Mode.REHEARSAL,
        clock=clock,
        random=os.urandom,
        book=book,
        bus=Ports((bench.bus, HidapiBus())) if in_ports else bench.bus,
        guard=pin_guard() if in_ports else PinGuard(),
        paper=_practice_paper(book, onto),
        anchors=anchors,
        transfer=transfer or ledger.path.parent,
        zone=_zone(),
        media=lambda: logged_in(book.register),
    )


def _practice_paper(book: Book, onto: Onto) -> Paper:
    if isinstance(onto, PrinterChoice):
        return printed_paper(onto, book.register, rehearsed=True)
    folder = onto or book.ledger.path.parent / "sheets"
    make_folder(folder)
    return Folder(folder)


def observe(
    path: Path,
    people: Sequence[str],
    facts: Sequence[ev.Fact],
    occurred: datetime | None = None,
) -> None:
    """Enter what people saw or did that nobody signs, and let go of the ledger again.

    Args:
        occurred: When it happened, aware, where it is entered late.

    Raises:
        RefusedError: Somebody is not in the register, or it would have happened after now.
        InputError: There is no such ledger, or it cannot be written.
        LedgerError: It is damaged.
    """
    with Ledger.open(path) as ledger:
        register = reading(ledger).register
        for person in people:
            known(register.people, person, "person")
        clock = _now if register.mode is Mode.LIVE else _practice_clock(ledger)
        Book(ledger, clock).record(facts, people, occurred=occurred)


def _practice_clock(ledger: Ledger) -> Callable[[], datetime]:
    """The time now, or that of the last entry: a rehearsal may have told a longer day."""
    last = reading(ledger).register.time
    ahead = max(timedelta(0), last - _now()) if last else timedelta(0)
    return lambda: _now() + ahead


def _now() -> datetime:
    return datetime.now(UTC)


def _zone() -> tzinfo:
    return datetime.now().astimezone().tzinfo or UTC


def rehearsal_station(
    folder: Path, ledger: Ledger, bench: Bench, *, seed: bytes, started: datetime
) -> Station:
    """A station on software keys and a folder; its randomness and its clock follow the seed.

    The random stream begins anew with each run, at another place: it depends on the ledger as it
    is now, so what a run lost is never drawn again under another name.
    """
    last = Book(ledger, lambda: started).register.time
    clock: Callable[[], datetime] = RehearsalClock(last or started)
    here = hashlib.sha256(ledger.size.to_bytes(8, "big") + ledger.root()).digest()
    book = Book(ledger, clock)
    return Station(
        mode=Mode.REHEARSAL,
        clock=clock,
        random=SeededRandom(seed, b"station " + here),
        book=book,
        bus=bench.bus,
        guard=PinGuard(),
        paper=Folder(folder / "sheets"),
        anchors=lambda: Anchors(bench.roots),
        transfer=folder / "transfer",
        media=lambda: logged_in(book.register),
    )


def read_sheet(path: Path) -> tuple[str, ...]:
    """The different QR codes on a sheet (a PDF or an image), or the text of a plain text file.

    Raises:
        InputError: The file cannot be read, is neither, or takes too long to be read.
    """
    data = read_file(path, "sheet", SHEET_LIMIT)
    if data.startswith(b"keyvault-kit/"):  # a checkpoint's own bytes
        return (data.decode(errors="replace"),)
    try:
        return read_scan(data)
    except InputError as error:
        raise InputError(f"{path}: {error.what}", mend=error.mend) from error


def open_book(path: Path) -> Book:
    """A ledger to read, with its register; nothing is ever written.

    Raises:
        InputError: There is no such file, or it is no ledger of ours.
        LedgerError: It is damaged.
    """
    return reading(Ledger.open(path, read_only=True))


def reading(ledger: Ledger) -> Book:
    """A ledger with its register, to be read alone."""

    def no_clock() -> datetime:
        raise InputError("this ledger was opened to be read")

    return Book(ledger, no_clock)

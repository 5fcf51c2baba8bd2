"""The composition root: it makes a station, and is the only place that knows software keys."""

import hashlib
import hmac
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Self

import msgspec

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.ceremonies.station import Station
from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.host.files import make_folder, read_file, remove, write_atomically
from keyvault_kit.host.memory import demand_memory
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import HidapiBus, HidBus
from keyvault_kit.keys.pin import generate_pin
from keyvault_kit.ledger.store import Ledger
from keyvault_kit.secret import Secret
from keyvault_kit.sheets.scan import read_codes
from keyvault_kit.softkey.attestation import AttestationAuthority
from keyvault_kit.softkey.bus import SoftBus
from keyvault_kit.softkey.key import SoftKey
from keyvault_kit.softkey.profiles import PROFILES
from keyvault_kit.softkey.state import KeyState

TICK: Final = timedelta(seconds=7)
"""How far a rehearsal's clock goes on at each look."""

SOFTWARE_MODELS: Final = tuple(PROFILES)
"""The models of software key that a rehearsal's organisation file can name."""

PERSONAL: Final = "personal-"
PERSONAL_MODEL: Final = "five"

SHEET_LIMIT: Final = 16 << 20


def plugged_in_keys() -> HidBus:
    """The real security keys of this machine."""
    return HidapiBus()


class RehearsalClock:
    """A clock of its own, from a given time, that goes on by a tick at each look.

    A rehearsal tells a plausible day in seconds, and the same seed tells the same day.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The time now, a tick after the last look."""
        self._now += TICK
        return self._now


class SeededRandom:
    """Bytes from a seed and a context: HMAC-SHA256 in counter mode. For rehearsals alone."""

    def __init__(self, seed: bytes, context: bytes) -> None:
        self._key = hmac.digest(seed, context, "sha256")
        self._counter = 0

    def __call__(self, size: int) -> bytes:
        """That many bytes, never the same again."""
        blocks = bytearray()
        while len(blocks) < size:
            blocks += hmac.digest(self._key, self._counter.to_bytes(8, "big"), "sha256")
            self._counter += 1
        return bytes(blocks[:size])


class Folder:
    """Paper that is a folder of PDFs: a rehearsal's printer, scanner and shredder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder

    def put(self, name: str, pdf: bytes) -> None:
        """Keep the sheet as a PDF."""
        write_atomically(self._file(name), pdf)

    def read(self, name: str) -> tuple[str, ...]:
        """Rasterise the sheet and decode what is on it.

        Raises:
            InputError: There is no such sheet, or it cannot be read.
        """
        return read_codes(read_file(self._file(name), "sheet", SHEET_LIMIT))

    def let_go(self, name: str) -> None:
        """Nothing: here the folder is the paper."""

    def shred(self, name: str) -> None:
        """Remove the sheet, as far as it came out."""
        remove(self._file(name))

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.pdf"


_BENCH: Final = "bench.json"


class _Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What software keys were begun with: seed in hex, and when."""

    seed: str
    began: datetime


class Spool(Folder):
    """A live station's folder in memory, from which sheets are printed: they do not stay there."""

    def let_go(self, name: str) -> None:
        """Remove what was printed."""
        remove(self._file(name))


class Bench:
    """The software keys of a rehearsal: made once, kept in a folder, plugged in and out.

    Args:
        folder: Where each key's state is kept; a key outlives the process.
        seed: 32 bytes; keys and their attestation follow from it.
        not_before: When the makers' certificates of the test CA become valid.
    """

    def __init__(self, folder: Path, *, seed: bytes, not_before: datetime) -> None:
        self._folder = folder
        self._seed = seed
        self._authority = AttestationAuthority(
            seed=hmac.digest(seed, b"attestation", "sha256"), not_before=not_before
        )
        self.bus = SoftBus()
        self._keys: dict[str, SoftKey] = {}
        self._paths: dict[str, bytes] = {}
        self._in_place_of: dict[str, str] = {}

    @classmethod
    def begin(cls, folder: Path, *, seed: bytes, now: datetime) -> Self:
        """New software keys in a new folder; what they were begun with stays there.

        Raises:
            InputError: The folder cannot be written.
        """
        make_folder(folder)
        began = now.replace(microsecond=0)
        write_atomically(folder / _BENCH, msgspec.json.encode(_Begun(seed.hex(), began)))
        return cls(folder, seed=seed, not_before=began)

    @staticmethod
    def begun(folder: Path) -> bool:
        """Whether there are software keys in that folder."""
        return (folder / _BENCH).exists()

    @classmethod
    def again(cls, folder: Path) -> Self:
        """The software keys of a folder, as they were left.

        Raises:
            InputError: There are none, or what they were begun with cannot be read.
        """
        file = folder / _BENCH
        try:
            begun = msgspec.json.decode(read_file(file, "software keys"), type=_Begun)
            return cls(folder, seed=bytes.fromhex(begun.seed), not_before=begun.began)
        except (msgspec.MsgspecError, ValueError) as error:
            raise InputError(f"{file} cannot be read: {error}") from error

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The root certificates that vouch for these keys, DER."""
        return (self._authority.root_certificate,)

    def add(self, name: str, model: str, *, claimed: str = "") -> None:
        """Make the key of that name, or take it from the folder.

        Args:
            model: The name of a software key's profile.
            claimed: The key whose serial number it has; its own where empty.
        """
        file = self._folder / f"{name}.json"
        if file.exists():
            state = KeyState.from_json(read_file(file, "software key"))
        else:
            state = KeyState.new(
                model,
                label=name,
                serial=_serial(self._seed, claimed or name),
                seed=hmac.digest(self._seed, b"key " + name.encode(), "sha256"),
            )
        self._keys[name] = SoftKey(
            state,
            authority=self._authority,
            touch=lambda _: True,
            clock=time.monotonic,
            save=lambda data: write_atomically(file, data),
        )

    def put_in_place_of(self, name: str, stranger: str) -> None:
        """From now on whoever reaches for the key of that name takes the stranger."""
        self.unplug(name)
        self._in_place_of[name] = stranger

    def plug(self, name: str) -> None:
        """Plug the key in; one that is in already is unplugged first, so it is powered anew."""
        self.unplug(name)
        self._paths[name] = self.bus.plug(self._lying(name))

    def plug_personal(self, person: str) -> None:
        """Plug in a person's own key; the last person takes theirs away first."""
        self.unplug_personal()
        name = PERSONAL + person
        if name not in self._keys:
            self.add(name, PERSONAL_MODEL)
        self.plug(name)

    def personal_pin(self, person: str) -> Secret:
        """The PIN that a person chose for the software key of their own."""
        return generate_pin(SeededRandom(self._seed, b"pin of " + person.encode()))

    def unplug_personal(self) -> None:
        """Whoever has a key of their own plugged in takes it away."""
        for name in [name for name in self._paths if name.startswith(PERSONAL)]:
            self.unplug(name)

    def unplug(self, name: str) -> None:
        """Pull the key out, if it is in."""
        path = self._paths.pop(name, None)
        if path is not None:
            self.bus.unplug(path)

    def plugged_in(self) -> tuple[str, ...]:
        """The names whose keys are plugged in."""
        return tuple(self._paths)

    def path(self, name: str) -> bytes:
        """Where the key is plugged in."""
        return self._paths[name]

    def serial(self, name: str) -> int | None:
        """The serial number on its label."""
        return self._lying(name).serial

    def winks(self, name: str) -> int:
        """How often it has blinked since it was plugged in."""
        return self._lying(name).winks

    def _lying(self, name: str) -> SoftKey:
        return self._keys[self._in_place_of.get(name, name)]


def _serial(seed: bytes, name: str) -> int:
    """Eight digits, as on a label."""
    digest = hmac.digest(seed, b"serial " + name.encode(), "sha256")
    return 10_000_000 + int.from_bytes(digest[:8], "big") % 90_000_000


class NoPaper:
    """No printer and no folder for sheets: whoever wants to print is told what to name."""

    def put(self, name: str, pdf: bytes) -> None:  # noqa: ARG002
        """Refuse.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(
            f"there is nothing to print {name} on", mend="Name a folder on a tmpfs with --sheets."
        )

    def read(self, name: str) -> tuple[str, ...]:
        """Refuse.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(f"there is nothing to read {name} from", mend="Name --sheets.")

    def let_go(self, name: str) -> None:
        """Nothing was kept."""

    def shred(self, name: str) -> None:
        """Nothing came out, so nothing is left."""


def demand_sheets(sheets: Path | None) -> None:
    """Check the folder for a live station's sheets before anything is made.

    Raises:
        RefusedError: None was named, or it lies on a disk.
        InputError: There is no such folder.
    """
    if sheets is None:
        NoPaper().put("a sheet", b"")
    else:
        demand_memory(sheets)


def demand_paper(station: Station) -> None:
    """Check, before people sign anything, that a sheet can come out in the end.

    Raises:
        RefusedError: It cannot.
    """
    if isinstance(station.paper, NoPaper):
        station.paper.put("a sheet", b"")


def live_station(ledger: Ledger, *, sheets: Path | None) -> Station:
    """A station on real keys, the system's randomness and the workstation's clock.

    Args:
        sheets: A folder on a tmpfs for the sheets, secret ones among them.

    Raises:
        RefusedError: The folder lies on a disk, or the ledger is a rehearsal's.
    """
    if sheets is not None:
        demand_memory(sheets)
    return Station(
        mode=Mode.LIVE,
        clock=_now,
        random=os.urandom,
        book=Book(ledger, _now),
        bus=HidapiBus(),
        guard=PinGuard(),
        paper=NoPaper() if sheets is None else Spool(sheets),
        roots=(),
        transfer=ledger.path.parent,
        zone=_zone(),
    )


def practice_station(ledger: Ledger, bench: Bench, *, sheets: Path | None) -> Station:
    """A station on software keys for people who practise: real time, real randomness.

    Args:
        sheets: Where the sheets go; beside the ledger where it is None.
    """
    folder = ledger.path.parent
    sheets = sheets or folder / "sheets"
    make_folder(sheets)
    last = Book(ledger, _now).register.time
    ahead = max(timedelta(0), last - _now()) if last else timedelta(0)  # a rehearsal's own clock

    def clock() -> datetime:
        return _now() + ahead

    return Station(
        mode=Mode.REHEARSAL,
        clock=clock,
        random=os.urandom,
        book=Book(ledger, clock),
        bus=bench.bus,
        guard=PinGuard(),
        paper=Folder(sheets),
        roots=bench.roots,
        transfer=folder,
        zone=_zone(),
    )


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
    return Station(
        mode=Mode.REHEARSAL,
        clock=clock,
        random=SeededRandom(seed, b"station " + here),
        book=Book(ledger, clock),
        bus=bench.bus,
        guard=PinGuard(),
        paper=Folder(folder / "sheets"),
        roots=bench.roots,
        transfer=folder / "transfer",
    )


def read_sheet(path: Path) -> tuple[str, ...]:
    """The different QR codes on a sheet (a PDF or an image), or the text of a plain text file.

    Raises:
        InputError: The file cannot be read, or is neither.
    """
    data = read_file(path, "sheet", SHEET_LIMIT)
    if data.startswith(b"keyvault-kit/"):  # a checkpoint's own bytes
        return (data.decode(errors="replace"),)
    try:
        return read_codes(data)
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

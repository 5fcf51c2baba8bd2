"""The station: the parts that a ceremony works with, put together by `assembly`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.entries import Entry, decode, encode
from keyvault_kit.custody.fold import admit, fold
from keyvault_kit.custody.model import Mode
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import LedgerError, RefusedError
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import HidBus
from keyvault_kit.ledger.store import Detail, Ledger


class Paper(Protocol):
    """Where sheets come out, and where they are read back."""

    def put(self, name: str, pdf: bytes) -> None:
        """Print a finished PDF under a neutral name."""

    def read(self, name: str) -> tuple[str, ...]:
        """The texts of the QR codes on the printed sheet, read back from the paper.

        Raises:
            InputError: There is no such sheet, or it cannot be read.
        """

    def shred(self, name: str) -> None:
        """Destroy a sheet; one that never came out is no error."""


class Book:
    """The ledger together with the register that is its fold."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self._clock = clock
        self._register = Register()

    @property
    def register(self) -> Register:
        """What is true now; entries that another process wrote are taken in."""
        if self._register.size < self.ledger.size:
            bodies = self.ledger.bodies(self._register.size)
            self._register = fold((decode(body) for body in bodies), self._register)
        return self._register

    def register_at(self, size: int) -> Register:
        """What was true after the first `size` entries."""
        entries = (decode(body) for _, body in zip(range(size), self.ledger.bodies(), strict=False))
        return fold(entries)

    def name_behind(self, commitment: str) -> str:
        """The name in an erasable row, or that it was erased."""
        detail = self.ledger.detail(commitment)
        row = msgspec.json.decode(detail.row, type=dict[str, str]) if detail else {}
        return row.get("name", "(erased)")

    def record(
        self, facts: Sequence[ev.Fact], by: Iterable[str], details: Sequence[Detail] = ()
    ) -> None:
        """Append facts as entries, all or none, stamped with place, time and people.

        Raises:
            RefusedError: The register refuses one of them, or the ledger moved on meanwhile.
            LedgerError: The ledger cannot be written.
        """
        before = self.register
        now, people = self._clock().replace(microsecond=0), tuple(sorted(set(by)))
        entries = [
            Entry(before.size + i, now, people, fact)  # type: ignore[arg-type]
            for i, fact in enumerate(facts)
        ]
        bodies = [encode(entry) for entry in entries]
        after = admit(before, [_readable(body) for body in bodies])
        self.ledger.append(bodies, details=details, expected_size=before.size)
        self._register = after


def _readable(body: bytes) -> Entry:
    """An entry as every later reader will read it: what cannot be read is never written."""
    try:
        return decode(body)
    except LedgerError as error:
        raise RefusedError(
            f"this cannot be entered: {error.what}", mend="Type it again."
        ) from error


@dataclass(frozen=True, slots=True)
class Station:
    """What a ceremony works with.

    Attributes:
        clock: The time now, aware, UTC.
        random: That many random bytes; a live station's are the operating system's.
        bus: The security keys that are plugged in.
        guard: Remembers the wrong PINs of all sessions, and refuses one too many.
        roots: Attestation roots that count here, DER; software keys' roots in rehearsals alone.
        transfer: Folder of the medium that carries files to and from the online side.
    """

    mode: Mode
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    book: Book
    bus: HidBus
    guard: PinGuard
    paper: Paper
    roots: tuple[bytes, ...]
    transfer: Path

    def __post_init__(self) -> None:
        mode = self.book.register.mode
        if mode is not None and mode is not self.mode:
            raise RefusedError(f"this is a {mode} ledger, and the station is {self.mode}")

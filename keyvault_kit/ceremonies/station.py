"""The station: the parts that a ceremony works with, put together by `assembly`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple, Protocol

from keyvault_kit.ceremonies.book import Book
from keyvault_kit.custody.model import Mode
from keyvault_kit.errors import RefusedError
from keyvault_kit.keys.guard import PinGuard
from keyvault_kit.keys.hid import HidBus
from keyvault_kit.keys.mds import Blob


class Paper(Protocol):
    """Where sheets come out, and where they are read back.

    Attributes:
        read_by_people: Whether only people can read a sheet again: `read` is then not asked.
    """

    read_by_people: bool

    def put(self, name: str, pdf: bytes) -> None:
        """Print a finished PDF under a neutral name."""

    def read(self, name: str) -> tuple[str, ...]:
        """The texts of the QR codes on the printed sheet, read back from the paper.

        Raises:
            InputError: There is no such sheet, or it cannot be read.
        """

    def waits(self, name: str) -> bool:
        """Whether people have yet to print the sheet themselves, from a file that waits for it."""

    def let_go(self, name: str) -> None:
        """The sheet is on paper: where the machine kept it for printing, it keeps it no more."""

    def clear(self) -> None:
        """Let go of every sheet with a secret: nobody works at it any more."""

    def shred(self, name: str) -> None:
        """Destroy a sheet; one that never came out is no error."""


class Anchors(NamedTuple):
    """What attestations are judged by.

    Attributes:
        roots: Makers' root certificates, DER.
        blob: The FIDO metadata that was imported; None where there is none.
    """

    roots: tuple[bytes, ...]
    blob: Blob | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """What a ceremony works with.

    Attributes:
        clock: The time now, aware, UTC.
        random: That many random bytes; a live station's are the operating system's.
        bus: The security keys that are plugged in.
        guard: Remembers the wrong PINs of all sessions, and refuses one too many.
        anchors: What attestations are judged by here; software keys' roots in rehearsals alone.
        transfer: Folder of the medium that carries files to and from the online side.
        zone: The zone of a time that is typed without one.
        media: Names of the transfer media that are plugged in, as this machine sees them: what it
            started from and where the ledger lies is not among them.
    """

    mode: Mode
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    book: Book
    bus: HidBus
    guard: PinGuard
    paper: Paper
    anchors: Callable[[], Anchors]
    transfer: Path
    zone: tzinfo = UTC
    media: Callable[[], tuple[str, ...]] = tuple

    def __post_init__(self) -> None:
        mode = self.book.register.mode
        if mode is not None and mode is not self.mode:
            raise RefusedError(f"this is a {mode} ledger, and the station is {self.mode}")

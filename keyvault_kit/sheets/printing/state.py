"""What CUPS says of a queue and of a job, read out of IPP attributes."""

from enum import IntEnum
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from keyvault_kit.sheets.printing.errors import (
    NoPrinterBehindError,
    QueueRejectsError,
    QueueRepeatsError,
    QueueStoppedError,
    UnsupportedError,
)
from keyvault_kit.sheets.printing.ipp import Attribute, Attributes, Tag, first_text, number, texts
from keyvault_kit.sheets.printing.server import is_loopback

PDF: Final = "application/pdf"

_STOPPED: Final = 5
"""`printer-state` (RFC 8011, 5.4.11)."""

_REPEATS: Final = "retry-current-job"
_CABLES: Final = ("ippusb", "parallel", "serial", "usb")
_HPLIP_USB: Final = "hp:/usb/"
_IPP: Final = ("http", "https", "ipp", "ipps")
_IPP_PATH: Final = "/ipp/"
"""Where a printer's own IPP lies (RFC 8010, appendix B). CUPS's queues are at other paths: what is
behind a queue of a queue is not told by its URI."""
_MEDIA: Final = {
    "A4": ("iso_a4_210x297mm", 21000, 29700),
    "Letter": ("na_letter_8.5x11in", 21590, 27940),
}
"""Names that queues with and without a driver take (PWG 5101.1), and hundredths of millimetres."""

QUEUE_ATTRIBUTES: Final = (
    "printer-name",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "queued-job-count",
    "device-uri",
    "printer-error-policy",
    "document-format-supported",
    "media-supported",
    "media-source-supported",
    "sides-supported",
    "number-up-supported",
    "print-scaling-supported",
)
JOB_ATTRIBUTES: Final = ("job-id", "job-state", "job-printer-state-message", "time-at-processing")


class Options(msgspec.Struct, frozen=True):
    """How a sheet is to be printed; there is always one copy, and nothing is scaled.

    Attributes:
        paper: The paper's size.
        tray: One of the names that the queue itself gives (`QueueState.trays`); nothing for the
            one that the printer takes.
    """

    paper: Literal["A4", "Letter"] = "A4"
    tray: str = ""
    sides: Literal["one-sided", "two-sided-long-edge"] = "one-sided"


class QueueState(msgspec.Struct, frozen=True):
    """A queue at one moment.

    Attributes:
        stopped: Whether jobs wait in its spool.
        accepting: Whether it takes jobs.
        reasons: `printer-state-reasons`; a printer's are as old as its last job.
        jobs: How many wait or are being printed.
        device: The URI of what is behind it.
        error_policy: What CUPS does with a job whose backend failed.
        formats: MIME types that it takes.
        media: Paper sizes that its driver names; none where it has no driver.
        trays: The same, trays.
        sides: The same, sides.
        scalings: The same, ways to scale.
        ups: The same, pages on a side.
    """

    name: str
    stopped: bool
    accepting: bool
    reasons: tuple[str, ...]
    jobs: int
    device: str
    error_policy: str
    formats: tuple[str, ...]
    media: tuple[str, ...]
    trays: tuple[str, ...]
    sides: tuple[str, ...]
    scalings: tuple[str, ...]
    ups: bool

    @property
    def is_direct(self) -> bool:
        """Whether its printer is on a cable of this machine, as far as the URI tells.

        A printer without a driver is on a cable where its IPP is on this machine: by `ipp-usb`.
        Any other way there is taken for a network or a file, those not known here too.
        """
        if self._scheme in _CABLES or self.device.lower().startswith(_HPLIP_USB):
            return True
        try:
            uri = urlsplit(self.device)
            mine = is_loopback(uri.hostname or "")
        except ValueError:
            return False
        return self._scheme in _IPP and mine and uri.path.startswith(_IPP_PATH)

    @property
    def _scheme(self) -> str:
        return self.device.partition(":")[0].lower()

    def demand_ready(self) -> None:
        """Check that a job would be printed now, and not lie in the spool.

        Raises:
            QueueRejectsError: It takes no jobs.
            QueueStoppedError: It is stopped.
            QueueRepeatsError: What fails would come out again and again.
            NoPrinterBehindError: There is no printer behind it.
        """
        if not self.accepting:
            raise QueueRejectsError(
                f"the queue {self.name} takes no jobs", mend=f"As root: 'cupsaccept {self.name}'."
            )
        if self.stopped:
            raise QueueStoppedError(
                f"the queue {self.name} is stopped, so nothing was sent to it",
                mend=f"See to the printer, then as root: 'cupsenable {self.name}'.",
            )
        if self._scheme == "file":
            raise NoPrinterBehindError(
                f"the queue {self.name} writes to {self.device}: there is no printer behind it",
                mend="Choose the queue of one printer; a class of printers is none.",
            )
        if self.error_policy == _REPEATS:
            raise QueueRepeatsError(
                f"the queue {self.name} prints a job that failed over and over ({_REPEATS})",
                mend=f"As root: 'lpadmin -p {self.name} -o printer-error-policy=abort-job'.",
            )

    def attributes(self, options: Options) -> tuple[Attribute, ...]:
        """The options as job attributes.

        Raises:
            UnsupportedError: The queue does not have the size, the tray or the sides.
        """
        size, width, height = _MEDIA[options.paper]
        if PDF not in self.formats:
            raise UnsupportedError(
                f"the queue {self.name} does not take PDF",
                mend="Install cups-filters, which turns it into what the printer takes.",
            )
        if self.media:
            self._demand(f"{options.paper} paper", size, self.media)
        if options.sides != "one-sided" or self.sides:
            self._demand("these sides", options.sides, self.sides)
        media = Attribute("media", Tag.KEYWORD, size)
        if options.tray:
            self._demand("this tray", options.tray, self.trays)
            media = _media_col(options.tray, width, height)
        wanted = [
            Attribute("copies", Tag.INTEGER, 1),
            Attribute("job-sheets", Tag.KEYWORD, "none"),  # no banner page with a title on it
            media,
            Attribute("sides", Tag.KEYWORD, options.sides),
        ]
        if self.ups:
            wanted.append(Attribute("number-up", Tag.INTEGER, 1))
        if "none" in self.scalings:
            wanted.append(Attribute("print-scaling", Tag.KEYWORD, "none"))
        return tuple(wanted)

    def _demand(self, what: str, name: str, there_are: tuple[str, ...]) -> None:
        if name not in there_are:
            names = ", ".join(there_are)
            raise UnsupportedError(
                f"the queue {self.name} does not offer {what} ({name})",
                mend=f"It offers: {names}." if names else "It names none to choose from.",
            )


def _media_col(tray: str, width: int, height: int) -> Attribute:
    """Size and tray in one (PWG 5100.7, 6.3)."""
    size = (
        Attribute("x-dimension", Tag.INTEGER, width),
        Attribute("y-dimension", Tag.INTEGER, height),
    )
    members = (
        Attribute("media-size", Tag.BEGIN_COLLECTION, size),
        Attribute("media-source", Tag.KEYWORD, tray),
    )
    return Attribute("media-col", Tag.BEGIN_COLLECTION, members)


class JobState(IntEnum):
    """`job-state` (RFC 8011, 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELLED = 7
    ABORTED = 8
    COMPLETED = 9


class Job(msgspec.Struct, frozen=True):
    """A job at one moment.

    Attributes:
        message: What the way to the printer last said, in English.
        started: Whether CUPS ever began to print it: something may be on paper.
    """

    number: int
    state: JobState
    message: str
    started: bool


def queue_state(attributes: Attributes) -> QueueState:
    """A queue out of the attributes named in `QUEUE_ATTRIBUTES`."""
    return QueueState(
        name=first_text(attributes, "printer-name"),
        stopped=number(attributes, "printer-state") == _STOPPED,
        accepting=number(attributes, "printer-is-accepting-jobs") == 1,
        reasons=texts(attributes, "printer-state-reasons"),
        jobs=number(attributes, "queued-job-count") or 0,
        device=first_text(attributes, "device-uri"),
        error_policy=first_text(attributes, "printer-error-policy"),
        formats=texts(attributes, "document-format-supported"),
        media=texts(attributes, "media-supported"),
        trays=texts(attributes, "media-source-supported"),
        sides=texts(attributes, "sides-supported"),
        scalings=texts(attributes, "print-scaling-supported"),
        ups="number-up-supported" in attributes,
    )


def job(attributes: Attributes) -> Job:
    """A job out of the attributes named in `JOB_ATTRIBUTES`.

    Raises:
        ValueError: Its state is none of RFC 8011's.
    """
    return Job(
        number=number(attributes, "job-id") or 0,
        state=JobState(number(attributes, "job-state") or 0),
        message=first_text(attributes, "job-printer-state-message"),
        started=number(attributes, "time-at-processing") is not None,
    )

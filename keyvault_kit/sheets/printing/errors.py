"""The ways in which printing fails, each with what the person at the printer does next.

Two questions decide what happens to a sheet, and every error answers both: may some of it be on
paper (`may_be_on_paper`)? And may some of it still lie in CUPS's spool? Only a `LeftInSpoolError`
says so, and a `JobForgottenError`, where CUPS itself does not know.
"""

from collections.abc import Iterable

from keyvault_kit.errors import DeviceError


class PrinterError(DeviceError):
    """Printing failed (exit status 3).

    Args:
        what: What happened, and to what.
        mend: What to do next.
        may_be_on_paper: Whether some of the sheet may have come out, so that it has to be looked
            for, and counts as spoiled.
    """

    def __init__(self, what: str, *, mend: str = "", may_be_on_paper: bool = False) -> None:
        super().__init__(what, mend=mend)
        self.may_be_on_paper = may_be_on_paper


# --- CUPS itself


class NoServerError(PrinterError):
    """Nobody answers where CUPS should."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"no print server answers at {address}",
            mend="Start CUPS: as root, 'systemctl start cups'.",
        )


class NotPermittedError(PrinterError):
    """CUPS, or the system, does not let this user do it."""


class ServerFaultError(PrinterError):
    """CUPS answered, and not as it should have."""


class ServerLostError(PrinterError):
    """The connection broke, or CUPS went away in the middle of a job and did not come back."""


# --- The queue


class NoSuchQueueError(PrinterError):
    """CUPS runs, and has no queue of this name."""

    def __init__(self, name: str, there_are: Iterable[str]) -> None:
        names = ", ".join(there_are)
        super().__init__(
            f"CUPS has no queue {name!r}",
            mend=f"There are: {names}." if names else "There is none at all: add one with lpadmin.",
        )


class QueueRejectsError(PrinterError):
    """The queue takes no jobs."""


class QueueStoppedError(PrinterError):
    """The queue is stopped: a job would wait in the spool."""


class QueueRepeatsError(PrinterError):
    """The queue's error policy repeats a job that failed: a sheet could come out many times."""


class NoPrinterBehindError(PrinterError):
    """The queue writes to a file: CUPS would report success, and nothing would be on paper."""


class UnsupportedError(PrinterError):
    """The queue does not take PDF, this paper size, this tray or these sides."""


# --- The printer


class PrinterTroubleError(PrinterError):
    """The printer reports something that stops it."""


class PaperJamError(PrinterTroubleError):
    """Paper is stuck in the printer."""


class OutOfPaperError(PrinterTroubleError):
    """The tray is empty, or missing, or holds another size."""


class OutOfTonerError(PrinterTroubleError):
    """The toner or the ink is used up."""


class DoorOpenError(PrinterTroubleError):
    """A door or a cover of the printer is open."""


class PrinterUnreachableError(PrinterTroubleError):
    """The printer does not answer: off, asleep or unplugged."""


# --- The job


class JobFailedError(PrinterError):
    """CUPS gave the job up, stopped it or holds it."""


class JobCancelledError(PrinterError):
    """Somebody cancelled the job, at the printer or in CUPS."""


class JobForgottenError(PrinterError):
    """CUPS no longer knows the job: how it ended cannot be asked."""


class PrintTimeoutError(PrinterError):
    """The job was not done within the time given to it."""


class LeftInSpoolError(PrinterError):
    """The job could not be removed from CUPS: the sheet may be in its spool, and come out yet.

    Args:
        why: What was in the way.
    """

    def __init__(self, job: int, why: str) -> None:
        self.why = why
        super().__init__(
            f"job {job} could not be removed from CUPS, and its sheet may be in the spool: {why}",
            mend=f"As root: 'cancel -x {job}', then look whether the spool folder is empty. What is"
            " there may be printed when CUPS is started again.",
            may_be_on_paper=True,
        )

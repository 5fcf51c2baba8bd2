"""Judging a job that is under way: will it be done, what stands in its way, is it lost?"""

from collections.abc import Callable
from typing import Final

import msgspec

from keyvault_kit.sheets.printing.errors import (
    JobCancelledError,
    JobFailedError,
    PrinterError,
    PrintTimeoutError,
    QueueStoppedError,
)
from keyvault_kit.sheets.printing.state import Job, JobState, QueueState
from keyvault_kit.sheets.printing.trouble import Trouble, trouble

_GIVEN_UP: Final = (JobState.HELD, JobState.STOPPED, JobState.ABORTED)


class Waiting(msgspec.Struct, frozen=True):
    """How a job is waited for.

    Attributes:
        clock: Seconds that only ever grow (`time.monotonic`).
        sleep: Sleeps for that many seconds (`time.sleep`).
        timeout: Seconds for one job.
        grace: Seconds that the printer, or CUPS, may be in trouble before anybody is asked.
        interval: Seconds between two looks.
        go_on: Asked with the trouble whether to wait on: somebody may fill the tray. The trouble
            is raised if it says no.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    timeout: float = 180.0
    grace: float = 30.0
    interval: float = 0.5
    go_on: Callable[[PrinterError], bool] = lambda _: False


class Hindrance(msgspec.Struct, frozen=True):
    """Why a job is not done yet.

    Attributes:
        error: What it is raised as, if it lasts.
        severe: Whether it lasts too long after the grace, or only after the whole time.
    """

    error: PrinterError
    severe: bool


class Stopwatch:
    """How long the same hindrance has lasted, and when somebody has to be asked."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._kind: type[PrinterError] | None = None
        self._begun = self._since = waiting.clock()

    def bear(self, hindrance: Hindrance) -> None:
        """Sleep until the next look.

        Raises:
            PrinterError: It lasted too long, and `go_on` said no.
        """
        waiting = self._waiting
        now = waiting.clock()
        if type(hindrance.error) is not self._kind:
            self._kind, self._since = type(hindrance.error), now
        too_long = hindrance.severe and now - self._since >= waiting.grace
        if too_long or now - self._begun >= waiting.timeout:
            if not waiting.go_on(hindrance.error):
                raise hindrance.error
            self._begun = self._since = waiting.clock()
        waiting.sleep(waiting.interval)


def judge(job: Job, queue: QueueState) -> Hindrance:
    """Why a job that is not completed is not.

    Raises:
        PrinterError: It will not be: it ended otherwise, or lies in the spool and waits.
    """
    if job.state is JobState.CANCELLED:
        raise JobCancelledError(
            f"job {job.number} was cancelled, at the printer or in CUPS",
            mend="Find out who did it, and look for the sheet.",
            may_be_on_paper=job.started,
        )
    found = trouble(queue.reasons, job.message)
    if queue.stopped or job.state in _GIVEN_UP:
        raise _given_up(job, queue, found)
    if found:
        what = f"job {job.number} on queue {queue.name} is not done: {found.what}"
        error = found.error(what, mend=found.mend, may_be_on_paper=job.started)
        return Hindrance(error, found.severe)
    slow = PrintTimeoutError(
        f"job {job.number} on queue {queue.name} was not done in the time given to it",
        mend="Look at the printer. If it is only slow, allow more time and print again.",
        may_be_on_paper=job.started,
    )
    return Hindrance(slow, severe=False)


def _given_up(job: Job, queue: QueueState, found: Trouble | None) -> PrinterError:
    """What a job was given up for, as far as CUPS and the printer say it."""
    enable = f" Then as root: 'cupsenable {queue.name}'." if queue.stopped else ""
    if not job.started:
        return QueueStoppedError(
            f"the queue {queue.name} did not begin job {job.number}, and would have kept it",
            mend=f"See to the printer.{enable}",
        )
    how = "stopped the queue" if queue.stopped else f"its state is {job.state.name.lower()}"
    what = f"CUPS gave up job {job.number} on queue {queue.name} ({how})"
    if found and found.severe:
        return found.error(f"{what}: {found.what}", mend=found.mend + enable, may_be_on_paper=True)
    mend = f"See to the printer, and look into CUPS's error log.{enable}"
    return JobFailedError(what, mend=mend, may_be_on_paper=True)

"""Printing sheets through a CUPS queue of this machine, from memory.

A job is made first and gets its document afterwards, so that its number is known before anything
of the sheet leaves this process; whatever happens then, the job is removed from CUPS, with its file
and its history, before the caller hears of it. That CUPS calls a job completed says that it handed
the last byte on: it is *reported* completed, and what counts is the sheet, read back from paper.

Sources: RFC 8011 (IPP/1.1 model), 4.2.4 Create-Job, 4.3.1 Send-Document, 4.3.3 Cancel-Job;
`purge-job` is CUPS's own.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sheets.printing.errors import (
    JobForgottenError,
    LeftInSpoolError,
    NoServerError,
    NoSuchQueueError,
    PrinterError,
    QueueRejectsError,
    ServerFaultError,
    ServerLostError,
    UnsupportedError,
)
from keyvault_kit.sheets.printing.ipp import (
    Attribute,
    Group,
    Operation,
    Response,
    Status,
    Tag,
    number,
)
from keyvault_kit.sheets.printing.server import Server
from keyvault_kit.sheets.printing.state import (
    JOB_ATTRIBUTES,
    PDF,
    QUEUE_ATTRIBUTES,
    Job,
    JobState,
    Options,
    QueueState,
    job,
    queue_state,
)
from keyvault_kit.sheets.printing.watch import Hindrance, Stopwatch, Waiting, judge

__all__ = [
    "Job",
    "JobState",
    "Options",
    "Queue",
    "QueueState",
    "ReportedCompleted",
    "Server",
    "UnfinishedError",
    "Waiting",
    "job_title",
    "print_all",
]

_TITLE: Final = re.compile(r"keyvault-sheet-[0-9a-f]{8}")
PURGE_WITHIN: Final = 45.0
"""Seconds for a job to be gone: CUPS gives its backend 30 to end (JobKillDelay, cupsd.conf(5))."""

_UNSUPPORTED: Final = (Status.FORMAT_NOT_SUPPORTED, Status.VALUES_NOT_SUPPORTED)
_NO_NAME: Final = re.compile(r"[\x00-\x20\x7f/#?]|^$")
"""What the name of a queue cannot hold (lpadmin(8))."""


def job_title(random: Callable[[int], bytes]) -> str:
    """A title that says nothing: titles stand in CUPS's spool, its logs and on displays."""
    return f"keyvault-sheet-{random(4).hex()}"


class ReportedCompleted(msgspec.Struct, frozen=True):
    """CUPS reports a job as completed, which proves nothing: read the sheet back from paper."""

    job: int


class UnfinishedError(PrinterError):
    """Not all of several sheets were printed; go on with `first=error.done`.

    Attributes:
        done: How many were reported completed, from the beginning.
        trouble: What happened to the next.
    """

    def __init__(self, done: int, total: int, trouble: PrinterError) -> None:
        super().__init__(
            f"sheet {done + 1} of {total}: {trouble.what}",
            mend=trouble.mend,
            may_be_on_paper=trouble.may_be_on_paper,
        )
        self.done = done
        self.trouble = trouble


class Queue:
    """A queue of a CUPS.

    Args:
        waiting: How its jobs are waited for.
        indirect: Whether it was decided that sheets may go another way than by a cable of this
            machine.
    """

    def __init__(
        self, name: str, server: Server, waiting: Waiting, *, indirect: bool = False
    ) -> None:
        self.name = name
        self._server = server
        self._waiting = waiting
        self._indirect = indirect

    def state(self) -> QueueState:
        """The queue as it is now.

        Raises:
            NoServerError: CUPS does not run.
            NoSuchQueueError: It runs, and has no such queue.
            PrinterError: Another way to fail (sheets/printing/errors.py).
        """
        answer = None if _NO_NAME.search(self.name) else self._ask_for_state()
        if answer is None or answer.status == Status.NOT_FOUND:
            raise NoSuchQueueError(self.name, self._server.queues())
        return queue_state(self._well(answer, "describe the queue").first(Group.PRINTER))

    def demand_ready(self, options: Options) -> tuple[Attribute, ...]:
        """Check that a sheet would be printed now, before anything is sent.

        Returns:
            The options as job attributes.

        Raises:
            PrinterError: It would not; says why.
            RefusedError: The printer is not on a cable of this machine, and that was not decided.
        """
        state = self.state()
        state.demand_ready()
        if not (state.is_direct or self._indirect):
            raise RefusedError(
                f"the printer of queue {self.name} is reached otherwise than by USB:"
                f" {state.device or 'CUPS does not say how'}",
                mend="Connect it by USB, or record a decision.",
            )
        return state.attributes(options)

    def submit(self, pdf: bytes, *, title: str, options: Options) -> int:
        """Hand a sheet to CUPS.

        Args:
            title: From `job_title`.

        Returns:
            The job's number.

        Raises:
            InputError: The title is not neutral, or this is no PDF.
            PrinterError: It was not taken; nothing of it is left in the spool.
            RefusedError: As `demand_ready`.
        """
        if not _TITLE.fullmatch(title):
            raise InputError("a job's title has to come from job_title: it stands in CUPS's logs")
        if not pdf.startswith(b"%PDF-"):
            raise InputError("what is to be printed is no PDF")
        attributes = self.demand_ready(options)
        name = Attribute("job-name", Tag.NAME, title)
        strict = Attribute("ipp-attribute-fidelity", Tag.BOOLEAN, 1)
        created = self._call(Operation.CREATE_JOB, (name, strict), attributes)
        made = number(self._well(created, "take the job").first(Group.JOB), "job-id")
        if made is None:
            raise ServerFaultError("the print server made a job without a number")
        try:
            self._send(made, pdf)
        except BaseException as error:
            self._clear(made, error)
            raise
        return made

    def job(self, number: int) -> Job:
        """A job as it is now.

        Raises:
            JobForgottenError: CUPS does not know it.
            PrinterError: As `state`.
        """
        answer = self._call(Operation.GET_JOB_ATTRIBUTES, (_job(number), *_wanted(JOB_ATTRIBUTES)))
        if answer.status == Status.NOT_FOUND:
            raise JobForgottenError(
                f"CUPS no longer knows job {number}, so it cannot say how it ended",
                mend="Look for the sheet at the printer. 'PreserveJobHistory No' makes CUPS forget;"
                " so does a crash of CUPS, which can leave the sheet in its spool folder.",
                may_be_on_paper=True,
            )
        try:
            return job(self._well(answer, "describe the job").first(Group.JOB))
        except ValueError as error:
            raise ServerFaultError(f"job {number} is in a state that IPP does not have") from error

    def wait(self, number: int) -> ReportedCompleted:
        """Wait until CUPS reports a job completed, then have CUPS forget it.

        Raises:
            PrinterError: It was not, or `go_on` said no. The job is out of the spool, or the error
                is a `LeftInSpoolError` or a `ServerLostError`.
        """
        try:
            self._follow(number)
        except BaseException as error:
            self._clear(number, error)
            raise
        self.cancel(number)
        return ReportedCompleted(number)

    def cancel(self, number: int) -> bool:
        """Cancel a job as far as it is not done, and have CUPS forget its file and its history.

        Returns:
            Whether some of it may be on paper.

        Raises:
            LeftInSpoolError: It is still there afterwards, or CUPS could not be asked.
        """
        started = True
        try:
            asked = self._call(Operation.CANCEL_JOB, (_job(number),))
            if asked.status not in (Status.NOT_POSSIBLE, Status.NOT_FOUND):  # done, or gone
                self._well(asked, f"cancel job {number}")
            started = self.job(number).started
            self._purge(number)
        except JobForgottenError:
            return started
        except PrinterError as failed:
            raise LeftInSpoolError(number, failed.what) from failed
        raise LeftInSpoolError(number, "CUPS keeps it")

    def _purge(self, number: int) -> None:
        """Have CUPS forget a job: again, as long as its backend has not ended.

        Raises:
            JobForgottenError: It has.
        """
        purge = (_job(number), Attribute("purge-job", Tag.BOOLEAN, 1))
        end = self._waiting.clock() + PURGE_WITHIN
        while self._waiting.clock() < end:
            self._call(Operation.CANCEL_JOB, purge)
            self.job(number)
            self._waiting.sleep(self._waiting.interval)

    def _clear(self, number: int, error: BaseException) -> None:
        """Have CUPS forget a job that failed; what its error says about paper is made true."""
        try:
            started = self.cancel(number)
        except LeftInSpoolError as left:
            before = error.what if isinstance(error, PrinterError) else "the work was broken off"
            why = before if left.why in before else f"{before}; {left.why}"
            raise LeftInSpoolError(number, why) from error
        if isinstance(error, PrinterError):
            error.may_be_on_paper = error.may_be_on_paper or started

    def _send(self, number: int, pdf: bytes) -> None:
        """Give a job its document, which lets it start (RFC 8011, 4.3.1)."""
        attributes = (
            _job(number),
            Attribute("document-format", Tag.MIME_TYPE, PDF),
            Attribute("last-document", Tag.BOOLEAN, 1),
        )
        answer = self._call(Operation.SEND_DOCUMENT, attributes, document=pdf)
        self._well(answer, "take the sheet")

    def _follow(self, number: int) -> None:
        """Look until the job is completed; what lasts too long is raised."""
        stopwatch = Stopwatch(self._waiting)
        while True:
            try:
                seen = self.job(number)
                if seen.state is JobState.COMPLETED:
                    return
                hindrance = judge(seen, self.state())
            except (NoServerError, ServerLostError) as lost:
                hindrance = Hindrance(_gone(number, lost), severe=True)
            stopwatch.bear(hindrance)

    def _ask_for_state(self) -> Response:
        return self._call(Operation.GET_PRINTER_ATTRIBUTES, _wanted(QUEUE_ATTRIBUTES))

    def _call(
        self,
        operation: Operation,
        attributes: Iterable[Attribute],
        job: Iterable[Attribute] = (),
        document: bytes = b"",
    ) -> Response:
        path = f"/printers/{quote(self.name, safe='')}"
        return self._server.call(operation, path, attributes, job, document)

    def _well(self, answer: Response, what: str) -> Response:
        """The answer, if it is not a failure."""
        if answer.well:
            return answer
        if answer.status == Status.NOT_FOUND:
            raise NoSuchQueueError(self.name, self._server.queues())
        if answer.status == Status.NOT_ACCEPTING_JOBS:
            raise QueueRejectsError(f"the queue {self.name} takes no jobs")
        if answer.status in _UNSUPPORTED:
            refused = ", ".join(answer.first(Group.UNSUPPORTED)) or answer.message
            raise UnsupportedError(
                f"the queue {self.name} does not take the sheet as it is to be printed ({refused})",
                mend="Choose another size, tray or queue.",
            )
        raise ServerFaultError(
            f"the print server would not {what} on queue {self.name} ({answer.message})",
            mend="Look into CUPS's error log.",
        )


def print_all(
    queue: Queue,
    sheets: Sequence[bytes],
    *,
    options: Options,
    random: Callable[[int], bytes],
    first: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[ReportedCompleted, ...]:
    """Print several sheets in order, a job each; the next begins when the last is completed.

    Args:
        sheets: PDFs, all of them, also where printing goes on with a later one.
        random: That many random bytes, for the titles.
        first: Which to begin with, from 0: `UnfinishedError.done` of the call before.
        progress: Told how many are done, and of how many, after each.

    Returns:
        What CUPS reported, one for each sheet that was printed now.

    Raises:
        UnfinishedError: A sheet failed; those after it were not tried.
        InputError: One is no PDF.
        RefusedError: As `Queue.demand_ready`.
    """
    reports: list[ReportedCompleted] = []
    for done, pdf in enumerate(sheets[first:], first):
        try:
            number = queue.submit(pdf, title=job_title(random), options=options)
            reports.append(queue.wait(number))
        except PrinterError as trouble:
            raise UnfinishedError(done, len(sheets), trouble) from trouble
        progress(done + 1, len(sheets))
    return tuple(reports)


def _wanted(names: Iterable[str]) -> tuple[Attribute, ...]:
    return tuple(Attribute("requested-attributes", Tag.KEYWORD, name) for name in names)


def _job(number: int) -> Attribute:
    return Attribute("job-id", Tag.INTEGER, number)


def _gone(number: int, lost: PrinterError) -> ServerLostError:
    return ServerLostError(
        f"CUPS went away in the middle of job {number} ({lost.what})",
        mend="Start CUPS, look whether it prints the sheet, and whether its spool folder is empty.",
        may_be_on_paper=True,
    )

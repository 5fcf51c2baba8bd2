"""Every way in which a job fails has its own error, and leaves nothing in the spool."""

import threading
import time
from collections.abc import Callable

import pytest

from keyvault_kit.errors import EXIT_FINDINGS
from keyvault_kit.sheets.printer import Queue, Server
from keyvault_kit.sheets.printing.errors import (
    DoorOpenError,
    JobCancelledError,
    JobFailedError,
    JobForgottenError,
    OutOfPaperError,
    OutOfTonerError,
    PaperJamError,
    PrinterError,
    PrinterTroubleError,
    PrinterUnreachableError,
    PrintTimeoutError,
    QueueStoppedError,
)
from tests.sheets.printing.cups import (
    PATIENT,
    Cups,
    Keeper,
    send,
    until,
    waiting_as,
)

pytestmark = pytest.mark.needs("cupsd", "lpadmin")


StartCups = Callable[..., Cups]


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("stop-printer", 1),
        ("abort-job", 1),
        ("retry-job", 1),
        ("abort-job", 2),  # 'authentication required': held
        ("abort-job", 3),  # held
        ("abort-job", 4),  # the backend stops the queue
        ("abort-job", 6),  # retry: held
    ],
)
def test_a_backend_that_fails(
    policy: str,
    status: int,
    cups: Cups,
    queue: Queue,
    keeper: Keeper,
    sheet: bytes,
) -> None:
    cups.run("lpadmin", "-p", "keep", "-o", f"printer-error-policy={policy}")
    keeper.fail(status)
    with pytest.raises(JobFailedError) as caught:
        queue.wait(send(queue, sheet))
    assert caught.value.may_be_on_paper
    assert cups.documents() == []
    assert cups.run("lpstat", "-W", "all", "-o") == ""
    assert len(keeper.jobs()) == 1  # it is not tried again behind our back


def test_a_backend_that_cancels(cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes) -> None:
    keeper.fail(5)
    with pytest.raises(JobCancelledError) as caught:
        queue.wait(send(queue, sheet))
    assert caught.value.may_be_on_paper
    assert cups.documents() == []


def test_a_person_who_cancels(cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes) -> None:
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    cups.run("cancel", str(number))
    with pytest.raises(JobCancelledError):
        queue.wait(number)
    assert cups.documents() == []


def test_a_person_who_removes_it_all(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    cups.run("cancel", "-x", str(number))
    with pytest.raises((JobForgottenError, JobCancelledError)) as caught:
        queue.wait(number)
    assert caught.value.may_be_on_paper
    assert cups.documents() == []


def test_a_queue_that_is_stopped_before_the_job_began(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.hang()
    first = send(queue, sheet)
    keeper.await_start(first)
    second = send(queue, sheet)
    cups.run("cupsdisable", "keep")
    with pytest.raises(QueueStoppedError) as caught:
        queue.wait(second)
    assert not caught.value.may_be_on_paper
    with pytest.raises(JobFailedError) as begun:
        queue.wait(first)
    assert begun.value.may_be_on_paper
    assert cups.documents() == []


@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        ("media-empty-error", OutOfPaperError),
        ("media-empty-warning", OutOfPaperError),
        ("media-needed-error", OutOfPaperError),
        ("media-jam-error", PaperJamError),
        ("media-empty-error,media-jam", PaperJamError),
        ("door-open-error", DoorOpenError),
        ("cover-open", DoorOpenError),
        ("toner-empty-error", OutOfTonerError),
        ("connecting-to-device", PrinterUnreachableError),
        ("offline-report", PrinterUnreachableError),
        ("fuser-over-temp-error", PrinterTroubleError),
    ],
)
def test_what_the_printer_reports_while_it_does_not_go_on(
    reasons: str,
    error: type[PrinterError],
    cups: Cups,
    queue: Queue,
    keeper: Keeper,
    sheet: bytes,
) -> None:
    keeper.tell(f"+{reasons}")
    keeper.hang()
    with pytest.raises(error) as caught:
        queue.wait(send(queue, sheet))
    assert type(caught.value) is error
    assert caught.value.may_be_on_paper
    assert caught.value.mend
    assert cups.documents() == []


def test_a_backend_that_fails_and_says_why(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.tell("+media-jam-error")
    keeper.fail(4)
    with pytest.raises(PaperJamError) as caught:
        queue.wait(send(queue, sheet))
    assert "cupsenable keep" in caught.value.mend
    assert cups.documents() == []


def test_a_warning_lets_the_sheet_come_out(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.tell("+toner-empty-warning,toner-low-report")
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    until(lambda: "toner-empty-warning" in queue.state().reasons, "the warning is there")
    threading.Timer(3 * PATIENT.grace, keeper.go).start()
    queue.wait(number)
    assert keeper.got(number) == sheet
    assert cups.documents() == []


def test_a_warning_says_why_it_took_too_long(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.tell("+toner-empty-warning")
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    until(lambda: "toner-empty-warning" in queue.state().reasons, "the warning is there")
    with pytest.raises(OutOfTonerError):
        waiting_as(queue, timeout=0.5).wait(number)
    assert cups.documents() == []


def test_a_job_that_takes_too_long_is_cancelled(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    with pytest.raises(PrintTimeoutError) as caught:
        waiting_as(queue, timeout=0.5).wait(number)
    assert caught.value.may_be_on_paper
    assert cups.documents() == []
    assert cups.run("lpstat", "-W", "all", "-o") == ""


def test_a_job_that_only_waited_for_another_is_not_on_paper(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.hang()
    keeper.await_start(send(queue, sheet))
    with pytest.raises(PrintTimeoutError) as caught:
        waiting_as(queue, timeout=0.5).wait(send(queue, sheet))
    assert not caught.value.may_be_on_paper
    assert "d00001-001" in cups.documents()  # the other one, which is under way
    assert "d00002-001" not in cups.documents()


def test_whoever_is_asked_can_wait_on(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    asked: list[PrinterError] = []

    def fill_the_tray(error: PrinterError) -> bool:
        asked.append(error)
        keeper.go()
        return True

    keeper.tell("+media-empty-error")
    keeper.hang()
    number = send(queue, sheet)
    waiting_as(queue, go_on=fill_the_tray).wait(number)
    assert type(asked[0]) is OutOfPaperError
    assert keeper.got(number) == sheet
    assert cups.documents() == []


def test_breaking_off_leaves_nothing_behind(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    pressed = threading.Event()

    def interrupted(seconds: float) -> None:
        if not pressed.is_set():
            pressed.set()
            raise KeyboardInterrupt
        time.sleep(seconds)

    keeper.hang()
    number = send(queue, sheet)
    with pytest.raises(KeyboardInterrupt):
        waiting_as(queue, sleep=interrupted).wait(number)
    assert cups.documents() == []
    assert cups.run("lpstat", "-W", "all", "-o") == ""


def test_a_backend_that_does_not_end_at_once_is_waited_for(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.be_stubborn()
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    threading.Timer(0.5, keeper.go).start()
    assert queue.cancel(number)
    assert cups.documents() == []
    assert cups.run("lpstat", "-W", "all", "-o") == ""


def test_a_history_that_cups_does_not_keep_is_said(start_cups: StartCups, sheet: bytes) -> None:
    cups = start_cups(history="No")
    keeper = cups.keeping()
    queue = Queue("keep", Server(cups.socket), PATIENT, indirect=True)
    number = send(queue, sheet)
    until(lambda: len(keeper.jobs()) == 1, "the sheet came out")
    until(lambda: cups.run("lpstat", "-W", "all", "-o") == "", "CUPS forgot it")
    with pytest.raises(JobForgottenError) as caught:
        queue.wait(number)
    assert "PreserveJobHistory" in caught.value.mend
    assert cups.documents() == []


def test_none_of_these_is_a_finding() -> None:
    assert PrinterError("x").exit_status != EXIT_FINDINGS


def test_the_time_is_the_callers(queue: Queue, keeper: Keeper, sheet: bytes) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] = min(now[0] + seconds, 3600)
        time.sleep(0.005)

    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    with pytest.raises(PrintTimeoutError):
        waiting_as(queue, clock=lambda: now[0], sleep=sleep, timeout=3600, interval=60).wait(number)
    assert now[0] == 3600

"""CUPS that dies in the middle of a job: what is said is what is left in the spool."""

from collections.abc import Callable

import pytest

from keyvault_kit.sheets.printer import Queue, Server
from keyvault_kit.sheets.printing.errors import (
    JobForgottenError,
    LeftInSpoolError,
    ServerLostError,
)
from tests.sheets.printing.cups import (
    PATIENT,
    Cups,
    Keeper,
    send,
)

pytestmark = pytest.mark.needs("cupsd", "lpadmin")


StartCups = Callable[..., Cups]


def test_cups_that_dies_in_the_middle_and_stays_away_may_keep_the_sheet(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    cups.kill()
    with pytest.raises(LeftInSpoolError) as caught:
        queue.wait(number)
    assert caught.value.may_be_on_paper
    assert "went away" in caught.value.what
    assert isinstance(caught.value.__cause__, ServerLostError)
    assert f"d{number:05}-001" in cups.documents()  # which is what the error says


def test_cups_that_dies_and_comes_back_prints_it_and_removes_it(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    cups.kill()
    keeper.go()
    cups.start()
    queue.wait(number)
    assert keeper.got(number) == sheet
    assert cups.documents() == []


def test_cups_that_forgot_the_job_as_it_died_says_so(start_cups: StartCups, sheet: bytes) -> None:
    cups = start_cups(dirty="30")
    keeper = cups.keeping()
    cups.stop()  # so that it has written down the queue
    cups.start()
    queue = Queue("keep", Server(cups.socket), PATIENT, indirect=True)
    keeper.hang()
    number = send(queue, sheet)
    keeper.await_start(number)
    cups.kill()
    cups.start()
    with pytest.raises(JobForgottenError) as caught:
        queue.wait(number)
    assert caught.value.may_be_on_paper
    assert "spool" in caught.value.mend
    assert f"d{number:05}-001" in cups.documents()  # which is why it is said

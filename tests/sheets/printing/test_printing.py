"""Sheets through a real CUPS to a backend that keeps them: what comes out, what stays behind."""

import os
from collections.abc import Callable

import msgspec
import pytest

from keyvault_kit.errors import InputError, RefusedError
from keyvault_kit.sheets.printer import (
    Options,
    Queue,
    Server,
    UnfinishedError,
    job_title,
    print_all,
)
from keyvault_kit.sheets.printing.errors import (
    JobFailedError,
    JobForgottenError,
    NoSuchQueueError,
    NotPermittedError,
)
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.printing.cups import PATIENT, PROVEN, Cups, Keeper, free_port

pytestmark = pytest.mark.needs("cupsd", "lpadmin")

StartCups = Callable[..., Cups]
TITLE = "keyvault-sheet-00c0ffee"


def test_what_the_printer_got_is_the_sheet_and_its_codes_say_the_same(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes, payload: str
) -> None:
    number = queue.submit(sheet, title=TITLE, options=Options())
    report = queue.wait(number)

    assert report.job == number
    assert keeper.got(number) == sheet
    assert read_codes(keeper.got(number)) == (payload,)
    assert cups.documents() == []


def test_cups_forgets_a_job_that_is_done(cups: Cups, queue: Queue, sheet: bytes) -> None:
    number = queue.submit(sheet, title=TITLE, options=Options())
    queue.wait(number)

    assert cups.run("lpstat", "-W", "all", "-o") == ""
    with pytest.raises(JobForgottenError) as caught:
        queue.job(number)
    assert caught.value.may_be_on_paper


def test_files_that_cups_would_keep_go_too(start_cups: StartCups, sheet: bytes) -> None:
    cups = start_cups(files="Yes")
    cups.keeping()
    kept = cups.run("lp", "-d", "keep", __file__)
    queue = Queue("keep", Server(cups.socket), PATIENT, indirect=True)
    other = int(kept.split("keep-")[1].split()[0])
    queue.wait(queue.submit(sheet, title=TITLE, options=Options()))

    assert cups.documents() == [f"d{other:05}-001"]  # not ours, so not touched


@pytest.mark.parametrize(("paper", "name"), [("A4", "A4"), ("Letter", "na_letter_8.5x11in")])
def test_the_paper_size_is_asked_for(
    paper: str, name: str, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    options = msgspec.convert({"paper": paper}, Options)
    number = queue.submit(sheet, title=TITLE, options=options)
    queue.wait(number)

    asked = keeper.options(number)
    assert f"media={'iso_a4_210x297mm' if name == 'A4' else name}" in asked
    assert "print-scaling=none" in asked
    assert "sides=one-sided" in asked


def test_the_title_is_all_that_cups_is_told(queue: Queue, keeper: Keeper, sheet: bytes) -> None:
    number = queue.submit(sheet, title=TITLE, options=Options())
    queue.wait(number)

    assert keeper.title(number) == TITLE


@pytest.mark.parametrize(
    "title", ["bg1-pw-1", "", "keyvault-sheet-00c0ffee bg1", "keyvault-sheet-", f"{TITLE}\n"]
)
def test_a_title_that_could_say_something_is_refused(
    title: str, cups: Cups, queue: Queue, sheet: bytes
) -> None:
    with pytest.raises(InputError):
        queue.submit(sheet, title=title, options=Options())
    assert cups.run("lpstat", "-W", "all", "-o") == ""


def test_titles_are_random() -> None:
    assert job_title(lambda count: b"\xab" * count) == "keyvault-sheet-abababab"
    assert job_title(os.urandom) != job_title(os.urandom)


def test_what_is_no_pdf_is_not_sent(cups: Cups, queue: Queue) -> None:
    with pytest.raises(InputError):
        queue.submit(b"abandon ability able", title=TITLE, options=Options())
    assert cups.run("lpstat", "-W", "all", "-o") == ""


def test_loopback_will_do_as_well(start_cups: StartCups, sheet: bytes) -> None:
    address = f"127.0.0.1:{free_port()}"
    cups = start_cups(loopback=f"Listen {address}")
    keeper = cups.keeping()
    queue = Queue("keep", Server(address), PATIENT, indirect=True)
    number = queue.submit(sheet, title=TITLE, options=Options())
    queue.wait(number)

    assert keeper.got(number) == sheet
    assert cups.documents() == []


def test_the_socket_proves_who_asks_and_loopback_does_not(
    start_cups: StartCups, sheet: bytes
) -> None:
    address = f"127.0.0.1:{free_port()}"
    cups = start_cups(loopback=f"Listen {address}", limits=PROVEN, auth="Basic")
    cups.keeping()
    proven, claimed = (
        Queue("keep", Server(cups.socket), PATIENT, indirect=True),
        Queue("keep", Server(address), PATIENT, indirect=True),
    )
    with pytest.raises(NotPermittedError) as caught:
        claimed.submit(sheet, title=TITLE, options=Options())
    assert not caught.value.may_be_on_paper
    assert "socket" in caught.value.mend

    proven.wait(proven.submit(sheet, title=TITLE, options=Options()))
    assert cups.documents() == []


def test_whoever_a_queue_is_closed_to_is_told(start_cups: StartCups, sheet: bytes) -> None:
    address = f"127.0.0.1:{free_port()}"
    cups = start_cups(loopback=f"Listen {address}")
    cups.keeping("keep", "-u", "allow:somebody")
    with pytest.raises(NotPermittedError) as caught:
        Queue("keep", Server(address, user="mallory"), PATIENT, indirect=True).submit(
            sheet, title=TITLE, options=Options()
        )
    assert "mallory" in caught.value.what
    assert cups.documents() == []


@pytest.mark.parametrize(
    "address", ["cups.example.org", "192.0.2.7:631", "[2001:db8::1]:631", "localhost.example:631"]
)
def test_another_machine_is_refused(address: str) -> None:
    with pytest.raises(RefusedError):
        Server(address)


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1:8631", "[::1]:631", "::1", "/run/x"])
def test_this_machine_is_not(address: str) -> None:
    assert Server(address).address == address


# --- Several


def test_several_sheets_come_out_in_order_a_job_each(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    sheets = [sheet + f"\n% {number}".encode() for number in range(3)]
    told: list[tuple[int, int]] = []
    reports = print_all(
        queue,
        sheets,
        options=Options(),
        random=os.urandom,
        progress=lambda done, total: told.append((done, total)),
    )

    assert [keeper.got(report.job) for report in reports] == sheets
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert len({keeper.title(report.job) for report in reports}) == 3
    assert cups.documents() == []


def test_printing_goes_on_at_the_sheet_that_failed(
    cups: Cups, queue: Queue, keeper: Keeper, sheet: bytes
) -> None:
    cups.run("lpadmin", "-p", "keep", "-o", "printer-error-policy=abort-job")
    sheets = [sheet + f"\n% {number}".encode() for number in range(4)]

    def break_after_two(done: int, total: int) -> None:
        assert total == 4
        if done == 2:
            keeper.fail(1)

    with pytest.raises(UnfinishedError) as caught:
        print_all(
            queue,
            sheets,
            options=Options(),
            random=os.urandom,
            progress=break_after_two,
        )
    stopped = caught.value
    assert stopped.done == 2
    assert stopped.what.startswith("sheet 3 of 4: ")
    assert isinstance(stopped.trouble, JobFailedError)
    assert stopped.may_be_on_paper
    assert cups.documents() == []

    keeper.go()
    reports = print_all(
        queue,
        sheets,
        options=Options(),
        random=os.urandom,
        first=stopped.done,
    )
    assert [keeper.got(report.job) for report in reports] == sheets[2:]


def test_a_queue_that_is_not_there_is_told_before_the_first_sheet(
    cups: Cups, keeper: Keeper, sheet: bytes
) -> None:
    with pytest.raises(UnfinishedError) as caught:
        print_all(
            Queue("office", Server(cups.socket), PATIENT),
            [sheet],
            options=Options(),
            random=os.urandom,
        )
    assert caught.value.done == 0
    assert isinstance(caught.value.trouble, NoSuchQueueError)
    assert keeper.jobs() == []

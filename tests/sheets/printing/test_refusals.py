"""A queue that would not print is refused before anything is sent, each cause by its name."""

import pytest

from keyvault_kit.errors import RefusedError
from keyvault_kit.sheets.printer import Options, Queue, Server
from keyvault_kit.sheets.printing.errors import (
    NoPrinterBehindError,
    NoServerError,
    NoSuchQueueError,
    QueueRejectsError,
    QueueRepeatsError,
    QueueStoppedError,
    UnsupportedError,
)
from tests.sheets.printing.cups import (
    PATIENT,
    Cups,
    Keeper,
    send,
)

pytestmark = pytest.mark.needs("cupsd", "lpadmin")


def test_no_server_and_no_queue_are_told_apart(cups: Cups, keeper: Keeper, sheet: bytes) -> None:
    server = Server(cups.socket)
    with pytest.raises(NoSuchQueueError) as no_queue:
        send(Queue("office", server, PATIENT), sheet)
    assert "keep" in no_queue.value.mend
    cups.stop()
    with pytest.raises(NoServerError) as no_server:
        send(Queue("office", server, PATIENT), sheet)

    assert cups.socket in no_server.value.what
    assert not no_queue.value.may_be_on_paper
    assert not no_server.value.may_be_on_paper
    assert no_server.value.exit_status == 3
    assert keeper.jobs() == []


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a#b", "a?b", "büro", "../admin"])
def test_a_name_that_no_queue_has_is_no_such_queue(name: str, cups: Cups) -> None:
    with pytest.raises(NoSuchQueueError) as caught:
        Queue(name, Server(cups.socket), PATIENT).state()
    assert "none at all" in caught.value.mend


def test_a_queue_that_rejects_jobs(cups: Cups, queue: Queue, sheet: bytes) -> None:
    cups.run("cupsreject", "keep")
    with pytest.raises(QueueRejectsError) as caught:
        send(queue, sheet)
    assert "cupsaccept keep" in caught.value.mend
    assert cups.documents() == []


def test_a_queue_that_is_stopped_gets_nothing(cups: Cups, queue: Queue, sheet: bytes) -> None:
    cups.run("cupsdisable", "keep")
    with pytest.raises(QueueStoppedError) as caught:
        send(queue, sheet)
    assert not caught.value.may_be_on_paper
    assert cups.documents() == []
    assert cups.run("lpstat", "-W", "all", "-o") == ""


def test_a_queue_to_a_file_has_no_printer_behind_it(cups: Cups, sheet: bytes) -> None:
    cups.run("lpadmin", "-p", "nowhere", "-E", "-v", "file:///dev/null")
    with pytest.raises(NoPrinterBehindError):
        send(Queue("nowhere", Server(cups.socket), PATIENT), sheet)


def test_a_class_of_printers_has_none_of_its_own(cups: Cups, keeper: Keeper, sheet: bytes) -> None:
    cups.run("lpadmin", "-p", "keep", "-c", "both")
    cups.run("cupsaccept", "both")
    cups.run("cupsenable", "both")
    with pytest.raises(NoPrinterBehindError) as caught:
        send(Queue("both", Server(cups.socket), PATIENT), sheet)
    assert "class" in caught.value.mend
    assert keeper.jobs() == []


def test_a_queue_that_would_print_a_failed_sheet_again_and_again(
    cups: Cups, queue: Queue, sheet: bytes
) -> None:
    cups.run("lpadmin", "-p", "keep", "-o", "printer-error-policy=retry-current-job")
    with pytest.raises(QueueRepeatsError):
        send(queue, sheet)
    assert cups.documents() == []


def test_a_printer_that_is_not_on_a_cable_takes_a_decision(cups: Cups, sheet: bytes) -> None:
    cups.run("lpadmin", "-p", "far", "-E", "-v", "ipp://192.0.2.7/ipp/print")
    cups.run("cupsreject", "far")
    server = Server(cups.socket)
    assert not Queue("far", server, PATIENT).state().is_direct
    cups.run("cupsaccept", "far")
    cups.run("cupsdisable", "far")
    with pytest.raises(QueueStoppedError):  # so that nothing is sent in this test
        send(Queue("far", server, PATIENT, indirect=True), sheet)
    cups.run("cupsenable", "far")
    with pytest.raises(RefusedError, match=r"otherwise than by USB: ipp://192\.0\.2\.7"):
        send(Queue("far", server, PATIENT), sheet)
    assert cups.documents() == []


def test_a_queue_by_a_backend_that_is_not_known_takes_a_decision(
    cups: Cups, keeper: Keeper, sheet: bytes
) -> None:
    with pytest.raises(RefusedError, match="otherwise than by USB: keep:"):
        send(Queue("keep", Server(cups.socket), PATIENT), sheet)
    assert keeper.jobs() == []
    assert cups.documents() == []


@pytest.mark.parametrize(
    "options", [Options(tray="main"), Options(sides="two-sided-long-edge")], ids=["tray", "sides"]
)
def test_a_queue_without_a_driver_has_neither_trays_nor_duplex(
    options: Options, cups: Cups, queue: Queue, sheet: bytes
) -> None:
    with pytest.raises(UnsupportedError) as caught:
        send(queue, sheet, options)
    assert "names none" in caught.value.mend
    assert cups.documents() == []

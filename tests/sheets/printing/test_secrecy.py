"""Where a sheet could be seen besides on the paper: arguments, environments, files and logs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keyvault_kit.assembly.paper import Printed
from keyvault_kit.errors import InputError
from keyvault_kit.sheets.printer import Options, Queue, Server
from keyvault_kit.sheets.printing.errors import OutOfPaperError
from tests.sheets.printing.cups import PATIENT, Cups, Keeper, Printer, until

pytestmark = pytest.mark.needs("cupsd", "lpadmin")

StartCups = Callable[..., Cups]
TITLE = "keyvault-sheet-00c0ffee"
SECRET = b"7gBJ2vQmXnR5kTzW9pLdHf3s"
NAME = "bg1-pw-1-2"


@pytest.fixture
def pdf(sheet: bytes) -> bytes:
    """A sheet that can be found wherever it lies: real ones are compressed."""
    return sheet + b"% " + SECRET + b"\n"


def processes() -> Iterator[bytes]:
    """The arguments and environments of all that runs and may be looked at."""
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                yield (folder / name).read_bytes()
            except OSError:  # it has ended, or is another user's
                continue


def holding(needle: bytes, root: Path) -> list[str]:
    """The files below a folder that hold it."""
    files = (path for path in root.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(root)) for path in files if needle in path.read_bytes())


def test_no_argument_and_no_environment_shows_the_sheet_while_it_prints(
    pdf: bytes, queue: Queue, keeper: Keeper
) -> None:
    keeper.hang()
    number = queue.submit(pdf, title=TITLE, options=Options())
    keeper.await_start(number)
    seen = list(processes())
    keeper.go()
    queue.wait(number)

    assert any(TITLE.encode() in it for it in seen)  # so a backend was looked at
    assert not any(SECRET in it for it in seen)
    assert SECRET in keeper.got(number)


@pytest.mark.parametrize("fails", [False, True])
def test_no_file_and_no_log_holds_the_sheet_afterwards(
    fails: bool,  # noqa: FBT001 - a parameter
    pdf: bytes,
    cups: Cups,
    queue: Queue,
    keeper: Keeper,
) -> None:
    keeper.hang()
    number = queue.submit(pdf, title=TITLE, options=Options())
    keeper.await_start(number)
    assert holding(SECRET, cups.root) == [f"spool/d{number:05}-001"]  # nowhere else meanwhile
    if fails:
        queue.cancel(number)
    else:
        keeper.go()
        queue.wait(number)

    kept = [] if fails else [f"out-keep/job-{number}.pdf"]
    assert holding(SECRET, cups.root) == kept
    assert TITLE in cups.logs()  # at debug2 they do tell much


@pytest.mark.needs("ippeveprinter", "dbus-daemon")
def test_nothing_holds_the_sheet_after_a_printer_ran_out_of_paper(
    pdf: bytes, cups: Cups, everywhere: Queue, printer: Printer
) -> None:
    printer.empty()
    number = everywhere.submit(pdf, title=TITLE, options=Options())
    until(lambda: "media-empty-warning" in everywhere.state().reasons, "CUPS knows of the tray")
    assert holding(SECRET, cups.root) == [f"spool/d{number:05}-001"]
    everywhere.cancel(number)
    assert holding(SECRET, cups.root) == []


class TestPaper:
    @pytest.fixture
    def paper(self, queue: Queue) -> Printed:
        return Printed(queue, Options(), os.urandom)

    def test_what_is_put_is_printed_and_cups_never_hears_its_name(
        self, pdf: bytes, cups: Cups, paper: Printed, keeper: Keeper
    ) -> None:
        paper.put(NAME, pdf)

        assert keeper.got(1) == pdf
        assert keeper.title(1).startswith("keyvault-sheet-")
        assert holding(NAME.encode(), cups.root) == []

    def test_it_is_read_by_people_and_never_by_the_machine(
        self, pdf: bytes, paper: Printed
    ) -> None:
        assert paper.read_by_people
        paper.put(NAME, pdf)
        with pytest.raises(InputError) as caught:
            paper.read(NAME)
        assert "on paper" in caught.value.what

    def test_nothing_is_kept_that_could_be_let_go_or_shredded(
        self, pdf: bytes, cups: Cups, paper: Printed, keeper: Keeper
    ) -> None:
        paper.put(NAME, pdf)
        paper.let_go(NAME)
        paper.shred(NAME)
        paper.shred("never-printed")
        assert keeper.jobs() == ["job-1"]
        assert cups.documents() == []

    def test_what_fails_says_that_it_may_be_on_paper(
        self, pdf: bytes, cups: Cups, keeper: Keeper
    ) -> None:
        paper = Printed(
            Queue("keep", Server(cups.socket), PATIENT, indirect=True), Options(), os.urandom
        )
        keeper.tell("+media-empty-error")
        keeper.hang()
        with pytest.raises(OutOfPaperError) as caught:
            paper.put(NAME, pdf)
        assert caught.value.may_be_on_paper

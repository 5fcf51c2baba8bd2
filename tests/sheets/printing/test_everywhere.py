"""A printer that speaks IPP itself, driven without a driver."""

import pytest

from keyvault_kit.sheets.printer import Options, Queue
from keyvault_kit.sheets.printing.errors import (
    OutOfPaperError,
    PrinterError,
    PrinterUnreachableError,
    UnsupportedError,
)
from tests.sheets.printing.cups import (
    TITLE,
    Cups,
    Printer,
    send,
    until,
    waiting_as,
)

pytestmark = pytest.mark.needs("cupsd", "lpadmin")


@pytest.mark.needs("ippeveprinter", "dbus-daemon")
class TestEverywhere:
    def send_to_empty(self, queue: Queue, sheet: bytes) -> int:
        """Hand a sheet in, and wait until it is known that there is no paper."""
        number = send(queue, sheet)
        until(lambda: "media-empty-warning" in queue.state().reasons, "CUPS knows of the tray")
        return number

    def test_it_gets_the_sheet_as_it_is_from_the_tray_on_both_sides(
        self, cups: Cups, everywhere: Queue, printer: Printer, sheet: bytes
    ) -> None:
        options = Options(tray="by-pass-tray", sides="two-sided-long-edge")
        everywhere.wait(send(everywhere, sheet, options))

        assert printer.printed() == [sheet]
        assert "by-pass-tray" in printer.asked()["IPP_MEDIA_COL"]
        assert printer.asked()["IPP_SIDES"] == "two-sided-long-edge"
        assert printer.asked()["IPP_JOB_NAME"] == TITLE
        assert cups.documents() == []

    def test_a_tray_that_it_does_not_have_is_named_with_those_that_it_has(
        self, cups: Cups, everywhere: Queue, sheet: bytes
    ) -> None:
        with pytest.raises(UnsupportedError) as caught:
            send(everywhere, sheet, Options(tray="cellar"))
        assert "cellar" in caught.value.what
        assert "by-pass-tray" in caught.value.mend
        assert cups.documents() == []

    def test_cups_that_cannot_turn_pdf_into_anything_else_is_told_before(
        self, cups: Cups, everywhere: Queue, sheet: bytes
    ) -> None:
        (cups.root / "etc/local.convs").unlink()
        cups.stop()
        cups.start()
        with pytest.raises(UnsupportedError) as caught:
            send(everywhere, sheet)
        assert "cups-filters" in caught.value.mend
        assert cups.documents() == []

    def test_it_runs_out_of_paper_and_goes_on_when_it_is_filled(
        self, cups: Cups, everywhere: Queue, printer: Printer, sheet: bytes
    ) -> None:
        asked: list[PrinterError] = []

        def fill(error: PrinterError) -> bool:
            asked.append(error)
            if len(asked) == 1:
                printer.fill()
            return True

        printer.empty()
        number = self.send_to_empty(everywhere, sheet)
        waiting_as(everywhere, go_on=fill).wait(number)
        assert {type(error) for error in asked} == {OutOfPaperError}
        assert printer.printed() == [sheet]
        assert cups.documents() == []

    def test_it_runs_out_of_paper_and_nobody_fills_it(
        self, cups: Cups, everywhere: Queue, printer: Printer, sheet: bytes
    ) -> None:
        printer.empty()
        number = self.send_to_empty(everywhere, sheet)
        with pytest.raises(OutOfPaperError) as caught:
            waiting_as(everywhere).wait(number)
        assert caught.value.may_be_on_paper
        assert cups.documents() == []

    def test_it_is_switched_off(
        self, cups: Cups, everywhere: Queue, printer: Printer, sheet: bytes
    ) -> None:
        printer.stop()
        with pytest.raises(PrinterUnreachableError):
            waiting_as(everywhere).wait(send(everywhere, sheet))
        assert cups.documents() == []

"""Examples of the forms: what is printed to be written in, and what is printed to be signed."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

from keyvault_kit.custody.ceremonies import PageCount
from keyvault_kit.sheets.forms import ListedBag, Participant
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import (
    audit,
    drill,
    exception,
    inventory,
    opening,
    record,
    script,
    transfer,
    wall_chart,
)
from tests.sheets.example import Example

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PEOPLE = (
    Participant(role="Officer", name="Anna Berg", id="anna"),
    Participant(role="Witness", name="Зоя Иванова", id="zoya"),
)


def _script(heading: Heading) -> script.CeremonyScript:
    return script.CeremonyScript(
        heading=heading,
        title="Seal the password of bg1",
        steps=(
            (1, "Look at the clock and write down its time", "anna, zoya"),
            (2, "Draw the password and split it: any 2 of 3 shares", "anna"),
            (3, "Print and read back share 1", "anna, zoya"),
        ),
        participants=PEOPLE,
        materials=("Printer with 20 sheets of paper", "Tamper-evident bags: 5"),
    )


def _exception(heading: Heading) -> exception.ExceptionSheet:
    return exception.ExceptionSheet(
        heading=heading, ceremony="Seal the password of bg1", participants=PEOPLE
    )


def _transfer(heading: Heading) -> transfer.CustodyTransfer:
    return transfer.CustodyTransfer(
        heading=heading,
        items=(
            transfer.TransferItem("bg1-pw-1-2", "Share 2 of 3", "A 004712"),
            transfer.TransferItem("KEY-02", "Security key of bg1", "A 004720"),
        ),
        why="The site at Kiel moves",
        giver="Anna Berg",
        origin="Safe kiel-1, Kiel",
        receiver="Зоя Иванова",
        destination="Safe hq-safe-1, Hamburg",
    )


def _drill(heading: Heading) -> drill.DrillChecklist:
    return drill.DrillChecklist(
        heading=heading,
        account="bg1@nordwind.onmicrosoft.com",
    )


def _opening(heading: Heading) -> opening.OpeningForm:
    return opening.OpeningForm(
        heading=heading,
        account="bg1@nordwind.onmicrosoft.com",
        bags=(
            ListedBag("bg1-pw-1-2", "Share 2 of 3 of bg1, any 2 needed", "A 004712"),
            ListedBag("KEY-02", "Key KEY-02", "A 004720"),
        ),
    )


def _inventory(heading: Heading) -> inventory.SafeInventory:
    return inventory.SafeInventory(
        heading=heading,
        safe="hq-safe-1",
        site="Hamburg",
        bags=(
            ListedBag("bg1-pw-1-2", "Share 2 of 3 of bg1, any 2 needed", "A 004712"),
            ListedBag("KEY-02-key1", "Key KEY-02, serial 21873344", "A 004713"),
        ),
        openers=("Anna Berg", "Зоя Иванова"),
    )


def _wall_chart(heading: Heading) -> wall_chart.WallChart:
    return wall_chart.WallChart(
        heading=heading,
        first=date(2026, 3, 1),
        items=(
            wall_chart.DueItem(date(2026, 2, 20), "Validate bg2", "Boris Novák", "S54"),
            wall_chart.DueItem(date(2026, 3, 1), "Change the password of bg1", "Anna Berg", "S32"),
            wall_chart.DueItem(date(2026, 3, 31), "Validate bg1", "Зоя Иванова", "S54"),
            wall_chart.DueItem(date(2026, 9, 1), "Change combinations", "Ελένη Παππά", "S42"),
            wall_chart.DueItem(date(2027, 2, 28), "Look at decision d1 again", "", "C1 to C8"),
        ),
    )


def _full_record(heading: Heading) -> record.CeremonyRecord:
    return record.CeremonyRecord(
        heading=heading,
        title="Seal the password of bg1",
        under="1 step",
        steps=(record.RecordStep(number=1, activity="Print", by="anna", time=NOON),),
        participants=PEOPLE,
        pages=PageCount(printed=12, sealed=9, spoiled=1, destroyed=1),
        bags=(
            record.UsedBag("bg1-pw-1-1", "Share 1 of 3", "A 004711"),
            record.UsedBag("bg1-pw-1-2", "Share 2 of 3", "A 004712"),
        ),
    )


def _full_audit(heading: Heading) -> audit.AuditReport:
    return audit.AuditReport(
        heading=heading,
        scope="All safes",
        checkpoint=142,
        root="Zm9v" * 10 + "abc=",
        verdicts=(),
        findings=(),
        signatures=(audit.Signature(role="Auditor", name="Zoë Müller"),),
        bags=(
            audit.BagVerdict(
                envelope="bg1-pw-1-2", safe="hq-safe-1", bag="A 004712", verdict="intact"
            ),
            audit.BagVerdict(
                envelope="KEY-02", safe="hq-safe-1", bag="A 004720", verdict="damaged"
            ),
        ),
    )


def _of(page: ModuleType, make: Callable[[Heading], Any]) -> Callable[[Heading], Example]:
    def example(heading: Heading) -> Example:
        sheet = make(heading)
        return Example(lambda paper: page.render(sheet, paper), page.payload(sheet), 1, (), sheet)

    return example


PAGES: dict[str, Callable[[Heading], Example]] = {
    "script": _of(script, _script),
    "exception": _of(exception, _exception),
    "transfer": _of(transfer, _transfer),
    "drill": _of(drill, _drill),
    "opening": _of(opening, _opening),
    "inventory": _of(inventory, _inventory),
    "wall_chart": _of(wall_chart, _wall_chart),
    "full_record": _of(record, _full_record),
    "full_audit": _of(audit, _full_audit),
}

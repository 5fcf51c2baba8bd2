"""Forms with nothing, with much and with long names on them: no row is lost, all stays apart."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Protocol

import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.forms import ListedBag, Participant
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import (
    audit,
    custody_map,
    drill,
    exception,
    inventory,
    opening,
    record,
    script,
    transfer,
    wall_chart,
    work_orders,
)
from keyvault_kit.sheets.proof import prove

MANY = 200
LONG = (
    "Ελένη Παπαδοπούλου-Κωνσταντινίδου της Διευθύνσεως Ασφαλείας",
    "Александра Константинопольская-Преображенская из Управления",
    "Maximiliane-Wilhelmine von und zu Hohenlohe-Waldenburg-Schillingsfürst",
)


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]
Make = Callable[[Heading, tuple[str, ...]], Any]


_ROOT = "Zm9v" * 10 + "abc="


def people(names: tuple[str, ...]) -> tuple[Participant, ...]:
    return tuple(Participant(role="Officer", name=name, id="anna") for name in names)


def a_script(heading: Heading, names: tuple[str, ...]) -> script.CeremonyScript:
    return script.CeremonyScript(
        heading=heading,
        title="Seal",
        steps=tuple((number, name, "anna") for number, name in enumerate(names, start=1)),
    )


def a_signed_script(heading: Heading, names: tuple[str, ...]) -> script.CeremonyScript:
    return script.CeremonyScript(
        heading=heading,
        title="Seal",
        steps=(),
        participants=people(names),
        materials=("Bags",),
    )


def an_exception(heading: Heading, names: tuple[str, ...]) -> exception.ExceptionSheet:
    return exception.ExceptionSheet(heading=heading, participants=people(names))


def a_transfer(heading: Heading, names: tuple[str, ...]) -> transfer.CustodyTransfer:
    items = tuple(transfer.TransferItem(f"e{at}", name, "A 1") for at, name in enumerate(names))
    return transfer.CustodyTransfer(heading=heading, items=items)


def an_opening(heading: Heading, names: tuple[str, ...]) -> opening.OpeningForm:
    bags = tuple(ListedBag("e1", name, "A 1") for name in names)
    return opening.OpeningForm(heading=heading, bags=bags)


def an_inventory(heading: Heading, names: tuple[str, ...]) -> inventory.SafeInventory:
    bags = tuple(ListedBag(f"e{at}", name, "A 1") for at, name in enumerate(names))
    return inventory.SafeInventory(heading=heading, safe="s", site="Hamburg", bags=bags)


def a_chart(heading: Heading, names: tuple[str, ...]) -> wall_chart.WallChart:
    first = date(2026, 1, 1)
    items = tuple(
        wall_chart.DueItem(first + timedelta(days=at % 365), name, "Зоя Иванова", "S54")
        for at, name in enumerate(names)
    )
    return wall_chart.WallChart(heading=heading, first=first, items=items)


def a_record(heading: Heading, names: tuple[str, ...]) -> record.CeremonyRecord:
    return record.CeremonyRecord(
        heading=heading,
        title="Seal",
        under="",
        steps=(),
        participants=people(names),
        bags=tuple(record.UsedBag(f"e{at}", "Share", "A 1") for at in range(len(names))),
    )


def an_audit(heading: Heading, names: tuple[str, ...]) -> audit.AuditReport:
    return audit.AuditReport(
        heading=heading,
        scope="All safes",
        checkpoint=7,
        root=_ROOT,
        verdicts=(),
        findings=(),
        signatures=(),
        bags=tuple(
            audit.BagVerdict(envelope=f"e{at}", safe=name, bag="A 1", verdict="intact")
            for at, name in enumerate(names)
        ),
    )


def a_map(heading: Heading, names: tuple[str, ...]) -> custody_map.CustodyMap:
    rows = tuple(custody_map.MapRow((name,), ("2",), ("alone",)) for name in names)
    return custody_map.CustodyMap(
        heading=heading, accounts=("bg1",), rows=rows, entries=7, root=_ROOT
    )


def a_reasoned_map(heading: Heading, names: tuple[str, ...]) -> custody_map.CustodyMap:
    return custody_map.CustodyMap(
        heading=heading, accounts=(), rows=(), sentences=names, entries=7, root=_ROOT
    )


def the_orders(heading: Heading, names: tuple[str, ...]) -> work_orders.WorkOrders:
    day = date(2026, 3, 31)
    return work_orders.WorkOrders(
        heading=heading,
        person="Carol Carter",
        on=day,
        reached=(),
        remembers=(),
        orders=tuple(work_orders.OrderLine(name, day, "S42", done=False) for name in names),
    )


FORMS: dict[str, tuple[Any, Make, str]] = {
    "script": (script, a_script, "NOTE, EXCEPTION NO."),
    "signed script": (script, a_signed_script, "OUT (UTC)"),
    "exception": (exception, an_exception, "SIGNATURE"),
    "transfer": (transfer, a_transfer, "ON RECEIPT"),
    "opening": (opening, an_opening, "NUMBER FOUND"),
    "inventory": (inventory, an_inventory, "NUMBER FOUND"),
    "wall chart": (wall_chart, a_chart, ""),
    "record": (record, a_record, "DO YOU AGREE? IF NOT, WHY"),
    "audit": (audit, an_audit, "SAFE"),
    "custody map": (custody_map, a_map, "EVER"),
    "reasons": (custody_map, a_reasoned_map, "WHAT FOLLOWS, AND WHY"),
    "work orders": (work_orders, the_orders, "DATE DONE"),
}
"""The page of each form, how it is made with these names in it, and a caption of their table."""


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> tuple[Any, Make, str]:
    return FORMS[request.param]


def test_a_form_with_nothing_on_it_can_be_printed(
    form: tuple[Any, Make, str],
    paper: Paper,
    make_heading: MakeHeading,
    assert_tidy: Callable[[bytes, Paper], None],
) -> None:
    page, make, _ = form
    sheet = make(make_heading(), ())

    pdf = page.render(sheet, paper)

    assert_tidy(pdf, paper)
    prove(pdf, page.payload(sheet))


def test_a_form_with_many_rows_loses_none_and_repeats_its_captions(
    form: tuple[Any, Make, str], make_heading: MakeHeading, pieces: Pieces
) -> None:
    page, make, caption = form
    names = tuple(f"Name-{at:03}" for at in range(MANY))
    sheet = make(make_heading(), names)

    pdf = page.render(sheet, A4)

    found = pieces(pdf)
    rows = [piece for piece in found if piece.text in names]
    assert [piece.text for piece in rows] == list(names)
    assert all(piece.box.bottom < A4.height - 18 for piece in rows)
    pages = max(piece.page for piece in found)
    assert pages > 2
    assert {f"Page {page} of {pages}" for page in range(1, pages + 1)} <= {
        piece.text for piece in found
    }
    captioned = {piece.page for piece in found if piece.text == caption}
    assert not caption or {piece.page for piece in rows} <= captioned
    prove(pdf, page.payload(sheet))


def test_long_names_in_three_scripts_wrap_inside_their_cells(
    form: tuple[Any, Make, str],
    paper: Paper,
    make_heading: MakeHeading,
    pieces: Pieces,
    assert_tidy: Callable[[bytes, Paper], None],
) -> None:
    page, make, _ = form

    pdf = page.render(make(make_heading(), LONG), paper)

    assert_tidy(pdf, paper)
    written = "".join(piece.text for piece in pieces(pdf)).replace(" ", "")
    for name in LONG:
        assert name.replace(" ", "") in written


def test_a_name_that_no_row_can_hold_is_refused(
    form: tuple[Any, Make, str], paper: Paper, make_heading: MakeHeading
) -> None:
    page, make, _ = form

    with pytest.raises(InputError, match="higher than a page") as refused:
        page.render(make(make_heading(), ("again and again " * 500,)), paper)

    assert "Shorten its text" in str(refused.value)
    assert paper.name in str(refused.value)


def test_a_name_without_a_glyph_is_refused_by_its_character(
    form: tuple[Any, Make, str], make_heading: MakeHeading
) -> None:
    page, make, _ = form

    with pytest.raises(InputError, match="U\\+0E01"):
        page.render(make(make_heading(), ("ก",)), A4)


@pytest.mark.parametrize(
    ("page", "make"),
    [
        (script, lambda top, text: script.CeremonyScript(heading=top, title=text, steps=())),
        (exception, lambda top, text: exception.ExceptionSheet(heading=top, ceremony=text)),
        (transfer, lambda top, text: transfer.CustodyTransfer(heading=top, why=text)),
        (drill, lambda top, text: drill.DrillChecklist(heading=top, account=text)),
        (opening, lambda top, text: opening.OpeningForm(heading=top, account=text)),
        (inventory, lambda top, text: inventory.SafeInventory(heading=top, safe=text, site="")),
    ],
)
def test_a_text_that_its_field_cannot_hold_is_refused(
    page: Any, make: Callable[[Heading, str], Any], paper: Paper, make_heading: MakeHeading
) -> None:
    with pytest.raises(InputError, match=r"a text of \d+ characters is too long"):
        page.render(make(make_heading(), "again and again " * 60), paper)


@pytest.mark.parametrize(
    ("name", "pages"), [("exception", 1), ("wall_chart", 1), ("drill", 2), ("opening", 3)]
)
def test_a_form_takes_no_more_pages_than_it_must(
    name: str,
    pages: int,
    paper: Paper,
    make_example: Callable[[str, Heading], Any],
    make_heading: MakeHeading,
    pieces: Pieces,
) -> None:
    found = pieces(make_example(name, make_heading()).render(paper))

    assert f"Page 1 of {pages}" in [piece.text for piece in found]


def test_an_inventory_of_sixty_bags_keeps_every_row_whole(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    bags = tuple(ListedBag(f"bg{at}-pw-1-1", f"Share {at}", f"A {4000 + at}") for at in range(60))
    sheet = inventory.SafeInventory(
        heading=make_heading(), safe="hq-safe-1", site="Hamburg", bags=bags
    )

    found = pieces(inventory.render(sheet, paper))

    assert max(piece.page for piece in found) <= 5
    for bag in bags:
        (row,) = (it for it in found if it.text == bag.envelope)
        (number,) = (it for it in found if it.text == bag.bag)
        (holds,) = (it for it in found if it.text == bag.holds)
        assert row.page == number.page == holds.page
        assert abs(row.box.y - number.box.y) < 1
    assert "60" in [piece.text for piece in found if piece.page == 1]

"""Forms: what a reader finds on each, and that what is to be ticked or written has its room."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pytest

from keyvault_kit.sheets.drawing import Drawing
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading, compose
from keyvault_kit.sheets.pages import script
from keyvault_kit.sheets.tables import Column, table
from keyvault_kit.sheets.ticks import BOX, Ticks
from tests.sheets.ticked import BAND, Drawn, boxes, paths, stands_before


class Example(Protocol):
    payload: str
    data: Any

    def render(self, paper: Paper, /) -> bytes: ...


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
MakeHeading = Callable[..., Heading]
MakeExample = Callable[[str, Heading], Example]

SAYS = {
    "script": (
        "Ceremony script",
        "Read each step aloud before it is done.",
        "An exception? Stop, take an exception sheet",
        "BEGAN (UTC)",
        "EXCEPTION SHEETS TAKEN",
        "ROLE NAME ID INITIALS",
        "Officer Anna Berg anna",
        "Witness Зоя Иванова zoya",
        "IN (UTC) OUT (UTC) SIGNATURE",
        "Printer with 20 sheets of paper",
        "STEP ACTIVITY WHO INITIALS TIME (UTC) NOTE, EXCEPTION NO.",
        "1 Look at the clock and write down its time anna, zoya",
        "3 Print and read back share 1 anna, zoya",
    ),
    "exception": (
        "Exception sheet 2",
        "Seal the password of bg1",
        "STEP BEGAN (UTC) ENDED (UTC)",
        "Expected Happened Actions and decisions Impact",
        "DECIDED BY (NAME) SIGNATURE TIME (UTC)",
        "Officer Anna Berg",
        "Witness Зоя Иванова",
    ),
    "transfer": (
        "FROM (NAME) Anna Berg FROM (SAFE, SITE) Safe kiel-1, Kiel GIVEN ON, AT (UTC)",
        "TO (NAME) Зоя Иванова TO (SAFE, SITE) Safe hq-safe-1, Hamburg RECEIVED ON, AT (UTC)",
        "WHY The site at Kiel moves",
        "bg1-pw-1-2 Share 2 of 3 A 004712",
        "KEY-02 Security key of bg1 A 004720",
        "BAG NUMBER ON GIVING ON RECEIPT",
        "Giver Anna Berg Receiver Зоя Иванова Witness",
        "GIVEN BY (NAME, SIGNATURE) RECEIVED BY (NAME, SIGNATURE) WHERE TO ALL INTACT?",
    ),
    "drill": (
        "Drill with bg1@nordwind.onmicrosoft.com",
        "WINDOW (UTC) WHO IN MONITORING WAS TOLD",
        "Monitoring is told: who, which account, from when to when (S56)",
        "A private browser window",
        "The role works",
        "The alert fired within 15 minutes of the sign-in",
        "SIGNED IN AT (UTC) ALERT AT (UTC) MINUTES BETWEEN",
        "Signed out",
        "Those who need the process documents reached them (S60)",
        "What was used",
        "BAG OPENED INTACT? NEW BAG",
        "The drill and its date are entered in the ledger (S57)",
        "FOLLOW-UP WHO BY WHEN DONE",
        "Signatures",
    ),
    "opening": (
        "DECIDED BY (NAME) AND BY (NAME) DATE, TIME (UTC)",
        "bg1-pw-1-2 Share 2 of 3 of bg1, any 2 needed A 004712",
        "HOLDS BAG NUMBER EXPECTED NUMBER FOUND INTACT? TAKEN BY TIME (UTC)",
        "What was used",
        "WHAT WAS DONE ALLOWED BY WHOM OR WHAT",
        "Logs preserved",
        "SAW OR COULD SEE WHAT",
        "The password is changed, split and sealed anew (S32)",
        "Post-mortem",
        "DATE, TIME (UTC) WHAT HAPPENED",
        "Actions and authority",
        "Cause",
        "WHAT TO CHANGE WHO BY WHEN DONE",
        "Led the post-mortem",
    ),
    "inventory": (
        "Safe hq-safe-1 At Hamburg",
        "BAGS EXPECTED 2 BAGS FOUND",
        "ENVELOPE HOLDS BAG NUMBER EXPECTED NUMBER FOUND INTACT? INITIALS",
        "bg1-pw-1-2 Share 2 of 3 of bg1, any 2 needed A 004712",
        "KEY-02-key1 Key KEY-02, serial 21873344 A 004713",
        "WHAT LIES HERE TOO",
        "Opened the safe Anna Berg Opened the safe Зоя Иванова",
        "OPENED AT (UTC) CLOSED AT (UTC)",
    ),
    "wall_chart": (
        "March 2026 to February 2027",
        "5 due, 2 of them overdue",
        "Validate bg1 Зоя Иванова S54",
        "Look at decision d1 again",
    ),
}

TICKS = {
    "script": {"yes": 4, "no": 4},
    "exception": {
        "none": 1,
        "a sheet is spoiled": 1,
        "somebody saw or could see a secret": 1,
        "a bag or a seal is damaged": 1,
        "a key does not work": 1,
        "something is missing": 1,
        "go on": 1,
        "do the step again": 1,
        "go back to step ____": 1,
        "end the ceremony here": 1,
    },
    "transfer": {"number agrees": 8, "intact": 8, "damaged": 8, "yes": 6, "no": 6},
    "drill": {
        "key and PIN": 1,
        "whole password": 1,
        "password from parts or shares": 1,
        "nothing": 1,
        "yes": 3,
        "no": 3,
        "passed": 1,
        "passed, with follow-ups": 1,
        "failed": 1,
    },
    "opening": {
        "drill": 2,
        "emergency": 2,
        "misuse": 1,
        "misuse found, or not known": 1,
        "federation is down": 1,
        "MFA is down": 1,
        "an administrator left": 1,
        "disaster": 1,
        "nobody can approve a role": 1,
        "accounts are taken over": 1,
        "a Conditional Access mistake": 1,
        "another": 1,
        "yes": 5,
        "no": 4,
        "no: it was an emergency or a compromise (S65)": 1,
        "key and PIN": 1,
        "whole password": 1,
        "password from parts or shares": 1,
        "nothing": 1,
        "all were allowed": 1,
        "not all": 1,
    },
    "inventory": {
        "yes": 2,
        "no": 2,
        "all as listed": 1,
        "not all: see above": 1,
        "not finished": 1,
    },
    "record": {"I agree": 2, "I do not agree, because": 2},
    "audit": {
        "All that I looked at agrees with the register.": 1,
        "It agrees, but for the findings above.": 1,
        "I could not look at all of it.": 1,
    },
}
"""How often each label with a box stands on the examples."""

LONE = {"drill": 5 + 5 + 2 + 4 + 3, "opening": 4 + 5 + 3, "wall_chart": 5}
"""Boxes without a label: in checklists, behind what is to be followed up, before what is due."""


@pytest.mark.parametrize("name", SAYS)
def test_a_form_says_what_its_reader_needs(
    name: str,
    paper: Paper,
    make_example: MakeExample,
    make_heading: MakeHeading,
    text_of: Callable[[bytes], str],
) -> None:
    written = " ".join(text_of(make_example(name, make_heading()).render(paper)).split())

    for said in SAYS[name]:
        assert said in written


@pytest.mark.parametrize("name", SAYS)
def test_a_form_s_code_names_the_document(
    name: str, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    kind = {"wall_chart": "CHART"}.get(name, name.upper())

    assert make_example(name, make_heading()).payload == f"KVK1 {kind} 3f9c1ab2 bg1-pw-1-2 2"


@pytest.mark.parametrize("name", sorted({*TICKS, *LONE}))
def test_every_label_that_asks_for_a_tick_has_a_box_of_its_own(
    name: str, paper: Paper, make_example: MakeExample, make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdf = make_example(name, make_heading()).render(paper)
    drawn, labels = boxes(pdf), TICKS.get(name, {})

    labelled: dict[str, list[Drawn]] = {}
    for piece in pieces(pdf):
        mine = [box for box in drawn if stands_before(box, piece.page, piece.box)]
        if piece.text in labels and mine:
            labelled.setdefault(piece.text, []).extend(mine)

    assert {label: len(found) for label, found in labelled.items()} == labels
    assert len(drawn) - sum(labels.values()) == LONE.get(name, 0)
    assert len({(it.page, it.box.x, it.box.y) for it in drawn}) == len(drawn)


def test_each_item_of_a_checklist_has_its_box(
    paper: Paper, make_example: MakeExample, make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdf = make_example("drill", make_heading()).render(paper)
    drawn = boxes(pdf)

    items = [piece for piece in pieces(pdf) if piece.text.endswith(("(S57)", "(S60)", "(S56)"))]

    assert len(items) > 8
    for item in items:
        beside = [
            box
            for box in drawn
            if box.page == item.page
            and box.box.right < item.box.x
            and item.box.y - 2 < box.box.y + box.box.height / 2 < item.box.bottom + 2
        ]
        assert len(beside) == 1, item.text


Rows = Sequence[tuple[str | Ticks, ...]]


def drawn_table(heading: Heading, rows: Rows) -> bytes:
    columns = (Column("WHAT", 0.5), Column("INITIALS", 0.5))

    def body(drawing: Drawing) -> None:
        table(drawing, drawing.body.y, columns, rows)

    return compose(heading, "Table", A4, body)


def test_rows_to_write_in_stay_white(make_heading: MakeHeading) -> None:
    full: Rows = [("one", "AB"), ("two", "AB"), ("three", "AB"), ("four", "AB")]
    fields: Rows = [("one", ""), ("two", ""), ("three", ""), ("four", BOX)]

    def bands(rows: Rows) -> int:
        return sum(path.grey == BAND for path in paths(drawn_table(make_heading(), rows)))

    assert bands(full) == 2
    assert bands(fields) == 0


@pytest.mark.parametrize("name", ["script", "exception", "transfer", "drill", "inventory"])
def test_nothing_on_a_form_is_grey_where_a_pen_writes(
    name: str, paper: Paper, make_example: MakeExample, make_heading: MakeHeading
) -> None:
    drawn = paths(make_example(name, make_heading()).render(paper))

    assert not [path for path in drawn if path.grey == BAND]


def test_a_label_that_is_wider_than_its_cell_wraps_beside_its_box(
    make_heading: MakeHeading, pieces: Pieces
) -> None:
    words = " ".join(["Ελεγκτές"] * 20)

    pdf = drawn_table(make_heading(), [("", Ticks((words, "no")))])

    (first, second) = boxes(pdf)
    assert second.box.y > first.box.bottom
    lines = [piece.box for piece in pieces(pdf) if piece.text.startswith("Ελεγκτές")]
    assert len(lines) > 2
    assert all(abs(line.x - lines[0].x) < 0.5 for line in lines)
    assert all(line.bottom < second.box.bottom for line in lines)


def test_a_script_counts_its_steps(
    make_heading: MakeHeading, text_of: Callable[[bytes], str]
) -> None:
    def text(steps: int) -> str:
        sheet = script.CeremonyScript(
            heading=make_heading(),
            title="Seal",
            steps=tuple((number, "Print", "anna") for number in range(1, steps + 1)),
        )
        return text_of(script.render(sheet, A4))

    assert "\n1 step\n" in text(1)
    assert "\n2 steps\n" in text(2)

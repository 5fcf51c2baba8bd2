"""The custody map and the work orders: what an auditor and two officers read off them."""

from collections.abc import Callable
from datetime import date
from typing import Protocol

import msgspec
import pytest

from keyvault_kit.errors import InputError
from keyvault_kit.sheets.geometry import A4, Box, Paper
from keyvault_kit.sheets.heading import Heading
from keyvault_kit.sheets.pages import custody_map, work_orders
from keyvault_kit.sheets.pages.custody_map import CustodyMap, MapRow
from keyvault_kit.sheets.pages.work_orders import OrderLine
from keyvault_kit.sheets.proof import prove
from keyvault_kit.sheets.scan import read_codes
from tests.sheets.examples_custody import a_map, plain, the_orders
from tests.sheets.ticked import boxes, paths

PEOPLE, ACCOUNTS = 60, 10


class Piece(Protocol):
    text: str
    box: Box
    page: int


Pieces = Callable[[bytes], list[Piece]]
TextOf = Callable[[bytes], str]
MakeHeading = Callable[..., Heading]


def words(text: str) -> str:
    return " ".join(text.split())


def value(person: int, account: int) -> str:
    """What a cell of the large map says: all kinds of it, and other ones beside each other."""
    return ("alone", "2", "13", "-")[(person + 3 * account + person // 7) % 4]


def large(heading: Heading) -> CustodyMap:
    rows = tuple(
        MapRow(
            (f"Person {person:02}",),
            tuple(value(person, account) for account in range(ACCOUNTS)),
            tuple(value(person + 1, account) for account in range(ACCOUNTS)),
        )
        for person in range(PEOPLE)
    )
    accounts = tuple(f"emergency-access-{account:02}" for account in range(ACCOUNTS))
    return plain(heading, accounts, rows)


def test_the_map_says_who_could_do_what_and_why(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    pdf = custody_map.render(a_map(make_heading()), paper)

    text = words(text_of(pdf))
    for said in (
        "4 people, 2 accounts, 1 finding; ledger of 417 entries, root 3q2+7w4oXc5Z...",
        "alone This person can use the account without anybody else.",
        "PEOPLE bg1 NOW EVER bg2 NOW EVER",
        "Bob Baker 2 2 alone alone",
        "Carol Carter, Зоя Иванова 2 alone 3 3",
        "Erin Eldridge - - - -",
        "site hq bg1 bg2",
        "site vault bg1, bg2 -",
        "safe hq-1 none bg1, bg2",
        "1 bob alone can use bg2: its key K3 and PIN K3-pin1-1 lie in safe hq-1.",
        "LOST OR AWAY STILL USABLE NOT USABLE ANY MORE",
        "2026-12-24 to 2026-12-31: bg1, its keys: bob alone, while carol is away.",
        "high S36: key K3 and its PIN lie in the same safe.",
        "I compared the map with the safes, and it agrees.",
        "ROLE NAME DATE, TIME (UTC) SIGNATURE Auditor",
    ):
        assert said in text
    assert read_codes(pdf) == ("KVK1 CUSTODY 3f9c1ab2 bg1-pw-1-2 2",)


def test_alone_is_framed_and_nothing_else_in_the_map_is(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdf = custody_map.render(a_map(make_heading()), paper)

    frames = [
        path
        for path in paths(pdf)
        if path.stroked and path.grey is None and 8 < path.box.width < 15 and path.box.height > 3
    ]
    legend, *alone = [piece for piece in pieces(pdf) if piece.text == "alone"]
    framed = [
        piece
        for piece in pieces(pdf)
        if any(it.page == piece.page and it.box.overlaps(piece.box) for it in frames)
    ]
    assert framed == alone
    assert len(alone) == len(frames) == 3
    assert legend not in framed


def test_sixty_people_and_ten_accounts_have_each_cell_where_it_belongs(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    sheet = large(make_heading())

    pdf = custody_map.render(sheet, paper)

    found = pieces(pdf)
    names = [piece for piece in found if piece.text.startswith("Person ")]
    assert [name.text for name in names] == [row.people[0] for row in sheet.rows] * 2
    half = ACCOUNTS // 2
    for at, name in enumerate(names):
        block, person = divmod(at, PEOPLE)
        row = [
            piece.text
            for piece in sorted(found, key=lambda it: it.box.x)
            if piece.page == name.page
            and abs(piece.box.y + piece.box.height / 2 - name.box.y - name.box.height / 2) < 2
            and piece.box.x > name.box.right
        ]
        these = range(block * half, (block + 1) * half)
        assert row == [value(who, it) for it in these for who in (person, person + 1)]
    captions = {(piece.text, piece.page) for piece in found}
    for at, name in enumerate(names):
        account = "emergency-access-05" if at >= PEOPLE else "emergency-access-00"
        assert any(
            account.startswith(said) and page == name.page for said, page in captions if said
        )
    assert all(piece.box.bottom < paper.height - 9 for piece in found)
    prove(pdf, custody_map.payload(sheet))


@pytest.mark.parametrize(("accounts", "blocks"), [(1, 1), (5, 1), (6, 2), (11, 3), (16, 4)])
def test_accounts_are_spread_over_blocks_and_none_is_lost(
    accounts: int, blocks: int, make_heading: MakeHeading, pieces: Pieces
) -> None:
    names = tuple(f"acc-{at:02}" for at in range(accounts))
    cells = ("2",) * accounts
    sheet = plain(make_heading(), names, (MapRow(("Bob",), cells, cells),))

    found = [piece.text for piece in pieces(custody_map.render(sheet, A4))]

    assert [text for text in found if text.startswith("acc-")] == list(names)
    assert found.count("Bob") == blocks
    assert found.count("EVER") == accounts + 1


def test_a_large_class_of_equals_is_broken_into_rows_with_the_same_cells(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    people = tuple(f"Equal-{at:02}" for at in range(PEOPLE))
    sheet = plain(make_heading(), ("bg1",), (MapRow(people, ("4",), ("13",)),))

    text = words(text_of(custody_map.render(sheet, paper)))

    assert "60 people, 1 account, 0 findings" in text
    assert all(text.count(it) == 1 for it in people)
    assert text.count(" 4 13 ") == 8


def test_what_was_not_counted_is_explained_and_only_there(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    def text(cell: str) -> str:
        sheet = plain(make_heading(), ("bg1",), (MapRow(("Bob",), ("2",), (cell,)),))
        return words(text_of(custody_map.render(sheet, paper)))

    assert "? Not alone; how many it takes with this person was not counted" in text("?")
    assert "not counted" not in text("alone")


@pytest.mark.parametrize("lines", range(0, 40, 3))
def test_who_signs_sees_what_they_sign_on_the_same_page(
    lines: int, paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    a_map_ = msgspec.structs.replace(a_map(make_heading()), sentences=("bob can.",) * lines)
    orders = msgspec.structs.replace(the_orders(make_heading()), reached=("bob opens.",) * lines)

    for pdf, statement in (
        (custody_map.render(a_map_, paper), "Auditor's statement"),
        (work_orders.render(orders, paper), "When all is done"),
    ):
        found = pieces(pdf)
        (stated,) = [it.page for it in found if it.text == statement]
        (signed,) = [it.page for it in found if it.text == "SIGNATURE"]
        assert stated == signed == max(it.page for it in found)


def test_a_map_of_nobody_says_so(paper: Paper, make_heading: MakeHeading, text_of: TextOf) -> None:
    sheet = plain(make_heading(), (), ())

    text = words(text_of(custody_map.render(sheet, paper)))

    assert "Nobody, or no account, is on the map." in text
    assert text.count("None.") == 4


@pytest.mark.parametrize(
    "fields",
    [
        {"rows": (MapRow(("Bob Baker",), ("2",), ("2", "2")),)},
        {"rows": (MapRow(("Bob Baker",), ("2", "2"), ("2",)),)},
        {"survivals": (("Bob Baker", ("bg1", "bg3")),)},
    ],
)
def test_a_map_that_does_not_fit_together_is_refused(
    fields: dict[str, object], make_heading: MakeHeading
) -> None:
    with pytest.raises(InputError, match="Bob Baker"):
        msgspec.structs.replace(a_map(make_heading()), **fields)


def test_the_work_orders_say_what_is_to_be_done_by_when_and_by_two(
    paper: Paper, make_heading: MakeHeading, text_of: TextOf
) -> None:
    pdf = work_orders.render(the_orders(make_heading()), paper)

    text = words(text_of(pdf))
    for said in (
        "Carol Carter (carol) leaves The authority ends with 2026-03-31",
        "2 of 3 NOT DONE, 1 LATE",
        "Opens safe hq-keys alone: keys K1 and K3 lie there",
        "Saw share 2 of bg1-pw-1 on 2025-11-03",
        "DONE WHAT WHY BY WHEN DATE DONE INITIALS INITIALS",
        "Name another opener of safe hq-keys S37 2026-02-27 LATE",
        "done Revoke the signing key of carol S39 2026-03-01 in the ledger",
        "Change the combination of hq-keys S42 2026-03-31 ",
        "When all is done What was found",
        "Officer Officer",
    ):
        assert said in text
    assert read_codes(pdf) == ("KVK1 WORK 3f9c1ab2 bg1-pw-1-2 2",)


def test_an_order_has_a_box_until_it_is_done(
    paper: Paper, make_heading: MakeHeading, pieces: Pieces
) -> None:
    pdf = work_orders.render(the_orders(make_heading()), paper)

    drawn = boxes(pdf)
    ticked = {
        piece.text.split()[0]: [
            box
            for box in drawn
            if box.page == piece.page and abs(box.box.y - piece.box.y) < 2 < piece.box.x - box.box.x
        ]
        for piece in pieces(pdf)
        if piece.text.startswith(("Name another", "Revoke the", "Change the"))
    }
    assert {what: len(found) for what, found in ticked.items()} == {
        "Name": 1,
        "Revoke": 0,
        "Change": 1,
    }


@pytest.mark.parametrize(
    ("done", "day", "said"),
    [
        ((), date(2026, 3, 2), "NOTHING IS TO BE DONE"),
        ((True, True), date(2026, 3, 2), "ALL ORDERS ARE DONE"),
        ((True, False), date(2026, 3, 2), "1 of 2 NOT DONE"),
        ((False, False), date(2026, 3, 3), "2 of 2 NOT DONE, 2 LATE"),
        ((True, True), date(2026, 3, 3), "ALL ORDERS ARE DONE"),
    ],
)
def test_the_orders_are_open_until_the_last_is_done_and_late_from_the_next_day_on(
    done: tuple[bool, ...], day: date, said: str, make_heading: MakeHeading, pieces: Pieces
) -> None:
    orders = tuple(OrderLine("Change it", date(2026, 3, 2), "S42", done=it) for it in done)
    sheet = msgspec.structs.replace(the_orders(make_heading(date=day)), orders=orders)

    assert said in [piece.text for piece in pieces(work_orders.render(sheet, A4))]

"""The custody map and the work orders as the register fills them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.custody_forms import _survivals, custody_map, work_orders
from keyvault_kit.ceremonies.plans import change
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.plan import parse
from keyvault_kit.errors import RefusedError
from keyvault_kit.sheets.geometry import A4
from keyvault_kit.sheets.scan import read_codes
from tests.ceremonies.sealing import request, sealing
from tests.ceremonies.test_records import text_of
from tests.custody.sample import at_one_site, both, move, sample, without_opener

if TYPE_CHECKING:
    from keyvault_kit.ceremonies.plan import Work
    from tests.ceremonies.conftest import Desk
    from tests.custody.sample import Change

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BOTH = ("bg1", "bg2")


def survivals(*changes: Change) -> dict[str, tuple[str, ...]]:
    holdings = holdings_of(sample(both(*changes)).register)
    return dict(_survivals(holdings, analyse(holdings)))


def test_the_map_names_people_by_name_and_id_and_says_what_they_could_do(desk: Desk) -> None:
    sealing(desk, request())

    pdf = custody_map(desk.book, A4, now=desk.time.true)

    text = text_of(pdf)
    for said in (
        "4 people, 1 account, ",
        f"ledger of {desk.book.ledger.size} entries, root ",
        "Alice Archer (alice) 2 ",
        "Bob Baker (bob) 2 ",
        "Carol Carter (carol), Erin Eldridge (erin) - - ",
        "1 alice and bob together can use bg1: ",
        "nothing lost, everybody there none bg1",
        "bg1 cannot be counted on: its password does not sign in.",
        "high S37: bg1 cannot be counted on: its password does not sign in.",
    ):
        assert said in text
    (code,) = read_codes(pdf)
    assert code.startswith("KVK1 CUSTODY ")
    assert code.endswith(" custody 1")


def test_a_map_before_anything_is_made_can_be_printed(desk: Desk) -> None:
    text = text_of(custody_map(desk.book, A4, now=desk.time.true))

    assert "4 people, 0 accounts" in text
    assert "Nobody, or no account, is on the map." in text


def test_each_site_and_safe_has_its_line_and_what_costs_nothing_shares_one() -> None:
    told = survivals()

    register = sample().register
    assert {it for it in told if it.startswith("site ")} == {f"site {it}" for it in register.sites}
    assert {it for it in told if it.startswith("safe ")} == {f"safe {it}" for it in register.safes}
    assert told["any one key or sheet"] == told["any one person away"] == BOTH
    assert len(told) == len(register.sites) + len(register.safes) + 3


def test_what_is_lost_with_one_site_is_said() -> None:
    told = survivals(at_one_site())

    assert told["site hq"] == ()
    assert told["site vault"] == BOTH


def test_a_person_whose_absence_costs_an_account_has_a_line_and_so_have_two_who_lock_out() -> None:
    told = survivals(
        *(move(f"share:{account}:{n}", "vault-shares") for account in BOTH for n in (1, 2, 3)),
        without_opener("vault-shares", "kate"),
        *(
            without_opener(safe, person)
            for safe in ("hq-keys", "branch-keys")
            for person in ("dave", "ivan")
        ),
    )

    assert told["any one person away"] == BOTH
    assert told["carol and frank away"] == ()
    assert told["site vault, and carol away"] == ()
    assert "site vault, and bob away" not in told


ONE_KEY = """
people = ["alice", "bob", "carol"]
sites = {hq = ["hq-1"], vault = ["vault-1"]}
safes.hq-1 = {openers = ["alice", "carol"], need = 1}
safes.vault-1 = {openers = ["bob"], need = 1}
items = [
    {id = "K1", kind = "key", account = "bg1", safe = "hq-1"},
    {id = "P1", kind = "pin", for = "K1", safe = "vault-1"},
    {id = "W2", kind = "password", account = "bg2", safe = "hq-1"},
    {id = "V2", kind = "password", account = "bg2", safe = "hq-1"},
]
"""


def test_whoever_and_whatever_costs_an_account_has_a_line() -> None:
    holdings = parse(ONE_KEY, "plan.toml")

    assert list(_survivals(holdings, analyse(holdings))) == [
        ("nothing lost, everybody there", BOTH),
        ("site hq", ()),
        ("site vault", ("bg2",)),
        ("safe hq-1", ()),
        ("safe vault-1", ("bg2",)),
        ("key K1", ("bg2",)),
        ("PIN P1", ("bg2",)),
        ("any other key or sheet", BOTH),
        ("bob away", ("bg2",)),
        ("any other person away", BOTH),
        ("alice and carol away", ()),
    ]


def test_where_one_person_locks_all_out_no_pair_with_them_is_told() -> None:
    plan = ONE_KEY.replace('openers = ["alice", "carol"]', 'openers = ["alice"]')
    holdings = parse(plan, "plan.toml")

    told = dict(_survivals(holdings, analyse(holdings)))

    assert told["alice away"] == ()
    assert not [it for it in told if " and alice" in it or it.startswith("alice and")]


def test_the_work_orders_are_those_of_the_register_and_done_when_it_says_so(desk: Desk) -> None:
    sealing(desk, request())
    on = desk.time.true.date() + timedelta(days=30)

    def end(_: Work) -> list[ev.PersonChanged]:
        its = desk.register.people["carol"]
        return [ev.PersonChanged(person=its.id, roles=its.roles, details=its.details, until=on)]

    before = text_of(work_orders(desk.book, "carol", on, A4, now=desk.time.true))
    desk.run(change.ceremony(desk.register, "End an authority", ("alice", "bob"), end))
    after = text_of(work_orders(desk.book, "carol", on, A4, now=desk.time.true))

    assert f"Carol Carter (carol) leaves The authority ends with {on}" in before
    assert "6 of 6 NOT DONE" in before
    assert "5 of 6 NOT DONE" in after
    assert f"done end the authority of carol: 'people change carol --until {on}'" in after


def test_nobody_leaves_who_is_not_there(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="zoe"):
        work_orders(desk.book, "zoe", date(2026, 6, 30), A4, now=NOW)

"""Laws of coalitions and survival, on plans of 15 to 25 people.

Too many for every group of them; what a single group can do is asked of the brute force.
"""

import json
from collections.abc import Callable
from itertools import combinations
from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from keyvault_kit.custody.analysis import analyse, to_json
from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.plan import parse
from keyvault_kit.custody.survival import Survival, in_site, usable
from tests.custody.brute_force import Plan, can_use, smallest
from tests.custody.random_plans import bigger_plan

SEEDS: Final = range(22)
SMALL: Final = 3

each_plan = pytest.mark.parametrize("seed", SEEDS)
each_reading = pytest.mark.parametrize("ever", [False, True], ids=["now", "ever"])

Listed = dict[str, set[frozenset[str]]]


def holdings_of(plan: Plan) -> Holdings:
    return parse(json.dumps(plan), "plan.json")


def listed(plan: Plan, *, ever: bool) -> Listed:
    """Account -> its minimal coalitions as the program lists them."""
    found: Listed = {}
    for account, coalitions in minimal_coalitions(holdings_of(plan), ever=ever).items():
        assert isinstance(coalitions, tuple), "these plans are small enough to be listed"
        found[account] = set(map(frozenset, coalitions))
        assert len(found[account]) == len(coalitions)
    return found


def document(plan: Plan) -> dict[str, Any]:
    return to_json(analyse(holdings_of(plan)))


def copied(plan: Plan, change: Callable[[Plan], None]) -> Plan:
    """A copy of a plan with a change."""
    copy: Plan = json.loads(json.dumps(plan))
    change(copy)
    return copy


def drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same choices each time


# --- Coalitions


@each_plan
@each_reading
def test_every_coalition_suffices_and_without_any_one_member_it_does_not(
    seed: int, *, ever: bool
) -> None:
    plan = bigger_plan(seed)
    for account, coalitions in listed(plan, ever=ever).items():
        for group in coalitions:
            assert account in can_use(plan, group, ever=ever)
            for one in group:  # more people never spoil it, so that no smaller part suffices either
                assert account not in can_use(plan, group - {one}, ever=ever)


@each_plan
@each_reading
def test_there_is_no_other_minimal_coalition_of_up_to_three(seed: int, *, ever: bool) -> None:
    plan = bigger_plan(seed)
    able = {
        group: can_use(plan, group, ever=ever)
        for size in range(SMALL + 1)
        for group in map(frozenset, combinations(plan["people"], size))
    }
    for account, coalitions in listed(plan, ever=ever).items():
        small = {group for group in coalitions if len(group) <= SMALL}
        assert small == set(smallest(it for it in able if account in able[it]))


@each_plan
def test_one_more_opener_takes_no_coalition_away(seed: int) -> None:
    plan, random = bigger_plan(seed), drawn(seed)
    safe = random.choice([*plan["safes"]])
    openers = plan["safes"][safe]["openers"]
    another = random.choice([it for it in plan["people"] if it not in openers])
    more = copied(plan, lambda it: it["safes"][safe]["openers"].append(another))
    after = listed(more, ever=False)
    for account, coalitions in listed(plan, ever=False).items():
        assert all(any(small <= group for small in after[account]) for group in coalitions)
    before = document(plan)
    for question, answers in document(more).items():
        if question.endswith("_loss") or question == "one_person_absent":
            assert all(set(before[question][it]) <= set(answers[it]) for it in answers)


@each_plan
def test_without_an_item_no_more_people_can_do_no_more(seed: int) -> None:
    plan = bigger_plan(seed)
    holdings, before = holdings_of(plan), listed(plan, ever=False)
    lost = Survival(holdings).item_loss
    for it in drawn(seed).sample(plan["items"], min(4, len(plan["items"]))):
        less = _out_of_reach(plan, it["id"])
        for account, coalitions in listed(less, ever=False).items():
            assert all(any(small <= group for small in before[account]) for group in coalitions)
        assert lost[it["id"]] == usable(holdings_of(less), plan["people"])
        assert set(lost[it["id"]]) <= set(usable(holdings, plan["people"]))


def _out_of_reach(plan: Plan, item: str) -> Plan:
    """A copy of a plan where an item lies in a safe that nobody opens."""

    def sink(it: Plan) -> None:
        it["safes"]["sunk"] = {"openers": [], "need": 1}
        (lost,) = (each for each in it["items"] if each["id"] == item)
        lost.pop("holder", None)
        lost["safe"] = "sunk"

    return copied(plan, sink)


@each_plan
def test_a_lost_site_is_the_loss_of_every_item_in_it(seed: int) -> None:
    holdings = holdings_of(bigger_plan(seed))
    for site, accounts in Survival(holdings).site_loss.items():
        assert accounts == usable(holdings, holdings.people, lost=in_site(holdings, site))


@each_plan
def test_a_lost_site_and_an_absence_together_leave_no_more_than_either(seed: int) -> None:
    it = document(bigger_plan(seed))
    for site, by_person in it["site_loss_and_one_absent"].items():
        for person, accounts in by_person.items():
            left = set(it["site_loss"][site]) & set(it["one_person_absent"][person])
            assert set(accounts) <= left


def with_more_ways(seed: int) -> Holdings:
    """Holdings as a register has them: some items by several ways, some not counted on, or people.

    An item has the ways of another beside its own, as an envelope that several have handled.
    """
    holdings, random = holdings_of(bigger_plan(seed)), drawn(seed)
    items = tuple(
        replace(
            it,
            now=it.now + random.choice(holdings.items).now * random.randint(0, 1),
            counts=random.random() < 0.9,
        )
        for it in holdings.items
    )
    unauthorised = frozenset(random.sample(holdings.people, 2))
    return replace(holdings, items=items, unauthorised=unauthorised)


@each_plan
def test_who_is_absent_is_as_if_they_were_not_there(seed: int) -> None:
    holdings = with_more_ways(seed)
    for person, accounts in Survival(holdings).one_person_absent.items():
        assert accounts == usable(holdings, holdings.acting - {person})
    for site, by_person in Survival(holdings).site_loss_and_one_absent.items():
        lost = in_site(holdings, site)
        for person, accounts in by_person.items():
            assert accounts == usable(holdings, holdings.acting - {person}, lost=lost)


@each_plan
def test_misuse_counts_what_survival_does_not(seed: int) -> None:
    holdings = with_more_ways(seed)
    sure = replace(holdings, items=tuple(replace(it, counts=True) for it in holdings.items))
    unsure = {it.id for it in holdings.items if not it.counts}
    assert usable(holdings, holdings.people) == usable(sure, holdings.people, lost=unsure)
    sure = replace(sure, unauthorised=frozenset())
    assert minimal_coalitions(holdings, ever=True) == minimal_coalitions(sure, ever=True)


@each_plan
def test_two_lock_everything_out_where_the_others_can_use_nothing(seed: int) -> None:
    holdings = with_more_ways(seed)
    scarce = replace(holdings, items=tuple(drawn(seed).sample(holdings.items, 4)))
    for it in (holdings, scarce):
        pairs = combinations(it.people, 2)
        locked = tuple(pair for pair in pairs if not usable(it, it.acting - set(pair)))
        assert Survival(it).two_absent_lock_out == locked


# --- What does not matter


@each_plan
def test_the_order_in_which_a_plan_is_written_does_not_matter(seed: int) -> None:
    plan = bigger_plan(seed)

    def shuffle(it: Plan) -> None:
        random = drawn(seed)
        for rows in (it["people"], it["items"], it.get("remembered", [])):
            random.shuffle(rows)
        for names in (*it["sites"].values(), *(safe["openers"] for safe in it["safes"].values())):
            random.shuffle(names)
        for field in ("sites", "safes"):
            it[field] = dict(random.sample([*it[field].items()], len(it[field])))

    assert document(copied(plan, shuffle)) == document(plan)


@each_plan
def test_other_names_give_the_same_answers_under_those_names(seed: int) -> None:
    plan = bigger_plan(seed)
    mixed = drawn(seed).sample(plan["people"], len(plan["people"]))
    others = dict(zip(plan["people"], mixed, strict=True))
    after = listed(json.loads(_renamed(plan, others)), ever=True)
    for account, coalitions in listed(plan, ever=True).items():
        assert after[account] == {frozenset(others[it] for it in group) for group in coalitions}


def _renamed(plan: Plan, names: dict[str, str]) -> str:
    """The text of a plan with people's names changed; ids of people are no part of other texts."""
    words = json.dumps(plan).split('"')
    return '"'.join(names.get(word, word) for word in words)


@each_plan
def test_equals_may_take_each_others_places(seed: int) -> None:
    plan = bigger_plan(seed)
    hands = {it.get("holder") for it in plan["items"]}
    hands |= {it["person"] for it in plan.get("remembered", [])}
    opening = [name for it in plan["safes"].values() for name in it["openers"]]
    person = next(name for name in opening if name not in hands)

    def add_twin(it: Plan) -> None:
        it["people"].append("twin")
        for safe in it["safes"].values():
            safe["openers"] += ["twin"] if person in safe["openers"] else []

    swap = {person: "twin", "twin": person}
    twins = copied(plan, add_twin)
    for coalitions in listed(twins, ever=True).values():
        assert coalitions == {frozenset(swap.get(it, it) for it in group) for group in coalitions}
    absent = document(twins)["one_person_absent"]
    assert absent[person] == absent["twin"]

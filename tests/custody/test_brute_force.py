"""Every answer about a plan equals that of trying every group of people, on 2,000 random plans."""

import json
from collections import Counter
from typing import Any, Final

import pytest

from keyvault_kit.custody.analysis import analyse, to_json
from keyvault_kit.custody.plan import parse
from tests.custody.brute_force import Plan, answer
from tests.custody.random_plans import FEATURES, random_plan

PLANS: Final = 2_000
CHUNK: Final = 100
OFTEN: Final = 40
"""Each feature is in so many of the plans at least: one in fifty."""


def program(plan: Plan) -> dict[str, Any]:
    """What the program answers, as a reader of its JSON gets it, and without the findings."""
    text = json.dumps(to_json(analyse(parse(json.dumps(plan), "plan.json"))))
    document: dict[str, Any] = json.loads(text)
    del document["findings"]
    return document


@pytest.mark.parametrize("first", range(0, PLANS, CHUNK))
def test_every_answer_is_that_of_trying_every_group(first: int) -> None:
    for seed in range(first, first + CHUNK):
        plan = random_plan(seed)
        assert program(plan) == answer(plan), f"random_plan({seed})"


def test_every_feature_of_the_format_is_in_the_random_plans() -> None:
    plans = [random_plan(seed) for seed in range(PLANS)]
    found = Counter(name for it in plans for name, has in FEATURES.items() if has(it))
    assert {name: found[name] for name in FEATURES if found[name] < OFTEN} == {}


def test_the_answers_to_the_random_plans_are_various() -> None:
    answers = [answer(random_plan(seed)) for seed in range(PLANS)]
    memories_matter = [
        it for it in answers if it["minimal_coalitions_now"] != it["minimal_coalitions_ever"]
    ]
    assert len(memories_matter) > OFTEN
    sizes = Counter(
        len(group)
        for it in answers
        for coalitions in it["minimal_coalitions_now"].values()
        for group in coalitions
    )
    assert min(sizes[size] for size in (1, 2, 3, 4)) > OFTEN
    locked = [it["any_two_absent_that_lock_out_everything"] for it in answers]
    assert OFTEN < sum(bool(pairs) for pairs in locked) < PLANS - OFTEN


def test_the_same_seed_draws_the_same_plan_and_another_another() -> None:
    assert random_plan(7) == random_plan(7)
    assert len({json.dumps(random_plan(seed), sort_keys=True) for seed in range(100)}) > 95

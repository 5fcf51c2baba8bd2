"""Which safes shares go to: the best of all assignments, or what is wanting for one."""

import random
import time
from collections.abc import Collection, Iterator
from datetime import date
from itertools import combinations

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.holdings import Container, Holdings
from keyvault_kit.custody.model import Form
from keyvault_kit.custody.placing.guard import NewSet, check_new
from keyvault_kit.custody.placing.proposal import Proposal, propose
from keyvault_kit.custody.register import Register
from keyvault_kit.errors import InputError, RefusedError
from tests.custody.life import Life
from tests.custody.sample import sample

DAY = date(2026, 2, 1)


def holdings(
    safes: dict[str, tuple[str, int, str]], *, away: str = "", sites: str = "xyz"
) -> Holdings:
    """Safes by name: openers, how many it takes, site; each a letter."""
    people = {person for openers, _, _ in safes.values() for person in openers}
    return Holdings(
        people=tuple(sorted(people)),
        sites={site: tuple(it for it in safes if safes[it][2] == site) for site in sites},
        safes={it: Container(frozenset(its), need) for it, (its, need, _) in safes.items()},
        signs_in={},
        items=(),
        unauthorised=frozenset(away),
    )


APART = {"s1": ("ab", 1, "x"), "s2": ("cd", 1, "y"), "s3": ("ef", 1, "z")}


def test_one_share_a_site_is_proposed() -> None:
    its = propose(holdings(APART), "bg1", 2, 3)
    assert its == Proposal(
        account="bg1",
        threshold=2,
        count=3,
        safes=("s1", "s2", "s3"),
        sites=("x", "y", "z"),
        smallest=2,
        survives=True,
    )


def test_safes_that_take_two_make_coalitions_larger() -> None:
    its = propose(holdings(APART | {"s4": ("ghij", 2, "z")}), "bg1", 2, 3)
    assert (its.safes, its.smallest) == (("s1", "s2", "s3"), 2)
    its = propose(holdings(APART | {"s4": ("ghij", 2, "z"), "s5": ("klmn", 2, "y")}), "bg1", 2, 3)
    assert (its.safes, its.smallest) == (("s1", "s4", "s5"), 3)


def test_more_sites_are_better_and_then_the_first_names() -> None:
    its = holdings(APART | {"s0": ("gh", 1, "x"), "s4": ("ij", 1, "z")})
    assert propose(its, "bg1", 2, 4).safes == ("s0", "s1", "s2", "s3")
    assert propose(its, "bg1", 2, 3).safes == ("s0", "s2", "s3")


def test_two_sites_cannot_lose_one_of_two_of_three() -> None:
    its = propose(holdings(APART | {"s3": ("ef", 1, "x")}), "bg1", 2, 3)
    assert not its.survives
    assert its.safes == ("s1", "s2", "s3")
    assert "another site for safe s1 or s3" in its.wanted
    assert "another safe at another site, with 3 openers who open no other" in its.wanted


def test_a_safe_with_one_opener_too_few_is_named() -> None:
    its = propose(holdings(APART | {"s1": ("a", 1, "x"), "s2": ("c", 1, "y")}), "bg1", 2, 3)
    assert not its.survives
    assert "another opener of safe s1 or s2" in its.wanted
    assert its.against == ()


def test_who_has_no_authority_opens_nothing_and_could_still_misuse() -> None:
    its = propose(holdings(APART | {"s2": ("cd", 1, "y")}, away="cd"), "bg1", 2, 3)
    assert (its.safes, its.survives) == ((), False)
    assert "another safe at another site, with 3 openers who open no other" in its.wanted


def test_who_knows_a_combination_gets_no_second_share() -> None:
    its = propose(holdings(APART), "bg1", 2, 3, knowing={"s2": dict.fromkeys("acd", 1)})
    assert (its.safes, its.survives) == ((), False)
    assert "a new combination of safe s2" in its.wanted


def test_who_opened_a_safe_alone_gets_no_second_share_where_it_takes_two_by_now() -> None:
    its = holdings(APART | {"s2": ("acd", 2, "y"), "s4": ("ghij", 2, "y")})
    assert propose(its, "bg1", 2, 3).safes == ("s1", "s2", "s3")
    known = {"s2": dict.fromkeys("acd", 1)}
    assert propose(its, "bg1", 2, 3, knowing=known).safes == ("s1", "s3", "s4")


def test_a_safe_that_took_one_keeps_apart_no_better_by_taking_two() -> None:
    its = holdings(APART | {"s2": ("cdgh", 2, "y"), "s3": ("efij", 2, "z")})
    assert propose(its, "bg1", 2, 3).smallest == 3
    known = {"s3": {"e": 1, "f": 2, "i": 2, "j": 2}}
    assert propose(its, "bg1", 2, 3, knowing=known).smallest == 2


def test_with_somebody_else_goes_a_new_combination() -> None:
    its = propose(holdings(APART | {"s2": ("ad", 1, "y")}), "bg1", 2, 3)
    (told,) = (it for it in its.wanted if "in the place of" in it)
    assert told.endswith("in the place of a at s1 or a at s2, and a new combination there")


def test_a_threshold_of_all_shares_survives_nothing() -> None:
    its = propose(holdings(APART), "bg1", 3, 3)
    assert not its.survives
    assert its.wanted == ()
    assert its.against == (
        "all 3 shares are needed, so nothing may be lost: take a lower threshold",
    )


def test_no_one_change_may_be_enough_and_then_it_is_said_what_stands_against_it() -> None:
    its = propose(holdings({it: (its, 1, "x") for it, (its, _, _) in APART.items()}), "bg1", 2, 3)
    assert its.wanted == ()
    assert its.against == ("there are too few sites: none may hold more than 1 of the 3 shares",)


@pytest.mark.parametrize(("threshold", "count"), [(1, 3), (4, 3), (0, 0)])
def test_numbers_that_keep_nothing_apart_are_refused(threshold: int, count: int) -> None:
    with pytest.raises(InputError, match="keep nothing apart"):
        propose(holdings(APART), "bg1", threshold, count)


def test_the_sample_organisation_is_told_what_it_does() -> None:
    register = sample().register
    its = propose(
        holdings_of(register, DAY),
        "bg1",
        2,
        3,
        knowing={safe: register.knowing(safe) for safe in register.safes},
    )
    assert (its.survives, its.smallest, len(its.sites)) == (True, 2, 3)


# --- Against all assignments there are


_Known = dict[str, dict[str, int]]
"""Safe -> person who could open it -> how many it takes of those who could with no more."""


def _random(seed: int) -> tuple[Holdings, _Known, int, int]:
    """A small organisation, those who know combinations, and a threshold and number."""
    draw = random.Random(seed)  # noqa: S311 - the same organisations every time
    people = "abcdefghijkl"[: draw.randint(6, 12)]
    safes = {}
    for n in range(draw.randint(3, 7)):
        openers = "".join(draw.sample(people, draw.randint(2, 4)))
        need = draw.choice((1, 1, 1, 2, min(3, len(openers))))
        safes[f"s{n}"] = (openers, need, draw.choice("wxyz"))
    known = _by_the_lists(safes)
    if draw.random() < 0.3:
        known["s0"] |= {people[0]: 1}
    for safe in ("s1", "s2"):
        openers, need, _ = safes[safe]
        if need > 1 and draw.random() < 0.5:
            known[safe] |= dict.fromkeys(draw.sample(openers, need), need - 1)
    count = draw.randint(3, 4)
    away = draw.choice(("", "", people[-1]))
    return holdings(safes, away=away, sites="wxyz"), known, draw.randint(2, count), count


def _best_of_all(
    its: Holdings, known: _Known, threshold: int, count: int
) -> tuple[tuple[str, ...], int] | None:
    best: tuple[tuple[int, int], tuple[str, ...]] | None = None
    site_of = {safe: site for site, safes in its.sites.items() for safe in safes}
    for safes in combinations(sorted(its.safes), count):
        if _survives(its, safes, known, threshold):
            sites = len({site_of[it] for it in safes})
            rank = (_smallest(safes, known, threshold), sites)
            if best is None or rank > best[0]:
                best = rank, safes
    return (best[1], best[0][0]) if best else None


def _survives(its: Holdings, safes: tuple[str, ...], known: _Known, threshold: int) -> bool:
    for person in {person for safe in safes for person in known[safe]}:
        if sum(known[it].get(person) == 1 for it in safes) > 1:
            return False
    return all(
        sum(it not in lost and _opens(its, it, away) for it in safes) >= threshold
        for lost, away in _losses(its)
    ) and all(_opens(its, it, frozenset()) for it in safes)


def _opens(its: Holdings, safe: str, away: frozenset[str]) -> bool:
    return len((its.safes[safe].openers & its.acting) - away) >= its.safes[safe].need


def _losses(its: Holdings) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    yield from ((frozenset(safes), frozenset()) for safes in its.sites.values())
    for many in (1, 2):
        for pair in combinations(sorted(its.acting), many):
            yield frozenset(), frozenset(pair)


def _smallest(safes: tuple[str, ...], known: _Known, threshold: int) -> int:
    people = sorted({person for safe in safes for person in known[safe]})
    for size in range(1, len(people) + 1):
        for some in combinations(people, size):
            if sum(_opened_by(some, known[it]) for it in safes) >= threshold:
                return size
    raise AssertionError(safes)


def _opened_by(some: Collection[str], needs: dict[str, int]) -> bool:
    return any(sum(needs.get(it, n + 1) <= n for it in some) >= n for n in needs.values())


def _by_the_lists(safes: dict[str, tuple[str, int, str]]) -> _Known:
    return {safe: dict.fromkeys(openers, need) for safe, (openers, need, _) in safes.items()}


def test_the_proposal_is_the_best_of_all_assignments() -> None:
    surviving = 0
    for seed in range(600):
        its, known, threshold, count = _random(seed)
        found = propose(its, "bg1", threshold, count, knowing=known)
        best = _best_of_all(its, known, threshold, count)
        assert found.survives is (best is not None), seed
        if best:
            surviving += 1
            assert (found.safes, found.smallest) == best, seed
    assert 60 < surviving < 540, surviving


def test_each_thing_that_is_said_to_help_does() -> None:
    helped = 0
    for seed in range(300):
        its, known, threshold, count = _random(seed)
        found = propose(its, "bg1", threshold, count, knowing=known)
        if found.survives or threshold == count:
            continue
        for safe, container in its.safes.items():
            if len(container.openers & its.acting) < container.need:
                continue
            opened = Container(container.openers | {"z"}, container.need)
            changed = replace(its, people=(*its.people, "z"), safes=its.safes | {safe: opened})
            better = _best_of_all(
                changed, known | {safe: known[safe] | {"z": container.need}}, threshold, count
            )
            told = [it for it in found.wanted if it.startswith("another opener of safe")]
            assert (better is not None) is any(safe in it.replace(",", "").split() for it in told)
            helped += better is not None
    assert helped > 10


def test_a_new_combination_is_said_to_help_where_it_does() -> None:
    helped = 0
    for seed in range(600):
        its, known, threshold, count = _random(seed)
        found = propose(its, "bg1", threshold, count, knowing=known)
        if found.survives or threshold == count:
            continue
        told = " ".join(it for it in found.wanted if it.startswith("a new combination of safe"))
        for safe, container in its.safes.items():
            anew = known | {safe: dict.fromkeys(container.openers, container.need)}
            better = _best_of_all(its, anew, threshold, count) is not None
            assert better is (safe in told.replace(",", "").split()), seed
            helped += better
    assert helped > 3


# --- What is proposed can be sealed


def _changed(draw: random.Random, base: Register) -> Register:
    """The sample's register with six more safes, whose lists and combinations were changed."""
    life = Life()
    life.register = base
    people = sorted(base.people)
    for n in range(6):
        openers = tuple(draw.sample(people, 3))
        site = draw.choice(sorted(base.sites))
        life.enter(ev.SafeAdded(safe=f"s{n}", site=site, openers=openers, need=draw.randint(1, 2)))
    for safe in draw.choices(sorted(life.register.safes), k=8):
        openers = tuple(draw.sample(people, 3))
        life.enter(ev.SafeChanged(safe=safe, openers=openers, need=draw.randint(1, 3)))
        if draw.random() < 0.2:
            life.enter(ev.DutyDone(duty=Duty.COMBINATION, subject=safe))
    return life.register


def test_the_guard_refuses_no_proposal() -> None:
    base, draw = sample().register, random.Random(3)  # noqa: S311 - the same every time
    by_the_lists_alone = 0
    for _ in range(60):
        register = _changed(draw, base)
        held = holdings_of(register, DAY)
        known = {safe: register.knowing(safe) for safe in register.safes}

        safes = propose(held, "bg1", 2, 3, knowing=known).safes

        assert safes
        assert not _refused(register, safes)
        by_the_lists_alone += _refused(register, propose(held, "bg1", 2, 3).safes)
    assert by_the_lists_alone > 10


def _refused(register: Register, safes: tuple[str, ...]) -> bool:
    try:
        check_new(register, NewSet(what="the new one", form=Form.SHARES, safes=safes), DAY)
    except RefusedError:
        return True
    return False


def test_thirty_safes_and_five_shares_are_answered_within_seconds() -> None:
    draw = random.Random(5)  # noqa: S311 - the same organisation every time
    people = [f"p{n}" for n in range(40)]
    safes = {}
    for n in range(30):
        openers = frozenset(draw.sample(people, draw.randint(3, 6)))
        safes[f"s{n:02}"] = Container(openers, draw.randint(1, 2))
    sites = {f"x{n}": tuple(list(safes)[n::6]) for n in range(6)}
    its = Holdings(people=tuple(people), sites=sites, safes=safes, signs_in={}, items=())
    begun = time.monotonic()

    found = propose(its, "bg1", 3, 5)

    known = {safe: dict.fromkeys(it.openers, it.need) for safe, it in safes.items()}
    assert found.survives
    assert _survives(its, found.safes, known, 3)
    assert found.smallest == _smallest(found.safes, known, 3)
    assert time.monotonic() - begun < 10

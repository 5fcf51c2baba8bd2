"""Who could have come to a sheet before, and who still knows the combination of a safe."""

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.holdings import Way
from keyvault_kit.custody.model import Form, Purpose
from keyvault_kit.custody.reach import Reach
from keyvault_kit.errors import RefusedError
from tests.custody.access import coalitions, item, people_before, share_of
from tests.custody.life import Life
from tests.custody.sample import sample


@pytest.fixture
def whole() -> Life:
    """The sample organisation with everything sealed and deposited."""
    return sample()


def test_an_opener_who_was_taken_off_still_knows_the_combination(whole: Life) -> None:
    whole.enter(ev.SafeChanged(safe="hq-keys", openers=("dave", "erin"), need=1))
    knows = Way(
        frozenset({"carol", "dave", "erin", "ivan"}),
        1,
        "knows the combination of safe hq-keys, unchanged since",
    )
    assert item(whole, "K1").before == (knows,)
    whole.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="hq-keys"))
    assert item(whole, "K1").before == ()


def test_a_past_opener_could_have_read_a_pin_though_the_combination_was_changed(
    whole: Life,
) -> None:
    whole.enter(ev.SafeChanged(safe="hq-pins", openers=("heidi", "kate"), need=1))
    whole.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="hq-pins"))
    pin = next(it for it in holdings_of(whole.register).items if it.keys == ("K1",))
    past = Way(frozenset({"grace", "heidi", "kate"}), 1, "opened safe hq-pins when it lay there")
    assert past in pin.before
    assert ("carol", "grace") in coalitions(whole, ever=True)


def test_a_sheet_that_was_moved_was_in_the_reach_of_those_at_its_old_place(whole: Life) -> None:
    share = share_of(whole, "bg1", 1)
    whole.enter(ev.EnvelopeMoved(envelope=share, safe="vault-shares"))
    past = Way(frozenset({"alice", "ivan"}), 1, "opened safe hq-shares when it lay there")
    assert past in item(whole, share).before


def test_who_left_before_a_sheet_came_and_knew_the_combination_could_have_read_it(
    whole: Life,
) -> None:
    whole.enter(ev.SafeChanged(safe="vault-shares", openers=("frank",), need=1))
    share = share_of(whole, "bg1", 1)
    whole.enter(ev.EnvelopeMoved(envelope=share, safe="vault-shares"))
    assert any("kate" in way.people for way in item(whole, share).before)
    whole.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="vault-shares"))
    past = Way(frozenset({"frank", "kate"}), 1, "opened safe vault-shares when it lay there")
    assert past in item(whole, share).before


def test_who_left_and_knew_only_an_older_combination_never_had_it(whole: Life) -> None:
    whole.enter(ev.SafeChanged(safe="vault-shares", openers=("frank",), need=1))
    whole.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="vault-shares"))
    share = share_of(whole, "bg1", 1)
    whole.enter(ev.EnvelopeMoved(envelope=share, safe="vault-shares"))
    assert not any("kate" in way.people for way in item(whole, share).before)


def test_openers_who_came_after_a_sheet_had_gone_never_had_it(whole: Life) -> None:
    share = share_of(whole, "bg1", 1)
    whole.enter(ev.EnvelopeMoved(envelope=share, safe="vault-shares"))
    whole.enter(ev.SafeChanged(safe="hq-shares", openers=("alice", "erin"), need=1))
    everybody = {person for way in item(whole, share).before for person in way.people}
    assert "erin" not in everybody


# --- Entered late


def test_an_opening_that_is_entered_late_erases_no_stay(whole: Life) -> None:
    share, begun = share_of(whole, "bg1", 2), whole.next_time
    whole.enter(ev.SafeAdded(safe="z", site="hq", openers=("erin",), need=1))
    whole.enter(ev.EnvelopeMoved(envelope=share, safe="z"), at=begun + timedelta(days=10))
    taken = ev.EnvelopeOpened(envelope=share, why="look", intact=True)
    said, was = begun + timedelta(days=12), begun + timedelta(days=5)
    whole.enter(taken, at=said, occurred=was)
    assert whole.register.stays[share][-1].until == said
    assert ("erin",) in people_before(item(whole, share))


def test_a_list_that_is_entered_late_ends_no_term_before_it_began(whole: Life) -> None:
    begun, openers = whole.next_time, whole.register.safes["vault-shares"].openers
    more = ev.SafeChanged(safe="vault-shares", openers=(*openers, "erin"), need=1)
    whole.enter(more, at=begun + timedelta(days=10))
    back = ev.SafeChanged(safe="vault-shares", openers=openers, need=1)
    said, was = begun + timedelta(days=12), begun + timedelta(days=5)
    whole.enter(back, at=said, occurred=was)
    *_, hers, last = whole.register.safe_terms["vault-shares"]
    assert (hers.until, last.since) == (said, was)
    assert "erin" in whole.register.knowing("vault-shares")


# --- Alone, and not any more


def two_shares(life: Life, first: tuple[str, ...], then: tuple[str, ...]) -> None:
    """Two shares of bg1 come to lie in a safe that took one of some, and takes two of others."""
    life.enter(ev.SafeAdded(safe="n1", site="hq", openers=first, need=1))
    life.enter(ev.SafeChanged(safe="n1", openers=then, need=2))
    for n in (1, 2):
        life.enter(ev.EnvelopeMoved(envelope=share_of(life, "bg1", n), safe="n1"))


def test_who_opened_a_safe_alone_does_so_until_its_combination_is_changed(whole: Life) -> None:
    two_shares(whole, ("erin", "frank"), ("frank", "bob"))
    assert ("erin",) in coalitions(whole, ever=True)
    assert ("bob",) not in coalitions(whole, ever=True)
    assert Reach(whole.register, "erin").alone(share_of(whole, "bg1", 1))
    whole.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="n1"))
    moved = share_of(whole, "bg2", 1)
    whole.enter(ev.EnvelopeMoved(envelope=moved, safe="n1"))
    assert not any("erin" in way.people for way in item(whole, moved).before)


def test_whoever_is_still_on_the_list_of_a_safe_that_takes_two_by_now_opens_it_alone(
    whole: Life,
) -> None:
    two_shares(whole, ("erin",), ("erin", "bob"))
    assert whole.register.knowing("n1") == {"erin": 1, "bob": 2}
    assert ("erin",) in coalitions(whole, ever=True)
    assert ("erin",) not in coalitions(whole, ever=False)


@pytest.mark.parametrize("seed", range(25))
def test_reach_and_holdings_agree_on_who_could_come_to_a_sheet_alone(seed: int) -> None:
    life = sample()
    wander(life, Random(seed))  # noqa: S311 - a test that can be repeated
    sheets = [it for it in holdings_of(life.register).items if it.id in life.register.envelopes]
    saw = {(it.person, it.set) for it in life.register.exposures}
    compared = 0
    for person in life.register.people:
        reach = Reach(life.register, person)
        for it in sheets:
            its = life.register.envelopes[it.id].set
            if its and (person, its) not in saw:
                alone = [way.people for way in it.now + it.before if way.need == 1]
                assert reach.alone(it.id) == any(person in people for people in alone)
                compared += 1
    assert compared


def wander(life: Life, random: Random) -> None:
    """Openers, combinations and envelopes change, and some of that is entered late."""
    people, safes = sorted(life.register.people), sorted(life.register.safes)
    envelopes = [it.id for it in life.register.envelopes.values() if it.set and it.safe]
    for _ in range(30):
        safe, envelope = random.choice(safes), random.choice(envelopes)
        openers = tuple(random.sample(people, random.randint(1, 4)))
        need = random.randint(1, min(2, len(openers)))
        fact = random.choice(
            [
                ev.SafeChanged(safe=safe, openers=openers, need=need),
                ev.DutyDone(duty=Duty.COMBINATION, subject=safe),
                ev.EnvelopeMoved(envelope=envelope, safe=safe),
                ev.EnvelopeOpened(envelope=envelope, why="look", intact=True),
            ]
        )
        at = life.next_time + timedelta(days=random.randint(1, 9))
        occurred = at - timedelta(days=random.randint(0, 20)) if random.random() < 0.3 else None
        with suppress(RefusedError):
            life.enter(fact, at=at, occurred=occurred)


# --- What fills each other up, and what is one


def in_parts(life: Life, name: str, count: int) -> None:
    """A password of bg1 in literal parts is in force, and its parts lie in safes."""
    made = ev.SetMade(
        set=name,
        purpose=Purpose.PASSWORD,
        subject="bg1",
        threshold=count,
        count=count,
        form=Form.PARTS,
    )
    life.enter(made)
    parts = [f"{name}-{n}" for n in range(1, count + 1)]
    for n, part in enumerate(parts, 1):
        life.enter(life.printed(name, n), ev.EnvelopeProven(envelope=part))
        life.enter(ev.EnvelopeSealed(envelope=part, bag=f"B-{part}"))
    life.enter(ev.PasswordSet(account="bg1", set=name))
    for part, safe in zip(parts, ("vault-shares", "branch-shares", "hq-shares"), strict=False):
        life.enter(ev.EnvelopeDeposited(envelope=part, safe=safe))


def typed(name: str, half: int, person: str) -> ev.SecretExposed:
    return ev.SecretExposed(person=person, set=name, half=half)


def test_the_literal_parts_and_the_halves_that_somebody_knows_fill_each_other_up(
    whole: Life,
) -> None:
    in_parts(whole, "P9", 2)
    whole.enter(typed("P9", 1, "erin"), typed("P9", 2, "carol"))
    assert ("carol", "erin") in coalitions(whole, ever=True)
    whole.enter(ev.SecretExposed(person="erin", set="P9", number=1))
    assert ("erin",) not in coalitions(whole, ever=True)
    whole.enter(ev.SecretExposed(person="erin", set="P9", number=2))
    assert ("erin",) in coalitions(whole, ever=True)
    assert ("erin",) not in coalitions(whole, ever=False)


def test_a_half_that_somebody_typed_and_a_part_in_their_safe_are_the_whole(whole: Life) -> None:
    in_parts(whole, "P9", 2)
    whole.enter(typed("P9", 1, "judy"))
    assert "judy" in whole.register.safes["branch-shares"].openers
    assert ("judy",) in coalitions(whole, ever=True)


def test_of_three_parts_the_one_across_the_middle_completes_no_half(whole: Life) -> None:
    in_parts(whole, "P9", 3)
    whole.enter(typed("P9", 1, "erin"), ev.SecretExposed(person="erin", set="P9", number=2))
    assert ("erin",) not in coalitions(whole, ever=True)
    whole.enter(ev.SecretExposed(person="erin", set="P9", number=3))
    assert ("erin",) in coalitions(whole, ever=True)


def test_a_sheet_that_was_spoiled_and_printed_anew_is_one(whole: Life) -> None:
    made = ev.SetMade(set="P9", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2)
    whole.enter(made, whole.printed("P9", 1, "P9-misprint"))
    whole.enter(ev.SecretExposed(person="erin", set="P9", number=1))
    whole.enter(ev.EnvelopeSpoiled(envelope="P9-misprint", why="misprint"))
    for n in (1, 2):
        whole.enter(whole.printed("P9", n), ev.EnvelopeProven(envelope=f"P9-{n}"))
        whole.enter(ev.EnvelopeSealed(envelope=f"P9-{n}", bag=f"B-P9-{n}"))
    whole.enter(ev.PasswordSet(account="bg1", set="P9"))
    assert ("erin",) in people_before(item(whole, "P9-1"))
    assert ("erin",) not in coalitions(whole, ever=True)

"""Who gets which sheet: what is refused by name, and by history."""

from datetime import date

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.model import EnvelopeState, Form
from keyvault_kit.custody.placing.guard import (
    NewSet,
    check_fact,
    check_move,
    check_new,
    check_openers,
    found_in,
)
from keyvault_kit.errors import RefusedError
from tests.custody.life import DIGEST, Life
from tests.custody.sample import sample

DAY = date(2026, 2, 1)


def new(*safes: str, form: Form = Form.SHARES, typists: tuple[str, ...] = ()) -> NewSet:
    return NewSet(what="the new password of bg1", form=form, safes=safes, typists=typists)


def with_safes(life: Life, **openers: tuple[str, ...]) -> Life:
    """Safes at hq that anyone of their openers opens; those of `two_...` take two."""
    return life.enter(
        *(
            ev.SafeAdded(safe=safe, site="hq", openers=its, need=1 + safe.startswith("two"))
            for safe, its in openers.items()
        )
    )


def in_two_safes(life: Life) -> Life:
    """A password P1 of two shares in force, in safes of olga's and of carol's."""
    with_safes(life, o=("olga",), c=("carol",), free=("ivan",))
    life.bring_into_force("P1")
    return life.enter(
        ev.EnvelopeDeposited(envelope="P1-1", safe="o"),
        ev.EnvelopeDeposited(envelope="P1-2", safe="c"),
    )


# --- New sets


def test_a_new_set_whose_shares_are_apart_is_accepted(life: Life) -> None:
    with_safes(life, one=("olga", "ivan"), other=("carol",))
    check_new(life.register, new("one", "other"), DAY)


def test_nobody_gets_two_shares_of_a_new_set_alone(life: Life) -> None:
    with_safes(life, one=("olga", "carol"), other=("olga", "ivan"))
    with pytest.raises(RefusedError, match=r"olga alone opens safe one and other.*sheets 1 and 2"):
        check_new(life.register, new("one", "other"), DAY)


def test_nobody_gets_two_shares_in_one_safe(life: Life) -> None:
    with_safes(life, one=("olga",), other=("ivan",))
    with pytest.raises(RefusedError, match="sheets 1 and 3"):
        check_new(life.register, new("one", "other", "one"), DAY)


def test_what_lies_in_a_safe_that_takes_two_nobody_has_alone(life: Life) -> None:
    with_safes(life, one=("olga",), two_more=("olga", "ivan"))
    check_new(life.register, new("one", "two_more"), DAY)


def test_a_whole_password_is_one_sheet_and_no_second(life: Life) -> None:
    with_safes(life, one=("olga",))
    check_new(life.register, new("one", form=Form.WHOLE, typists=("olga", "alice")), DAY)


def test_who_was_taken_off_the_openers_counts_until_the_combination_is_changed(life: Life) -> None:
    with_safes(life, one=("olga", "ivan"), other=("olga",))
    life.enter(ev.SafeChanged(safe="one", openers=("ivan",), need=1))
    with pytest.raises(RefusedError, match="olga alone opens"):
        check_new(life.register, new("one", "other"), DAY)

    life.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="one"))

    check_new(life.register, new("one", "other"), DAY)


def test_who_opens_alone_against_the_list_is_told_to_do_so_by_an_old_combination(
    life: Life,
) -> None:
    with_safes(life, one=("olga", "ivan"), other=("olga", "carol"), more=("carol", "ivan"))
    life.enter(ev.SafeChanged(safe="one", openers=("ivan",), need=1))
    with pytest.raises(RefusedError) as refused:
        check_new(life.register, new("one", "other"), DAY)
    assert "one and other (the combination of one is older than its list)" in str(refused.value)
    assert str(refused.value.mend).startswith(
        "Change the combination of one, enter that ('due done combination one'), or take another"
    )

    life.enter(ev.SafeChanged(safe="other", openers=("olga", "carol"), need=2))
    with pytest.raises(RefusedError) as refused:
        check_new(life.register, new("one", "other"), DAY)
    assert "(the combinations of one and other are older than their lists)" in str(refused.value)
    assert "'due done combination one' and 'due done combination other'" in refused.value.mend


def test_what_the_lists_give_is_not_mended_by_a_new_combination(life: Life) -> None:
    with_safes(life, one=("olga",), other=("olga",), more=("olga", "ivan"))
    life.enter(ev.SafeChanged(safe="more", openers=("ivan",), need=1))
    for safes in (("one", "other"), ("one", "other", "more")):
        with pytest.raises(RefusedError, match="olga alone opens") as refused:
            check_new(life.register, new(*safes), DAY)
        assert refused.value.mend.startswith("Take another safe")


def test_a_move_into_a_safe_with_an_old_combination_is_mended_by_a_new_one(life: Life) -> None:
    in_two_safes(life).enter(ev.SafeAdded(safe="was", site="hq", openers=("olga", "ivan"), need=1))
    life.enter(ev.SafeChanged(safe="was", openers=("ivan",), need=1))
    with pytest.raises(RefusedError, match=r"opens safe was \(the combination") as refused:
        check_move(life.register, "P1-2", "was", DAY)
    assert "'due done combination was'" in refused.value.mend

    life.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="was"))

    check_move(life.register, "P1-2", "was", DAY)


def test_of_literal_parts_nobody_gets_the_half_that_they_do_not_type(life: Life) -> None:
    with_safes(life, one=("olga",), other=("ivan",))
    parts = new("one", "other", form=Form.PARTS, typists=("ivan", "olga"))
    with pytest.raises(RefusedError, match="opens safe other, and types or typed half 1"):
        check_new(life.register, parts, DAY)

    check_new(life.register, replace(parts, typists=("olga", "ivan")), DAY)


def test_the_middle_one_of_three_parts_is_no_typists(life: Life) -> None:
    with_safes(life, one=("olga",), middle=("ivan",), last=("carol",))
    parts = new("one", "middle", "last", form=Form.PARTS, typists=("olga", "ivan"))
    with pytest.raises(RefusedError, match="ivan alone opens safe middle"):
        check_new(life.register, parts, DAY)

    check_new(life.register, replace(parts, safes=("one", "last", "middle")), DAY)


def test_a_share_is_no_complement_of_a_half(life: Life) -> None:
    with_safes(life, one=("olga",), other=("ivan",))
    check_new(life.register, new("one", "other", typists=("ivan", "olga")), DAY)


def test_two_officers_may_decide_otherwise_until_the_day_of_review(life: Life) -> None:
    with_safes(life, one=("olga",), other=("olga",))
    decided = ev.DecisionMade(
        decision="second-share", choice="allowed", review=date(2026, 3, 1), details=DIGEST
    )
    life.enter(decided)

    check_new(life.register, new("one", "other"), date(2026, 3, 1))

    with pytest.raises(RefusedError, match="decide make second-share allowed"):
        check_new(life.register, new("one", "other"), date(2026, 3, 2))


def test_another_choice_ends_the_exception(life: Life) -> None:
    with_safes(life, one=("olga",), other=("olga",))
    for choice in ("allowed", "refused"):
        life.enter(
            ev.DecisionMade(
                decision="second-share", choice=choice, review=date(2026, 3, 1), details=DIGEST
            )
        )
    with pytest.raises(RefusedError, match="sheets 1 and 2"):
        check_new(life.register, new("one", "other"), DAY)


def test_the_sample_organisation_seals_where_it_says() -> None:
    safes = ("hq-shares", "branch-shares", "vault-shares")
    check_new(sample().register, new(*safes, typists=("alice", "bob")), DAY)


# --- Moves


def test_a_share_is_not_moved_to_who_has_another(life: Life) -> None:
    in_two_safes(life)
    with pytest.raises(RefusedError, match=r"carol alone opens safe c.*sheets 1 and 2 of set P1"):
        check_move(life.register, "P1-1", "c", DAY)
    check_move(life.register, "P1-1", "free", DAY)


def test_a_share_is_not_moved_to_who_saw_another(life: Life) -> None:
    in_two_safes(life).enter(ev.SecretExposed(person="ivan", set="P1", number=2))
    with pytest.raises(RefusedError, match="ivan alone opens safe free"):
        check_move(life.register, "P1-1", "free", DAY)
    check_move(life.register, "P1-2", "free", DAY)


def test_who_stood_by_with_another_while_sheets_lay_open_did_not_see_them(life: Life) -> None:
    in_two_safes(life)
    for n in (1, 2):
        life.enter(ev.SecretExposed(person="ivan", set="P1", number=n, present=True))
    check_move(life.register, "P1-1", "free", DAY)


def test_a_share_is_not_moved_to_who_could_take_another_before(life: Life) -> None:
    in_two_safes(life)
    life.enter(ev.SafeChanged(safe="c", openers=("ivan",), need=1))
    life.enter(ev.SafeChanged(safe="c", openers=("carol",), need=1))
    life.enter(ev.DutyDone(duty=Duty.COMBINATION, subject="c"))
    with pytest.raises(RefusedError, match="ivan alone opens safe free"):
        check_move(life.register, "P1-1", "free", DAY)


def test_what_was_had_of_a_secret_that_was_changed_does_not_count(life: Life) -> None:
    in_two_safes(life).enter(ev.SecretExposed(person="ivan", set="P1", number=2))
    life.bring_into_force("P2").enter(ev.EnvelopeDeposited(envelope="P2-1", safe="o"))
    check_move(life.register, "P2-1", "free", DAY)


def test_a_key_is_no_sheet_of_a_set(life: Life) -> None:
    with_safes(life, one=("olga",))
    life.enter(
        ev.KeyPacked(envelope="E1", holds="key:K1", key="K1"),
        ev.EnvelopeSealed(envelope="E1", bag="B1"),
        ev.EnvelopeDeposited(envelope="E1", safe="hq-1"),
    )
    check_move(life.register, "E1", "one", DAY)


@pytest.mark.parametrize(("envelope", "safe"), [("P9-1", "free"), ("P1-1", "moon")])
def test_what_is_not_in_the_register_is_named(life: Life, envelope: str, safe: str) -> None:
    in_two_safes(life)
    with pytest.raises(RefusedError, match="there is no"):
        check_move(life.register, envelope, safe, DAY)


# --- Openers


def test_nobody_becomes_the_opener_of_a_second_share(life: Life) -> None:
    in_two_safes(life)
    with pytest.raises(RefusedError, match=r"olga alone opens safe c.*sheets 1 and 2 of set P1"):
        check_openers(life.register, "c", ("carol", "olga"), 1, DAY)
    check_openers(life.register, "c", ("carol", "ivan"), 1, DAY)
    check_openers(life.register, "c", ("carol", "olga"), 2, DAY)


def test_a_safe_that_takes_one_now_gives_its_openers_what_they_had_not_alone(life: Life) -> None:
    in_two_safes(life)
    life.enter(ev.SafeChanged(safe="c", openers=("carol", "olga"), need=2))
    with pytest.raises(RefusedError, match="olga alone opens safe c"):
        check_openers(life.register, "c", ("carol", "olga"), 1, DAY)


def test_who_opened_a_safe_all_along_gets_nothing_by_staying(life: Life) -> None:
    with_safes(life, one=("olga",), other=("olga",))
    life.bring_into_force("P1").enter(
        ev.EnvelopeDeposited(envelope="P1-1", safe="one"),
        ev.EnvelopeDeposited(envelope="P1-2", safe="other"),
    )
    check_openers(life.register, "one", ("olga", "ivan"), 1, DAY)


# --- Sheets on their way


def taken_out(life: Life, sheet: str) -> Life:
    """A sheet out of its bag, as somebody else enters it."""
    return life.enter(ev.EnvelopeOpened(envelope=sheet, why="look", intact=True), by=("bob",))


def test_a_sheet_that_is_out_of_its_safe_goes_back_there_and_counts(life: Life) -> None:
    taken_out(in_two_safes(life), "P1-2")
    with pytest.raises(RefusedError, match="olga alone opens safe c"):
        check_openers(life.register, "c", ("carol", "olga"), 1, DAY)

    life.enter(ev.EnvelopeResealed(envelope="P1-2", bag="NEW"))

    with pytest.raises(RefusedError, match="olga alone opens safe c"):
        check_openers(life.register, "c", ("carol", "olga"), 1, DAY)
    check_openers(life.register, "c", ("carol", "ivan"), 1, DAY)


def test_a_safe_that_has_a_new_opener_since_takes_no_second_sheet_of_theirs(life: Life) -> None:
    with_safes(life, o=("olga",), c=("carol",)).bring_into_force("P1")
    life.enter(ev.EnvelopeDeposited(envelope="P1-1", safe="o"))
    deposit = ev.EnvelopeDeposited(envelope="P1-2", safe="c")
    check_fact(life.register, deposit, DAY)

    life.enter(ev.SafeChanged(safe="c", openers=("carol", "olga"), need=1))

    with pytest.raises(RefusedError, match=r"olga alone opens safe c.*sheets 1 and 2 of set P1"):
        check_fact(life.register, deposit, DAY)


def test_two_who_carry_all_bags_have_none_of_them_by_that_and_one_by_a_safe(life: Life) -> None:
    with_safes(life, one=("alice",), other=("bob",), both=("alice", "bob"))
    life.bring_into_force("P1")
    check_fact(life.register, ev.EnvelopeDeposited(envelope="P1-1", safe="one"), DAY)
    life.enter(ev.EnvelopeDeposited(envelope="P1-1", safe="one"))
    check_fact(life.register, ev.EnvelopeDeposited(envelope="P1-2", safe="other"), DAY)

    with pytest.raises(RefusedError, match="alice alone opens safe both"):
        check_fact(life.register, ev.EnvelopeDeposited(envelope="P1-2", safe="both"), DAY)


def test_a_sheet_goes_back_to_those_who_had_it(life: Life) -> None:
    taken_out(in_two_safes(life), "P1-2")
    life.enter(ev.EnvelopeResealed(envelope="P1-2", bag="NEW"), by=("alice", "bob"))
    check_fact(life.register, ev.EnvelopeDeposited(envelope="P1-2", safe="c"), DAY)


# --- Facts of every kind


def test_a_move_and_a_change_of_openers_are_checked_as_facts(life: Life) -> None:
    in_two_safes(life)
    for fact, why in (
        (ev.EnvelopeMoved(envelope="P1-1", safe="c"), "carol alone opens safe c"),
        (ev.SafeChanged(safe="c", openers=("olga",), need=1), "olga alone opens safe c"),
    ):
        with pytest.raises(RefusedError, match=why):
            check_fact(life.register, fact, DAY)
    check_fact(life.register, ev.SafeChanged(safe="c", openers=("ivan",), need=1), DAY)
    check_fact(life.register, ev.OrganisationNamed(name="Example"), DAY)


def corrected(sheet: str, safe: str) -> ev.EnvelopeCorrected:
    return ev.EnvelopeCorrected(
        envelope=sheet, state=EnvelopeState.DEPOSITED, bag=f"B-{sheet}", safe=safe, details=DIGEST
    )


def test_what_people_say_is_so_is_not_refused_and_is_a_finding(life: Life) -> None:
    in_two_safes(life)
    fact = corrected("P1-1", "c")
    check_fact(life.register, fact, DAY)

    (found,) = found_in(life.register, fact, DAY)

    assert (found.rule, found.subject) == ("second-share", "P1-1")
    assert found.what == "carol alone opens safe c, and has sheets 1 and 2 of set P1"
    assert life.new_findings(fact, found)[0].what == found.what


def test_a_correction_that_gives_nobody_a_second_sheet_is_no_finding(life: Life) -> None:
    in_two_safes(life)
    out = replace(corrected("P1-1", "c"), state=EnvelopeState.OPENED, safe=None)
    for fact in (corrected("P1-1", "free"), out, ev.EnvelopeMoved(envelope="P1-1", safe="c")):
        assert found_in(life.register, fact, DAY) == ()


def test_a_correction_that_two_have_decided_is_no_finding(life: Life) -> None:
    in_two_safes(life).enter(
        ev.DecisionMade(
            decision="second-share", choice="allowed", review=date(2026, 3, 1), details=DIGEST
        )
    )
    assert found_in(life.register, corrected("P1-1", "c"), DAY) == ()
    assert found_in(life.register, corrected("P1-1", "c"), date(2026, 3, 2))

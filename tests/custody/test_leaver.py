"""Somebody leaves: each order is open until the register has it as done; no other is made."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from keyvault_kit.custody import coalitions
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.holdings import Holdings
from keyvault_kit.custody.leaving import words
from keyvault_kit.custody.leaving.leaver import leaver
from keyvault_kit.custody.leaving.orders import OrderKind
from keyvault_kit.custody.model import Retirement, Role, Use
from keyvault_kit.errors import RefusedError
from tests.custody.leaving import (
    AFTERWARDS,
    LAST,
    NOW,
    combined,
    leaves,
    new_password,
    new_pin,
    orders,
    states,
    taken_off,
)
from tests.custody.life import DIGEST
from tests.custody.sample import safe_changed, sample, without_opener

# --- Who, and when


def test_somebody_unknown_cannot_leave() -> None:
    with pytest.raises(RefusedError, match="no person 'mallory'"):
        leaves(sample(), "mallory")


def test_who_opens_and_saw_nothing_has_authority_alone_to_lose() -> None:
    its = leaves(sample(), "erin")
    assert its.reached == its.remembers == ()
    assert {it.kind for it in its.orders} == {
        OrderKind.SUCCESSOR,  # she is the only auditor
        OrderKind.AUTHORITY,
        OrderKind.REVIEW,
    }


def test_orders_stand_by_their_days_and_own_access_ends_on_the_last_one() -> None:
    found = leaves(sample(), "grace").orders
    assert [it.by for it in found] == sorted(it.by for it in found)
    at_once = {it.kind for it in found if it.by == LAST}
    assert at_once == {
        OrderKind.AUTHORITY,
        OrderKind.SIGNING,
        OrderKind.OPENERS,
        OrderKind.COMBINATION,
    }


# --- Their own access


def test_the_authority_is_to_end_on_the_last_day_or_before() -> None:
    life = sample()
    assert states(life, "judy", OrderKind.AUTHORITY) == {"judy": False}
    for until, done in ((LAST + timedelta(days=1), False), (LAST, True)):
        life.enter(
            ev.PersonChanged(person="judy", roles=(Role.WITNESS,), details=DIGEST, until=until)
        )
        assert states(life, "judy", OrderKind.AUTHORITY) == {"judy": done}


def test_a_signing_key_is_revoked_where_there_was_one() -> None:
    life = sample()
    assert states(life, "judy", OrderKind.SIGNING) == {}
    assert states(life, "carol", OrderKind.SIGNING) == {"carol": False}
    life.enter(ev.SignerRevoked(person="carol", why="left"))
    assert states(life, "carol", OrderKind.SIGNING) == {"carol": True}


def test_the_openers_of_each_safe_are_to_be_without_them() -> None:
    life = sample()
    assert states(life, "carol", OrderKind.OPENERS) == {"hq-keys": False, "branch-keys": False}
    taken_off(life, "carol", "hq-keys")
    assert states(life, "carol", OrderKind.OPENERS) == {"hq-keys": True, "branch-keys": False}


def test_orders_name_the_commands_that_end_them() -> None:
    told = {(it.kind, it.subject): it.what for it in leaves(sample(), "judy").orders}
    assert told[OrderKind.OPENERS, "branch-shares"].endswith(
        ": 'safes change branch-shares --opener bob'"
    )
    assert told[OrderKind.COMBINATION, "branch-shares"].endswith(
        "'due done combination branch-shares'"
    )
    for kind in (OrderKind.BAGS, OrderKind.REVIEW):
        assert told[kind, "bg1"].endswith("'review bg1'")


def test_a_command_leaves_room_for_openers_that_are_to_be_named() -> None:
    life = sample(safe_changed("vault-shares", need=2))
    (order,) = orders(life, "frank", OrderKind.OPENERS).values()
    assert order.what.endswith("'safes change vault-shares --opener kate --opener ...'")


def test_a_combination_is_changed_after_they_were_taken_off_and_not_before() -> None:
    life = combined(sample(), "branch-shares")
    assert states(life, "judy", OrderKind.COMBINATION) == {"branch-shares": False}
    taken_off(life, "judy", "branch-shares")
    assert states(life, "judy", OrderKind.COMBINATION) == {"branch-shares": False}
    combined(life, "branch-shares")
    assert states(life, "judy", OrderKind.COMBINATION) == {"branch-shares": True}


def test_who_opens_a_safe_again_makes_its_combination_an_order_again() -> None:
    life = combined(taken_off(sample(), "judy", "branch-shares"), "branch-shares")
    life.enter(ev.SafeChanged(safe="branch-shares", openers=("bob", "judy"), need=1))
    assert states(life, "judy", OrderKind.COMBINATION) == {"branch-shares": False}
    assert states(life, "judy", OrderKind.OPENERS) == {"branch-shares": False}


@pytest.mark.parametrize("why", [Retirement.BROKEN, Retirement.RESET])
def test_the_empty_bag_of_a_key_that_was_retired_is_nobodys_to_take_back(why: Retirement) -> None:
    life = sample()
    opened = ev.EnvelopeOpened(envelope="K1-key1", why="broken", intact=True)
    life.enter(opened, by=("carol", "dave"), signed=())
    if why is Retirement.RESET:
        life.enter(ev.KeyReset(key="K1", why="given back"))
    life.enter(ev.KeyRetired(key="K1", why=why), by=("alice", "bob"))
    still_good = [it for it in life.register.open_findings() if it.rule == "key-retired"]
    assert bool(states(life, "carol", OrderKind.RETURN)) == bool(still_good)
    for it in still_good:
        life.enter(ev.FindingSettled(finding=it.seq, subject="K1", details=DIGEST))
    assert states(life, "carol", OrderKind.RETURN) == {}


def test_what_somebody_had_in_hand_is_taken_back() -> None:
    life = sample()
    assert states(life, "carol", OrderKind.RETURN) == {}
    opened = ev.EnvelopeOpened(envelope="K1-key1", why="battery", intact=True)
    life.enter(opened, by=("carol",), signed=())
    assert states(life, "carol", OrderKind.RETURN) == {"K1-key1": False}
    assert "carol has key K1 (K1-key1) in hand" in leaves(life, "carol").reached
    assert states(life, "dave", OrderKind.RETURN) == {}

    life.enter(
        ev.KeyPacked(envelope="K1-key2", holds="key:K1", key="K1"),
        ev.EnvelopeSealed(envelope="K1-key2", bag="B-new"),
        ev.EnvelopeDeposited(envelope="K1-key2", safe="hq-keys"),
    )
    assert states(life, "carol", OrderKind.RETURN) == {}
    assert not any("in hand" in it for it in leaves(life, "carol").reached)


def test_a_key_that_was_never_packed_is_taken_back_from_whoever_had_it_last() -> None:
    life = sample()
    registered = ev.KeyRegistered(key="K9", account="bg1", use=Use.BACKUP, product="p", aaguid="a")
    life.enter(registered, by=("carol",), signed=())
    assert states(life, "carol", OrderKind.RETURN) == {"K9": False}
    assert "carol has key K9 in hand" in leaves(life, "carol").reached
    life.enter(ev.KeyPacked(envelope="K9-key1", holds="key:K9", key="K9"))
    assert states(life, "carol", OrderKind.RETURN) == {}


def test_a_key_that_was_audited_is_in_nobodys_hand_once_it_lies_in_a_new_bag() -> None:
    life = sample()
    opened = ev.EnvelopeOpened(envelope="K1-key1", why="audit", intact=True)
    life.enter(opened, by=("dave", "erin"), signed=())
    assert states(life, "erin", OrderKind.RETURN) == {"K1-key1": False}
    life.enter(
        ev.KeyPacked(envelope="K1-key2", holds="key:K1", key="K1"),
        ev.EnvelopeSealed(envelope="K1-key2", bag="B-new"),
        ev.EnvelopeDeposited(envelope="K1-key2", safe="hq-keys"),
        by=("alice", "dave"),
        signed=("alice", "dave"),
    )
    assert states(life, "erin", OrderKind.RETURN) == {}


# --- Before they go


def test_a_safe_that_nobody_else_opens_gets_another_opener_first() -> None:
    life = sample(without_opener("vault-shares", "kate"))
    assert states(life, "frank", OrderKind.SUCCESSOR) == {"vault-shares": False}
    life.enter(ev.SafeChanged(safe="vault-shares", openers=("frank", "kate"), need=1))
    assert states(life, "frank", OrderKind.SUCCESSOR) == {"vault-shares": True}
    taken_off(life, "frank", "vault-shares")
    assert states(life, "frank", OrderKind.SUCCESSOR) == {"vault-shares": True}


def test_a_safe_that_takes_two_needs_two_others() -> None:
    life = sample(safe_changed("vault-shares", need=2))
    assert states(life, "frank", OrderKind.SUCCESSOR) == {"vault-shares": False}
    assert states(life, "judy", OrderKind.SUCCESSOR) == {}


def test_an_opener_who_has_no_authority_by_then_is_no_successor() -> None:
    life = sample()
    changed = ev.PersonChanged(person="kate", roles=(Role.WITNESS,), details=DIGEST, until=LAST)
    life.enter(changed)
    assert states(life, "frank", OrderKind.SUCCESSOR) == {"vault-shares": False}


def test_an_account_that_nobody_else_could_use_is_named() -> None:
    life = sample()
    for safe in ("hq-pins", "branch-pins"):
        life.enter(ev.SafeChanged(safe=safe, openers=("grace",), need=1))
    found = states(life, "grace", OrderKind.SUCCESSOR)
    # Their passwords sign in, by the drills: both can be used without her.
    assert found == {"hq-pins": False, "branch-pins": False}

    for account in ("bg1", "bg2"):
        life.enter(ev.PasswordRecovered(account=account, set=f"{account}-pw2", accepted=False))
    found = states(life, "grace", OrderKind.SUCCESSOR)
    assert found == {"hq-pins": False, "branch-pins": False, "bg1": False, "bg2": False}


def test_two_officers_must_be_left_who_sign() -> None:
    life = sample()
    assert states(life, "alice", OrderKind.SUCCESSOR) == {}
    for person in ("frank", "grace", "heidi"):
        life.enter(ev.SignerRevoked(person=person, why="lost"))
    (order,) = orders(life, "alice", OrderKind.SUCCESSOR).values()
    assert order.what == "name another officer and enrol their signing key, before they go"
    assert (
        order.why == "without alice there is one, and it takes two to sign who is authorised (S40)"
    )
    assert states(life, "judy", OrderKind.SUCCESSOR) == {}


def test_the_last_auditor_is_followed_by_another() -> None:
    life = sample()
    (order,) = orders(life, "erin", OrderKind.SUCCESSOR).values()
    assert (
        order.why == "without erin there is none, and it takes one to validate the accounts (S54)"
    )
    life.enter(ev.PersonAdded(person="ken", roles=(Role.AUDITOR,), details=DIGEST))
    assert states(life, "erin", OrderKind.SUCCESSOR) == {}


# --- Bags and reviews


def test_one_share_in_a_sealed_bag_is_looked_at_and_not_changed() -> None:
    life = sample()
    assert states(life, "judy", OrderKind.CHANGE) == states(life, "judy", OrderKind.REMAKE) == {}
    found = orders(life, "judy", OrderKind.BAGS)
    assert sorted(found) == ["bg1", "bg2"]
    assert "bg1-pw2-2 (B-bg1-pw2-2)" in found["bg1"].what
    assert "bg1-pw2-1" not in found["bg1"].what


def test_the_bags_of_keys_are_looked_at_too() -> None:
    found = orders(sample(), "carol", OrderKind.BAGS)
    assert "K1-key1 (B-K1-key1) and K2-key1 (B-K2-key1)" in found["bg1"].what


def test_a_review_after_the_last_day_is_the_end_of_bags_and_reviews() -> None:
    life = sample()
    reviews = [ev.DutyDone(duty=Duty.REVIEW, subject=account) for account in ("bg1", "bg2")]
    life.enter(*reviews, at=datetime(2026, 1, 8, 23, 59, tzinfo=UTC))
    assert states(life, "judy", OrderKind.REVIEW) == {"bg1": False, "bg2": False}
    life.enter(reviews[0], at=AFTERWARDS)
    assert states(life, "judy", OrderKind.REVIEW) == {"bg1": True, "bg2": False}
    assert states(life, "judy", OrderKind.BAGS) == {"bg1": True, "bg2": False}


def test_all_orders_are_done_when_all_was_entered() -> None:
    life = sample()
    safes = ("hq-pins", "branch-pins")
    combined(taken_off(life, "grace", *safes), *safes)
    life.enter(ev.SignerRevoked(person="grace", why="left"))
    for key in ("K1", "K2", "K3", "K4"):
        new_pin(life, key, f"{key}-pin2")
    life.enter(ev.PersonChanged(person="grace", roles=(Role.OFFICER,), details=DIGEST, until=LAST))
    assert {it.kind for it in leaves(life, "grace").open_orders} == {OrderKind.REVIEW}
    for account in ("bg1", "bg2"):
        life.enter(ev.DutyDone(duty=Duty.REVIEW, subject=account), at=AFTERWARDS)

    its = leaves(life, "grace")

    assert its.open_orders == ()
    assert len(its.orders) == 1 + 1 + 2 + 2 + 4 + 2
    assert its.reached == its.remembers == ()


# --- In words


def test_what_was_in_reach_is_told_with_the_people_beside() -> None:
    life = sample(safe_changed("vault-shares", need=2))
    told = leaves(life, "frank").reached
    assert told[0] == (
        "frank opens safe vault-shares with 1 of kate; there lies the identity of the station"
        " (station-id1-1), share 3 of bg1 (bg1-pw2-3) and share 3 of bg2 (bg2-pw2-3)"
    )


def test_who_could_act_alone_is_told_so() -> None:
    life = sample().enter(ev.SecretExposed(person="judy", set="bg1-pw2"))
    told = leaves(life, "judy").reached
    assert "judy could use bg1 alone, with what they saw and had in reach" in told
    assert any(it.startswith("judy could use bg2 with ") for it in told)


def test_coalitions_that_are_too_many_or_too_entangled_do_not_keep_the_orders_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = sample()
    monkeypatch.setattr(coalitions, "LIMIT", 0)
    told = leaves(life, "judy").reached
    assert "those who could use bg1 together are too many to be listed" in told

    def entangled(holdings: Holdings, *, ever: bool) -> dict[str, coalitions.Coalitions]:
        assert ever
        return dict.fromkeys(holdings.accounts, coalitions.Uncounted())

    monkeypatch.setattr(words, "minimal_coalitions", entangled)
    its = leaves(life, "judy")
    assert "who could use bg1 together cannot be counted" in its.reached
    assert its.open_orders


def test_a_combination_that_is_still_known_is_told() -> None:
    life = taken_off(sample(), "judy", "branch-shares")
    told = leaves(life, "judy").reached[0]
    assert told.startswith(
        "judy knows the combination, unchanged since, of safe branch-shares alone"
    )
    combined(life, "branch-shares")
    assert not any("branch-shares" in it for it in leaves(life, "judy").reached)


def test_what_is_remembered_is_told_while_the_secret_is_the_same() -> None:
    life = sample()
    told = leaves(life, "alice").remembers
    assert "alice typed or saw half 1 of the password of bg1 (set bg1-pw2)" in told
    assert not any("bg1-pw1" in it for it in told)
    new_password(life, "bg1-pw3")
    assert not any("bg1-pw2" in it for it in leaves(life, "alice").remembers)


def test_a_person_who_left_long_ago_is_judged_as_of_now() -> None:
    life = sample()
    its = leaver(life.register, "judy", date(2025, 6, 1), NOW)
    assert {it.by for it in its.orders if it.kind is OrderKind.OPENERS} == {date(2025, 6, 1)}
    assert replace(its, orders=()) == replace(leaves(life, "judy"), orders=(), on=its.on)


def test_somebody_may_leave_on_the_last_day_that_there_is() -> None:
    its = leaves(sample(), "alice", date.max)
    assert {it.by for it in its.orders} == {date.max}


def test_everybody_of_the_sample_organisation_can_leave() -> None:
    life = sample()
    for person in life.register.people:
        assert leaves(life, person).open_orders

"""The register as holdings: who has what now, and who could have had it before."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.holdings import Holdings, Item, Kind, Way
from keyvault_kit.custody.judging import alone
from keyvault_kit.custody.model import Retirement
from keyvault_kit.custody.survival import usable
from tests.custody.sample import sample

if TYPE_CHECKING:
    from tests.custody.life import Life


@pytest.fixture
def whole() -> Life:
    """The sample organisation with everything sealed and deposited."""
    return sample()


def item(life: Life, name: str) -> Item:
    return next(it for it in holdings_of(life.register).items if it.id == name)


def share_of(life: Life, account: str, number: int) -> str:
    """The envelope of a share of the password in force."""
    in_force = life.register.accounts[account].password_set or ""
    return life.register.live_envelopes(in_force)[number - 1].id


def listed(its: Holdings, *, ever: bool) -> tuple[tuple[str, ...], ...]:
    """The coalitions of bg1, none of which were cut."""
    found = minimal_coalitions(its, ever=ever)["bg1"]
    assert isinstance(found, tuple)
    return found


def coalitions(life: Life, *, ever: bool) -> tuple[tuple[str, ...], ...]:
    return listed(holdings_of(life.register), ever=ever)


def people_before(it: Item) -> set[tuple[str, ...]]:
    return {tuple(sorted(way.people)) for way in it.before}


# --- Now


def test_a_key_lies_in_its_safe_and_opens_its_account(whole: Life) -> None:
    key = item(whole, "K1")
    assert (key.kind, key.accounts, key.safe, key.counts) == (Kind.KEY, ("bg1",), "hq-keys", True)
    assert key.now == (Way(frozenset({"carol", "dave", "ivan"}), 1, "opens safe hq-keys"),)


def test_a_pin_is_for_its_key_and_a_share_for_its_account(whole: Life) -> None:
    pins = [it for it in holdings_of(whole.register).items if it.kind is Kind.PIN]
    assert sorted(it.keys for it in pins) == [("K1",), ("K2",), ("K3",), ("K4",)]
    share = item(whole, share_of(whole, "bg1", 1))
    assert (share.kind, share.accounts, share.threshold) == (Kind.SHARE, ("bg1",), 2)


def test_the_sheets_of_a_dead_set_are_no_items(whole: Life) -> None:
    dead = [it.id for it in whole.register.sets.values() if it.state == "dead"]
    assert dead
    assert not {it.set for it in holdings_of(whole.register).items} & set(dead)


def test_what_was_taken_out_is_in_the_hands_of_those_who_took_it(whole: Life) -> None:
    share = share_of(whole, "bg1", 1)
    whole.enter(ev.EnvelopeOpened(envelope=share, why="drill", intact=True), by=("alice", "bob"))
    taken = item(whole, share)
    assert (taken.safe, taken.counts) == ("", False)
    assert taken.now == (Way(frozenset({"alice", "bob"}), 1, "had it in hand last"),)


def test_a_key_that_proved_to_be_another_is_nowhere(whole: Life) -> None:
    whole.enter(ev.EnvelopeOpened(envelope="K1-key1", why="audit", intact=True))
    whole.enter(ev.KeyPacked(envelope="K1-evidence1", holds="evidence:K1", key="K1"))
    assert item(whole, "K1").now == ()
    assert "key K1 lies in no safe" in holdings_of(whole.register).remarks


def test_a_key_that_is_lost_is_nobodys_and_that_is_said(whole: Life) -> None:
    whole.enter(ev.KeyRetired(key="K1", why=Retirement.LOST))
    its = holdings_of(whole.register)
    assert "K1" not in {it.id for it in its.items}
    assert any("K1 is lost" in it for it in its.remarks)


def test_a_key_without_a_passkey_opens_nothing(life: Life) -> None:
    assert holdings_of(life.register).items == ()


def test_a_password_counts_for_survival_where_the_tenant_last_took_it(whole: Life) -> None:
    assert holdings_of(whole.register).signs_in == {"bg1": True, "bg2": True}
    its = whole.register.accounts["bg1"].password_set or ""
    whole.enter(ev.PasswordRecovered(account="bg1", set=its, accepted=False))
    assert holdings_of(whole.register).signs_in == {"bg1": False, "bg2": True}


def test_whoever_has_no_authority_does_not_count_for_survival_and_does_for_misuse(
    whole: Life,
) -> None:
    carol = whole.register.people["carol"]
    gone = ev.PersonChanged(
        person="carol", roles=carol.roles, details=carol.details, until=date(2026, 6, 30)
    )
    whole.enter(gone)
    after = holdings_of(whole.register, on=date(2026, 7, 1))
    assert after.unauthorised == {"carol"}
    assert ("carol", "grace") in listed(after, ever=False)
    assert "bg1" not in usable(after, {"carol", "erin"})
    assert holdings_of(whole.register, on=date(2026, 6, 30)).unauthorised == frozenset()


# --- Before


def test_who_saw_a_sheet_has_it_until_the_secret_is_changed(whole: Life) -> None:
    share, in_force = share_of(whole, "bg1", 3), whole.register.accounts["bg1"].password_set or ""
    whole.enter(ev.SecretExposed(person="erin", set=in_force, number=3))
    assert ("erin",) in people_before(item(whole, share))
    assert ("alice", "erin") in coalitions(whole, ever=True)
    assert ("alice", "erin") not in coalitions(whole, ever=False)
    whole.bring_into_force("P9")
    assert "erin" not in {
        person
        for it in holdings_of(whole.register).items
        if "bg1" in it.accounts
        for way in it.before
        for person in way.people
    }


def test_who_saw_the_whole_password_can_act_alone(whole: Life) -> None:
    in_force = whole.register.accounts["bg1"].password_set or ""
    whole.enter(ev.SecretExposed(person="erin", set=in_force))
    its = holdings_of(whole.register)
    assert alone(its, ever=True) == {"erin": ("bg1",)}
    assert alone(its, ever=False) == {}
    assert [(it.rule, it.subject) for it in analyse(its).findings] == [("S39", "erin")]


def test_the_two_who_typed_the_halves_have_the_password_together(whole: Life) -> None:
    halves = [it for it in holdings_of(whole.register).items if it.id.startswith("seen:")]
    assert {it.threshold for it in halves} == {2}
    in_force = whole.register.accounts["bg1"].password_set
    mine = [it for it in halves if it.set == f"halves:{in_force}"]
    assert sorted(map(sorted, map(people_before, mine))) == [[("alice",)], [("bob",)]]


def test_what_two_stood_by_to_takes_both(whole: Life) -> None:
    in_force = whole.register.accounts["bg1"].password_set or ""
    whole.enter(
        *(
            ev.SecretExposed(person=person, set=in_force, number=1, present=True)
            for person in ("erin", "kate")
        ),
        by=("erin", "kate"),
        signed=(),
    )
    share = item(whole, share_of(whole, "bg1", 1))
    assert Way(frozenset({"erin", "kate"}), 2, "stood by while it lay open") in share.before


def test_who_stood_by_with_nobody_beside_them_has_it_alone(whole: Life) -> None:
    in_force = whole.register.accounts["bg1"].password_set or ""
    seen = ev.SecretExposed(person="erin", set=in_force, number=1, present=True)
    whole.enter(seen, by=("erin",), signed=())
    assert ("erin",) in people_before(item(whole, share_of(whole, "bg1", 1)))


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


def test_a_dead_set_whose_password_the_tenant_took_lives_on(whole: Life) -> None:
    dead = next(
        it.id
        for it in whole.register.sets.values()
        if it.state == "dead" and it.subject == "bg1" and it.purpose == "password"
    )
    before = coalitions(whole, ever=True)
    whole.enter(ev.SecretExposed(person="erin", set=dead))
    assert coalitions(whole, ever=True) == before
    found = whole.new_findings(ev.PasswordRecovered(account="bg1", set=dead, accepted=True))
    assert [it.what for it in found] == [
        f"the tenant took the password of set {dead}, which is dead"
    ]
    assert ("erin",) in coalitions(whole, ever=True)
    whole.bring_into_force("P9")
    assert ("erin",) not in coalitions(whole, ever=True)


def test_a_password_that_was_offered_to_the_tenant_counts_before_it_is_in_force(
    whole: Life,
) -> None:
    whole.seal("P9")
    whole.enter(ev.SecretExposed(person="erin", set="P9"))
    assert alone(holdings_of(whole.register), ever=True) == {}
    whole.enter(ev.PasswordOffered(account="bg1", set="P9"))
    assert alone(holdings_of(whole.register), ever=True)["erin"] == ("bg1",)

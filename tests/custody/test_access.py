"""The register as holdings: who has what now, and who could have had it before."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.analysis import analyse
from keyvault_kit.custody.coalitions import minimal_coalitions
from keyvault_kit.custody.holdings import Holdings, Kind, Way
from keyvault_kit.custody.judging import alone
from keyvault_kit.custody.model import Retirement
from keyvault_kit.custody.reach import Reach
from keyvault_kit.custody.survival import usable
from tests.custody.access import coalitions, item, people_before, share_of
from tests.custody.sample import sample

if TYPE_CHECKING:
    from tests.custody.life import Life


@pytest.fixture
def whole() -> Life:
    """The sample organisation with everything sealed and deposited."""
    return sample()


def listed(its: Holdings, *, ever: bool) -> tuple[tuple[str, ...], ...]:
    """The coalitions of bg1, none of which were cut."""
    found = minimal_coalitions(its, ever=ever)["bg1"]
    assert isinstance(found, tuple)
    return found


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


def test_a_key_without_a_passkey_opens_nothing(life: Life) -> None:
    assert holdings_of(life.register).items == ()


def test_a_password_counts_for_survival_where_the_tenant_last_took_it(whole: Life) -> None:
    assert holdings_of(whole.register).signs_in == {"bg1": True, "bg2": True}
    its = whole.register.accounts["bg1"].password_set or ""
    whole.enter(ev.PasswordRecovered(account="bg1", set=its, accepted=False))
    assert holdings_of(whole.register).signs_in == {"bg1": False, "bg2": True}
    whole.enter(ev.PasswordRecovered(account="bg1", set=its, accepted=True))
    assert holdings_of(whole.register).signs_in == {"bg1": True, "bg2": True}


def test_what_the_tenant_says_of_another_password_is_no_proof_of_the_one_in_force(
    whole: Life,
) -> None:
    whole.enter(ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=False))
    assert holdings_of(whole.register).signs_in == {"bg1": True, "bg2": True}
    whole.enter(ev.PasswordRecovered(account="bg1", set="bg1-pw2", accepted=False))
    for other in ("bg1-pw1", "bg2-pw2"):
        taken = ev.PasswordRecovered(account="bg1", set=other, accepted=True)
        assert [it.rule for it in whole.new_findings(taken)] == ["contradiction"]
        assert holdings_of(whole.register).signs_in == {"bg1": False, "bg2": True}


def test_survival_does_not_count_on_a_password_in_force_while_the_tenant_takes_another(
    whole: Life,
) -> None:
    share = share_of(whole, "bg1", 1)
    whole.enter(ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=True))
    assert not item(whole, share).counts
    assert [it for it in holdings_of(whole.register).remarks if "is not counted on" in it]
    for key in ("K1", "K2"):
        whole.enter(ev.KeyRetired(key=key, why=Retirement.LOST))
    assert survivors(whole) == ("bg2",)
    whole.bring_into_force("P9")
    for n, safe in enumerate(("hq-shares", "branch-shares"), 1):
        whole.enter(ev.EnvelopeDeposited(envelope=f"P9-{n}", safe=safe))
    assert survivors(whole) == ("bg1", "bg2")


def survivors(life: Life) -> tuple[str, ...]:
    """The accounts that all people together can use with what is counted on."""
    its = holdings_of(life.register)
    return usable(its, its.acting)


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


def test_who_is_named_in_the_entry_and_was_not_there_is_no_second_pair_of_eyes(
    whole: Life,
) -> None:
    in_force = whole.register.accounts["bg1"].password_set or ""
    seen = ev.SecretExposed(person="carol", set=in_force, number=1, present=True)
    whole.enter(seen, by=("grace", "heidi"), signed=())
    assert ("carol",) in people_before(item(whole, share_of(whole, "bg1", 1)))
    assert 1 in Reach(whole.register, "carol").pieces(in_force).seen


def test_who_stood_by_with_nobody_beside_them_has_it_alone(whole: Life) -> None:
    in_force = whole.register.accounts["bg1"].password_set or ""
    seen = ev.SecretExposed(person="erin", set=in_force, number=1, present=True)
    whole.enter(seen, by=("erin",), signed=())
    assert ("erin",) in people_before(item(whole, share_of(whole, "bg1", 1)))


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


@pytest.mark.parametrize("rule", ["bag-missing", "bag-content", "sheet-missing", "sheet-unusable"])
def test_nobody_counts_on_a_sheet_that_was_found_missing_until_that_is_settled(
    whole: Life, rule: str
) -> None:
    share = share_of(whole, "bg1", 1)
    found = ev.FindingMade(rule=rule, subject=share, what=f"{share} was not there", mend="Look.")
    assert item(whole, share).counts

    whole.enter(found, by=("erin",), signed=())

    assert not item(whole, share).counts
    assert item(whole, share_of(whole, "bg1", 2)).counts
    assert item(whole, share).now  # who opens the safe may have it all the same
    assert any("is not counted on until" in it for it in holdings_of(whole.register).remarks)
    seq = whole.register.open_findings()[-1].seq
    whole.enter(ev.FindingSettled(finding=seq, subject=share, details="ab" * 32))
    assert item(whole, share).counts


def test_nobody_counts_on_a_key_that_was_not_in_its_bag(whole: Life) -> None:
    found = ev.FindingMade(rule="key-present", subject="K1", what="K1 was not there", mend="Look.")

    whole.enter(found, by=("erin",), signed=())

    assert not item(whole, "K1").counts
    assert item(whole, "K2").counts

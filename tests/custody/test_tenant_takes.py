"""What the tenant takes, and what is on offer to it: its password is not always the register's."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.access import holdings_of
from keyvault_kit.custody.model import Purpose
from keyvault_kit.custody.schedule import Task
from keyvault_kit.custody.survival import usable
from tests.custody.access import coalitions, item, share_of
from tests.custody.duties import only
from tests.custody.sample import sample

if TYPE_CHECKING:
    from tests.custody.life import Life


@pytest.fixture
def whole() -> Life:
    """The sample organisation with everything sealed and deposited."""
    return sample()


def password(life: Life, account: str) -> str:
    """The set of the password in force."""
    return life.register.accounts[account].password_set or ""


def by_shares(life: Life) -> tuple[str, ...]:
    """What those who open nothing but safes with shares can use."""
    return usable(holdings_of(life.register), {"alice", "bob", "frank"})


def test_a_new_password_that_signed_in_before_it_was_entered_as_set_counts(whole: Life) -> None:
    whole.seal("P9")
    whole.enter(ev.PasswordOffered(account="bg1", set="P9"))
    whole.enter(ev.PasswordRecovered(account="bg1", set="P9", accepted=True))
    assert whole.register.sets["P9"].lives
    whole.enter(ev.PasswordSet(account="bg1", set="P9"))
    assert whole.register.sets["P9"].lives is None
    for n, safe in enumerate(("hq-shares", "branch-shares"), 1):
        whole.enter(ev.EnvelopeDeposited(envelope=f"P9-{n}", safe=safe))
    whole.enter(ev.PasswordRecovered(account="bg1", set="P9", accepted=True))
    assert "bg1" in by_shares(whole)


def test_while_a_password_is_on_offer_the_old_one_is_not_counted_on(whole: Life) -> None:
    assert by_shares(whole) == ("bg1", "bg2")
    whole.seal("P9")
    assert by_shares(whole) == ("bg1", "bg2")
    whole.enter(ev.PasswordOffered(account="bg1", set="P9"))
    assert by_shares(whole) == ("bg2",)
    whole.enter(
        *(ev.EnvelopeSpoiled(envelope=f"P9-{n}", why="refused") for n in (1, 2)),
        ev.SetVoided(set="P9", why="the tenant refused it"),
    )
    assert by_shares(whole) == ("bg1", "bg2")


def test_the_password_of_another_account_opens_this_one_where_the_tenant_took_it(
    whole: Life,
) -> None:
    others = password(whole, "bg2")
    whole.enter(ev.SecretExposed(person="erin", set=others, number=1))
    before = coalitions(whole, ever=True)

    whole.enter(ev.PasswordRecovered(account="bg1", set=others, accepted=True))

    assert item(whole, share_of(whole, "bg2", 1)).accounts == ("bg2", "bg1")
    assert ("bob", "erin") not in before
    assert ("bob", "erin") in coalitions(whole, ever=True)
    assert not item(whole, share_of(whole, "bg1", 1)).counts
    due = only(whole.register, Task.PASSWORD, "bg1", whole.next_time)
    assert due.trigger == f"the tenant took the password of {others}, which is another account's"
    assert any("of which it is none" in it for it in holdings_of(whole.register).remarks)


def test_once_the_tenant_takes_its_own_password_again_nothing_else_opens_the_account(
    whole: Life,
) -> None:
    dead = next(it for it in whole.register.sets_of("bg1", Purpose.PASSWORD) if it.state == "dead")
    whole.enter(ev.PasswordRecovered(account="bg1", set=dead.id, accepted=True))
    whole.enter(ev.PasswordRecovered(account="bg1", set=password(whole, "bg2"), accepted=True))
    assert not item(whole, share_of(whole, "bg1", 1)).counts

    mine = password(whole, "bg1")
    whole.enter(ev.PasswordRecovered(account="bg1", set=mine, accepted=True))

    assert whole.register.accounts["bg1"].taken is None
    assert whole.register.sets[dead.id].lives is None
    assert item(whole, share_of(whole, "bg1", 1)).counts
    assert item(whole, share_of(whole, "bg2", 1)).accounts == ("bg2",)


def test_a_new_password_ends_what_was_taken_of_another_account(whole: Life) -> None:
    whole.enter(ev.PasswordRecovered(account="bg1", set=password(whole, "bg2"), accepted=True))
    whole.bring_into_force("P9")
    assert whole.register.accounts["bg1"].taken is None


def test_who_stood_by_once_does_not_vouch_for_another_time(whole: Life) -> None:
    """Both were at the making; later alice stands by alone, and bob is but named in the entry."""
    alone = ev.SecretExposed(person="alice", set=password(whole, "bg1"), number=2, present=True)
    whole.enter(alone, by=("alice", "bob"), signed=())
    ways = item(whole, share_of(whole, "bg1", 2)).before
    assert ("alice",) in {tuple(way.people) for way in ways}


def test_the_end_of_an_authority_does_not_bring_back_what_is_on_offer(whole: Life) -> None:
    whole.seal("P9")
    whole.enter(ev.PasswordOffered(account="bg1", set="P9"))
    its = holdings_of(whole.register, on=date(2026, 12, 31))
    assert usable(its, {"alice", "bob", "frank"}) == ("bg2",)

"""Post-mortems: logs kept, deeds held against authority, the use classed by two."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.looking_back import deeds, took_part
from keyvault_kit.ceremonies.plans import post_mortem
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.model import Role
from keyvault_kit.custody.schedule import Task, due
from keyvault_kit.errors import RefusedError
from tests.ceremonies.conftest import A_DAY, FOUNDED
from tests.ceremonies.practised import copied, enter, found, open_, opened, prepared, with_password
from tests.ceremonies.sealing import OFFICERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keyvault_kit.custody.evidence import Classed
    from tests.ceremonies.conftest import Desk

ONE, TWO = "bg1-pw1-1", "bg1-pw1-2"
CHECKS = 5
DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def after_use(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The password of bg1 was used in an emergency. To be copied."""

    def use(desk: Desk) -> None:
        with_password(desk, count=2)
        open_(desk, opened(ONE, TWO, officers=("carol", "bob")))

    return prepared(founded, tmp_path_factory.mktemp("used") / "desk", use)


@pytest.fixture
def used(after_use: Path, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that, a day after the use."""
    with copied(after_use, tmp_path / "used", FOUNDED + 2 * A_DAY) as desk:
        yield desk


def look_into(desk: Desk, verdict: str = "emergency", *checks: bool) -> Classed:
    desk.people.says[Topic.CHECK] = [*(checks or [True] * CHECKS)]
    desk.people.says[Topic.CLASS] = [verdict]
    desk.people.says[Topic.REMARK] = ["federation was down"]
    wanted = post_mortem.Request(account="bg1", officers=OFFICERS, number=0)
    post_mortem.check(desk.register, wanted)
    desk.run(post_mortem.next_ceremony(desk.register, wanted))
    return desk.register.classed["bg1"][-1]


def post_mortems_due(desk: Desk) -> list[tuple[date, str]]:
    every = due(desk.register, desk.time.true)
    return [(it.day, it.trigger) for it in every if it.task is Task.POST_MORTEM]


def test_an_emergency_is_looked_into_within_seven_days_and_classed(used: Desk) -> None:
    day = (used.time.true + timedelta(days=6)).date()
    assert post_mortems_due(used) == [(day, "7 days since it was used")]

    classed = look_into(used)

    assert classed.verdict is UseClass.EMERGENCY
    assert used.book.row_behind(classed.details) == {
        "account": "bg1",
        "class": "emergency",
        "words": "federation was down",
    }
    assert post_mortems_due(used) == []
    assert found(used) == []
    assert used.entries()[-1].by == OFFICERS


def test_the_words_are_in_no_entry(used: Desk) -> None:
    look_into(used)

    assert b"federation was down" not in used.raw()


def test_the_use_after_it_is_looked_into_again(used: Desk) -> None:
    look_into(used)
    used.time.true += timedelta(days=1)
    used.book.record([ev.AccountUsed(account="bg1", why="emergency")], ("bob",))

    assert len(post_mortems_due(used)) == 1
    assert [it.what for it in deeds(used.book, "bg1")] == ["used bg1 (emergency)"]


def test_a_practised_use_owes_none(desk: Desk) -> None:
    with_password(desk, count=2)
    open_(desk, opened(ONE, TWO, why="drill"))

    assert post_mortems_due(desk) == []


def test_who_did_what_is_told_with_what_the_tenant_saw(used: Desk) -> None:
    seen = ev.SignInSeen(account="bg1", evidence=DIGEST, succeeded=False, interactive=True)
    used.book.record([seen], ("alice",))

    look_into(used)

    told = "\n".join(used.people.texts(Topic.NOTE))
    for words in (
        f"bob and carol: opened {ONE}, Share 1 of 2 of bg1, all needed (emergency)",
        "bob: saw sheet 2 of bg1-pw1",
        "carol: saw the whole of bg1-pw1",
        "bob and carol: used bg1 (emergency)",
        "bob and carol: signed in with its password",
        "the tenant's log has a sign-in, refused",
        "bob took part in it, and classes it now.",
    ):
        assert words in told
    assert "lay open" not in told


def test_whoever_had_no_authority_is_a_finding(used: Desk) -> None:
    opening = ev.EnvelopeOpened(envelope=ONE, why="emergency", intact=True)
    used.book.record([opening], ("erin",))
    used.book.record([opening], ("mallory",))

    look_into(used)

    accused = [it.what for it in used.register.findings if it.rule == "use-unauthorised"]
    assert accused == [
        "bg1 was handled without authority: erin is auditor, who handles nothing",
        "bg1 was handled without authority: mallory is not in the register",
    ]


def test_an_authority_that_was_over_is_a_finding(used: Desk) -> None:
    changed = ev.PersonChanged(
        person="carol", roles=(Role.CUSTODIAN,), details=DIGEST, until=used.time.true.date()
    )
    enter(used, "ends", OFFICERS, changed)
    used.time.true += timedelta(days=1)
    used.book.record([ev.SecretExposed(person="carol", set="bg1-pw1", number=1)], ("alice",))

    look_into(used)

    (accused,) = [it.what for it in used.register.findings if it.rule == "use-unauthorised"]
    assert "carol had no authority on" in accused


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (0, "logs-sign-in"),
        (1, "logs-audit"),
        (2, "logs-alert"),
        (3, "logs-safe"),
        (4, "use-unauthorised"),
    ],
)
def test_each_no_is_a_finding(used: Desk, number: int, rule: str) -> None:
    look_into(used, "emergency", *(number != n for n in range(CHECKS)))

    assert found(used) == [(rule, "bg1")]


def test_misuse_is_a_finding(used: Desk) -> None:
    classed = look_into(used, "misuse")

    assert classed.verdict is UseClass.MISUSE
    assert found(used) == [("misuse", "bg1")]


# --- Nobody judges only their own use


def judged_by_users(used: Desk) -> post_mortem.Request:
    """Alice took part as well: both of those who would class it did."""
    open_(used, opened(ONE, officers=("alice",)))
    return post_mortem.Request(account="bg1", officers=OFFICERS, number=0)


def test_an_officer_who_took_no_part_is_one_of_the_two(used: Desk) -> None:
    wanted = judged_by_users(used)
    third = ev.PersonChanged(person="erin", roles=(Role.OFFICER,), details=DIGEST)
    enter(used, "a-third", OFFICERS, third)

    with pytest.raises(RefusedError, match="alice and bob both took part in the use of bg1") as no:
        post_mortem.check(used.register, wanted)

    assert "somebody who did not: erin" in no.value.mend
    post_mortem.check(used.register, msgspec.structs.replace(wanted, officers=("alice", "erin")))


def test_where_no_other_is_an_officer_it_is_looked_into_all_the_same_with_a_finding(
    used: Desk,
) -> None:
    judged_by_users(used)

    look_into(used)

    assert found(used) == [("use-own", "bg1")]


def test_who_took_part_before_the_last_post_mortem_may_judge_what_came_after_it(used: Desk) -> None:
    judged_by_users(used)
    look_into(used)
    used.time.true += timedelta(days=1)

    assert took_part(used.register, "bg1") == frozenset()
    used.book.record([ev.SecretExposed(person="alice", set="bg1-pw1", number=1)], ("erin",))
    assert took_part(used.register, "bg1") == {"alice"}


def test_an_account_that_is_not_there_has_no_post_mortem(desk: Desk) -> None:
    wanted = post_mortem.Request(account="bg9", officers=OFFICERS, number=1)

    with pytest.raises(RefusedError, match="no account 'bg9'"):
        post_mortem.check(desk.register, wanted)

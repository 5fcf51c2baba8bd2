"""The schedule after an account was used: with which key, and what is looked into."""

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.evidence import UseClass
from keyvault_kit.custody.schedule import Task
from tests.custody.duties import at, none, on, only
from tests.custody.life import DIGEST, Life


def test_after_a_use_with_a_key_its_pin_is_changed_and_not_the_password(done_all: Life) -> None:
    used = ev.AccountUsed(account="bg1", why="emergency", key="K1")
    seen = ev.SecretExposed(person="ivan", set="K1-pin1", number=1)

    done_all.enter(used, seen, at=at(6))

    password = only(done_all.register, Task.PASSWORD, "bg1", at(6))
    assert password.trigger == "a year since it came into force"
    assert only(done_all.register, Task.PIN, "K1", at(6)).day == on(6)
    assert only(done_all.register, Task.POST_MORTEM, "bg1", at(6)).since == at(6)


def test_a_use_with_a_key_that_nobody_knows_sets_off_the_change_of_the_password(
    done_all: Life,
) -> None:
    done_all.enter(ev.AccountUsed(account="bg1", why="emergency", key="K9"), at=at(6))

    assert only(done_all.register, Task.PASSWORD, "bg1", at(6)).trigger == "it was used"


# --- Post-mortems


def classed(verdict: UseClass = UseClass.EMERGENCY) -> ev.UseClassed:
    return ev.UseClassed(account="bg1", verdict=verdict, details=DIGEST)


def test_a_use_that_was_no_practice_is_looked_into_within_seven_days(done_all: Life) -> None:
    assert none(done_all.register, Task.POST_MORTEM, "bg1", at(9))

    done_all.enter(ev.AccountUsed(account="bg1", why="emergency"), at=at(10), occurred=at(8))
    done_all.enter(ev.AccountUsed(account="bg1", why="emergency"), at=at(11))

    owed = only(done_all.register, Task.POST_MORTEM, "bg1", at(11))
    assert (owed.day, owed.since, owed.requirement) == (on(15), at(8), "S62")
    assert owed.trigger == "7 days since it was used"
    assert owed.what == "hold the post-mortem of the use of account bg1"
    assert none(done_all.register, Task.POST_MORTEM, "bg2", at(11))


@pytest.mark.parametrize("verdict", UseClass)
def test_a_post_mortem_settles_all_uses_before_it_and_none_after(
    done_all: Life, verdict: UseClass
) -> None:
    use = ev.AccountUsed(account="bg1", why="emergency")
    done_all.enter(use, at=at(10)).enter(use, at=at(12)).enter(classed(verdict), at=at(13))
    assert none(done_all.register, Task.POST_MORTEM, "bg1", at(14))

    done_all.enter(use, at=at(20))

    assert only(done_all.register, Task.POST_MORTEM, "bg1", at(20)).day == on(27)


@pytest.mark.parametrize("why", ["drill", "review"])
def test_a_practised_use_owes_no_post_mortem(done_all: Life, why: str) -> None:
    done_all.enter(ev.AccountUsed(account="bg1", why=why), at=at(10))

    assert none(done_all.register, Task.POST_MORTEM, "bg1", at(30))

"""Passwords that are pending: in force, but not deposited, or without evidence that they are."""

from typing import Any

import pytest

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.model import SetState
from keyvault_kit.custody.pending import has_evidence, pending, waiting_for
from tests.custody.life import DIGEST, Life
from tests.custody.sample import sample


@pytest.fixture
def whole() -> Life:
    """The sample, whose account bg1 has a password P8 in force with evidence; its own is dead."""
    life = sample()
    return life.bring_into_force("P8")


TAKEN = ev.PasswordRecovered(account="bg1", set="P9", accepted=True)


def set_without_evidence(life: Life, name: str) -> None:
    life.seal(name).enter(ev.PasswordSet(account="bg1", set=name))


def answered(name: str, *, taken: bool) -> Any:
    return ev.PasswordAnswered(account="bg1", set=name, taken=taken, evidence=DIGEST)


def destroy(name: str) -> Any:
    return ev.EnvelopeDestroyed(envelope=f"{name}-1", why="dead")


def test_a_password_is_pending_until_it_is_deposited_and_there_is_evidence(whole: Life) -> None:
    set_without_evidence(whole, "P9")
    its = whole.register.sets["P9"]

    assert pending(whole.register, its) == (
        "envelope P9-1 was not deposited yet",
        "envelope P9-2 was not deposited yet",
        "no evidence says yet that the tenant took the password of set P9",
    )
    for number, safe in enumerate(("hq-shares", "branch-shares"), 1):
        whole.enter(ev.EnvelopeDeposited(envelope=f"P9-{number}", safe=safe))
    whole.enter(answered("P9", taken=True))
    assert pending(whole.register, whole.register.sets["P9"]) == ()


def test_a_sign_in_with_it_is_evidence_as_well(whole: Life) -> None:
    set_without_evidence(whole, "P9")
    assert not has_evidence(whole.register.sets["P9"])

    whole.enter(TAKEN, by=("alice", "bob"))

    assert has_evidence(whole.register.sets["P9"])
    whole.enter(destroy("P8"))


@pytest.mark.parametrize(
    ("by", "late"),
    [(("alice",), False), (("alice", "bob"), True), (("alice", "nobody"), False)],
    ids=["one person", "entered late", "one of them unknown"],
)
def test_the_word_of_one_or_a_late_one_makes_nothing_destroyable(
    whole: Life, by: tuple[str, ...], *, late: bool
) -> None:
    set_without_evidence(whole, "P9")

    occurred = whole.entries[-1].time if late else None
    whole.enter(TAKEN, by=by, signed=(), occurred=occurred)

    assert not has_evidence(whole.register.sets["P9"])
    whole.refuses(destroy("P8"), because="nothing shows yet")


def test_what_the_tenant_refuses_later_is_shown_no_more(whole: Life) -> None:
    set_without_evidence(whole, "P9")
    whole.enter(TAKEN, by=("alice", "bob"))

    whole.enter(ev.PasswordRecovered(account="bg1", set="P9", accepted=False), by=("alice", "bob"))

    whole.refuses(destroy("P8"), because="nothing shows yet")


def test_what_it_is_to_replace_is_not_destroyed_before_there_is_evidence(whole: Life) -> None:
    set_without_evidence(whole, "P9")

    whole.refuses(destroy("P8"), because="nothing shows yet that the tenant took .* of set P9")
    whole.enter(answered("P9", taken=True)).enter(destroy("P8"))


def test_nor_is_anything_before_it_while_none_of_them_has_evidence(whole: Life) -> None:
    set_without_evidence(whole, "P9")
    set_without_evidence(whole, "P10")

    for name in ("P8", "P9"):
        assert waiting_for(whole.register, whole.register.sets[name])
        whole.refuses(destroy(name), because="of set P10")
    whole.enter(answered("P10", taken=True)).enter(destroy("P8"), destroy("P9"))


def test_a_password_that_was_refused_is_void_and_the_one_before_it_in_force(whole: Life) -> None:
    set_without_evidence(whole, "P9")

    found = whole.new_findings(answered("P9", taken=False))

    register = whole.register
    assert [it.subject for it in found] == ["bg1"]
    assert "did not take the password of set P9" in found[0].what
    states = [register.sets[it].state for it in ("P8", "P9")]
    assert states == [SetState.IN_FORCE, SetState.VOID]
    assert register.accounts["bg1"].password_set == "P8"
    assert register.accounts["bg1"].used is not None  # it is due again
    whole.refuses(destroy("P8"), because="still wanted")
    whole.enter(destroy("P9"))


def test_evidence_about_a_password_that_is_not_in_force_is_refused(whole: Life) -> None:
    set_without_evidence(whole, "P9")

    whole.refuses(answered("P8", taken=True), because="is not the password of bg1")


def test_no_one_alone_says_what_the_tenant_answered(whole: Life) -> None:
    set_without_evidence(whole, "P9")

    fact = answered("P9", taken=False)
    whole.refuses(fact, by=("alice",), signed=("alice",), because="takes the signatures of two")
    whole.refuses(fact, by=("erin",), signed=(), because="erin is auditor")

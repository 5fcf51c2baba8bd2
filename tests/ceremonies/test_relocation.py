"""Relocation: bags compared twice, what gets worse told before, and two who sign what arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import relocation
from keyvault_kit.ceremonies.walking import BAG_ANOTHER, BAG_DAMAGED, BAG_MISSING
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty, Trigger
from keyvault_kit.custody.placing.guard import SECOND_SHARE
from keyvault_kit.errors import DeclinedError, InputError, RefusedError
from tests.ceremonies.items import BOTH, enter
from tests.ceremonies.sealing import request as to_seal
from tests.ceremonies.sealing import sealing
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

SHARES = ("bg1-pw1-1", "bg1-pw1-2")


@pytest.fixture
def sealed(desk: Desk) -> Desk:
    """A desk with a password in two safes: share 1 in hq-1, share 2 in vault-1."""
    sealing(desk, to_seal())
    return desk


def request(*envelopes: str, to: str, safe: str = "", receiver: str = "") -> relocation.Request:
    return relocation.Request(
        envelopes=envelopes, to=to, safe=safe, receiver=receiver, officers=BOTH
    )


def relocate(desk: Desk, wanted: relocation.Request) -> None:
    ceremony = relocation.next_ceremony(desk.register, wanted)
    if ceremony.id not in desk.register.ceremonies:
        relocation.check(desk.register, wanted, desk.time.true.date())
    desk.run(ceremony)


def where(desk: Desk) -> dict[str, str | None]:
    return {it: desk.register.envelopes[it].safe for it in SHARES}


def found(desk: Desk) -> list[tuple[str, str]]:
    return [(it.rule, it.subject) for it in desk.register.open_findings()]


# --- Envelopes


def test_an_envelope_that_arrives_whole_lies_in_the_other_safe(sealed: Desk) -> None:
    relocate(sealed, request("bg1-pw1-2", to="hq-2"))

    assert where(sealed) == {"bg1-pw1-1": "hq-1", "bg1-pw1-2": "hq-2"}
    stays = sealed.register.stays["bg1-pw1-2"]
    assert [it.safe for it in stays] == ["vault-1", "hq-2"]
    assert stays[0].until == stays[1].since
    assert found(sealed) == []


def test_each_bag_is_compared_where_it_lay_and_where_it_arrives(sealed: Desk) -> None:
    relocate(sealed, request("bg1-pw1-2", to="hq-2", receiver="carol"))

    shown = sealed.people.texts(Topic.BAG_SHOWN)
    assert ["in safe vault-1" in shown[0], "at safe hq-2" in shown[1]] == [True, True]
    arrived = [it for it in sealed.entries() if getattr(it.fact, "step", "") == "arrive-bg1-pw1-2"]
    assert arrived[0].by == ("bob", "carol")
    assert "carol" in sealed.register.ceremonies["relocate-1"].people


def test_the_transfer_form_says_who_gives_what_to_whom_and_why(sealed: Desk) -> None:
    relocate(sealed, request("bg1-pw1-2", to="hq-2", receiver="carol"))

    text = text_of((sealed.folder / "sheets" / "transfer-relocate-1.pdf").read_bytes())
    for said in (
        "Alice Archer",
        "safe vault-1, vault",
        "Carol Carter",
        "safe hq-2, hq",
        "WHY relocation",
        "bg1-pw1-2",
        sealed.register.envelopes["bg1-pw1-2"].bag or "-",
    ):
        assert said in text
    assert "Witness Bob Baker" in text


def test_a_bag_that_is_not_there_is_found_and_the_others_go_on(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_SHOWN] = [""]
    enter(sealed, ev.SafeAdded(safe="hq-3", site="hq", openers=("carol", "erin"), need=2))

    relocate(sealed, request(*SHARES, to="hq-3"))

    assert where(sealed) == {"bg1-pw1-1": "hq-1", "bg1-pw1-2": "hq-3"}
    assert found(sealed) == [(BAG_MISSING, "bg1-pw1-1")]


def test_a_bag_that_does_not_arrive_is_found_and_is_not_moved(sealed: Desk) -> None:
    bag = sealed.register.envelopes["bg1-pw1-2"].bag or ""
    sealed.people.says[Topic.BAG_SHOWN] = [bag, ""]

    relocate(sealed, request("bg1-pw1-2", to="hq-2"))

    assert where(sealed)["bg1-pw1-2"] == "vault-1"
    assert found(sealed) == [(BAG_MISSING, "bg1-pw1-2")]
    assert sealed.register.ceremonies["relocate-1"].closed


@pytest.mark.parametrize(
    ("topic", "answers", "rule"),
    [(Topic.BAG_INTACT, [True, False], BAG_DAMAGED), (Topic.BAG_SHOWN, ["B-9"] * 3, BAG_ANOTHER)],
)
def test_a_damaged_or_exchanged_bag_is_not_received(
    sealed: Desk, topic: Topic, answers: list[str | bool], rule: str
) -> None:
    sealed.people.says[topic] = answers

    relocate(sealed, request("bg1-pw1-2", to="hq-2"))

    assert where(sealed)["bg1-pw1-2"] == "vault-1"
    assert found(sealed) == [(rule, "bg1-pw1-2")]


def test_a_bag_that_is_wrong_where_it_lay_is_not_asked_for_again(sealed: Desk) -> None:
    sealed.people.says[Topic.BAG_INTACT] = [False]

    relocate(sealed, request("bg1-pw1-2", to="hq-2"))

    assert len(sealed.people.texts(Topic.BAG_SHOWN)) == 1


def test_what_was_opened_on_its_way_is_not_entered_as_moved(sealed: Desk) -> None:
    sealed.people.says[Topic.DEPOSIT] = [False]
    with pytest.raises(RefusedError, match="bg1-pw1-2 is not where it was to go yet"):
        relocate(sealed, request("bg1-pw1-2", to="hq-2"))
    opened = ev.EnvelopeOpened(envelope="bg1-pw1-2", why="emergency", intact=True)
    sealed.book.record([opened], BOTH)

    relocate(sealed, request("bg1-pw1-2", to="hq-2"))

    assert sealed.register.ceremonies["relocate-1"].closed
    assert ev.EnvelopeMoved not in sealed.kinds()


# --- What is told, and what is refused


def test_what_gets_worse_is_told_before_anything_begins(sealed: Desk) -> None:
    sealed.people.says[Topic.CHANGE] = [False]

    with pytest.raises(DeclinedError, match="did not want it"):
        relocate(sealed, request("bg1-pw1-2", to="hq-2"))

    told = "\n".join(sealed.people.texts(Topic.NOTE))
    assert "high S34: everything lies at site hq" in told
    assert "relocate-1" not in sealed.register.ceremonies


def test_a_move_that_makes_nothing_worse_says_so(sealed: Desk) -> None:
    enter(sealed, ev.SafeAdded(safe="vault-2", site="vault", openers=("bob",), need=1))
    before = len(sealed.people.texts(Topic.NOTE))

    relocate(sealed, request("bg1-pw1-2", to="vault-2"))

    assert "Nothing gets worse by it" in "\n".join(sealed.people.texts(Topic.CHANGE))
    told = sealed.people.texts(Topic.NOTE)[before:]
    assert not [it for it in told if "S3" in it]


def test_nobody_gets_a_second_share_by_a_move(sealed: Desk) -> None:
    wanted = request("bg1-pw1-1", to="vault-1")

    with pytest.raises(RefusedError, match="bob alone opens safe vault-1"):
        relocation.check(sealed.register, wanted, sealed.time.true.date())


def test_two_shares_that_could_each_go_alone_do_not_go_together(sealed: Desk) -> None:
    day = sealed.time.true.date()
    for share in SHARES:
        relocation.check(sealed.register, request(share, to="hq-2"), day)

    with pytest.raises(RefusedError, match="sheets 1 and 2"):
        relocation.check(sealed.register, request(*SHARES, to="hq-2"), day)


def test_two_shares_go_together_where_that_was_decided(sealed: Desk) -> None:
    day = sealed.time.true.date()
    enter(
        sealed,
        ev.DecisionMade(decision=SECOND_SHARE, choice="allowed", review=day, details="ab" * 32),
    )

    relocate(sealed, request(*SHARES, to="hq-2"))

    assert set(where(sealed).values()) == {"hq-2"}


@pytest.mark.parametrize(
    ("wanted", "error", "because"),
    [
        (request(to="hq-2"), InputError, "name the envelopes that move"),
        (request("bg1-pw1-1", to="hq-2", safe="hq-1"), InputError, "name the envelopes that move"),
        (request("bg1-pw1-1", "bg1-pw1-1", to="hq-2"), InputError, "each once"),
        (request("bg1-pw1-9", to="hq-2"), RefusedError, "no envelope 'bg1-pw1-9'"),
        (request("bg1-pw1-1", to="moon"), RefusedError, "no safe 'moon'"),
        (request("bg1-pw1-1", to="hq-1"), RefusedError, "lies in safe hq-1 already"),
        (request("bg1-pw1-1", to="hq-2", receiver="zoe"), RefusedError, "no person 'zoe'"),
        (request("bg1-pw1-1", to="hq-2", receiver="bob"), InputError, "cannot receive"),
        (request(to="vault", safe="moon"), RefusedError, "no safe 'moon'"),
        (request(to="moon", safe="hq-1"), RefusedError, "no site 'moon'"),
        (request(to="hq", safe="hq-1"), RefusedError, "stands at hq already"),
    ],
)
def test_what_cannot_move_is_said_before(
    sealed: Desk, wanted: relocation.Request, error: type[Exception], because: str
) -> None:
    with pytest.raises(error, match=because):
        relocation.check(sealed.register, wanted, sealed.time.true.date())


def test_an_open_envelope_goes_nowhere(sealed: Desk) -> None:
    sealed.book.record([ev.EnvelopeOpened(envelope="bg1-pw1-1", why="drill", intact=True)], BOTH)

    with pytest.raises(RefusedError, match="envelope bg1-pw1-1 is opened"):
        relocation.check(sealed.register, request("bg1-pw1-1", to="hq-2"), sealed.time.true.date())


# --- A safe


def test_a_safe_moves_with_its_bags_and_gets_another_combination(sealed: Desk) -> None:
    sealed.people.says[Topic.CHECK] = [True]

    relocate(sealed, request(to="vault", safe="hq-1"))

    register = sealed.register
    assert register.safes["hq-1"].site == "vault"
    assert [it.trigger for it in register.triggers] == [Trigger.RELOCATION]
    assert f"{Duty.COMBINATION}:hq-1" in register.done
    assert found(sealed) == []


def test_all_bags_in_a_safe_are_compared_before_and_after_it_moves(sealed: Desk) -> None:
    sealed.people.says[Topic.CHECK] = [True]

    relocate(sealed, request(to="vault", safe="hq-1"))

    done = sealed.register.ceremonies["relocate-1"].done
    assert done == (
        "told",
        "form",
        "take-bg1-pw1-1",
        "arrive-bg1-pw1-1",
        "enter",
        "combination",
    )


def test_what_is_lost_with_a_site_is_told_before_a_safe_goes_there(sealed: Desk) -> None:
    sealed.people.says[Topic.CHANGE] = [False]

    with pytest.raises(DeclinedError):
        relocate(sealed, request(to="vault", safe="hq-1"))

    assert "everything lies at site vault" in "\n".join(sealed.people.texts(Topic.NOTE))


def test_a_combination_that_stays_as_it_was_is_a_finding(sealed: Desk) -> None:
    sealed.people.says[Topic.CHECK] = [False]

    relocate(sealed, request(to="vault", safe="hq-1"))

    assert found(sealed) == [("combination", "hq-1")]
    assert f"{Duty.COMBINATION}:hq-1" not in sealed.register.done


def test_a_bag_that_is_gone_when_the_safe_arrives_is_found(sealed: Desk) -> None:
    bag = sealed.register.envelopes["bg1-pw1-1"].bag or ""
    sealed.people.says[Topic.CHECK] = [True]
    sealed.people.says[Topic.BAG_SHOWN] = [bag, ""]

    relocate(sealed, request(to="vault", safe="hq-1"))

    assert found(sealed) == [(BAG_MISSING, "bg1-pw1-1")]
    assert sealed.register.safes["hq-1"].site == "vault"


# --- Cut short


def test_a_move_that_was_cut_short_goes_on_with_the_same_words(sealed: Desk) -> None:
    class CutShortError(Exception):
        pass

    def cut(_: str, step: str, moment: str) -> None:
        if (step, moment) == ("enter", "recorded"):
            raise CutShortError

    wanted = request("bg1-pw1-2", to="hq-2")
    with pytest.raises(CutShortError):
        sealed.run(relocation.next_ceremony(sealed.register, wanted), cut)

    relocate(sealed, wanted)

    assert [it for it in sealed.register.ceremonies if it.startswith("relocate")] == ["relocate-1"]
    assert sealed.register.ceremonies["relocate-1"].closed
    assert sealed.kinds().count(ev.EnvelopeMoved) == 1

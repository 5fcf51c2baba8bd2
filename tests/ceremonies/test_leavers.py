"""A leaver as a ceremony: what they may do ends, who takes their place was settled before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from keyvault_kit.ceremonies.interaction import Topic
from keyvault_kit.ceremonies.plans import leaver
from keyvault_kit.custody import events as ev
from keyvault_kit.custody.history import Duty
from keyvault_kit.custody.leaving.leaver import leaver as orders_of
from keyvault_kit.custody.leaving.orders import OrderKind
from keyvault_kit.custody.model import Role
from keyvault_kit.errors import DeclinedError, InputError, RefusedError
from tests.ceremonies.items import BOTH, enter
from tests.ceremonies.sealing import request as to_seal
from tests.ceremonies.sealing import sealing
from tests.ceremonies.test_records import text_of

if TYPE_CHECKING:
    from tests.ceremonies.conftest import Desk

DIGEST = "ab" * 32


def today(desk: Desk) -> date:
    return desk.time.true.date()


def request(desk: Desk, person: str = "carol", **fields: object) -> leaver.Request:
    usual = {"on": today(desk).isoformat(), "officers": BOTH, "instead": ("hq-2:erin",)}
    return leaver.Request(person=person, **{**usual, **fields})  # type: ignore[arg-type]


def leave(desk: Desk, wanted: leaver.Request) -> None:
    ceremony = leaver.next_ceremony(desk.register, wanted)
    if ceremony.id not in desk.register.ceremonies:
        leaver.check(desk.register, wanted, today(desk))
    desk.run(ceremony)


def third_officer(desk: Desk) -> None:
    """Make judy an officer who signs, too."""
    enter(desk, ev.PersonAdded(person="judy", roles=(Role.OFFICER,), details=DIGEST))
    desk.enrol("judy")


# --- What ends


def test_authority_safes_signing_key_and_combinations_end_on_the_last_day(desk: Desk) -> None:
    desk.enrol("carol")
    desk.people.says[Topic.CHECK] = [True]

    leave(desk, request(desk))

    register = desk.register
    assert register.people["carol"].until == today(desk)
    assert register.safes["hq-2"].openers == ("erin",)
    assert "carol" not in register.signers
    assert f"{Duty.COMBINATION}:hq-2" in register.done
    assert "carol" not in register.knowing("hq-2")


def test_the_orders_of_what_ended_are_done_and_the_rest_is_on_paper(desk: Desk) -> None:
    desk.enrol("carol")
    sealing(desk, to_seal(count=3))
    desk.people.says[Topic.CHECK] = [True]

    leave(desk, request(desk))

    its = orders_of(desk.register, "carol", today(desk), desk.time.true)
    done = {it.kind for it in its.orders if it.done}
    assert {OrderKind.AUTHORITY, OrderKind.SIGNING, OrderKind.OPENERS, OrderKind.COMBINATION} <= (
        done
    )
    text = text_of((desk.folder / "sheets" / "orders-carol.pdf").read_bytes())
    assert "Carol Carter (carol) leaves" in text
    for order in its.open_orders:
        assert " ".join(order.what.split()[:4]) in text
    told = "\n".join(desk.people.texts(Topic.NOTE))
    assert "review account bg1" in told


def test_what_they_could_reach_is_told_before_anything_is_entered(desk: Desk) -> None:
    desk.people.says[Topic.CHANGE] = [False]

    with pytest.raises(DeclinedError, match="carol leaves"):
        leave(desk, request(desk))

    assert any("carol opens safe hq-2 alone" in it for it in desk.people.texts(Topic.NOTE))
    assert "leaver-1" not in desk.register.ceremonies


def test_a_combination_that_is_not_changed_yet_stays_an_order(desk: Desk) -> None:
    desk.people.says[Topic.CHECK] = [False]

    leave(desk, request(desk))

    its = orders_of(desk.register, "carol", today(desk), desk.time.true)
    (left,) = [it for it in its.orders if it.kind is OrderKind.COMBINATION]
    assert not left.done
    assert desk.register.ceremonies["leaver-1"].closed


def test_safes_and_signing_key_wait_for_the_last_day_and_go_on_then(desk: Desk) -> None:
    wanted = request(desk, on=(today(desk) + timedelta(days=3)).isoformat())

    with pytest.raises(RefusedError, match="carol works until"):
        leave(desk, wanted)
    assert desk.register.people["carol"].until == today(desk) + timedelta(days=3)
    assert desk.register.safes["hq-2"].openers == ("carol",)

    desk.time.true += timedelta(days=3)
    leave(desk, wanted)

    assert desk.register.safes["hq-2"].openers == ("erin",)
    assert [it for it in desk.register.ceremonies if it.startswith("leaver")] == ["leaver-1"]


def test_somebody_who_knows_a_combination_still_has_it_changed(desk: Desk) -> None:
    enter(desk, ev.SafeChanged(safe="hq-2", openers=("erin",), need=1))
    desk.people.says[Topic.CHECK] = [True]

    leave(desk, request(desk, instead=()))

    assert "combination-hq-2" in desk.register.ceremonies["leaver-1"].done
    assert "carol" not in desk.register.knowing("hq-2")


def test_an_officer_leaves_when_two_others_can_sign(desk: Desk) -> None:
    third_officer(desk)
    desk.people.says[Topic.CHECK] = [True]

    leave(desk, request(desk, "bob", officers=("alice", "judy"), instead=("vault-1:judy",)))

    assert sorted(desk.register.signers) == ["alice", "judy"]
    assert desk.register.safes["vault-1"].openers == ("judy",)


# --- What is refused


def test_two_officers_who_can_sign_are_always_left(desk: Desk) -> None:
    wanted = request(desk, "bob", officers=("alice", "carol"), instead=("vault-1:carol",))

    with pytest.raises(RefusedError, match="fewer than two officers could sign"):
        leaver.check(desk.register, wanted, today(desk))


def test_officers_whose_authority_is_over_by_then_do_not_count(desk: Desk) -> None:
    third_officer(desk)
    last = today(desk) + timedelta(days=5)
    its = desk.register.people["judy"]
    enter(
        desk,
        ev.PersonChanged(person="judy", roles=its.roles, details=its.details, until=last),
    )
    wanted = request(desk, "bob", officers=("alice", "judy"), instead=("vault-1:judy",))

    leaver.check(desk.register, wanted, today(desk))
    later = request(
        desk,
        "bob",
        officers=("alice", "judy"),
        instead=("vault-1:judy",),
        on=last.isoformat(),
    )
    with pytest.raises(RefusedError, match="fewer than two officers could sign"):
        leaver.check(desk.register, later, today(desk))


def test_nobody_gets_a_second_share_by_taking_a_place(desk: Desk) -> None:
    sealing(desk, to_seal(count=3))  # a share each in hq-1, hq-2 and vault-1

    with pytest.raises(RefusedError, match="alice alone opens safe hq-2"):
        leaver.check(desk.register, request(desk, instead=("hq-2:alice",)), today(desk))


def test_nobody_gets_two_shares_by_taking_two_places(desk: Desk) -> None:
    sealing(desk, to_seal(count=3))
    enter(desk, ev.SafeChanged(safe="vault-1", openers=("bob", "carol"), need=1))
    one = request(desk)
    leaver.check(desk.register, one, today(desk))

    two = request(desk, instead=("hq-2:erin", "vault-1:erin"))
    with pytest.raises(RefusedError, match=r"erin alone opens .* sheets 2 and 3"):
        leaver.check(desk.register, two, today(desk))


@pytest.mark.parametrize(
    ("fields", "error", "because"),
    [
        ({"person": "zoe"}, RefusedError, "no person 'zoe'"),
        ({"person": "bob"}, RefusedError, "bob leaves: two others sign that"),
        ({"on": "soon"}, InputError, "'soon' is no day"),
        ({"instead": ()}, RefusedError, "without carol safe hq-2 has too few of the 1"),
        ({"instead": ("hq-9:erin",)}, RefusedError, "no safe 'hq-9'"),
        ({"instead": ("hq-1:erin",)}, RefusedError, "carol does not open safe hq-1"),
        ({"instead": ("hq-2:zoe",)}, RefusedError, "no person 'zoe'"),
        ({"instead": ("hq-2:carol",)}, RefusedError, "carol opens safe hq-2 already"),
    ],
)
def test_what_cannot_be_is_said_before(
    desk: Desk, fields: dict[str, object], error: type[Exception], because: str
) -> None:
    with pytest.raises(error, match=because):
        leaver.check(desk.register, request(desk, **fields), today(desk))  # type: ignore[arg-type]


def test_whoever_has_gone_by_then_takes_nobodys_place(desk: Desk) -> None:
    its = desk.register.people["erin"]
    enter(
        desk,
        ev.PersonChanged(person="erin", roles=its.roles, details=its.details, until=today(desk)),
    )

    with pytest.raises(RefusedError, match="erin has no authority on"):
        leaver.check(desk.register, request(desk), today(desk))


def test_the_mend_says_which_option_names_the_successor(desk: Desk) -> None:
    with pytest.raises(RefusedError) as refused:
        leaver.check(desk.register, request(desk, instead=()), today(desk))

    assert "--instead hq-2=PERSON" in refused.value.mend

"""Which secrets are changed when somebody leaves, by when, and what is no reason to."""

from datetime import timedelta

from keyvault_kit.custody import events as ev
from keyvault_kit.custody.leaving.orders import OrderKind
from keyvault_kit.custody.model import Form, Purpose, Retirement
from keyvault_kit.custody.wording import pin_anew
from tests.custody.leaving import (
    LAST,
    combined,
    leaves,
    new_password,
    new_pin,
    orders,
    states,
    taken_off,
)
from tests.custody.life import DIGEST, Life
from tests.custody.sample import safe_changed, sample


def test_who_alone_could_take_a_pin_has_it_changed_in_a_week() -> None:
    life = sample()
    found = orders(life, "grace", OrderKind.CHANGE)
    assert sorted(found) == ["K1", "K2", "K3", "K4"]
    assert {it.by for it in found.values()} == {LAST + timedelta(days=7)}
    assert "grace alone could have sheet 1 of K1-pin1" in found["K1"].why
    assert found["K1"].what == f"change the PIN of K1, and seal the new one: {pin_anew('K1')}"

    new_pin(life, "K1", "K1-pin2")

    assert states(life, "grace", OrderKind.CHANGE) == {
        "K1": True,
        "K2": False,
        "K3": False,
        "K4": False,
    }


def test_a_pin_beside_a_key_in_reach_is_changed_at_once() -> None:
    life = sample()
    life.enter(ev.SafeChanged(safe="hq-keys", openers=("carol", "dave", "grace"), need=1))
    found = orders(life, "grace", OrderKind.CHANGE)
    assert (found["K1"].by, found["K2"].by) == (LAST, LAST + timedelta(days=7))


def test_a_new_secret_in_the_same_reach_does_not_help() -> None:
    life = new_pin(sample(), "K1", "K1-pin2")
    life.enter(ev.EnvelopeDeposited(envelope="K1-pin2-1", safe="hq-pins"))
    assert not states(life, "grace", OrderKind.CHANGE)["K1"]

    combined(taken_off(life, "grace", "hq-pins", "branch-pins"), "hq-pins", "branch-pins")
    assert not states(life, "grace", OrderKind.CHANGE)["K1"]

    new_pin(life, "K1", "K1-pin3")
    life.enter(ev.EnvelopeDeposited(envelope="K1-pin3-1", safe="hq-pins"))
    assert states(life, "grace", OrderKind.CHANGE)["K1"]


def test_a_pin_that_was_put_away_where_an_old_combination_opens_is_in_reach() -> None:
    life = new_pin(taken_off(sample(), "grace", "hq-pins"), "K1", "K1-pin2")
    life.enter(ev.EnvelopeDeposited(envelope="K1-pin2-1", safe="hq-pins"))
    assert not states(life, "grace", OrderKind.CHANGE)["K1"]


def test_a_pin_that_they_set_and_put_on_no_paper_is_changed_at_once() -> None:
    life = sample().enter(ev.PinChanged(key="K1"), by=("carol",), signed=())
    found = orders(life, "carol", OrderKind.CHANGE)
    assert {it.subject: it.by for it in found.values()} == {"K1": LAST}  # she opens its safe alone
    assert found["K1"].why == "carol set the one that it has, and no sheet tells it (S39)"
    assert found["K1"].what == f"change the PIN of K1, and seal the new one: {pin_anew('K1')}"
    assert "carol set the PIN that K1 has, and no sheet tells it" in leaves(life, "carol").remembers
    assert "K1" in orders(life, "grace", OrderKind.CHANGE)  # who could have had the one before

    new_pin(life, "K1", "K1-pin2")
    assert states(life, "carol", OrderKind.CHANGE) == {}
    assert leaves(life, "carol").remembers == ()


def test_a_pin_that_somebody_set_who_comes_not_to_its_key_has_a_week() -> None:
    life = sample().enter(ev.PinChanged(key="K1"), by=("frank",), signed=())
    assert orders(life, "frank", OrderKind.CHANGE)["K1"].by == LAST + timedelta(days=7)


def test_a_pin_whose_key_lies_elsewhere_by_now_has_a_week() -> None:
    life = sample()
    life.enter(ev.SafeChanged(safe="hq-keys", openers=("carol", "dave", "grace"), need=1))
    life.enter(
        ev.EnvelopeOpened(envelope="K1-key1", why="move", intact=True),
        ev.KeyPacked(envelope="K1-key2", holds="key:K1", key="K1"),
        ev.EnvelopeSealed(envelope="K1-key2", bag="B-K1-key2"),
        ev.EnvelopeDeposited(envelope="K1-key2", safe="branch-keys"),
    )
    assert orders(life, "grace", OrderKind.CHANGE)["K1"].by == LAST + timedelta(days=7)


def test_the_pin_of_a_retired_key_is_changed_no_more() -> None:
    life = sample()
    life.enter(ev.KeyRetired(key="K1", why=Retirement.LOST))
    assert "K1" not in states(life, "grace", OrderKind.CHANGE)


def test_what_lies_in_a_safe_that_takes_two_was_nobodys_alone() -> None:
    life = sample(
        lambda it: safe_changed("hq-pins", need=2)(safe_changed("branch-pins", need=2)(it))
    )
    # She stood by with another when these PINs were set.
    why = {it.why for it in orders(life, "grace", OrderKind.CHANGE).values()}
    assert all("stood by" in it for it in why)


def test_who_saw_the_whole_password_has_it_changed_at_once() -> None:
    life = sample().enter(ev.SecretExposed(person="judy", set="bg1-pw2"))
    found = orders(life, "judy", OrderKind.CHANGE)
    assert {it.subject: it.by for it in found.values()} == {"bg1": LAST}
    assert found["bg1"].why == "judy saw the whole of bg1-pw2 (S39)"
    new_password(life, "bg1-pw3")
    assert states(life, "judy", OrderKind.CHANGE) == {"bg1": True}


def test_a_share_that_was_seen_and_one_in_reach_are_enough() -> None:
    life = sample().enter(ev.SecretExposed(person="judy", set="bg1-pw2", number=1))
    found = orders(life, "judy", OrderKind.CHANGE)
    assert (
        found["bg1"].why == "judy alone could have sheets 1 and 2 of bg1-pw2, which is enough (S39)"
    )
    assert found["bg1"].by == LAST


def test_both_halves_are_the_whole() -> None:
    life = sample()
    for half in (1, 2):
        life.enter(ev.SecretExposed(person="judy", set="bg1-pw2", half=half))
    assert orders(life, "judy", OrderKind.CHANGE)["bg1"].by == LAST


def test_who_stood_by_with_another_may_have_read_it_and_has_a_week() -> None:
    found = orders(sample(), "alice", OrderKind.CHANGE)
    assert sorted(found) == ["bg1", "bg2", "station"]
    assert {it.by for it in found.values()} == {LAST + timedelta(days=7)}
    assert found["bg1"].why == "alice stood by while enough sheets of bg1-pw2 lay open (S39)"


def test_who_stood_by_alone_saw_it() -> None:
    life = sample()
    exposed = ev.SecretExposed(person="judy", set="K1-pin1", number=1, present=True)
    life.enter(exposed, by=("judy",), signed=())
    assert "judy alone could have" in orders(life, "judy", OrderKind.CHANGE)["K1"].why


def test_the_identity_in_reach_is_made_anew() -> None:
    life = sample()
    assert states(life, "frank", OrderKind.CHANGE) == {"station": False}
    life.enter(
        ev.SetMade(
            set="station-id2", purpose=Purpose.IDENTITY, subject="station", threshold=1, count=1
        ),
        ev.EnvelopePrinted(
            envelope="I2", holds="identity:station", set="station-id2", number=1, proof=DIGEST
        ),
        ev.EnvelopeProven(envelope="I2"),
        ev.EnvelopeSealed(envelope="I2", bag="B-I2"),
        ev.RecipientSet(recipient="age1other", set="station-id2"),
    )
    assert states(life, "frank", OrderKind.CHANGE) == {"station": True}


def test_a_piece_that_was_seen_is_made_worth_nothing_within_a_month() -> None:
    life = sample().enter(ev.SecretExposed(person="dave", set="bg1-pw2", number=2))
    assert states(life, "dave", OrderKind.CHANGE) == {}
    (order,) = orders(life, "dave", OrderKind.REMAKE).values()
    assert (order.subject, order.by, order.done) == ("bg1", LAST + timedelta(days=30), False)
    assert order.why == "dave knows sheet 2 of bg1-pw2: others need one fewer (S39)"
    new_password(life, "bg1-pw3")
    assert states(life, "dave", OrderKind.REMAKE) == {"bg1": True}


def test_parts_and_halves_are_counted_together(life: Life) -> None:
    made = ev.SetMade(
        set="P1", purpose=Purpose.PASSWORD, subject="bg1", threshold=2, count=2, form=Form.PARTS
    )
    life.enter(made)
    for n in (1, 2):
        life.enter(life.printed("P1", n), ev.EnvelopeProven(envelope=f"P1-{n}"))
        life.enter(ev.EnvelopeSealed(envelope=f"P1-{n}", bag=f"B{n}"))
    life.enter(ev.PasswordSet(account="bg1", set="P1"))
    life.enter(ev.SecretExposed(person="carol", set="P1", half=1))
    for number, kind in ((1, OrderKind.REMAKE), (2, OrderKind.CHANGE)):
        life.enter(ev.SecretExposed(person="carol", set="P1", number=number))
        assert states(life, "carol", kind) == {"bg1": False}


def test_a_dead_password_that_the_tenant_takes_still_is_changed() -> None:
    life = sample()
    life.enter(ev.SecretExposed(person="judy", set="bg1-pw1"))
    assert states(life, "judy", OrderKind.CHANGE) == {"bg1": True}
    life.enter(ev.PasswordRecovered(account="bg1", set="bg1-pw1", accepted=True))
    assert states(life, "judy", OrderKind.CHANGE) == {"bg1": False}
